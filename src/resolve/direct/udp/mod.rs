//! Questions over UDP.

pub(crate) mod pending;
pub(crate) mod pool;
pub(crate) mod query;
pub(crate) mod socket;

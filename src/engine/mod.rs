//! The only floor that waits: questions asked and shared, answers cached, checks driven to their end.

pub(crate) mod background;
pub(crate) mod cache;
pub(crate) mod driver;
pub(crate) mod events;
pub(crate) mod fast_path;
pub(crate) mod fetch;
pub(crate) mod shared_query;

//! Reverse DNS with forward confirmation: RFC 8601 §3, "iprev".
//!
//! The names of the client's address are looked up, then the addresses of those names, in the client's own family. If one of
//! them leads back, the client is [`Iprev::Confirmed`].
//!
//! Precedence if the names have different results (RFC 8601 does not define it): a confirmation beats an error, an error
//! beats a mismatch. So one slow name does not change the result of a good client, and an unknown result is never "forged".

mod check;
mod verdict;

pub use crate::check::iprev::check::{IprevCheck, MAX_NAMES};
pub use crate::check::iprev::verdict::{Absence, ClientName, Forward, Iprev, LookupDirection, Names, TempError};

//! Validates the argument of HELO or EHLO: RFC 5321 §2.3.5, §4.1.1.1, §4.1.3.
//!
//! The verdict is a fact for scores, greylists and logs. A server "MUST NOT refuse" a message because the name does not
//! resolve to the client (RFC 5321 §4.1.4), and no verdict suggests it.

mod check;
mod verdict;

pub use crate::check::helo::check::{HeloCheck, OwnIdentity};
pub use crate::check::helo::verdict::{Helo, HeloReport};

//! Can a sender's or recipient's domain take mail? RFC 5321 §5.1, RFC 7505.
//!
//! The MX records are asked first. They are followed in order of preference, A before AAAA, to the first host with a usable
//! address. Only a domain without any MX record is its own mail host (implicit MX).

mod check;
mod verdict;

pub use crate::check::mail_domain::check::{MAX_ADDRESSES, MAX_HOSTS, MailDomainCheck};
pub use crate::check::mail_domain::verdict::{
    HostState, MailDomain, MailDomainReport, MailHost, PathRole, Unusable, Via,
};

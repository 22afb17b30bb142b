//! The kinds of lists, of subjects, and of the parts of an SMTP session that lists are asked about.

use crate::base::words::words;

/// Whether a hit counts against the client or in its favour.
///
/// ```
/// use rdnsbl::{ListKind, ListSpec};
///
/// assert_eq!(ListSpec::allow("list.dnswl.org")?.kind(), ListKind::Allow);
/// # Ok::<(), rdnsbl::dnsxl::SpecError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a list denies or allows")]
pub enum ListKind {
    /// A hit is a reason to reject the client (DNSBL).
    Deny,
    /// A hit is a reason to accept the client (DNSWL).
    Allow,
}

words!("kind of list", ListKind: Display {
    Deny = "deny",
    Allow = "allow",
});

/// The part of an SMTP session that a list is asked about.
///
/// ```
/// use rdnsbl::{ListSpec, dnsxl::Part};
///
/// let list = ListSpec::deny("dbl.spamhaus.org")?.with_parts([Part::Helo, Part::Sender]);
/// assert_eq!(list.parts().iter().map(|part| part.word()).collect::<Vec<_>>(), ["helo", "sender"]);
/// # Ok::<(), rdnsbl::dnsxl::SpecError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// The target of the check: the client's address, or the domain if a domain is checked.
    Address,
    /// The names of the client that reverse DNS confirms (iprev).
    ConfirmedName,
    /// The names of the client, confirmed or not.
    ReverseName,
    /// The name in HELO or EHLO.
    Helo,
    /// The sender's domain.
    Sender,
    /// The recipient's domain.
    Recipient,
}

words!("part of a session", Part: Display {
    Address = "address",
    ConfirmedName = "confirmed_name",
    ReverseName = "reverse_name",
    Helo = "helo",
    Sender = "sender",
    Recipient = "recipient",
});

/// The kinds of entries that a list can contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5782 knows these three")]
pub enum SubjectKind {
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 addresses.
    Ipv6,
    /// Domain names.
    Domain,
}

words!("kind of subject", SubjectKind: Display {
    Ipv4 = "ipv4",
    Ipv6 = "ipv6",
    Domain = "domain",
});

/// The form of the domains in a domain list (RFC 5782 §3 does not define it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DomainForm {
    /// The full host name.
    #[default]
    Full,
    /// The registrable domain: `example.co.uk`, not `mail.example.co.uk`. Needs the feature `psl`; without it, the query
    /// contains the full name, so names below a listed domain are not found.
    Registrable,
}

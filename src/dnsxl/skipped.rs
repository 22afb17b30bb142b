//! The reasons why a list is not asked.

use std::fmt;

use crate::base::words::words;
use crate::dnsxl::kind::SubjectKind;

/// Why a list was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Skipped {
    /// The address is private or has a special purpose, so no public list can contain it (RFC 6890).
    Special,
    /// The client is authenticated or in an exempt network.
    Exempt,
    /// There is no subject: no client address, or no such part of the SMTP session.
    NoClient,
    /// The list contains other kinds of subjects.
    Family,
    /// The mail address has an address literal instead of a domain.
    Literal,
    /// The name has one label, such as `www`: in the zone of a list, such a name can be a host of the operator.
    SingleLabel,
    /// The list has closed down.
    Retired,
    /// The query name would be longer than 255 octets.
    NameTooLong,
    /// The list is asked only for mail with the null sender, and this is none.
    Condition,
}

words!("reason to skip a list", Skipped {
    Special = "special",
    Exempt = "exempt",
    NoClient = "no_client",
    Family = "family",
    Literal = "literal",
    SingleLabel = "single_label",
    Retired = "retired",
    NameTooLong = "name_too_long",
    Condition = "condition",
});

impl Skipped {
    /// The reason in words, where the list would be asked about this kind of subject.
    pub(crate) fn in_words(self, kind: Option<SubjectKind>) -> &'static str {
        match self {
            Self::Family if kind == Some(SubjectKind::Ipv4) => "the list holds no IPv4 addresses",
            Self::Family if kind == Some(SubjectKind::Ipv6) => "the list holds no IPv6 addresses",
            Self::Family if kind == Some(SubjectKind::Domain) => "the list holds no domains",
            Self::Special => "private or special-purpose address",
            Self::Exempt => "exempt client",
            Self::NoClient => "nothing to ask about",
            Self::Family => "the list is about something else",
            Self::Literal => "address literal",
            Self::SingleLabel => "a name of one label",
            Self::Retired => "the list has closed down",
            Self::NameTooLong => "name too long for this list",
            Self::Condition => "asked for the null sender only",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words(None))
    }
}

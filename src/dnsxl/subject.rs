//! The subject of a query: an address or a domain.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::base::address::reversed_labels;
use crate::base::name::{Name, NameError};
use crate::dnsxl::kind::{DomainForm, SubjectKind};

/// The subject of a query: an address or a domain. An IPv4-mapped IPv6 address is treated as the IPv4 address.
///
/// ```
/// use std::net::IpAddr;
/// use rdnsbl::{Name, dnsxl::Subject};
///
/// let client = Subject::from("203.0.113.14".parse::<IpAddr>()?);
/// let name = client.name_under(&Name::parse("bl.example")?)?;
/// assert_eq!(name.to_string(), "14.113.0.203.bl.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5782 knows lists of addresses and lists of names")]
pub enum Subject {
    /// The address of a client.
    Client(IpAddr),
    /// A domain.
    Domain(Name),
}

impl Subject {
    /// The kind of the subject, which determines the test entries of a list.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        match self {
            Self::Client(address) if address.to_canonical().is_ipv4() => SubjectKind::Ipv4,
            Self::Client(_) => SubjectKind::Ipv6,
            Self::Domain(_) => SubjectKind::Domain,
        }
    }

    /// The subject in the form that a list contains.
    pub(crate) fn in_form(&self, form: DomainForm) -> Cow<'_, Self> {
        match (self, form) {
            #[cfg(feature = "psl")]
            (Self::Domain(name), DomainForm::Registrable) => match name.registrable() {
                Some(registrable) => Cow::Owned(Self::Domain(registrable)),
                None => Cow::Borrowed(self),
            },
            _ => Cow::Borrowed(self),
        }
    }

    /// Is it a name of one label? In the zone of a list, such names can be hosts of the operator: `www`, `ns1`. The test
    /// entries of RFC 5782 §5 (`test`, `invalid`) are not meant.
    pub(crate) fn is_single_label(&self) -> bool {
        matches!(self, Self::Domain(name) if name.is_top() && !["test.", "invalid."].contains(&name.expose()))
    }

    /// The query name in `zone`: RFC 5782 §2.1 for IPv4, §2.4 for IPv6, §3 for domains.
    ///
    /// # Errors
    /// The name would be longer than 255 octets.
    pub fn name_under(&self, zone: &Name) -> Result<Name, NameError> {
        match self {
            Self::Client(address) => Name::join(reversed_labels(address.to_canonical()).as_str(), zone),
            Self::Domain(name) => name.under(zone),
        }
    }
}

impl From<IpAddr> for Subject {
    fn from(address: IpAddr) -> Self {
        Self::Client(address.to_canonical())
    }
}

impl From<Name> for Subject {
    fn from(name: Name) -> Self {
        Self::Domain(name)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(address) => address.to_canonical().fmt(f),
            Self::Domain(name) => name.fmt(f),
        }
    }
}

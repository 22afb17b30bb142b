//! The test entries of a list (RFC 5782 §5): which must exist, and which must not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::address::reversed_labels;
use crate::base::name::Name;
use crate::dnsxl::kind::SubjectKind;

/// The test entries that show whether a list works (RFC 5782 §5), for one kind of subject.
///
/// ```
/// use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
///
/// let points = TestPoints::documented(TestEntry::Address([127, 0, 0, 9].into()));
/// assert_ne!(points, TestPoints::default());
/// let profile = Profile::new().test_points(SubjectKind::Ipv4, points);
/// assert_ne!(profile, Profile::new());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestPoints {
    present: Presence,
    absent: Option<TestEntry>,
}

/// The entry that must exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Presence {
    /// The entry that RFC 5782 §5 requires; many lists lack it.
    #[default]
    ByRfcOnly,
    Documented(TestEntry),
}

impl TestPoints {
    /// The operator documents that this entry always exists.
    #[must_use]
    pub fn documented(entry: TestEntry) -> Self {
        Self { present: Presence::Documented(entry), absent: None }
    }

    /// Replaces the entry that must not exist, for zones that list the one of RFC 5782 §5 for a reason of their own.
    #[must_use]
    pub fn absent(mut self, entry: TestEntry) -> Self {
        self.absent = Some(entry);
        self
    }

    /// Replaces the documented entry.
    #[must_use]
    pub(crate) fn with_documented(mut self, entry: TestEntry) -> Self {
        self.present = Presence::Documented(entry);
        self
    }

    /// The entry that must exist, if it is documented, so that its absence has a meaning.
    pub(crate) fn documented_entry(&self) -> Option<&TestEntry> {
        match &self.present {
            Presence::Documented(entry) => Some(entry),
            Presence::ByRfcOnly => None,
        }
    }

    /// The labels of the entry that must exist, documented or not, each followed by a dot.
    pub(crate) fn must_exist(&self, kind: SubjectKind) -> String {
        match (self.documented_entry(), kind) {
            (Some(entry), _) => entry.labels(),
            (None, SubjectKind::Ipv4) => reversed_labels(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).as_str().to_owned(),
            // ::FFFF:7F00:2 as an IPv6 address, although a client with such an address is treated as IPv4.
            (None, SubjectKind::Ipv6) => reversed_labels(IpAddr::V6(mapped_loopback(2))).as_str().to_owned(),
            (None, SubjectKind::Domain) => "test.".to_owned(),
        }
    }

    /// The labels of the entry that must not exist, each followed by a dot.
    pub(crate) fn must_not_exist(&self, kind: SubjectKind) -> String {
        match (&self.absent, kind) {
            (Some(entry), _) => entry.labels(),
            (None, SubjectKind::Ipv4) => reversed_labels(IpAddr::V4(Ipv4Addr::LOCALHOST)).as_str().to_owned(),
            (None, SubjectKind::Ipv6) => reversed_labels(IpAddr::V6(mapped_loopback(1))).as_str().to_owned(),
            (None, SubjectKind::Domain) => "invalid.".to_owned(),
        }
    }
}

/// `::FFFF:7F00:n` (RFC 5782 §5).
fn mapped_loopback(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, last)
}

/// A test entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestEntry {
    /// An address as it is written: `::FFFF:7F00:2` stays IPv6.
    Address(IpAddr),
    /// A domain.
    Domain(Name),
}

impl TestEntry {
    /// The labels in front of the zone, each followed by a dot.
    fn labels(&self) -> String {
        match self {
            Self::Address(address) => reversed_labels(*address).as_str().to_owned(),
            Self::Domain(name) if name.is_root() => String::new(),
            Self::Domain(name) => name.expose().to_owned(),
        }
    }
}

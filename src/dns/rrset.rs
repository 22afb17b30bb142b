//! A set of records: sorted, without repetition, never empty.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::{Record, Ttl};

/// At least one record, all of the type asked, sorted and without repetition. The order in which a server sends records has no
/// meaning, so no verdict may depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RrSet {
    pub(super) records: Arc<[Record]>,
    pub(super) ttl: Ttl,
    pub(super) canonical: Option<Name>,
    pub(super) truncated: bool,
}

impl RrSet {
    /// The records, sorted.
    pub fn iter(&self) -> std::slice::Iter<'_, Record> {
        self.records.iter()
    }

    /// The number of records; never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a record set is never empty")]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// How long the records may be cached, in whole seconds: the smallest TTL along the CNAME chain.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl.into()
    }

    /// The owner of the records, if a CNAME chain leads from the name asked to another name.
    #[must_use]
    pub fn canonical(&self) -> Option<&Name> {
        self.canonical.as_ref()
    }

    /// Were there more than [`MAX_RECORDS`](crate::dns::MAX_RECORDS) records? The rest was dropped.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The IPv4 addresses.
    pub(crate) fn v4(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.iter().filter_map(|record| match record {
            Record::A(address) => Some(*address),
            _ => None,
        })
    }

    /// The addresses of either family.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.iter().filter_map(|record| match record {
            Record::A(address) => Some(IpAddr::V4(*address)),
            Record::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        })
    }

    /// The texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &RemoteText> {
        self.iter().filter_map(|record| match record {
            Record::Txt(text) => Some(text),
            _ => None,
        })
    }
}

impl<'a> IntoIterator for &'a RrSet {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

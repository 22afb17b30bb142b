//! The records of subjects: what lists answered about them, and our own verdicts.

use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::sync::Mutex;

use foldhash::quality::RandomState;

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dnsxl::Subject;
use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::packed::SubjectRecord;
use crate::engine::cache::store::Store;
use crate::engine::cache::weight::{ENTRY, Weigh};

/// One store for each kind of subject.
#[derive(Debug, Default)]
pub(super) struct SubjectStores {
    v4: Mutex<Clients<Ipv4Addr>>,
    v6: Mutex<Clients<Ipv6Addr>>,
    domains: Mutex<Store<Name, DomainRecord>>,
    owners: Owners,
}

/// Gives client networks numbers of 16 bits, which fit into a record. Which networks share a number is random, so a client
/// cannot choose to share one with another client.
#[derive(Debug, Default)]
pub(super) struct Owners(RandomState);

impl Owners {
    fn of(&self, client: u32) -> Option<NonZeroU16> {
        NonZeroU16::new((self.0.hash_one(client) & 0xffff) as u16).or(Some(NonZeroU16::MIN))
    }
}

/// The record of a domain.
#[derive(Debug)]
pub(super) struct DomainRecord {
    record: SubjectRecord,
    /// The client network that caused it.
    owner: Option<NonZeroU16>,
}

impl Weigh<Name> for DomainRecord {
    fn weight(&self, name: &Name) -> usize {
        ENTRY + size_of::<Name>() + name.expose().len() + size_of::<Self>() + self.record.octets()
    }

    fn owner(&self, _: &Name) -> Option<u64> {
        self.owner.map(|owner| owner.get().into())
    }
}

/// The records of clients of one family.
#[derive(Debug)]
struct Clients<K> {
    records: Store<K, SubjectRecord>,
    summaries: Summaries,
}

/// Summaries that came from one look-up. Counted under the lock of that look-up, where it costs next to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summaries {
    pub(crate) count: u64,
    /// The answers that they rest on.
    pub(crate) answers: u64,
}

impl<K> Default for Clients<K> {
    fn default() -> Self {
        Self { records: Store::default(), summaries: Summaries::default() }
    }
}

impl<K: Hash + Eq + Clone> Clients<K>
where
    SubjectRecord: Weigh<K>,
{
    fn summarize<T>(
        &mut self,
        client: &K,
        answers: usize,
        read: impl FnOnce(&mut SubjectRecord) -> Option<T>,
    ) -> Option<T> {
        let found = self.records.get(client).and_then(read)?;
        self.summaries.count += 1;
        self.summaries.answers += answers as u64;
        Some(found)
    }
}

impl SubjectStores {
    /// One look-up of the record of a subject.
    pub(super) fn look_up<T>(
        &self,
        subject: &Subject,
        read: impl FnOnce(&mut SubjectRecord) -> Option<T>,
    ) -> Option<T> {
        match subject {
            Subject::Client(IpAddr::V4(address)) => lock(&self.v4).records.get(address).and_then(read),
            Subject::Client(IpAddr::V6(address)) => lock(&self.v6).records.get(address).and_then(read),
            Subject::Domain(name) => lock(&self.domains).get(name).and_then(|domain| read(&mut domain.record)),
        }
    }

    /// One look-up of the record of a client. If it finds something, it is counted as a summary of that many answers.
    pub(super) fn summarize<T>(
        &self,
        client: IpAddr,
        answers: usize,
        read: impl FnOnce(&mut SubjectRecord) -> Option<T>,
    ) -> Option<T> {
        match client {
            IpAddr::V4(address) => lock(&self.v4).summarize(&address, answers, read),
            IpAddr::V6(address) => lock(&self.v6).summarize(&address, answers, read),
        }
    }

    pub(super) fn summaries(&self) -> Summaries {
        let (v4, v6) = (lock(&self.v4).summaries, lock(&self.v6).summaries);
        Summaries { count: v4.count + v6.count, answers: v4.answers + v6.answers }
    }

    /// Changes the record of a subject, with its store locked. A new one is dropped if `change` returns false. A new record of a
    /// domain counts as caused by this client; an address itself tells who caused its record.
    pub(super) fn update(
        &self,
        subject: &Subject,
        client: Option<u32>,
        bounds: Bounds,
        change: impl FnOnce(&mut SubjectRecord) -> bool,
    ) {
        let new = SubjectRecord::default();
        match subject {
            Subject::Client(IpAddr::V4(address)) => lock(&self.v4).records.update(*address, new, bounds, change),
            Subject::Client(IpAddr::V6(address)) => lock(&self.v6).records.update(*address, new, bounds, change),
            Subject::Domain(name) => {
                let owner = client.and_then(|client| self.owners.of(client));
                let new = DomainRecord { record: new, owner };
                let change = |domain: &mut DomainRecord| change(&mut domain.record);
                lock(&self.domains).update(name.clone(), new, bounds, change);
            }
        }
    }

    /// The number of records.
    pub(super) fn len(&self) -> usize {
        lock(&self.v4).records.len() + lock(&self.v6).records.len() + lock(&self.domains).len()
    }

    /// Roughly the bytes that the records take.
    pub(super) fn bytes(&self) -> usize {
        lock(&self.v4).records.bytes() + lock(&self.v6).records.bytes() + lock(&self.domains).bytes()
    }

    pub(super) fn clear(&self) {
        lock(&self.v4).records = Store::default();
        lock(&self.v6).records = Store::default();
        *lock(&self.domains) = Store::default();
    }
}

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
use crate::engine::cache::lru::{Store, Weigh};
use crate::engine::cache::packed::SubjectRecord;
use crate::engine::cache::tick::Tick;

/// One store for each kind of subject.
#[derive(Debug, Default)]
pub(super) struct SubjectStores {
    v4: Mutex<Store<Ipv4Addr, SubjectRecord>>,
    v6: Mutex<Store<Ipv6Addr, SubjectRecord>>,
    domains: Mutex<Store<Name, SubjectRecord>>,
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

impl SubjectStores {
    /// One look-up of the record of a subject.
    pub(super) fn look_up<T>(
        &self,
        subject: &Subject,
        now: Tick,
        read: impl FnOnce(&SubjectRecord) -> Option<T>,
    ) -> Option<T> {
        match subject {
            Subject::Client(IpAddr::V4(address)) => look_up_in(&mut lock(&self.v4), address, now, read),
            Subject::Client(IpAddr::V6(address)) => look_up_in(&mut lock(&self.v6), address, now, read),
            Subject::Domain(name) => look_up_in(&mut lock(&self.domains), name, now, read),
        }
    }

    /// Changes the record of a subject if `is_current` is still true once the store is locked. A new record of a domain counts
    /// as caused by this client.
    pub(super) fn update(
        &self,
        subject: &Subject,
        client: Option<u32>,
        bounds: Bounds,
        is_current: impl FnOnce() -> bool,
        change: impl FnOnce(&mut SubjectRecord),
    ) {
        fn update_in<K: Hash + Eq + Clone>(
            store: &Mutex<Store<K, SubjectRecord>>,
            key: K,
            new: SubjectRecord,
            bounds: Bounds,
            is_current: impl FnOnce() -> bool,
            change: impl FnOnce(&mut SubjectRecord),
        ) where
            SubjectRecord: Weigh<K>,
        {
            let mut store = lock(store);
            if is_current() {
                store.update(key, new, bounds, change);
            }
        }
        let new = match subject {
            Subject::Domain(_) => SubjectRecord::of(client.and_then(|client| self.owners.of(client))),
            // An address says itself who caused the record.
            Subject::Client(_) => SubjectRecord::default(),
        };
        match subject {
            Subject::Client(IpAddr::V4(address)) => update_in(&self.v4, *address, new, bounds, is_current, change),
            Subject::Client(IpAddr::V6(address)) => update_in(&self.v6, *address, new, bounds, is_current, change),
            Subject::Domain(name) => update_in(&self.domains, name.clone(), new, bounds, is_current, change),
        }
    }

    /// The number of records.
    pub(super) fn len(&self) -> usize {
        lock(&self.v4).len() + lock(&self.v6).len() + lock(&self.domains).len()
    }

    /// Roughly the bytes that the records take.
    pub(super) fn bytes(&self) -> usize {
        lock(&self.v4).bytes() + lock(&self.v6).bytes() + lock(&self.domains).bytes()
    }

    pub(super) fn clear(&self) {
        *lock(&self.v4) = Store::default();
        *lock(&self.v6) = Store::default();
        *lock(&self.domains) = Store::default();
    }
}

/// One look-up in a store. Promoting an entry to the most recently used costs about four cache misses; doing it at most every 8
/// seconds keeps the order good enough.
fn look_up_in<K: Hash + Eq + Clone, T>(
    store: &mut Store<K, SubjectRecord>,
    key: &K,
    now: Tick,
    read: impl FnOnce(&SubjectRecord) -> Option<T>,
) -> Option<T>
where
    SubjectRecord: Weigh<K>,
{
    let record = store.peek(key)?;
    let (found, stale) = (read(record), record.is_stale(now));
    if stale && let Some(record) = store.get_mut(key) {
        record.mark_used(now);
    }
    found
}

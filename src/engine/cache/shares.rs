//! Bounds what one client network can take of a store, so that it cannot evict what others have cached.
//!
//! Owners are counted in buckets, which take a fixed amount of memory. A bucket that would exceed its share gives up entries of
//! its own, the oldest of those that it added after it had reached half of its share.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::engine::cache::bounds::Bounds;

/// The number of buckets. Owners spread evenly take a 256th of the store in each, far below the share of one.
const BUCKETS: usize = 256;
/// One owner can take a 16th of a store.
const SHARE: usize = 16;

/// What the owners in each bucket have in a store.
#[derive(Debug)]
pub(super) struct Shares<K> {
    /// Empty until an entry has an owner.
    buckets: Vec<Bucket<K>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Bucket<K> {
    entries: usize,
    bytes: usize,
    /// Keys that were added or grew after the bucket had reached half of its share.
    recent: VecDeque<K>,
}

impl<K> Default for Bucket<K> {
    fn default() -> Self {
        Self { entries: 0, bytes: 0, recent: VecDeque::new() }
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self { buckets: Vec::new(), hasher: RandomState::default() }
    }
}

impl<K: Clone> Shares<K> {
    fn bucket(&mut self, owner: u64) -> Option<&mut Bucket<K>> {
        if self.buckets.is_empty() {
            self.buckets.resize_with(BUCKETS, Bucket::default);
        }
        let hash = usize::try_from(self.hasher.hash_one(owner) % BUCKETS as u64).unwrap_or_default();
        self.buckets.get_mut(hash)
    }

    /// An entry of this owner was added, or has grown.
    pub(super) fn add(&mut self, owner: u64, key: &K, entries: usize, bytes: usize, bounds: Bounds) {
        let Some(bucket) = self.bucket(owner) else { return };
        bucket.entries += entries;
        bucket.bytes += bytes;
        if bucket.exceeds(bounds, 2 * SHARE) {
            bucket.recent.push_back(key.clone());
        }
    }

    /// An entry of this owner was removed, or has shrunk.
    pub(super) fn subtract(&mut self, owner: u64, entries: usize, bytes: usize, bounds: Bounds) {
        let Some(bucket) = self.bucket(owner) else { return };
        bucket.entries = bucket.entries.saturating_sub(entries);
        bucket.bytes = bucket.bytes.saturating_sub(bytes);
        if !bucket.exceeds(bounds, 2 * SHARE) {
            bucket.recent = VecDeque::new();
        }
    }

    /// The next entry that the owner's bucket has to give up; it may be gone already. `None` if it keeps to its share.
    pub(super) fn excess(&mut self, owner: u64, bounds: Bounds) -> Option<K> {
        let bucket = self.bucket(owner)?;
        let is_long = bucket.recent.len() > bounds.entries / SHARE + 1;
        if bucket.exceeds(bounds, SHARE) || is_long { bucket.recent.pop_front() } else { None }
    }
}

impl<K> Bucket<K> {
    /// Does it have more than this part of the store? One entry is always allowed.
    fn exceeds(&self, bounds: Bounds, part: usize) -> bool {
        self.entries > 1 && (self.entries > bounds.entries / part || self.bytes > bounds.bytes / part)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::base::name::Name;
    use crate::dns::{Answer, Question, Record, RecordType, Soa};
    use crate::dnsxl::Subject;
    use crate::engine::cache::{Cache, CachedVerdict};

    const BOUNDS: Bounds = Bounds { entries: 1_600, bytes: 1 << 20, failure: Duration::ZERO };
    /// What others have cached: with a 16th, exactly the store.
    const OTHERS: u32 = 1_500;
    const A_MINUTE: Duration = Duration::from_secs(60);

    fn a_cache() -> (Cache, Instant) {
        let now = Instant::now();
        (Cache::new(BOUNDS, now), now)
    }

    fn no() -> Answer {
        Answer::nx_domain(Some(Soa::new(Name::parse("example").unwrap(), A_MINUTE)))
    }

    /// How many of the others' entries are still there.
    fn left(is_there: impl Fn(u32) -> bool) -> usize {
        (0..OTHERS).filter(|number| is_there(*number)).count()
    }

    #[test]
    fn a_network_of_64_bits_cannot_flush_the_store_of_its_kind() {
        let (cache, now) = a_cache();
        let zone = Name::parse("bl.example").unwrap();
        let number = cache.number(&zone).unwrap();
        let client = |network: u32, host: u64| {
            Subject::Client(
                Ipv6Addr::from(u128::from(0x2001_0db8_u32) << 96 | u128::from(network) << 64 | u128::from(host)).into(),
            )
        };
        let put = |subject: &Subject| cache.insert_list(subject, None, number, &no(), now);
        let has = |subject: &Subject| cache.get_list(subject, &zone, (number, cache.begin_edition()), now).is_some();
        (0..OTHERS).for_each(|network| put(&client(network, 1)));
        let before = cache.len();
        let flood = || (0..20_000).map(|host| client(u32::MAX, host));
        flood().for_each(|subject| put(&subject));
        let kept = flood().filter(&has).count();
        assert!((1..=BOUNDS.entries / SHARE).contains(&kept), "{kept}");
        assert!(has(&client(u32::MAX, 19_999)), "the newest are kept");
        // Only what shares its bucket may be lost.
        let left = left(|network| has(&client(network, 1)));
        assert!(before == OTHERS as usize && left >= OTHERS as usize * 95 / 100, "{left}");
    }

    #[test]
    fn a_client_cannot_flush_a_store_with_names_that_it_chooses() {
        let (cache, now) = a_cache();
        let question =
            |client: u32, text: String| Question::new(Name::parse(&text).unwrap(), RecordType::A).chosen_by(client);
        let put = |question: &Question, answer: &Answer| cache.insert(question, answer, now, cache.epoch());
        let other = |number: u32| question(number + 1, format!("n{number}.example"));
        (0..OTHERS).for_each(|number| put(&other(number), &no()));
        let bytes = cache.bytes();
        let long = Answer::records((0..20).map(|last| Record::A(Ipv4Addr::new(192, 0, 2, last))), A_MINUTE);
        let answers = [no(), long];
        for number in 0..20_000 {
            put(&question(u32::MAX, format!("f{number}.example")), &answers[number % 2]);
        }
        assert!(cache.len() <= OTHERS as usize + BOUNDS.entries / SHARE);
        assert!(cache.bytes() <= bytes + BOUNDS.bytes / SHARE);
        let left = left(|number| cache.get(&other(number), now).is_some());
        assert!(left >= OTHERS as usize * 95 / 100, "{left}");
    }

    #[test]
    fn a_client_cannot_flush_the_records_of_domains() {
        let (cache, now, zone) =
            (Cache::new(BOUNDS, Instant::now()), Instant::now(), Name::parse("bl.example").unwrap());
        let number = cache.number(&zone).unwrap();
        let domain = |text: String| Subject::Domain(Name::parse(&text).unwrap());
        let other = |number: u32| domain(format!("n{number}.example"));
        let has = |subject: &Subject| cache.get_list(subject, &zone, (number, cache.begin_edition()), now).is_some();
        (0..OTHERS).for_each(|client| cache.insert_list(&other(client), Some(client), number, &no(), now));
        let flood = || (0..20_000).map(|number| domain(format!("f{number}.example")));
        for (index, subject) in flood().enumerate() {
            match index % 2 {
                0 => cache.insert_list(&subject, Some(u32::MAX), number, &no(), now),
                _ => cache.insert_verdict(&subject, Some(u32::MAX), CachedVerdict(0), A_MINUTE, now, cache.epoch()),
            }
        }
        assert!((OTHERS as usize..=OTHERS as usize + BOUNDS.entries / SHARE).contains(&cache.len()));
        assert!(flood().filter(&has).count() > 0);
        let left = left(|number| has(&other(number)));
        assert!(left >= OTHERS as usize * 95 / 100, "{left}");
    }

    /// Clients that ask about the same name, and names that expire: what is counted is what is there.
    #[test]
    fn removed_entries_are_not_counted() {
        let (cache, now) = a_cache();
        let name = Name::reverse_of(IpAddr::from([192, 0, 2, 1]));
        for number in 0..5_000_u32 {
            let question = Question::new(name.clone(), RecordType::Ptr).chosen_by(number % 3);
            let at = now + A_MINUTE * number;
            assert!(cache.get(&question, at).is_none());
            cache.insert(&question, &no(), at, cache.epoch());
            assert!(cache.get(&question, at).is_some(), "{number}");
        }
        let put = |number: u32| {
            let question = Question::new(Name::reverse_of(Ipv4Addr::from(number).into()), RecordType::Ptr).chosen_by(1);
            cache.insert(&question, &no(), now, cache.epoch());
        };
        (0..200).for_each(put);
        assert_eq!(cache.len(), BOUNDS.entries / SHARE, "its whole share");
    }
}

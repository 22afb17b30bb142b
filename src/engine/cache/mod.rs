//! The cache of answers, each kept for the lifetime that DNS gives it. Bounded in entries and in bytes.
//!
//! There is one store for each kind of subject and each kind of question, so that a flood of one kind (such as reverse names)
//! cannot evict another (such as list answers). All list answers about one subject are one record: a single look-up serves
//! every list. What a list answered is cached, never what a caller concluded from it. Filters and profiles are applied when the
//! answer is read, so callers with different settings can share one cache. The only cached verdicts are our own about a
//! client's reverse DNS and a sender's domain, which depend on no settings.
//!
//! Locks: the store of a subject is locked first, the zone numbers second. Invalidation changes the numbers or epochs first,
//! releases that lock, and then clears the stores. So an insertion is either cleared, or sees that it is out of date. No lock is
//! held across an `await`.

mod answers;
pub(crate) mod bounds;
pub(crate) mod lru;
pub(crate) mod packed;
mod shares;
mod subjects;
mod tick;
mod weight;
pub(crate) mod zone_numbers;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Failure, Question, RrSet};
use crate::dnsxl::Subject;
use crate::engine::cache::answers::AnswerStores;
use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::packed::SubjectRecord;
use crate::engine::cache::subjects::SubjectStores;
use crate::engine::cache::tick::Tick;
use crate::engine::cache::zone_numbers::ZoneNumbers;

pub(crate) use crate::engine::cache::zone_numbers::ZoneNumber;

/// The cache. Shared by all clones of a checker.
#[derive(Debug)]
pub(crate) struct Cache {
    bounds: Bounds,
    /// The zero of ticks: the first time that was passed in.
    origin: OnceLock<Instant>,
    zones: Mutex<ZoneNumbers>,
    subjects: SubjectStores,
    /// The cache epoch: how often everything was invalidated.
    epoch: AtomicU64,
    /// The numbering epoch: how often any zone got a new number.
    numbering_epoch: AtomicU64,
    answers: AnswerStores,
}

/// A verdict about a client's reverse DNS or a mail domain, in its cached form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CachedVerdict(pub(crate) u16);

/// The cache epoch at some moment, such as when a question was sent. An answer from an earlier epoch must not be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheEpoch(u64);

/// The numbering epoch. Zone numbers that were looked up earlier are valid only within the epoch of that look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberingEpoch(pub(crate) u64);

impl Cache {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            origin: OnceLock::new(),
            zones: Mutex::default(),
            subjects: SubjectStores::default(),
            epoch: AtomicU64::new(0),
            numbering_epoch: AtomicU64::new(0),
            answers: AnswerStores::default(),
        }
    }

    /// A cached answer, with its remaining lifetime.
    pub(crate) fn get(&self, question: &Question, now: Instant) -> Option<Answer> {
        self.answers.get(question, now, self.bounds)
    }

    /// The current epoch. Read it before a question is sent and pass it to `insert` with the answer.
    pub(crate) fn epoch(&self) -> CacheEpoch {
        CacheEpoch(self.epoch.load(Ordering::Acquire))
    }

    /// Caches an answer, if it may be cached and its epoch is still the current one.
    pub(crate) fn insert(&self, question: &Question, answer: &Answer, now: Instant, epoch: CacheEpoch) {
        let Some(expires) = self.lifetime(answer).and_then(|lifetime| now.checked_add(lifetime)) else { return };
        // Called with the store locked. `invalidate_all` raises the epoch first and clears the stores after that, so an answer
        // that passes this test too early is still cleared.
        let is_current = || epoch == self.epoch();
        self.answers.insert(question, answer, expires, self.bounds, is_current);
    }

    /// The current number of a zone. `None` if there are too many zones; the answers of this one are then not cached.
    pub(crate) fn number(&self, zone: &Name) -> Option<ZoneNumber> {
        lock(&self.zones).number(zone)
    }

    /// The current numbering epoch. Read it before [`number`](Self::number): while it stays the same, that number is valid.
    pub(crate) fn numbering_epoch(&self) -> NumberingEpoch {
        NumberingEpoch(self.numbering_epoch.load(Ordering::Acquire))
    }

    /// A zone's cached answer about a subject.
    pub(crate) fn get_list(&self, subject: &Subject, zone: &Name, number: ZoneNumber, now: Instant) -> Option<Answer> {
        let now = self.tick(now);
        self.subjects.look_up(subject, now, |record| record.answer(number, zone, now))
    }

    /// Caches a zone's answer about a subject, if it may be cached. `number` is the zone's number when the question was sent: if
    /// the zone was invalidated since, the number is no longer valid and the answer is dropped. `client` is the number of the
    /// client that caused the question, if one did.
    pub(crate) fn insert_list(
        &self,
        subject: &Subject,
        client: Option<u32>,
        number: ZoneNumber,
        answer: &Answer,
        now: Instant,
    ) {
        let Some(lifetime) = self.lifetime(answer) else { return };
        // An answer without A records has nothing to pack, and a truncated one would lose its mark: neither may be cached.
        let cannot_pack = |set: &RrSet| set.truncated() || set.v4().next().is_none();
        if matches!(answer.kind(), AnswerKind::Records(set) if cannot_pack(set)) {
            return;
        }
        let now = self.tick(now);
        // Called with the store locked. `invalidate` changes the numbers before it clears the stores, so an answer with an old
        // number is either refused here or cleared.
        let is_current = || lock(&self.zones).is_valid(number);
        let put = |record: &mut SubjectRecord| record.put(number, answer, lifetime, now);
        self.subjects.update(subject, client, self.bounds, is_current, put);
    }

    /// The cached iprev verdict of a client, if all lists with these numbers (ascending) answered "not listed". Takes a single
    /// look-up. `None` if the numbering epoch has ended, because a number may now belong to another zone.
    pub(crate) fn get_client(
        &self,
        client: IpAddr,
        epoch: NumberingEpoch,
        numbers: impl ExactSizeIterator<Item = u16>,
        now: Instant,
    ) -> Option<CachedVerdict> {
        let now = self.tick(now);
        let read = |record: &SubjectRecord| {
            // Compare under the lock of the store: the epoch is raised before a new number is given out. So a record that holds
            // an answer under a reused number cannot be read with the old epoch.
            if epoch == self.numbering_epoch() && record.are_all_negative(numbers, now) {
                record.verdict(ZoneNumber::OWN_VERDICT, now).map(CachedVerdict)
            } else {
                None
            }
        };
        self.subjects.look_up(&Subject::Client(client), now, read)
    }

    /// The cached verdict about a subject, apart from lists.
    pub(crate) fn get_verdict(&self, subject: &Subject, now: Instant) -> Option<CachedVerdict> {
        let now = self.tick(now);
        self.subjects.look_up(subject, now, |record| record.verdict(ZoneNumber::OWN_VERDICT, now).map(CachedVerdict))
    }

    /// Caches a verdict about a subject, unless everything was invalidated since `epoch`.
    pub(crate) fn insert_verdict(
        &self,
        subject: &Subject,
        client: Option<u32>,
        verdict: CachedVerdict,
        lifetime: Duration,
        now: Instant,
        epoch: CacheEpoch,
    ) {
        if lifetime.is_zero() {
            return;
        }
        let now = self.tick(now);
        let is_current = || epoch == self.epoch();
        self.subjects.update(subject, client, self.bounds, is_current, |record| {
            record.put_verdict(ZoneNumber::OWN_VERDICT, verdict.0, lifetime, now)
        });
    }

    /// The number of entries in all stores.
    pub(crate) fn len(&self) -> usize {
        self.answers.len() + self.subjects.len()
    }

    /// Roughly the bytes that all stores take.
    pub(crate) fn bytes(&self) -> usize {
        self.answers.bytes() + self.subjects.bytes()
    }

    /// A time in ticks of the cache.
    fn tick(&self, moment: Instant) -> Tick {
        Tick::at(moment, *self.origin.get_or_init(|| moment))
    }

    /// How long an answer may be cached; `None` if it must not be.
    fn lifetime(&self, answer: &Answer) -> Option<Duration> {
        let lifetime = match answer.failure() {
            // RFC 9520 §3.2: failures are cached for at least one second and at most five minutes. Not these: our own deadline
            // and limits, and a network that is down, say nothing about the name.
            Some(Failure::Deadline | Failure::Shed | Failure::Overload | Failure::NoServers | Failure::Network) => {
                return None;
            }
            Some(_) => self.bounds.failure,
            None => answer.ttl()?,
        };
        (!lifetime.is_zero()).then_some(lifetime)
    }

    /// Invalidates everything: the resolver turned out to be at fault, or has recovered, so no earlier answer is reliable.
    pub(crate) fn invalidate_all(&self) {
        // Epoch and numbers first, stores second, and never both locks at once: see the head of this file.
        self.epoch.fetch_add(1, Ordering::AcqRel);
        {
            let mut zones = lock(&self.zones);
            self.numbering_epoch.fetch_add(1, Ordering::AcqRel);
            zones.restart();
        }
        self.subjects.clear();
        self.answers.clear();
    }

    /// Invalidates the answers of one zone: its list broke or recovered.
    pub(crate) fn invalidate(&self, zone: &Name) {
        let restarted = {
            let mut zones = lock(&self.zones);
            // Raised before the new number can be read, and under the same lock.
            self.numbering_epoch.fetch_add(1, Ordering::AcqRel);
            zones.invalidate(zone)
        };
        if restarted {
            self.subjects.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::dns::{Record, RecordType, Soa};

    const BOUNDS: Bounds = Bounds { entries: 100, bytes: 64 * 1024, failure: Duration::from_secs(5) };

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn cache_now(bounds: Bounds) -> (Cache, Instant) {
        let now = Instant::now();
        (Cache::new(bounds), now)
    }

    fn insert_list(cache: &Cache, subject: &Subject, zone: &str, answer: &Answer, now: Instant) {
        cache.insert_list(subject, None, cache.number(&name(zone)).unwrap(), answer, now);
    }

    fn get_list(cache: &Cache, subject: &Subject, zone: &str, now: Instant) -> Option<Answer> {
        cache.get_list(subject, &name(zone), cache.number(&name(zone)).unwrap(), now)
    }

    fn client(number: u32) -> Subject {
        Subject::Client(Ipv4Addr::from(number).into())
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn no(ttl: u64) -> Answer {
        Answer::nx_domain(Some(Soa::new(name("example"), seconds(ttl))))
    }

    #[test]
    fn answers_live_as_long_as_dns_says() {
        let (cache, now) = cache_now(BOUNDS);
        let question = Question::new(name("mail.example"), RecordType::A);
        let answer = Answer::records([Record::A(Ipv4Addr::LOCALHOST)], seconds(60));
        cache.insert(&question, &answer, now, cache.epoch());
        assert_eq!(cache.get(&question, now + seconds(20)).unwrap().ttl(), Some(seconds(40)));
        assert!(cache.get(&question, now + seconds(59)).is_some());
        assert!(cache.get(&question, now + seconds(60)).is_none());
        assert_eq!(cache.len(), 0, "an expired answer is removed when it is looked up");
        cache.insert(&question, &no(30), now, cache.epoch());
        assert!(cache.get(&question, now + seconds(29)).is_some());
        assert!(cache.get(&question, now + seconds(30)).is_none());
    }

    #[test]
    fn what_must_not_be_cached() {
        let (cache, now) = cache_now(BOUNDS);
        let question = Question::new(name("mail.example"), RecordType::A);
        for answer in [
            Answer::nx_domain(None), // RFC 2308 §5: no SOA, no lifetime
            Answer::no_data(None),
            no(0),
            Answer::records([Record::A(Ipv4Addr::LOCALHOST)], Duration::ZERO),
            Answer::failed(Failure::Deadline),
            Answer::failed(Failure::Shed),
            Answer::failed(Failure::Overload),
        ] {
            cache.insert(&question, &answer, now, cache.epoch());
            insert_list(&cache, &client(1), "bl.example", &answer, now);
            assert_eq!(cache.len(), 0, "{answer}");
        }
        let cut = Answer::records((0..1_000).map(|code| Record::A(Ipv4Addr::from(0x7f00_0000 + code))), seconds(60));
        insert_list(&cache, &client(1), "bl.example", &cut, now);
        assert_eq!(cache.len(), 0, "the mark of truncation would be lost");
        cache.insert(&question, &Answer::failed(Failure::ServFail), now, cache.epoch()); // RFC 9520
        assert!(cache.get(&question, now + seconds(4)).is_some());
        assert!(cache.get(&question, now + seconds(5)).is_none());
    }

    #[test]
    fn one_record_holds_all_zones_of_a_subject() {
        let (cache, now) = cache_now(BOUNDS);
        let codes = Answer::records([2, 4].map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last))), seconds(60));
        insert_list(&cache, &client(1), "a.example", &codes, now);
        insert_list(&cache, &client(1), "b.example", &no(300), now);
        assert_eq!(cache.len(), 1);
        let cached = get_list(&cache, &client(1), "a.example", now).unwrap();
        assert_eq!(cached, codes);
        assert!(matches!(get_list(&cache, &client(1), "b.example", now).unwrap().kind(), AnswerKind::NxDomain(_)));
        assert!(get_list(&cache, &client(1), "c.example", now).is_none());
        assert!(get_list(&cache, &client(2), "a.example", now).is_none());
        assert!(get_list(&cache, &client(1), "a.example", now + seconds(60)).is_none());
    }

    #[test]
    fn invalidating_a_zone_drops_its_answers_alone() {
        let (cache, now) = cache_now(BOUNDS);
        for zone in ["a.example", "b.example"] {
            insert_list(&cache, &client(1), zone, &no(300), now);
        }
        cache.invalidate(&name("a.example"));
        assert!(get_list(&cache, &client(1), "a.example", now).is_none());
        assert!(get_list(&cache, &client(1), "b.example", now).is_some());
        insert_list(&cache, &client(1), "a.example", &no(300), now);
        assert!(get_list(&cache, &client(1), "a.example", now).is_some());
    }

    /// The fast path looks zone numbers up once. After everything is invalidated, other zones get these numbers.
    #[test]
    fn numbers_of_an_ended_epoch_find_nothing() {
        let (cache, now) = cache_now(BOUNDS);
        let address = IpAddr::from([45, 66, 77, 7]);
        let answer = |zone: &str| {
            insert_list(&cache, &address.into(), zone, &no(300), now);
            cache.insert_verdict(&address.into(), None, CachedVerdict(0), seconds(60), now, cache.epoch());
        };
        answer("a.example");
        let (epoch, number) = (cache.numbering_epoch(), cache.number(&name("a.example")).unwrap().value());
        assert_eq!(cache.get_client(address, epoch, [number].into_iter(), now), Some(CachedVerdict(0)));
        cache.invalidate_all();
        answer("b.example");
        assert_eq!(cache.number(&name("b.example")).unwrap().value(), number, "given out again");
        assert_eq!(cache.get_client(address, epoch, [number].into_iter(), now), None);
        assert_eq!(
            cache.get_client(address, cache.numbering_epoch(), [number].into_iter(), now),
            Some(CachedVerdict(0))
        );
    }

    #[test]
    fn a_flood_of_one_kind_leaves_the_others_alone() {
        let (cache, now) = cache_now(BOUNDS);
        insert_list(&cache, &client(1), "bl.example", &no(300), now);
        cache.insert(&Question::new(name("mail.example"), RecordType::Mx), &no(300), now, cache.epoch());
        for number in 0..10_000 {
            let reverse = Name::reverse_of(Ipv4Addr::from(number).into());
            cache.insert(&Question::new(reverse, RecordType::Ptr), &no(300), now, cache.epoch());
        }
        assert!(get_list(&cache, &client(1), "bl.example", now).is_some());
        assert!(cache.get(&Question::new(name("mail.example"), RecordType::Mx), now).is_some());
        assert!(cache.len() <= 102 && cache.bytes() <= 3 * BOUNDS.bytes);
    }

    #[test]
    fn bounded_in_bytes() {
        let (cache, now) = cache_now(Bounds { entries: 1_000_000, ..BOUNDS });
        for number in 0..5_000_u32 {
            let codes = (0..100_u8).map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last)));
            insert_list(&cache, &client(number), "bl.example", &Answer::records(codes, seconds(60)), now);
        }
        assert!(cache.bytes() <= BOUNDS.bytes);
        assert!(cache.len() > 10);
    }
}

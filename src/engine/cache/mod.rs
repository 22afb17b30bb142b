//! What is remembered: answers, for as long as DNS says they are good. Bounded in entries and in bytes.
//!
//! Two stores, so that a flood of reverse names cannot push list answers out, and partitions inside the first for the same
//! reason. What lists said about one subject is one record: one look answers every list. Kept are answers per zone as it was
//! asked, never verdicts, so that filters and profiles apply on reading and tenants never see each other's.

pub(crate) mod lru;
pub(crate) mod packed;
pub(crate) mod zone_numbers;

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, Failure, Is, Question, Record, RecordType, RrSet};
use crate::dnsxl::Subject;
use crate::engine::cache::lru::{Bounds, Store, Weigh};
use crate::engine::cache::packed::{SubjectRecord, Tick};
use crate::engine::cache::zone_numbers::ZoneNumbers;

pub(crate) use crate::engine::cache::zone_numbers::ZoneNumber;

/// Everything remembered. Shared by clones of a checker; its locks are never held across a wait.
#[derive(Debug)]
pub(crate) struct Cache {
    bounds: Bounds,
    /// What ticks count from: the first moment anyone spoke of.
    since: OnceLock<Instant>,
    zones: Mutex<ZoneNumbers>,
    v4: Mutex<Store<Ipv4Addr, SubjectRecord>>,
    v6: Mutex<Store<Ipv6Addr, SubjectRecord>>,
    domains: Mutex<Store<Name, SubjectRecord>>,
    /// How often everything has been voided.
    epoch: AtomicU64,
    /// How often any zone has got another number.
    numbering_epoch: AtomicU64,
    reverse: Mutex<Store<Question, CachedAnswer>>,
    forward: Mutex<Store<Question, CachedAnswer>>,
    mail: Mutex<Store<Question, CachedAnswer>>,
    text: Mutex<Store<Question, CachedAnswer>>,
}

/// A verdict of our own, as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CachedVerdict(pub(crate) u16);

/// How often everything had been voided when a question was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheEpoch(u64);

/// How often any zone had got another number: numbers hold for one numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberingEpoch(pub(crate) u64);

#[derive(Clone, Debug)]
struct CachedAnswer {
    expires: Instant,
    answer: Answer,
}

impl Cache {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            since: OnceLock::new(),
            zones: Mutex::default(),
            v4: Mutex::default(),
            v6: Mutex::default(),
            domains: Mutex::default(),
            epoch: AtomicU64::new(0),
            numbering_epoch: AtomicU64::new(0),
            reverse: Mutex::default(),
            forward: Mutex::default(),
            mail: Mutex::default(),
            text: Mutex::default(),
        }
    }

    /// A remembered answer, with the time that is left of it.
    pub(crate) fn get(&self, question: &Question, now: Instant) -> Option<Answer> {
        let mut store = lock(self.partition(question.kind));
        let held = store.get(question)?;
        match held.expires.checked_duration_since(now) {
            Some(left) if !left.is_zero() => Some(held.answer.clone().aged(left)),
            _ => {
                store.take(question);
                None
            }
        }
    }

    /// What is current when a question is sent: an answer is only kept if that is still so when it comes.
    pub(crate) fn epoch(&self) -> CacheEpoch {
        CacheEpoch(self.epoch.load(Ordering::Acquire))
    }

    /// Remembers an answer, if it may be remembered.
    pub(crate) fn insert(&self, question: &Question, answer: &Answer, now: Instant, epoch: CacheEpoch) {
        let Some(expires) = self.lifetime(answer).and_then(|lifetime| now.checked_add(lifetime)) else { return };
        let held = CachedAnswer { expires, answer: answer.clone() };
        let mut store = lock(self.partition(question.kind));
        // Under the lock: who voids everything counts first and empties the store then.
        if epoch == self.epoch() {
            store.put(question.clone(), held, self.bounds);
        }
    }

    /// The number by which a zone is known at this time. `None`: there are too many zones, and its answers are not
    /// remembered.
    pub(crate) fn number(&self, zone: &Name) -> Option<ZoneNumber> {
        lock(&self.zones).number(zone)
    }

    /// The numbering that holds. Read before [`number`](Self::number), it says whether that one still holds later.
    pub(crate) fn numbering_epoch(&self) -> NumberingEpoch {
        NumberingEpoch(self.numbering_epoch.load(Ordering::Acquire))
    }

    /// What a zone is remembered to have said about a subject.
    pub(crate) fn get_list(&self, subject: &Subject, zone: &Name, number: ZoneNumber, now: Instant) -> Option<Answer> {
        let now = self.tick(now);
        self.look(subject, now, |record| record.answer(number, zone, now))
    }

    /// Remembers what a zone said about a subject, if it may be remembered. `number` is what the zone was known by when the
    /// question was sent.
    pub(crate) fn insert_list(&self, subject: &Subject, number: ZoneNumber, answer: &Answer, now: Instant) {
        let Some(lifetime) = self.lifetime(answer) else { return };
        // A resolver that gives other records for an A question: nothing to keep, least of all a "no". And there is no word
        // for what was cut.
        let unsayable = |set: &RrSet| set.truncated() || set.v4().next().is_none();
        if matches!(answer.is(), Is::Records(set) if unsayable(set)) {
            return;
        }
        let now = self.tick(now);
        // Records are emptied after numbers have been given back, so that none is written under a number of the time before.
        let holds = || lock(&self.zones).is_valid(number);
        self.change(subject, holds, |record| record.with(number, answer, lifetime, now));
    }

    /// Did all lists of these numbers, ascending, say "no" about this client, and what was its reverse DNS found to be? One
    /// look. Nothing is known under numbers of a numbering that is over: they may be another zone's now.
    pub(crate) fn get_client(
        &self,
        client: IpAddr,
        epoch: NumberingEpoch,
        numbers: impl ExactSizeIterator<Item = u16>,
        now: Instant,
    ) -> Option<CachedVerdict> {
        let now = self.tick(now);
        let look = |record: &SubjectRecord| {
            // Under the record's lock: what is said under a new number is said after the count.
            if epoch == self.numbering_epoch() && record.all_say_no(numbers, now) {
                record.verdict(ZoneNumber::OWN_VERDICT, now).map(CachedVerdict)
            } else {
                None
            }
        };
        self.look(&Subject::Client(client), now, look)
    }

    /// What was found out about a subject, apart from lists.
    pub(crate) fn get_verdict(&self, subject: &Subject, now: Instant) -> Option<CachedVerdict> {
        let now = self.tick(now);
        self.look(subject, now, |record| record.verdict(ZoneNumber::OWN_VERDICT, now).map(CachedVerdict))
    }

    /// Remembers what was found out about a subject, unless everything has been voided since this edition.
    pub(crate) fn insert_verdict(
        &self,
        subject: &Subject,
        verdict: CachedVerdict,
        lifetime: Duration,
        now: Instant,
        epoch: CacheEpoch,
    ) {
        if lifetime.is_zero() {
            return;
        }
        let now = self.tick(now);
        let holds = || epoch == self.epoch();
        self.change(subject, holds, |record| record.with_verdict(ZoneNumber::OWN_VERDICT, verdict.0, lifetime, now));
    }

    /// How many answers are remembered, in all.
    pub(crate) fn len(&self) -> usize {
        let answers: usize =
            [&self.reverse, &self.forward, &self.mail, &self.text].map(|store| lock(store).len()).iter().sum();
        answers + lock(&self.v4).len() + lock(&self.v6).len() + lock(&self.domains).len()
    }

    /// Roughly how many bytes that takes.
    pub(crate) fn bytes(&self) -> usize {
        let answers: usize =
            [&self.reverse, &self.forward, &self.mail, &self.text].map(|store| lock(store).bytes()).iter().sum();
        answers + lock(&self.v4).bytes() + lock(&self.v6).bytes() + lock(&self.domains).bytes()
    }

    fn tick(&self, moment: Instant) -> Tick {
        Tick::at(moment, *self.since.get_or_init(|| moment))
    }

    /// One look at everything that zones said about a subject.
    fn look<T>(&self, subject: &Subject, now: Tick, look: impl FnOnce(&SubjectRecord) -> Option<T>) -> Option<T> {
        match subject {
            Subject::Client(IpAddr::V4(address)) => look_into(&mut lock(&self.v4), address, now, look),
            Subject::Client(IpAddr::V6(address)) => look_into(&mut lock(&self.v6), address, now, look),
            Subject::Domain(name) => look_into(&mut lock(&self.domains), name, now, look),
        }
    }

    /// Changes what is remembered about a subject, if that is still to be done once the record cannot be emptied meanwhile.
    fn change(
        &self,
        subject: &Subject,
        holds: impl FnOnce() -> bool,
        change: impl FnOnce(SubjectRecord) -> SubjectRecord,
    ) {
        fn change_in<K: std::hash::Hash + Eq>(
            store: &Mutex<Store<K, SubjectRecord>>,
            key: K,
            bounds: Bounds,
            holds: impl FnOnce() -> bool,
            change: impl FnOnce(SubjectRecord) -> SubjectRecord,
        ) where
            SubjectRecord: Weigh<K>,
        {
            let mut store = lock(store);
            if holds() {
                store.change(key, bounds, change);
            }
        }
        match subject {
            Subject::Client(IpAddr::V4(address)) => change_in(&self.v4, *address, self.bounds, holds, change),
            Subject::Client(IpAddr::V6(address)) => change_in(&self.v6, *address, self.bounds, holds, change),
            Subject::Domain(name) => change_in(&self.domains, name.clone(), self.bounds, holds, change),
        }
    }

    fn partition(&self, kind: RecordType) -> &Mutex<Store<Question, CachedAnswer>> {
        match kind {
            RecordType::Ptr => &self.reverse,
            RecordType::A | RecordType::Aaaa => &self.forward,
            RecordType::Mx => &self.mail,
            RecordType::Txt | RecordType::Ns | RecordType::Soa => &self.text,
        }
    }

    /// How long an answer is good; `None` when it must not be remembered.
    fn lifetime(&self, answer: &Answer) -> Option<Duration> {
        let lifetime = match answer.failure() {
            // RFC 9520 §3.2: failures are remembered, for one second at least and five minutes at most. Our own haste and
            // our own limits are none of the name's.
            Some(Failure::Deadline | Failure::Shed | Failure::Overload | Failure::NoServers | Failure::Network) => {
                return None;
            }
            Some(_) => self.bounds.failure,
            None => answer.ttl()?,
        };
        (!lifetime.is_zero()).then_some(lifetime)
    }

    /// The resolver was at fault, or is no longer: nothing it said until now is worth anything.
    pub(crate) fn invalidate_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        {
            let mut zones = lock(&self.zones);
            self.numbering_epoch.fetch_add(1, Ordering::AcqRel);
            zones.restart();
        }
        self.clear_subjects();
        for store in [&self.reverse, &self.forward, &self.mail, &self.text] {
            *lock(store) = Store::default();
        }
    }

    /// A list fell ill, or has recovered: what it said until now is forgotten.
    pub(crate) fn invalidate(&self, zone: &Name) {
        let begun_again = {
            let mut zones = lock(&self.zones);
            self.numbering_epoch.fetch_add(1, Ordering::AcqRel);
            zones.invalidate(zone)
        };
        if begun_again {
            self.clear_subjects();
        }
    }

    fn clear_subjects(&self) {
        *lock(&self.v4) = Store::default();
        *lock(&self.v6) = Store::default();
        *lock(&self.domains) = Store::default();
    }
}

/// One look. What is looked at again and again is moved to the front of those that are kept only every few seconds: that
/// takes four more places of memory to be fetched, and who goes first is as well known.
fn look_into<K: Hash + Eq, T>(
    store: &mut Store<K, SubjectRecord>,
    key: &K,
    now: Tick,
    look: impl FnOnce(&SubjectRecord) -> Option<T>,
) -> Option<T>
where
    SubjectRecord: Weigh<K>,
{
    let record = store.peek(key)?;
    let (found, stale) = (look(record), record.is_stale(now));
    if stale && let Some(record) = store.touch(key) {
        record.mark_used(now);
    }
    found
}

/// What an entry takes before its contents: key, links, and its place in the table.
const ENTRY: usize = 96;

impl Weigh<Ipv4Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv4Addr) -> usize {
        ENTRY + self.octets()
    }
}

impl Weigh<Ipv6Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv6Addr) -> usize {
        ENTRY + size_of::<Ipv6Addr>() + self.octets()
    }
}

impl Weigh<Name> for SubjectRecord {
    fn weight(&self, name: &Name) -> usize {
        ENTRY + size_of::<Name>() + name.expose().len() + self.octets()
    }
}

impl Weigh<Question> for CachedAnswer {
    fn weight(&self, question: &Question) -> usize {
        ENTRY + size_of::<Question>() + question.name.expose().len() + size_of::<Self>() + heap_of_answer(&self.answer)
    }
}

/// Roughly the bytes an answer holds elsewhere.
fn heap_of_answer(answer: &Answer) -> usize {
    match answer.is() {
        Is::Records(set) => set.iter().map(|record| size_of::<Record>() + heap_of(record)).sum::<usize>() + 16,
        Is::NoData(soa) | Is::NxDomain(soa) => soa.map_or(0, |soa| soa.owner().expose().len() + 16),
        Is::Failed(_) => 0,
    }
}

/// Roughly the bytes of text a record holds.
fn heap_of(record: &Record) -> usize {
    match record {
        Record::A(_) | Record::Aaaa(_) => 0,
        Record::Ptr(target) | Record::Ns(target) | Record::Mx { exchange: target, .. } => match target {
            crate::dns::Target::Name(name) => name.expose().len() + 16,
            crate::dns::Target::Root => 0,
            crate::dns::Target::Illegal(text) => text.as_str().len() + 16,
        },
        Record::Txt(text) => text.as_str().len() + 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Soa;

    const BOUNDS: Bounds = Bounds { entries: 100, bytes: 64 * 1024, failure: Duration::from_secs(5) };

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn cache_now(bounds: Bounds) -> (Cache, Instant) {
        let now = Instant::now();
        (Cache::new(bounds), now)
    }

    fn insert_list(cache: &Cache, subject: &Subject, zone: &str, answer: &Answer, now: Instant) {
        cache.insert_list(subject, cache.number(&name(zone)).unwrap(), answer, now);
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
        assert_eq!(cache.len(), 0, "an expired answer is dropped when it is met");
        cache.insert(&question, &no(30), now, cache.epoch());
        assert!(cache.get(&question, now + seconds(29)).is_some());
        assert!(cache.get(&question, now + seconds(30)).is_none());
    }

    #[test]
    fn what_must_not_be_remembered() {
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
        assert_eq!(cache.len(), 0, "that it was cut would be forgotten");
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
        assert!(matches!(get_list(&cache, &client(1), "b.example", now).unwrap().is(), Is::NxDomain(_)));
        assert!(get_list(&cache, &client(1), "c.example", now).is_none());
        assert!(get_list(&cache, &client(2), "a.example", now).is_none());
        assert!(get_list(&cache, &client(1), "a.example", now + seconds(60)).is_none());
    }

    #[test]
    fn what_a_list_said_before_it_fell_ill_is_void() {
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

    /// The lists of a summary are known by numbers that are found out once. When all is void, others get them.
    #[test]
    fn numbers_of_a_time_that_is_over_answer_nothing() {
        let (cache, now) = cache_now(BOUNDS);
        let address = IpAddr::from([45, 66, 77, 7]);
        let say = |zone: &str| {
            insert_list(&cache, &address.into(), zone, &no(300), now);
            cache.insert_verdict(&address.into(), CachedVerdict(0), seconds(60), now, cache.epoch());
        };
        say("a.example");
        let (epoch, number) = (cache.numbering_epoch(), cache.number(&name("a.example")).unwrap().value());
        assert_eq!(cache.get_client(address, epoch, [number].into_iter(), now), Some(CachedVerdict(0)));
        cache.invalidate_all();
        say("b.example");
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

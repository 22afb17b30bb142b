//! What is remembered: answers, for as long as DNS says they are good. Bounded in entries and in bytes.
//!
//! Two stores, so that a flood of reverse names cannot push list answers out, and partitions inside the first for the same
//! reason. What lists said about one subject is one record: one look answers every list. Kept are answers per zone as it was
//! asked, never verdicts, so that filters and profiles apply on reading and tenants never see each other's.

use std::hash::Hash;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::dns::{Answer, Failure, Is, Question, Record, RecordType, Soa};
use crate::dnsxl::Subject;
use crate::lock::lock;
use crate::name::Name;
use crate::table::Table;

/// Zones that get a number. Answers of zones beyond are not remembered.
const MAX_ZONES: usize = 4_096;

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Subjects of lists, and answers of each kind.
    pub(crate) entries: usize,
    /// Bytes of each store, roughly.
    pub(crate) bytes: usize,
    /// How long a failure is remembered.
    pub(crate) failure: Duration,
}

/// Everything remembered. Shared by clones of a checker; its locks are never held across a wait.
#[derive(Debug)]
pub(crate) struct Memory {
    bounds: Bounds,
    subjects: Mutex<Store<Subject, Vec<Held>>>,
    zones: Mutex<Table<Name, Zone>>,
    /// How often everything has been voided.
    edition: AtomicU64,
    reverse: Mutex<Store<Question, HeldAnswer>>,
    forward: Mutex<Store<Question, HeldAnswer>>,
    mail: Mutex<Store<Question, HeldAnswer>>,
    text: Mutex<Store<Question, HeldAnswer>>,
}

/// What was current when a question was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edition {
    all: u64,
    zone: Option<Zone>,
}

/// A zone's number, and how often its answers have been voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Zone {
    number: u16,
    epoch: u16,
}

/// What one zone said about one subject.
#[derive(Clone, Debug)]
struct Held {
    zone: Zone,
    expires: Instant,
    what: What,
}

/// A list's answer without what only matters once: who signed a no is looked at when it arrives.
#[derive(Clone, Debug)]
enum What {
    NxDomain,
    NoData,
    Code(Ipv4Addr),
    Codes(Box<[Ipv4Addr]>),
    Failed(Failure),
}

#[derive(Clone, Debug)]
struct HeldAnswer {
    expires: Instant,
    answer: Answer,
}

impl Memory {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            subjects: Mutex::default(),
            zones: Mutex::default(),
            edition: AtomicU64::new(0),
            reverse: Mutex::default(),
            forward: Mutex::default(),
            mail: Mutex::default(),
            text: Mutex::default(),
        }
    }

    /// A remembered answer, with the time that is left of it.
    pub(crate) fn recall(&self, question: &Question, now: Instant) -> Option<Answer> {
        let mut store = lock(self.partition(question.kind));
        let held = store.get(question)?;
        match held.expires.checked_duration_since(now) {
            Some(left) if !left.is_zero() => Some(held.answer.clone().aged(left)),
            _ => {
                store.forget(question);
                None
            }
        }
    }

    /// What is current when a question is sent: an answer is only kept if that is still so when it comes.
    pub(crate) fn edition(&self, zone: Option<&Name>) -> Edition {
        Edition { all: self.edition.load(Ordering::Acquire), zone: zone.and_then(|zone| self.number(zone)) }
    }

    /// Remembers an answer, if it may be remembered.
    pub(crate) fn keep(&self, question: &Question, answer: &Answer, now: Instant, edition: Edition) {
        if edition.all != self.edition.load(Ordering::Acquire) {
            return;
        }
        let Some(expires) = self.expiry(answer, now) else { return };
        let weight = question.name.expose().len() + weight_of(answer);
        lock(self.partition(question.kind)).put(
            question.clone(),
            HeldAnswer { expires, answer: answer.clone() },
            weight,
            self.bounds,
        );
    }

    /// What a zone is remembered to have said about a subject.
    pub(crate) fn recall_list(&self, subject: &Subject, zone: &Name, now: Instant) -> Option<Answer> {
        let current = *lock(&self.zones).get(zone)?;
        let mut store = lock(&self.subjects);
        let held = store.get(subject)?.iter().find(|held| held.zone == current)?;
        let left = held.expires.checked_duration_since(now).filter(|left| !left.is_zero())?;
        let soa = || Some(Soa::new(zone.clone(), left));
        Some(match &held.what {
            What::NxDomain => Answer::nx_domain(soa()),
            What::NoData => Answer::no_data(soa()),
            What::Code(code) => Answer::records([Record::A(*code)], left),
            What::Codes(codes) => Answer::records(codes.iter().copied().map(Record::A), left),
            What::Failed(failure) => Answer::failed(*failure),
        })
    }

    /// Remembers what a zone said about a subject, if it may be remembered.
    pub(crate) fn keep_list(&self, subject: &Subject, zone: &Name, answer: &Answer, now: Instant, edition: Edition) {
        let Some(expires) = self.expiry(answer, now) else { return };
        let Some(zone) = self.number(zone).filter(|zone| Some(*zone) == edition.zone) else { return };
        let what = match answer.is() {
            Is::NxDomain(_) => What::NxDomain,
            Is::NoData(_) => What::NoData,
            Is::Failed(failure) => What::Failed(failure),
            Is::Records(set) => {
                let codes: Vec<Ipv4Addr> = set.v4().collect();
                match codes.as_slice() {
                    // A resolver that gives other records for an A question: nothing to keep, least of all a "no".
                    [] => return,
                    [code] => What::Code(*code),
                    _ => What::Codes(codes.into()),
                }
            }
        };
        let mut store = lock(&self.subjects);
        let mut record = store.take(subject).unwrap_or_default();
        record.retain(|held| held.zone.number != zone.number && held.expires > now);
        record.push(Held { zone, expires, what });
        let weight = record.iter().map(Held::weight).sum::<usize>() + std::mem::size_of::<Subject>();
        store.put(subject.clone(), record, weight, self.bounds);
    }

    /// How many answers are remembered, in all.
    pub(crate) fn len(&self) -> usize {
        let answers: usize =
            [&self.reverse, &self.forward, &self.mail, &self.text].map(|store| lock(store).len()).iter().sum();
        answers + lock(&self.subjects).len()
    }

    /// Roughly how many bytes that takes.
    pub(crate) fn bytes(&self) -> usize {
        let answers: usize =
            [&self.reverse, &self.forward, &self.mail, &self.text].map(|store| lock(store).bytes).iter().sum();
        answers + lock(&self.subjects).bytes
    }

    fn partition(&self, kind: RecordType) -> &Mutex<Store<Question, HeldAnswer>> {
        match kind {
            RecordType::Ptr => &self.reverse,
            RecordType::A | RecordType::Aaaa => &self.forward,
            RecordType::Mx => &self.mail,
            RecordType::Txt | RecordType::Ns | RecordType::Soa => &self.text,
        }
    }

    /// Until when an answer is good; `None` when it must not be remembered.
    fn expiry(&self, answer: &Answer, now: Instant) -> Option<Instant> {
        let lifetime = match answer.failure() {
            // RFC 9520 §3.2: failures are remembered, for one second at least and five minutes at most. Our own haste and
            // our own limits are none of the name's.
            Some(Failure::Deadline | Failure::Shed | Failure::Overload | Failure::NoServers | Failure::Network) => {
                return None;
            }
            Some(_) => self.bounds.failure,
            None => answer.ttl()?,
        };
        if lifetime.is_zero() { None } else { now.checked_add(lifetime) }
    }

    fn number(&self, zone: &Name) -> Option<Zone> {
        let mut zones = lock(&self.zones);
        if let Some(known) = zones.get(zone) {
            return Some(*known);
        }
        let number = u16::try_from(zones.len()).ok().filter(|number| usize::from(*number) < MAX_ZONES)?;
        let new = Zone { number, epoch: 0 };
        zones.insert(zone.clone(), new);
        Some(new)
    }

    /// The resolver was at fault, or is no longer: nothing it said until now is worth anything.
    pub(crate) fn void_all(&self) {
        self.edition.fetch_add(1, Ordering::AcqRel);
        lock(&self.zones).values_mut().for_each(|zone| zone.epoch = zone.epoch.wrapping_add(1));
        for store in [&self.reverse, &self.forward, &self.mail, &self.text] {
            *lock(store) = Store::default();
        }
    }

    /// A list fell ill, or has recovered: what it said until now is forgotten.
    pub(crate) fn void(&self, zone: &Name) {
        if let Some(zone) = lock(&self.zones).get_mut(zone) {
            zone.epoch = zone.epoch.wrapping_add(1);
        }
    }
}

impl Held {
    fn weight(&self) -> usize {
        let codes = match &self.what {
            What::Codes(codes) => codes.len() * std::mem::size_of::<Ipv4Addr>(),
            _ => 0,
        };
        std::mem::size_of::<Self>() + codes
    }
}

/// Roughly the bytes an answer takes.
fn weight_of(answer: &Answer) -> usize {
    /// What an entry takes before its contents: keys, links, counters.
    const ENTRY: usize = 200;
    match answer.is() {
        Is::Records(set) => {
            ENTRY + set.iter().map(|record| std::mem::size_of::<Record>() + 32 + heap_of(record)).sum::<usize>()
        }
        Is::NoData(soa) | Is::NxDomain(soa) => ENTRY + soa.map_or(0, |soa| soa.owner().expose().len()),
        Is::Failed(_) => ENTRY,
    }
}

/// Roughly the bytes of text a record holds.
fn heap_of(record: &Record) -> usize {
    match record {
        Record::A(_) | Record::Aaaa(_) => 0,
        Record::Ptr(target) | Record::Ns(target) | Record::Mx { exchange: target, .. } => match target {
            crate::dns::Target::Name(name) => name.expose().len(),
            crate::dns::Target::Root => 0,
            crate::dns::Target::Illegal(text) => text.as_str().len(),
        },
        Record::Txt(text) => text.as_str().len(),
    }
}

/// The least recently used goes first, by number and by bytes.
#[derive(Debug)]
struct Store<K: Hash + Eq, V> {
    entries: LruCache<K, (V, usize)>,
    bytes: usize,
}

impl<K: Hash + Eq, V> Default for Store<K, V> {
    fn default() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0 }
    }
}

impl<K: Hash + Eq, V> Store<K, V> {
    fn get(&mut self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    fn take(&mut self, key: &K) -> Option<V> {
        let (value, weight) = self.entries.pop(key)?;
        self.bytes = self.bytes.saturating_sub(weight);
        Some(value)
    }

    fn forget(&mut self, key: &K) {
        self.take(key);
    }

    fn put(&mut self, key: K, value: V, weight: usize, bounds: Bounds) {
        self.take(&key);
        if weight > bounds.bytes || bounds.entries == 0 {
            return;
        }
        self.entries.put(key, (value, weight));
        self.bytes += weight;
        while self.entries.len() > bounds.entries || self.bytes > bounds.bytes {
            let Some((_, (_, weight))) = self.entries.pop_lru() else { return };
            self.bytes = self.bytes.saturating_sub(weight);
        }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { entries: 100, bytes: 64 * 1024, failure: Duration::from_secs(5) };

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
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
        let (memory, now) = (Memory::new(BOUNDS), Instant::now());
        let question = Question::new(name("mail.example"), RecordType::A);
        let answer = Answer::records([Record::A(Ipv4Addr::LOCALHOST)], seconds(60));
        memory.keep(&question, &answer, now, memory.edition(None));
        assert_eq!(memory.recall(&question, now + seconds(20)).unwrap().ttl(), Some(seconds(40)));
        assert!(memory.recall(&question, now + seconds(59)).is_some());
        assert!(memory.recall(&question, now + seconds(60)).is_none());
        assert_eq!(memory.len(), 0, "an expired answer is dropped when it is met");
        memory.keep(&question, &no(30), now, memory.edition(None));
        assert!(memory.recall(&question, now + seconds(29)).is_some());
        assert!(memory.recall(&question, now + seconds(30)).is_none());
    }

    #[test]
    fn what_must_not_be_remembered() {
        let (memory, now) = (Memory::new(BOUNDS), Instant::now());
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
            memory.keep(&question, &answer, now, memory.edition(None));
            memory.keep_list(&client(1), &name("bl.example"), &answer, now, memory.edition(Some(&name("bl.example"))));
            assert_eq!(memory.len(), 0, "{answer}");
        }
        memory.keep(&question, &Answer::failed(Failure::ServFail), now, memory.edition(None)); // RFC 9520
        assert!(memory.recall(&question, now + seconds(4)).is_some());
        assert!(memory.recall(&question, now + seconds(5)).is_none());
    }

    #[test]
    fn one_record_holds_all_zones_of_a_subject() {
        let (memory, now) = (Memory::new(BOUNDS), Instant::now());
        let codes = Answer::records([2, 4].map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last))), seconds(60));
        memory.keep_list(&client(1), &name("a.example"), &codes, now, memory.edition(Some(&name("a.example"))));
        memory.keep_list(&client(1), &name("b.example"), &no(300), now, memory.edition(Some(&name("b.example"))));
        assert_eq!(memory.len(), 1);
        let recalled = memory.recall_list(&client(1), &name("a.example"), now).unwrap();
        assert_eq!(recalled, codes);
        assert!(matches!(memory.recall_list(&client(1), &name("b.example"), now).unwrap().is(), Is::NxDomain(_)));
        assert!(memory.recall_list(&client(1), &name("c.example"), now).is_none());
        assert!(memory.recall_list(&client(2), &name("a.example"), now).is_none());
        assert!(memory.recall_list(&client(1), &name("a.example"), now + seconds(60)).is_none());
    }

    #[test]
    fn what_a_list_said_before_it_fell_ill_is_void() {
        let (memory, now) = (Memory::new(BOUNDS), Instant::now());
        for zone in ["a.example", "b.example"] {
            memory.keep_list(&client(1), &name(zone), &no(300), now, memory.edition(Some(&name(zone))));
        }
        memory.void(&name("a.example"));
        assert!(memory.recall_list(&client(1), &name("a.example"), now).is_none());
        assert!(memory.recall_list(&client(1), &name("b.example"), now).is_some());
        memory.keep_list(&client(1), &name("a.example"), &no(300), now, memory.edition(Some(&name("a.example"))));
        assert!(memory.recall_list(&client(1), &name("a.example"), now).is_some());
    }

    #[test]
    fn a_flood_of_one_kind_leaves_the_others_alone() {
        let (memory, now) = (Memory::new(BOUNDS), Instant::now());
        memory.keep_list(&client(1), &name("bl.example"), &no(300), now, memory.edition(Some(&name("bl.example"))));
        memory.keep(&Question::new(name("mail.example"), RecordType::Mx), &no(300), now, memory.edition(None));
        for number in 0..10_000 {
            let reverse = Name::reverse_of(Ipv4Addr::from(number).into());
            memory.keep(&Question::new(reverse, RecordType::Ptr), &no(300), now, memory.edition(None));
        }
        assert!(memory.recall_list(&client(1), &name("bl.example"), now).is_some());
        assert!(memory.recall(&Question::new(name("mail.example"), RecordType::Mx), now).is_some());
        assert!(memory.len() <= 102 && memory.bytes() <= 3 * BOUNDS.bytes);
    }

    #[test]
    fn bounded_in_bytes() {
        let (memory, now) = (Memory::new(Bounds { entries: 1_000_000, ..BOUNDS }), Instant::now());
        for number in 0..5_000_u32 {
            let codes = (0..100_u8).map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last)));
            memory.keep_list(
                &client(number),
                &name("bl.example"),
                &Answer::records(codes, seconds(60)),
                now,
                memory.edition(Some(&name("bl.example"))),
            );
        }
        assert!(memory.bytes() <= BOUNDS.bytes);
        assert!(memory.len() > 10);
    }
}

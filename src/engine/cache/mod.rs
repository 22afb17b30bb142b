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
mod lru;
pub(crate) mod packed;
mod plain_payload;
mod shares;
pub(crate) mod store;
mod subjects;
#[cfg(test)]
mod tests;
mod tick;
mod weight;
pub(crate) mod zone_numbers;

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Failure, Question, RrSet};
use crate::dnsxl::Subject;
use crate::engine::cache::answers::AnswerStores;
use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::packed::SubjectRecord;
use crate::engine::cache::subjects::SubjectStores;
use crate::engine::cache::zone_numbers::ZoneNumbers;

pub(crate) use crate::engine::cache::subjects::Summaries;
pub(crate) use crate::engine::cache::tick::Tick;
pub(crate) use crate::engine::cache::zone_numbers::{Edition, ZoneNumber};

/// The cache. Shared by all clones of a checker.
#[derive(Debug)]
pub(crate) struct Cache {
    bounds: Bounds,
    /// The zero of ticks.
    origin: Instant,
    zones: Mutex<ZoneNumbers>,
    subjects: SubjectStores,
    /// The cache epoch: how often everything was invalidated.
    epoch: AtomicU64,
    /// How many editions were begun, and how often any zone got a new number.
    editions: AtomicU64,
    /// What `editions` was when a zone last got a new number.
    renumbered: AtomicU64,
    answers: AnswerStores,
}

/// A verdict about a client's reverse DNS or a mail domain, in its cached form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CachedVerdict(pub(crate) u16);

/// The cache epoch at some moment, such as when a question was sent. An answer from an earlier epoch must not be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheEpoch(u64);

impl Cache {
    pub(crate) fn new(bounds: Bounds, origin: Instant) -> Self {
        Self {
            bounds,
            origin,
            zones: Mutex::default(),
            subjects: SubjectStores::default(),
            epoch: AtomicU64::new(0),
            editions: AtomicU64::new(0),
            renumbered: AtomicU64::new(0),
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

    /// A new edition. Begin it before its numbers are read: a number that is replaced meanwhile ends it.
    pub(crate) fn begin_edition(&self) -> Edition {
        Edition(self.editions.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Has no zone got a new number since this edition was begun?
    pub(crate) fn is_current(&self, edition: Edition) -> bool {
        edition.0 > self.renumbered.load(Ordering::Acquire)
    }

    /// Ends all editions. Called with the numbers locked, before any of them changes.
    fn end_editions(&self) {
        self.renumbered.store(self.begin_edition().0, Ordering::Release);
    }

    /// A zone's cached answer about a subject. `number` is the zone's number, with its edition: once that has ended, the number
    /// may belong to another zone, and there is no answer.
    pub(crate) fn get_list(
        &self,
        subject: &Subject,
        zone: &Name,
        number: (ZoneNumber, Edition),
        now: Instant,
    ) -> Option<Answer> {
        let mut known = None;
        self.get_lists(subject, std::iter::once(((), zone, Some(number))), now, |(), answer| known = Some(answer));
        known
    }

    /// The same for several zones, with one look-up. Each answer is passed on with what stands before its zone.
    pub(crate) fn get_lists<'a, T>(
        &self,
        subject: &Subject,
        zones: impl Iterator<Item = (T, &'a Name, Option<(ZoneNumber, Edition)>)>,
        now: Instant,
        mut found: impl FnMut(T, Answer),
    ) {
        let now = self.tick(now);
        self.subjects.look_up(subject, |record| {
            for (of, zone, number) in zones {
                // Compared under the lock of the store: see `get_client`.
                let number = number.filter(|(_, edition)| self.is_current(*edition));
                if let Some(answer) = number.and_then(|(number, _)| record.answer(number, zone, now)) {
                    found(of, answer);
                }
            }
            Some(())
        });
    }

    /// Caches what zones answered about a subject, where it may be cached. Each number is the zone's when the question was sent: if
    /// the zone was invalidated since, the number is no longer valid and the answer is dropped. `client` is the number of the
    /// client that caused the questions, if one did.
    pub(crate) fn insert_lists<'a>(
        &self,
        subject: &Subject,
        client: Option<u32>,
        answers: impl Iterator<Item = (ZoneNumber, &'a Answer)>,
        now: Instant,
    ) {
        let tick = self.tick(now);
        self.subjects.update(subject, client, self.bounds, |record| {
            // With the store locked. `invalidate` changes the numbers before it clears the stores, so an answer with an old number
            // is either refused here or cleared.
            let zones = lock(&self.zones);
            let mut has_any = false;
            for (number, answer) in answers {
                if let Some(lifetime) = self.list_lifetime(answer).filter(|_| zones.is_valid(number)) {
                    record.put(number, answer, lifetime, tick);
                    has_any = true;
                }
            }
            has_any
        });
    }

    /// What `accept` makes of the cached iprev verdict of a client, if all lists with these numbers (ascending) answered "not
    /// listed"; it is counted as a summary. Takes a single look-up. `None` if the edition has ended, because a number may now
    /// belong to another zone.
    pub(crate) fn get_client<T>(
        &self,
        client: IpAddr,
        edition: Edition,
        numbers: impl ExactSizeIterator<Item = u16>,
        now: Tick,
        accept: impl FnOnce(CachedVerdict) -> Option<T>,
    ) -> Option<T> {
        let answers = numbers.len();
        let read = |record: &mut SubjectRecord| {
            // Compare under the lock of the store: editions end before a new number is given out. So a record that holds an
            // answer under a reused number cannot be read with an old edition.
            let verdict = if self.is_current(edition) { record.conclude(edition, numbers, now)? } else { return None };
            accept(CachedVerdict(verdict))
        };
        self.subjects.summarize(client, answers, read)
    }

    /// The cached verdict about a subject, apart from lists.
    pub(crate) fn get_verdict(&self, subject: &Subject, now: Tick) -> Option<CachedVerdict> {
        self.subjects.look_up(subject, |record| record.verdict(ZoneNumber::OWN_VERDICT, now).map(CachedVerdict))
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
        self.subjects.update(subject, client, self.bounds, |record| {
            let is_current = epoch == self.epoch();
            if is_current {
                record.put_verdict(ZoneNumber::OWN_VERDICT, verdict.0, lifetime, now);
            }
            is_current
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

    /// How many summaries came from one look-up.
    pub(crate) fn summaries(&self) -> Summaries {
        self.subjects.summaries()
    }

    /// A time in ticks of the cache.
    pub(crate) fn tick(&self, moment: Instant) -> Tick {
        Tick::at(moment, self.origin)
    }

    /// How long an answer may be cached; `None` if it must not be.
    fn lifetime(&self, answer: &Answer) -> Option<Duration> {
        let lifetime = match answer.failure() {
            // RFC 9520 §3.2: failures are cached for at least one second and at most five minutes. Not these: our own deadline
            // and limits, and a network that is down, say nothing about the name.
            Some(
                Failure::Deadline
                | Failure::Shed
                | Failure::DailyLimit
                | Failure::Overload
                | Failure::NoServers
                | Failure::Network,
            ) => return None,
            Some(_) => self.bounds.failure,
            None => answer.ttl()?,
        };
        (!lifetime.is_zero()).then_some(lifetime)
    }

    /// How long a list's answer may be cached.
    fn list_lifetime(&self, answer: &Answer) -> Option<Duration> {
        // An answer without A records has nothing to pack, and a truncated one would lose its mark: neither may be cached.
        let cannot_pack = |set: &RrSet| set.truncated() || set.v4().next().is_none();
        match answer.kind() {
            AnswerKind::Records(set) if cannot_pack(set) => None,
            _ => self.lifetime(answer),
        }
    }

    /// Invalidates everything: the resolver turned out to be at fault, or has recovered, so no earlier answer is reliable.
    pub(crate) fn invalidate_all(&self) {
        // Epoch and numbers first, stores second, and never both locks at once: see the head of this file.
        self.epoch.fetch_add(1, Ordering::AcqRel);
        {
            let mut zones = lock(&self.zones);
            self.end_editions();
            zones.restart();
        }
        self.subjects.clear();
        self.answers.clear();
    }

    /// Invalidates the answers of one zone: its list broke or recovered.
    pub(crate) fn invalidate(&self, zone: &Name) {
        let restarted = {
            let mut zones = lock(&self.zones);
            self.end_editions();
            zones.invalidate(zone)
        };
        if restarted {
            self.subjects.clear();
        }
    }
}

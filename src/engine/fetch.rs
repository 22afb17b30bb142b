//! The way of one question: memory, then whoever is asking the same, then the resolver, within limits.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use async_lock::{Semaphore, SemaphoreGuardArc};

use crate::base::clock::Clock;
use crate::base::hash_map::Table;
use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, Question};
use crate::dnsxl::{Purpose, Subject, SubjectKind};
use crate::engine::cache::{Memory, Number};
use crate::engine::events::Listeners;
use crate::engine::shared_query::{Flight, Passenger};
use crate::inquiry::{SentAt, Workspaces};
use crate::report::Source;
use crate::report::learned::{OwnWord, own_word};
use crate::resolve::Resolve;

/// Zones whose limits are kept apart; beyond that idle ones are dropped.
const MAX_BULKHEADS: usize = 4_096;
/// The time over which a list's questions are counted.
const DAY: Duration = Duration::from_secs(86_400);

/// The list a question is put to.
#[derive(Clone, Debug)]
pub(crate) struct ToList {
    pub(crate) zone: Name,
    pub(crate) kind: SubjectKind,
    /// What it is asked about; `None` in a probe.
    pub(crate) subject: Option<Subject>,
    /// By what number its answers are remembered.
    pub(crate) number: Option<Number>,
    /// Questions a day.
    pub(crate) limit: Option<u32>,
}

/// Answers questions from memory, from a question in flight, or from the resolver.
pub(crate) struct Asker {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) memory: Memory,
    pub(crate) counters: Counters,
    pub(crate) listeners: Listeners,
    /// How often anything changed on which summaries of what is remembered rest; from one on.
    pub(crate) changes: AtomicU64,
    pub(crate) workspaces: Workspaces,
    /// When the resolver has to be tried again, in milliseconds after `since`; 0: at once.
    next_trial: AtomicU64,
    since: Instant,
    /// What came of questions of our own since a check last ended.
    own_words: Mutex<Vec<OwnWord>>,
    flights: Mutex<Table<Question, Departed>>,
    everything: Arc<Semaphore>,
    /// One half of it, for names that clients chose: those that are silent hold their places for long.
    chosen: Arc<Semaphore>,
    per_zone: usize,
    bulkheads: Mutex<Table<Name, Weak<Semaphore>>>,
    /// Since when and how many questions were put to lists that have a limit: as many entries as configured zones.
    spent: Mutex<Table<Name, (Instant, u32)>>,
}

/// A question on its way, for one who waits for it.
pub(crate) struct Boarded {
    pub(crate) answer: Passenger,
    pub(crate) source: Source,
}

/// A question in flight. Only who waits for it keeps it in the air.
struct Departed {
    number: u64,
    flight: Weak<Flight>,
}

/// What has been done so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) checks: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) questions: AtomicU64,
    pub(crate) shared: AtomicU64,
    pub(crate) remembered: AtomicU64,
    pub(crate) failures: AtomicU64,
}

impl Asker {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
        memory: Memory,
        in_flight: usize,
        per_zone: usize,
    ) -> Self {
        let since = clock.now();
        Self {
            resolver,
            clock,
            memory,
            next_trial: AtomicU64::new(0),
            since,
            own_words: Mutex::default(),
            counters: Counters::default(),
            listeners: Listeners::default(),
            changes: AtomicU64::new(1),
            workspaces: Workspaces::default(),
            flights: Mutex::default(),
            everything: Arc::new(Semaphore::new(in_flight)),
            chosen: Arc::new(Semaphore::new((in_flight / 2).max(1))),
            per_zone,
            bulkheads: Mutex::default(),
            spent: Mutex::default(),
        }
    }

    /// A remembered answer, at once. Proof must be new: what tries a list or the resolver is asked again.
    pub(crate) fn recall(
        &self,
        question: &Question,
        purpose: Purpose,
        list: Option<&ToList>,
        now: Instant,
    ) -> Option<Answer> {
        let answer = match (purpose, list) {
            (own, _) if own.is_own() => None,
            (Purpose::Subject, Some(ToList { zone, subject: Some(subject), number, .. })) => {
                self.memory.recall_list(subject, zone, (*number)?, now)
            }
            _ => self.memory.recall(question, now),
        }?;
        count(&self.counters.remembered);
        Some(answer)
    }

    /// Asks what is not remembered: joins the same question in flight, or sends it; `None` when the list's day is spent.
    /// `list` is the list that the question is put to, if it is put to one.
    ///
    /// The answer borrows nothing and may be dropped at any point: whoever else waits for the same gets it.
    pub(crate) fn ask(self: &Arc<Self>, question: Question, purpose: Purpose, list: Option<ToList>) -> Option<Boarded> {
        let mut flights = lock(&self.flights);
        if let Some(answer) = flights.get(&question).and_then(|departed| departed.flight.upgrade()?.board()) {
            count(&self.counters.shared);
            return Some(Boarded { answer, source: Source::Shared });
        }
        if list.as_ref().is_some_and(|list| !self.spend(list)) {
            return None;
        }
        let number = self.counters.questions.fetch_add(1, Ordering::Relaxed);
        let asker = Arc::clone(self);
        let answer = Flight::take_off(|flight| {
            let landing = Landing { asker, question: question.clone(), number, flight };
            Box::pin(landing.fly(purpose, list))
        });
        flights.insert(question, Departed { number, flight: Arc::downgrade(answer.flight()) });
        Some(Boarded { answer, source: Source::Network })
    }

    /// Counts a question to a list, unless its day's questions are spent.
    fn spend(&self, list: &ToList) -> bool {
        let Some(limit) = list.limit else { return true };
        let now = self.clock.now();
        let mut spent = lock(&self.spent);
        let (since, count) = spent.entry(list.zone.clone()).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= DAY {
            (*since, *count) = (now, 0);
        }
        let may = *count < limit;
        *count = count.saturating_add(u32::from(may));
        may
    }

    /// The limit of one zone: a slow list must not take every place.
    fn bulkhead(&self, zone: &Name) -> Arc<Semaphore> {
        let mut bulkheads = lock(&self.bulkheads);
        if let Some(bulkhead) = bulkheads.get(zone).and_then(Weak::upgrade) {
            return bulkhead;
        }
        if bulkheads.len() >= MAX_BULKHEADS {
            bulkheads.retain(|_, bulkhead| bulkhead.strong_count() > 0);
        }
        let bulkhead = Arc::new(Semaphore::new(self.per_zone));
        bulkheads.insert(zone.clone(), Arc::downgrade(&bulkhead));
        bulkhead
    }

    /// What came of questions of our own since this was last asked.
    pub(crate) fn take_own_words(&self) -> Vec<OwnWord> {
        std::mem::take(&mut lock(&self.own_words))
    }

    /// Notes when the resolver has to be tried again; `None`: at once.
    pub(crate) fn set_next_trial(&self, at: Option<Instant>) {
        let millis = at.map_or(0, |at| at.saturating_duration_since(self.since).as_millis());
        self.next_trial.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Does the next check try the resolver?
    pub(crate) fn is_trial_due(&self, now: Instant) -> bool {
        let due = self.next_trial.load(Ordering::Acquire);
        now.saturating_duration_since(self.since).as_millis() >= u128::from(due)
    }

    /// Questions in flight now.
    pub(crate) fn in_flight(&self) -> usize {
        lock(&self.flights).len()
    }
}

/// A question on its way. When it is dropped, answered or not, it leaves the table of flights.
struct Landing {
    asker: Arc<Asker>,
    question: Question,
    number: u64,
    flight: Weak<Flight>,
}

impl Landing {
    async fn fly(self, purpose: Purpose, list: Option<ToList>) -> Answer {
        let asker = &self.asker;
        // First the zone's place, then one of all: who waits for a slow zone holds nothing that others need.
        let zone = list.as_ref().map(|list| asker.bulkhead(&list.zone));
        let _zone_place = match &zone {
            Some(bulkhead) => Some(place(bulkhead).await),
            None => None,
        };
        let _chosen_place = match self.question.chooser() {
            Some(_) => Some(place(&asker.chosen).await),
            None => None,
        };
        let _place = place(&asker.everything).await;
        if let Some(flight) = self.flight.upgrade() {
            flight.send(asker.clock.now());
        }
        // What lands after everything was voided was asked before.
        let edition = asker.memory.edition();
        let answer = asker.resolver.resolve(&self.question).await.without_key(&self.question.name);
        let now = asker.clock.now();
        match (purpose, &list) {
            (own, list) if own.is_own() => {
                let sent = self.flight.upgrade().and_then(|flight| flight.sent()).unwrap_or(now);
                let list = list.as_ref().map(|list| (list.zone.clone(), list.kind));
                let word = own_word(list, purpose, self.question.clone(), answer.clone(), sent);
                lock(&asker.own_words).push(word);
            }
            (Purpose::Subject, Some(ToList { subject: Some(subject), number, .. })) => {
                if let Some(number) = number {
                    asker.memory.keep_list(subject, *number, &answer, now);
                }
            }
            _ => asker.memory.keep(&self.question, &answer, now, edition),
        }
        if answer.failure().is_some() {
            count(&asker.counters.failures);
        }
        tracing::trace!(target: "rdnsbl", question = %self.question, %answer, "answered");
        answer
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = lock(&self.asker.flights);
        // A later flight of the same question is not ours to remove.
        if let Entry::Occupied(departed) = flights.entry(self.question.clone())
            && departed.get().number == self.number
        {
            departed.remove();
        }
    }
}

/// A place, at once where one is free.
async fn place(places: &Arc<Semaphore>) -> SemaphoreGuardArc {
    match places.try_acquire_arc() {
        Some(place) => place,
        None => places.acquire_arc().await,
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

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
use crate::engine::cache::{Cache, ZoneNumber};
use crate::engine::events::Listeners;
use crate::engine::shared_query::{QueryWaiter, SharedQuery};
use crate::inquiry::{SentAt, Workspaces};
use crate::report::Source;
use crate::report::learned::{OwnWord, own_word};
use crate::resolve::Resolve;

/// Zones whose limits are kept apart; beyond that idle ones are dropped.
const MAX_ZONE_LIMITS: usize = 4_096;
/// The time over which a list's questions are counted.
const DAY: Duration = Duration::from_secs(86_400);

/// The list a question is put to.
#[derive(Clone, Debug)]
pub(crate) struct ListTarget {
    pub(crate) zone: Name,
    pub(crate) kind: SubjectKind,
    /// What it is asked about; `None` in a probe.
    pub(crate) subject: Option<Subject>,
    /// By what number its answers are remembered.
    pub(crate) number: Option<ZoneNumber>,
    /// Questions a day.
    pub(crate) daily_limit: Option<u32>,
}

/// Answers questions from memory, from a question in flight, or from the resolver.
pub(crate) struct Fetcher {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: Cache,
    pub(crate) counters: Counters,
    pub(crate) listeners: Listeners,
    /// How often anything changed on which summaries of what is remembered rest; from one on.
    pub(crate) changes: AtomicU64,
    pub(crate) workspaces: Workspaces,
    /// When the resolver has to be tried again, in milliseconds after `since`; 0: at once.
    next_trial: AtomicU64,
    since: Instant,
    /// What came of questions of our own since a check last ended.
    own_answers: Mutex<Vec<OwnWord>>,
    in_flight: Mutex<Table<Question, InFlight>>,
    global_limit: Arc<Semaphore>,
    /// One half of it, for names that clients chose: those that are silent hold their places for long.
    client_chosen_limit: Arc<Semaphore>,
    per_zone: usize,
    zone_limits: Mutex<Table<Name, Weak<Semaphore>>>,
    /// Since when and how many questions were put to lists that have a limit: as many entries as configured zones.
    quotas: Mutex<Table<Name, (Instant, u32)>>,
}

/// A question on its way, for one who waits for it.
pub(crate) struct Fetching {
    pub(crate) answer: QueryWaiter,
    pub(crate) source: Source,
}

/// A question in flight. Only who waits for it keeps it in the air.
struct InFlight {
    number: u64,
    query: Weak<SharedQuery>,
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

impl Fetcher {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
        cache: Cache,
        in_flight: usize,
        per_zone: usize,
    ) -> Self {
        let since = clock.now();
        Self {
            resolver,
            clock,
            cache,
            next_trial: AtomicU64::new(0),
            since,
            own_answers: Mutex::default(),
            counters: Counters::default(),
            listeners: Listeners::default(),
            changes: AtomicU64::new(1),
            workspaces: Workspaces::default(),
            in_flight: Mutex::default(),
            global_limit: Arc::new(Semaphore::new(in_flight)),
            client_chosen_limit: Arc::new(Semaphore::new((in_flight / 2).max(1))),
            per_zone,
            zone_limits: Mutex::default(),
            quotas: Mutex::default(),
        }
    }

    /// A remembered answer, at once. Proof must be new: what tries a list or the resolver is asked again.
    pub(crate) fn cached(
        &self,
        question: &Question,
        purpose: Purpose,
        list: Option<&ListTarget>,
        now: Instant,
    ) -> Option<Answer> {
        let answer = match (purpose, list) {
            (own, _) if own.is_own() => None,
            (Purpose::Subject, Some(ListTarget { zone, subject: Some(subject), number, .. })) => {
                self.cache.get_list(subject, zone, (*number)?, now)
            }
            _ => self.cache.get(question, now),
        }?;
        count(&self.counters.remembered);
        Some(answer)
    }

    /// Asks what is not remembered: joins the same question in flight, or sends it; `None` when the list's day is spent.
    /// `list` is the list that the question is put to, if it is put to one.
    ///
    /// The answer borrows nothing and may be dropped at any point: whoever else waits for the same gets it.
    pub(crate) fn fetch(
        self: &Arc<Self>,
        question: Question,
        purpose: Purpose,
        list: Option<ListTarget>,
    ) -> Option<Fetching> {
        let mut in_flight = lock(&self.in_flight);
        if let Some(answer) = in_flight.get(&question).and_then(|entry| entry.query.upgrade()?.join()) {
            count(&self.counters.shared);
            return Some(Fetching { answer, source: Source::Shared });
        }
        if list.as_ref().is_some_and(|list| !self.take_from_quota(list)) {
            return None;
        }
        let number = self.counters.questions.fetch_add(1, Ordering::Relaxed);
        let fetcher = Arc::clone(self);
        let answer = SharedQuery::start(|query| {
            let task = QueryTask { fetcher, question: question.clone(), number, query };
            Box::pin(task.run(purpose, list))
        });
        in_flight.insert(question, InFlight { number, query: Arc::downgrade(answer.query()) });
        Some(Fetching { answer, source: Source::Network })
    }

    /// Counts a question to a list, unless its day's questions are spent.
    fn take_from_quota(&self, list: &ListTarget) -> bool {
        let Some(limit) = list.daily_limit else { return true };
        let now = self.clock.now();
        let mut quotas = lock(&self.quotas);
        let (since, count) = quotas.entry(list.zone.clone()).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= DAY {
            (*since, *count) = (now, 0);
        }
        let may = *count < limit;
        *count = count.saturating_add(u32::from(may));
        may
    }

    /// The limit of one zone: a slow list must not take every place.
    fn zone_limit(&self, zone: &Name) -> Arc<Semaphore> {
        let mut zone_limits = lock(&self.zone_limits);
        if let Some(limit) = zone_limits.get(zone).and_then(Weak::upgrade) {
            return limit;
        }
        if zone_limits.len() >= MAX_ZONE_LIMITS {
            zone_limits.retain(|_, limit| limit.strong_count() > 0);
        }
        let limit = Arc::new(Semaphore::new(self.per_zone));
        zone_limits.insert(zone.clone(), Arc::downgrade(&limit));
        limit
    }

    /// What came of questions of our own since this was last asked.
    pub(crate) fn take_own_answers(&self) -> Vec<OwnWord> {
        std::mem::take(&mut lock(&self.own_answers))
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
        lock(&self.in_flight).len()
    }
}

/// A question on its way. When it is dropped, answered or not, it leaves the table of flights.
struct QueryTask {
    fetcher: Arc<Fetcher>,
    question: Question,
    number: u64,
    query: Weak<SharedQuery>,
}

impl QueryTask {
    async fn run(self, purpose: Purpose, list: Option<ListTarget>) -> Answer {
        let fetcher = &self.fetcher;
        // First the zone's place, then one of all: who waits for a slow zone holds nothing that others need.
        let zone = list.as_ref().map(|list| fetcher.zone_limit(&list.zone));
        let _zone_permit = match &zone {
            Some(limit) => Some(permit(limit).await),
            None => None,
        };
        let _chosen_permit = match self.question.chooser() {
            Some(_) => Some(permit(&fetcher.client_chosen_limit).await),
            None => None,
        };
        let _permit = permit(&fetcher.global_limit).await;
        if let Some(query) = self.query.upgrade() {
            query.mark_sent(fetcher.clock.now());
        }
        // What lands after everything was voided was asked before.
        let epoch = fetcher.cache.epoch();
        let answer = fetcher.resolver.resolve(&self.question).await.without_key(&self.question.name);
        let now = fetcher.clock.now();
        match (purpose, &list) {
            (own, list) if own.is_own() => {
                let sent = self.query.upgrade().and_then(|query| query.sent()).unwrap_or(now);
                let list = list.as_ref().map(|list| (list.zone.clone(), list.kind));
                let word = own_word(list, purpose, self.question.clone(), answer.clone(), sent);
                lock(&fetcher.own_answers).push(word);
            }
            (Purpose::Subject, Some(ListTarget { subject: Some(subject), number, .. })) => {
                if let Some(number) = number {
                    fetcher.cache.insert_list(subject, *number, &answer, now);
                }
            }
            _ => fetcher.cache.insert(&self.question, &answer, now, epoch),
        }
        if answer.failure().is_some() {
            count(&fetcher.counters.failures);
        }
        tracing::trace!(target: "rdnsbl", question = %self.question, %answer, "answered");
        answer
    }
}

impl Drop for QueryTask {
    fn drop(&mut self) {
        let mut in_flight = lock(&self.fetcher.in_flight);
        // A later flight of the same question is not ours to remove.
        if let Entry::Occupied(entry) = in_flight.entry(self.question.clone())
            && entry.get().number == self.number
        {
            entry.remove();
        }
    }
}

/// A place, at once where one is free.
async fn permit(limit: &Arc<Semaphore>) -> SemaphoreGuardArc {
    match limit.try_acquire_arc() {
        Some(permit) => permit,
        None => limit.acquire_arc().await,
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

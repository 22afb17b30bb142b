//! Finds the answer to one question: in the cache, from the same question in flight, or from the resolver, within limits.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::base::clock::Clock;
use crate::base::lock::lock;
use crate::base::pool::ReusePool;
use crate::dns::{Answer, Question};
use crate::dnsxl::{Purpose, Subject, SubjectKind};
use crate::engine::awaited_queries::AwaitedQueries;
use crate::engine::cache::{Cache, Tick};
use crate::engine::client_limits::ClientLimits;
use crate::engine::events::Listeners;
use crate::engine::limit::Limit;
use crate::engine::numbers::{Counters, count};
use crate::engine::permits::Permits;
use crate::engine::shared_query::{QueryWaiter, SharedQuery};
use crate::engine::zone_limits::{LimitReached, NumberedZone, ZoneLimits};
use crate::inquiry::{KnownLists, ListOfClient, Workspace};
use crate::report::Source;
use crate::report::learned::QueuedAnswer;
use crate::resolve::Resolve;

/// The list that a question is sent to.
pub(crate) struct ListTarget {
    pub(crate) zone: NumberedZone,
    /// What it is asked about; `None` if that is the list itself.
    pub(crate) subject: Option<Subject>,
    pub(crate) kind: SubjectKind,
    /// The number of the client that caused the question.
    pub(crate) client: Option<u32>,
}

impl ListTarget {
    pub(super) fn subject_and_zone(&self) -> Option<(&Subject, &NumberedZone)> {
        Some((self.subject.as_ref()?, &self.zone))
    }
}

/// Answers questions from the cache, from a question in flight, or from the resolver.
pub(crate) struct Fetcher {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: Cache,
    pub(crate) counters: Counters,
    pub(crate) listeners: Listeners,
    /// Counts the changes that can invalidate the fast path's stored state. Starts at one, so that a state of zero is
    /// always out of date.
    pub(crate) changes: AtomicU64,
    pub(crate) workspaces: ReusePool<Workspace>,
    /// When the resolver's trial is due, in ticks of the cache; 0: now.
    next_trial: AtomicU32,
    /// Answers to our own questions (controls, the resolver's trial) that no check has processed yet.
    pub(super) own_answers: Mutex<Vec<QueuedAnswer>>,
    in_flight: Mutex<HashTable<QueryEntry>>,
    /// Of the questions in flight.
    hasher: RandomState,
    pub(super) global_limit: Arc<Limit>,
    pub(super) client_limits: ClientLimits,
    pub(crate) zones: ZoneLimits,
}

/// A question in flight, as one check waits for it.
pub(crate) struct Fetching {
    pub(crate) answer: QueryWaiter<QueryTask>,
    pub(crate) source: Source,
}

/// An entry of the table of questions in flight. The reference is weak: only waiters keep a query alive.
pub(super) struct QueryEntry {
    hash: u64,
    query: Weak<SharedQuery<QueryTask>>,
}

impl QueryEntry {
    /// The query, if it is for this question and still runs. An answer to a question of our own is evidence about a list or the
    /// resolver, and is not cached: it is not shared with the same question about a subject.
    fn running(&self, hash: u64, question: &Question, is_own: bool) -> Option<Arc<SharedQuery<QueryTask>>> {
        if self.hash != hash {
            return None;
        }
        let is_same = |task: &QueryTask| task.question == *question && task.purpose.is_own() == is_own;
        self.query.upgrade().filter(|query| query.work().is_some_and(is_same))
    }
}

impl Fetcher {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
        cache: Cache,
        in_flight: usize,
        per_zone: usize,
    ) -> Self {
        Self {
            resolver,
            clock,
            cache,
            next_trial: AtomicU32::new(0),
            own_answers: Mutex::default(),
            counters: Counters::default(),
            listeners: Listeners::default(),
            changes: AtomicU64::new(1),
            workspaces: ReusePool::default(),
            in_flight: Mutex::default(),
            hasher: RandomState::default(),
            global_limit: Arc::new(Limit::new(in_flight)),
            client_limits: ClientLimits::new(in_flight),
            zones: ZoneLimits::new(per_zone),
        }
    }

    /// The cached answer. Our own questions are never answered from the cache: a control must prove what is true now.
    pub(crate) fn cached(
        &self,
        question: &Question,
        purpose: Purpose,
        list: Option<(&Subject, &NumberedZone)>,
        now: Instant,
    ) -> Option<Answer> {
        let answer = match (purpose, list) {
            (own, _) if own.is_own() => None,
            (Purpose::Subject, Some((subject, zone))) => {
                self.cache.get_list(subject, &zone.zone_use.name, (zone.number?, zone.edition), now)
            }
            _ => self.cache.get(question, now),
        }?;
        count(&self.counters.remembered);
        Some(answer)
    }

    /// Fetches an answer that is not cached: joins the same question in flight, or sends it, unless the list's daily limit is
    /// reached. `list` is the list that the question is sent to, if it is sent to one.
    ///
    /// The caller adds the answer to `open`, to which progress is reported. The answer borrows nothing and may be dropped at any
    /// point; other waiters for the same question still get theirs.
    pub(crate) fn fetch<T>(
        self: &Arc<Self>,
        question: Question,
        purpose: Purpose,
        list: Option<ListTarget>,
        daily_limit: Option<u32>,
        open: &mut AwaitedQueries<QueryTask, T>,
    ) -> Result<Fetching, LimitReached> {
        // Locked from the look-up to the insertion, so that two checks cannot send the same question. The query's own lock is
        // taken inside this one, never the other way round.
        let hash = self.hasher.hash_one(&question);
        let mut in_flight = lock(&self.in_flight);
        let mut running = None;
        let is_same = |known: &QueryEntry| {
            running = known.running(hash, &question, purpose.is_own());
            running.is_some()
        };
        let entry = in_flight.entry(hash, is_same, |known| known.hash);
        if let Some(query) = running
            && query.work().is_some_and(|task| task.is_shared_with(question.chooser()))
            && let Some(answer) = query.join(Some(open.next_place()))
        {
            count(&self.counters.shared);
            return Ok(Fetching { answer, source: Source::Shared });
        }
        if let (Some(limit), Some(list)) = (daily_limit, &list) {
            // What we ask of our own is everybody's, whichever client's check asks it.
            let client = list.client.filter(|_| !purpose.is_own());
            self.zones.take_from_quota(&list.zone.zone_use.name, limit, client, self.clock.now())?;
        }
        count(&self.counters.questions);
        let task = QueryTask {
            fetcher: Arc::clone(self),
            question,
            hash,
            list,
            purpose,
            permits: Permits::default(),
            was_limited: AtomicBool::new(false),
            sent: AtomicBool::new(false),
        };
        let answer = SharedQuery::start(open.take_unused(), open.next_place(), task);
        entry.insert(QueryEntry { hash, query: Arc::downgrade(answer.query()) });
        Ok(Fetching { answer, source: Source::Network })
    }

    /// Removes queries that have ended from the table.
    pub(super) fn forget<'a>(&self, ended: impl Iterator<Item = &'a SharedQuery<QueryTask>>) {
        let mut in_flight = lock(&self.in_flight);
        for query in ended {
            // The entry may already belong to a later query for the same question: remove only its own.
            let is_its_own = |known: &QueryEntry| std::ptr::eq(known.query.as_ptr(), query);
            if let Some(task) = query.work()
                && let Ok(entry) = in_flight.find_entry(task.hash, is_its_own)
            {
                entry.remove();
            }
        }
    }

    /// Takes the answers to our own questions that arrived since the last call.
    pub(crate) fn take_own_answers(&self) -> Vec<QueuedAnswer> {
        std::mem::take(&mut lock(&self.own_answers))
    }

    /// Sets when the resolver's trial is due; `None`: now.
    pub(crate) fn set_next_trial(&self, at: Option<Instant>) {
        self.next_trial.store(at.map_or(Tick::default(), |at| self.cache.tick(at)).0, Ordering::Release);
    }

    /// Must the next check try the resolver?
    pub(crate) fn is_trial_due(&self, now: Tick) -> bool {
        now.0 >= self.next_trial.load(Ordering::Acquire)
    }

    /// Questions in flight now.
    pub(crate) fn in_flight(&self) -> usize {
        lock(&self.in_flight).len()
    }
}

/// The cached answers of lists about a client, at one time.
pub(crate) struct CachedLists<'a> {
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) now: Instant,
}

impl KnownLists for CachedLists<'_> {
    fn look_up(
        &self,
        client: &Subject,
        lists: &mut dyn Iterator<Item = ListOfClient<'_>>,
        known: &mut Vec<(usize, Answer)>,
    ) {
        let Self { fetcher, now } = self;
        let zones = fetcher.zones.known();
        let numbered = lists.map(|(group, zone, hint)| (group, zone, zones.number(zone, hint, &fetcher.cache)));
        fetcher.cache.get_lists(client, numbered, *now, |group, answer| known.push((group, answer)));
    }
}

/// One question in flight: see [`query_task`](super::query_task).
pub(crate) struct QueryTask {
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) question: Question,
    hash: u64,
    pub(super) list: Option<ListTarget>,
    pub(super) purpose: Purpose,
    pub(super) permits: Permits,
    /// It had to wait for a permit.
    pub(super) was_limited: AtomicBool,
    /// It was sent to the resolver.
    pub(super) sent: AtomicBool,
}

impl QueryTask {
    /// Was it sent to the resolver?
    pub(crate) fn is_sent(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    /// May a check with this chooser wait for it? Not while it waits for a permit under another client's limit: that client may
    /// have used up its limit with servers that never answer. The question is then asked a second time.
    fn is_shared_with(&self, chooser: Option<u32>) -> bool {
        let is_others = self.question.chooser().is_some_and(|of| Some(of) != chooser);
        !is_others || self.is_sent() || !self.was_limited.load(Ordering::Acquire)
    }
}

//! Finds the answer to one question: in the cache, from the same question in flight, or from the resolver, within limits.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_lock::Semaphore;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::base::clock::{BoxFuture, Clock};
use crate::base::lock::lock;
use crate::base::pool::ReusePool;
use crate::dns::{Answer, Question};
use crate::dnsxl::{Purpose, Subject};
use crate::engine::cache::{Cache, CacheEpoch, Tick};
use crate::engine::client_limits::ClientLimits;
use crate::engine::events::Listeners;
use crate::engine::inbox::Place;
use crate::engine::numbers::{Actions, Histogram};
use crate::engine::permits::{Acquiring, Limits, Permits};
use crate::engine::shared_query::{QueryProgress, QueryWaiter, SharedQuery, Work};
use crate::engine::zone_limits::{NumberedZone, ZoneLimits};
use crate::inquiry::{AskedList, KnownLists, ListOfClient, Workspace};
use crate::report::Source;
use crate::report::learned::{QueuedAnswer, queued_answer};
use crate::resolve::Resolve;

/// The most queries whose memory is kept: those of about as many checks as run at the same time.
const UNUSED: usize = 4_096;

/// The list that a question is sent to.
pub(crate) struct ListTarget {
    pub(crate) list: AskedList,
    pub(crate) zone: NumberedZone,
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
    /// Queries that have ended, for use of their memory.
    unused: ReusePool<Arc<SharedQuery<QueryTask>>>,
    /// When the resolver's trial is due, in ticks of the cache; 0: now.
    next_trial: AtomicU32,
    /// Answers to our own questions (controls, the resolver's trial) that no check has processed yet.
    own_answers: Mutex<Vec<QueuedAnswer>>,
    in_flight: Mutex<HashTable<QueryEntry>>,
    /// Of the questions in flight.
    hasher: RandomState,
    global_limit: Arc<Semaphore>,
    client_limits: ClientLimits,
    pub(crate) zones: ZoneLimits,
}

/// A question in flight, as one check waits for it.
pub(crate) struct Fetching {
    pub(crate) answer: QueryWaiter<QueryTask>,
    pub(crate) source: Source,
}

/// An entry of the table of questions in flight. The reference is weak: only waiters keep a query alive.
struct QueryEntry {
    question: Question,
    hash: u64,
    number: u64,
    /// The client whose limits the query is under.
    chooser: Option<u32>,
    query: Weak<SharedQuery<QueryTask>>,
}

impl QueryEntry {
    /// The query, if it still runs and this client may wait for it. Where it waits for a permit of another client, who may have
    /// used up its own with silent servers, the question is asked once more.
    fn shared_with(&self, chooser: Option<u32>) -> Option<Arc<SharedQuery<QueryTask>>> {
        let is_others = self.chooser.is_some() && self.chooser != chooser;
        self.query.upgrade().filter(|query| !(is_others && query.is_limited()))
    }
}

/// What was done since the checker was built.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) checks: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) questions: AtomicU64,
    pub(crate) shared: AtomicU64,
    pub(crate) remembered: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) actions: Actions,
    /// How long whole checks took.
    pub(crate) check_time: Histogram,
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
            unused: ReusePool::of(UNUSED),
            in_flight: Mutex::default(),
            hasher: RandomState::default(),
            global_limit: Arc::new(Semaphore::new(in_flight)),
            client_limits: ClientLimits::new(in_flight),
            zones: ZoneLimits::new(per_zone),
        }
    }

    /// The cached answer. Our own questions are never answered from the cache: a control must prove what is true now.
    pub(crate) fn cached(
        &self,
        question: &Question,
        purpose: Purpose,
        list: Option<(&AskedList, &NumberedZone)>,
        now: Instant,
    ) -> Option<Answer> {
        let answer = match (purpose, list) {
            (own, _) if own.is_own() => None,
            (Purpose::Subject, Some((AskedList { subject: Some(subject), spec, .. }, zone))) => {
                self.cache.get_list(subject, spec.zone(), (zone.number?, zone.edition), now)
            }
            _ => self.cache.get(question, now),
        }?;
        count(&self.counters.remembered);
        Some(answer)
    }

    /// Fetches an answer that is not cached: joins the same question in flight, or sends it. `None` if the list's daily limit
    /// is reached. `list` is the list that the question is sent to, if it is sent to one.
    ///
    /// QueryProgress is reported to `place`. The answer borrows nothing and may be dropped at any point; other waiters for the same
    /// question still get theirs.
    pub(crate) fn fetch(
        self: &Arc<Self>,
        question: Question,
        purpose: Purpose,
        list: Option<ListTarget>,
        place: Place,
    ) -> Option<Fetching> {
        // Locked from the look-up to the insertion, so that two checks cannot send the same question. The query's own lock is
        // taken inside this one, never the other way round.
        let hash = self.hasher.hash_one(&question);
        let mut in_flight = lock(&self.in_flight);
        let chooser = question.chooser();
        let entry = in_flight.entry(hash, |known| known.question == question, |known| known.hash);
        if let Entry::Occupied(known) = &entry
            && let Some(answer) = known.get().shared_with(chooser).and_then(|query| query.join(Some(place.clone())))
        {
            count(&self.counters.shared);
            return Some(Fetching { answer, source: Source::Shared });
        }
        let has_quota = |ListTarget { list, .. }: &ListTarget| {
            let within = |limit| self.zones.take_from_quota(list.spec.zone(), limit, self.clock.now());
            list.spec.question_limit().is_none_or(within)
        };
        if !list.as_ref().is_none_or(has_quota) {
            return None;
        }
        let number = self.counters.questions.fetch_add(1, Ordering::Relaxed);
        let fetcher = Arc::clone(self);
        let task = QueryTask { fetcher, question: question.clone(), hash, number, purpose, list, step: QueryStep::New };
        let answer = SharedQuery::start(self.unused.take(), place, task);
        entry.insert(QueryEntry { question, hash, number, chooser, query: Arc::downgrade(answer.query()) });
        Some(Fetching { answer, source: Source::Network })
    }

    /// Keeps the memory of a query that was answered, if no other check waits for it.
    pub(crate) fn reuse(&self, query: QueryWaiter<QueryTask>) {
        if let Some(unused) = query.into_unused() {
            self.unused.give_back(unused, 1);
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
        let (zones, before) = (fetcher.zones.known(), known.len());
        let numbered = lists.map(|(index, zone, hint)| (index, zone, zones.number(zone, hint, &fetcher.cache)));
        fetcher.cache.get_lists(client, numbered, *now, |index, answer| known.push((index, answer)));
        fetcher.counters.remembered.fetch_add((known.len() - before) as u64, Ordering::Relaxed);
    }
}

/// The work of one question in flight. Dropping it, answered or cancelled, removes the question from the table.
///
/// It is polled by hand, and not an `async fn`, so that it needs no allocation of its own.
pub(crate) struct QueryTask {
    fetcher: Arc<Fetcher>,
    question: Question,
    hash: u64,
    number: u64,
    purpose: Purpose,
    list: Option<ListTarget>,
    step: QueryStep,
}

/// How far a question is.
enum QueryStep {
    New,
    /// Waits for permits.
    Limited(Acquiring),
    /// The resolver has it.
    Asked {
        answer: BoxFuture<'static, Answer>,
        sent: Instant,
        /// The cache's epoch before the question was sent: an answer to a question that was sent before an invalidation must
        /// not be cached.
        epoch: CacheEpoch,
        _permits: Permits,
    },
    /// `None` if the answer came from the cache after all.
    Answered(Option<(Instant, CacheEpoch)>),
}

impl Work for QueryTask {
    fn poll(&mut self, progress: &QueryProgress, context: &mut Context<'_>) -> Poll<Answer> {
        loop {
            let permits = match &mut self.step {
                QueryStep::New => match Permits::now(limits(&self.fetcher, &self.question, self.list.as_ref())) {
                    Some(permits) => permits,
                    None => {
                        progress.was_limited.store(true, Ordering::Release);
                        self.step = QueryStep::Limited(Acquiring::default());
                        continue;
                    }
                },
                QueryStep::Limited(acquiring) => {
                    let limits = limits(&self.fetcher, &self.question, self.list.as_ref());
                    let permits = ready!(acquiring.poll(limits, context));
                    // Another client's query may have had the answer meanwhile.
                    let (fetcher, now) = (&self.fetcher, self.fetcher.clock.now());
                    let list = self.list.as_ref().map(|target| (&target.list, &target.zone));
                    if let Some(answer) = fetcher.cached(&self.question, self.purpose, list, now) {
                        self.step = QueryStep::Answered(None);
                        return Poll::Ready(answer);
                    }
                    permits
                }
                QueryStep::Asked { answer, sent, epoch, .. } => {
                    let (answer, sent, epoch) = (ready!(answer.as_mut().poll(context)), *sent, *epoch);
                    self.step = QueryStep::Answered(Some((sent, epoch)));
                    return Poll::Ready(answer.without_key(&self.question.name));
                }
                QueryStep::Answered(_) => return Poll::Pending,
            };
            let (now, epoch) = (self.fetcher.clock.now(), self.fetcher.cache.epoch());
            progress.sent.store(true, Ordering::Release);
            let answer = self.fetcher.resolver.resolve(self.question.clone());
            self.step = QueryStep::Asked { answer, sent: now, epoch, _permits: permits };
        }
    }

    /// Counts an answer, and caches it.
    fn learn(self, answer: &Answer) {
        let QueryStep::Answered(Some((sent, epoch))) = self.step else { return };
        let fetcher = &self.fetcher;
        let now = fetcher.clock.now();
        match (self.purpose, &self.list) {
            (own, list) if own.is_own() => {
                let list = list.as_ref().map(|ListTarget { list, .. }| (list.spec.zone().clone(), list.kind));
                let queued = queued_answer(list, own, self.question.clone(), answer.clone(), sent);
                lock(&fetcher.own_answers).push(queued);
            }
            (Purpose::Subject, Some(ListTarget { list: AskedList { subject: Some(subject), client, .. }, zone })) => {
                zone.zone_use.count(answer, now.saturating_duration_since(sent));
                if let Some(number) = zone.number {
                    fetcher.cache.insert_list(subject, *client, number, answer, now);
                }
            }
            _ => fetcher.cache.insert(&self.question, answer, now, epoch),
        }
        if answer.failure().is_some() {
            count(&fetcher.counters.failures);
        }
        tracing::trace!(target: "rdnsbl", question = %self.question, %answer, "answered");
    }
}

impl Drop for QueryTask {
    fn drop(&mut self) {
        if let (Purpose::Subject, Some(list), QueryStep::Asked { .. }) = (self.purpose, &self.list, &self.step) {
            count(&list.zone.zone_use.counters.cut);
        }
        let mut in_flight = lock(&self.fetcher.in_flight);
        // The entry may already belong to a later query for the same question: remove only our own.
        if let Ok(entry) = in_flight.find_entry(self.hash, |known| known.number == self.number) {
            entry.remove();
        }
    }
}

/// From the narrowest limit to the widest (zone, one client's names, all clients' names, all questions), so that waiting for a
/// slow zone holds no permit that other questions need. The order is the same everywhere, so there is no deadlock.
fn limits<'a>(fetcher: &'a Fetcher, question: &Question, list: Option<&'a ListTarget>) -> Limits<'a> {
    let (chooser, limits) = (question.chooser(), &fetcher.client_limits);
    let (of_client, of_clients) = (chooser.and_then(|client| limits.of(client)), chooser.map(|_| &limits.together));
    [list.map(|list| &list.zone.zone_use.limit), of_client, of_clients, Some(&fetcher.global_limit)]
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

//! One DNS query in flight, shared by every check that waits for its answer ("singleflight").
//!
//! Any waiter that is polled drives the query. Dropping a waiter does not affect the others; dropping the last one cancels the
//! query. All state is in one allocation, because a busy server has thousands of queries in flight.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::task::{ArcWake, waker_ref};

use crate::base::lock::lock;
use crate::base::small_list::SmallList;
use crate::dns::{Answer, Failure};
use crate::engine::inbox::Place;

/// What has to be done for the answer. Dropping it cancels the query.
pub(crate) trait Work: Send + 'static {
    /// Continues, and says how far it is. Not called again after the answer.
    fn poll(&mut self, progress: &QueryProgress, context: &mut Context<'_>) -> Poll<Answer>;

    /// Learns from the answer. The first waiter that takes the answer calls this; the others wait until it is done.
    fn learn(self, answer: &Answer);
}

/// How far a query is.
#[derive(Debug, Default)]
pub(crate) struct QueryProgress {
    /// It was sent to the resolver. Until then it may wait for a permit.
    pub(crate) sent: AtomicBool,
    /// It had to wait for a permit.
    pub(crate) was_limited: AtomicBool,
}

/// A query in flight.
pub(crate) struct SharedQuery<W> {
    progress: QueryProgress,
    state: Mutex<State>,
    /// `None` once it has learned from the answer, and after cancellation. Only the waiter that has set `State::is_polled`, one that has the
    /// answer, or the last one takes this lock, so nobody waits for long.
    work: Mutex<Option<W>>,
}

struct State {
    answer: Option<Answer>,
    waiters: SmallList<WaiterEntry>,
    next_id: u32,
    /// A waiter polls the work.
    is_polled: bool,
    /// A second waiter was polled meanwhile, so it must be notified.
    poll_missed: bool,
}

/// What the query knows of one waiter.
struct WaiterEntry {
    id: u32,
    /// Where progress is reported; `None` if it only keeps the query alive.
    place: Option<Place>,
    /// It was notified, and has not been polled since.
    is_notified: bool,
}

impl WaiterEntry {
    /// A waiter that is polled soon, without being notified.
    fn new(id: u32, place: Option<Place>) -> Self {
        Self { id, place, is_notified: true }
    }
}

impl<W: Work> SharedQuery<W> {
    /// Starts a query with its first waiter, in the memory of one that has ended if there is one.
    pub(crate) fn start(used: Option<Arc<Self>>, place: Place, work: W) -> QueryWaiter<W> {
        let waiters = SmallList::one(WaiterEntry::new(0, Some(place)));
        let state = State { answer: None, waiters, next_id: 1, is_polled: false, poll_missed: false };
        let query = Self { progress: QueryProgress::default(), state: Mutex::new(state), work: Mutex::new(Some(work)) };
        if let Some(mut used) = used
            && let Some(memory) = Arc::get_mut(&mut used)
        {
            *memory = query;
            return QueryWaiter { query: used, id: 0 };
        }
        QueryWaiter { query: Arc::new(query), id: 0 }
    }

    /// Adds a waiter. `None` if the query was cancelled because all its waiters were dropped. Without a place, the waiter only
    /// keeps the query alive.
    pub(crate) fn join(self: &Arc<Self>, place: Option<Place>) -> Option<QueryWaiter<W>> {
        let mut state = lock(&self.state);
        if state.answer.is_none() && state.waiters.is_empty() {
            return None;
        }
        let id = state.next_id;
        state.next_id = state.next_id.wrapping_add(1);
        state.waiters.push(WaiterEntry::new(id, place));
        Some(QueryWaiter { query: Arc::clone(self), id })
    }

    /// Does it wait for a permit?
    pub(crate) fn is_limited(&self) -> bool {
        self.progress.was_limited.load(Ordering::Acquire) && !self.is_sent()
    }

    /// Was it sent to the resolver?
    pub(crate) fn is_sent(&self) -> bool {
        self.progress.sent.load(Ordering::Acquire)
    }

    /// Is the answer there?
    pub(crate) fn is_answered(&self) -> bool {
        lock(&self.state).answer.is_some()
    }

    /// Cancels the work.
    fn cancel(&self) {
        let work = lock(&self.work).take();
        drop(work);
    }

    /// Stores the answer and notifies every waiter except the one that is being polled.
    fn finish(&self, answer: Answer, except: u32) {
        let wakers = {
            let mut state = lock(&self.state);
            state.answer = Some(answer);
            state.notify(Some(except))
        };
        // Wake after the lock is released: a waker may poll or drop a waiter at once, and both take this lock.
        wakers.for_each(Waker::wake);
    }
}

impl State {
    /// Notifies the waiters, and returns the wakers of their tasks.
    fn notify(&mut self, except: Option<u32>) -> SmallList<Waker> {
        let mut wakers = SmallList::default();
        self.waiters.iter_mut().for_each(|waiter| {
            if Some(waiter.id) != except && !waiter.is_notified {
                waiter.is_notified = true;
                if let Some(waker) = waiter.place.as_ref().and_then(Place::report) {
                    wakers.push(waker);
                }
            }
        });
        wakers
    }
}

/// The waker given to the work. It notifies all waiters, because any one of them may be dropped or busy before it polls.
impl<W: Work> ArcWake for SharedQuery<W> {
    fn wake_by_ref(query: &Arc<Self>) {
        let wakers = lock(&query.state).notify(None);
        wakers.for_each(Waker::wake);
    }
}

impl<W> std::fmt::Debug for SharedQuery<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedQuery").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// One waiter for the answer.
pub(crate) struct QueryWaiter<W: Work> {
    query: Arc<SharedQuery<W>>,
    id: u32,
}

impl<W: Work> QueryWaiter<W> {
    /// Ends the waiter. Returns the query if nothing else knows it any more, for use of its memory.
    pub(crate) fn into_unused(self) -> Option<Arc<SharedQuery<W>>> {
        let mut query = Arc::clone(&self.query);
        drop(self);
        let SharedQuery { state, .. } = Arc::get_mut(&mut query)?;
        state.get_mut().unwrap_or_else(PoisonError::into_inner).answer = None;
        Some(query)
    }

    pub(crate) fn query(&self) -> &Arc<SharedQuery<W>> {
        &self.query
    }

    /// Lets the work learn from the answer, unless another waiter has done so.
    pub(crate) fn learn(&self, answer: &Answer) {
        // Locked until it has learned, so that no other waiter goes on before. The work takes other locks, but nothing that holds
        // one of them takes this one.
        let mut work = lock(&self.query.work);
        if let Some(work) = work.take() {
            work.learn(answer);
        }
    }

    /// The answer, if it is there. Otherwise the waiter is notified when to poll again.
    pub(crate) fn poll(&self) -> Poll<Answer> {
        {
            let mut state = lock(&self.query.state);
            if let Some(answer) = &state.answer {
                return Poll::Ready(answer.clone());
            }
            // If another thread polls the work, it finds this flag when it ends, and notifies this waiter.
            state.waiters.iter_mut().for_each(|waiter| waiter.is_notified &= waiter.id != self.id);
            if state.is_polled {
                state.poll_missed = true;
                return Poll::Pending;
            }
            state.is_polled = true;
        }
        let guard = PollGuard { query: &self.query, id: self.id, has_returned: false };
        guard.poll()
    }
}

/// Ends the poll of the work in every case.
struct PollGuard<'a, W: Work> {
    query: &'a Arc<SharedQuery<W>>,
    id: u32,
    /// The work has returned. Otherwise it has panicked.
    has_returned: bool,
}

impl<W: Work> PollGuard<'_, W> {
    fn poll(mut self) -> Poll<Answer> {
        let waker = waker_ref(self.query);
        let mut context = Context::from_waker(&waker);
        // The state is not locked: the resolver's code runs in here, and may wake this query.
        let polled = match &mut *lock(&self.query.work) {
            Some(work) => work.poll(&self.query.progress, &mut context),
            None => Poll::Pending,
        };
        self.has_returned = true;
        match &polled {
            // After the answer is stored, every waiter sees it, and none polls the work.
            Poll::Ready(answer) => self.query.finish(answer.clone(), self.id),
            Poll::Pending => self.end(),
        }
        polled
    }

    /// Notifies a waiter that was polled meanwhile.
    fn end(&self) {
        let wakers = {
            let mut state = lock(&self.query.state);
            state.is_polled = false;
            if std::mem::take(&mut state.poll_missed) { state.notify(Some(self.id)) } else { SmallList::default() }
        };
        wakers.for_each(Waker::wake);
    }
}

/// If the resolver panics, only the task that polled it panics; the other waiters get a failure.
impl<W: Work> Drop for PollGuard<'_, W> {
    fn drop(&mut self) {
        if !self.has_returned {
            self.query.finish(Answer::failed(Failure::Overload), self.id);
            self.query.cancel();
        }
    }
}

impl<W: Work> Drop for QueryWaiter<W> {
    fn drop(&mut self) {
        let is_last = {
            let mut state = lock(&self.query.state);
            state.waiters.retain(|waiter| waiter.id != self.id);
            // The waiters that stay need no wake-up here: every later event wakes all of them.
            state.waiters.is_empty()
        };
        if is_last {
            // The work may hold a waker and through it this query: a cycle that nothing else would break. It is dropped with
            // no lock: it locks the table of queries in flight, and `fetch` takes that lock first and the state's second.
            self.query.cancel();
        }
    }
}

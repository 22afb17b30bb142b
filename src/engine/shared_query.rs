//! One DNS query in flight, shared by every check that waits for its answer ("singleflight").
//!
//! Any waiter that is polled drives the query. Dropping a waiter does not affect the others; dropping the last one cancels the
//! query. All state is in one allocation, because a busy server has thousands of queries in flight.

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::base::small_list::SmallList;
use crate::dns::{Answer, Failure};
use crate::engine::inbox::Place;
use crate::inquiry::SentAt;

/// A query in flight.
pub(crate) struct SharedQuery {
    /// When it was sent to the resolver; empty while it waits for a permit.
    sent: OnceLock<Instant>,
    state: Mutex<State>,
}

struct State {
    /// `None` while a waiter polls it, after the answer, and after cancellation.
    future: Option<BoxFuture<'static, Answer>>,
    answer: Option<Answer>,
    waiters: SmallList<WaiterEntry>,
    next_id: u32,
    /// A second waiter was polled while the first one was polling the future, so it must be told to poll again.
    poll_missed: bool,
}

/// What the query knows of one waiter.
struct WaiterEntry {
    id: u32,
    /// Where it is told of progress; `None` if it only keeps the query alive.
    place: Option<Place>,
    /// It was told, and has not been polled since.
    is_told: bool,
}

impl WaiterEntry {
    /// A waiter that is polled soon, without being told.
    fn new(id: u32, place: Option<Place>) -> Self {
        Self { id, place, is_told: true }
    }
}

impl SharedQuery {
    /// Starts a query with its first waiter. The future gets a weak reference: a strong one would be a cycle.
    pub(crate) fn start(place: Place, make: impl FnOnce(Weak<Self>) -> BoxFuture<'static, Answer>) -> QueryWaiter {
        let query = Arc::new_cyclic(|query| {
            let waiters = SmallList::one(WaiterEntry::new(0, Some(place)));
            let future = Some(make(Weak::clone(query)));
            let state = State { future, answer: None, waiters, next_id: 1, poll_missed: false };
            Self { sent: OnceLock::new(), state: Mutex::new(state) }
        });
        QueryWaiter { query, id: 0 }
    }

    /// Adds a waiter. `None` if the query was cancelled because all its waiters were dropped. Without a place, the waiter only
    /// keeps the query alive.
    pub(crate) fn join(self: &Arc<Self>, place: Option<Place>) -> Option<QueryWaiter> {
        let mut state = lock(&self.state);
        if state.answer.is_none() && state.waiters.is_empty() {
            return None;
        }
        let id = state.next_id;
        state.next_id = state.next_id.wrapping_add(1);
        state.waiters.push(WaiterEntry::new(id, place));
        Some(QueryWaiter { query: Arc::clone(self), id })
    }

    /// Records that the query is sent to the resolver now.
    pub(crate) fn mark_sent(&self, now: Instant) {
        let _ = self.sent.set(now);
    }

    /// Is the answer there?
    pub(crate) fn is_answered(&self) -> bool {
        lock(&self.state).answer.is_some()
    }

    /// Stores the answer and tells every waiter except the one that is being polled.
    fn finish(&self, answer: Answer, except: u32) {
        let wakers = {
            let mut state = lock(&self.state);
            state.answer = Some(answer);
            state.tell(Some(except))
        };
        // Wake after the lock is released: a waker may poll or drop a waiter at once, and both take this lock.
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    /// Tells the waiters to poll, and returns the wakers of their tasks.
    fn tell(&mut self, except: Option<u32>) -> SmallList<Waker> {
        let mut wakers = SmallList::default();
        for waiter in self.waiters.iter_mut().filter(|waiter| Some(waiter.id) != except && !waiter.is_told) {
            waiter.is_told = true;
            if let Some(waker) = waiter.place.as_ref().and_then(Place::report) {
                wakers.push(waker);
            }
        }
        wakers
    }
}

/// The waker given to the future. It tells all waiters, because any one of them may be dropped or busy before it polls.
impl Wake for SharedQuery {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = lock(&self.state).tell(None);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The time at which the query was first sent to the resolver.
impl SentAt for SharedQuery {
    fn sent(&self) -> Option<Instant> {
        self.sent.get().copied()
    }
}

impl std::fmt::Debug for SharedQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedQuery").field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// One waiter for the answer.
pub(crate) struct QueryWaiter {
    query: Arc<SharedQuery>,
    id: u32,
}

impl QueryWaiter {
    pub(crate) fn query(&self) -> &Arc<SharedQuery> {
        &self.query
    }

    /// The answer, if it is there. Otherwise the waiter's place is told when to poll again.
    pub(crate) fn poll(&self) -> Poll<Answer> {
        let mut guard = {
            let mut state = lock(&self.query.state);
            if let Some(answer) = &state.answer {
                return Poll::Ready(answer.clone());
            }
            // Before looking for the future: if another thread is polling it, that thread finds that this waiter must be told
            // when it puts the future back or stores the answer.
            if let Some(waiter) = state.waiters.iter_mut().find(|waiter| waiter.id == self.id) {
                waiter.is_told = false;
            }
            let Some(future) = state.future.take() else {
                state.poll_missed = true;
                return Poll::Pending;
            };
            PollGuard { query: &self.query, id: self.id, future: Some(future) }
        };
        // Without the lock: the resolver's code runs in here, and may wake this query.
        guard.poll()
    }
}

/// Holds the future while it is polled, and puts it back or stores an answer in every case.
struct PollGuard<'a> {
    query: &'a Arc<SharedQuery>,
    id: u32,
    future: Option<BoxFuture<'static, Answer>>,
}

impl PollGuard<'_> {
    fn poll(&mut self) -> Poll<Answer> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        let waker = Waker::from(Arc::clone(self.query));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        match &polled {
            Poll::Ready(answer) => {
                let finished = self.future.take();
                self.query.finish(answer.clone(), self.id);
                // After the answer is stored, so that every waiter sees either the future or the answer; and without the lock,
                // because what the future owns may take other locks when it is dropped.
                drop(finished);
            }
            Poll::Pending => self.put_back(),
        }
        polled
    }

    fn put_back(&mut self) {
        let wakers = {
            let mut state = lock(&self.query.state);
            state.future = self.future.take();
            if std::mem::take(&mut state.poll_missed) { state.tell(Some(self.id)) } else { SmallList::default() }
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// If the resolver panics, only the task that polled it panics; the other waiters get a failure.
impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        if self.future.take().is_some() {
            self.query.finish(Answer::failed(Failure::Overload), self.id);
        }
    }
}

impl Drop for QueryWaiter {
    fn drop(&mut self) {
        let cancelled = {
            let mut state = lock(&self.query.state);
            state.waiters.retain(|waiter| waiter.id != self.id);
            // The last waiter drops the future, which may hold a waker and through it this query: a cycle that nothing else
            // would break. The waiters that stay need no wake-up here: every later event wakes all of them.
            if state.waiters.is_empty() { state.future.take() } else { None }
        };
        // Without the lock: the future locks the table of queries in flight when it is dropped, and `fetch` takes that lock
        // first and this one second.
        drop(cancelled);
    }
}

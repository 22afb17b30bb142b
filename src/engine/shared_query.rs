//! One DNS query in flight, shared by every check that waits for its answer ("singleflight").
//!
//! Any waiter that is polled drives the query. Dropping a waiter does not affect the others; dropping the last one cancels the
//! query. All state is in one allocation, because a busy server has thousands of queries in flight.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::base::small_list::Few;
use crate::dns::{Answer, Failure};
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
    waiters: Few<WaiterEntry>,
    next_id: u32,
    /// A second waiter was polled while the first one was polling the future, so it must be woken to poll again.
    poll_missed: bool,
}

/// What the query knows of one waiter.
struct WaiterEntry {
    id: u32,
    waker: Option<Waker>,
}

impl SharedQuery {
    /// Starts a query with its first waiter. The future gets a weak reference: a strong one would be a cycle.
    pub(crate) fn start(make: impl FnOnce(Weak<Self>) -> BoxFuture<'static, Answer>) -> QueryWaiter {
        let query = Arc::new_cyclic(|query| {
            let waiters = Few::one(WaiterEntry { id: 0, waker: None });
            let future = Some(make(Weak::clone(query)));
            let state = State { future, answer: None, waiters, next_id: 1, poll_missed: false };
            Self { sent: OnceLock::new(), state: Mutex::new(state) }
        });
        QueryWaiter { query, id: 0 }
    }

    /// Adds a waiter. `None` if the query was cancelled because all its waiters were dropped.
    pub(crate) fn join(self: &Arc<Self>) -> Option<QueryWaiter> {
        let mut state = lock(&self.state);
        if state.answer.is_none() && state.waiters.is_empty() {
            return None;
        }
        let id = state.next_id;
        state.next_id = state.next_id.wrapping_add(1);
        state.waiters.push(WaiterEntry { id, waker: None });
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

    /// Stores the answer and wakes every waiter except the one that is being polled.
    fn finish(&self, answer: Answer, except: u32) {
        let wakers = {
            let mut state = lock(&self.state);
            state.answer = Some(answer);
            state.wakers(Some(except))
        };
        // Wake after the lock is released: a waker may poll or drop a waiter at once, and both take this lock.
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn wakers(&self, except: Option<u32>) -> Few<Waker> {
        let mut wakers = Few::default();
        let waiters = self.waiters.iter().filter(|waiter| Some(waiter.id) != except);
        waiters.filter_map(|waiter| waiter.waker.clone()).for_each(|waker| wakers.push(waker));
        wakers
    }
}

/// The waker given to the future. It wakes all waiters, because any one of them may be dropped or busy before it polls.
impl Wake for SharedQuery {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = lock(&self.state).wakers(None);
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

/// One waiter for the answer: a future.
pub(crate) struct QueryWaiter {
    query: Arc<SharedQuery>,
    id: u32,
}

impl QueryWaiter {
    pub(crate) fn query(&self) -> &Arc<SharedQuery> {
        &self.query
    }
}

impl Future for QueryWaiter {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let mut guard = {
            let mut state = lock(&self.query.state);
            if let Some(answer) = &state.answer {
                return Poll::Ready(answer.clone());
            }
            // Store the waker before looking for the future: if another thread is polling it, that thread finds this waker
            // when it puts the future back or stores the answer.
            if let Some(waiter) = state.waiters.iter_mut().find(|waiter| waiter.id == self.id)
                && !waiter.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker()))
            {
                waiter.waker = Some(context.waker().clone());
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
            if std::mem::take(&mut state.poll_missed) { state.wakers(Some(self.id)) } else { Few::default() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts its wake-ups.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// What a test sees of the future.
    #[derive(Default)]
    struct Observed {
        waker: Mutex<Option<Waker>>,
        answer: Mutex<Option<Answer>>,
        polls: AtomicUsize,
        dropped: AtomicUsize,
    }

    struct TestFuture(Arc<Observed>);

    impl Future for TestFuture {
        type Output = Answer;

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
            self.0.polls.fetch_add(1, Ordering::SeqCst);
            *lock(&self.0.waker) = Some(context.waker().clone());
            lock(&self.0.answer).take().map_or(Poll::Pending, Poll::Ready)
        }
    }

    impl Drop for TestFuture {
        fn drop(&mut self) {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Observed {
        fn answer_now(&self) {
            *lock(&self.answer) = Some(Answer::nx_domain(None));
            let waker = lock(&self.waker).take();
            waker.unwrap().wake();
        }
    }

    fn start() -> (Arc<Observed>, QueryWaiter) {
        let observed = Arc::new(Observed::default());
        let future = TestFuture(Arc::clone(&observed));
        (observed, SharedQuery::start(|_| Box::pin(future)))
    }

    fn poll(waiter: &mut QueryWaiter, wakes: &Arc<Counting>) -> Poll<Answer> {
        let waker = Waker::from(Arc::clone(wakes));
        Pin::new(waiter).poll(&mut Context::from_waker(&waker))
    }

    fn times(wakes: &Counting) -> usize {
        wakes.0.load(Ordering::SeqCst)
    }

    #[test]
    fn all_waiters_are_woken_and_get_the_answer() {
        let (observed, mut first) = start();
        let mut second = first.query().join().unwrap();
        let wakes = [Arc::new(Counting::default()), Arc::new(Counting::default())];
        assert!(poll(&mut first, &wakes[0]).is_pending());
        assert!(poll(&mut second, &wakes[1]).is_pending());
        observed.answer_now();
        assert_eq!((times(&wakes[0]), times(&wakes[1])), (1, 1));
        assert!(poll(&mut second, &wakes[1]).is_ready());
        assert_eq!((times(&wakes[0]), times(&wakes[1])), (2, 1));
        assert!(poll(&mut first, &wakes[0]).is_ready());
        let mut late = first.query().join().unwrap();
        assert!(poll(&mut late, &wakes[0]).is_ready(), "answered, and a waiter that joins now gets the answer");
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn dropping_a_waiter_does_not_affect_the_others() {
        let (observed, mut first) = start();
        let mut second = first.query().join().unwrap();
        let wakes = [Arc::new(Counting::default()), Arc::new(Counting::default())];
        assert!(poll(&mut second, &wakes[1]).is_pending());
        assert!(poll(&mut first, &wakes[0]).is_pending());
        observed.answer_now();
        drop(first);
        assert_eq!(
            times(&wakes[1]),
            1,
            "woken by the answer, though another waiter was woken as well; not by the drop"
        );
        assert!(poll(&mut second, &wakes[1]).is_ready());
    }

    #[test]
    fn dropping_the_last_waiter_cancels_the_query() {
        let (observed, mut first) = start();
        let wakes = Arc::new(Counting::default());
        assert!(poll(&mut first, &wakes).is_pending());
        let query = Arc::downgrade(first.query());
        let mut second = first.query().join().unwrap();
        drop(first);
        assert!(poll(&mut second, &wakes).is_pending());
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 0);
        let kept = Arc::clone(second.query());
        drop(second);
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 1);
        assert!(kept.join().is_none());
        drop(kept);
        lock(&observed.waker).take();
        assert!(query.upgrade().is_none(), "no cycle keeps it");
    }

    #[test]
    fn a_waiter_polled_during_another_poll_is_woken_again() {
        /// Polls the other waiter while it is polled itself.
        struct Nested(Arc<Mutex<Option<QueryWaiter>>>, Arc<Counting>);
        impl Future for Nested {
            type Output = Answer;
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
                if let Some(other) = lock(&self.0).as_mut() {
                    assert!(poll(other, &self.1).is_pending());
                }
                Poll::Pending
            }
        }
        let (place, wakes) = (Arc::new(Mutex::new(None)), Arc::new(Counting::default()));
        let nested = Nested(Arc::clone(&place), Arc::clone(&wakes));
        let mut first = SharedQuery::start(|_| Box::pin(nested));
        *lock(&place) = first.query().join();
        assert!(poll(&mut first, &Arc::default()).is_pending());
        assert_eq!(times(&wakes), 1);
        let other = lock(&place).take();
        drop(other);
    }

    #[test]
    fn a_panic_does_not_reach_the_other_waiters() {
        let mut first = SharedQuery::start(|_| Box::pin(async { panic!("a resolver's mistake") }));
        let mut second = first.query().join().unwrap();
        let wakes = Arc::new(Counting::default());
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut first, &wakes)));
        assert!(outcome.is_err());
        assert_eq!(poll(&mut second, &wakes), Poll::Ready(Answer::failed(Failure::Overload)));
    }
}

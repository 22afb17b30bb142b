//! One DNS query in flight, shared by every check that waits for its answer ("singleflight").
//!
//! Any waiter that is polled drives the query. Dropping a waiter does not affect the others; dropping the last one cancels the
//! query. All state is in one allocation, because a busy server has thousands of queries in flight.

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::base::small_list::Few;
use crate::dns::{Answer, Failure};
use crate::engine::waiting::Place;
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
            let waiters = Few::one(WaiterEntry::new(0, Some(place)));
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
    fn tell(&mut self, except: Option<u32>) -> Few<Waker> {
        let mut wakers = Few::default();
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
            if std::mem::take(&mut state.poll_missed) { state.tell(Some(self.id)) } else { Few::default() }
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
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::engine::waiting::Waiting;

    /// Counts its wake-ups.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A task that waits for one query.
    #[derive(Default)]
    struct Task {
        waiting: Waiting<()>,
        wakes: Arc<Counting>,
    }

    impl Task {
        fn start(future: impl Future<Output = Answer> + Send + 'static) -> (Self, Arc<SharedQuery>) {
            let mut task = Self::default();
            let waiter = SharedQuery::start(task.waiting.next_place(), |_| Box::pin(future));
            let query = Arc::clone(waiter.query());
            task.waiting.push(waiter, ());
            (task, query)
        }

        fn join(query: &Arc<SharedQuery>) -> Self {
            let mut task = Self::default();
            let waiter = query.join(Some(task.waiting.next_place()));
            task.waiting.push(waiter.unwrap(), ());
            task
        }

        fn poll(&mut self) -> Poll<Answer> {
            let waker = Waker::from(Arc::clone(&self.wakes));
            self.waiting.poll(&mut Context::from_waker(&waker)).map(|answered| answered.unwrap().1)
        }

        fn times_woken(&self) -> usize {
            self.wakes.0.load(Ordering::SeqCst)
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

    fn start() -> (Arc<Observed>, Task, Arc<SharedQuery>) {
        let observed = Arc::new(Observed::default());
        let (task, query) = Task::start(TestFuture(Arc::clone(&observed)));
        (observed, task, query)
    }

    #[test]
    fn all_waiters_are_woken_and_get_the_answer() {
        let (observed, mut first, query) = start();
        let mut second = Task::join(&query);
        assert!(first.poll().is_pending());
        assert!(second.poll().is_pending());
        observed.answer_now();
        assert_eq!((first.times_woken(), second.times_woken()), (1, 1));
        assert!(second.poll().is_ready());
        assert!(first.poll().is_ready());
        let mut late = Task::join(&query);
        assert!(late.poll().is_ready(), "answered, and a waiter that joins now gets the answer");
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn dropping_a_waiter_does_not_affect_the_others() {
        let (observed, mut first, query) = start();
        let mut second = Task::join(&query);
        assert!(second.poll().is_pending());
        assert!(first.poll().is_pending());
        observed.answer_now();
        drop(first);
        assert_eq!(
            second.times_woken(),
            1,
            "woken by the answer, though another waiter was woken as well; not by the drop"
        );
        assert!(second.poll().is_ready());
    }

    #[test]
    fn dropping_the_last_waiter_cancels_the_query() {
        let (observed, mut first, query) = start();
        assert!(first.poll().is_pending());
        let mut second = Task::join(&query);
        drop(first);
        assert!(second.poll().is_pending());
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 0);
        drop(second);
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 1);
        assert!(query.join(None).is_none());
        lock(&observed.waker).take();
        assert_eq!(Arc::strong_count(&query), 1, "no cycle keeps it");
    }

    #[test]
    fn a_waiter_that_only_keeps_the_query_alive() {
        let (observed, mut first, query) = start();
        let kept = query.join(None).unwrap();
        assert!(first.poll().is_pending());
        drop(first);
        assert_eq!(observed.dropped.load(Ordering::SeqCst), 0);
        observed.answer_now();
        assert!(Task::join(&query).poll().is_ready());
        drop(kept);
    }

    #[test]
    fn a_waiter_polled_during_another_poll_is_woken_again() {
        /// Polls the other task while it is polled itself.
        struct Nested(Arc<Mutex<Option<Task>>>);
        impl Future for Nested {
            type Output = Answer;
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
                if let Some(other) = lock(&self.0).as_mut() {
                    assert!(other.poll().is_pending());
                }
                Poll::Pending
            }
        }
        let place = Arc::new(Mutex::new(None));
        let (mut first, query) = Task::start(Nested(Arc::clone(&place)));
        *lock(&place) = Some(Task::join(&query));
        assert!(first.poll().is_pending());
        let other = lock(&place).take().unwrap();
        assert_eq!(other.times_woken(), 1);
    }

    /// A future that wakes itself while it is polled does not keep its task busy.
    #[test]
    fn a_query_that_wakes_itself_is_polled_once_per_poll_of_the_task() {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let (mut task, _query) = Task::start(std::future::poll_fn(move |context| {
            counted.fetch_add(1, Ordering::SeqCst);
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        for times in 1..4 {
            assert!(task.poll().is_pending());
            assert_eq!(task.times_woken(), times);
            assert!(polls.load(Ordering::SeqCst) <= 2 * times);
        }
    }

    #[test]
    fn a_panic_does_not_reach_the_other_waiters() {
        let (mut first, query) = Task::start(async { panic!("a resolver's mistake") });
        let mut second = Task::join(&query);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| first.poll()));
        assert!(outcome.is_err());
        assert_eq!(second.poll(), Poll::Ready(Answer::failed(Failure::Overload)));
    }
}

//! The queries that one task waits for: what `FuturesUnordered` does, without an allocation for each query.
//!
//! A query reports progress to the inboxes of its waiters.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use crate::dns::Answer;
use crate::engine::inbox::{Inbox, Place};
use crate::engine::shared_query::{QueryWaiter, SharedQuery, Work};

/// The queries that one task waits for, each with a value of type `T`.
pub(crate) struct AwaitedQueries<W: Work, T> {
    /// Queries to make room for, once there is one.
    capacity: usize,
    /// `None` until there is a query: a check whose answers are all cached needs none.
    inbox: Option<Inbox>,
    /// By number; `None` once answered.
    queries: Vec<Option<(QueryWaiter<W>, T)>>,
    open: usize,
    /// Answers that were not taken yet, in the order in which they came.
    answered: VecDeque<Answered<W, T>>,
    /// The numbers of the queries to poll.
    batch: Vec<u32>,
    /// Queries that have ended, for use of their memory.
    unused: Vec<QueryWaiter<W>>,
}

/// The most queries whose memory is kept: about those of one check.
const UNUSED: usize = 32;

/// An answered query.
struct Answered<W: Work, T> {
    query: QueryWaiter<W>,
    value: T,
    answer: Answer,
    /// `None` if another waiter has learned from the answer.
    sent: Option<W::Sent>,
}

impl<W: Work, T> Default for AwaitedQueries<W, T> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<W: Work, T> AwaitedQueries<W, T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            inbox: None,
            queries: Vec::new(),
            open: 0,
            answered: VecDeque::new(),
            batch: Vec::new(),
            unused: Vec::new(),
        }
    }

    /// Makes room for so many queries, once there is one.
    pub(crate) fn reserve_for(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// Drops all queries, so that another task can use the tables. Returns their capacity.
    pub(crate) fn clear(&mut self) -> usize {
        self.queries.clear();
        self.answered.clear();
        self.batch.clear();
        self.open = 0;
        if self.inbox.as_mut().is_some_and(|inbox| !inbox.clear()) {
            self.inbox = None;
        }
        self.queries.capacity()
    }

    /// The place of the query that is added next.
    pub(crate) fn next_place(&mut self) -> Place {
        if self.queries.is_empty() {
            self.queries.reserve(self.capacity);
            self.batch.reserve(self.capacity);
        }
        let inbox = self.inbox.get_or_insert_with(|| Inbox::with_capacity(self.capacity));
        inbox.place(u32::try_from(self.queries.len()).unwrap_or(u32::MAX))
    }

    /// Adds a query that reports to [`next_place`](Self::next_place). It is polled at the next [`poll`](Self::poll).
    pub(crate) fn push(&mut self, query: QueryWaiter<W>, value: T) {
        self.batch.push(u32::try_from(self.queries.len()).unwrap_or(u32::MAX));
        self.queries.push(Some((query, value)));
        self.open += 1;
    }

    /// Keeps the memory of a query that was answered, if no other task waits for it.
    pub(crate) fn reuse(&mut self, query: QueryWaiter<W>) {
        if self.unused.len() < UNUSED
            && let Some(unused) = query.into_unused()
        {
            self.unused.push(unused);
        }
    }

    /// The memory of a query that has ended.
    pub(crate) fn take_unused(&mut self) -> Option<QueryWaiter<W>> {
        self.unused.pop()
    }

    /// The queries without an answer.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(QueryWaiter<W>, T)> {
        self.queries.iter().flatten()
    }

    /// Their values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// Polls the queries that made progress. Ready once there are answers to take, with `false` if no query is left.
    ///
    /// All of them are polled before any answer is taken: code that runs again and again stays in the processor's cache.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.is_empty() {
            return Poll::Ready(false);
        }
        self.poll_batch();
        if let Some(inbox) = &self.inbox {
            // What is reported from here on wakes the task, so that a query that wakes itself cannot keep it busy.
            inbox.take(context.waker(), &mut self.batch);
            self.poll_batch();
        }
        self.learn();
        if self.answered.is_empty() { Poll::Pending } else { Poll::Ready(true) }
    }

    fn poll_batch(&mut self) {
        for number in self.batch.drain(..) {
            let Some(slot) = self.queries.get_mut(number as usize) else { continue };
            if let Some((query, _)) = slot
                && let Poll::Ready((answer, sent)) = query.poll()
                && let Some((query, value)) = slot.take()
            {
                self.open -= 1;
                self.answered.push_back(Answered { query, value, answer, sent });
            }
        }
    }

    /// Learns from the new answers, and passes them on to other tasks.
    fn learn(&mut self) {
        let new = self.answered.iter().filter_map(|Answered { query, answer, sent, .. }| {
            let query: &SharedQuery<W> = query.query();
            Some((query, answer, sent.as_ref()?))
        });
        W::learn(new);
        for Answered { query, answer, sent, .. } in &mut self.answered {
            if sent.take().is_some() {
                query.pass_on(answer);
            }
        }
    }

    /// Takes an answer, in the order in which they came.
    pub(crate) fn next_answer(&mut self) -> Option<(QueryWaiter<W>, T, Answer)> {
        self.answered.pop_front().map(|Answered { query, value, answer, .. }| (query, value, answer))
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use super::*;
    use crate::base::clock::BoxFuture;
    use crate::base::lock::lock;
    use crate::dns::Failure;
    use crate::engine::wake_count::WakeCount;

    /// Work that a test states as a future, and how often it has learned.
    struct TestWork(Mutex<Option<BoxFuture<'static, Answer>>>, Arc<AtomicUsize>);

    impl Work for TestWork {
        type Step = Option<BoxFuture<'static, Answer>>;
        type Sent = ();

        fn poll(&self, step: &mut Self::Step, context: &mut Context<'_>) -> Poll<(Answer, ())> {
            let future = step.get_or_insert_with(|| lock(&self.0).take().unwrap());
            future.as_mut().poll(context).map(|answer| (answer, ()))
        }

        fn learn<'a>(answers: impl Iterator<Item = (&'a SharedQuery<Self>, &'a Answer, &'a ())> + Clone) {
            answers.for_each(|(query, ..)| {
                query.work().unwrap().1.fetch_add(1, Ordering::SeqCst);
            });
        }

        fn end(query: &SharedQuery<Self>) {
            lock(&query.work().unwrap().0).take();
        }
    }

    /// A task that waits for one query.
    #[derive(Default)]
    struct Task {
        waiting: AwaitedQueries<TestWork, ()>,
        wakes: Arc<WakeCount>,
        learned: Arc<AtomicUsize>,
    }

    impl Task {
        fn start(future: impl Future<Output = Answer> + Send + 'static) -> (Self, Arc<SharedQuery<TestWork>>) {
            let mut task = Self::default();
            let work = TestWork(Mutex::new(Some(Box::pin(future))), Arc::clone(&task.learned));
            let waiter = SharedQuery::start(None, task.waiting.next_place(), work);
            let query = Arc::clone(waiter.query());
            task.waiting.push(waiter, ());
            (task, query)
        }

        fn join(query: &Arc<SharedQuery<TestWork>>) -> Self {
            let mut task = Self::default();
            let waiter = query.join(Some(task.waiting.next_place()));
            task.waiting.push(waiter.unwrap(), ());
            task
        }

        fn poll(&mut self) -> Poll<Answer> {
            let waker = Waker::from(Arc::clone(&self.wakes));
            self.waiting.poll(&mut Context::from_waker(&waker)).map(|_| self.waiting.next_answer().unwrap().2)
        }

        fn times_learned(&self) -> usize {
            self.learned.load(Ordering::SeqCst)
        }

        fn times_woken(&self) -> usize {
            self.wakes.times()
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

    fn start() -> (Arc<Observed>, Task, Arc<SharedQuery<TestWork>>) {
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
        assert_eq!(first.times_learned(), 1, "whoever comes first");
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
        // As a runtime does with a task that has panicked.
        drop(first);
        assert_eq!(second.times_woken(), 0, "it was not polled before");
        assert_eq!(second.poll(), Poll::Ready(Answer::failed(Failure::Overload)));
    }
}

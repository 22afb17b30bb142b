//! One DNS query in flight, shared by every check that waits for its answer ("singleflight").
//!
//! Any waiter that is polled drives the query. Dropping a waiter does not affect the others; dropping the last one cancels the
//! query. All state is in one allocation, because a busy server has thousands of queries in flight.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::task::{ArcWake, waker_ref};

use crate::base::lock::lock;
use crate::base::small_list::SmallList;
use crate::dns::{Answer, Failure};
use crate::engine::inbox::Place;
use crate::engine::waiters::Waiters;

/// What has to be done for the answer.
pub(crate) trait Work: Send + Sync + Sized + 'static {
    /// How far it is. Dropping it cancels what has begun.
    type Step: Default + Send;
    /// What must be known to learn from the answer.
    type Sent: Send;

    /// Continues. Not called again after the answer.
    fn poll(&self, step: &mut Self::Step, context: &mut Context<'_>) -> Poll<(Answer, Self::Sent)>;

    /// Learns from answers that came together, before any waiter gets them.
    fn learn<'a>(answers: impl Iterator<Item = (&'a SharedQuery<Self>, &'a Answer, &'a Self::Sent)> + Clone);

    /// It ends without an answer: no waiter is left, or the one that polled it has panicked.
    fn end(query: &SharedQuery<Self>);
}

/// A query in flight.
pub(crate) struct SharedQuery<W: Work> {
    /// `None` where only the memory is kept.
    work: Option<W>,
    state: Mutex<State<W::Step>>,
}

struct State<S> {
    phase: Phase<S>,
    waiters: Waiters,
}

enum Phase<S> {
    /// No waiter polls the work.
    Idle(S),
    /// A waiter polls the work or learns from its answer, with no lock: the resolver's code may wake this query. If a second one
    /// was polled meanwhile (`missed`), it must be notified.
    Polled {
        by: u32,
        missed: bool,
    },
    Answered(Answer),
    /// No waiter is left, or only the one that has the answer.
    Ended,
}

impl<W: Work> SharedQuery<W> {
    /// Starts a query with its first waiter, in the memory of one that has ended if there is one.
    pub(crate) fn start(unused: Option<QueryWaiter<W>>, place: Place, work: W) -> QueryWaiter<W> {
        let mut waiters = Waiters::default();
        let number = waiters.add(Some(place));
        let state = State { phase: Phase::Idle(W::Step::default()), waiters };
        let query = Self { work: Some(work), state: Mutex::new(state) };
        if let Some(mut unused) = unused
            && let Some(memory) = Arc::get_mut(&mut unused.query)
        {
            *memory = query;
            unused.number = number;
            return unused;
        }
        QueryWaiter { query: Arc::new(query), number }
    }

    /// Adds a waiter. `None` if the query has ended, because all its waiters were dropped. Without a place, the waiter only keeps
    /// the query alive.
    pub(crate) fn join(self: &Arc<Self>, place: Option<Place>) -> Option<QueryWaiter<W>> {
        let mut state = lock(&self.state);
        if matches!(state.phase, Phase::Ended) {
            return None;
        }
        let number = state.waiters.add(place);
        Some(QueryWaiter { query: Arc::clone(self), number })
    }

    /// What has to be done; `None` if that is long over.
    pub(crate) fn work(&self) -> Option<&W> {
        self.work.as_ref()
    }

    /// Is the answer there?
    pub(crate) fn is_answered(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Answered(_))
    }
}

/// The waker given to the work. It notifies all waiters, because any one of them may be dropped or busy before it polls.
impl<W: Work> ArcWake for SharedQuery<W> {
    fn wake_by_ref(query: &Arc<Self>) {
        let wakers = lock(&query.state).waiters.notify(None);
        wakers.for_each(Waker::wake);
    }
}

/// One waiter for the answer.
pub(crate) struct QueryWaiter<W: Work> {
    query: Arc<SharedQuery<W>>,
    number: u32,
}

impl<W: Work> QueryWaiter<W> {
    pub(crate) fn query(&self) -> &Arc<SharedQuery<W>> {
        &self.query
    }

    /// Ends the waiter. Returns what is left of the query if nothing else knows it any more: memory for another one.
    pub(crate) fn into_unused(mut self) -> Option<Self> {
        let SharedQuery { work, state } = Arc::get_mut(&mut self.query)?;
        let state = state.get_mut().unwrap_or_else(PoisonError::into_inner);
        (state.phase, state.waiters) = (Phase::Ended, Waiters::default());
        *work = None;
        Some(self)
    }

    /// The answer, if it is there. Otherwise the waiter is notified when to poll again.
    ///
    /// With `Some`, this waiter is the first to get it: it must learn from it and then pass it on.
    pub(crate) fn poll(&self) -> Poll<(Answer, Option<W::Sent>)> {
        let Some(work) = &self.query.work else { return Poll::Pending };
        let mut step = {
            let mut state = lock(&self.query.state);
            state.waiters.polled(self.number);
            match &mut state.phase {
                Phase::Idle(_) => {}
                Phase::Polled { missed, .. } => {
                    *missed = true;
                    return Poll::Pending;
                }
                Phase::Answered(answer) => return Poll::Ready((answer.clone(), None)),
                Phase::Ended => return Poll::Pending,
            }
            let polled = Phase::Polled { by: self.number, missed: false };
            let Phase::Idle(step) = std::mem::replace(&mut state.phase, polled) else { return Poll::Pending };
            step
        };
        let waker = waker_ref(&self.query);
        let polled = work.poll(&mut step, &mut Context::from_waker(&waker));
        match polled {
            Poll::Ready((answer, sent)) => Poll::Ready((answer, Some(sent))),
            Poll::Pending => {
                self.put_back(step);
                Poll::Pending
            }
        }
    }

    /// Ends a poll without an answer, and notifies a waiter that was polled meanwhile.
    fn put_back(&self, step: W::Step) {
        let wakers = {
            let mut state = lock(&self.query.state);
            let missed = matches!(state.phase, Phase::Polled { missed: true, .. });
            state.phase = Phase::Idle(step);
            if missed { state.waiters.notify(Some(self.number)) } else { SmallList::default() }
        };
        wakers.for_each(Waker::wake);
    }

    /// Passes the answer on to every other waiter.
    pub(crate) fn pass_on(&self, answer: &Answer) {
        let wakers = {
            let mut state = lock(&self.query.state);
            if state.waiters.is_one() {
                state.phase = Phase::Ended;
                return;
            }
            state.phase = Phase::Answered(answer.clone());
            state.waiters.notify(Some(self.number))
        };
        wakers.for_each(Waker::wake);
    }
}

impl<W: Work> Drop for QueryWaiter<W> {
    fn drop(&mut self) {
        let (ended, wakers) = {
            let mut state = lock(&self.query.state);
            state.waiters.remove(self.number);
            match state.phase {
                // It has panicked, in the resolver's code or when it learned. The other waiters get a failure.
                Phase::Polled { by, .. } if by == self.number => {
                    state.phase = Phase::Answered(Answer::failed(Failure::Overload));
                    (None, state.waiters.notify(None))
                }
                Phase::Idle(_) if state.waiters.is_empty() => {
                    (Some(std::mem::replace(&mut state.phase, Phase::Ended)), SmallList::default())
                }
                // The waiters that stay need no wake-up here: every later event wakes all of them.
                Phase::Idle(_) | Phase::Polled { .. } | Phase::Answered(_) | Phase::Ended => return,
            }
        };
        // With no lock: `fetch` locks the table of queries in flight first, and the state second.
        W::end(&self.query);
        // The work may hold a waker and through it this query: a cycle that nothing else would break.
        drop(ended);
        wakers.for_each(Waker::wake);
    }
}

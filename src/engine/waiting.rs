//! The queries that one task waits for: what `FuturesUnordered` does, without an allocation for each query.
//!
//! A query reports progress to the inboxes of its waiters. An inbox holds the numbers of the queries that must be polled, and
//! the waker of the task.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::base::lock::lock;
use crate::dns::Answer;
use crate::engine::shared_query::QueryWaiter;

/// Where queries report progress to one task.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<Woken>);

#[derive(Default)]
struct Woken {
    /// The numbers of the queries that made progress, in order.
    numbers: Vec<u32>,
    /// Set while the task waits.
    waker: Option<Waker>,
}

/// An inbox, and the number that a query reports there.
#[derive(Clone)]
pub(crate) struct Place {
    inbox: Arc<Inbox>,
    number: u32,
}

impl Place {
    /// Reports progress. The caller wakes the task, without holding any lock: a waker may run any code.
    pub(crate) fn report(&self) -> Option<Waker> {
        let mut woken = lock(&self.inbox.0);
        woken.numbers.push(self.number);
        woken.waker.take()
    }
}

/// The queries that one task waits for, each with a value of type `T`.
pub(crate) struct Waiting<T> {
    inbox: Arc<Inbox>,
    /// By number; `None` once answered.
    queries: Vec<Option<(QueryWaiter, T)>>,
    open: usize,
    /// Numbers taken out of the inbox, and how many of them were polled.
    batch: Vec<u32>,
    polled: usize,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<T> Waiting<T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            inbox: Arc::new(Inbox(Mutex::new(Woken { numbers: Vec::with_capacity(capacity), waker: None }))),
            queries: Vec::with_capacity(capacity),
            open: 0,
            batch: Vec::with_capacity(capacity),
            polled: 0,
        }
    }

    /// The place of the query that is added next.
    pub(crate) fn next_place(&self) -> Place {
        let number = u32::try_from(self.queries.len()).unwrap_or(u32::MAX);
        Place { inbox: Arc::clone(&self.inbox), number }
    }

    /// Adds a query that reports to [`next_place`](Self::next_place). It is polled at the next [`poll`](Self::poll).
    pub(crate) fn push(&mut self, query: QueryWaiter, value: T) {
        self.batch.push(u32::try_from(self.queries.len()).unwrap_or(u32::MAX));
        self.queries.push(Some((query, value)));
        self.open += 1;
    }

    /// The values of the queries without an answer.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.queries.iter().flatten().map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// Polls the queries that made progress until one has its answer. `None` when no query is left.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<(T, Answer)>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let mut is_registered = false;
        loop {
            while let Some(number) = self.batch.get(self.polled) {
                self.polled += 1;
                let Some(slot) = self.queries.get_mut(*number as usize) else { continue };
                if let Some((query, _)) = slot
                    && let Poll::Ready(answer) = query.poll()
                {
                    self.open -= 1;
                    return Poll::Ready(slot.take().map(|(_, value)| (value, answer)));
                }
            }
            // What is reported from here on wakes the task, so that a query that wakes itself cannot keep it busy.
            if is_registered {
                return Poll::Pending;
            }
            is_registered = true;
            self.batch.clear();
            self.polled = 0;
            let mut woken = lock(&self.inbox.0);
            match &mut woken.waker {
                Some(known) => known.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            std::mem::swap(&mut woken.numbers, &mut self.batch);
        }
    }
}

//! Where queries report progress to one task.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use crate::base::lock::lock;

/// The numbers of the queries that must be polled, and the waker of the task.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<Woken>>);

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
    inbox: Inbox,
    number: u32,
}

impl Inbox {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(Woken { numbers: Vec::with_capacity(capacity), waker: None })))
    }

    /// Empties it for another task. False if a query of the last one may still report here.
    pub(crate) fn clear(&mut self) -> bool {
        let Some(woken) = Arc::get_mut(&mut self.0) else { return false };
        let woken = woken.get_mut().unwrap_or_else(PoisonError::into_inner);
        woken.numbers.clear();
        woken.waker = None;
        true
    }

    pub(crate) fn place(&self, number: u32) -> Place {
        Place { inbox: self.clone(), number }
    }

    /// Registers the task's waker, and exchanges the numbers for an empty table.
    pub(crate) fn take(&self, waker: &Waker, empty: &mut Vec<u32>) {
        let mut woken = lock(&self.0);
        match &mut woken.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        std::mem::swap(&mut woken.numbers, empty);
    }
}

impl Place {
    /// Reports progress. The caller wakes the task, without holding any lock: a waker may run any code.
    pub(crate) fn report(&self) -> Option<Waker> {
        let mut woken = lock(&self.inbox.0);
        woken.numbers.push(self.number);
        woken.waker.take()
    }
}

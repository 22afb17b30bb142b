//! A limit on what runs at the same time: first come, first served.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::base::lock::lock;

/// A number of permits.
#[derive(Debug)]
pub(crate) struct Limit {
    /// The free permits; below zero, how many wait for one. It is changed only with `queue` locked when it is below zero or
    /// would become so.
    free: AtomicIsize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// By number, ascending. A waiter whose number is not here has its permit.
    waiting: VecDeque<(u64, Waker)>,
    /// The number of the next one.
    next: u64,
}

impl Queue {
    fn place(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
}

/// A place in the queue of a limit. Dropping it leaves the queue, and gives back a permit that was not used.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `None` once its permit is used.
    limit: Option<Arc<Limit>>,
    number: u64,
}

/// A permit that is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Limit>);

impl Limit {
    pub(crate) fn new(permits: usize) -> Self {
        Self { free: AtomicIsize::new(permits.try_into().unwrap_or(isize::MAX)), queue: Mutex::default() }
    }

    /// A permit, if one is free.
    pub(crate) fn permit(self: &Arc<Self>) -> Option<Permit> {
        self.take().then(|| Permit(Arc::clone(self)))
    }

    /// Takes a permit, once one is free. `turn` is the place in the queue until then. What is taken must be given back.
    pub(crate) fn poll(self: &Arc<Self>, turn: &mut Option<Turn>, context: &mut Context<'_>) -> Poll<()> {
        if turn.is_none() && self.take() {
            return Poll::Ready(());
        }
        let mut queue = lock(&self.queue);
        if let Some(waiting) = turn {
            if let Some((_, waker)) = queue.place(waiting.number).and_then(|place| queue.waiting.get_mut(place)) {
                waker.clone_from(context.waker());
                return Poll::Pending;
            }
            waiting.limit = None;
            *turn = None;
            return Poll::Ready(());
        }
        // One may have been given back before the lock.
        if self.free.fetch_sub(1, Ordering::AcqRel) > 0 {
            return Poll::Ready(());
        }
        let number = queue.next;
        queue.next += 1;
        queue.waiting.push_back((number, context.waker().clone()));
        *turn = Some(Turn { limit: Some(Arc::clone(self)), number });
        Poll::Pending
    }

    /// Takes a permit if one is free: then nobody waits.
    fn take(&self) -> bool {
        self.change(|free| (free > 0).then(|| free - 1))
    }

    /// Gives a permit back: to the first in the queue, if there is one.
    pub(crate) fn give_back(&self) {
        if self.change(|free| (free >= 0).then_some(free + 1)) {
            return;
        }
        let first = {
            let mut queue = lock(&self.queue);
            self.free.fetch_add(1, Ordering::AcqRel);
            queue.waiting.pop_front()
        };
        // Woken with no lock: a waker may run any code.
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }

    fn change(&self, to: impl FnMut(isize) -> Option<isize>) -> bool {
        self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, to).is_ok()
    }

    /// Leaves the queue. If it is not there any more, it has got a permit.
    fn leave(&self, number: u64) {
        let left = {
            let mut queue = lock(&self.queue);
            let left = queue.place(number).and_then(|place| queue.waiting.remove(place));
            if left.is_some() {
                self.free.fetch_add(1, Ordering::AcqRel);
            }
            left
        };
        if left.is_none() {
            self.give_back();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(limit) = self.limit.take() {
            limit.leave(self.number);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::engine::wake_count::WakeCount;

    /// A waiter.
    #[derive(Default)]
    struct Waiting {
        name: u32,
        turn: Option<Turn>,
        wakes: Arc<WakeCount>,
    }

    impl Waiting {
        fn poll(&mut self, limit: &Arc<Limit>) -> bool {
            let waker = Waker::from(Arc::clone(&self.wakes));
            limit.poll(&mut self.turn, &mut Context::from_waker(&waker)).is_ready()
        }

        fn is_woken(&self) -> bool {
            self.wakes.times() > 0
        }
    }

    /// In any order of requests, returns and drops: the first waiter gets the next permit, and no permit is lost or added.
    #[test]
    fn first_come_first_served() {
        for permits in 1..5 {
            let limit = Arc::new(Limit::new(permits));
            let (mut held, mut waiting, mut granted): (_, Vec<Waiting>, Vec<Waiting>) = (0, Vec::new(), Vec::new());
            let mut state = 1_u64;
            for name in 0..20_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let any = (state >> 40) as usize;
                match state >> 33 & 7 {
                    // A new waiter. With a permit free, no other can be waiting.
                    0..=2 => {
                        let mut new = Waiting { name, ..Waiting::default() };
                        let is_free = held + granted.len() < permits;
                        assert_eq!(new.poll(&limit), is_free);
                        if is_free { held += 1 } else { waiting.push(new) }
                    }
                    3..=4 if held > 0 => {
                        limit.give_back();
                        held -= 1;
                    }
                    // A waiter leaves, with or without its permit.
                    5 if !waiting.is_empty() => drop(waiting.remove(any % waiting.len())),
                    6 if !granted.is_empty() => drop(granted.remove(any % granted.len())),
                    // A waiter is polled again.
                    _ if !granted.is_empty() => {
                        assert!(granted.remove(any % granted.len()).poll(&limit));
                        held += 1;
                    }
                    _ => waiting.iter_mut().for_each(|one| assert!(!one.poll(&limit))),
                }
                while waiting.len() > 1 && waiting[1..].iter().any(Waiting::is_woken) {
                    assert!(waiting[0].is_woken(), "{} came first", waiting[0].name);
                    granted.push(waiting.remove(0));
                }
                if waiting.first().is_some_and(Waiting::is_woken) {
                    granted.push(waiting.remove(0));
                }
                let in_use = held + granted.len();
                assert!(in_use <= permits && (waiting.is_empty() || in_use == permits), "{name}: {in_use}");
                let free = permits as isize - in_use as isize - waiting.len() as isize;
                assert_eq!(limit.free.load(Ordering::SeqCst), free);
            }
        }
    }

    #[test]
    fn no_permit_is_lost_between_threads() {
        let limit = Arc::new(Limit::new(2));
        let running = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (limit, running) = (&limit, &running);
                scope.spawn(move || {
                    for time in 0..2_000 {
                        let mut one = Waiting::default();
                        let is_patient = (time + thread) % 3 > 0;
                        while !one.poll(limit) && is_patient {
                            std::thread::yield_now();
                        }
                        if one.turn.is_none() {
                            assert!(running.fetch_add(1, Ordering::SeqCst) < 2);
                            running.fetch_sub(1, Ordering::SeqCst);
                            limit.give_back();
                        }
                    }
                });
            }
        });
        assert!(limit.permit().is_some_and(|_one| limit.permit().is_some()));
        assert_eq!(limit.free.load(Ordering::SeqCst), 2);
    }
}

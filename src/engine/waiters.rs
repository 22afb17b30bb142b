//! The waiters for one answer.
//!
//! Each has a number, by which it is found at once: all checks of a busy server may wait for the same answer, for example to the
//! questions of the resolver's trial.

use std::task::Waker;

use crate::base::small_list::SmallList;
use crate::engine::inbox::Place;

/// The waiters for one answer.
#[derive(Default)]
pub(super) struct Waiters {
    /// By number.
    slots: SmallList<Slot>,
    /// The slot of the next waiter: a free one, or else a new one.
    next: u32,
    count: u32,
}

enum Slot {
    Taken {
        /// Where progress is reported; `None` if the waiter only keeps the query alive.
        place: Option<Place>,
        /// The waiter was notified, and has not been polled since.
        is_notified: bool,
    },
    /// With the slot of the waiter after the next one.
    Free(u32),
}

impl Waiters {
    /// Adds a waiter that is polled soon, without being notified. Returns its number.
    pub(super) fn add(&mut self, place: Option<Place>) -> u32 {
        let waiter = Slot::Taken { place, is_notified: true };
        self.count += 1;
        let number = self.next;
        match self.slots.get_mut(number as usize) {
            Some(slot) => {
                if let Slot::Free(next) = std::mem::replace(slot, waiter) {
                    self.next = next;
                }
            }
            None => {
                self.slots.push(waiter);
                self.next += 1;
            }
        }
        number
    }

    /// Removes a waiter. Its number may be given to another one.
    pub(super) fn remove(&mut self, number: u32) {
        if let Some(slot @ Slot::Taken { .. }) = self.slots.get_mut(number as usize) {
            *slot = Slot::Free(self.next);
            self.next = number;
            self.count -= 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_one(&self) -> bool {
        self.count == 1
    }

    /// The waiter is polled now.
    pub(super) fn polled(&mut self, number: u32) {
        if let Some(Slot::Taken { is_notified, .. }) = self.slots.get_mut(number as usize) {
            *is_notified = false;
        }
    }

    /// Notifies the waiters, and returns the wakers of their tasks. Wake them after every lock is released: a waker may poll or
    /// drop a waiter at once.
    pub(super) fn notify(&mut self, except: Option<u32>) -> SmallList<Waker> {
        let mut wakers = SmallList::default();
        for (slot, number) in self.slots.iter_mut().zip(0_u32..) {
            if let Slot::Taken { place, is_notified: is_notified @ false } = slot
                && Some(number) != except
            {
                *is_notified = true;
                if let Some(waker) = place.as_ref().and_then(Place::report) {
                    wakers.push(waker);
                }
            }
        }
        wakers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waiters come and go in any order: no two have the same number at the same time, and there are no more slots than there were
    /// waiters at the same time.
    #[test]
    fn every_waiter_has_a_number_of_its_own() {
        let (mut waiters, mut present, mut most) = (Waiters::default(), Vec::new(), 0);
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let any = (state >> 40) as usize;
            if present.is_empty() || (present.len() < 40 && any.is_multiple_of(2)) {
                let number = waiters.add(None);
                assert!(!present.contains(&number), "{number} of {present:?}");
                present.push(number);
            } else {
                waiters.remove(present.swap_remove(any % present.len()));
            }
            most = most.max(present.len());
            assert_eq!((waiters.is_empty(), waiters.is_one()), (present.is_empty(), present.len() == 1));
            assert_eq!(waiters.slots.len(), most);
        }
    }

    #[test]
    fn a_waiter_is_notified_once_until_it_is_polled() {
        let mut waiters = Waiters::default();
        let is_notified = |waiters: &Waiters, number: u32| {
            matches!(waiters.slots[number as usize], Slot::Taken { is_notified: true, .. })
        };
        let [first, second] = [(); 2].map(|()| waiters.add(None));
        waiters.polled(first);
        waiters.polled(second);
        waiters.notify(Some(first));
        assert_eq!((is_notified(&waiters, first), is_notified(&waiters, second)), (false, true));
        waiters.remove(second);
        waiters.polled(second);
        assert_eq!(waiters.add(None), second, "its slot is used again");
        assert!(is_notified(&waiters, second), "a new waiter is polled anyway");
    }
}

//! Where waiting questions find out what was decided about them. No I/O and no lock.

use std::task::Waker;

/// A place for each waiting question. A place that is free again is used for the next one.
#[derive(Default)]
pub(super) struct Places {
    all: Vec<PlaceState>,
    free: Vec<usize>,
}

enum PlaceState {
    Free,
    /// The waker is `None` when it was woken and has not been polled since.
    Waiting {
        waker: Option<Waker>,
        has_timers: bool,
    },
    Decided(Decision),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Admitted,
    TooLate,
}

impl Places {
    /// A place for one more question; its number.
    pub(super) fn take(&mut self, waker: &Waker) -> usize {
        let taken = PlaceState::Waiting { waker: Some(waker.clone()), has_timers: false };
        let at = self.free.pop().unwrap_or(self.all.len());
        match self.all.get_mut(at) {
            Some(place) => *place = taken,
            None => self.all.push(taken),
        }
        at
    }

    /// Notes what was decided about the question, and returns its waker.
    pub(super) fn decide(&mut self, at: usize, decision: Decision) -> Option<Waker> {
        let place = self.all.get_mut(at)?;
        let PlaceState::Waiting { waker, .. } = place else { return None };
        let waker = waker.take();
        *place = PlaceState::Decided(decision);
        waker
    }

    /// What was decided, which frees the place; `None` as long as nothing is, and then the waker will be woken.
    pub(super) fn poll(&mut self, at: usize, waker: &Waker) -> Option<Decision> {
        match self.all.get_mut(at)? {
            PlaceState::Waiting { waker: Some(known), .. } => known.clone_from(waker),
            PlaceState::Waiting { waker: none, .. } => *none = Some(waker.clone()),
            PlaceState::Free | PlaceState::Decided(_) => return self.leave(at),
        }
        None
    }

    /// Frees the place. What was decided and not fetched yet?
    pub(super) fn leave(&mut self, at: usize) -> Option<Decision> {
        let left = std::mem::replace(self.all.get_mut(at)?, PlaceState::Free);
        if !matches!(left, PlaceState::Free) {
            self.free.push(at);
        }
        match left {
            PlaceState::Decided(decision) => Some(decision),
            PlaceState::Free | PlaceState::Waiting { .. } => None,
        }
    }

    /// The waker of a question about which nothing is decided, and which has no timers of its own.
    pub(super) fn take_waker(&mut self, at: usize) -> Option<Waker> {
        match self.all.get_mut(at)? {
            PlaceState::Waiting { waker, has_timers: false } => waker.take(),
            PlaceState::Free | PlaceState::Waiting { .. } | PlaceState::Decided(_) => None,
        }
    }

    /// Notes that a waiting question has timers of its own.
    pub(super) fn note_timers(&mut self, at: usize) {
        if let Some(PlaceState::Waiting { has_timers, .. }) = self.all.get_mut(at) {
            *has_timers = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_fetched_once_and_frees_the_place() {
        let (mut places, waker) = (Places::default(), Waker::noop());
        let [first, second] = [(); 2].map(|()| places.take(waker));
        assert_ne!(first, second);
        assert_eq!(places.poll(first, waker), None);
        assert!(places.take_waker(first).is_some() && places.take_waker(first).is_none());
        assert!(places.decide(first, Decision::Admitted).is_none(), "its waker was taken");
        places.note_timers(second);
        assert_eq!((places.poll(second, waker), places.take_waker(second).is_some()), (None, false));
        assert!(places.decide(second, Decision::TooLate).is_some());
        assert_eq!(places.poll(first, waker), Some(Decision::Admitted));
        assert_eq!((places.poll(first, waker), places.leave(first)), (None, None));
        assert_eq!(places.take(waker), first);
        assert_eq!((places.leave(first), places.leave(second)), (None, Some(Decision::TooLate)));
        // No more places than questions that waited at the same time.
        for _ in 0..100 {
            let [one, other] = [(); 2].map(|()| places.take(waker));
            assert!(one < 2 && other < 2);
            places.leave(one);
            places.leave(other);
        }
    }
}

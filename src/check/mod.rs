//! The shape of every check: a value with a slot for each answer it may need.
//!
//! ```text
//! step()              -> Need(slots) | Done(verdict)     // no I/O, no clock, no randomness
//! question(slot)      -> what to ask for that slot
//! supply(slot, answer)
//! ```
//!
//! A driver asks what is needed, in any order, supplies each answer as it comes and steps again. When time is up it supplies
//! `Answer::failed(Failure::Deadline)` to every needed slot, again until `Done`: a check always ends with a verdict. Once
//! `Done`, further answers change nothing, and the verdict does not depend on the order in which answers came.

pub mod generic_name;
pub mod helo;
pub mod iprev;
pub mod mail_domain;
pub(crate) mod resolver;

use crate::base::small_list::Few;
use crate::dns::{Answer, ExtendedError, Failure, Question};

/// One place for an answer in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) u8);

/// The slots whose answers are needed now. A small set, iterated in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Slots(u64);

impl Slots {
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) fn insert(&mut self, slot: Slot) {
        self.0 |= 1_u64.checked_shl(slot.0.into()).unwrap_or(0);
    }

    pub(crate) fn one(slot: Slot) -> Self {
        let mut slots = Self::EMPTY;
        slots.insert(slot);
        slots
    }

    /// These slots without those.
    pub(crate) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(crate) fn contains(self, slot: Slot) -> bool {
        Self::one(slot).without(self).is_empty()
    }

    /// Is there nothing to ask?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Slot> for Slots {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> Self {
        let mut set = Self::EMPTY;
        slots.into_iter().for_each(|slot| set.insert(slot));
        set
    }
}

impl Iterator for Slots {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        let lowest = u8::try_from(self.0.trailing_zeros()).ok().filter(|lowest| *lowest < 64)?;
        self.0 &= self.0 - 1;
        Some(Slot(lowest))
    }
}

/// What a check says when it has looked at its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a check needs something or is done")]
pub enum Step<V> {
    /// These answers are needed; never empty.
    Need(Slots),
    /// The verdict.
    Done(V),
}

/// A check of one thing.
pub trait Check {
    /// What it ends with.
    type Verdict;

    /// Looks at the answers so far.
    fn step(&self) -> Step<Self::Verdict>;

    /// What to ask for a needed slot; `None` for a slot this check does not know.
    fn question(&self, slot: Slot) -> Option<Question>;

    /// Fills a slot. The first answer counts; an unknown slot is ignored.
    fn supply(&mut self, slot: Slot, answer: Answer);

    /// Gives up on everything that is still missing, in a loop, until the verdict.
    fn expire(&mut self, failure: Failure) -> Self::Verdict {
        loop {
            match self.step() {
                Step::Done(verdict) => return verdict,
                Step::Need(slots) => slots.for_each(|slot| self.supply(slot, Answer::failed(failure))),
            }
        }
    }
}

/// The answers a check holds, by slot. The first answer for a slot stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Few<(Slot, Answer)>);

impl Answers {
    pub(crate) fn get(&self, slot: Slot) -> Option<&Answer> {
        self.0.iter().find(|(its, _)| *its == slot).map(|(_, answer)| answer)
    }

    /// The answer for this slot, if no other one has one.
    pub(crate) fn only(&self, slot: Slot) -> Option<&Answer> {
        self.0.only().filter(|(its, _)| *its == slot).map(|(_, answer)| answer)
    }

    /// What the resolver said beside this failure, in the order of slots (RFC 8914).
    pub(crate) fn extended_error(&self, failure: Failure) -> Option<ExtendedError> {
        let said = |(slot, answer): &(Slot, Answer)| {
            let code = answer.extended_error().filter(|_| answer.failure() == Some(failure))?;
            Some((*slot, ExtendedError::new(code)))
        };
        self.0.iter().filter_map(said).min().map(|(_, error)| error)
    }

    /// `slots` is how many slots the check has; beyond it nothing is kept.
    pub(crate) fn put(&mut self, slot: Slot, answer: Answer, slots: usize) {
        if usize::from(slot.0) >= slots || self.get(slot).is_some() {
            return;
        }
        self.0.push((slot, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_a_set() {
        let mut slots = Slots::EMPTY;
        assert!(slots.is_empty());
        for slot in [63, 0, 7, 7] {
            slots.insert(Slot(slot));
        }
        slots.insert(Slot(64)); // out of range: ignored
        assert_eq!(slots.collect::<Vec<_>>(), [Slot(0), Slot(7), Slot(63)]);
    }
}

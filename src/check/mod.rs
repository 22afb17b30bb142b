//! The form of every check: a value with a slot for each answer that it may need.
//!
//! ```text
//! step()              -> Need(slots) | Done(verdict)     // no I/O, no clock, no randomness
//! question(slot)      -> the question for that slot
//! supply(slot, answer)
//! ```
//!
//! A driver sends the needed questions in any order, supplies each answer as it arrives, and steps again. At the deadline it
//! supplies `Answer::failed(Failure::Deadline)` for every needed slot, repeatedly until `Done`, so a check always ends with
//! a verdict. After `Done` further answers change nothing. The verdict does not depend on the order of the answers.
//!
//! ```
//! use rdnsbl::check::iprev::IprevCheck;
//! use rdnsbl::check::{Check, Step};
//! use rdnsbl::{Answer, Failure};
//!
//! let mut check = IprevCheck::new([203, 0, 113, 14].into());
//! let Step::Need(slots) = check.step() else { unreachable!("it needs the PTR records") };
//! for slot in slots {
//!     let question = check.question(slot).expect("every needed slot has a question");
//!     assert_eq!(question.to_string(), "14.113.0.203.in-addr.arpa PTR");
//!     check.supply(slot, Answer::nx_domain(None)); // here: ask a resolver
//! }
//! let Step::Done(verdict) = check.step() else { unreachable!("nothing more is needed") };
//! assert_eq!(verdict.rfc8601(), "permerror");
//! ```

pub mod generic_name;
pub mod helo;
pub mod iprev;
pub mod mail_domain;
pub(crate) mod resolver;

use crate::base::small_list::SmallList;
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

    /// Whether no slot is needed.
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

/// The result of one step of a check.
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
    /// The type of its result.
    type Verdict;

    /// Evaluates the answers so far.
    fn step(&self) -> Step<Self::Verdict>;

    /// The question for a needed slot; `None` for a slot that this check does not have.
    fn question(&self, slot: Slot) -> Option<Question>;

    /// Fills a slot. The first answer stays; a slot that this check does not have is ignored.
    fn supply(&mut self, slot: Slot, answer: Answer);

    /// Supplies this failure for every missing answer, until the verdict.
    fn expire(&mut self, failure: Failure) -> Self::Verdict {
        loop {
            match self.step() {
                Step::Done(verdict) => return verdict,
                Step::Need(slots) => slots.for_each(|slot| self.supply(slot, Answer::failed(failure))),
            }
        }
    }
}

/// The answers of a check, by slot. The first answer for a slot stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(SmallList<(Slot, Answer)>);

impl Answers {
    pub(crate) fn get(&self, slot: Slot) -> Option<&Answer> {
        self.0.iter().find(|(its, _)| *its == slot).map(|(_, answer)| answer)
    }

    /// The extended DNS error that came with this failure (RFC 8914); the one of the lowest slot.
    pub(crate) fn extended_error(&self, failure: Failure) -> Option<ExtendedError> {
        let error = |(slot, answer): &(Slot, Answer)| {
            let code = answer.extended_error().filter(|_| answer.failure() == Some(failure))?;
            Some((*slot, ExtendedError::new(code)))
        };
        self.0.iter().filter_map(error).min().map(|(_, error)| error)
    }

    /// Keeps an answer. `slots` is the number of slots of the check; answers for other slots are dropped.
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

//! A check with its verdict, once there is one.

use crate::check::{Check, Slot, Slots, Step};
use crate::dns::{Answer, Failure, Question};

/// A check, and its verdict once it is done.
#[derive(Debug)]
pub(super) struct Running<U: Check> {
    pub(super) unit: U,
    pub(super) verdict: Option<U::Verdict>,
}

/// The operations common to all checks, whatever the type of their verdict.
pub(super) trait RunningCheck {
    /// Runs the check as far as it gets. Returns the slots it waits for; none once it is done.
    fn advance(&mut self) -> Slots;
    fn question(&self, slot: Slot) -> Option<Question>;
    fn supply(&mut self, slot: Slot, answer: Answer);
}

impl<U: Check> RunningCheck for Running<U> {
    fn advance(&mut self) -> Slots {
        if self.verdict.is_some() {
            return Slots::EMPTY;
        }
        match self.unit.step() {
            Step::Need(slots) => slots,
            Step::Done(verdict) => {
                self.verdict = Some(verdict);
                Slots::EMPTY
            }
        }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        self.unit.question(slot)
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.unit.supply(slot, answer);
    }
}

impl<U: Check> Running<U> {
    pub(super) fn new(unit: U) -> Self {
        Self { unit, verdict: None }
    }

    pub(super) fn is_done(&self) -> bool {
        self.verdict.is_some()
    }

    pub(super) fn finish(mut self, failure: Failure) -> U::Verdict {
        match self.verdict {
            Some(verdict) => verdict,
            None => self.unit.expire(failure),
        }
    }
}

/// Which verdicts were reported as updates.
#[derive(Debug, Default)]
pub(super) struct Reported {
    pub(super) iprev: bool,
    pub(super) helo: bool,
    pub(super) sender: bool,
    pub(super) recipient: bool,
    /// One flag for each row of a list.
    pub(super) rows: Vec<bool>,
}

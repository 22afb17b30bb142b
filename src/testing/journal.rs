//! The questions that were asked, in order.

use std::collections::VecDeque;

use crate::dns::Question;

/// The most questions kept; older ones are dropped. This is enough for any test, and a server may run for days.
const MAX_QUESTIONS: usize = 65_536;

/// The latest questions.
#[derive(Default)]
pub(super) struct Journal(VecDeque<Question>);

impl Journal {
    pub(super) fn note(&mut self, question: Question) {
        if self.0.len() == MAX_QUESTIONS {
            self.0.pop_front();
        }
        self.0.push_back(question);
    }

    pub(super) fn list(&self) -> Vec<Question> {
        self.0.iter().cloned().collect()
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

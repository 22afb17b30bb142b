//! A question and its answer, kept as the reason of a verdict.

use std::fmt;

use crate::dns::{Answer, Question};

/// A question and its answer, kept as the reason of a verdict. `Display` is one printable line without keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    question: Question,
    answer: Answer,
}

impl Evidence {
    pub(crate) fn new(question: Question, answer: Answer) -> Self {
        Self { question, answer }
    }

    /// The question.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// The answer.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.question, self.answer)
    }
}

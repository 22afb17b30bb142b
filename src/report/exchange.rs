//! Questions with their answers.

use std::fmt;
use std::time::Duration;

use crate::dns::{Answer, Question};

/// One question, its answer, and where the answer came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) source: Source,
    pub(crate) took: Duration,
    /// It belongs to the resolver's trial.
    pub(crate) is_trial: bool,
}

impl Exchange {
    /// The question.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// The answer, or why there is none.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Where the answer came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// How long it took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }
}

/// One printable line without keys.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.question, self.answer)
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// This check asked the resolver.
    Network,
    /// Another check was asking the same question, and shared the answer.
    Shared,
    /// The cache had it.
    Memory,
}

/// All questions of one inquiry, for its report.
#[derive(Debug, Default)]
pub(crate) struct AskedQuestions {
    pub(crate) exchanges: Vec<Exchange>,
    /// How many questions were put to the resolver, without those of its trial.
    pub(crate) questions: usize,
    /// How many questions belonged to the resolver's trial.
    pub(crate) trial_questions: usize,
}

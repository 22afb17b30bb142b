//! What was asked, and what came back.

use std::fmt;
use std::time::Duration;

use crate::dns::{Answer, Question};

/// One question, its answer, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) source: Source,
    pub(crate) took: Duration,
    /// It tries the resolver.
    pub(crate) is_trial: bool,
}

impl Exchange {
    /// What was asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// What came back.
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
    /// Another check was asking the same, and the answer was shared.
    Shared,
    /// Remembered.
    Memory,
}

/// What was asked and answered in one inquiry.
#[derive(Debug, Default)]
pub(crate) struct AskedQuestions {
    pub(crate) exchanges: Vec<Exchange>,
    /// Questions put to the resolver, those of its trial apart.
    pub(crate) questions: usize,
    /// Questions of the resolver's trial.
    pub(crate) trial_questions: usize,
}

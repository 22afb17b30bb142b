//! What a check learned about what all checks share. A report carries it to where that is kept.

use std::sync::Arc;
use std::time::Instant;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{Evidence, Label, ListSpec, Purpose, SubjectKind, Word};

/// What a check learned about what all checks share.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) signs: ResolverSigns,
    pub(crate) own_words: Vec<OwnWord>,
    pub(crate) trial: Option<Label>,
}

/// An answer to a question of our own: about a list, or about the resolver.
#[derive(Clone, Debug)]
pub(crate) struct OwnWord {
    /// The list's zone; `None` for the resolver.
    pub(crate) list: Option<(Name, SubjectKind)>,
    pub(crate) answer: OwnAnswer,
}

/// What a finished check has learned about one list.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) kind: SubjectKind,
    /// What the answer about the subject said.
    pub(crate) word: Word,
    /// An answer in 127.0.0.0/8 came from it.
    pub(crate) saw_loopback: bool,
    /// Its own words, where its controls showed it to be broken.
    pub(crate) reason: Option<RemoteText>,
    /// Where lists of two other operators at least were heard: is it the only one that holds the subject?
    pub(crate) alone: Option<bool>,
}

impl Lesson {
    pub(crate) fn says_something(&self) -> bool {
        self.word != Word::Nothing || self.saw_loopback || self.reason.is_some() || self.alone.is_some()
    }
}

/// An answer to a question of our own about a list.
#[derive(Clone, Debug)]
pub(crate) struct OwnAnswer {
    pub(crate) purpose: Purpose,
    pub(crate) evidence: Evidence,
    /// When the question was sent.
    pub(crate) sent: Instant,
}

/// What one check saw of the resolver, its own questions apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResolverSigns {
    /// Some question was answered by the network.
    pub(crate) answered: bool,
    /// Some question failed as it does when the resolver is silent or refuses.
    pub(crate) failed: bool,
}

/// A question of our own and what came back, as it is told to [`Standing`](crate::Standing).
pub(crate) fn own_word(
    list: Option<(Name, SubjectKind)>,
    purpose: Purpose,
    question: Question,
    answer: Answer,
    sent: Instant,
) -> OwnWord {
    let evidence = Evidence::new(question, answer);
    OwnWord { list, answer: OwnAnswer { purpose, evidence, sent } }
}

/// Does this failure look as if the resolver were silent or refused us?
pub(crate) fn looks_like_the_resolver(failure: Failure) -> bool {
    failure == Failure::Refused || (failure.is_silence() && failure != Failure::Deadline)
}

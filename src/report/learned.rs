//! What a check learned about lists and the resolver. The report carries it to the [`SharedState`](crate::SharedState) that all
//! checks share.

use std::time::Instant;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{Evidence, Label, Purpose, SubjectAnswer, SubjectKind};

/// What a check learned about lists and the resolver.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    pub(crate) list_signs: Vec<ListSigns>,
    pub(crate) signs: ResolverSigns,
    pub(crate) own_answers: Vec<QueuedAnswer>,
    pub(crate) trial: Option<Label>,
}

/// An answer to a question of our own: about a list, or about the resolver.
#[derive(Clone, Debug)]
pub(crate) struct QueuedAnswer {
    /// The list's zone; `None` for the resolver.
    pub(crate) list: Option<(Name, SubjectKind)>,
    pub(crate) answer: OwnAnswer,
}

/// Where to look for a zone in the table of zones first. It may be wrong, so the name is compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ZoneHint(pub(crate) usize);

/// What a check learned about one list from its answer about the subject.
#[derive(Clone, Debug)]
pub(crate) struct ListSigns {
    /// Its row in the report.
    pub(crate) row: usize,
    pub(crate) kind: SubjectKind,
    pub(crate) hint: ZoneHint,
    /// The kind of that answer.
    pub(crate) subject_answer: SubjectAnswer,
    /// An answer in 127.0.0.0/8 came from it.
    pub(crate) saw_loopback: bool,
    /// The list's own text, if its controls showed it to be broken.
    pub(crate) reason: Option<RemoteText>,
    /// Is it the only one that holds the subject? `None` unless lists of at least two other operators answered.
    pub(crate) alone: Option<bool>,
}

impl ListSigns {
    pub(crate) fn is_any(&self) -> bool {
        self.subject_answer != SubjectAnswer::Nothing || self.saw_loopback || self.reason.is_some()
    }
}

/// An answer to a question of our own, with its evidence.
#[derive(Clone, Debug)]
pub(crate) struct OwnAnswer {
    pub(crate) purpose: Purpose,
    pub(crate) evidence: Evidence,
    /// When the question was sent.
    pub(crate) sent: Instant,
}

/// Signs about the resolver in one check's answers. The resolver's trial is not counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResolverSigns {
    /// Some question was answered by the network.
    pub(crate) answered: bool,
    /// Some question failed in the way of a resolver that is silent or refuses.
    pub(crate) failed: bool,
}

/// A question of our own and its answer, in the form that [`SharedState`](crate::SharedState) takes.
pub(crate) fn queued_answer(
    list: Option<(Name, SubjectKind)>,
    purpose: Purpose,
    question: Question,
    answer: Answer,
    sent: Instant,
) -> QueuedAnswer {
    let evidence = Evidence::new(question, answer);
    QueuedAnswer { list, answer: OwnAnswer { purpose, evidence, sent } }
}

/// Does this failure look as if the resolver were silent or refused?
pub(crate) fn looks_like_the_resolver(failure: Failure) -> bool {
    failure == Failure::Refused || (failure.is_silence() && failure != Failure::Deadline)
}

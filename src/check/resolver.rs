//! The resolver on trial, by questions of our own: does it invent answers for names that do not exist, does it answer at all,
//! and may we ask it?
//!
//! What a client's own zones answer, faults included, is no evidence: only these questions convict a resolver. `.invalid` and
//! `.test` are answered by resolvers themselves, so that they prove nothing: random labels under ordinary top-level domains are
//! asked, and the root's name servers.

use crate::base::name::Name;
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType};
use crate::dns::{Evidence, Label};

/// Where no name of 20 random characters exists, and resolvers have nothing of their own.
const ORDINARY: [&str; 3] = ["com.", "net.", "org."];
/// So many of them must be answered before the resolver is blamed: one registry alone may do such a thing itself.
const ENOUGH: usize = 2;
/// `. NS`, which every resolver knows without asking anybody.
const ROOT: Slot = Slot(3);
const SLOTS: usize = 4;

/// Asks for names that cannot exist, and for the root.
#[derive(Clone, Debug)]
pub(crate) struct ResolverTrial {
    label: Label,
    answers: Answers,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Honesty {
    /// Names that do not exist were denied.
    Honest,
    /// They were answered with addresses.
    Rewrites(Vec<Evidence>),
    /// None of the questions was answered at all.
    Silent,
    /// Every question was refused.
    Refuses,
    /// It answers; whether it tells the truth did not show.
    Unknown,
    /// None of the questions was answered, by failures of several kinds.
    Fails,
}

impl ResolverTrial {
    pub(crate) fn new(label: Label) -> Self {
        Self { label, answers: Answers::default() }
    }

    pub(crate) fn label(&self) -> Label {
        self.label
    }

    /// Takes the answer to one of its questions; says whether it was one.
    pub(crate) fn hear(&mut self, question: &Question, answer: &Answer) -> bool {
        let slot = Self::slots().find(|slot| self.question(*slot).as_ref() == Some(question));
        slot.map(|slot| self.supply(slot, answer.clone())).is_some()
    }

    fn slots() -> impl Iterator<Item = Slot> {
        (0_u8..).map(Slot).take(SLOTS)
    }

    fn evidence(&self, wanted: impl Fn(&Answer) -> bool) -> Vec<Evidence> {
        Self::slots()
            .filter(|slot| *slot != ROOT)
            .filter_map(|slot| Some((self.question(slot)?, self.answers.get(slot)?.clone())))
            .filter(|(_, answer)| wanted(answer))
            .map(|(question, answer)| Evidence::new(question, answer))
            .collect()
    }
}

impl Check for ResolverTrial {
    type Verdict = Honesty;

    fn step(&self) -> Step<Honesty> {
        let invented = self.evidence(|answer| matches!(answer.kind(), AnswerKind::Records(_)));
        if invented.len() >= ENOUGH {
            return Step::Done(Honesty::Rewrites(invented));
        }
        if self.evidence(|answer| matches!(answer.kind(), AnswerKind::NxDomain(_) | AnswerKind::NoData(_))).len()
            >= ENOUGH
        {
            return Step::Done(Honesty::Honest);
        }
        let missing: Slots = Self::slots().filter(|slot| self.answers.get(*slot).is_none()).collect();
        if !missing.is_empty() {
            return Step::Need(missing);
        }
        let failures: Vec<Failure> = Self::slots().filter_map(|slot| self.answers.get(slot)?.failure()).collect();
        let all =
            |wanted: fn(Failure) -> bool| failures.len() == SLOTS && failures.iter().all(|failure| wanted(*failure));
        Step::Done(if failures.len() < SLOTS {
            Honesty::Unknown
        } else if all(|failure| failure == Failure::Refused) {
            Honesty::Refuses
        // Nothing but deadlines may be a caller in a hurry.
        } else if all(Failure::is_silence) && !all(|failure| failure == Failure::Deadline) {
            Honesty::Silent
        } else {
            Honesty::Fails
        })
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        if slot == ROOT {
            return Some(Question::new(Name::parse(".").ok()?, RecordType::Ns));
        }
        let top = Name::parse(ORDINARY.get(usize::from(slot.0))?).ok()?;
        Some(Question::new(Name::join(&format!("{}.", self.label.as_str()), &top).ok()?, RecordType::A))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, SLOTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Record;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn verdict(answers: [Answer; 4]) -> Honesty {
        let mut trial = ResolverTrial::new(Label::from_random([3; 16]));
        for (slot, answer) in ResolverTrial::slots().zip(answers) {
            let question = trial.question(slot).unwrap();
            assert!(trial.hear(&question, &answer));
        }
        match trial.step() {
            Step::Done(verdict) => verdict,
            Step::Need(_) => panic!("all answers are in"),
        }
    }

    #[test]
    fn two_inventions_convict_two_denials_acquit() {
        let invented = || Answer::records([Record::A(Ipv4Addr::new(203, 0, 113, 7))], Duration::from_secs(60));
        let denied = || Answer::nx_domain(None);
        let failed = || Answer::failed(Failure::ServFail);
        assert!(
            matches!(verdict([invented(), invented(), failed(), denied()]), Honesty::Rewrites(evidence) if evidence.len() == 2)
        );
        assert!(matches!(verdict([invented(), invented(), denied(), failed()]), Honesty::Rewrites(_)));
        assert_eq!(verdict([invented(), denied(), denied(), failed()]), Honesty::Honest);
        assert_eq!(verdict([denied(), failed(), denied(), failed()]), Honesty::Honest);
        assert_eq!(verdict([invented(), denied(), failed(), failed()]), Honesty::Unknown);
        assert_eq!(verdict([failed(), failed(), failed(), denied()]), Honesty::Unknown);
    }

    /// Any answer acquits of silence; only a refusal of every question is one; a caller in a hurry convicts nobody.
    #[test]
    fn nothing_but_silence_and_nothing_but_refusals() {
        let failed = Answer::failed;
        let all = |failure| verdict([failed(failure), failed(failure), failed(failure), failed(failure)]);
        assert_eq!(all(Failure::Timeout), Honesty::Silent);
        assert_eq!(all(Failure::Refused), Honesty::Refuses);
        assert_eq!(all(Failure::Deadline), Honesty::Fails);
        assert_eq!(all(Failure::ServFail), Honesty::Fails);
        let three =
            |other| verdict([failed(Failure::Timeout), failed(Failure::Deadline), failed(Failure::Timeout), other]);
        assert_eq!(three(failed(Failure::Deadline)), Honesty::Silent);
        assert_eq!(three(failed(Failure::ServFail)), Honesty::Fails);
        assert_eq!(three(Answer::no_data(None)), Honesty::Unknown);
    }
}

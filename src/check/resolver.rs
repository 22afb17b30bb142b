//! The test of the resolver: does it invent answers for names that do not exist, does it answer, and does it refuse?
//!
//! Answers about names that a client can choose are no evidence, not even failures; only these questions are. Resolvers
//! answer `.invalid` and `.test` themselves, so the questions are random labels under ordinary top-level domains, and the
//! name servers of the root.

use crate::base::name::Name;
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType};
use crate::dns::{Evidence, Label};

/// Top-level domains in which no name of 20 random characters exists and which resolvers do not answer themselves.
const ORDINARY: [&str; 3] = ["com.", "net.", "org."];
/// This many of them must have addresses before the resolver is at fault, because one registry could use a wildcard.
const ENOUGH: usize = 2;
/// `. NS`, which every resolver knows without a query.
const ROOT: Slot = Slot(3);
const SLOTS: usize = 4;

/// Asks for names that do not exist, and for the root.
#[derive(Clone, Debug)]
pub(crate) struct ResolverCheck {
    label: Label,
    answers: Answers,
}

/// The result of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResolverBehavior {
    /// Negative answers for names that do not exist.
    Honest,
    /// Addresses for names that do not exist.
    Rewrites(Vec<Evidence>),
    /// No question was answered.
    Silent,
    /// Every question was refused.
    Refuses,
    /// It answers, but too few answers show whether it invents any.
    Unknown,
    /// Every question failed, in different ways.
    Fails,
}

impl ResolverCheck {
    pub(crate) fn new(label: Label) -> Self {
        Self { label, answers: Answers::default() }
    }

    pub(crate) fn label(&self) -> Label {
        self.label
    }

    /// Supplies an answer, if the question belongs to this test; returns whether it does.
    pub(crate) fn supply_answer(&mut self, question: &Question, answer: &Answer) -> bool {
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

impl Check for ResolverCheck {
    type Verdict = ResolverBehavior;

    fn step(&self) -> Step<ResolverBehavior> {
        let invented = self.evidence(|answer| matches!(answer.kind(), AnswerKind::Records(_)));
        if invented.len() >= ENOUGH {
            return Step::Done(ResolverBehavior::Rewrites(invented));
        }
        if self.evidence(|answer| matches!(answer.kind(), AnswerKind::NxDomain(_) | AnswerKind::NoData(_))).len()
            >= ENOUGH
        {
            return Step::Done(ResolverBehavior::Honest);
        }
        let missing: Slots = Self::slots().filter(|slot| self.answers.get(*slot).is_none()).collect();
        if !missing.is_empty() {
            return Step::Need(missing);
        }
        let failures: Vec<Failure> = Self::slots().filter_map(|slot| self.answers.get(slot)?.failure()).collect();
        let all =
            |wanted: fn(Failure) -> bool| failures.len() == SLOTS && failures.iter().all(|failure| wanted(*failure));
        Step::Done(if failures.len() < SLOTS {
            ResolverBehavior::Unknown
        } else if all(|failure| failure == Failure::Refused) {
            ResolverBehavior::Refuses
        // If every question reached the deadline, the caller may have set a very short one.
        } else if all(Failure::is_silence) && !all(|failure| failure == Failure::Deadline) {
            ResolverBehavior::Silent
        } else {
            ResolverBehavior::Fails
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
    use crate::dns::{Randomness, Record};
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn verdict(answers: [Answer; 4]) -> ResolverBehavior {
        let mut trial = ResolverCheck::new(Label::from_random(Randomness::for_tests([3; 16])));
        for (slot, answer) in ResolverCheck::slots().zip(answers) {
            let question = trial.question(slot).unwrap();
            assert!(trial.supply_answer(&question, &answer));
        }
        match trial.step() {
            Step::Done(verdict) => verdict,
            Step::Need(_) => panic!("all answers are in"),
        }
    }

    #[test]
    fn two_invented_answers_or_two_negative_answers_decide() {
        let invented = || Answer::records([Record::A(Ipv4Addr::new(203, 0, 113, 7))], Duration::from_secs(60));
        let denied = || Answer::nx_domain(None);
        let failed = || Answer::failed(Failure::ServFail);
        assert!(
            matches!(verdict([invented(), invented(), failed(), denied()]), ResolverBehavior::Rewrites(evidence) if evidence.len() == 2)
        );
        assert!(matches!(verdict([invented(), invented(), denied(), failed()]), ResolverBehavior::Rewrites(_)));
        assert_eq!(verdict([invented(), denied(), denied(), failed()]), ResolverBehavior::Honest);
        assert_eq!(verdict([denied(), failed(), denied(), failed()]), ResolverBehavior::Honest);
        assert_eq!(verdict([invented(), denied(), failed(), failed()]), ResolverBehavior::Unknown);
        assert_eq!(verdict([failed(), failed(), failed(), denied()]), ResolverBehavior::Unknown);
    }

    /// Any answer excludes "silent"; "refuses" needs a refusal of every question; deadlines alone show nothing.
    #[test]
    fn nothing_but_silence_and_nothing_but_refusals() {
        let failed = Answer::failed;
        let all = |failure| verdict([failed(failure), failed(failure), failed(failure), failed(failure)]);
        assert_eq!(all(Failure::Timeout), ResolverBehavior::Silent);
        assert_eq!(all(Failure::Refused), ResolverBehavior::Refuses);
        assert_eq!(all(Failure::Deadline), ResolverBehavior::Fails);
        assert_eq!(all(Failure::ServFail), ResolverBehavior::Fails);
        let three =
            |other| verdict([failed(Failure::Timeout), failed(Failure::Deadline), failed(Failure::Timeout), other]);
        assert_eq!(three(failed(Failure::Deadline)), ResolverBehavior::Silent);
        assert_eq!(three(failed(Failure::ServFail)), ResolverBehavior::Fails);
        assert_eq!(three(Answer::no_data(None)), ResolverBehavior::Unknown);
    }
}

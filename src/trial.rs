//! The resolver on trial: does it invent answers for names that do not exist?
//!
//! `.invalid` and `.test` are answered by resolvers themselves, so that they prove nothing: random labels under ordinary
//! top-level domains are asked.

use crate::dns::{Answer, Is, Question, RecordType};
use crate::dnsxl::{Evidence, Label};
use crate::name::Name;
use crate::step::{Answers, Slot, Slots, Step, Unit};

/// Where no name of 20 random characters exists, and resolvers have nothing of their own.
const ORDINARY: [&str; 3] = ["com.", "net.", "org."];
/// So many of them must be answered before the resolver is blamed: one registry alone may do such a thing itself.
const ENOUGH: usize = 2;

/// Asks for names that cannot exist.
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
    /// Nobody could tell.
    Unknown,
}

impl ResolverTrial {
    pub(crate) fn new(label: Label) -> Self {
        Self { label, answers: Answers::default() }
    }

    fn slots() -> impl Iterator<Item = Slot> {
        (0_u8..).map(Slot).take(ORDINARY.len())
    }

    fn evidence(&self, wanted: impl Fn(&Answer) -> bool) -> Vec<Evidence> {
        Self::slots()
            .filter_map(|slot| Some((self.question(slot)?, self.answers.get(slot)?.clone())))
            .filter(|(_, answer)| wanted(answer))
            .map(|(question, answer)| Evidence::new(question, answer))
            .collect()
    }
}

impl Unit for ResolverTrial {
    type Verdict = Honesty;

    fn step(&self) -> Step<Honesty> {
        let mut missing = Slots::EMPTY;
        Self::slots().filter(|slot| self.answers.get(*slot).is_none()).for_each(|slot| missing.insert(slot));
        if !missing.is_empty() {
            return Step::Need(missing);
        }
        let invented = self.evidence(|answer| matches!(answer.is(), Is::Records(_)));
        let denied = self.evidence(|answer| matches!(answer.is(), Is::NxDomain(_) | Is::NoData(_)));
        Step::Done(if invented.len() >= ENOUGH {
            Honesty::Rewrites(invented)
        } else if denied.len() >= ENOUGH {
            Honesty::Honest
        } else {
            Honesty::Unknown
        })
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        let top = Name::parse(ORDINARY.get(usize::from(slot.0))?).ok()?;
        Some(Question::new(Name::join(&format!("{}.", self.label.as_str()), &top).ok()?, RecordType::A))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, ORDINARY.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{Failure, Record};
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn verdict(answers: [Answer; 3]) -> Honesty {
        let mut trial = ResolverTrial::new(Label::from_random([3; 16]));
        for (slot, answer) in ResolverTrial::slots().zip(answers) {
            trial.supply(slot, answer);
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
            matches!(verdict([invented(), invented(), failed()]), Honesty::Rewrites(evidence) if evidence.len() == 2)
        );
        assert!(matches!(verdict([invented(), invented(), denied()]), Honesty::Rewrites(_)));
        assert_eq!(verdict([invented(), denied(), denied()]), Honesty::Honest);
        assert_eq!(verdict([denied(), failed(), denied()]), Honesty::Honest);
        assert_eq!(verdict([invented(), denied(), failed()]), Honesty::Unknown);
        assert_eq!(verdict([failed(), failed(), failed()]), Honesty::Unknown);
    }
}

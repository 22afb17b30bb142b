//! The control questions of a list, and what a check's answers show about the list itself.

use std::net::Ipv4Addr;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::check::Slots;
use crate::dns::{Answer, AnswerKind};
use crate::dnsxl::check::purpose::{Probe, SubjectAnswer};
use crate::dnsxl::check::{A, APEX, AskMode, FIXED, ListCheck, MUST_EXIST, RANDOM};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::proof::{ControlOutcome, Freshness, control_outcome};

impl ListCheck {
    /// The slots of a probe. The zone itself is looked up if a zone above it denied an entry of the list.
    pub(super) fn probed(&self, probe: Probe) -> Slots {
        let denied_from_above = || {
            [FIXED, RANDOM, MUST_EXIST].into_iter().any(|slot| match self.answer(slot).map(Answer::kind) {
                Some(AnswerKind::NxDomain(Some(soa))) => self.is_denied_from_above(soa.owner()),
                _ => false,
            })
        };
        match probe {
            Probe::Controls => [FIXED, RANDOM].into_iter().collect(),
            Probe::Entry => Slots::one(MUST_EXIST),
            Probe::Existence => [MUST_EXIST, APEX].into_iter().collect(),
            Probe::Everything if denied_from_above() => [FIXED, RANDOM, MUST_EXIST, APEX].into_iter().collect(),
            Probe::Everything => [FIXED, RANDOM, MUST_EXIST].into_iter().collect(),
        }
    }

    /// The result of the control queries, once both have an answer.
    pub(super) fn control_outcome(&self) -> Option<ControlOutcome> {
        // There is usually no answer: return before any name is built.
        self.answer(FIXED)?;
        let known = self.spec.knowledge();
        if let Freshness::HalfStale(random, age) = &self.control.0 {
            return Some(match control_outcome(known, self.evidence(FIXED)?, (**random).clone()) {
                ControlOutcome::Sane(proof) => ControlOutcome::Sane(proof.aged(*age)),
                other => other,
            });
        }
        self.answer(RANDOM)?;
        Some(control_outcome(known, self.evidence(FIXED)?, self.evidence(RANDOM)?))
    }

    /// Does a control entry exist, as in no working list?
    pub(crate) fn is_accused(&self) -> bool {
        [FIXED, RANDOM]
            .into_iter()
            .any(|slot| matches!(self.answer(slot).map(Answer::kind), Some(AnswerKind::Records(_))))
    }

    /// The text (TXT) of the list, if its control queries showed that it is broken.
    pub(crate) fn reason_for_breakage(&self) -> Option<RemoteText> {
        self.reason().filter(|_| matches!(self.control_outcome(), Some(ControlOutcome::Broken(..))))
    }

    /// The same as [`subject_answer`](Self::subject_answer), for the usual case that nothing but a plain "not listed" came.
    pub(crate) fn plain_subject_answer(&self) -> Option<SubjectAnswer> {
        self.plain_miss?;
        Some(if self.remembered.contains(A) { SubjectAnswer::Nothing } else { SubjectAnswer::Miss })
    }

    /// What the answer about the subject suggests about the list.
    pub(crate) fn subject_answer(&self) -> SubjectAnswer {
        if self.remembered.contains(A) || !self.asks_about_the_subject() {
            return SubjectAnswer::Nothing;
        }
        if self.plain_miss.is_some() {
            return SubjectAnswer::Miss;
        }
        match self.answer(A).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => {
                let codes: Vec<Ipv4Addr> = set.v4().collect();
                match classify(&self.spec, &codes) {
                    Class::Problem(ProblemKind::Ambiguous) | Class::Excluded | Class::Hit(_) => SubjectAnswer::Hit,
                    Class::Problem(_) => SubjectAnswer::Strange,
                }
            }
            Some(AnswerKind::NxDomain(Some(soa))) if self.is_denied_from_above(soa.owner()) => {
                SubjectAnswer::DeniedFromAbove
            }
            Some(AnswerKind::NxDomain(_) | AnswerKind::NoData(_)) => SubjectAnswer::Miss,
            Some(AnswerKind::Failed(failure)) if failure.may_be_the_servers() => SubjectAnswer::Failed,
            Some(AnswerKind::Failed(_)) | None => SubjectAnswer::Nothing,
        }
    }

    /// Does the check ask about its subject, given the answers so far?
    fn asks_about_the_subject(&self) -> bool {
        match self.ask_mode() {
            AskMode::Normal => self.name.is_ok(),
            AskMode::ControlsFirst => matches!(self.control_outcome(), Some(ControlOutcome::Sane(_))),
            AskMode::Broken(_) | AskMode::Silent | AskMode::Probe(_) => false,
        }
    }

    /// Did an answer in 127.0.0.0/8, not from the cache, arrive? It shows that the resolver does not remove such answers.
    pub(crate) fn saw_loopback(&self) -> bool {
        if self.plain_miss.is_some() {
            return false;
        }
        self.wanted().without(self.remembered).any(|slot| match self.answer(slot).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => set.v4().any(|code| code.is_loopback()),
            _ => false,
        })
    }

    fn is_denied_from_above(&self, owner: &Name) -> bool {
        is_denied_from_above(self.spec.zone(), owner)
    }
}

/// Does the negative answer come from a top-level domain or the root? Then the domain of the operator may not exist.
pub(crate) fn is_denied_from_above(zone: &Name, owner: &Name) -> bool {
    owner.is_top() && !zone.is_top() && zone.is_within(owner)
}

//! The control questions of a list, and what a check's answers show about the list itself.

use std::net::Ipv4Addr;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::check::Slots;
use crate::dns::{Answer, AnswerKind};
use crate::dnsxl::check::purpose::{Probe, Word};
use crate::dnsxl::check::{A, APEX, Access, FIXED, ListCheck, MUST_EXIST, RANDOM};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::proof::{State, Trial, trial};

impl ListCheck {
    /// The questions of a probe. Whether the zone exists is asked where something above it denied an entry of the list.
    pub(super) fn probed(&self, probe: Probe) -> Slots {
        let denied_from_above = || {
            [FIXED, RANDOM, MUST_EXIST].into_iter().any(|slot| match self.answers.get(slot).map(Answer::kind) {
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

    /// What the controls said, once both are in.
    pub(super) fn tried(&self) -> Option<Trial> {
        // Nearly always there is nothing to judge; no question is built to find that out.
        self.answers.get(FIXED)?;
        let known = self.spec.knowledge();
        if let State::HalfStale(random, age) = &self.control.0 {
            return Some(match trial(known, self.evidence(FIXED)?, (**random).clone()) {
                Trial::Sane(proof) => Trial::Sane(proof.aged(*age)),
                other => other,
            });
        }
        self.answers.get(RANDOM)?;
        Some(trial(known, self.evidence(FIXED)?, self.evidence(RANDOM)?))
    }

    /// Did a control get an answer that no working list gives?
    pub(crate) fn is_accused(&self) -> bool {
        [FIXED, RANDOM]
            .into_iter()
            .any(|slot| matches!(self.answers.get(slot).map(Answer::kind), Some(AnswerKind::Records(_))))
    }

    /// The list's own words, where its controls showed it to be broken.
    pub(crate) fn reason_for_breakage(&self) -> Option<RemoteText> {
        self.reason().filter(|_| matches!(self.tried(), Some(Trial::Broken(..))))
    }

    /// What the answer about the subject says of the list.
    pub(crate) fn word(&self) -> Word {
        if self.remembered.contains(A) || !self.asks_about_the_subject() {
            return Word::Nothing;
        }
        match self.answers.get(A).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => {
                let codes: Vec<Ipv4Addr> = set.v4().collect();
                match classify(&self.spec, &codes) {
                    Class::Problem(ProblemKind::Ambiguous) | Class::Excluded | Class::Hit(_) => Word::Hit,
                    Class::Problem(_) => Word::Odd,
                }
            }
            Some(AnswerKind::NxDomain(Some(soa))) if self.is_denied_from_above(soa.owner()) => Word::DeniedFromAbove,
            Some(AnswerKind::NxDomain(_) | AnswerKind::NoData(_)) => Word::Miss,
            Some(AnswerKind::Failed(failure)) if failure.may_be_the_servers() => Word::Failed,
            Some(AnswerKind::Failed(_)) | None => Word::Nothing,
        }
    }

    /// Does the check, as far as it has come, ask about its subject?
    fn asks_about_the_subject(&self) -> bool {
        match self.access {
            Access::Open => self.name.is_ok(),
            Access::Trial => matches!(self.tried(), Some(Trial::Sane(_))),
            Access::Broken(_) | Access::Silent | Access::Probe(_) => false,
        }
    }

    /// Did an answer in 127.0.0.0/8 come through the resolver just now? Then it does not take such answers away.
    pub(crate) fn saw_loopback(&self) -> bool {
        if self.plain_miss().is_some() {
            return false;
        }
        self.wanted().without(self.remembered).any(|slot| match self.answers.get(slot).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => set.v4().any(|code| code.is_loopback()),
            _ => false,
        })
    }

    fn is_denied_from_above(&self, owner: &Name) -> bool {
        is_denied_from_above(self.spec.zone(), owner)
    }
}

/// A top-level domain, or the root, says that there is no such name: then the operator's own domain may not exist.
pub(crate) fn is_denied_from_above(zone: &Name, owner: &Name) -> bool {
    owner.is_top() && !zone.is_top() && zone.is_within(owner)
}

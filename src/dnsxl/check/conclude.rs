//! The verdict of a check that has all its answers.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::Evidence;
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, Failure, RrSet};
use crate::dnsxl::check::{A, AskMode, CONFIRM, ListCheck, MUST_EXIST, TXT, looks_stripped};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::proof::{ControlOutcome, Freshness};
use crate::dnsxl::verdict::{
    ExcludedDetails, ListingDetails, NotListed, ProblemDetails, Unknown, UnknownDetails, Verdict,
};

/// The result from another zone that must confirm a hit.
enum Confirmation {
    Given,
    Denied,
    Broken(ProblemKind),
    Failed(Failure),
}

impl ListCheck {
    /// The verdict, once every needed slot has an answer.
    pub(super) fn verdict(&self) -> Verdict {
        let broken = |kind, evidence, reason| {
            Verdict::Problem(ProblemDetails { kind, codes: Arc::new([]), reason, evidence, ttl: None }.into())
        };
        match self.ask_mode() {
            AskMode::Broken(known) => return broken(known.kind, known.evidence.clone(), known.reason.clone()),
            AskMode::Silent => return unknown(Failure::Shed, Vec::new()),
            AskMode::Probe(_) => return Verdict::NotListed(NotListed { ttl: None }),
            AskMode::ControlsFirst => match self.control_outcome() {
                Some(ControlOutcome::Broken(kind, evidence)) => return broken(kind, evidence, None),
                Some(ControlOutcome::Failed(evidence)) => {
                    let failure = evidence.iter().find_map(|evidence| evidence.answer().failure());
                    return unknown(failure.unwrap_or(Failure::Shed), evidence);
                }
                Some(ControlOutcome::Sane(_)) | None => {}
            },
            AskMode::Normal => {}
        }
        match self.answer(A) {
            Some(answer) => self.conclude(answer),
            None => unknown(Failure::Shed, Vec::new()),
        }
    }

    /// The verdict from the answer about the subject.
    fn conclude(&self, answer: &Answer) -> Verdict {
        match answer.kind() {
            // A listing whose address was removed looks the same. If the entry that must exist is also empty, the
            // resolver removes addresses; if that query failed, the verdict is unknown.
            AnswerKind::NoData(None) => match self.answer(MUST_EXIST).map(Answer::kind) {
                Some(_) if self.answer(MUST_EXIST).is_some_and(looks_stripped) => {
                    Verdict::Unknown(Unknown::resolver_at_fault())
                }
                Some(AnswerKind::Failed(failure)) => unknown(failure, self.evidence(MUST_EXIST).into_iter().collect()),
                _ => Verdict::NotListed(NotListed { ttl: None }),
            },
            AnswerKind::NxDomain(_) | AnswerKind::NoData(_) => Verdict::NotListed(NotListed::after(answer)),
            AnswerKind::Failed(Failure::Unrelated) if self.answer(MUST_EXIST).is_some_and(looks_stripped) => {
                Verdict::Unknown(Unknown::resolver_at_fault())
            }
            AnswerKind::Failed(failure) => unknown(failure, self.evidence(A).into_iter().collect()),
            AnswerKind::Records(set) => self.conclude_records(set),
        }
    }

    fn conclude_records(&self, set: &RrSet) -> Verdict {
        let codes: Arc<[Ipv4Addr]> = set.v4().collect();
        let ttl = set.ttl();
        let problem = |kind, evidence, reason| {
            Verdict::Problem(ProblemDetails { kind, codes: codes.clone(), reason, evidence, ttl: Some(ttl) }.into())
        };
        let meanings = match classify(&self.spec, &codes) {
            Class::Problem(kind) => return problem(kind, self.evidence(A).into_iter().collect(), None),
            Class::Excluded => {
                return Verdict::Excluded(ExcludedDetails { codes, truncated: set.truncated(), ttl }.into());
            }
            Class::Hit(meanings) => meanings,
        };
        let outcome = match &self.control.0 {
            Freshness::Fresh(proof) => ControlOutcome::Sane(proof.clone()),
            Freshness::Stale(_) | Freshness::HalfStale(..) => {
                self.control_outcome().unwrap_or(ControlOutcome::Failed(Vec::new()))
            }
        };
        match outcome {
            ControlOutcome::Sane(proof) => match self.confirmation() {
                Confirmation::Given => {
                    let ttl = self.answer(CONFIRM).and_then(Answer::ttl).map_or(ttl, |other| ttl.min(other));
                    let reason = self.reason();
                    let truncated = set.truncated();
                    Verdict::Listed(
                        self.spec.kind(),
                        ListingDetails { codes, truncated, meanings, reason, proof, ttl }.into(),
                    )
                }
                Confirmation::Denied => {
                    // A negative answer without SOA must not be cached.
                    let other = self.answer(CONFIRM).and_then(Answer::ttl).unwrap_or_default();
                    Verdict::Excluded(ExcludedDetails { codes, truncated: set.truncated(), ttl: ttl.min(other) }.into())
                }
                Confirmation::Broken(kind) => problem(kind, self.evidence(CONFIRM).into_iter().collect(), None),
                Confirmation::Failed(failure) => {
                    let evidence = self.evidence(CONFIRM).into_iter().collect();
                    Verdict::Unknown(
                        UnknownDetails { why: failure.into(), codes, reason: None, evidence, ttl: Some(ttl) }.into(),
                    )
                }
            },
            ControlOutcome::Broken(kind, evidence) => problem(kind, evidence, self.reason()),
            ControlOutcome::Failed(evidence) => Verdict::Unknown(
                UnknownDetails { why: UnknownReason::Unproven, codes, reason: self.reason(), evidence, ttl: Some(ttl) }
                    .into(),
            ),
        }
    }

    /// The result from the zone with the reasons, if it is another zone: any code in 127.0.0.0/8 except a refusal confirms
    /// the hit, as in Exim's lists with two domains.
    fn confirmation(&self) -> Confirmation {
        if self.reason_name().is_none() {
            return Confirmation::Given;
        }
        match self.answer(CONFIRM).map(Answer::kind) {
            Some(AnswerKind::Records(set)) if set.v4().any(|code| !code.is_loopback()) => {
                Confirmation::Broken(ProblemKind::Outside127)
            }
            Some(AnswerKind::Records(set)) if set.v4().any(|code| code.octets().starts_with(&[127, 255, 255])) => {
                Confirmation::Broken(ProblemKind::Refused)
            }
            Some(AnswerKind::Records(set)) if set.v4().next().is_some() => Confirmation::Given,
            Some(AnswerKind::Records(_) | AnswerKind::NxDomain(_) | AnswerKind::NoData(_)) => Confirmation::Denied,
            Some(AnswerKind::Failed(failure)) => Confirmation::Failed(failure),
            None => Confirmation::Failed(Failure::Shed),
        }
    }

    /// The text (TXT) of the list; a key in it is removed.
    pub(super) fn reason(&self) -> Option<RemoteText> {
        let Some(AnswerKind::Records(set)) = self.answer(TXT).map(Answer::kind) else { return None };
        let text = RemoteText::join(set.texts())?;
        let zones = [Some(self.spec.zone()), self.spec.reason_zone()];
        Some(zones.into_iter().flatten().filter_map(Name::secret).fold(text, |text, secret| text.without(secret)))
    }
}

/// The verdict if a query failed.
fn unknown(failure: Failure, evidence: Vec<Evidence>) -> Verdict {
    Verdict::Unknown(
        UnknownDetails { why: failure.into(), codes: Arc::new([]), reason: None, evidence, ttl: None }.into(),
    )
}

//! What makes a list or the resolver suspect, and which questions of our own are asked then.
//!
//! A client chose the subject, so an answer about it is no evidence against anyone: it only makes the list or the resolver
//! suspect. The answers to our own questions decide. No check waits for them, except briefly where a verdict rests on the
//! resolver's honesty.
//!
//! | suspect | because | asked then |
//! |---|---|---|
//! | list | several questions to it in a row failed | its controls and the resolver's trial, as the next check begins |
//! | list | an answer that no working list gives | its controls |
//! | list | a zone above its own denied the name | its apex and its must-exist entry |
//! | list | it was found gone, and answers again | its apex and its must-exist entry |
//! | list | it was found emptied, and gives a hit | its must-exist entry |
//! | resolver | a list's answer looks parked: no address in 127.0.0.0/8 | the resolver's trial |
//! | resolver | two zones or more list everything | the resolver's trial |
//! | resolver | every question of the check failed | the resolver's trial |
//! | resolver | it was found silent, and answers again | the resolver's trial |
//! | resolver | a must-exist entry came back empty, and no hit was seen lately | every list's must-exist entry, with its next subject |
//!
//! A suspected list is asked at most once a minute, and a suspicion begins a trial at most every ten seconds. The last row is
//! decided in `state/view.rs`, the others here.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use crate::base::name::Name;
use crate::check::helo::Helo;
use crate::check::mail_domain::{MailDomain, Via};
use crate::check::resolver::{ResolverBehavior, ResolverCheck};
use crate::dnsxl::{
    Control, Health, Label, ListCheck, ListFinding, ListSpec, Probe, ProblemKind, SubjectAnswer, SubjectKind, Verdict,
};
use crate::inquiry::lists::run::{self, WaitingList};
use crate::inquiry::running::Running;
use crate::inquiry::{CheckId, Inquiry, ListRun};
use crate::report::{ListReport, ResolverFault};
use crate::state::{SharedState, TrialState};

/// How long a check waits for the trial of the resolver once everything else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrialWait {
    /// It does not wait.
    No,
    /// Briefly: a verdict rests on the existence of an address, or an answer looks invented by the resolver.
    Briefly,
    /// Until answers that accuse a list are no longer held back.
    WhileAccusationsAreHeld,
    /// As long as for any other answer: no other question was answered either.
    ToTheEnd,
}

impl Inquiry {
    /// The questions of our own that a check begins with: the regular trial of the resolver, and the controls of lists that
    /// failed several times in a row.
    pub(crate) fn ask_own_questions(&mut self, shared: &mut SharedState, now: Instant) {
        let failing = |list: &ListRun| {
            let label = list.suspicion.filter(|_| list.is_failing)?;
            Some((list.run.unit.spec().clone(), list.run.unit.kind(), label))
        };
        let waiting = |list: &WaitingList| {
            let label = list.plan.suspicion.filter(|_| list.plan.is_failing)?;
            let spec = self.settings.lists.rows().get(list.group)?.spec.clone();
            Some((spec, SubjectKind::Domain, label))
        };
        let failing: Vec<_> =
            self.lists.iter().filter_map(failing).chain(self.waiting.iter().filter_map(waiting)).collect();
        for (spec, kind, label) in failing {
            if shared.claim_suspicion(spec.zone(), kind, now) {
                // Is the list silent, or the resolver? Only a trial of the resolver at the same time can tell.
                self.take_part_in(shared.trial(now, self.label, true));
                self.probe_list(spec, kind, label, Probe::Controls);
            }
        }
        self.take_part_in(shared.trial(now, self.label, false));
        self.may_suspect_resolver = shared.may_suspect_resolver(now);
        self.resolver_is_silent = shared.is_resolver_silent();
    }

    /// Asks the questions of the resolver's trial, or waits for the check that asks them.
    pub(super) fn take_part_in(&mut self, trial: TrialState) {
        self.trial_from_the_start |= trial != TrialState::NotDue;
        match trial {
            TrialState::NotDue => {}
            TrialState::Begun => self.try_resolver(),
            TrialState::UnderWay => self.trial_elsewhere = self.trial.is_none(),
        }
    }

    fn try_resolver(&mut self) {
        if self.trial.is_none() {
            self.trial = Some(Running::new(ResolverCheck::new(self.label)));
            self.advance(CheckId::Trial);
        }
    }

    /// Asks a list about itself.
    fn probe_list(&mut self, spec: Arc<ListSpec>, kind: SubjectKind, label: Label, probe: Probe) {
        let unit = ListCheck::probe(spec, kind, Control::stale(label), probe);
        let check = CheckId::Probe(self.probes.len());
        self.probes.push(Running::new(unit));
        self.advance(check);
    }

    /// Are questions to lists about themselves still under way?
    pub(crate) fn is_asking_lists_about_themselves(&self) -> bool {
        self.probes.iter().any(|probe| !probe.is_done())
    }

    /// Asks the list about itself, if its answer about the subject makes it suspect.
    pub(super) fn suspect_list(&mut self, number: usize) {
        let health = self.rows.get(number).map(ListReport::health).unwrap_or_default();
        let Some(list) = run::of_row_mut(&mut self.lists, number) else { return };
        let Some(label) = list.suspicion else { return };
        let probe = match (list.run.unit.subject_answer(), health) {
            (SubjectAnswer::Strange, _) => Probe::Controls,
            (SubjectAnswer::DeniedFromAbove, _) | (SubjectAnswer::Miss | SubjectAnswer::Hit, Health::Gone) => {
                Probe::Existence
            }
            (SubjectAnswer::Hit, Health::Emptied) => Probe::Entry,
            (SubjectAnswer::Miss | SubjectAnswer::Hit | SubjectAnswer::Failed | SubjectAnswer::Nothing, _) => return,
        };
        list.suspicion = None;
        let (spec, kind) = (list.run.unit.spec().clone(), list.run.unit.kind());
        self.probe_list(spec, kind, label, probe);
    }

    /// Begins a trial of the resolver, if the answers make it suspect. Decided once no awaited question is open.
    pub(super) fn suspect_resolver(&mut self) {
        if self.trial.is_some() || self.trial_elsewhere || !self.may_suspect_resolver || self.questions.any_awaited() {
            return;
        }
        let is_back = self.resolver_is_silent && self.questions.signs().answered;
        if is_back || self.lists_look_distorted() || self.nothing_was_answered() {
            self.try_resolver();
        }
    }

    /// May it turn out, by the end of the check, that the resolver rewrites NXDOMAIN?
    pub(super) fn may_find_rewriting(&self) -> bool {
        match &self.trial {
            Some(trial) => trial.verdict != Some(ResolverBehavior::Honest),
            // The result of a trial that another check began is not known here.
            None => {
                let is_known = self.known_fault == Some(ResolverFault::RewritesNxdomain);
                is_known || self.trial_from_the_start || self.lists_look_distorted()
            }
        }
    }

    fn lists_look_distorted(&self) -> bool {
        let mut listing_everything: Vec<&Name> = Vec::new();
        let mut parked = false;
        for list in &self.lists {
            if let Some(Verdict::Problem(problem)) = list.run.verdict.as_ref().map(ListFinding::verdict) {
                match problem.kind() {
                    ProblemKind::Parked => parked = true,
                    // A rewriting resolver never returns an address in 127.0.0.0/8, so an answer with one is the list's own.
                    ProblemKind::Outside127 => parked |= !problem.codes().iter().any(Ipv4Addr::is_loopback),
                    ProblemKind::ListsEverything | ProblemKind::Ambiguous => {
                        let zone = list.run.unit.spec().zone();
                        if !listing_everything.contains(&zone) {
                            listing_everything.push(zone);
                        }
                    }
                    ProblemKind::Refused => {}
                }
            }
        }
        parked || listing_everything.len() > 1
    }

    /// Did every question of the check fail in the way of a resolver that is silent or refuses?
    fn nothing_was_answered(&self) -> bool {
        let signs = self.questions.signs();
        signs.failed && !signs.answered
    }

    /// Do a list's controls accuse it while the resolver is on trial? The accusation counts only if the resolver is honest.
    pub(crate) fn accuses_while_on_trial(&self) -> bool {
        let on_trial = self.trial.as_ref().is_some_and(|trial| !trial.is_done()) || self.trial_elsewhere;
        let mut units = self.lists.iter().map(|list| &list.run).chain(&self.probes);
        on_trial && units.any(|running| running.unit.is_accused())
    }

    /// The trial that another check made has ended, or was abandoned.
    pub(crate) fn end_trial_elsewhere(&mut self) {
        self.trial_elsewhere = false;
    }

    /// How long the check waits for the trial, once everything else is there.
    pub(crate) fn waits_for_trial(&self) -> TrialWait {
        if self.trial.as_ref().is_none_or(Running::is_done) && !self.trial_elsewhere {
            return TrialWait::No;
        }
        if self.trial_from_the_start && self.nothing_was_answered() {
            return TrialWait::ToTheEnd;
        }
        if self.rests_on_an_address() || self.lists_look_distorted() { TrialWait::Briefly } else { TrialWait::No }
    }

    /// Does a verdict rest only on the existence of an address, which a resolver that rewrites NXDOMAIN would invent?
    fn rests_on_an_address(&self) -> bool {
        let implicit = |verdict: &MailDomain| matches!(verdict, MailDomain::Ok(Via::ImplicitMx));
        let domains = self.sender.iter().chain(&self.recipient);
        let mut domains = domains.filter_map(|running| running.verdict.as_ref());
        let helo = self.helo.as_ref().and_then(|running| running.verdict.as_ref());
        domains.any(|report| implicit(report.verdict()))
            || helo.is_some_and(|report| matches!(report.verdict(), Helo::ResolvesElsewhere))
    }
}

//! What is known about the resolver between checks: whether it invents answers, does not answer, or removes answers in
//! 127.0.0.0/8. It is tested by a "trial": see [`ResolverCheck`].
//!
//! Only our own questions can show a fault. An answer in 127.0.0.0/8 from a list, about any subject, shows that the resolver
//! works. Answers about names of a client show neither.

use std::time::{Duration, Instant};

use crate::check::resolver::{ResolverBehavior, ResolverCheck};
use crate::check::{Check, Step};
use crate::dns::{Answer, Question};
use crate::dnsxl::Label;
use crate::report::ResolverFault;
use crate::report::learned::ResolverSigns;

/// The time between trials while nothing is wrong.
const TRIAL_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// The time between trials while the resolver is at fault.
const TRIAL_INTERVAL_AT_FAULT: Duration = Duration::from_secs(60);
/// How soon after a trial a suspicion may begin the next one.
const TRIAL_INTERVAL_SUSPECTED: Duration = Duration::from_secs(10);
/// A trial that takes longer counts as abandoned: the check that made it has ended.
const MAX_TRIAL: Duration = Duration::from_secs(15);
/// For how long answers that accuse a list are held back during a trial. A resolver that invents answers does so at once; one
/// that cannot reach the registries may take very long, and need not be waited for.
pub(crate) const ACCUSATIONS_HELD: Duration = Duration::from_secs(2);
/// Questions that are sent together are sent within this time.
const SENT_TOGETHER: Duration = Duration::from_secs(1);
/// For how long an answer in 127.0.0.0/8 shows that such answers come through.
const LOOPBACK_VALID: Duration = Duration::from_secs(60);
/// For how long the resolver is taken to remove such answers.
const STRIPPING_VALID: Duration = Duration::from_secs(120);

/// What is known about the resolver.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolverState {
    /// The trial under way, and since when.
    trial: Option<(ResolverCheck, Instant)>,
    /// When the latest trial was begun.
    last_begun: Option<Instant>,
    /// A check's answers suggest that the resolver has become faulty, or has recovered.
    suspected: bool,
    rewrites: bool,
    /// The fault, if it does not answer or refuses.
    silent: Option<ResolverFault>,
    /// When the latest of our own answered questions was sent.
    last_answered: Option<Instant>,
    /// When an answer in 127.0.0.0/8 last came through.
    loopback_seen: Option<Instant>,
    /// When a must-exist entry last came back as an empty NOERROR.
    stripping_seen: Option<Instant>,
    /// The fault last reported to listeners.
    last_reported: Option<ResolverFault>,
}

/// What a check that begins has to do with the resolver's trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrialState {
    /// No trial is due.
    NotDue,
    /// This check begins a trial and asks its questions.
    Begun,
    /// A trial of another check is under way.
    UnderWay,
}

impl ResolverState {
    /// What a check that begins now does about the trial. `sooner`: it has reason not to wait for the regular one.
    pub(crate) fn trial(&mut self, now: Instant, label: Label, sooner: bool) -> TrialState {
        if self.is_on_trial(now) {
            TrialState::UnderWay
        } else if sooner || self.next_trial().is_none_or(|at| at <= now) {
            self.begin(now, label);
            TrialState::Begun
        } else {
            TrialState::NotDue
        }
    }

    /// May a check that suspects the resolver begin a trial?
    pub(crate) fn may_suspect(&self, now: Instant) -> bool {
        !self.is_on_trial(now)
            && self.last_begun.is_none_or(|at| now.saturating_duration_since(at) >= TRIAL_INTERVAL_SUSPECTED)
    }

    /// Begins a trial, unless one is under way.
    pub(crate) fn begin(&mut self, now: Instant, label: Label) {
        if !self.is_on_trial(now) {
            self.trial = Some((ResolverCheck::new(label), now));
            self.last_begun = Some(now);
            self.suspected = false;
        }
    }

    /// When the next trial is due; `None`: at once.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        let pause = if self.suspected {
            TRIAL_INTERVAL_SUSPECTED
        } else if self.rewrites || self.silent.is_some() {
            TRIAL_INTERVAL_AT_FAULT
        } else {
            TRIAL_INTERVAL
        };
        self.last_begun?.checked_add(pause)
    }

    /// Is a trial under way?
    pub(crate) fn is_on_trial(&self, now: Instant) -> bool {
        self.trial.as_ref().is_some_and(|(_, since)| now.saturating_duration_since(*since) < MAX_TRIAL)
    }

    /// Are answers that accuse a list held back until the trial shows a result?
    pub(crate) fn holds_accusations(&self, now: Instant) -> bool {
        self.trial.as_ref().is_some_and(|(_, since)| now.saturating_duration_since(*since) < ACCUSATIONS_HELD)
    }

    /// A question of our own was answered, or failed.
    pub(crate) fn apply_own_answer(&mut self, question: &Question, answer: &Answer, sent: Instant) {
        if answer.failure().is_none() && self.last_answered.is_none_or(|at| at < sent) {
            self.last_answered = Some(sent);
        }
        if let Some((trial, _)) = &mut self.trial
            && trial.supply_answer(question, answer)
            && let Step::Done(behavior) = trial.step()
        {
            self.conclude(&behavior);
        }
    }

    /// The trial is over.
    fn conclude(&mut self, behavior: &ResolverBehavior) {
        let begun = self.trial.take().map(|(_, since)| since);
        let answered_since = |at: Option<Instant>| begun.is_some_and(|begun| at.is_some_and(|at| at >= begun));
        match behavior {
            ResolverBehavior::Honest => {
                self.rewrites = false;
                self.silent = None;
            }
            ResolverBehavior::Rewrites(_) => {
                self.rewrites = true;
                self.silent = None;
            }
            ResolverBehavior::Unknown => self.silent = None,
            // A list that answered meanwhile shows that the resolver works.
            ResolverBehavior::Silent | ResolverBehavior::Refuses
                if answered_since(self.last_answered) || answered_since(self.loopback_seen) => {}
            ResolverBehavior::Silent => self.silent = Some(ResolverFault::Unreachable),
            ResolverBehavior::Refuses => self.silent = Some(ResolverFault::Refused),
            ResolverBehavior::Fails => {}
        }
    }

    /// An answer in 127.0.0.0/8 came from a list: the resolver answers, and does not remove such answers.
    pub(crate) fn note_loopback(&mut self, now: Instant) {
        self.loopback_seen = Some(now);
        self.stripping_seen = None;
        self.silent = None;
    }

    /// A must-exist entry came back as an empty NOERROR.
    pub(crate) fn note_stripping(&mut self, now: Instant) {
        if !self.lets_loopback_through(now) {
            self.stripping_seen = Some(now);
        }
    }

    /// A check's answers can make the next trial due sooner, and no more.
    pub(crate) fn note_check(&mut self, signs: ResolverSigns) {
        self.suspected |= match self.silent {
            None => signs.failed && !signs.answered,
            Some(_) => signs.answered,
        };
    }

    /// Did an answer in 127.0.0.0/8 come through within the last minute?
    pub(crate) fn lets_loopback_through(&self, now: Instant) -> bool {
        self.loopback_seen.is_some_and(|at| now.saturating_duration_since(at) < LOOPBACK_VALID)
    }

    /// Was one of our own questions answered that was sent at about this moment or later?
    pub(crate) fn was_alive_since(&self, moment: Instant) -> bool {
        self.last_answered.is_some_and(|at| moment.saturating_duration_since(at) <= SENT_TOGETHER)
    }

    /// Does it invent answers?
    pub(crate) fn rewrites(&self) -> bool {
        self.rewrites
    }

    /// Is it silent, or does it refuse?
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// Is no fault known, and no trial under way?
    pub(crate) fn is_trusted(&self) -> bool {
        !self.rewrites && self.silent.is_none() && self.stripping_seen.is_none() && self.trial.is_none()
    }

    /// Its fault. Rewriting comes first, since nothing else can be judged while it lasts.
    pub(crate) fn fault(&self, now: Instant) -> Option<ResolverFault> {
        if self.rewrites {
            return Some(ResolverFault::RewritesNxdomain);
        }
        let strips = self.stripping_seen.is_some_and(|at| now.saturating_duration_since(at) < STRIPPING_VALID);
        if strips && !self.lets_loopback_through(now) {
            return Some(ResolverFault::Strips127);
        }
        self.silent
    }

    /// The fault last reported and the present one, if they differ; from then on the present one counts as reported.
    pub(crate) fn take_change(&mut self, now: Instant) -> Option<(Option<ResolverFault>, Option<ResolverFault>)> {
        let found = self.fault(now);
        if found == self.last_reported {
            return None;
        }
        Some((std::mem::replace(&mut self.last_reported, found), found))
    }
}

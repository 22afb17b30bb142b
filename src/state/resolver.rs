//! What is known about the resolver between checks: does it tell the truth, does it answer, does it let answers in 127.0.0.0/8
//! through?
//!
//! It is convicted by questions of our own alone. An answer in 127.0.0.0/8 from a list, about whatever subject, acquits it;
//! answers about a client's own names do neither.

use std::time::{Duration, Instant};

use crate::check::resolver::{Honesty, ResolverTrial};
use crate::check::{Step, Unit};
use crate::dns::{Answer, Question};
use crate::dnsxl::Label;
use crate::report::ResolverFault;
use crate::report::learned::ResolverSigns;

/// How often a resolver is tried while checks go on and all is well.
const REGULARLY: Duration = Duration::from_secs(30 * 60);
/// How often while it is at fault.
const WHILE_AT_FAULT: Duration = Duration::from_secs(60);
/// How soon after a trial a suspicion leads to the next one.
const WHEN_SUSPECTED: Duration = Duration::from_secs(10);
/// A trial that took longer was given up: nobody waited for it.
const LONGEST_TRIAL: Duration = Duration::from_secs(15);
/// For how long answers that accuse a list wait for the trial under way: a resolver that invents answers does so at once,
/// and one that cannot reach the registries may take as long as it likes.
pub(crate) const ACCUSATIONS_HELD: Duration = Duration::from_secs(2);
/// Questions that are sent together are sent within this time.
const AT_THE_SAME_TIME: Duration = Duration::from_secs(1);
/// For how long an answer in 127.0.0.0/8 shows that such answers come through.
const SEEN: Duration = Duration::from_secs(60);
/// For how long a resolver is known to take such answers away.
const STRIPPED: Duration = Duration::from_secs(120);

/// What is known about the resolver.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolverState {
    /// The trial under way, and since when.
    trial: Option<(ResolverTrial, Instant)>,
    /// When the latest trial was begun.
    last_begun: Option<Instant>,
    /// Something a check saw looks as if the resolver were at fault, or no longer.
    suspected: bool,
    rewrites: bool,
    /// It does not answer, or refuses.
    silent: Option<ResolverFault>,
    /// When the latest question of our own was sent that was answered.
    last_answered: Option<Instant>,
    /// When an answer in 127.0.0.0/8 last came through.
    loopback_seen: Option<Instant>,
    /// When an entry that must exist last came back as an empty NOERROR.
    stripping_seen: Option<Instant>,
    /// What listeners were told last.
    last_reported: Option<ResolverFault>,
}

/// The trial of the resolver, for a check that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrialState {
    /// It is not due.
    NotDue,
    /// This check begins it, and asks its questions.
    Begun,
    /// Another check has asked them.
    UnderWay,
}

impl ResolverState {
    /// What a check that begins now has to do with the resolver's trial: `sooner` where it has reason not to wait for the
    /// regular one.
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
        !self.is_on_trial(now) && self.last_begun.is_none_or(|at| now.saturating_duration_since(at) >= WHEN_SUSPECTED)
    }

    /// Begins a trial, unless one is under way.
    pub(crate) fn begin(&mut self, now: Instant, label: Label) {
        if !self.is_on_trial(now) {
            self.trial = Some((ResolverTrial::new(label), now));
            self.last_begun = Some(now);
            self.suspected = false;
        }
    }

    /// When the next trial is due; `None`: at once.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        let pause = if self.suspected {
            WHEN_SUSPECTED
        } else if self.rewrites || self.silent.is_some() {
            WHILE_AT_FAULT
        } else {
            REGULARLY
        };
        self.last_begun?.checked_add(pause)
    }

    /// Is a trial under way, so that accusations of lists have to wait for what it shows?
    pub(crate) fn is_on_trial(&self, now: Instant) -> bool {
        self.trial.as_ref().is_some_and(|(_, since)| now.saturating_duration_since(*since) < LONGEST_TRIAL)
    }

    /// Do answers that accuse a list have to wait for what the trial shows?
    pub(crate) fn holds_accusations(&self, now: Instant) -> bool {
        self.trial.as_ref().is_some_and(|(_, since)| now.saturating_duration_since(*since) < ACCUSATIONS_HELD)
    }

    /// A question of our own was answered, or failed.
    pub(crate) fn apply_own_answer(&mut self, question: &Question, answer: &Answer, sent: Instant) {
        if answer.failure().is_none() && self.last_answered.is_none_or(|at| at < sent) {
            self.last_answered = Some(sent);
        }
        if let Some((trial, _)) = &mut self.trial
            && trial.hear(question, answer)
            && let Step::Done(honesty) = trial.step()
        {
            self.conclude(&honesty);
        }
    }

    /// The trial is over.
    fn conclude(&mut self, honesty: &Honesty) {
        let begun = self.trial.take().map(|(_, since)| since);
        let answered_since = |at: Option<Instant>| begun.is_some_and(|begun| at.is_some_and(|at| at >= begun));
        match honesty {
            Honesty::Honest => {
                self.rewrites = false;
                self.silent = None;
            }
            Honesty::Rewrites(_) => {
                self.rewrites = true;
                self.silent = None;
            }
            Honesty::Unknown => self.silent = None,
            // A list that was heard meanwhile acquits.
            Honesty::Silent | Honesty::Refuses
                if answered_since(self.last_answered) || answered_since(self.loopback_seen) => {}
            Honesty::Silent => self.silent = Some(ResolverFault::Unreachable),
            Honesty::Refuses => self.silent = Some(ResolverFault::Refused),
            Honesty::Fails => {}
        }
    }

    /// An answer in 127.0.0.0/8 came from a list: it is reachable, and takes no such answers away.
    pub(crate) fn note_loopback(&mut self, now: Instant) {
        self.loopback_seen = Some(now);
        self.stripping_seen = None;
        self.silent = None;
    }

    /// An entry that must exist came back as an empty NOERROR.
    pub(crate) fn note_stripping(&mut self, now: Instant) {
        if !self.lets_loopback_through(now) {
            self.stripping_seen = Some(now);
        }
    }

    /// What a check saw makes a trial due sooner; nothing else.
    pub(crate) fn note_check(&mut self, signs: ResolverSigns) {
        self.suspected |= match self.silent {
            None => signs.failed && !signs.answered,
            Some(_) => signs.answered,
        };
    }

    /// Did an answer in 127.0.0.0/8 come through not long ago?
    pub(crate) fn lets_loopback_through(&self, now: Instant) -> bool {
        self.loopback_seen.is_some_and(|at| now.saturating_duration_since(at) < SEEN)
    }

    /// Was a question of our own answered that was sent at about this moment or later?
    pub(crate) fn was_alive_since(&self, moment: Instant) -> bool {
        self.last_answered.is_some_and(|at| moment.saturating_duration_since(at) <= AT_THE_SAME_TIME)
    }

    /// Does it invent answers?
    pub(crate) fn rewrites(&self) -> bool {
        self.rewrites
    }

    /// Is it silent, or does it refuse?
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// Is there nothing to hold against it, and no trial due?
    pub(crate) fn is_trusted(&self) -> bool {
        !self.rewrites && self.silent.is_none() && self.stripping_seen.is_none() && self.trial.is_none()
    }

    /// What is wrong with it. Inventing comes first, since nothing else can be judged while it lasts.
    pub(crate) fn fault(&self, now: Instant) -> Option<ResolverFault> {
        if self.rewrites {
            return Some(ResolverFault::RewritesNxdomain);
        }
        let strips = self.stripping_seen.is_some_and(|at| now.saturating_duration_since(at) < STRIPPED);
        if strips && !self.lets_loopback_through(now) {
            return Some(ResolverFault::Strips127);
        }
        self.silent
    }

    /// The fault that listeners were told of, and the one to tell them now, where they differ.
    pub(crate) fn take_change(&mut self, now: Instant) -> Option<(Option<ResolverFault>, Option<ResolverFault>)> {
        let found = self.fault(now);
        if found == self.last_reported {
            return None;
        }
        Some((std::mem::replace(&mut self.last_reported, found), found))
    }
}

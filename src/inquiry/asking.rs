//! What an inquiry waits for, and which of its questions are put to the network.

use std::time::{Duration, Instant};

use crate::inquiry::session_memory::KeptProof;
use crate::inquiry::{Ask, AskedList, Awaited, Inquiry, TrialWait};
use crate::state::{ACCUSATIONS_HELD, SharedState};

/// How long a verdict that rests on the existence of an address waits for the resolver's trial, measured from the start of the
/// check. It equals the time before a question is first sent again.
const TRIAL_WAIT: Duration = Duration::from_millis(400);

/// Which answers a check waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// What can still change the action or the code of the policy's advice at this stage of a session.
    Advice(Awaited),
    /// Every list.
    AllLists,
    /// The lists that can still change the outcome.
    DecisiveLists,
    /// Every list, and the control questions about lists that the check causes.
    ListsAndHealth,
}

/// Puts the questions of an inquiry to the network.
pub(crate) trait Asker {
    /// What it needs to know about the list that a question is put to.
    type List;

    fn list(&self, list: &AskedList) -> Self::List;

    /// Supplies the answer, if it is known. `false` if not.
    fn supply_known(&mut self, inquiry: &mut Inquiry, ask: &Ask, list: Option<&Self::List>, now: Instant) -> bool;

    /// Tells the inquiry which of its questions without an answer were sent to the resolver.
    fn note_sent(&self, inquiry: &mut Inquiry);

    /// Puts a question to the network, or joins the same question under way.
    fn send(&mut self, inquiry: &mut Inquiry, ask: Ask, list: Option<Self::List>, now: Instant);
}

impl Ask {
    /// Does it depend on the state that all checks share whether the question is sent?
    pub(crate) fn concerns_state(&self) -> bool {
        let is_suspicion = self.list.as_ref().is_some_and(|list| list.is_suspicion);
        self.trial.is_some() || is_suspicion || self.purpose.is_control()
    }
}

impl Inquiry {
    /// Starts every question that is needed now. Known answers are supplied at once.
    ///
    /// If the inquiry may stop early, everything that is known is supplied first: what can then no longer change the result is
    /// not asked at all.
    pub(crate) fn start_questions<A: Asker>(&mut self, wait_for: WaitFor, asker: &mut A, now: Instant) {
        loop {
            let mut unsent: Vec<(Ask, Option<A::List>)> = Vec::new();
            while let Some(ask) = self.next_ask() {
                let list = ask.list.as_ref().map(|list| asker.list(list));
                if asker.supply_known(self, &ask, list.as_ref(), now) {
                    continue;
                }
                match wait_for {
                    WaitFor::AllLists | WaitFor::ListsAndHealth => asker.send(self, ask, list, now),
                    WaitFor::DecisiveLists | WaitFor::Advice(_) => unsent.push((ask, list)),
                }
            }
            if !matches!(wait_for, WaitFor::AllLists | WaitFor::ListsAndHealth) {
                asker.note_sent(self);
            }
            match wait_for {
                WaitFor::DecisiveLists => self.drop_irrelevant_lists(),
                WaitFor::Advice(awaited) => self.drop_what_cannot_change_advice(awaited),
                WaitFor::AllLists | WaitFor::ListsAndHealth => {}
            }
            if unsent.is_empty() {
                return;
            }
            for (ask, list) in unsent {
                if self.is_wanted(ask.ticket) {
                    asker.send(self, ask, list, now);
                } else {
                    self.cancel(ask.ticket);
                }
            }
        }
    }

    /// Uses these proofs, except for lists that were found broken since.
    pub(crate) fn use_proofs(&mut self, proofs: &[KeptProof], shared: &SharedState) {
        let holds = |kept: &&KeptProof| shared.broken_since(&kept.spec, kept.subject.kind(), kept.seen).is_none();
        proofs.iter().filter(holds).for_each(|kept| self.prove_about(&kept.spec, &kept.subject, &kept.proof));
    }

    /// Does this question still have to be sent, after what other checks did meanwhile? A control does not if its zone was
    /// proved in the meantime. Also records that this check sends a trial or a suspicion's controls, so that others do not
    /// repeat them.
    pub(crate) fn may_ask(&mut self, ask: &Ask, shared: &mut SharedState, now: Instant) -> bool {
        if let Some(label) = ask.trial {
            shared.begin_trial(now, label);
            return true;
        }
        let Some(list) = &ask.list else { return true };
        if list.is_suspicion {
            // The claim keeps other checks from sending these controls too. Its result is ignored: a suspicion has two
            // controls, and the second must be sent although the first has made the claim.
            shared.claim_suspicion(list.spec.zone(), list.kind, now);
            return true;
        }
        if !ask.purpose.is_control() {
            return true;
        }
        // A list that was paused after failures. The claim is made only here, where the question is really sent.
        if !list.takes_proof {
            shared.claim_probe(&list.spec, list.kind, now);
            return true;
        }
        let Some(proof) = shared.fresh(&list.spec, list.kind, now) else { return true };
        self.prove(&list.spec, list.kind, &proof);
        // Another list may still need the same control.
        !self.is_cancelled(ask.ticket)
    }

    /// How long the inquiry still waits if only the resolver's trial is missing.
    pub(crate) fn trial_wait(&mut self, wait_for: WaitFor) -> TrialWait {
        if matches!(wait_for, WaitFor::Advice(_)) && self.is_done_mut() && !self.may_be_advised() {
            return TrialWait::No;
        }
        let with_health = wait_for == WaitFor::ListsAndHealth;
        if !self.is_done_mut() || with_health && self.is_asking_lists_about_themselves() {
            return TrialWait::ToTheEnd;
        }
        match self.waits_for_trial() {
            // A tool that reports health waits until it is clear whether the resolver or a list is at fault.
            TrialWait::No | TrialWait::Briefly if with_health && self.accuses_while_on_trial() => {
                TrialWait::WhileAccusationsAreHeld
            }
            wait => wait,
        }
    }
}

impl TrialWait {
    /// How long a check waits for the resolver's trial, measured from its start; `None`: no limit but its deadline.
    pub(crate) fn limit(self) -> Option<Duration> {
        match self {
            Self::Briefly => Some(TRIAL_WAIT),
            Self::WhileAccusationsAreHeld => Some(ACCUSATIONS_HELD),
            Self::No | Self::ToTheEnd => None,
        }
    }
}

//! Asks the questions of an inquiry: from the session's memory, from the cache, or from the resolver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::dns::{Answer, Failure};
use crate::engine::fetch::{Fetcher, ListTarget};
use crate::engine::run::{Run, WaitFor};
use crate::engine::session_memory::{Begun, KeptProof, Validity};
use crate::engine::waiting::Waiting;
use crate::engine::{Engine, later};
use crate::inquiry::{Ask, AskedList, Inquiry, QuestionId};
use crate::report::Source;

/// The questions of one inquiry that are under way.
pub(super) struct Asking<'a> {
    engine: &'a Arc<Engine>,
    run: &'a Run,
    pub(super) open: Waiting<Pending>,
    /// The questions that this run has begun in the session's memory.
    begun: Option<Begun>,
}

/// One of the inquiry's questions in flight.
pub(super) struct Pending {
    pub(super) ticket: QuestionId,
    pub(super) sent: Instant,
    /// When the session first asked it; the same as `sent` without a session.
    asked_at: Instant,
    pub(super) source: Source,
}

/// A question that neither the session nor the cache can answer.
type Unsent = (Ask, Option<ListTarget>);

impl<'a> Asking<'a> {
    pub(super) fn new(engine: &'a Arc<Engine>, run: &'a Run, questions: usize) -> Self {
        let begun = run.session.as_ref().map(|session| Begun::new(&session.memory));
        Self { engine, run, open: Waiting::with_capacity(questions), begun }
    }

    fn fetcher(&self) -> &'a Arc<Fetcher> {
        &self.engine.fetcher
    }

    /// Uses the proofs that the session's transaction has.
    pub(super) fn use_proofs(&self, inquiry: &mut Inquiry) {
        let Some(session) = &self.run.session else { return };
        let proofs = lock(&session.memory).proofs(self.fetcher().clock.now());
        let shared = lock(&self.engine.shared);
        let holds = |kept: &&KeptProof| shared.broken_since(&kept.spec, kept.subject.kind(), kept.seen).is_none();
        proofs.iter().filter(holds).for_each(|kept| inquiry.prove_about(&kept.spec, &kept.subject, &kept.proof));
    }

    /// Starts every question that the inquiry needs now. Known answers are supplied at once.
    ///
    /// If the run may stop early, everything that is known is supplied first: what can then no longer change the result is not
    /// asked at all.
    pub(super) fn start_questions(&mut self, inquiry: &mut Inquiry) {
        let now = self.fetcher().clock.now();
        loop {
            let mut unsent: Vec<Unsent> = Vec::new();
            while let Some(ask) = inquiry.next_ask() {
                let list = ask.list.as_ref().map(|list| target(self.fetcher(), list));
                if self.supply_known(inquiry, &ask, list.as_ref(), now) {
                    continue;
                }
                match self.run.wait_for {
                    WaitFor::AllLists | WaitFor::ListsAndHealth => self.send(inquiry, ask, list, now),
                    WaitFor::DecisiveLists | WaitFor::Advice(_) => unsent.push((ask, list)),
                }
            }
            match self.run.wait_for {
                WaitFor::DecisiveLists => inquiry.drop_irrelevant_lists(),
                WaitFor::Advice(awaited) => inquiry.drop_what_cannot_change_advice(awaited),
                WaitFor::AllLists | WaitFor::ListsAndHealth => {}
            }
            if unsent.is_empty() {
                return;
            }
            for (ask, list) in unsent {
                if inquiry.is_wanted(ask.ticket) {
                    self.send(inquiry, ask, list, now);
                } else {
                    inquiry.withdraw(ask.ticket);
                }
            }
        }
    }

    /// Supplies the answer that the session or the cache has. `false` if there is none.
    fn supply_known(&self, inquiry: &mut Inquiry, ask: &Ask, list: Option<&ListTarget>, now: Instant) -> bool {
        let supply = |inquiry: &mut Inquiry, answer| {
            inquiry.supply_from(ask.ticket, answer, Source::Memory, Duration::ZERO, Some(now));
            true
        };
        // Controls of lists and the resolver's trial are everybody's, not the session's.
        let session = self.begun.as_ref().filter(|_| !ask.purpose.is_own());
        let validity = session.and_then(|_| Validity::now(&self.fetcher().cache, list.map(|list| &list.zone)));
        if let (Some(session), Some(validity)) = (session, validity)
            && let Some(answer) = session.get(&ask.question, validity, now)
        {
            return supply(inquiry, answer);
        }
        // A cached answer needs no future.
        if let Some(answer) = self.fetcher().cached(&ask.question, ask.purpose, list, now) {
            if let (Some(session), Some(validity)) = (session, validity) {
                session.keep(&ask.question, &answer, validity, now);
            }
            return supply(inquiry, answer);
        }
        now >= self.run.deadline && supply(inquiry, Answer::failed(Failure::Deadline))
    }

    /// Puts a question to the resolver, or joins the same question in flight.
    fn send(&mut self, inquiry: &mut Inquiry, ask: Ask, list: Option<ListTarget>, now: Instant) {
        if !may_ask(self.engine, inquiry, &ask, now) {
            return;
        }
        let Ask { ticket, question, purpose, .. } = ask;
        let mut asked_at = now;
        let cache = &self.fetcher().cache;
        if let Some(begun) = self.begun.as_mut().filter(|_| !purpose.is_own())
            && let Some(validity) = Validity::now(cache, list.as_ref().map(|list| &list.zone))
        {
            asked_at = begun.begin(&question, validity, now);
        }
        match self.fetcher().fetch(question, purpose, list, self.open.next_place()) {
            Some(fetching) => {
                if purpose.is_own() {
                    self.engine.background.keep(&fetching.answer, purpose);
                }
                inquiry.sent(ticket, fetching.answer.query().clone());
                let pending = Pending { ticket, sent: now, asked_at, source: fetching.source };
                self.open.push(fetching.answer, pending);
            }
            // `Source::Memory`, because nothing was sent: the answer must not count as a question.
            None => {
                let shed = Answer::failed(Failure::Shed);
                inquiry.supply_from(ticket, shed, Source::Memory, Duration::ZERO, Some(now));
            }
        }
    }

    /// When the run ends. What an earlier stage of the session has begun to wait for does not get its whole time again.
    pub(super) fn deadline(&self) -> Instant {
        let Some(session) = &self.run.session else { return self.run.deadline };
        let newest = self.open.values().map(|pending| pending.asked_at).max();
        newest.map_or(self.run.deadline, |newest| later(newest, session.per_question).min(self.run.deadline))
    }

    /// Keeps an answer for the session.
    pub(super) fn learn(&self, inquiry: &Inquiry, ticket: QuestionId, answer: &Answer, now: Instant) {
        if let (Some(begun), Some(question)) = (&self.begun, inquiry.question(ticket)) {
            begun.learn(question, answer, now);
        }
    }

    /// Ends the questions under way, unless another check waits for them too. If the time is up, the session does not wait
    /// again for those that had most of it.
    pub(super) fn finish(self, inquiry: &Inquiry, time_is_up: bool) {
        let (Some(session), Some(begun), true) = (&self.run.session, &self.begun, time_is_up) else { return };
        let now = self.fetcher().clock.now();
        for pending in self.open.values() {
            let had = now.saturating_duration_since(pending.asked_at);
            if let Some(question) = inquiry.question(pending.ticket).filter(|_| had >= session.per_question / 2) {
                begun.learn(question, &Answer::failed(Failure::Deadline), now);
            }
        }
    }
}

fn target(fetcher: &Fetcher, list: &AskedList) -> ListTarget {
    ListTarget {
        number: fetcher.cache.number(list.spec.zone()),
        zone: list.spec.zone().clone(),
        kind: list.kind,
        subject: list.subject.clone(),
        daily_limit: list.limit,
    }
}

/// Does this question still have to be sent, after what other checks did meanwhile? A control does not if its zone was proved
/// in the meantime. Also records that this check sends a trial or a suspicion's controls, so that others do not repeat them.
fn may_ask(engine: &Engine, inquiry: &mut Inquiry, ask: &Ask, now: Instant) -> bool {
    if let Some(label) = ask.trial {
        lock(&engine.shared).begin_trial(now, label);
        return true;
    }
    let Some(list) = &ask.list else { return true };
    if list.is_suspicion {
        // The claim keeps other checks from sending these controls too. Its result is ignored: a suspicion has two controls,
        // and the second must be sent although the first has made the claim.
        lock(&engine.shared).claim_suspicion(list.spec.zone(), list.kind, now);
        return true;
    }
    if !ask.purpose.is_control() {
        return true;
    }
    let proof = {
        let mut shared = lock(&engine.shared);
        // A list that was paused after failures. The claim is made only here, where the question is really sent.
        if !list.takes_proof {
            shared.claim_trial(&list.spec, list.kind, now);
            return true;
        }
        shared.fresh(&list.spec, list.kind, now)
    };
    let Some(proof) = proof else { return true };
    inquiry.prove(&list.spec, list.kind, &proof);
    // Another list may still need the same control.
    !inquiry.is_cancelled(ask.ticket)
}

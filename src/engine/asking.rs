//! Asks the questions of an inquiry: from the session's memory, from the cache, or from the resolver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::dns::{Answer, Failure};
use crate::engine::Engine;
use crate::engine::awaited_queries::AwaitedQueries;
use crate::engine::fetch::{Fetcher, ListTarget, QueryTask};
use crate::engine::run::{Pending, Run};
use crate::engine::session_memory::{Begun, CacheValidity};
use crate::engine::zone_limits::NumberedZone;
use crate::inquiry::{Ask, AskedList, Asker, Inquiry, QuestionId, is_given_up, stage_end};
use crate::report::Source;
use crate::state::event::Event;

/// The questions of one inquiry that are under way.
pub(super) struct Asking<'a> {
    engine: &'a Arc<Engine>,
    run: &'a Run,
    pub(super) open: AwaitedQueries<QueryTask, Pending>,
    /// The questions that this run has begun in the session's memory.
    begun: Option<Begun>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(engine: &'a Arc<Engine>, run: &'a Run, questions: usize) -> Self {
        let begun = run.session.as_ref().map(|session| Begun::new(&session.memory));
        let mut open = engine.awaited.take().unwrap_or_default();
        open.reserve_for(questions);
        Self { engine, run, open, begun }
    }

    fn fetcher(&self) -> &'a Arc<Fetcher> {
        &self.engine.fetcher
    }

    /// Uses the proofs that the session's transaction has.
    pub(super) fn use_proofs(&self, inquiry: &mut Inquiry) {
        let Some(session) = &self.run.session else { return };
        let proofs = lock(&session.memory).proofs(self.fetcher().clock.now());
        inquiry.use_proofs(&proofs, &lock(&self.engine.shared));
    }

    /// Starts every question that the inquiry needs now. Known answers are supplied at once.
    pub(super) fn start_questions(&mut self, inquiry: &mut Inquiry, now: Instant) {
        inquiry.start_questions(self.run.wait_for, self, now);
    }

    /// When the run ends.
    pub(super) fn deadline(&self) -> Instant {
        let Some(session) = &self.run.session else { return self.run.deadline };
        let newest = self.open.values().map(|pending| pending.asked_at).max();
        stage_end(self.run.deadline, newest, session.per_question)
    }

    /// Keeps an answer for the session.
    pub(super) fn learn(&self, inquiry: &Inquiry, ticket: QuestionId, answer: &Answer, now: Instant) {
        if let (Some(begun), Some(question)) = (&self.begun, inquiry.question(ticket)) {
            begun.learn(question, answer, now);
        }
    }

    /// Ends the questions under way, unless another check waits for them too. If the time is up, the session does not wait
    /// again for those that had most of it.
    pub(super) fn finish(mut self, inquiry: &mut Inquiry, time_is_up: bool) {
        self.note_sent(inquiry);
        if let (Some(session), Some(begun), true) = (&self.run.session, &self.begun, time_is_up) {
            let now = self.fetcher().clock.now();
            for pending in self.open.values() {
                if is_given_up(pending.asked_at, session.per_question, now)
                    && let Some(question) = inquiry.question(pending.ticket)
                {
                    begun.learn(question, &Answer::failed(Failure::Deadline), now);
                }
            }
        }
        let capacity = self.open.clear();
        self.engine.awaited.give_back(self.open, capacity);
    }
}

impl Asker for Asking<'_> {
    type List = NumberedZone;

    fn list(&self, list: &AskedList) -> NumberedZone {
        let fetcher = self.fetcher();
        fetcher.zones.of(list.spec.zone(), list.hint, &fetcher.cache)
    }

    /// Supplies the answer that the session or the cache has. `false` if there is none.
    fn supply_known(&mut self, inquiry: &mut Inquiry, ask: &Ask, zone: Option<&NumberedZone>, now: Instant) -> bool {
        let supply = |inquiry: &mut Inquiry, answer| {
            inquiry.supply_from(ask.ticket, answer, Source::Memory, Duration::ZERO, Some(now));
            true
        };
        // Controls of lists and the resolver's trial are everybody's, not the session's.
        let session = self.begun.as_ref().filter(|_| !ask.purpose.is_own());
        let validity = session.and_then(|_| CacheValidity::now(&self.fetcher().cache, zone));
        if let (Some(session), Some(validity)) = (session, validity)
            && let Some(answer) = session.get(&ask.question, validity, now)
        {
            return supply(inquiry, answer);
        }
        // A cached answer needs no future.
        let list = ask.list.as_ref().and_then(|list| list.subject.as_ref()).zip(zone);
        if let Some(answer) = self.fetcher().cached(&ask.question, ask.purpose, list, now) {
            if let (Some(session), Some(validity)) = (session, validity) {
                session.keep(&ask.question, &answer, validity, now);
            }
            return supply(inquiry, answer);
        }
        now >= self.run.deadline && supply(inquiry, Answer::failed(Failure::Deadline))
    }

    fn note_sent(&self, inquiry: &mut Inquiry) {
        for (query, pending) in self.open.iter() {
            if query.query().work().is_some_and(QueryTask::is_sent) {
                inquiry.sent(pending.ticket);
            }
        }
    }

    /// Puts a question to the resolver, or joins the same question in flight.
    fn send(&mut self, inquiry: &mut Inquiry, ask: Ask, zone: Option<NumberedZone>, now: Instant) {
        if ask.concerns_state() && !inquiry.may_ask(&ask, &mut lock(&self.engine.shared), now) {
            return;
        }
        let Ask { ticket, question, purpose, list, .. } = ask;
        let mut asked_at = now;
        let cache = &self.fetcher().cache;
        if let Some(begun) = self.begun.as_mut().filter(|_| !purpose.is_own())
            && let Some(validity) = CacheValidity::now(cache, zone.as_ref())
        {
            asked_at = begun.begin(&question, validity, now);
        }
        let limited = list.as_ref().and_then(|list| {
            let limit = list.spec.question_limit()?;
            Some((Arc::clone(&list.spec), limit))
        });
        let list = list.zip(zone).map(|(AskedList { subject, kind, client, .. }, zone)| ListTarget {
            zone,
            subject,
            kind,
            client,
        });
        let daily_limit = limited.as_ref().map(|(_, limit)| *limit);
        match self.fetcher().fetch(question, purpose, list, daily_limit, &mut self.open) {
            Ok(fetching) => {
                // A question that another check has begun is kept already.
                if purpose.is_own() && fetching.source == Source::Network {
                    self.engine.background.keep(&fetching.answer);
                }
                let pending = Pending { ticket, sent: now, asked_at, source: fetching.source };
                self.open.push(fetching.answer, pending);
            }
            // `Source::Memory`, because nothing was sent: the answer must not count as a question.
            Err(reached) => {
                if let (Some((spec, limit)), true) = (limited, reached.is_first) {
                    self.fetcher().listeners.tell(vec![Event::DailyLimit { list: spec.id(), limit }]);
                }
                let failed = Answer::failed(Failure::DailyLimit);
                inquiry.supply_from(ticket, failed, Source::Memory, Duration::ZERO, Some(now));
            }
        }
    }
}

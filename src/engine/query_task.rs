//! How one question in flight is asked, and what is learned from its answer.
//!
//! It is polled by hand, and not an `async fn`, so that it needs no allocation of its own.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::dns::Answer;
use crate::dnsxl::{Purpose, Subject};
use crate::engine::cache::CacheEpoch;
use crate::engine::fetch::{ListTarget, QueryTask};
use crate::engine::limit::Turn;
use crate::engine::numbers::count;
use crate::engine::permits::Limits;
use crate::engine::shared_query::{SharedQuery, Work};
use crate::report::learned::queued_answer;

/// How far a question is.
pub(crate) enum QueryStep {
    /// It has not all its permits yet.
    New(Option<Turn>),
    /// The resolver has it.
    Asked(BoxFuture<'static, Answer>, Sent),
}

/// The moment at which a question was sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    at: Instant,
    /// The cache's epoch: an answer to a question that was sent before an invalidation must not be cached.
    epoch: CacheEpoch,
}

impl Default for QueryStep {
    fn default() -> Self {
        Self::New(None)
    }
}

impl QueryTask {
    /// Its limits, from the narrowest to the widest (zone, one client's names, all clients' names, all questions), so that
    /// waiting for a slow zone holds no permit that other questions need. The order is the same everywhere, so there is no
    /// deadlock.
    fn limits(&self) -> Limits<'_> {
        let (chooser, limits) = (self.question.chooser(), &self.fetcher.client_limits);
        let (of_client, of_clients) = (chooser.and_then(|client| limits.of(client)), chooser.map(|_| &limits.together));
        let of_zone = self.list.as_ref().map(|list| &list.zone.zone_use.limit);
        [of_zone, of_client, of_clients, Some(&self.fetcher.global_limit)]
    }

    /// The subject that a list is asked about.
    fn subject(&self) -> Option<&Subject> {
        self.list.as_ref().filter(|_| self.purpose == Purpose::Subject)?.subject.as_ref()
    }

    /// Caches an answer that is not one of a list about its subject.
    fn learn_alone(&self, answer: &Answer, sent: Sent, now: Instant) {
        if !self.purpose.is_own() {
            return self.fetcher.cache.insert(&self.question, answer, now, sent.epoch);
        }
        let list = self.list.as_ref().map(|list| (list.zone.zone_use.name.clone(), list.kind));
        let queued = queued_answer(list, self.purpose, self.question.clone(), answer.clone(), sent.at);
        lock(&self.fetcher.own_answers).push(queued);
    }

    fn count(&self, answer: &Answer, sent: Sent, now: Instant) {
        if let (Purpose::Subject, Some(list)) = (self.purpose, &self.list) {
            list.zone.zone_use.count(answer, now.saturating_duration_since(sent.at));
        }
        if answer.failure().is_some() {
            count(&self.fetcher.counters.failures);
        }
        tracing::trace!(target: "rdnsbl", question = %self.question, %answer, "answered");
    }
}

impl Work for QueryTask {
    type Step = QueryStep;
    /// `None` if the answer came from the cache after all.
    type Sent = Option<Sent>;

    fn poll(&self, step: &mut QueryStep, context: &mut Context<'_>) -> Poll<(Answer, Option<Sent>)> {
        let fetcher = &self.fetcher;
        if let QueryStep::New(turn) = step {
            if self.permits.poll(self.limits(), turn, context).is_pending() {
                self.was_limited.store(true, Ordering::Release);
                return Poll::Pending;
            }
            let now = fetcher.clock.now();
            // Another client's query may have had the answer meanwhile.
            if self.was_limited.load(Ordering::Relaxed)
                && let list = self.list.as_ref().and_then(ListTarget::subject_and_zone)
                && let Some(answer) = fetcher.cached(&self.question, self.purpose, list, now)
            {
                self.permits.give_back(self.limits());
                return Poll::Ready((answer, None));
            }
            let sent = Sent { at: now, epoch: fetcher.cache.epoch() };
            self.sent.store(true, Ordering::Release);
            *step = QueryStep::Asked(fetcher.resolver.resolve(self.question.clone()), sent);
        }
        let QueryStep::Asked(answer, sent) = step else { return Poll::Pending };
        let mut answer = ready!(answer.as_mut().poll(context));
        answer.hide_key(&self.question.name);
        self.permits.give_back(self.limits());
        Poll::Ready((answer, Some(*sent)))
    }

    fn learn<'a>(answers: impl Iterator<Item = (&'a SharedQuery<Self>, &'a Answer, &'a Option<Sent>)> + Clone) {
        let ended = || answers.clone().map(|(query, ..)| query);
        let Some(QueryTask { fetcher, .. }) = ended().next().and_then(SharedQuery::work) else { return };
        let now = fetcher.clock.now();
        let known = || answers.clone().filter_map(|(query, answer, sent)| Some((query.work()?, answer, (*sent)?)));
        let mut new = known().peekable();
        while let Some((task, answer, sent)) = new.next() {
            let Some((subject, list)) = task.subject().zip(task.list.as_ref()) else {
                task.learn_alone(answer, sent, now);
                continue;
            };
            // What lists say about one subject is one record. A new record counts for the client that caused the question.
            let is_same = |next: &Self| {
                next.subject() == Some(subject) && next.list.as_ref().is_some_and(|next| next.client == list.client)
            };
            let more = std::iter::from_fn(|| new.next_if(|(next, ..)| is_same(next)));
            let of_lists = std::iter::once((task, answer, sent)).chain(more);
            let numbered = of_lists.filter_map(|(task, answer, _)| Some((task.list.as_ref()?.zone.number?, answer)));
            fetcher.cache.insert_lists(subject, list.client, numbered, now);
        }
        known().for_each(|(task, answer, sent)| task.count(answer, sent, now));
        fetcher.forget(ended());
    }

    fn end(query: &SharedQuery<Self>) {
        let Some(task) = query.work() else { return };
        if let (Purpose::Subject, Some(list), true) = (task.purpose, &task.list, task.is_sent()) {
            count(&list.zone.zone_use.counters.cut);
        }
        task.permits.give_back(task.limits());
        task.fetcher.forget(std::iter::once(query));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fetch::QueryEntry;

    /// A busy server has thousands of them.
    #[test]
    fn a_question_in_flight_is_small() {
        assert!(size_of::<SharedQuery<QueryTask>>() + size_of::<QueryEntry>() <= 240);
    }
}

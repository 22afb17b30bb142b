//! Runs an inquiry: asks the questions it needs until it is done or its deadline has passed.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::base::client_number;
use crate::base::clock::{BoxFuture, later};
use crate::base::lock::lock;
use crate::check::mail_domain::MailDomain;
use crate::dns::Failure;
use crate::dnsxl::Subject;
use crate::engine::Engine;
use crate::engine::asking::Asking;
use crate::engine::cache::{Cache, CacheEpoch};
use crate::engine::fast_path;
use crate::engine::run::{Pending, Run};
use crate::inquiry::{Inquiry, TrialWait};
use crate::report::Report;
use crate::state::event::Event;

/// Names and mail hosts usually lead to this many further questions.
const MORE_QUESTIONS: usize = 4;

type Timer = BoxFuture<'static, ()>;

/// Runs the inquiry about a whole dialogue. It ends at the deadline at the latest, and reports what is known then.
pub(crate) async fn run_inquiry(engine: Arc<Engine>, mut inquiry: Box<Inquiry>, run: Run) -> Box<Report> {
    let fetcher = &engine.fetcher;
    let wait_for = run.wait_for;
    let mut deadline = run.deadline;
    let started = inquiry.started();
    let mut now = started;
    // Read before any question is asked: a verdict that rests on an answer from before an invalidation must not be cached.
    let epoch = fetcher.cache.epoch();
    let mut deadline_timer: Option<Timer> = None;
    // Set when nothing but the resolver's trial is awaited; with the kind of wait it belongs to.
    let mut trial_timer: Option<(TrialWait, Timer)> = None;
    let mut asking = Asking::new(&engine, &run, inquiry.question_count() + MORE_QUESTIONS);
    let mut background = engine.background.drive();
    asking.use_proofs(&mut inquiry);
    loop {
        asking.start_questions(&mut inquiry, now);
        let ends = asking.deadline();
        if ends != deadline {
            deadline = ends;
            deadline_timer = None;
        }
        if let Some(updates) = &run.updates {
            lock(&updates.verdicts).extend(inquiry.take_decided());
            if updates.is_stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        if !background.tries_the_resolver() {
            inquiry.end_trial_elsewhere();
        }
        let wait = inquiry.trial_wait(wait_for);
        if let Some(limit) = wait.limit()
            && trial_timer.as_ref().is_none_or(|(of, _)| *of != wait)
        {
            trial_timer = Some((wait, fetcher.clock.sleep_until(later(started, limit))));
        }
        let next = poll_fn(|context| {
            if run.updates.as_ref().is_some_and(|updates| updates.is_stopped.load(Ordering::Relaxed)) {
                return Poll::Ready(Next::End);
            }
            let tried = background.tries_the_resolver();
            background.poll(context);
            if tried && !background.tries_the_resolver() {
                return Poll::Ready(Next::News);
            }
            let is_open = match asking.open.poll(context) {
                Poll::Ready(true) => return Poll::Ready(Next::News),
                Poll::Ready(false) => false,
                Poll::Pending => true,
            };
            // If no question of this check is open, only another check's trial can still bring news.
            if wait == TrialWait::No || (!is_open && !background.tries_the_resolver()) {
                return Poll::Ready(Next::End);
            }
            let timer = trial_timer.as_mut().filter(|(of, _)| *of == wait);
            let is_over = timer.is_some_and(|(_, timer)| timer.as_mut().poll(context).is_ready());
            let deadline_timer = deadline_timer.get_or_insert_with(|| fetcher.clock.sleep_until(deadline));
            match is_over || deadline_timer.as_mut().poll(context).is_ready() {
                true => Poll::Ready(Next::End),
                false => Poll::Pending,
            }
        });
        match next.await {
            Next::News => {
                now = fetcher.clock.now();
                while let Some((query, Pending { ticket, sent, source, .. }, answer)) = asking.open.next_answer() {
                    asking.open.reuse(query);
                    let took = now.saturating_duration_since(sent);
                    asking.learn(&inquiry, ticket, &answer, now);
                    inquiry.supply_from(ticket, answer, source, took, Some(now));
                }
            }
            Next::End => break,
        }
    }
    let now = fetcher.clock.now();
    asking.finish(&mut inquiry, now >= deadline);
    let (report, events) = conclude(&engine, inquiry, Failure::Deadline, now);
    cache_verdicts(&fetcher.cache, &report, started, now, epoch);
    fetcher.listeners.tell(events);
    report
}

/// Ends a check that asks nothing, because too many run already.
pub(crate) fn shed(engine: &Engine, inquiry: Box<Inquiry>) -> Box<Report> {
    let now = engine.fetcher.clock.now();
    let (report, events) = conclude(engine, inquiry, Failure::Shed, now);
    engine.fetcher.listeners.tell(events);
    report
}

/// Ends an inquiry, and applies what was learned to the state and the cache. Returns the events to report.
fn conclude(engine: &Engine, inquiry: Box<Inquiry>, failure: Failure, now: Instant) -> (Box<Report>, Vec<Event>) {
    let fetcher = &engine.fetcher;
    let mut ended = inquiry.end(failure);
    let applied = {
        // Under the lock of the state: answers to our own questions are applied in the order in which checks take them, and
        // the time of the next trial always fits the latest state.
        let mut shared = lock(&engine.shared);
        let applied = ended.apply(&mut shared, fetcher.take_own_answers(), now);
        fetcher.set_next_trial(shared.next_trial());
        applied
    };
    let invalidated = &applied.invalidated;
    // First the cache, then the count of changes: a reader that sees the new count also sees that the cached answers are gone.
    invalidated.zones.iter().for_each(|zone| fetcher.cache.invalidate(zone));
    if invalidated.everything {
        fetcher.cache.invalidate_all();
    }
    if invalidated.summaries {
        fetcher.changes.fetch_add(1, Ordering::AcqRel);
    }
    let (report, mut workspace) = ended.into_report(&applied, now);
    let capacity = workspace.clear();
    fetcher.workspaces.give_back(workspace, capacity);
    (report, applied.events)
}

/// What ended one wait.
enum Next {
    /// Some questions have their answers, or the resolver's trial of another check is over.
    News,
    End,
}

/// Caches the verdicts about the client's reverse DNS and the sender's domain for the fast path. The answers that they rest on
/// may be as old as the check, so its duration is subtracted from their lifetime.
fn cache_verdicts(cache: &Cache, report: &Report, started: Instant, now: Instant, epoch: CacheEpoch) {
    if report.resolver_fault().is_some() {
        return;
    }
    let took = now.saturating_duration_since(started);
    let left = |ttl: Duration| ttl.saturating_sub(took);
    if let (Some(client), Some(iprev)) = (report.target(), report.iprev())
        && let (Some(verdict), Some(ttl)) = (fast_path::cached_iprev(iprev), iprev.ttl())
    {
        cache.insert_verdict(client, None, verdict, left(ttl), now, epoch);
    }
    if let Some(sender) = report.sender()
        && let (MailDomain::Ok(_), Some(domain), Some(ttl)) = (sender.verdict(), sender.domain(), sender.ttl())
    {
        let client = match report.target() {
            Some(Subject::Client(address)) => Some(client_number::of_address(*address)),
            _ => None,
        };
        cache.insert_verdict(&Subject::Domain(domain.clone()), client, fast_path::DOMAIN_OK, left(ttl), now, epoch);
    }
}

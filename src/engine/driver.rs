//! Runs an inquiry: asks the questions it needs until it is done or its deadline has passed.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::check::mail_domain::MailDomain;
use crate::dns::{Answer, Failure};
use crate::dnsxl::Subject;
use crate::engine::cache::{Cache, CacheEpoch};
use crate::engine::fast_path;
use crate::engine::fetch::ListTarget;
use crate::engine::session_memory::{KeptProof, SessionMemory, Validity};
use crate::engine::shared_query::QueryWaiter;
use crate::engine::{Engine, later};
use crate::inquiry::{Ask, Awaited, Finished, Inquiry, QuestionId, TrialWait};
use crate::report::{Report, Source, Update};
use crate::state::ACCUSATIONS_HELD;

/// How long a verdict that rests on the existence of an address waits for the resolver's trial, measured from the start of the
/// check. It equals the time before a question is first sent again.
const TRIAL_WAIT: Duration = Duration::from_millis(400);

type Timer = BoxFuture<'static, ()>;

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

/// How an inquiry is run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The report is returned at this time at the latest. When it has passed, no question is sent.
    pub(crate) deadline: Instant,
    /// The longest time for one question, measured from when the session first asked it.
    pub(crate) per_question: Option<Duration>,
    pub(crate) wait_for: WaitFor,
    /// The session that the inquiry belongs to.
    pub(crate) session: Option<Arc<Mutex<SessionMemory>>>,
    /// Where verdicts are put as they come.
    pub(crate) updates: Option<Arc<UpdateQueue>>,
}

/// The way from a running check to a host that looks at it.
#[derive(Debug, Default)]
pub(crate) struct UpdateQueue {
    pub(crate) verdicts: Mutex<VecDeque<Update>>,
    /// The host wants the report now, with what is known.
    pub(crate) is_stopped: AtomicBool,
}

impl Run {
    /// Of a check that belongs to no session.
    pub(crate) fn alone(deadline: Instant, wait_for: WaitFor) -> Self {
        Self { deadline, per_question: None, wait_for, session: None, updates: None }
    }
}

/// Runs the inquiry about a whole dialogue. It ends at the deadline at the latest, and reports what is known then.
pub(crate) async fn run_inquiry(engine: Arc<Engine>, mut inquiry: Box<Inquiry>, run: Run) -> Report {
    let fetcher = &engine.fetcher;
    let wait_for = run.wait_for;
    let mut deadline = run.deadline;
    let started = fetcher.clock.now();
    // Read before any question is asked: a verdict that rests on an answer from before an invalidation must not be cached.
    let epoch = fetcher.cache.epoch();
    let mut deadline_timer = fetcher.clock.sleep_until(deadline);
    // Set when nothing but the resolver's trial is awaited; with the kind of wait it belongs to.
    let mut trial_timer: Option<(TrialWait, Timer)> = None;
    let mut open = FuturesUnordered::new();
    let mut background = engine.background.drive();
    let mut is_first_round = true;
    if let Some(session) = &run.session {
        let proofs = lock(session).proofs().to_vec();
        let shared = lock(&engine.shared);
        let holds = |kept: &&KeptProof| shared.broken_since(&kept.spec, kept.kind, kept.seen).is_none();
        proofs.iter().filter(holds).for_each(|kept| inquiry.prove(&kept.spec, kept.kind, &kept.proof));
    }
    loop {
        let first_asked = start_questions(&engine, &mut inquiry, &run, &mut open);
        // What an earlier stage has begun to wait for does not get its whole time again.
        if let (true, Some(first_asked), Some(time)) = (is_first_round, first_asked, run.per_question) {
            let sooner = later(first_asked, time);
            if sooner < deadline {
                deadline = sooner;
                deadline_timer = fetcher.clock.sleep_until(deadline);
            }
        }
        is_first_round = false;
        match wait_for {
            WaitFor::DecisiveLists => inquiry.drop_irrelevant_lists(),
            WaitFor::Advice(awaited) => inquiry.drop_what_cannot_change_advice(awaited),
            WaitFor::AllLists | WaitFor::ListsAndHealth => {}
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
        let wait = trial_wait(&mut inquiry, wait_for);
        if let Some(limit) = trial_limit(wait)
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
                return Poll::Ready(Next::TrialOver);
            }
            match open.poll_next_unpin(context) {
                Poll::Ready(Some(answered)) => Poll::Ready(Next::Answer(answered)),
                // No question of this check is open, so only another check's trial can still bring news.
                Poll::Ready(None) if !background.tries_the_resolver() => Poll::Ready(Next::End),
                Poll::Pending | Poll::Ready(None) if wait == TrialWait::No => Poll::Ready(Next::End),
                Poll::Pending | Poll::Ready(None) => {
                    let timer = trial_timer.as_mut().filter(|(of, _)| *of == wait);
                    let is_over = timer.is_some_and(|(_, timer)| timer.as_mut().poll(context).is_ready());
                    if is_over || deadline_timer.as_mut().poll(context).is_ready() {
                        Poll::Ready(Next::End)
                    } else {
                        Poll::Pending
                    }
                }
            }
        });
        match next.await {
            Next::Answer(Answered { ticket, sent, answer, source }) => {
                let now = fetcher.clock.now();
                let took = now.saturating_duration_since(sent);
                if let (Some(session), Some(question)) = (&run.session, inquiry.question(ticket)) {
                    lock(session).learn(question, &answer, now);
                }
                inquiry.supply_from(ticket, answer, source, took);
            }
            Next::TrialOver => {}
            Next::End => break,
        }
    }
    // Unanswered questions end here, unless another check waits for them too.
    let now = fetcher.clock.now();
    if let Some(session) = &run.session {
        let mut session = lock(session);
        for question in open.iter().filter_map(|open: &Pending| inquiry.question(open.ticket)) {
            if now >= deadline {
                session.give_up(question, now);
            } else {
                session.cancel(question);
            }
        }
        session.settle();
    }
    drop(open);
    let Finished { report, workspace, events, invalidated, .. } = {
        // Under the lock of the state: answers to our own questions are applied in the order in which checks take them, and
        // the time of the next trial always fits the latest state.
        let mut shared = lock(&engine.shared);
        let own_answers = fetcher.take_own_answers();
        let finished = inquiry.conclude(Failure::Deadline, started, now, &mut shared, own_answers);
        fetcher.set_next_trial(shared.next_trial());
        finished
    };
    fetcher.workspaces.give_back(workspace);
    // First the cache, then the count of changes: whoever sees the new count also sees that the cached answers are gone.
    invalidated.zones.iter().for_each(|zone| fetcher.cache.invalidate(zone));
    if invalidated.everything {
        fetcher.cache.invalidate_all();
    }
    if invalidated.summaries {
        fetcher.changes.fetch_add(1, Ordering::AcqRel);
    }
    cache_verdicts(&fetcher.cache, &report, started, now, epoch);
    fetcher.listeners.tell(events);
    report
}

/// The answer to one of the inquiry's questions.
struct Answered {
    ticket: QuestionId,
    sent: Instant,
    answer: Answer,
    source: Source,
}

/// What ended one wait.
enum Next {
    Answer(Answered),
    /// The resolver's trial, started by another check, is over.
    TrialOver,
    End,
}

/// How long the check still waits, should only the resolver's trial be missing.
fn trial_wait(inquiry: &mut Inquiry, wait_for: WaitFor) -> TrialWait {
    let with_health = wait_for == WaitFor::ListsAndHealth;
    if !inquiry.is_done_mut() || with_health && inquiry.is_asking_lists_about_themselves() {
        return TrialWait::ToTheEnd;
    }
    match inquiry.waits_for_trial() {
        // A tool that reports health waits until it is clear whether the resolver or a list is at fault.
        TrialWait::No | TrialWait::Briefly if with_health && inquiry.accuses_while_on_trial() => {
            TrialWait::WhileAccusationsAreHeld
        }
        wait => wait,
    }
}

/// How long a check waits for the resolver's trial, measured from its start; `None`: no limit but its deadline.
fn trial_limit(wait: TrialWait) -> Option<Duration> {
    match wait {
        TrialWait::Briefly => Some(TRIAL_WAIT),
        TrialWait::WhileAccusationsAreHeld => Some(ACCUSATIONS_HELD),
        TrialWait::No | TrialWait::ToTheEnd => None,
    }
}

/// Starts every question that the inquiry needs now. Cached answers are supplied at once. Returns when the session first asked
/// the newest of them; `None` if nothing was started.
fn start_questions<F: Extend<Pending>>(
    engine: &Arc<Engine>,
    inquiry: &mut Inquiry,
    run: &Run,
    open: &mut F,
) -> Option<Instant> {
    let fetcher = &engine.fetcher;
    let now = fetcher.clock.now();
    let mut newest = None;
    while let Some(ask) = inquiry.next_ask() {
        if now >= run.deadline && ask.purpose.is_own() {
            inquiry.supply_from(ask.ticket, Answer::failed(Failure::Deadline), Source::Memory, Duration::ZERO);
            continue;
        }
        if !may_ask(engine, inquiry, &ask, now) {
            continue;
        }
        let Ask { ticket, question, purpose, list, .. } = ask;
        // Controls of lists and the resolver's trial are everybody's, not the session's.
        let session = run.session.as_ref().filter(|_| !purpose.is_own());
        let mut asked_at = now;
        let zone = list.as_ref().map(|list| list.spec.zone());
        if let Some(session) = session
            && let Some(validity) = Validity::now(&fetcher.cache, zone)
        {
            let mut session = lock(session);
            if let Some(answer) = session.get(&question, validity, now) {
                inquiry.supply_from(ticket, answer, Source::Memory, Duration::ZERO);
                continue;
            }
            asked_at = session.begin(&question, validity, now);
        }
        let list = list.map(|list| ListTarget {
            number: fetcher.cache.number(list.spec.zone()),
            zone: list.spec.zone().clone(),
            kind: list.kind,
            subject: list.subject,
            daily_limit: list.limit,
        });
        // A cached answer needs no future.
        if let Some(answer) = fetcher.cached(&question, purpose, list.as_ref(), now) {
            if let Some(session) = session {
                lock(session).learn(&question, &answer, now);
            }
            inquiry.supply_from(ticket, answer, Source::Memory, Duration::ZERO);
            continue;
        }
        if now >= run.deadline {
            inquiry.supply_from(ticket, Answer::failed(Failure::Deadline), Source::Memory, Duration::ZERO);
            continue;
        }
        match fetcher.fetch(question, purpose, list) {
            Some(fetching) => {
                newest = newest.max(Some(asked_at));
                if purpose.is_own() {
                    engine.background.keep(&fetching.answer, purpose);
                }
                inquiry.sent(ticket, fetching.answer.query().clone());
                open.extend([Pending { ticket, sent: now, question: fetching.answer, source: fetching.source }]);
            }
            // `Source::Memory`, because nothing was sent: the answer must not count as a question.
            None => {
                let shed = Answer::failed(Failure::Shed);
                inquiry.supply_from(ticket, shed, Source::Memory, Duration::ZERO);
            }
        }
    }
    newest
}

/// One of the inquiry's questions in flight.
struct Pending {
    ticket: QuestionId,
    sent: Instant,
    question: QueryWaiter,
    source: Source,
}

impl Future for Pending {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        let answer = std::task::ready!(Pin::new(&mut self.question).poll(context));
        Poll::Ready(Answered { ticket: self.ticket, sent: self.sent, answer, source: self.source })
    }
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
        cache.insert_verdict(client, verdict, left(ttl), now, epoch);
    }
    if let Some(sender) = report.sender()
        && let (MailDomain::Ok(_), Some(domain), Some(ttl)) = (sender.verdict(), sender.domain(), sender.ttl())
    {
        cache.insert_verdict(&Subject::Domain(domain.clone()), fast_path::DOMAIN_OK, left(ttl), now, epoch);
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

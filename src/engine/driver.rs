//! Asks what a check needs, until it is done or time is up.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
use crate::engine::shared_query::QueryWaiter;
use crate::engine::{Engine, later};
use crate::inquiry::{Ask, Finished, Inquiry, Ticket, TrialWait};
use crate::report::{Report, Source};
use crate::state::ACCUSATIONS_HELD;

/// What rests on an address's existence waits so long for the trial of the resolver, from the beginning of the check: as long
/// as for a question before it is sent again.
const TRIAL_WAIT: Duration = Duration::from_millis(400);

type Timer = BoxFuture<'static, ()>;

/// Is every list waited for?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Every list.
    UntilDone,
    /// Those that can change the outcome.
    UntilSettled,
    /// Every list, and what the lists are asked about themselves on the way.
    WithHealth,
}

/// Drives a whole dialogue. Ends at the deadline at the latest, then with what is known.
pub(crate) async fn run_inquiry(
    engine: Arc<Engine>,
    mut inquiry: Box<Inquiry>,
    deadline: Instant,
    patience: Patience,
) -> Report {
    let fetcher = &engine.fetcher;
    let started = fetcher.clock.now();
    let epoch = fetcher.cache.epoch();
    let mut deadline_timer = fetcher.clock.sleep_until(deadline);
    // Set once only the trial of the resolver is waited for.
    let mut trial_timer: Option<(TrialWait, Timer)> = None;
    let mut open = FuturesUnordered::new();
    let mut background = engine.background.drive();
    loop {
        start_questions(&engine, &mut inquiry, &mut open);
        if patience == Patience::UntilSettled {
            inquiry.settle_lists();
        }
        if !background.tries_the_resolver() {
            inquiry.end_trial_elsewhere();
        }
        let is_settled = inquiry.is_settled();
        let asks_lists = patience == Patience::WithHealth && inquiry.is_asking_lists_about_themselves();
        let wait = if !is_settled || asks_lists {
            TrialWait::ToTheEnd
        } else {
            match inquiry.waits_for_trial() {
                TrialWait::No | TrialWait::Briefly
                    if patience == Patience::WithHealth && inquiry.accuses_while_on_trial() =>
                {
                    TrialWait::WhileAccusationsAreHeld
                }
                wait => wait,
            }
        };
        if let Some(most) = trial_patience(wait)
            && trial_timer.as_ref().is_none_or(|(of, _)| *of != wait)
        {
            trial_timer = Some((wait, fetcher.clock.sleep_until(later(started, most))));
        }
        let next = poll_fn(|context| {
            let tried = background.tries_the_resolver();
            background.poll(context);
            if tried && !background.tries_the_resolver() {
                return Poll::Ready(Next::TrialOver);
            }
            match open.poll_next_unpin(context) {
                Poll::Ready(Some(answered)) => Poll::Ready(Next::Answer(answered)),
                // Nothing open although something is missing: there is nothing to wait for but another check's trial.
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
                let took = fetcher.clock.now().saturating_duration_since(sent);
                inquiry.supply_from(ticket, answer, source, took);
            }
            Next::TrialOver => {}
            Next::End => break,
        }
    }
    drop(open);
    let now = fetcher.clock.now();
    let Finished { report, workspace, events, voided, .. } = {
        let mut standing = lock(&engine.standing);
        let own_answers = fetcher.take_own_answers();
        let finished = inquiry.conclude(Failure::Deadline, started, now, &mut standing, own_answers);
        fetcher.set_next_trial(standing.next_trial());
        finished
    };
    fetcher.workspaces.give_back(workspace);
    voided.zones.iter().for_each(|zone| fetcher.cache.invalidate(zone));
    if voided.everything {
        fetcher.cache.invalidate_all();
    }
    if voided.summaries {
        fetcher.changes.fetch_add(1, Ordering::AcqRel);
    }
    cache_verdicts(&fetcher.cache, &report, started, now, epoch);
    fetcher.listeners.tell(events);
    report
}

/// A question under way, in the end with its answer.
struct Answered {
    ticket: Ticket,
    sent: Instant,
    answer: Answer,
    source: Source,
}

/// What a check waits for.
enum Next {
    Answer(Answered),
    /// The resolver's trial, begun by another check, is over.
    TrialOver,
    End,
}

/// How long, from the beginning of the check, it waits for the trial of the resolver; `None`: by its deadline alone.
fn trial_patience(wait: TrialWait) -> Option<Duration> {
    match wait {
        TrialWait::Briefly => Some(TRIAL_WAIT),
        TrialWait::WhileAccusationsAreHeld => Some(ACCUSATIONS_HELD),
        TrialWait::No | TrialWait::ToTheEnd => None,
    }
}

/// Asks everything that the inquiry wants to know now; what is remembered is answered at once.
fn start_questions<F: Extend<Pending>>(engine: &Arc<Engine>, inquiry: &mut Inquiry, open: &mut F) {
    let fetcher = &engine.fetcher;
    let now = fetcher.clock.now();
    while let Some(ask) = inquiry.next_ask() {
        if !may_ask(engine, inquiry, &ask, now) {
            continue;
        }
        let Ask { ticket, question, purpose, list, .. } = ask;
        let list = list.map(|list| ListTarget {
            number: fetcher.cache.number(list.spec.zone()),
            zone: list.spec.zone().clone(),
            kind: list.kind,
            subject: list.subject,
            daily_limit: list.limit,
        });
        // What is remembered needs no future.
        if let Some(answer) = fetcher.cached(&question, purpose, list.as_ref(), now) {
            inquiry.supply_from(ticket, answer, Source::Memory, Duration::ZERO);
            continue;
        }
        match fetcher.fetch(question, purpose, list) {
            Some(fetching) => {
                if purpose.is_own() {
                    engine.background.keep(&fetching.answer, purpose);
                }
                inquiry.sent(ticket, fetching.answer.query().clone());
                open.extend([Pending { ticket, sent: now, question: fetching.answer, source: fetching.source }]);
            }
            // Nothing was asked, so nothing is counted as asked.
            None => {
                let shed = Answer::failed(Failure::Shed);
                inquiry.supply_from(ticket, shed, Source::Memory, Duration::ZERO);
            }
        }
    }
}

/// A question under way.
struct Pending {
    ticket: Ticket,
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

/// Keeps what was found out about the client's names and the sender's domain, for summaries. The answers it rests on may be
/// as old as the check.
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

/// May this question go out, as far as other checks have left it to this one? Not where the zone of a control was proven
/// meanwhile, and not where a suspicion was followed by another check.
fn may_ask(engine: &Engine, inquiry: &mut Inquiry, ask: &Ask, now: Instant) -> bool {
    if let Some(label) = ask.trial {
        lock(&engine.standing).begin_trial(now, label);
        return true;
    }
    let Some(list) = &ask.list else { return true };
    if list.is_suspicion {
        // Noted, so that other checks do not follow it as well; both questions of this one go out.
        lock(&engine.standing).claim_suspicion(list.spec.zone(), list.kind, now);
        return true;
    }
    if !ask.purpose.is_control() {
        return true;
    }
    let proof = {
        let mut standing = lock(&engine.standing);
        // A list that was left alone: this check is the one that tries it, now that it really asks.
        if !list.takes_proof {
            standing.claim_trial(&list.spec, list.kind, now);
            return true;
        }
        standing.fresh(&list.spec, list.kind, now)
    };
    let Some(proof) = proof else { return true };
    inquiry.prove(&list.spec, list.kind, &proof);
    // Another list may still want the same control.
    !inquiry.is_moot(ask.ticket)
}

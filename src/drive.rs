//! Asks what a check needs, until it is done or time is up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};

use crate::ask::{Asker, ToList};
use crate::dns::{Answer, Failure};
use crate::dnsxl::{Purpose, Subject};
use crate::domain::MailDomain;
use crate::inquiry::{Ask, Inquiry};
use crate::lock::lock;
use crate::memory::{Edition, Memory};
use crate::plan;
use crate::report::{Report, Source};
use crate::standing::Standing;
use crate::step::{Slots, Step, Unit};

/// Is every list waited for?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Every list.
    UntilDone,
    /// Those that can change the outcome.
    UntilSettled,
}

/// Drives a whole dialogue. Ends at the deadline at the latest, then with what is known.
pub(crate) async fn inquiry(
    asker: Arc<Asker>,
    standing: Arc<Mutex<Standing>>,
    mut inquiry: Box<Inquiry>,
    deadline: Instant,
    patience: Patience,
) -> Report {
    let started = asker.clock.now();
    let edition = asker.memory.edition();
    let mut alarm = asker.clock.sleep_until(deadline);
    let mut open = FuturesUnordered::new();
    loop {
        let now = asker.clock.now();
        while let Some(ask) = inquiry.next_ask() {
            if !already_proven(&asker, &standing, &mut inquiry, &ask) {
                let list = ask.list.map(|list| ToList {
                    number: asker.memory.number(&list.zone),
                    zone: list.zone,
                    subject: list.subject,
                    limit: list.limit,
                });
                // What is remembered needs no future.
                match asker.recall(&ask.question, ask.purpose, list.as_ref(), now) {
                    Some(answer) => inquiry.supply_from(ask.ticket, answer, Source::Memory, Duration::ZERO),
                    None => match asker.ask(ask.question, ask.purpose, list) {
                        Some(boarded) => {
                            inquiry.sent(ask.ticket, Arc::clone(boarded.answer.flight()));
                            open.push(async move { (ask.ticket, now, boarded.answer.await, boarded.source) });
                        }
                        // Nothing was asked, so nothing is counted as asked.
                        None => {
                            let shed = Answer::failed(Failure::Shed);
                            inquiry.supply_from(ask.ticket, shed, Source::Memory, Duration::ZERO);
                        }
                    },
                }
            }
        }
        if patience == Patience::UntilSettled {
            inquiry.settle_lists();
        }
        if inquiry.is_settled() {
            break;
        }
        match select(open.next(), &mut alarm).await {
            Either::Left((Some((ticket, sent, answer, source)), _)) => {
                let took = asker.clock.now().saturating_duration_since(sent);
                inquiry.supply_from(ticket, answer, source, took);
            }
            // Nothing open although something is missing: there is nothing to wait for.
            Either::Left((None, _)) | Either::Right(_) => break,
        }
    }
    drop(open);
    let now = asker.clock.now();
    let (report, workspace, events, voided) = {
        let mut standing = lock(&standing);
        let (report, workspace) = inquiry.finish_after(Failure::Deadline, started, now, &standing);
        let (events, voided) = standing.take_in(&report, now);
        (report, workspace, events, voided)
    };
    asker.workspaces.give_back(workspace);
    voided.zones.iter().for_each(|zone| asker.memory.void(zone));
    if voided.everything {
        asker.memory.void_all();
    }
    if voided.summaries {
        asker.changes.fetch_add(1, Ordering::AcqRel);
    }
    remember_verdicts(&asker.memory, &report, started, now, edition);
    asker.listeners.tell(events);
    report
}

/// Keeps what was found out about the client's names and the sender's domain, for summaries. The answers it rests on may be
/// as old as the check.
fn remember_verdicts(memory: &Memory, report: &Report, started: Instant, now: Instant, edition: Edition) {
    if report.resolver_fault().is_some() {
        return;
    }
    let took = now.saturating_duration_since(started);
    let left = |ttl: Duration| ttl.saturating_sub(took);
    if let (Some(client), Some(iprev)) = (report.target(), report.iprev())
        && let (Some(seen), Some(ttl)) = (plan::seen_iprev(iprev), iprev.ttl())
    {
        memory.keep_verdict(client, seen, left(ttl), now, edition);
    }
    if let Some(sender) = report.sender()
        && let (MailDomain::Ok(_), Some(domain), Some(ttl)) = (sender.verdict(), sender.domain(), sender.ttl())
    {
        memory.keep_verdict(&Subject::Domain(domain.clone()), plan::DOMAIN_OK, left(ttl), now, edition);
    }
}

/// Was the zone of a control question proven by another check meanwhile?
fn already_proven(asker: &Asker, standing: &Mutex<Standing>, inquiry: &mut Inquiry, ask: &Ask) -> bool {
    let (Purpose::Control, Some(list)) = (ask.purpose, &ask.list) else { return false };
    let now = asker.clock.now();
    let proof = {
        let mut standing = lock(standing);
        // A list under trial: this check is the one that tries it, now that it really asks.
        if !list.takes_proof {
            standing.claim_trial(&list.zone, list.kind, now);
            return false;
        }
        standing.fresh(&list.zone, list.kind, now)
    };
    let Some(proof) = proof else { return false };
    inquiry.prove(&list.zone, list.kind, &proof);
    // Another list may still want the same control.
    inquiry.is_moot(ask.ticket)
}

/// Drives a single check.
pub(crate) async fn unit<U: Unit>(asker: Arc<Asker>, mut unit: U, deadline: Instant) -> U::Verdict {
    let mut alarm = asker.clock.sleep_until(deadline);
    let mut open = FuturesUnordered::new();
    let mut asked = Slots::EMPTY;
    loop {
        let needed = match unit.step() {
            Step::Done(verdict) => return verdict,
            Step::Need(slots) => slots,
        };
        let mut answered = false;
        for slot in needed.without(asked) {
            asked.insert(slot);
            match unit.question(slot) {
                Some(question) => {
                    let now = asker.clock.now();
                    match asker.recall(&question, Purpose::Dialogue, None, now) {
                        Some(answer) => {
                            unit.supply(slot, answer);
                            answered = true;
                        }
                        None => {
                            if let Some(boarded) = asker.ask(question, Purpose::Dialogue, None) {
                                open.push(async move { (slot, boarded.answer.await) });
                            }
                        }
                    }
                }
                None => {
                    unit.supply(slot, Answer::failed(Failure::Shed));
                    answered = true;
                }
            }
        }
        if answered {
            continue;
        }
        match select(open.next(), &mut alarm).await {
            Either::Left((Some((slot, answer)), _)) => unit.supply(slot, answer),
            Either::Left((None, _)) | Either::Right(_) => return unit.expire(Failure::Deadline),
        }
    }
}

//! Probes: the question `. NS`, which shows whether a server is up and whether it knows OPT records.
//!
//! When a name is not answered, the server may still be up: the servers of that name may be down, and a stranger may have chosen
//! the name. So silence only makes a server suspect, and a suspect server is probed, at most once a second. Only the result of
//! the probe counts. No task is spawned for it: the next question to the server looks at the result.

use std::io;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Id;

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::RecordType;
use crate::resolve::direct::probe_state::{Open, ServerProbe};
use crate::resolve::direct::stats::{DirectCounters, count};
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::pool;
use crate::resolve::direct::udp::query::QueryOutcome;
use crate::resolve::direct::upstream::{Pacing, Server, Upstream};
use crate::resolve::wire::classify::octets_refuse_opt;
use crate::resolve::wire::codec::{AskedName, Edns};

/// A server is probed at most once in this time.
const INTERVAL: Duration = Duration::from_secs(1);
/// Questions are sent without an OPT record for this long; then the server is probed again.
const WITHOUT_OPT: Duration = Duration::from_secs(3_600);

/// The server is suspect: probes it from `runtime`, which polls, unless the last probe was less than [`INTERVAL`] ago.
pub(super) fn suspect(server: &Server, counters: &DirectCounters, runtime: Id, now: Time, patience: Duration) {
    let mut probe = lock(&server.probe);
    look_at(&mut probe, server, runtime, now, patience);
    begin(&mut probe, server, counters, runtime, now, patience);
    note_watched(&probe, server);
}

/// The server to ask first: the first one that is not passed over. `runtime` is the one that polls.
pub(super) fn first_server(upstream: &Upstream, runtime: Id, now: Time) -> usize {
    let is_there = |server: &Server| {
        if !server.known.is_watched() {
            return true;
        }
        look(server, &upstream.counters, runtime, now, upstream.timeouts.resend());
        upstream.pacing == Pacing::Fixed || !lock(&server.rtt).is_passed_over()
    };
    upstream.servers.iter().position(is_there).unwrap_or_default()
}

/// Takes in the result of the probe, and probes again a server that is passed over.
fn look(server: &Server, counters: &DirectCounters, runtime: Id, now: Time, patience: Duration) {
    let mut probe = lock(&server.probe);
    look_at(&mut probe, server, runtime, now, patience);
    let is_over = probe.without_opt.is_some_and(|since| now.since(since) >= WITHOUT_OPT);
    if is_over || lock(&server.rtt).is_passed_over() {
        begin(&mut probe, server, counters, runtime, now, patience);
    }
    note_watched(&probe, server);
}

fn note_watched(probe: &ServerProbe, server: &Server) {
    let watched = probe.open.is_some() || probe.without_opt.is_some() || lock(&server.rtt).is_passed_over();
    server.known.watched.store(watched, Ordering::Relaxed);
}

/// Takes in the result of the probe in flight.
fn look_at(probe: &mut ServerProbe, server: &Server, runtime: Id, now: Time, patience: Duration) {
    let Some(open) = &mut probe.open else { return };
    if open.unsent {
        if open.query.send().is_err() {
            return;
        }
        (open.unsent, open.sent, open.due) = (false, now, now + patience);
    }
    let mut refused = false;
    let waker = Waker::noop();
    match open.query.poll(&mut Context::from_waker(waker), open.due, |response| refused = octets_refuse_opt(response)) {
        Poll::Ready(QueryOutcome::Response((), at) | QueryOutcome::OtherCase(at)) => {
            lock(&server.rtt).answered(at.since(open.sent), at);
            server.admission.answered(open.sent, at, None);
            server.known.without_opt.store(refused, Ordering::Relaxed);
            probe.without_opt = refused.then_some(now);
            probe.open = None;
        }
        // RFC 6891 §6.2.2: silence says nothing about OPT records. A late answer still counts.
        Poll::Ready(QueryOutcome::Overdue) => lock(&server.rtt).probe_lost(open.sent),
        // A network error, or a socket that was given up: not the silence of the server.
        Poll::Ready(QueryOutcome::Failed(_) | QueryOutcome::Lost) => probe.open = None,
        // The runtime that sent it has stopped, so nothing reads its socket.
        Poll::Pending if open.runtime != runtime && now >= open.due => probe.open = None,
        Poll::Pending => {}
    }
}

/// Sends a probe, unless the last one was less than [`INTERVAL`] ago.
fn begin(
    probe: &mut ServerProbe,
    server: &Server,
    counters: &DirectCounters,
    runtime: Id,
    now: Time,
    patience: Duration,
) {
    if probe.last.is_some_and(|last| now.since(last) < INTERVAL) {
        return;
    }
    probe.last = Some(now);
    let (root, due) = (Name::root(), now + patience);
    let entered = pool::enter(&server.pool, AskedName::Name(&root), RecordType::Ns, Edns::Yes, runtime, now, due);
    let Ok((query, sent)) = entered else { return };
    if let Err(error) = &sent
        && error.kind() != io::ErrorKind::WouldBlock
    {
        return;
    }
    count(&counters.probes);
    probe.open = Some(Open { query, runtime, unsent: sent.is_err(), sent: now, due });
    // The first poll sets the timer.
    look_at(probe, server, runtime, now, patience);
}

//! Questions of our own to a server, `. NS`: is it there, and does it know OPT records?
//!
//! What a stranger's names do says nothing about a server that all share: a name can be silent because its own servers are. Such
//! silence makes the server suspect, and then it is asked this question, at most once a second. Only that answer, or that silence,
//! counts. Nothing is spawned for it: whoever asks next looks what came.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Id;
use tokio::time::Instant;

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::RecordType;
use crate::resolve::direct::Server;
use crate::resolve::direct::parse::refuses_opt;
use crate::resolve::direct::query_codec::{Asked, Edns};
use crate::resolve::direct::stats::{Counters, count};
use crate::resolve::direct::udp::pool;
use crate::resolve::direct::udp::query::{Outcome, Ticket};

/// How often a server is asked at most.
const INTERVAL: Duration = Duration::from_secs(1);
/// For so long questions leave without an OPT record before the server is asked again whether it knows them now.
const WITHOUT_OPT: Duration = Duration::from_secs(3_600);

/// What our own questions have shown of one server.
#[derive(Default)]
pub(super) struct Known {
    /// It did not know OPT records when it was last asked.
    without_opt: AtomicBool,
    /// There is something to look at: a question is out, or the server is passed over.
    watched: AtomicBool,
}

/// The question that is out, and when the last one was.
#[derive(Default)]
pub(super) struct Probe {
    open: Option<Open>,
    last: Option<Instant>,
    without_opt: Option<Instant>,
}

struct Open {
    ticket: Ticket,
    runtime: Id,
    /// Its socket, just opened, has not taken it yet.
    unsent: bool,
    sent: Instant,
    due: Instant,
}

impl Known {
    pub(super) fn edns(&self) -> Edns {
        if self.without_opt.load(Ordering::Relaxed) { Edns::No } else { Edns::Yes }
    }

    /// Nearly always there is nothing to look at.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }
}

/// The server is suspect: asks it, unless that was done a moment ago.
pub(super) fn suspect(server: &Server, counters: &Counters, runtime: Id, now: Instant, patience: Duration) {
    let mut probe = lock(&server.probe);
    look_at(&mut probe, server, runtime, now, patience);
    begin(&mut probe, server, counters, runtime, now, patience);
    watch(&probe, server);
}

/// Looks what has come since, and asks a server again that is passed over.
pub(super) fn look(server: &Server, counters: &Counters, runtime: Id, now: Instant, patience: Duration) {
    let mut probe = lock(&server.probe);
    look_at(&mut probe, server, runtime, now, patience);
    let is_over = probe.without_opt.is_some_and(|since| now.saturating_duration_since(since) >= WITHOUT_OPT);
    if is_over || lock(&server.pace).is_passed_over() {
        begin(&mut probe, server, counters, runtime, now, patience);
    }
    watch(&probe, server);
}

fn watch(probe: &Probe, server: &Server) {
    let watched = probe.open.is_some() || probe.without_opt.is_some() || lock(&server.pace).is_passed_over();
    server.known.watched.store(watched, Ordering::Relaxed);
}

/// Takes in what became of the question that is out.
fn look_at(probe: &mut Probe, server: &Server, runtime: Id, now: Instant, patience: Duration) {
    let Some(open) = &mut probe.open else { return };
    if open.unsent {
        if open.ticket.send().is_err() {
            return;
        }
        (open.unsent, open.sent, open.due) = (false, now, now + patience);
    }
    let mut refused = false;
    let waker = Waker::noop();
    match open.ticket.poll(&mut Context::from_waker(waker), open.due, |response| refused = refuses_opt(response)) {
        Poll::Ready(Outcome::Response((), came) | Outcome::OtherCase(came)) => {
            lock(&server.pace).heard(came.saturating_duration_since(open.sent), came);
            server.gate.heard(open.sent, came, open.runtime);
            server.known.without_opt.store(refused, Ordering::Relaxed);
            probe.without_opt = refused.then_some(now);
            probe.open = None;
        }
        // RFC 6891 §6.2.2: silence says nothing about OPT records. A late answer still counts.
        Poll::Ready(Outcome::Overdue) => lock(&server.pace).is_gone(open.sent),
        // The network's word, or a socket that was given up: no silence.
        Poll::Ready(Outcome::Failed(_) | Outcome::Lost) => probe.open = None,
        // Another runtime stands still, and nobody reads there.
        Poll::Pending if open.runtime != runtime && now >= open.due => probe.open = None,
        Poll::Pending => {}
    }
}

/// Asks, unless that was done a moment ago.
fn begin(probe: &mut Probe, server: &Server, counters: &Counters, runtime: Id, now: Instant, patience: Duration) {
    if probe.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
        return;
    }
    probe.last = Some(now);
    let (root, due) = (Name::root(), now + patience);
    let entered = pool::enter(&server.pool, Asked::Name(&root), RecordType::Ns, Edns::Yes, runtime, now, due);
    let Ok((ticket, sent)) = entered else { return };
    if let Err(error) = &sent
        && error.kind() != io::ErrorKind::WouldBlock
    {
        return;
    }
    count(&counters.probes);
    probe.open = Some(Open { ticket, runtime, unsent: sent.is_err(), sent: now, due });
    // Sets the alarm.
    look_at(probe, server, runtime, now, patience);
}

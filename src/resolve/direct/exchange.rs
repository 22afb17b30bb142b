//! One question to several servers: sends, re-sends, fail-over, TCP, and which failure to return.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::dns::{Answer, Failure, Question};
use crate::resolve::direct::first_look::{FirstLook, first_look};
use crate::resolve::direct::stats::count;
use crate::resolve::direct::udp::pool;
use crate::resolve::direct::udp::query::{Outcome, UdpQuery};
use crate::resolve::direct::upstream::{Pacing, Server, Upstream};
use crate::resolve::direct::{probe, tcp};
use crate::resolve::failure_rank::{another_server_may_know, io_failure, rank};
use crate::resolve::wire::classify::{Chain, Classified, octets_refuse_opt, read};
use crate::resolve::wire::codec::{self, Asked, Edns};

/// How often one question may lose its socket to a flood of wrong datagrams before it fails.
const MOST_LOST: u32 = 8;

/// Asks until the question is answered, every server has failed, or the deadline has passed.
pub(super) async fn ask(upstream: &Upstream, question: &Question) -> Answer {
    let Some(runtime) = runtime_here() else {
        return Answer::failed(Failure::Network);
    };
    let begin = Instant::now();
    let end = begin + upstream.timeouts.total();
    let mut first = upstream.first_server(runtime, begin);
    let place = match upstream.servers.get(first) {
        Some(server) => server.admission.enter(question.chooser(), runtime, begin, end).await,
        None => None,
    };
    let Some((_place, mut now)) = place else {
        return Answer::failed(Failure::Overload);
    };
    let mut chain = None;
    loop {
        // This ends: each iteration adds at least one link to a chain of limited length.
        let mut round = Round::new(upstream, question, chain, runtime, first, end);
        match round.run(now).await {
            (Classified::Answer(answer), _) => return answer,
            (Classified::Chase(longer), server) => (chain, first, now) = (Some(longer), server, Instant::now()),
        }
    }
}

/// A datagram in flight.
struct Send {
    server: usize,
    at: Instant,
    edns: Edns,
    query: UdpQuery,
}

/// A datagram and its outcome.
struct Received {
    server: usize,
    at: Instant,
    edns: Edns,
    outcome: Outcome<FirstLook>,
}

/// The exchange over TCP.
type OverTcp<'a> = BoxFuture<'a, Result<Vec<u8>, Failure>>;

/// What happens next.
enum Event {
    Udp(Received),
    Tcp(usize, Result<Vec<u8>, Failure>),
    Writable,
    Time,
}

/// One name asked of the servers. A set of servers is a 64-bit word: there are at most 64.
struct Round<'a> {
    upstream: &'a Upstream,
    question: &'a Question,
    chain: Option<Box<Chain>>,
    /// The runtime whose sockets are used. Those of another one are never read if that one has stopped.
    runtime: Id,
    asked: u64,
    /// Servers that have failed; no more datagrams are sent there.
    out: u64,
    /// Servers that are asked without an OPT record.
    plain: u64,
    /// The failure so far that says most, and its server.
    failure: Option<(usize, Answer)>,
    /// The first datagram, apart from the later ones to save an allocation. All stay open: a late answer to the first one counts too.
    open: Option<Send>,
    more: Vec<Send>,
    /// Set while the socket is not ready to send the last datagram.
    blocked: Option<(usize, BoxFuture<'static, ()>)>,
    tcp: Vec<(usize, OverTcp<'a>)>,
    /// The next datagram goes to this server, or to the next one after it that has not failed.
    next: usize,
    /// Waits that ended without a response.
    silences: u32,
    /// Sockets that were closed because of wrong datagrams.
    lost: u32,
    wake: Instant,
    /// `wake` is earlier than [`Timeouts::resend`](crate::resolve::Timeouts::resend): a re-send then costs credit.
    early: bool,
    /// The timer while no datagram is in flight; otherwise the timer of its socket is used.
    timer: Option<Pin<Box<Sleep>>>,
    /// This has been polled since the first datagram was sent.
    waits: bool,
    /// The timer of another runtime, where a task waits for the same answer.
    elsewhere: Option<(Id, Pin<Box<Sleep>>)>,
    end: Instant,
}

impl<'a> Round<'a> {
    fn new(
        upstream: &'a Upstream,
        question: &'a Question,
        chain: Option<Box<Chain>>,
        runtime: Id,
        first: usize,
        end: Instant,
    ) -> Self {
        Self {
            upstream,
            question,
            chain,
            runtime,
            asked: 0,
            out: 0,
            plain: 0,
            failure: None,
            open: None,
            more: Vec::new(),
            blocked: None,
            tcp: Vec::new(),
            next: first,
            silences: 0,
            lost: 0,
            wake: end,
            early: false,
            timer: None,
            waits: false,
            elsewhere: None,
            end,
        }
    }

    /// The answer and the server that gave it.
    async fn run(&mut self, now: Instant) -> (Classified, usize) {
        self.send(now, 0);
        while !self.tcp.is_empty() || !self.is_over() {
            match poll_fn(|cx| self.poll(cx)).await {
                Event::Udp(came) => {
                    let server = came.server;
                    if let Some(heard) = self.hear(came) {
                        return (heard, server);
                    }
                }
                Event::Tcp(server, result) => {
                    if let Some(heard) = self.hear_tcp(server, result) {
                        return (heard, server);
                    }
                }
                Event::Writable => self.unblock(),
                Event::Time => {
                    let now = Instant::now();
                    if now >= self.end {
                        break;
                    }
                    if now >= self.wake {
                        self.overdue(now);
                    }
                }
            }
        }
        let told = self.failure.take().map_or(Answer::failed(Failure::Timeout), |(_, told)| told);
        if told.failure() == Some(Failure::Timeout) {
            count(&self.upstream.counters.timeouts);
        }
        (Classified::Answer(told), 0)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let due = self.wake.min(self.end);
        let (question, fresh) = (self.question, self.chain.is_none());
        let first_look = |response: &[u8]| first_look(response, question, fresh);
        if let Some(send) = &mut self.open
            && let Poll::Ready(outcome) = send.query.poll(cx, due, first_look)
        {
            if matches!(outcome, Outcome::Overdue) {
                return Poll::Ready(Event::Time);
            }
            let event = Event::Udp(send.came(outcome));
            self.open = None;
            return Poll::Ready(event);
        }
        for at in 0..self.more.len() {
            if let Some(send) = self.more.get_mut(at)
                && let Poll::Ready(outcome) = send.query.poll(cx, due, first_look)
            {
                if matches!(outcome, Outcome::Overdue) {
                    return Poll::Ready(Event::Time);
                }
                let event = Event::Udp(send.came(outcome));
                self.more.swap_remove(at);
                return Poll::Ready(event);
            }
        }
        for at in 0..self.tcp.len() {
            if let Some((server, exchange)) = self.tcp.get_mut(at)
                && let Poll::Ready(result) = exchange.as_mut().poll(cx)
            {
                let event = Event::Tcp(*server, result);
                drop(self.tcp.swap_remove(at));
                return Poll::Ready(event);
            }
        }
        if let Some((_, writable)) = &mut self.blocked
            && writable.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Event::Writable);
        }
        if self.open.is_some() || !self.more.is_empty() {
            return if std::mem::replace(&mut self.waits, true) { self.poll_elsewhere(cx, due) } else { Poll::Pending };
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(cx).map(|()| Event::Time)
    }

    /// Tasks in several runtimes may wait for one answer. If the runtime that reads the sockets has stopped, the question is sent
    /// again from this one, after the usual wait.
    fn poll_elsewhere(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<Event> {
        let Some(here) = runtime_here().filter(|here| *here != self.runtime) else { return Poll::Pending };
        // A timer may only be polled in its own runtime: another runtime may have shut down, and polling then panics.
        if self.elsewhere.as_ref().is_none_or(|(runtime, _)| *runtime != here) {
            self.elsewhere = Some((here, Box::pin(sleep_until(due))));
        }
        let Some((_, timer)) = &mut self.elsewhere else { return Poll::Pending };
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(cx).map(|()| Event::Time)
    }

    /// Have all servers failed, so that no datagram is sent or expected any more?
    fn is_over(&self) -> bool {
        self.out.count_ones() as usize >= self.upstream.servers.len()
    }

    /// No response has come in time.
    fn overdue(&mut self, now: Instant) {
        if self.is_over() {
            self.wake = self.end; // only TCP is still open
            return;
        }
        let last = self.more.last().or(self.open.as_ref()).map(|send| (send.server, send.at));
        if let Some((server, at)) = last
            && let Some(server) = self.upstream.servers.get(server)
        {
            let mut rtt = lock(&server.rtt);
            if self.early && !rtt.spend() {
                // Many responses are late, so this one is probably late and not lost: wait for the full time.
                self.early = false;
                self.wake = at + self.late();
                return;
            }
            rtt.silent(at);
            let measured = self.upstream.pacing == Pacing::Measured;
            let suspect = measured && rtt.is_suspect(now, self.upstream.timeouts.resend());
            drop(rtt);
            if suspect {
                self.upstream.suspect(server, self.runtime, now);
            }
            server.admission.lost(at, now);
            if !self.early {
                lock(&server.pool).renew(now);
            }
        }
        // RFC 1035 §4.2.1: the datagram may be lost. Ask the next server, and wait twice as long.
        count(&self.upstream.counters.resent);
        if self.early {
            count(&self.upstream.counters.early);
        }
        self.silences += 1;
        self.send(now, 0);
    }

    /// Sends one datagram to the next server in order that has not failed and is not in `unwanted`.
    fn send(&mut self, now: Instant, unwanted: u64) {
        let count = self.upstream.servers.len();
        let mut order = (0..count).map(|step| (self.next + step) % count);
        let Some(at) = order.find(|at| (self.out | unwanted) & bit(*at) == 0) else {
            self.wake = self.end;
            return;
        };
        self.next = (at + 1) % count;
        self.send_to(at, now);
    }

    fn send_to(&mut self, at: usize, now: Instant) {
        let Some(server) = self.upstream.servers.get(at) else { return };
        if self.waits {
            // The task that polls now may run in another runtime than the one that asked first.
            self.runtime = runtime_here().unwrap_or(self.runtime);
        }
        self.asked |= bit(at);
        self.set_wake(server, now);
        let asked = asked(self.question, self.chain.as_deref());
        let (kind, edns) = (self.question.record_type, self.edns(at));
        match pool::enter(&server.pool, asked, kind, edns, self.runtime, now, self.wake.min(self.end)) {
            Ok((query, sent)) => {
                let send = Send { server: at, at: now, edns, query };
                if self.open.is_none() && self.more.is_empty() {
                    self.open = Some(send);
                } else {
                    self.more.push(send);
                }
                self.note_sent(sent);
            }
            Err(error) => self.fail(at, Answer::failed(io_failure(&error))),
        }
    }

    fn edns(&self, server: usize) -> Edns {
        match self.upstream.servers.get(server) {
            Some(it) if self.plain & bit(server) == 0 => it.known.edns(),
            _ => Edns::No,
        }
    }

    /// Sends the last datagram again, for which the socket was not ready before.
    fn unblock(&mut self) {
        if let Some(send) = self.more.last().or(self.open.as_ref()) {
            self.note_sent(send.query.send());
        }
    }

    /// Takes in the result of sending the last datagram.
    fn note_sent(&mut self, sent: std::io::Result<()>) {
        self.blocked = None;
        let Some(send) = self.more.last().or(self.open.as_ref()) else { return };
        let server = send.server;
        match sent {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.blocked = Some((server, send.query.writable()));
            }
            // The same as a datagram lost on the way: it is sent again after the usual wait.
            Err(error) if is_congestion(&error) => {}
            Err(error) => {
                if self.more.pop().is_none() {
                    self.open = None;
                }
                if let Some(server) = self.upstream.servers.get(server) {
                    lock(&server.pool).renew(Instant::now());
                }
                self.fail(server, Answer::failed(io_failure(&error)));
            }
        }
    }

    /// When the datagram sent now counts as lost.
    fn set_wake(&mut self, server: &Server, now: Instant) {
        let late = self.late();
        let patience = match self.upstream.pacing {
            Pacing::Fixed => None,
            Pacing::Measured => lock(&server.rtt).patience(),
        };
        let early = patience.map(|patience| self.doubled(patience)).filter(|early| *early < late);
        self.early = early.is_some();
        self.wake = now + early.unwrap_or(late);
    }

    fn late(&self) -> Duration {
        self.doubled(self.upstream.timeouts.resend())
    }

    /// Each wait is twice the one before.
    fn doubled(&self, wait: Duration) -> Duration {
        wait.saturating_mul(1 << self.silences.min(16))
    }

    /// Takes in the outcome of a datagram; `Some` when the question is answered.
    fn hear(&mut self, came: Received) -> Option<Classified> {
        let Received { server, at: sent, edns, outcome } = came;
        if let Some(it) = self.upstream.servers.get(server)
            && let Outcome::Response(_, came) | Outcome::OtherCase(came) = outcome
        {
            let took = came.saturating_duration_since(sent);
            lock(&it.rtt).heard(took, came);
            it.admission.heard(sent, came, self.runtime);
        }
        match outcome {
            Outcome::Response(FirstLook::Usual(answer), _) => return self.judge(server, Classified::Answer(answer)),
            Outcome::Response(FirstLook::Octets(response), _) if edns == Edns::Yes && octets_refuse_opt(&response) => {
                self.retry_without_opt(server, &response);
            }
            Outcome::Response(FirstLook::Octets(response), _) => {
                return self.judge(server, read(&response, self.question, self.chain.as_deref()));
            }
            // A forged answer cannot come over TCP.
            Outcome::Response(FirstLook::Truncated, _) | Outcome::OtherCase(_) => self.retry_over_tcp(server),
            Outcome::Overdue => {}
            Outcome::Failed(failure) => self.fail(server, Answer::failed(failure)),
            // Another datagram is still in flight. If that one is lost too, it is the last, and the arms below send it again.
            Outcome::Lost if self.open.is_some() || !self.more.is_empty() => {}
            Outcome::Lost if self.lost >= MOST_LOST => self.fail(server, Answer::failed(Failure::Overload)),
            Outcome::Lost => {
                self.lost += 1;
                if self.out & bit(server) == 0 {
                    self.send_to(server, Instant::now());
                }
            }
        }
        None
    }

    fn hear_tcp(&mut self, server: usize, result: Result<Vec<u8>, Failure>) -> Option<Classified> {
        match result {
            // A response that is truncated over TCP cannot be fetched in any other way, and a partial answer is never used.
            Ok(response) if !codec::is_truncated(&response) => {
                self.judge(server, read(&response, self.question, self.chain.as_deref()))
            }
            _ => {
                self.fail(server, Answer::failed(Failure::Truncated));
                None
            }
        }
    }

    /// Takes in what a complete response says.
    fn judge(&mut self, server: usize, heard: Classified) -> Option<Classified> {
        match heard {
            Classified::Answer(answer) if answer.failure().is_some_and(another_server_may_know) => {
                self.fail(server, answer);
                None
            }
            settled => Some(settled),
        }
    }

    /// Asks the same server again without an OPT record, once (RFC 6891 §6.2.2, §7).
    fn retry_without_opt(&mut self, server: usize, refusal: &[u8]) {
        if self.plain & bit(server) == 0 {
            self.plain |= bit(server);
            let now = Instant::now();
            if let Some(it) = self.upstream.servers.get(server) {
                self.upstream.suspect(it, self.runtime, now);
            }
            if let Classified::Answer(answer) = read(refusal, self.question, self.chain.as_deref()) {
                self.note(server, answer);
            }
            if self.out & bit(server) == 0 {
                self.send_to(server, now);
            }
        }
    }

    /// Asks the same server again over TCP (RFC 7766 §5, RFC 2181 §9). No more datagrams go there.
    fn retry_over_tcp(&mut self, at: usize) {
        let Some(server) = self.upstream.servers.get(at).filter(|_| self.out & bit(at) == 0) else { return };
        self.out |= bit(at);
        self.runtime = runtime_here().unwrap_or(self.runtime);
        self.note(at, Answer::failed(Failure::Truncated));
        // The connection chooses the id.
        let asked = asked(self.question, self.chain.as_deref());
        let question = codec::encoded(0, asked, self.question.record_type, self.edns(at));
        self.tcp.push((at, Box::pin(tcp::ask(server, &self.upstream.counters, self.runtime, question, self.end))));
    }

    /// Notes that a server failed, and asks the next one that has not been asked yet.
    fn fail(&mut self, server: usize, answer: Answer) {
        self.out |= bit(server);
        self.note(server, answer);
        if self.upstream.servers.len() > self.asked.count_ones() as usize {
            self.send(Instant::now(), self.asked);
        }
    }

    /// Keeps the failure that says most. Of two equal ones, that of the earlier server in the list is kept, whichever came first.
    fn note(&mut self, server: usize, answer: Answer) {
        let order = |server: usize, answer: &Answer| (rank(answer), std::cmp::Reverse(server));
        if self.failure.as_ref().is_none_or(|(whose, known)| order(server, &answer) > order(*whose, known)) {
            self.failure = Some((server, answer));
        }
    }
}

impl Upstream {
    /// The server to ask first: the first one that is not passed over.
    fn first_server(&self, runtime: Id, now: Instant) -> usize {
        let is_there = |server: &Server| {
            if !server.known.is_watched() {
                return true;
            }
            probe::look(server, &self.counters, runtime, now, self.timeouts.resend());
            self.pacing == Pacing::Fixed || !lock(&server.rtt).is_passed_over()
        };
        self.servers.iter().position(is_there).unwrap_or_default()
    }

    /// A server did not answer, or refused an OPT record: a probe shows whether that is due to the server or to the name asked.
    fn suspect(&self, server: &Server, runtime: Id, now: Instant) {
        probe::suspect(server, &self.counters, runtime, now, self.timeouts.resend());
    }
}

impl Send {
    fn came(&self, outcome: Outcome<FirstLook>) -> Received {
        Received { server: self.server, at: self.at, edns: self.edns, outcome }
    }
}

fn runtime_here() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

/// Is a send queue of the system full (ENOBUFS, on BSD and Linux)?
fn is_congestion(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(55 | 105))
}

fn bit(server: usize) -> u64 {
    1 << (server % 64)
}

fn asked<'a>(question: &'a Question, chain: Option<&'a Chain>) -> Asked<'a> {
    match chain {
        Some(chain) => Asked::Wire(chain.last()),
        None => Asked::Name(&question.name),
    }
}

//! One question to several servers over UDP and TCP. `attempts` decides which server comes next; this sends, and measures.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Id;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::dns::{Answer, Failure, Question};
use crate::resolve::attempts::{AttemptAction, AttemptEvent, Attempts};
use crate::resolve::direct::first_look::{FirstLook, first_look};
use crate::resolve::direct::in_flight::{Arrival, Datagram, InFlight};
use crate::resolve::direct::limit::admission::Permit;
use crate::resolve::direct::runtimes::runtime_here;
use crate::resolve::direct::stats::count;
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::pool;
use crate::resolve::direct::udp::query::QueryOutcome;
use crate::resolve::direct::upstream::{Pacing, Server, Upstream};
use crate::resolve::direct::{probe, tcp};
use crate::resolve::failure_rank::io_failure;
use crate::resolve::wire::classify::{Chain, Classified, octets_refuse_opt, read};
use crate::resolve::wire::codec::{self, AskedName, Edns};

/// How often one question may lose its socket to a flood of wrong datagrams before it fails.
const MOST_LOST: u32 = 8;

/// Asks until the question is answered, every server has failed, or the deadline has passed.
pub(super) fn ask(upstream: Arc<Upstream>, question: Question) -> BoxFuture<'static, Answer> {
    Box::pin(async move {
        let (permit, now, runtime, first, end) = match enter(&upstream, &question).await {
            Ok(entered) => entered,
            Err(failure) => return Answer::failed(failure),
        };
        let mut round = Round {
            upstream: &upstream,
            question: &question,
            permit,
            chain: None,
            runtime,
            attempts: Attempts::new(upstream.servers.len(), first),
            in_flight: InFlight::default(),
            lost: 0,
            wake: end,
            early: false,
            end,
        };
        round.begin(now);
        loop {
            // This ends: each iteration adds at least one link to a chain of limited length.
            match poll_fn(|cx| round.poll_end(cx)).await {
                (Classified::Answer(answer), _) => return answer,
                (Classified::Chase(longer), server) => round.follow(longer, server),
            }
        }
    })
}

/// Waits for a permit. Returns it with the time at which it was granted, the runtime that polls then, the server to ask first, and
/// the deadline.
async fn enter<'a>(
    upstream: &'a Upstream,
    question: &Question,
) -> Result<(Permit<'a>, Time, Id, usize, Time), Failure> {
    let runtime = runtime_here().ok_or(Failure::Network)?;
    let begin = Time::now();
    let end = begin + upstream.timeouts.total();
    let first = probe::first_server(upstream, runtime, begin);
    let server = upstream.servers.get(first).ok_or(Failure::Network)?;
    let entered = server.admission.enter(question.chooser(), runtime, begin, end).await;
    let (permit, now, runtime) = entered.ok_or(Failure::Overload)?;
    Ok((permit, now, runtime.ok_or(Failure::Network)?, first, end))
}

/// One name asked of the servers.
struct Round<'a> {
    upstream: &'a Upstream,
    question: &'a Question,
    permit: Permit<'a>,
    /// Leads to the name; `None` for the name of the question.
    chain: Option<Box<Chain>>,
    /// The runtime that polled when it was last looked up: see [`here`](Self::here).
    runtime: Id,
    attempts: Attempts,
    in_flight: InFlight<'a>,
    /// Sockets that were closed because of wrong datagrams.
    lost: u32,
    /// When the last datagram counts as lost.
    wake: Time,
    /// `wake` is earlier than [`Timeouts::resend`](crate::resolve::Timeouts::resend): a re-send then costs credit.
    early: bool,
    end: Time,
}

impl Round<'_> {
    fn begin(&mut self, now: Time) {
        self.on(AttemptEvent::Start, || now);
    }

    /// Goes on to the end of a CNAME chain.
    #[cold]
    fn follow(&mut self, chain: Box<Chain>, server: usize) {
        self.chain = Some(chain);
        self.attempts = Attempts::new(self.upstream.servers.len(), server);
        self.in_flight.clear();
        (self.lost, self.wake, self.early) = (0, self.end, false);
        self.begin(Time::now());
    }

    /// The answer and the server that gave it.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<(Classified, usize)> {
        while self.in_flight.has_tcp() || !self.attempts.is_over() {
            let (answered, server) = match ready!(self.poll(cx)) {
                Arrival::Udp(datagram, outcome) => (self.on_udp(&datagram, outcome), datagram.server),
                Arrival::Tcp(server, result) => (self.on_tcp(server, result), server),
                Arrival::Writable => {
                    self.send_again();
                    continue;
                }
                Arrival::Time => {
                    let now = Time::now();
                    if now >= self.end {
                        break;
                    }
                    if now >= self.wake {
                        self.on_silence(now);
                    }
                    continue;
                }
            };
            if let Some(answered) = answered {
                return Poll::Ready((answered, server));
            }
        }
        let failure = self.attempts.take_failure();
        if failure.failure() == Some(Failure::Timeout) {
            count(&self.upstream.counters.timeouts);
        }
        Poll::Ready((Classified::Answer(failure), 0))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        let (question, fresh) = (self.question, self.chain.is_none());
        let look = |response: &[u8]| first_look(response, question, fresh);
        self.in_flight.poll(cx, self.wake.min(self.end), look)
    }

    /// Does what follows from an event; `Some` when the question is answered.
    fn on(&mut self, event: AttemptEvent, now: impl Fn() -> Time) -> Option<Classified> {
        let mut action = self.attempts.on(event);
        loop {
            action = match action {
                AttemptAction::Send(at) => match self.send(at, now()) {
                    Ok(()) => return None,
                    Err(error) => self.attempts.on(failed(at, io_failure(&error))),
                },
                AttemptAction::AskOverTcp(at) => {
                    self.ask_over_tcp(at);
                    return None;
                }
                AttemptAction::Wait => return None,
                AttemptAction::Done(classified) => return Some(classified),
            }
        }
    }

    /// Takes in the outcome of a datagram; `Some` when the question is answered.
    fn on_udp(&mut self, datagram: &Datagram, outcome: QueryOutcome<FirstLook>) -> Option<Classified> {
        let (QueryOutcome::Response(_, at) | QueryOutcome::OtherCase(at)) = outcome else {
            return self.on_outcome(datagram, outcome);
        };
        let server = self.upstream.servers.get(datagram.server)?;
        lock(&server.rtt).answered(at.since(datagram.sent), at);
        let answered = self.on_outcome(datagram, outcome);
        let permit = matches!(answered, Some(Classified::Answer(_))).then_some(&mut self.permit);
        server.admission.answered(datagram.sent, at, permit);
        answered
    }

    fn on_outcome(&mut self, datagram: &Datagram, outcome: QueryOutcome<FirstLook>) -> Option<Classified> {
        let server = datagram.server;
        let event = match outcome {
            QueryOutcome::Response(FirstLook::Usual(answer), _) => {
                AttemptEvent::Response(server, Classified::Answer(answer))
            }
            QueryOutcome::Response(FirstLook::Octets(response), _)
                if datagram.edns == Edns::Yes && octets_refuse_opt(&response) =>
            {
                return self.on_refused_opt(server, &response);
            }
            QueryOutcome::Response(FirstLook::Octets(response), _) => {
                AttemptEvent::Response(server, self.read(&response))
            }
            // A forged answer cannot come over TCP.
            QueryOutcome::Response(FirstLook::Truncated, _) | QueryOutcome::OtherCase(_) => {
                AttemptEvent::Truncated(server)
            }
            QueryOutcome::Overdue => return None,
            QueryOutcome::Failed(failure) => failed(server, failure),
            // Another datagram is still in flight. If that one is lost too, it is the last, and the arms below send it again.
            QueryOutcome::Lost if self.in_flight.has_datagrams() => return None,
            QueryOutcome::Lost if self.lost >= MOST_LOST => failed(server, Failure::Overload),
            QueryOutcome::Lost if self.attempts.is_out(server) => return None,
            QueryOutcome::Lost => {
                self.lost += 1;
                match self.send(server, Time::now()) {
                    Ok(()) => return None,
                    Err(error) => failed(server, io_failure(&error)),
                }
            }
        };
        self.on(event, Time::now)
    }

    /// The server does not know OPT records, or not for this name: a probe shows which.
    #[cold]
    fn on_refused_opt(&mut self, at: usize, response: &[u8]) -> Option<Classified> {
        if self.attempts.uses_opt(at) {
            self.suspect(at, Time::now());
        }
        match self.read(response) {
            Classified::Answer(answer) => self.on(AttemptEvent::RefusedOpt(at, answer), Time::now),
            Classified::Chase(_) => None, // an error has no chain
        }
    }

    #[cold]
    fn on_tcp(&mut self, server: usize, result: Result<Vec<u8>, Failure>) -> Option<Classified> {
        let event = match result {
            Ok(response) if !codec::is_truncated(&response) => AttemptEvent::Response(server, self.read(&response)),
            // A response that is truncated over TCP cannot be fetched in any other way, and a partial answer is never used.
            _ => failed(server, Failure::Truncated),
        };
        self.on(event, Time::now)
    }

    /// No response has come in time.
    #[cold]
    fn on_silence(&mut self, now: Time) {
        if self.attempts.is_over() {
            self.wake = self.end; // only TCP is still open
            return;
        }
        let last = self.in_flight.last().map(|datagram| (datagram.server, datagram.sent));
        if let Some((at, sent)) = last
            && let Some(server) = self.upstream.servers.get(at)
        {
            let mut rtt = lock(&server.rtt);
            if self.early && !rtt.spend() {
                // Many responses are late, so this one is probably late and not lost: wait for the full time.
                self.early = false;
                self.wake = sent + self.attempts.wait(self.upstream.timeouts.resend());
                return;
            }
            rtt.silent(sent);
            let measured = self.upstream.pacing == Pacing::Measured;
            let suspect = measured && rtt.is_suspect(now, self.upstream.timeouts.resend());
            drop(rtt);
            if suspect {
                self.suspect(at, now);
            }
            server.admission.lost(sent, now);
            if !self.early {
                lock(&server.pool).renew(now);
            }
        }
        count(&self.upstream.counters.resent);
        if self.early {
            count(&self.upstream.counters.early);
        }
        self.on(AttemptEvent::Silence, || now);
    }

    /// The runtime that polls. After a wait it may be another one than before: one that asked first, and has stopped since, does
    /// not read its sockets.
    fn here(&mut self) -> Option<Id> {
        if self.in_flight.has_waited() {
            self.runtime = runtime_here()?;
        }
        Some(self.runtime)
    }

    /// Sends one datagram to a server.
    fn send(&mut self, at: usize, now: Time) -> io::Result<()> {
        let Some(server) = self.upstream.servers.get(at) else { return Ok(()) };
        let runtime = self.here().ok_or(io::ErrorKind::NotConnected)?;
        self.set_wake(server, now);
        let (kind, edns) = (self.question.record_type, self.edns(at));
        let due = self.wake.min(self.end);
        let (query, sent) = pool::enter(&server.pool, self.asked(), kind, edns, runtime, now, due)?;
        self.in_flight.push(Datagram { server: at, sent: now, edns, query });
        self.note_sent(sent)
    }

    /// Sends the last datagram again, for which the socket was not ready before.
    #[cold]
    fn send_again(&mut self) {
        let Some(last) = self.in_flight.last() else { return };
        let (server, sent) = (last.server, last.query.send());
        if let Err(error) = self.note_sent(sent) {
            self.on(failed(server, io_failure(&error)), Time::now);
        }
    }

    /// Takes in the result of sending the last datagram.
    fn note_sent(&mut self, sent: io::Result<()>) -> io::Result<()> {
        self.in_flight.set_not_ready(None);
        sent.or_else(|error| self.on_unsent(error))
    }

    #[cold]
    fn on_unsent(&mut self, error: io::Error) -> io::Result<()> {
        let Some(last) = self.in_flight.last() else { return Err(error) };
        if error.kind() == io::ErrorKind::WouldBlock {
            let writable = last.query.writable();
            self.in_flight.set_not_ready(Some(writable));
            return Ok(());
        }
        // The same as a datagram lost on the way: it is sent again after the usual wait.
        if is_congestion(&error) {
            return Ok(());
        }
        if let Some(server) = self.upstream.servers.get(last.server) {
            lock(&server.pool).renew(Time::now());
        }
        self.in_flight.remove_last();
        Err(error)
    }

    /// Sets when the datagram sent now counts as lost.
    fn set_wake(&mut self, server: &Server, now: Time) {
        let late = self.attempts.wait(self.upstream.timeouts.resend());
        let patience = match self.upstream.pacing {
            Pacing::Fixed => None,
            Pacing::Measured => lock(&server.rtt).patience(),
        };
        let early = patience.map(|patience| self.attempts.wait(patience)).filter(|early| *early < late);
        self.early = early.is_some();
        self.wake = now + early.unwrap_or(late);
    }

    #[cold]
    fn ask_over_tcp(&mut self, at: usize) {
        let Some(server) = self.upstream.servers.get(at) else { return };
        // The connection chooses the id.
        let question = codec::encoded(0, self.asked(), self.question.record_type, self.edns(at));
        let (counters, patience) = (&self.upstream.counters, self.upstream.timeouts.resend());
        let exchange = tcp::ask(server, counters, question, patience, self.end);
        self.in_flight.push_tcp(at, Box::pin(exchange));
    }

    /// Does a question to this server have an OPT record?
    fn edns(&self, at: usize) -> Edns {
        match self.upstream.servers.get(at) {
            Some(server) if self.attempts.uses_opt(at) => server.known.edns(),
            _ => Edns::No,
        }
    }

    /// The name to ask for.
    fn asked(&self) -> AskedName<'_> {
        match &self.chain {
            Some(chain) => AskedName::Wire(chain.last()),
            None => AskedName::Name(&self.question.name),
        }
    }

    fn read(&self, response: &[u8]) -> Classified {
        read(response, self.question, self.chain.as_deref())
    }

    /// A server did not answer, or refused an OPT record: a probe shows whether that is due to the server or to the name asked.
    fn suspect(&mut self, at: usize, now: Time) {
        let (upstream, here) = (self.upstream, self.here());
        if let Some((server, runtime)) = upstream.servers.get(at).zip(here) {
            probe::suspect(server, &upstream.counters, runtime, now, upstream.timeouts.resend());
        }
    }
}

fn failed(server: usize, failure: Failure) -> AttemptEvent {
    AttemptEvent::Failed(server, Answer::failed(failure))
}

/// Is a send queue of the system full (ENOBUFS, on BSD and Linux)?
fn is_congestion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(55 | 105))
}

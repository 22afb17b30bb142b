//! One question to several servers over hickory's sockets. `attempts` decides which server comes next; this sends.

use std::net::SocketAddr;

use futures::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::net::NetError;
use hickory_resolver::net::tcp::TcpClientStream;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::net::xfer::{DnsHandle, DnsRequestSender, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Edns, Message, Query};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::base::clock::BoxFuture;
use crate::dns::{Answer, Failure, Question};
use crate::resolve::attempts::{AttemptAction, AttemptEvent, Attempts};
use crate::resolve::failure_rank::io_failure;
use crate::resolve::stub::socket::{BareRefusal, Provider};
use crate::resolve::timeouts::Timeouts;
use crate::resolve::wire::classify::{Chain, Classified, classify, failure_of, refuses_opt};
use crate::resolve::wire::codec::MAX_PAYLOAD;
use crate::resolve::wire::rdata::kind_to_wire;

/// Asks until the question is answered, every server has failed, or the deadline has passed.
pub(crate) async fn ask(
    addresses: &[SocketAddr],
    timeouts: Timeouts,
    provider: &Provider,
    question: &Question,
) -> Answer {
    let Some(mut chain) = Chain::new(question) else {
        return Answer::failed(Failure::Malformed);
    };
    let end = Instant::now() + timeouts.total();
    let mut first = 0;
    loop {
        // This ends: each iteration adds at least one link to a chain of limited length.
        let mut round = Round {
            addresses,
            timeouts,
            provider,
            question,
            chain,
            attempts: Attempts::new(addresses.len(), first),
            open: FuturesUnordered::new(),
            tcp_open: 0,
            wake: end,
            end,
        };
        match round.run().await {
            (Classified::Answer(answer), _) => return answer,
            (Classified::Chase(longer), server) => (chain, first) = (*longer, server),
        }
    }
}

/// The result of one send.
struct StubReply {
    server: usize,
    over_tcp: bool,
    /// The question had an OPT record.
    opt: bool,
    result: Result<DnsResponse, Trouble>,
}

/// Why there is no complete response.
enum Trouble {
    Failed(Failure),
    /// A response code alone, without a question and without an OPT record.
    Bare(u8),
}

/// One name asked of the servers.
struct Round<'a> {
    addresses: &'a [SocketAddr],
    timeouts: Timeouts,
    provider: &'a Provider,
    question: &'a Question,
    chain: Chain,
    attempts: Attempts,
    /// All sends without a response. A late answer to an earlier one counts too.
    open: FuturesUnordered<BoxFuture<'a, StubReply>>,
    tcp_open: usize,
    wake: Instant,
    end: Instant,
}

impl Round<'_> {
    /// The answer and the server that gave it.
    async fn run(&mut self) -> (Classified, usize) {
        self.on(AttemptEvent::Start);
        while self.tcp_open > 0 || !self.attempts.is_over() {
            match timeout_at(self.wake.min(self.end), self.open.next()).await {
                Ok(Some(reply)) => {
                    let server = reply.server;
                    self.tcp_open -= usize::from(reply.over_tcp);
                    if let Some(answered) = self.event(reply).and_then(|event| self.on(event)) {
                        return (answered, server);
                    }
                    continue;
                }
                // Nothing is open: wait as for a server that does not answer.
                Ok(None) => sleep_until(self.wake.min(self.end)).await,
                Err(_) => {}
            }
            if Instant::now() >= self.end {
                break;
            }
            if self.attempts.is_over() {
                self.wake = self.end; // only TCP is still open
            } else {
                self.on(AttemptEvent::Silence);
            }
        }
        (Classified::Answer(self.attempts.take_failure()), 0)
    }

    /// Does what follows from an event; `Some` when the question is answered.
    fn on(&mut self, event: AttemptEvent) -> Option<Classified> {
        match self.attempts.on(event) {
            AttemptAction::Send(server) => {
                self.wake = Instant::now() + self.attempts.wait(self.timeouts.resend());
                self.send(server, false);
            }
            AttemptAction::AskOverTcp(server) => {
                self.tcp_open += 1;
                self.send(server, true);
            }
            AttemptAction::Wait => {}
            AttemptAction::Done(classified) => return Some(classified),
        }
        None
    }

    fn send(&mut self, server: usize, over_tcp: bool) {
        let Some(address) = self.addresses.get(server).copied() else { return };
        let opt = self.attempts.uses_opt(server);
        let (provider, request, end) = (self.provider.clone(), self.request(opt), self.end);
        self.open.push(Box::pin(async move {
            let result = if over_tcp {
                ask_over_tcp(address, provider, request, end).await
            } else {
                ask_over_udp(address, provider, request, end).await
            };
            StubReply { server, over_tcp, opt, result }
        }));
    }

    /// What a reply means; `None` when the deadline has passed, which ends the round anyway.
    fn event(&self, reply: StubReply) -> Option<AttemptEvent> {
        let StubReply { server, over_tcp, opt, result } = reply;
        let failed = |failure| Some(AttemptEvent::Failed(server, Answer::failed(failure)));
        let refused = |code: u16| Some(AttemptEvent::RefusedOpt(server, Answer::failed(failure_of(code))));
        match result {
            Ok(response) if response.truncation && !over_tcp => Some(AttemptEvent::Truncated(server)),
            // A response that is truncated over TCP cannot be fetched in any other way, and a partial answer is never used.
            Ok(response) if response.truncation => failed(Failure::Truncated),
            Err(_) if over_tcp => failed(Failure::Truncated),
            Ok(response) if opt && !over_tcp && refuses_opt(&response) => refused(response.response_code.into()),
            Ok(response) => {
                Some(AttemptEvent::Response(server, classify(&response, self.question, self.chain.clone())))
            }
            Err(Trouble::Bare(code @ (1 | 4))) if opt => refused(code.into()),
            Err(Trouble::Failed(Failure::Timeout)) => None,
            Err(Trouble::Failed(failure)) => failed(failure),
            Err(Trouble::Bare(code)) => failed(failure_of(code.into())),
        }
    }

    /// The question as a message, with an id of its own.
    fn request(&self, opt: bool) -> DnsRequest {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        // RFC 6840 §5.7: asks for the AD bit without the DNSSEC records.
        message.metadata.authentic_data = true;
        message.add_query(Query::query(self.chain.last().clone(), kind_to_wire(self.question.record_type)));
        if opt {
            let mut edns = Edns::new();
            edns.set_max_payload(u16::try_from(MAX_PAYLOAD).unwrap_or(u16::MAX));
            message.set_edns(edns);
        }
        DnsRequest::new(message, DnsRequestOptions::default())
    }
}

/// One datagram, and the response to it. Dropping it closes the socket.
async fn ask_over_udp(
    to: SocketAddr,
    provider: Provider,
    request: DnsRequest,
    end: Instant,
) -> Result<DnsResponse, Trouble> {
    let left = end.saturating_duration_since(Instant::now());
    let stream = UdpClientStream::builder(to, provider).with_timeout(Some(left)).with_max_retries(1);
    stream.build().send_message(request).first_answer().await.map_err(|error| trouble(&error))
}

/// One connection, one question, one response to that question.
async fn ask_over_tcp(
    to: SocketAddr,
    provider: Provider,
    request: DnsRequest,
    end: Instant,
) -> Result<DnsResponse, Trouble> {
    let asked = request.queries.clone();
    let left = end.saturating_duration_since(Instant::now());
    let exchange = async {
        let connection = TcpClientStream::exchange(to, None, left, None, provider).await?;
        connection.send(request).first_answer().await
    };
    match timeout_at(end, exchange).await {
        // The library compares only the id over TCP.
        Ok(Ok(response)) if response.queries == asked => Ok(response),
        Ok(Ok(_)) => Err(Trouble::Failed(Failure::Unrelated)),
        Ok(Err(error)) => Err(trouble(&error)),
        Err(_) => Err(Trouble::Failed(Failure::Timeout)),
    }
}

/// Keeps a bare response code without an OPT record apart from all other errors.
fn trouble(error: &NetError) -> Trouble {
    match bare_refusal(error) {
        Some(BareRefusal { code, opt: false }) if *code != 3 => Trouble::Bare(*code),
        _ => Trouble::Failed(failure(error)),
    }
}

fn bare_refusal(error: &NetError) -> Option<&BareRefusal> {
    match error {
        NetError::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// The [`Failure`] for an error. The error itself is not passed on: its text may contain the name asked, and so a key.
fn failure(error: &NetError) -> Failure {
    match error {
        NetError::Timeout => Failure::Timeout,
        NetError::Busy | NetError::NoConnections => Failure::Overload,
        NetError::Proto(_) | NetError::Dns(_) => Failure::Malformed,
        NetError::Io(io) => match bare_refusal(error) {
            // NXDOMAIN without a question does not say which name.
            Some(BareRefusal { code: 3, .. }) => Failure::Malformed,
            Some(BareRefusal { code, .. }) => failure_of((*code).into()),
            None => io_failure(io),
        },
        _ => Failure::Network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn errors_of_the_library() {
        let os = |code| failure(&NetError::from(io::Error::from_raw_os_error(code)));
        for ours in [12, 23, 24, 105] {
            assert_eq!(os(ours), Failure::Overload);
        }
        assert_eq!(os(101), Failure::Network);
        assert_eq!(failure(&NetError::Busy), Failure::Overload);
        assert_eq!(failure(&NetError::from(io::Error::from(io::ErrorKind::TimedOut))), Failure::Timeout);
        let bare = |code| failure(&NetError::from(io::Error::other(BareRefusal { code, opt: false })));
        assert_eq!([bare(1), bare(3), bare(5)], [Failure::Rcode(1), Failure::Malformed, Failure::Refused]);
    }
}

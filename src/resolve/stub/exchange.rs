//! One question to several servers: sends, re-sends, fail-over, TCP, and which failure to return.

use std::net::SocketAddr;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::net::NetError;
use hickory_resolver::net::tcp::TcpClientStream;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::net::xfer::{DnsHandle, DnsRequestSender, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Edns, Message, Query};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::base::clock::BoxFuture;
use crate::dns::{Answer, Failure, Question};
use crate::resolve::failure_rank::{another_server_may_know, io_failure, rank};
use crate::resolve::stub::socket::{BareRefusal, Provider};
use crate::resolve::timeouts::Timeouts;
use crate::resolve::wire::classify::{Chain, Classified, classify, failure_of, refuses_opt};
use crate::resolve::wire::rdata::kind_to_wire;

/// The largest response, in octets, that is not fragmented on any usual path (RFC 9715 §3.2 and the DNS flag day of 2020).
const MAX_PAYLOAD: u16 = 1_232;

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
        let round = Round {
            addresses,
            provider,
            question,
            chain,
            servers: addresses.iter().map(|_| ServerProgress::default()).collect(),
            open: FuturesUnordered::new(),
            tcp_open: 0,
            next: first,
            wake: end,
            patience: timeouts.resend(),
            end,
        };
        match round.run().await {
            (Classified::Answer(answer), _) => return answer,
            (Classified::Chase(longer), server) => (chain, first) = (*longer, server),
        }
    }
}

/// The result of one send.
struct Reply {
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

/// The state of one server in this round.
#[derive(Default)]
struct ServerProgress {
    asked: bool,
    /// It has failed; no more datagrams are sent there.
    out: bool,
    /// It is asked without an OPT record.
    plain: bool,
    failure: Option<Answer>,
}

/// One name asked of the servers.
struct Round<'a> {
    addresses: &'a [SocketAddr],
    provider: &'a Provider,
    question: &'a Question,
    chain: Chain,
    servers: Vec<ServerProgress>,
    /// All sends without a response. A late answer to an earlier one counts too.
    open: FuturesUnordered<BoxFuture<'a, Reply>>,
    tcp_open: usize,
    /// The next datagram goes to this server, or to the next one after it that has not failed.
    next: usize,
    wake: Instant,
    patience: Duration,
    end: Instant,
}

impl<'a> Round<'a> {
    /// The answer and the server that gave it.
    async fn run(mut self) -> (Classified, usize) {
        self.send(|_| true);
        while self.tcp_open > 0 || self.servers.iter().any(|progress| !progress.out) {
            match timeout_at(self.wake.min(self.end), self.open.next()).await {
                Ok(Some(reply)) => {
                    if let Some(heard) = self.hear(reply) {
                        return heard;
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
            // RFC 1035 §4.2.1: the datagram may be lost. Ask the next server, and wait twice as long.
            self.patience = self.patience.saturating_mul(2);
            self.send(|_| true);
        }
        (Classified::Answer(self.most_telling()), 0)
    }

    /// Sends one datagram to the next server in order that has not failed and is `wanted`.
    fn send(&mut self, wanted: impl Fn(&ServerProgress) -> bool) {
        let count = self.servers.len();
        let order = (0..count).map(|step| (self.next + step) % count);
        let chosen = order
            .filter(|at| self.servers.get(*at).is_some_and(|progress| !progress.out && wanted(progress)))
            .find_map(|at| Some((at, *self.addresses.get(at)?)));
        let Some((server, address)) = chosen else {
            self.wake = self.end;
            return;
        };
        self.next = (server + 1) % count;
        self.send_to(server, address);
    }

    fn send_to(&mut self, server: usize, address: SocketAddr) {
        let mut opt = true;
        if let Some(progress) = self.servers.get_mut(server) {
            progress.asked = true;
            opt = !progress.plain;
        }
        self.wake = Instant::now() + self.patience;
        let (provider, request, end) = (self.provider.clone(), self.request(opt), self.end);
        self.open.push(Box::pin(async move {
            Reply { server, over_tcp: false, opt, result: over_udp(address, provider, request, end).await }
        }));
    }

    /// Takes in a reply; `Some` when the question is answered.
    fn hear(&mut self, reply: Reply) -> Option<(Classified, usize)> {
        let Reply { server, over_tcp, opt, result } = reply;
        if over_tcp {
            self.tcp_open -= 1;
        }
        match result {
            Ok(response) if response.truncation && !over_tcp => {
                self.retry_over_tcp(server);
                None
            }
            // A response that is truncated over TCP cannot be fetched in any other way, and a partial answer is never used.
            Ok(response) if response.truncation => self.fail(server, Answer::failed(Failure::Truncated)),
            Err(_) if over_tcp => self.fail(server, Answer::failed(Failure::Truncated)),
            Ok(response) if opt && !over_tcp && refuses_opt(&response) => {
                self.retry_without_opt(server, response.response_code.into())
            }
            Err(Trouble::Bare(code @ (1 | 4))) if opt => self.retry_without_opt(server, code.into()),
            Ok(response) => match classify(&response, self.question, self.chain.clone()) {
                Classified::Answer(answer) if answer.failure().is_some_and(another_server_may_know) => {
                    self.fail(server, answer)
                }
                settled => Some((settled, server)),
            },
            // The deadline has passed; `run` ends by itself.
            Err(Trouble::Failed(Failure::Timeout)) => None,
            Err(Trouble::Failed(failure)) => self.fail(server, Answer::failed(failure)),
            Err(Trouble::Bare(code)) => self.fail(server, Answer::failed(failure_of(code.into()))),
        }
    }

    /// Asks the same server again without an OPT record, once (RFC 6891 §6.2.2, §7).
    fn retry_without_opt(&mut self, server: usize, code: u16) -> Option<(Classified, usize)> {
        let progress = self.servers.get_mut(server).filter(|progress| !progress.out && !progress.plain)?;
        progress.plain = true;
        progress.failure = Some(Answer::failed(failure_of(code)));
        let address = self.addresses.get(server).copied()?;
        self.send_to(server, address);
        None
    }

    /// Asks the same server again over TCP (RFC 7766 §5, RFC 2181 §9). No more datagrams go there.
    fn retry_over_tcp(&mut self, server: usize) {
        let Some(progress) = self.servers.get_mut(server).filter(|progress| !progress.out) else {
            return;
        };
        progress.out = true;
        progress.failure = Some(Answer::failed(Failure::Truncated));
        let opt = !progress.plain;
        let Some(address) = self.addresses.get(server).copied() else {
            return;
        };
        self.tcp_open += 1;
        let (provider, request, end) = (self.provider.clone(), self.request(opt), self.end);
        self.open.push(Box::pin(async move {
            Reply { server, over_tcp: true, opt, result: over_tcp(address, provider, request, end).await }
        }));
    }

    /// Notes that a server failed, and asks the next one that has not been asked yet.
    fn fail(&mut self, server: usize, answer: Answer) -> Option<(Classified, usize)> {
        if let Some(progress) = self.servers.get_mut(server) {
            progress.out = true;
            if progress.failure.as_ref().is_none_or(|known| rank(&answer) > rank(known)) {
                progress.failure = Some(answer);
            }
        }
        if self.servers.iter().any(|progress| !progress.asked) {
            self.send(|progress| !progress.asked);
        }
        None
    }

    /// The failure that says most. Of two equal ones, that of the earlier server in the list, whichever came first.
    fn most_telling(self) -> Answer {
        let mut told = Answer::failed(Failure::Timeout);
        for answer in self.servers.into_iter().filter_map(|progress| progress.failure) {
            if rank(&answer) > rank(&told) {
                told = answer;
            }
        }
        told
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
            edns.set_max_payload(MAX_PAYLOAD);
            message.set_edns(edns);
        }
        DnsRequest::new(message, DnsRequestOptions::default())
    }
}

/// One datagram, and the response to it. Dropping it closes the socket.
async fn over_udp(
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
async fn over_tcp(
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
    fn errors_of_the_library_in_our_words() {
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

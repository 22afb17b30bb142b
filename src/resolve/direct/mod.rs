//! A stub resolver of this crate: few octets and system calls per question, and many source ports.

mod entropy;
mod exchange;
mod fast_parse;
mod first_look;
mod in_flight;
mod letter_case;
pub(crate) mod limit;
mod probe;
mod probe_state;
mod rtt;
mod runtime_timers;
mod runtimes;
mod self_polled;
mod shared_timer;
mod stats;
mod tcp;
mod time;
pub(crate) mod udp;
mod upstream;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::dns::{Answer, Question};
use crate::resolve::direct::udp::pool::SocketUsage;
use crate::resolve::direct::upstream::{DirectSettings, Upstream};
use crate::resolve::servers::{ResolverError, Servers, ServersOrigin, impl_servers};
use crate::resolve::timeouts::Timeouts;
use crate::resolve::{BoxFuture, Resolve};

pub use crate::resolve::direct::stats::DirectStats;
pub use crate::resolve::direct::upstream::Pacing;

/// Enough ports that guessing one is hard, and few enough descriptors.
const SOCKETS: usize = 64;
/// A port changes before it is worth finding out. Opening a socket once in 4,096 questions costs next to nothing.
const SOCKET_QUESTIONS: u32 = 4_096;
const SOCKET_AGE: Duration = Duration::from_secs(300);
/// 18,000 questions a second to a resolver that needs 50 ms for each keep 900 in flight. Unbound keeps at most 1,000 waiting
/// questions of one address.
const IN_FLIGHT: usize = 900;
/// With up to this many questions in flight, one socket has about 64 of them; its receive buffer holds 250 answers.
const IN_BURSTS: usize = 4_096;

/// Asks recursive servers over UDP, and over TCP when the answer does not fit. [`Checker::system`](crate::Checker::system) uses it.
///
/// ```no_run
/// use rdnsbl::resolve::{Direct, Resolve};
/// use rdnsbl::{Name, Question, RecordType};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = Direct::system()?; // the servers of /etc/resolv.conf
/// let resolver = Direct::servers(["192.0.2.53:53".parse()?])?; // or given ones
/// let question = Question::new(Name::parse("example.org")?, RecordType::Mx);
/// println!("{}", resolver.resolve(question.clone()).await);
/// # Ok(())
/// # }
/// ```
///
/// It needs a tokio runtime with time and I/O when it is asked, not when it is created. Clones share sockets and counters. Answers
/// and errors never show a secret label, and nothing is logged. The following sections are details.
///
/// # Servers
///
/// * One datagram per question, also with several servers, unless it is lost or a server has no answer.
/// * Servers are asked in order. SERVFAIL, REFUSED, another error code, an unusable response or a network error
///   sends the question to the next server at once. Without a response, it is sent to the next server when the datagram counts as
///   lost (see [`Pacing`]), and to the first one again after the last. Earlier datagrams stay valid: any answer before the deadline counts.
/// * When no server has an answer, the failure that says most is returned: a response rather than a timeout, in whatever order they came.
/// * At most 64 servers are asked: the first 64 of those given.
/// * A change of resolv.conf is not noticed: the host program has to create a new resolver.
///
/// # Questions and answers
///
/// * Names are asked as they are: no search list, no hosts file, no special names, no cache.
/// * NXDOMAIN and NODATA are answers. A CNAME chain that a server leaves unfinished is followed with further questions, at most 16 links in all.
/// * The answer to a question for [`RecordType::Soa`](crate::dns::RecordType::Soa) is NODATA with that SOA record.
/// * Truncated answers, and datagrams larger than 1232 octets, are fetched over TCP from the same server, with the same deadline. A
///   partial answer is never used. Questions share at most 4 connections to a server (RFC 7766), which are closed after 3 seconds
///   without a question. What a server leaves unanswered when it closes one is asked on another.
/// * Questions carry an OPT record (RFC 6891). FORMERR or NOTIMP without one sends the question to the same server once more, without
///   it. If the server says the same about `. NS`, it is asked without an OPT record for an hour.
///
/// # Limits
///
/// * At most 900 questions are in flight to one server ([`with_in_flight`](Self::with_in_flight)), and at most 128 that it may not
///   have read yet: more would overflow the buffer of its socket. Further questions wait, first come first served, each until its
///   own deadline.
/// * A question counts as read when it is answered. With a server that never answers within 10 ms it also counts as read after
///   10 ms, unless the server is silent for twice as long as usual. With any server it counts as read after 5 ms, if another
///   answer came within the last 5 ms. When many are lost, the limit of 128 falls, down to 32.
/// * Only the server asked first counts a question; a question that moves to another server is not counted there.
/// * Questions about names that clients chose ([`Question::chosen_by`]) get half of both limits, and those of one client at most 28
///   at a time.
///
/// # Forged answers
///
/// RFC 5452: questions leave from 64 connected sockets per server, each on a port that the kernel chose at random and used for at
/// most 4,096 questions and 5 minutes, with random ids. The socket is chosen at random; questions asked in the same millisecond, at
/// most 16 in a row, leave from the same one. A response counts only when server, port, id and question match. Everything else is
/// ignored and counted ([`stats`](Self::stats)). A socket that gets 512 wrong datagrams is closed, and its questions are asked from
/// another. [`QueryCase::Random`] makes forging harder still.
///
/// # Runtimes and sockets
///
/// It spawns no tasks: sockets and connections are read in the wakers that the runtime's I/O driver calls. Each runtime that asks
/// has sockets of its own, which stay open between questions and close with the last clone. If several runtimes wait for one answer
/// (as with a [`Checker`](crate::Checker) that is asked the same in two) and the one that asked has stopped, another asks again:
/// at once if that one has shut down, after the usual wait if it stands still. Dropping the future of an answer frees its place; a
/// late response is ignored.
///
/// When a server restarts, the local address changes or a firewall loses its state, this shows as silence or as a network error,
/// and new sockets are opened. When there are no free descriptors, the open sockets serve all questions, and a truncated answer
/// gets the next free descriptor for TCP.
///
/// Little more than one allocation, and one system call each way, per question: `cargo bench --bench compare -- question` compares
/// it with a bare loop of system calls and with hickory's resolver.
#[derive(Clone)]
pub struct Direct {
    servers: Servers,
    settings: DirectSettings,
    upstream: Arc<Upstream>,
}

/// The case of letters in questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryCase {
    /// Lower case as in [`Name`](crate::base::name::Name); responses may change it.
    #[default]
    Lower,
    /// Each letter in random case ("0x20"), which is one more bit to guess per letter. A response in another case is not believed:
    /// the question is asked again over TCP, and [`DirectStats::other_case`] counts it. Do not use this with servers that never
    /// keep the case.
    Random,
}

impl_servers!(Direct);

impl Direct {
    fn new(servers: Servers) -> Self {
        let settings = DirectSettings {
            timeouts: Timeouts::default(),
            pacing: Pacing::default(),
            in_flight: IN_FLIGHT,
            usage: SocketUsage {
                sockets: SOCKETS,
                questions: SOCKET_QUESTIONS,
                age: SOCKET_AGE,
                exact_case: false,
                in_bursts: true,
            },
        };
        let upstream = Arc::new(Upstream::new(&servers, settings));
        Self { servers, settings, upstream }
    }

    /// Starts anew with other settings: measurements, sockets and counters stay with the old value and its clones.
    fn with(self, change: impl FnOnce(&mut DirectSettings)) -> Self {
        let mut settings = self.settings;
        change(&mut settings);
        let upstream = Arc::new(Upstream::new(&self.servers, settings));
        Self { servers: self.servers, settings, upstream }
    }

    /// The same servers, with these timeouts.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|settings| settings.timeouts = timeouts)
    }

    /// The same servers; this decides when a datagram counts as lost.
    #[must_use]
    pub fn with_pacing(self, pacing: Pacing) -> Self {
        self.with(|settings| settings.pacing = pacing)
    }

    /// The same servers; questions are written in this case.
    #[must_use]
    pub fn with_case(self, case: QueryCase) -> Self {
        self.with(|settings| settings.usage.exact_case = case == QueryCase::Random)
    }

    /// The same servers, with at most this many questions in flight to each, from 1 to 10,000. The default is 900. The limit for
    /// questions that a server has not read yet stays the same.
    #[must_use]
    pub fn with_in_flight(self, questions: usize) -> Self {
        self.with(|settings| {
            settings.in_flight = questions.clamp(1, 10_000);
            // Larger numbers are spread evenly: the buffer of one socket holds only about 250 answers.
            settings.usage.in_bursts = questions <= IN_BURSTS;
        })
    }

    /// The same servers, asked from this many sockets each, from 1 to 1,024.
    #[must_use]
    pub fn with_sockets(self, sockets: usize) -> Self {
        self.with(|settings| settings.usage.sockets = sockets.clamp(1, 1_024))
    }

    /// The same servers; a socket is used for at most this many questions (at least 1) and this long (at most one hour).
    #[must_use]
    pub fn with_socket_life(self, questions: u32, age: Duration) -> Self {
        self.with(|settings| {
            settings.usage.questions = questions.max(1);
            settings.usage.age = age.min(Duration::from_secs(3_600));
        })
    }

    /// The timeouts.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.settings.timeouts
    }

    /// Counts of what this resolver and its clones have done so far.
    #[must_use]
    pub fn stats(&self) -> DirectStats {
        self.upstream.counters.read()
    }
}

impl Resolve for Direct {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        exchange::ask(Arc::clone(&self.upstream), question)
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct")
            .field("servers", &self.server_addresses())
            .field("origin", &self.servers.origin)
            .field("timeouts", &self.settings.timeouts)
            .field("pacing", &self.settings.pacing)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

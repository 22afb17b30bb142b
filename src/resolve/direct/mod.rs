//! A lean stub resolver of our own: few octets, few system calls, many ports.

mod entropy;
mod exchange;
mod fast_parse;
pub(crate) mod limit;
mod parse;
mod probe;
mod query_codec;
mod rtt;
mod self_polled;
mod shared_timer;
mod stats;
mod tcp;
pub(crate) mod udp;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Id;
use tokio::time::Instant;

use crate::base::lock::lock;
use crate::dns::{Answer, Question};
use crate::resolve::direct::limit::admission::Gate;
use crate::resolve::direct::probe::{Known, Probe};
use crate::resolve::direct::rtt::Pace;
use crate::resolve::direct::stats::Counters;
use crate::resolve::direct::tcp::Connections;
use crate::resolve::direct::udp::pool::{Pool, Usage};
use crate::resolve::servers::{Origin, ResolverError, Servers};
use crate::resolve::timeouts::Timeouts;
use crate::resolve::{BoxFuture, Resolve};

pub use crate::resolve::direct::stats::DirectStats;

/// Servers that are asked; they are told apart by the bits of a word.
const MOST_SERVERS: usize = 64;
/// Ports enough to hide in, and few enough descriptors.
const SOCKETS: usize = 64;
/// A port is not used long enough to be worth finding out; opening a socket for one question in 4,096 costs nothing.
const QUESTIONS: u32 = 4_096;
const AGE: Duration = Duration::from_secs(300);
/// As many as are under way with a resolver that asks on for 50 ms, at 18,000 questions a second. Unbound lets no more than
/// 1,000 of one address wait.
const IN_FLIGHT: usize = 900;
/// Up to so many, a socket's share is 64, and its buffer holds 250 answers.
const IN_BURSTS: usize = 4_096;

/// Asks recursive servers over UDP, and over TCP what does not fit. It does what `Stub` does, with less.
///
/// * One datagram per question, also with several servers, unless it is lost or a server cannot tell.
/// * Servers are asked in order. SERVFAIL, REFUSED, another code that is no answer, an unusable response or a network error
///   sends the question to the next server at once; silence when the datagram counts as lost (see [`Pacing`]), starting over
///   after the last. Earlier sends stay open: any answer before the end counts.
/// * When no server could tell, the most telling failure is told: a response before silence, whatever came first.
/// * NXDOMAIN and NODATA are answers. A CNAME chain that a server leaves unfinished is asked on, at most 16 links in all.
/// * Truncated answers, and datagrams larger than 1232 octets, are fetched over TCP from the same server, in the same time; a part of
///   an answer is never taken. Questions share at most 4 connections to a server (RFC 7766), which are closed after 3 seconds without a question; what a server leaves
///   unanswered when it closes one is asked on another.
/// * Questions carry an OPT record (RFC 6891). FORMERR or NOTIMP without one sends the question to the same server once more, without
///   it. If the server says the same about `. NS`, it is asked without an OPT record for an hour.
/// * Names go out as they are: no search list, no hosts file, no special names, no cache.
/// * The SOA record of a question for [`RecordType::Soa`](crate::dns::RecordType::Soa) is told as NODATA's SOA.
/// * At most 900 questions at a time to one server, and at most 128 that it has perhaps not read yet: more would overflow its
///   socket's buffer. A question was read when it is answered; with a server that never answers within 10 ms also
///   when it is older than that, unless the server is silent for twice as long as usual; with any server when it is older than
///   5 ms, if another answer came within the last 5 ms. With many losses the 128 become fewer, down
///   to 32. It is the first server asked that counts; what fails over takes its place along. Others wait in the order of their
///   coming, in their own time. Questions about names that clients chose ([`Question::chosen_by`]) have half of all that, and those
///   of one client 28 places.
///
/// **Forged answers** (RFC 5452). Questions leave from 64 connected sockets per server, each on a port that the kernel chose at
/// random and used for at most 4,096 questions and 5 minutes, with random ids. The socket is chosen at random; questions asked in
/// the same millisecond, at most 16 in a row, leave from the same one. A response counts only when server, port, id and
/// question are the same; everything else is ignored and counted ([`stats`](Self::stats)), and a socket that gets 512 wrong
/// datagrams is closed and its questions are asked from another. Who wants more sets [`Case::Random`].
///
/// **Tasks and runtimes.** It needs a tokio runtime with time and I/O when it is asked, not when it is made. Nothing is
/// spawned: sockets and connections are read in the wakers that the runtime's I/O driver calls. Sockets stay open between questions,
/// apart for every runtime that asks, and close with the last clone. Where several runtimes wait for one answer (as with a
/// [`Checker`](crate::Checker) that is asked the same in two) and the one that asked stands still, another asks again after the usual wait. Dropping an answer's future frees its place; its late response is ignored.
///
/// **Changes.** A server that restarts, an address of ours that changes or a firewall that forgets is noticed by silence or by the
/// network's word, and other sockets are opened. A resolv.conf that changes is not: it is the host that reloads, with a new resolver.
/// Without free descriptors the sockets there are serve all, and truncated answers get theirs before ports do.
///
/// **Cost.** Two allocations and one system call each way per question, and little beside what these cost:
/// `cargo bench --bench compare -- question` shows it beside a bare loop of system calls and hickory's resolver, on any machine.
///
/// **Keys.** Answers and errors never show a secret label, and nothing is logged.
///
/// **Limits.** Of more than 64 servers the first 64 are asked.
///
/// ```no_run
/// use rdnsbl::dns::{Question, RecordType};
/// use rdnsbl::name::Name;
/// use rdnsbl::resolve::{Direct, Resolve};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = Direct::system()?;
/// let question = Question::new(Name::parse("example.org")?, RecordType::Mx);
/// println!("{}", resolver.resolve(&question).await);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Direct {
    servers: Servers,
    settings: Settings,
    hub: Arc<Hub>,
}

#[derive(Clone, Copy)]
struct Settings {
    timeouts: Timeouts,
    pacing: Pacing,
    in_flight: usize,
    usage: Usage,
}

/// What clones share.
struct Hub {
    servers: Vec<Server>,
    timeouts: Timeouts,
    pacing: Pacing,
    counters: Arc<Counters>,
}

/// One server.
struct Server {
    pool: Mutex<Pool>,
    pace: Mutex<Pace>,
    probe: Mutex<Probe>,
    known: Known,
    gate: Arc<Gate>,
    connections: Mutex<Connections>,
}

/// When a datagram counts as lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pacing {
    /// After three usual round trips to its server or four deviations beyond one (RFC 6298), whichever is more, but at least 100 ms and
    /// at most [`Timeouts::resend`]; each later wait is twice the one before. Sends before [`Timeouts::resend`] are at most 3 in
    /// 100 questions answered, and 10 in a row. A server that has left at least 4 datagrams without response, and for as long as
    /// [`Timeouts::resend`], is asked `. NS`, once a second at most: the names it was asked for may be silent by themselves. If that
    /// question is not answered within [`Timeouts::resend`] either, the server is passed over while there is another, until it
    /// answers.
    #[default]
    Measured,
    /// After [`Timeouts::resend`], then twice that and so on, always in the same order of servers.
    Fixed,
}

/// The case of letters in questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Case {
    /// Lower case as in [`Name`](crate::base::name::Name); responses may change it.
    #[default]
    Lower,
    /// Every letter at random ("0x20"): one more bit to guess for each. A response that does not keep it is not believed; the
    /// question is asked again over TCP, and [`DirectStats::other_case`] counts it. Not for servers that never keep it.
    Random,
}

impl Direct {
    /// Asks these servers, in this order. A server named twice is asked as one.
    ///
    /// # Errors
    /// [`ResolverError::NoServers`] when there are none.
    pub fn servers(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ResolverError> {
        Servers::given(servers).map(Self::new)
    }

    /// Asks the servers of `/etc/resolv.conf`, read once, now.
    ///
    /// # Errors
    /// [`ResolverError::Unreadable`] when the file cannot be read.
    pub fn system() -> Result<Self, ResolverError> {
        Servers::system().map(Self::new)
    }

    /// Asks the servers of a text in the format of `/etc/resolv.conf`. Only its `nameserver` lines count, and of these only
    /// addresses (with a numeric scope, as in `fe80::1%2`); where there are none, as with an empty file, 127.0.0.1 is asked.
    #[must_use]
    pub fn from_resolv_conf(text: &str) -> Self {
        Self::new(Servers::from_resolv_conf(text))
    }

    fn new(servers: Servers) -> Self {
        let settings = Settings {
            timeouts: Timeouts::default(),
            pacing: Pacing::default(),
            in_flight: IN_FLIGHT,
            usage: Usage { sockets: SOCKETS, questions: QUESTIONS, age: AGE, exact_case: false, in_bursts: true },
        };
        let hub = Arc::new(Hub::new(&servers, settings));
        Self { servers, settings, hub }
    }

    /// What has been learnt, opened and counted so far stays with the clone it was learnt by.
    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings;
        change(&mut settings);
        let hub = Arc::new(Hub::new(&self.servers, settings));
        Self { servers: self.servers, settings, hub }
    }

    /// The same servers, with other patience.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|settings| settings.timeouts = timeouts)
    }

    /// The same servers; datagrams count as lost by this measure.
    #[must_use]
    pub fn with_pacing(self, pacing: Pacing) -> Self {
        self.with(|settings| settings.pacing = pacing)
    }

    /// The same servers; letters have this case.
    #[must_use]
    pub fn with_case(self, case: Case) -> Self {
        self.with(|settings| settings.usage.exact_case = case == Case::Random)
    }

    /// The same servers, with this many questions at a time to each, from 1 to 10,000; 900 unless said. How many of them a
    /// server may not have read yet is not changed by that.
    #[must_use]
    pub fn with_in_flight(self, questions: usize) -> Self {
        self.with(|settings| {
            settings.in_flight = questions.clamp(1, 10_000);
            // More at once are better spread evenly: one socket's buffer holds no more than about 250 answers.
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

    /// The servers in the order in which they are asked; never empty.
    #[must_use]
    pub fn server_addresses(&self) -> &[SocketAddr] {
        self.servers.addresses.get(..MOST_SERVERS).unwrap_or(&self.servers.addresses)
    }

    /// Where the servers come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.servers.origin
    }

    /// How long it waits.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.settings.timeouts
    }

    /// What it and its clones have done so far.
    #[must_use]
    pub fn stats(&self) -> DirectStats {
        self.hub.counters.read()
    }
}

impl Resolve for Direct {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(crate::resolve::direct::exchange::ask(&self.hub, question))
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

impl Hub {
    fn new(servers: &Servers, settings: Settings) -> Self {
        let counters = Arc::new(Counters::default());
        let servers = servers.addresses.iter().take(MOST_SERVERS).map(|address| Server {
            pool: Mutex::new(Pool::new(*address, settings.usage, Arc::clone(&counters))),
            pace: Mutex::new(Pace::new()),
            probe: Mutex::default(),
            known: Known::default(),
            gate: Gate::new(settings.in_flight),
            connections: Mutex::new(Connections::new(*address)),
        });
        Self { servers: servers.collect(), timeouts: settings.timeouts, pacing: settings.pacing, counters }
    }

    /// Who is asked first: the first server that is not passed over.
    fn first_server(&self, runtime: Id, now: Instant) -> usize {
        let is_there = |server: &Server| {
            if !server.known.is_watched() {
                return true;
            }
            crate::resolve::direct::probe::look(server, &self.counters, runtime, now, self.timeouts.resend());
            self.pacing == Pacing::Fixed || !lock(&server.pace).is_passed_over()
        };
        self.servers.iter().position(is_there).unwrap_or_default()
    }

    /// Something was odd about a server, with a name that somebody else chose.
    fn suspect(&self, server: &Server, runtime: Id, now: Instant) {
        crate::resolve::direct::probe::suspect(server, &self.counters, runtime, now, self.timeouts.resend());
    }
}

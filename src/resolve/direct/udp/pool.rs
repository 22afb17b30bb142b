//! The sockets to one server: many, each on its own port, and each for a limited time.
//!
//! A response is believed when it comes to the right port with the right id (RFC 5452 §4). To forge one, an attacker has to guess
//! both: the port, which cannot be seen from outside, and one of 2^16 ids. Ports change before they can be found out.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime;

use crate::base::lock::lock;
use crate::dns::RecordType;
use crate::resolve::direct::entropy::{Entropy, ID_TRIES};
use crate::resolve::direct::letter_case::shuffle_case;
use crate::resolve::direct::runtimes::MOST_RUNTIMES;
use crate::resolve::direct::stats::DirectCounters;
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::query::UdpQuery;
use crate::resolve::direct::udp::socket::Socket;
use crate::resolve::wire::codec::{self, AskedName, Edns};

/// Silence makes all sockets be replaced, but at most once in this time.
const RENEWAL: Duration = Duration::from_secs(5);
/// After descriptors have run out, no additional sockets are opened for this long.
const SHORTAGE: Duration = Duration::from_secs(1);

/// The most questions in a row from one socket, when they are asked at the same time. The answers to one check then arrive at one
/// socket, which saves about 6 % of the cost. The port is still chosen at random.
const BURST_QUESTIONS: u32 = 16;
/// How long such a burst lasts.
const BURST_TIME: Duration = Duration::from_millis(1);

/// How sockets are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SocketUsage {
    pub(crate) sockets: usize,
    pub(crate) questions: u32,
    pub(crate) age: Duration,
    pub(crate) exact_case: bool,
    /// Do questions asked at the same time use one socket?
    pub(crate) in_bursts: bool,
}

/// The sockets to one server.
pub(crate) struct Pool {
    server: SocketAddr,
    usage: SocketUsage,
    counters: Arc<DirectCounters>,
    entropy: Entropy,
    burst: Burst,
    /// Sockets opened before this time are not used any more.
    renewed: Option<Time>,
    /// When descriptors last ran out.
    short: Option<Time>,
    /// Only the runtime that opened a socket reports that it can be read, and that runtime may have stopped while another one asks.
    /// So each runtime has its own sockets.
    groups: Vec<SocketGroup>,
}

/// The sockets of one runtime.
struct SocketGroup {
    runtime: runtime::Id,
    entries: Vec<Option<PooledSocket>>,
}

/// The socket for the next few questions.
#[derive(Default)]
struct Burst {
    entry: usize,
    left: u32,
    until: Option<Time>,
}

/// A socket, and how long it may be used.
struct PooledSocket {
    socket: Arc<Socket>,
    left: u32,
    opened: Time,
    until: Time,
}

/// Adds a question to a random socket, under a random id, and sends it (see [`UdpQuery::enter`]). `runtime` is the one that polls. The
/// pool is not locked meanwhile.
pub(crate) fn enter(
    pool: &Mutex<Pool>,
    asked: AskedName<'_>,
    kind: RecordType,
    edns: Edns,
    runtime: runtime::Id,
    now: Time,
    due: Time,
) -> io::Result<(UdpQuery, io::Result<()>)> {
    for _ in 0..ID_TRIES {
        let (socket, id, coins) = lock(pool).choose(runtime, now)?;
        let entered = UdpQuery::enter(socket, id, due, |octets| {
            codec::encode(octets, id, asked, kind, edns);
            if let Some(coins) = &coins {
                shuffle_case(octets, coins);
            }
        });
        if let Some(entered) = entered {
            return Ok(entered);
        }
    }
    Err(io::Error::from_raw_os_error(ENOBUFS))
}

impl Pool {
    pub(crate) fn new(server: SocketAddr, usage: SocketUsage, counters: Arc<DirectCounters>) -> Self {
        Self {
            server,
            usage,
            counters,
            entropy: Entropy::new(),
            burst: Burst::default(),
            renewed: None,
            short: None,
            groups: Vec::new(),
        }
    }

    /// A random socket, a random id, and random bits for the case of letters if that is random too.
    fn choose(&mut self, runtime: runtime::Id, now: Time) -> io::Result<(Arc<Socket>, u16, Option<[u8; 32]>)> {
        let coins = if self.usage.exact_case { Some(self.entropy.take()?) } else { None };
        Ok((self.socket(runtime, now)?, self.entropy.number()?, coins))
    }

    /// An unpredictable number.
    pub(crate) fn number(&mut self) -> io::Result<u16> {
        self.entropy.number()
    }

    /// Frees one descriptor for a TCP connection: at once if a socket is idle, otherwise when the questions on one socket are over.
    pub(crate) fn spare_one(&mut self, now: Time) {
        self.short = Some(now);
        let entries = || {
            self.groups
                .iter()
                .enumerate()
                .flat_map(|(at, group)| (0..group.entries.len()).map(move |entry| (at, entry)))
        };
        let of = |(group, at): (usize, usize)| self.groups.get(group)?.entries.get(at)?.as_ref();
        // Only the pool holds it, so it has no questions.
        let idle = entries().find(|place| of(*place).is_some_and(|entry| Arc::strong_count(&entry.socket) == 1));
        let mut open = entries().filter(|place| of(*place).is_some());
        let busy = open.next().filter(|_| open.next().is_some());
        if let Some((group, at)) = idle.or(busy)
            && let Some(place) = self.groups.get_mut(group).and_then(|group| group.entries.get_mut(at))
        {
            *place = None;
        }
    }

    /// Replaces all sockets as they are used. A connected socket keeps its local address although the host may have another one now,
    /// and a firewall may have lost its state: so the sockets may be the cause of the silence.
    pub(crate) fn renew(&mut self, now: Time) {
        if self.renewed.is_none_or(|at| now.since(at) >= RENEWAL) {
            self.renewed = Some(now);
        }
    }

    /// The index of a socket, chosen at random for each burst.
    fn place(&mut self, now: Time) -> io::Result<usize> {
        let burst = &mut self.burst;
        if burst.left == 0 || burst.until.is_none_or(|until| now >= until) {
            let entry = self.entropy.below(self.usage.sockets)?;
            *burst = Burst {
                entry,
                left: if self.usage.in_bursts { BURST_QUESTIONS } else { 1 },
                until: Some(now + BURST_TIME),
            };
        }
        burst.left -= 1;
        Ok(burst.entry)
    }

    /// A socket chosen at random, opened or replaced if necessary.
    fn socket(&mut self, runtime: runtime::Id, now: Time) -> io::Result<Arc<Socket>> {
        let at = self.place(now)?;
        let group = self.group(runtime);
        let renewed = self.renewed;
        let entry = self.groups.get_mut(group).and_then(|group| group.entries.get_mut(at)).and_then(Option::as_mut);
        if let Some(entry) = entry.filter(|entry| entry.is_good(now, renewed)) {
            entry.left -= 1;
            return Ok(Arc::clone(&entry.socket));
        }
        if self.short.is_some_and(|since| now.since(since) < SHORTAGE)
            && let Some(socket) = self.groups.get(group).and_then(|group| group.any(at))
        {
            return Ok(socket);
        }
        match Socket::open(self.server, self.usage.exact_case, &self.counters, runtime) {
            Ok(socket) => {
                let entry = self.entry(&socket, now)?;
                if let Some(place) = self.groups.get_mut(group).and_then(|group| group.entries.get_mut(at)) {
                    // The old one closes after its last question.
                    *place = Some(entry);
                }
                Ok(socket)
            }
            // Out of descriptors: a port that has been used for a long time is better than no answer.
            Err(error) => {
                self.short = Some(now);
                self.groups.get(group).and_then(|group| group.any(at)).ok_or(error)
            }
        }
    }

    /// A socket with a random limit, between half and all of the allowed use, so that sockets are not all replaced together.
    fn entry(&mut self, socket: &Arc<Socket>, now: Time) -> io::Result<PooledSocket> {
        let share = 32_768 + u32::from(self.entropy.number()? / 2);
        let left = (u64::from(self.usage.questions) * u64::from(share)) >> 16;
        Ok(PooledSocket {
            socket: Arc::clone(socket),
            left: u32::try_from(left).unwrap_or(u32::MAX).saturating_sub(1),
            opened: now,
            until: now + self.usage.age.mul_f64(f64::from(share) / 65_536.0),
        })
    }

    fn group(&mut self, runtime: runtime::Id) -> usize {
        if let Some(at) = self.groups.iter().position(|group| group.runtime == runtime) {
            return at;
        }
        // The sockets of a runtime that has shut down are closed.
        self.groups.retain(|group| !group.entries.iter().flatten().any(|entry| entry.socket.is_closed()));
        if self.groups.len() >= MOST_RUNTIMES {
            self.groups.remove(0);
        }
        self.groups.push(SocketGroup { runtime, entries: (0..self.usage.sockets).map(|_| None).collect() });
        self.groups.len() - 1
    }
}

impl PooledSocket {
    fn is_good(&self, now: Time, renewed: Option<Time>) -> bool {
        self.left > 0 && now < self.until && renewed.is_none_or(|at| self.opened >= at) && !self.socket.is_closed()
    }
}

impl SocketGroup {
    /// The first open socket from an index on.
    fn any(&self, from: usize) -> Option<Arc<Socket>> {
        let (before, after) = self.entries.split_at_checked(from)?;
        let mut open = after.iter().chain(before).flatten().filter(|entry| !entry.socket.is_closed());
        open.next().map(|entry| Arc::clone(&entry.socket))
    }
}

/// No buffer space (Linux).
const ENOBUFS: i32 = 105;

//! Questions over TCP, and the connections to one server (RFC 7766).
//!
//! Questions share connections, which stay open for a few seconds. If a connection closes early, its questions are asked on another:
//! a server may close a connection at any time (RFC 7766 §6.2.4), even after each answer.

pub(crate) mod connection;
pub(crate) mod stream;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::runtime::Id;
use tokio::time::{Instant, sleep, timeout_at};

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::Server;
use crate::resolve::direct::stats::{Counters, count};
use crate::resolve::direct::tcp::connection::{Connection, Load, Ticket};
use crate::resolve::direct::tcp::stream::{Cause, Reply, Room};
use crate::resolve::failure_rank::io_failure;

/// The most connections to one server.
const MOST: usize = 4;
/// With this many questions on each connection, another one is opened.
const COMFORTABLE: usize = 8;
/// The most questions on one connection.
const FULL: usize = 32;
/// How often a question may be lost, together with others, on connections that close without an answer.
const TRIES: u32 = 2;
/// The most random ids tried to find a free one.
const ID_TRIES: usize = 16;
/// How long to remember that a server closes connections after a number of answers.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The wait before the next attempt to get a descriptor.
const MOMENT: Duration = Duration::from_millis(10);

/// The connections to one server.
pub(super) struct Connections {
    server: SocketAddr,
    all: Vec<(Id, Arc<Connection>)>,
    room: Arc<Room>,
    /// The number of answers after which the server closes a connection, and when it last did so.
    life: Option<(usize, Instant)>,
}

/// Asks over TCP and returns the response, with a timeout at `end`. Dropping the future leaves the connection open for others.
pub(super) async fn ask(
    server: &Server,
    counters: &Counters,
    runtime: Id,
    question: Vec<u8>,
    end: Instant,
) -> Result<Vec<u8>, Failure> {
    let exchange = async {
        let mut tries = 0;
        while tries < TRIES {
            let entered = poll_fn(|cx| enter(server, counters, runtime, &question, cx.waker())).await;
            let mut ticket = match entered {
                Ok(ticket) => ticket,
                // Close one of many UDP sockets: this question needs its descriptor more.
                Err(error) if is_shortage(&error) => {
                    lock(&server.pool).spare_one(Instant::now());
                    sleep(MOMENT).await;
                    continue;
                }
                Err(error) => return Err(io_failure(&error)),
            };
            match poll_fn(|cx| ticket.poll(cx)).await {
                Reply::Response(response) => return Ok(response),
                Reply::Failed(failure) => return Err(failure),
                // The server answered some questions, so another connection makes progress.
                Reply::Lost(Cause::Enough) => {}
                Reply::Lost(Cause::Any) => tries += 1,
                Reply::Lost(Cause::This) => break,
            }
        }
        Err(Failure::Network)
    };
    timeout_at(end, exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// Puts the question on a connection; pending while there is no room.
fn enter(
    server: &Server,
    counters: &Counters,
    runtime: Id,
    question: &[u8],
    waker: &Waker,
) -> Poll<io::Result<Ticket>> {
    for _ in 0..ID_TRIES {
        let chosen = lock(&server.connections).choose(runtime, counters, waker);
        let connection = match chosen {
            Ok(Some(connection)) => connection,
            Ok(None) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let id = match lock(&server.pool).number() {
            Ok(id) => id,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if let Some(ticket) = connection.enter(id, question.to_vec()) {
            return Poll::Ready(Ok(ticket));
        }
    }
    Poll::Ready(Err(io::ErrorKind::ResourceBusy.into()))
}

/// Are there no descriptors left, in this process or on this machine (EMFILE, ENFILE on every Unix)?
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

impl Connections {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, all: Vec::new(), room: Arc::default(), life: None }
    }

    /// A connection with room. `None` when there is none; `waker` is then woken when there may be.
    fn choose(&mut self, runtime: Id, counters: &Counters, waker: &Waker) -> io::Result<Option<Arc<Connection>>> {
        let now = Instant::now();
        self.tidy(now);
        let life = self.life.map_or(usize::MAX, |(answers, _)| answers);
        if let Some(best) = self.best(runtime, life, COMFORTABLE.min(life)) {
            return Ok(Some(best));
        }
        let is_open = |connection: &Connection| !connection.load().closed;
        let here = self.all.iter().filter(|(id, connection)| *id == runtime && is_open(connection)).count();
        let failure = if here < MOST {
            match Connection::open(self.server, &self.room) {
                Ok(connection) => {
                    count(&counters.tcp);
                    let connection = Arc::new(connection);
                    self.all.push((runtime, Arc::clone(&connection)));
                    return Ok(Some(connection));
                }
                Err(error) => Some(error),
            }
        } else {
            None
        };
        // Register first, then look: otherwise room that becomes free in between would be missed.
        self.room.wait(waker);
        match (self.best(runtime, life, FULL), failure) {
            (Some(best), _) => Ok(Some(best)),
            // The connection could not be opened, and there is none here that could get room.
            (None, Some(error)) if here == 0 => Err(error),
            (None, _) => Ok(None),
        }
    }

    /// The connection with the fewest questions, if it has room.
    fn best(&self, runtime: Id, life: usize, most: usize) -> Option<Arc<Connection>> {
        let ours = self.all.iter().filter(|(id, _)| *id == runtime);
        let loads = ours.map(|(_, connection)| (connection.load(), connection));
        let fit = |load: &Load| load.takes_more && load.open < most && load.asked < life;
        let best = loads.filter(|(load, _)| fit(load)).min_by_key(|(load, _)| load.open)?;
        Some(Arc::clone(best.1))
    }

    /// Drops connections that are closed or used up, and notes after how many answers the server closes them.
    fn tidy(&mut self, now: Instant) {
        if self.life.is_some_and(|(_, at)| now.saturating_duration_since(at) >= REMEMBERED) {
            self.life = None;
        }
        let life = &mut self.life;
        self.all.retain(|(_, connection)| {
            if let Some(answered) = connection.answered_of_more() {
                *life = Some((answered, now));
            }
            let load = connection.load();
            let spent = !load.takes_more || life.is_some_and(|(answers, _)| load.asked >= answers);
            !load.closed && (load.open > 0 || !spent)
        });
    }
}

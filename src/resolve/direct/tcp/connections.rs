//! The TCP connections to one server, and the choice among them (RFC 7766).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::runtime::Id;

use crate::resolve::direct::stats::{DirectCounters, count};
use crate::resolve::direct::tcp::connection::{Connection, Load};
use crate::resolve::direct::tcp::stream::RoomWaiters;
use crate::resolve::direct::time::Time;

/// The most connections to one server.
const MOST_CONNECTIONS: usize = 4;
/// With this many questions on each connection, another one is opened.
const COMFORTABLE_LOAD: usize = 8;
/// The most questions on one connection.
const FULL_LOAD: usize = 32;
/// How long to remember that a server closes connections after a number of answers.
const LIFE_REMEMBERED: Duration = Duration::from_secs(60);
/// How long no connection is opened after a full one closed because the server had been silent on it. The questions that wait
/// then would only find the same silence on another one.
const SILENCE_PAUSE: Duration = Duration::from_millis(500);

/// The result of looking for a connection.
pub(crate) enum Choice {
    Connection(Arc<Connection>),
    /// There is no room. The waker is woken when there may be some.
    Full,
    /// None may be opened before this time.
    NotBefore(Time),
}

/// The connections to one server.
pub(crate) struct Connections {
    server: SocketAddr,
    all: Vec<(Id, Arc<Connection>)>,
    room: Arc<RoomWaiters>,
    /// The number of answers after which the server closes a connection, and when it last did so.
    life: Option<(usize, Time)>,
    /// When a question was last given up on a full connection that closed because of silence.
    silent: Option<Time>,
}

impl Connections {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self { server, all: Vec::new(), room: Arc::default(), life: None, silent: None }
    }

    /// A connection with room in `runtime`, which polls; `waker` is for [`Choice::Full`].
    pub(super) fn choose(&mut self, runtime: Id, counters: &DirectCounters, waker: &Waker) -> io::Result<Choice> {
        let now = Time::now();
        self.tidy(now);
        let life = self.life.map_or(usize::MAX, |(answers, _)| answers);
        if let Some(best) = self.best(runtime, life, COMFORTABLE_LOAD.min(life)) {
            return Ok(Choice::Connection(best));
        }
        let is_open = |connection: &Connection| !connection.load().closed;
        let here = self.all.iter().filter(|(id, connection)| *id == runtime && is_open(connection)).count();
        let pause = self.silent.map(|silent| silent + SILENCE_PAUSE).filter(|end| now < *end);
        let failure = if here < MOST_CONNECTIONS && pause.is_none() {
            match Connection::open(self.server, &self.room, runtime) {
                Ok(connection) => {
                    count(&counters.tcp);
                    let connection = Arc::new(connection);
                    self.all.push((runtime, Arc::clone(&connection)));
                    return Ok(Choice::Connection(connection));
                }
                Err(error) => Some(error),
            }
        } else {
            None
        };
        // Register first, then look: otherwise room that becomes free in between would be missed.
        self.room.wait(waker);
        match (self.best(runtime, life, FULL_LOAD), failure, pause) {
            (Some(best), ..) => Ok(Choice::Connection(best)),
            // The connection could not be opened, and there is none here that could get room.
            (None, Some(error), _) if here == 0 => Err(error),
            (None, _, Some(end)) if here < MOST_CONNECTIONS => Ok(Choice::NotBefore(end)),
            (None, ..) => Ok(Choice::Full),
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
    fn tidy(&mut self, now: Time) {
        if self.life.is_some_and(|(_, at)| now.since(at) >= LIFE_REMEMBERED) {
            self.life = None;
        }
        let (life, silent) = (&mut self.life, &mut self.silent);
        self.all.retain(|(_, connection)| {
            let load = connection.load();
            // One client may have fewer questions in flight, so the names that it chose do not delay the questions of others.
            if load.asked >= FULL_LOAD {
                *silent = (*silent).max(connection.closed_silent());
            }
            if let Some(answered) = connection.answered_of_more() {
                *life = Some((answered, now));
            }
            let spent = !load.takes_more || life.is_some_and(|(answers, _)| load.asked >= answers);
            !load.closed && (load.open > 0 || !spent)
        });
    }
}

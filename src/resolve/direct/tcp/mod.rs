//! Questions over TCP (RFC 7766).
//!
//! Questions share connections, which stay open for a few seconds. If a connection closes early, its questions are asked on another:
//! a server may close a connection at any time (RFC 7766 §6.2.4), even after each answer.

pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod stream;

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::entropy::ID_TRIES;
use crate::resolve::direct::runtime_timers::RuntimeTimers;
use crate::resolve::direct::runtimes::runtime_here;
use crate::resolve::direct::stats::DirectCounters;
use crate::resolve::direct::tcp::connection::TcpQuery;
use crate::resolve::direct::tcp::connections::Choice;
use crate::resolve::direct::tcp::stream::{CloseCause, TcpReply};
use crate::resolve::direct::time::Time;
use crate::resolve::direct::upstream::Server;
use crate::resolve::failure_rank::io_failure;

/// How often a question may be lost, together with others, on connections that close without an answer.
const LOST_TRIES: u32 = 2;
/// The wait before the next attempt to get a descriptor.
const DESCRIPTOR_WAIT: Duration = Duration::from_millis(10);

/// Asks over TCP and returns the response. The caller waits until `end`; dropping the future leaves the connection open for others.
/// If the runtime of the connection has stopped, and another one waits, that one asks again: at once, or after `patience`.
pub(super) async fn ask(
    server: &Server,
    counters: &DirectCounters,
    question: Vec<u8>,
    patience: Duration,
    end: Time,
) -> Result<Vec<u8>, Failure> {
    let (mut tries, mut patience, mut timers) = (0, patience, RuntimeTimers::default());
    // A question that is too late must not open a connection.
    while tries < LOST_TRIES && Time::now() < end {
        let entered = poll_fn(|cx| enter(server, counters, &question, cx.waker())).await;
        let mut query = match entered {
            Ok(Entry::Query(query)) => query,
            Ok(Entry::NotBefore(time)) => {
                poll_fn(|cx| timers.poll(cx, time)).await;
                continue;
            }
            // Close one of many UDP sockets: this question needs its descriptor more.
            Err(error) if is_shortage(&error) => {
                let now = Time::now();
                lock(&server.pool).spare_one(now);
                poll_fn(|cx| timers.poll(cx, now + DESCRIPTOR_WAIT)).await;
                continue;
            }
            Err(error) => return Err(io_failure(&error)),
        };
        let mut due = None;
        let reply = poll_fn(|cx| {
            poll_reply(&mut query, cx, &mut timers, || *due.get_or_insert_with(|| Time::now() + patience))
        });
        match reply.await {
            Some(TcpReply::Response(response)) => return Ok(response),
            Some(TcpReply::Failed(failure)) => return Err(failure),
            // The server answered some questions, so another connection makes progress.
            Some(TcpReply::Lost(CloseCause::Enough)) => {}
            // Another runtime waits, and has connections of its own.
            Some(TcpReply::Lost(CloseCause::Stopped)) if !query.is_here() => {}
            Some(TcpReply::Lost(CloseCause::Any)) => tries += 1,
            Some(TcpReply::Lost(CloseCause::This | CloseCause::Stopped)) => break,
            // Each wait is twice the one before: with a slow server, two runtimes must not take the question from each other for ever.
            None => patience = patience.saturating_mul(2),
        }
    }
    Err(Failure::Network)
}

/// The outcome of a question. `None` if the runtime of the connection has not read one until `due`, and another runtime waits.
fn poll_reply(
    query: &mut TcpQuery,
    cx: &mut Context<'_>,
    timers: &mut RuntimeTimers,
    due: impl FnOnce() -> Time,
) -> Poll<Option<TcpReply>> {
    match query.poll(cx) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending if query.is_here() => Poll::Pending,
        Poll::Pending => timers.poll(cx, due()).map(|()| None),
    }
}

/// The result of looking for room.
enum Entry {
    Query(TcpQuery),
    /// No connection may be opened before this time.
    NotBefore(Time),
}

/// Puts the question on a connection of the runtime that polls; pending while there is no room.
fn enter(server: &Server, counters: &DirectCounters, question: &[u8], waker: &Waker) -> Poll<io::Result<Entry>> {
    let Some(runtime) = runtime_here() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
    for _ in 0..ID_TRIES {
        let chosen = lock(&server.connections).choose(runtime, counters, waker);
        let connection = match chosen {
            Ok(Choice::Connection(connection)) => connection,
            Ok(Choice::Full) => return Poll::Pending,
            Ok(Choice::NotBefore(time)) => return Poll::Ready(Ok(Entry::NotBefore(time))),
            Err(error) => return Poll::Ready(Err(error)),
        };
        let id = match lock(&server.pool).number() {
            Ok(id) => id,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if let Some(query) = connection.enter(id, question.to_vec()) {
            return Poll::Ready(Ok(Entry::Query(query)));
        }
    }
    Poll::Ready(Err(io::ErrorKind::ResourceBusy.into()))
}

/// Are there no descriptors left, in this process or on this machine (EMFILE, ENFILE on every Unix)?
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

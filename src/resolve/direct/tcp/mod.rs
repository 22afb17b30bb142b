//! Questions over TCP (RFC 7766).
//!
//! Questions share connections, which stay open for a few seconds. If a connection closes early, its questions are asked on another:
//! a server may close a connection at any time (RFC 7766 §6.2.4), even after each answer.

pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod stream;

use std::future::poll_fn;
use std::io;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::runtime::Id;
use tokio::time::{sleep, sleep_until, timeout_at};

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::entropy::ID_TRIES;
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

/// Asks over TCP and returns the response, with a timeout at `end`. Dropping the future leaves the connection open for others.
pub(super) async fn ask(
    server: &Server,
    counters: &DirectCounters,
    runtime: Id,
    question: Vec<u8>,
    end: Time,
) -> Result<Vec<u8>, Failure> {
    let exchange = async {
        let mut tries = 0;
        // A question that is too late must not open a connection.
        while tries < LOST_TRIES && Time::now() < end {
            let entered = poll_fn(|cx| enter(server, counters, runtime, &question, cx.waker())).await;
            let mut query = match entered {
                Ok(Entry::Query(query)) => query,
                Ok(Entry::NotBefore(time)) => {
                    sleep_until(time.instant()).await;
                    continue;
                }
                // Close one of many UDP sockets: this question needs its descriptor more.
                Err(error) if is_shortage(&error) => {
                    lock(&server.pool).spare_one(Time::now());
                    sleep(DESCRIPTOR_WAIT).await;
                    continue;
                }
                Err(error) => return Err(io_failure(&error)),
            };
            match poll_fn(|cx| query.poll(cx)).await {
                TcpReply::Response(response) => return Ok(response),
                TcpReply::Failed(failure) => return Err(failure),
                // The server answered some questions, so another connection makes progress.
                TcpReply::Lost(CloseCause::Enough) => {}
                TcpReply::Lost(CloseCause::Any) => tries += 1,
                TcpReply::Lost(CloseCause::This) => break,
            }
        }
        Err(Failure::Network)
    };
    timeout_at(end.instant(), exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// The result of looking for room.
enum Entry {
    Query(TcpQuery),
    /// No connection may be opened before this time.
    NotBefore(Time),
}

/// Puts the question on a connection; pending while there is no room.
fn enter(
    server: &Server,
    counters: &DirectCounters,
    runtime: Id,
    question: &[u8],
    waker: &Waker,
) -> Poll<io::Result<Entry>> {
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

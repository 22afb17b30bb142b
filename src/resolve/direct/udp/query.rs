//! One question on a UDP socket.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Id;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::stats::count;
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::pending::{PendingQueries, QueryKey, Settled};
use crate::resolve::direct::udp::socket::{Inner, Socket};

/// The outcome of one datagram sent.
#[derive(Debug)]
pub(crate) enum QueryOutcome<R> {
    /// What the caller read from the response (same id, same question), and when it came.
    Response(R, Time),
    /// A response with letters in another case. It is not believed, and the question does not wait for another one.
    OtherCase(Time),
    /// A failure in place of an answer.
    Failed(Failure),
    /// The socket was closed before a response came. This says nothing about the server.
    Lost,
    /// No response before the deadline. The question stays open.
    Overdue,
}

/// One question on a socket. Dropping it removes the question; a late response is ignored.
pub(crate) struct UdpQuery {
    socket: Arc<Socket>,
    key: QueryKey,
    /// The question is removed; another one may have the id now.
    left: bool,
}

impl UdpQuery {
    /// Adds a question under an id and sends it, as [`send`](Self::send) does; `None` when the id is in use.
    pub(crate) fn enter(
        socket: Arc<Socket>,
        id: u16,
        due: Time,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Option<(Self, io::Result<()>)> {
        let inner = socket.inner();
        let mut pending = lock(&inner.pending);
        let key = pending.enter(id, due, write)?;
        let sent = send(inner, &pending, key);
        drop(pending);
        Some((Self { socket, key, left: false }, sent))
    }

    /// Sends the question; `WouldBlock` when it has to wait for [`writable`](Self::writable).
    pub(crate) fn send(&self) -> io::Result<()> {
        let inner = self.socket.inner();
        send(inner, &lock(&inner.pending), self.key)
    }

    /// The runtime that reads its socket.
    pub(crate) fn runtime(&self) -> Id {
        self.socket.runtime()
    }

    /// Ready when the socket can send again.
    pub(crate) fn writable(&self) -> BoxFuture<'static, ()> {
        let socket = Arc::clone(&self.socket);
        Box::pin(async move {
            // An error shows at the next send.
            let _ = socket.inner().udp.writable().await;
        })
    }

    /// The outcome; `read` reads the response. Any outcome but [`QueryOutcome::Overdue`] removes the question, and then this must not
    /// be called again. While it is pending, and [its runtime](Self::runtime) polls, the task is woken at `due` at the latest.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        due: Time,
        read: impl FnOnce(&[u8]) -> R,
    ) -> Poll<QueryOutcome<R>> {
        let mut pending = lock(&self.socket.inner().pending);
        let Some(query) = pending.get(&mut self.key) else { return Poll::Ready(QueryOutcome::Lost) };
        let outcome = match query.settled() {
            Some(Settled::Response(at)) => QueryOutcome::Response(read(query.octets()), at),
            Some(Settled::OtherCase(at)) => QueryOutcome::OtherCase(at),
            Some(Settled::Failed(failure)) => QueryOutcome::Failed(failure),
            Some(Settled::Lost) => QueryOutcome::Lost,
            // The question was added while the reader closed the socket.
            None if self.socket.is_closed() => QueryOutcome::Lost,
            None if query.is_overdue() => return Poll::Ready(QueryOutcome::Overdue),
            None => {
                query.wait(cx.waker(), due);
                let needs_timer = pending.needs_timer(due);
                drop(pending);
                if needs_timer {
                    self.socket.set_timer(due);
                }
                return Poll::Pending;
            }
        };
        pending.leave(self.key);
        self.left = true;
        Poll::Ready(outcome)
    }
}

impl Drop for UdpQuery {
    fn drop(&mut self) {
        if !self.left {
            lock(&self.socket.inner().pending).leave(self.key);
        }
    }
}

fn send(inner: &Inner, pending: &PendingQueries, key: QueryKey) -> io::Result<()> {
    let Some(octets) = pending.unsettled(key) else {
        return Ok(()); // settled before it was sent: the socket is closed
    };
    let sent = match inner.udp.try_send(octets) {
        // The error belongs to an earlier datagram. This one has not been sent yet.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => inner.udp.try_send(octets),
        sent => sent,
    };
    sent.map(|_| count(&inner.counters.sent))
}

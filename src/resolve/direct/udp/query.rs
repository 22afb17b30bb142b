//! One question on a UDP socket.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::stats::count;
use crate::resolve::direct::udp::pending::{Settled, Slots};
use crate::resolve::direct::udp::socket::{Line, Socket};

/// The outcome of one datagram sent.
#[derive(Debug)]
pub(crate) enum Outcome<R> {
    /// What the caller read from the response (same id, same question), and when it came.
    Response(R, Instant),
    /// A response with letters in another case. It is not believed, and the question does not wait for another one.
    OtherCase(Instant),
    /// A failure in place of an answer.
    Failed(Failure),
    /// The socket was closed before a response came. This says nothing about the server.
    Lost,
    /// No response before the deadline. The question stays open.
    Overdue,
}

/// One question on a socket. Dropping it removes the question; a late response is ignored.
pub(crate) struct Ticket {
    socket: Arc<Socket>,
    id: u16,
    /// The question is removed; another one may have the id now.
    left: bool,
}

impl Ticket {
    /// Adds a question under an id and sends it, as [`send`](Self::send) does; `None` when the id is in use.
    pub(crate) fn enter(
        socket: Arc<Socket>,
        id: u16,
        due: Instant,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Option<(Self, io::Result<()>)> {
        let line = socket.line();
        let mut slots = lock(&line.slots);
        if slots.has(id) {
            return None;
        }
        slots.enter(id, due, write);
        let sent = send(line, &slots, id);
        drop(slots);
        Some((Self { socket, id, left: false }, sent))
    }

    /// Sends the question; `WouldBlock` when it has to wait for [`writable`](Self::writable).
    pub(crate) fn send(&self) -> io::Result<()> {
        let line = self.socket.line();
        send(line, &lock(&line.slots), self.id)
    }

    /// Ready when the socket can send again.
    pub(crate) fn writable(&self) -> BoxFuture<'static, ()> {
        let socket = Arc::clone(&self.socket);
        Box::pin(async move {
            // An error shows at the next send.
            let _ = socket.line().udp.writable().await;
        })
    }

    /// The outcome; `read` reads the response. Any outcome but [`Outcome::Overdue`] removes the question, and then this must not
    /// be called again. While it is pending, the task is woken at `due` at the latest.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        due: Instant,
        read: impl FnOnce(&[u8]) -> R,
    ) -> Poll<Outcome<R>> {
        let mut slots = lock(&self.socket.line().slots);
        let Some((at, slot)) = slots.find(self.id) else { return Poll::Ready(Outcome::Lost) };
        let came = || slot.settled_at().unwrap_or_else(Instant::now);
        let outcome = match slot.settled() {
            Some(Settled::Response) => Outcome::Response(read(slot.octets()), came()),
            Some(Settled::OtherCase) => Outcome::OtherCase(came()),
            Some(Settled::Failed(failure)) => Outcome::Failed(failure),
            // The second arm: the question was added just when the reader closed the socket.
            Some(Settled::Lost) => Outcome::Lost,
            None if self.socket.is_closed() => Outcome::Lost,
            None if slot.is_overdue() => return Poll::Ready(Outcome::Overdue),
            None => {
                slot.wait(cx.waker(), due);
                let needs_alarm = slots.needs_alarm(due);
                drop(slots);
                if needs_alarm {
                    self.socket.set_alarm();
                }
                return Poll::Pending;
            }
        };
        slots.leave(at);
        self.left = true;
        Poll::Ready(outcome)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut slots = lock(&self.socket.line().slots);
        if let Some((at, _)) = slots.find(self.id) {
            slots.leave(at);
        }
    }
}

fn send(line: &Line, slots: &Slots, id: u16) -> io::Result<()> {
    let Some(octets) = slots.unsettled(id) else {
        return Ok(()); // settled before it was sent: the socket is closed
    };
    let sent = match line.udp.try_send(octets) {
        // The error belongs to an earlier datagram. This one has not been sent yet.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => line.udp.try_send(octets),
        sent => sent,
    };
    sent.map(|_| count(&line.counters.sent))
}

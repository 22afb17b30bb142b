//! A place for one question on a socket.

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

/// What became of one datagram sent.
#[derive(Debug)]
pub(crate) enum Outcome<R> {
    /// What was read from the response (same id, same question), and when it came.
    Response(R, Instant),
    /// A response in which letters have changed their case: not to be believed, not to be waited past.
    OtherCase(Instant),
    /// Something that is no answer.
    Failed(Failure),
    /// The socket was given up before there was a response. Nobody's fault.
    Lost,
    /// Nothing yet, and the time has come. The place is still taken.
    Overdue,
}

/// A place for one question on a socket. Dropping it leaves the place; a response that comes then is ignored.
pub(crate) struct Ticket {
    socket: Arc<Socket>,
    id: u16,
    /// The place is empty; another may have the id now.
    left: bool,
}

impl Ticket {
    /// Enters a question under an id and sends it, as [`send`](Self::send) does; `None` when the id is taken.
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

    /// Ready when the socket takes datagrams again.
    pub(crate) fn writable(&self) -> BoxFuture<'static, ()> {
        let socket = Arc::clone(&self.socket);
        Box::pin(async move {
            // An error shows at the next send.
            let _ = socket.line().udp.writable().await;
        })
    }

    /// What became of it; `read` is given the response. Except after [`Outcome::Overdue`] the place is empty then, and this is
    /// not to be called again. While there is nothing, who polls is woken at `due` at the latest.
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
            // The latter: entered just when the reader gave up.
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
        // The news about an earlier datagram. This one is still to be sent.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => line.udp.try_send(octets),
        sent => sent,
    };
    sent.map(|_| count(&line.counters.sent))
}

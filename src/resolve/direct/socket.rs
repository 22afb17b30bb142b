//! One connected UDP socket and the questions in flight on it.
//!
//! There is no task behind it. The loop that reads the socket is a future of the socket's own, and its waker polls it at once,
//! on the thread that drives the runtime's I/O: it takes whatever has come, finds the question by id, compares, and wakes who
//! asked. So nobody depends on anybody else being polled, and dropping who asked is only the removal of an entry.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::super::fault::io_failure;
use super::message::{self, MAX_PAYLOAD, Match};
use super::stats::{Counters, count};
use crate::clock::BoxFuture;
use crate::dns::Failure;
use crate::lock::lock;

/// Wrong datagrams after which a socket is given up: somebody may be guessing (RFC 5452 §9.3).
const MOST_WRONG: u32 = 512;

/// What became of one datagram sent.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The response: same id, same question.
    Response(Vec<u8>),
    /// A response in which letters have changed their case: not to be believed, not to be waited past.
    OtherCase,
    /// Something that is no answer.
    Failed(Failure),
    /// The socket was given up before there was a response. Nobody's fault.
    Lost,
}

/// A socket. Dropping it closes it.
pub(super) struct Socket {
    line: Arc<Line>,
    reader: Mutex<Option<BoxFuture<'static, ()>>>,
    turn: AtomicU8,
    waker: Waker,
}

/// Nobody reads; somebody reads; somebody reads and is to start over.
const IDLE: u8 = 0;
const READING: u8 = 1;
const AGAIN: u8 = 2;

/// What the reader and the askers share.
struct Line {
    udp: UdpSocket,
    slots: Mutex<Slots>,
    closed: AtomicBool,
    exact_case: bool,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Slots {
    all: Vec<Slot>,
    /// How many still wait.
    waiting: usize,
    wrong: u32,
}

/// One question in flight.
struct Slot {
    id: u16,
    /// The question; then the response.
    octets: Vec<u8>,
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Socket {
    /// Opens a socket on a port that the kernel chooses at random (RFC 5452 §9.2, RFC 6056 §3.3), for one server: connected,
    /// so that the kernel drops what others send (RFC 5452 §9.1) and tells when nobody listens there.
    pub(super) fn open(server: SocketAddr, exact_case: bool, counters: &Arc<Counters>) -> io::Result<Arc<Self>> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let udp = std::net::UdpSocket::bind(any)?;
        udp.set_nonblocking(true)?;
        udp.connect(server)?;
        let line = Arc::new(Line {
            udp: UdpSocket::from_std(udp)?,
            slots: Mutex::default(),
            closed: AtomicBool::new(false),
            exact_case,
            counters: Arc::clone(counters),
        });
        count(&counters.sockets);
        let socket = Arc::new_cyclic(|socket: &Weak<Self>| Self {
            reader: Mutex::new(Some(Box::pin(Arc::clone(&line).read()))),
            line,
            turn: AtomicU8::new(IDLE),
            waker: Waker::from(Arc::new(Readable(Weak::clone(socket)))),
        });
        socket.read();
        Ok(socket)
    }

    /// Must it not be used any more?
    pub(super) fn is_closed(&self) -> bool {
        self.line.closed.load(Ordering::Relaxed)
    }

    /// Is a question with this id in flight?
    pub(super) fn has(&self, id: u16) -> bool {
        lock(&self.line.slots).all.iter().any(|slot| slot.id == id)
    }

    /// Enters a question. It goes out with [`Ticket::send`].
    pub(super) fn enter(self: &Arc<Self>, id: u16, octets: Vec<u8>) -> Ticket {
        let mut slots = lock(&self.line.slots);
        slots.all.push(Slot { id, octets, outcome: None, waker: None });
        slots.waiting += 1;
        drop(slots);
        Ticket { socket: Arc::clone(self), id, left: false }
    }

    /// Lets the reader read, unless it does so already; then it starts over.
    fn read(&self) {
        if self.turn.swap(AGAIN, Ordering::AcqRel) != IDLE {
            return;
        }
        loop {
            self.turn.store(READING, Ordering::Release);
            let mut reader = lock(&self.reader);
            if let Some(future) = reader.as_mut() {
                // The reader is nobody's task: no task's budget is to stop it.
                let turn = pin!(tokio::task::unconstrained(future));
                if turn.poll(&mut Context::from_waker(&self.waker)).is_ready() {
                    *reader = None;
                }
            }
            drop(reader);
            if self.turn.compare_exchange(READING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }
}

/// The waker of a socket's reader. It does not keep the socket open.
struct Readable(Weak<Socket>);

impl Wake for Readable {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(socket) = self.0.upgrade() {
            socket.read();
        }
    }
}

impl Line {
    /// Reads until the socket is of no more use.
    async fn read(self: Arc<Self>) {
        let mut buffer = [0; MAX_PAYLOAD + 1];
        while let Ok(ready) = self.udp.ready(Interest::READABLE | Interest::ERROR).await {
            if ready.is_error() {
                let _ = self.udp.try_io(Interest::ERROR, forget);
                if let Ok(Some(error)) = self.udp.take_error() {
                    self.fail(io_failure(&error));
                }
            }
            if ready.is_read_closed() || !self.drain(&mut buffer) {
                break;
            }
        }
        self.close();
    }

    /// Takes what has come; `false` when the socket is of no more use.
    fn drain(&self, buffer: &mut [u8]) -> bool {
        loop {
            match self.udp.try_recv(buffer) {
                Ok(length) => {
                    if self.take(buffer.get(..length).unwrap_or_default()) {
                        // Nobody waits for more. Saves a read in vain; `ready` then waits for the next datagram. The look at
                        // the slots happens inside, so that a datagram which comes after it is not overlooked.
                        let more = self.udp.try_io(Interest::READABLE, || match lock(&self.slots).waiting {
                            0 => forget(),
                            _ => Ok(()),
                        });
                        if more.is_err() {
                            return true;
                        }
                    } else if lock(&self.slots).wrong >= MOST_WRONG {
                        return false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) => {
                    self.fail(io_failure(&error));
                    if error.kind() != io::ErrorKind::ConnectionRefused {
                        return false;
                    }
                }
            }
        }
    }

    /// Hands a datagram to who asked; `false` when nobody did.
    fn take(&self, datagram: &[u8]) -> bool {
        let mut slots = lock(&self.slots);
        let id = datagram.first_chunk().copied().map(u16::from_be_bytes);
        let slot = slots.all.iter_mut().find(|slot| Some(slot.id) == id && slot.outcome.is_none());
        let settled = slot.and_then(|slot| {
            let outcome = match message::compare(datagram, &slot.octets) {
                Match::OtherCase if self.exact_case => {
                    count(&self.counters.other_case);
                    Outcome::OtherCase
                }
                // Longer than we said that we take.
                Match::Ours | Match::OtherCase if datagram.len() > MAX_PAYLOAD => Outcome::Failed(Failure::Malformed),
                Match::Ours | Match::OtherCase => {
                    let mut octets = std::mem::take(&mut slot.octets);
                    octets.clear();
                    octets.extend_from_slice(datagram);
                    Outcome::Response(octets)
                }
                Match::Failed(failure) => Outcome::Failed(failure),
                Match::Foreign => return None,
            };
            slot.outcome = Some(outcome);
            Some(slot.waker.take())
        });
        let Some(waker) = settled else {
            // RFC 5452 §9.1: whatever does not fit is as if it had never come. Too late, or forged.
            slots.wrong = slots.wrong.saturating_add(1);
            drop(slots);
            count(&self.counters.ignored);
            return false;
        };
        slots.waiting -= 1;
        drop(slots);
        count(&self.counters.received);
        // Not under the lock: what a waker does is not ours to know.
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The network's word on what was sent: it cannot be carried, or nobody listens.
    fn fail(&self, failure: Failure) {
        self.settle_all(|| Outcome::Failed(failure));
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.settle_all(|| Outcome::Lost);
    }

    fn settle_all(&self, outcome: impl Fn() -> Outcome) {
        let mut slots = lock(&self.slots);
        let mut wakers = Vec::new();
        for slot in slots.all.iter_mut().filter(|slot| slot.outcome.is_none()) {
            slot.outcome = Some(outcome());
            wakers.extend(slot.waker.take());
        }
        slots.waiting = 0;
        drop(slots);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Makes tokio forget that a socket is ready, until it is so again.
fn forget() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// A place for one question on a socket. Dropping it leaves the place; a response that comes then is ignored.
pub(super) struct Ticket {
    socket: Arc<Socket>,
    id: u16,
    /// The place is empty; another may have the id now.
    left: bool,
}

impl Ticket {
    /// Sends the question; `WouldBlock` when it has to wait for [`writable`](Self::writable).
    pub(super) fn send(&self) -> io::Result<()> {
        let line = &self.socket.line;
        let slots = lock(&line.slots);
        let Some(slot) = slots.all.iter().find(|slot| slot.id == self.id && slot.outcome.is_none()) else {
            return Ok(()); // settled before it was sent: the socket is closed
        };
        let sent = match line.udp.try_send(&slot.octets) {
            // The news about an earlier datagram. This one is still to be sent.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => line.udp.try_send(&slot.octets),
            sent => sent,
        };
        sent.map(|_| count(&line.counters.sent))
    }

    /// Ready when the socket takes datagrams again.
    pub(super) fn writable(&self) -> BoxFuture<'static, ()> {
        let socket = Arc::clone(&self.socket);
        Box::pin(async move {
            // An error shows at the next send.
            let _ = socket.line.udp.writable().await;
        })
    }

    /// What became of it. Once it is known, the place is empty and this is not to be called again.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut slots = lock(&self.socket.line.slots);
        let Some(at) = slots.all.iter().position(|slot| slot.id == self.id) else {
            return Poll::Ready(Outcome::Lost);
        };
        let closed = self.socket.is_closed();
        let Some(slot) = slots.all.get_mut(at) else { return Poll::Ready(Outcome::Lost) };
        match slot.outcome.take() {
            Some(outcome) => {
                slots.all.swap_remove(at);
                self.left = true;
                Poll::Ready(outcome)
            }
            // Entered just when the reader gave up.
            None if closed => Poll::Ready(Outcome::Lost),
            None => {
                match &mut slot.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut slots = lock(&self.socket.line.slots);
        if let Some(at) = slots.all.iter().position(|slot| slot.id == self.id) {
            let slot = slots.all.swap_remove(at);
            if slot.outcome.is_none() {
                slots.waiting = slots.waiting.saturating_sub(1);
            }
        }
    }
}

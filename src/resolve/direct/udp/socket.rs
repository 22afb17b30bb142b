//! One connected UDP socket and the questions in flight on it.
//!
//! There is no task behind it. What reads the socket is a future that its own waker polls: it takes whatever has come, finds
//! the question by id, compares, and wakes who asked. So nobody depends on anybody else being polled, and dropping who asked is only the removal of an entry.
//!
//! There is one timer for all questions of a socket, and hardly ever is it set: answers come long before a question counts as
//! lost, and a timer that is not needed any more is left to ring in vain.
//!
//! Each datagram has a system call of its own. Many per call (sendmmsg, recvmmsg) were tried and saved next to nothing: what
//! costs is the network stack, datagram by datagram.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Wake, Waker};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::query_codec::MAX_PAYLOAD;
use crate::resolve::direct::self_polled::SelfPolled;
use crate::resolve::direct::shared_timer::SharedTimer;
use crate::resolve::direct::stats::{Counters, count};
use crate::resolve::direct::udp::pending::{Settled, Slots, Taken};
use crate::resolve::failure_rank::io_failure;

/// Wrong datagrams after which a socket is given up: somebody may be guessing (RFC 5452 §9.3).
const MOST_WRONG: u32 = 512;

/// A socket. Dropping it closes it.
pub(crate) struct Socket {
    line: Arc<Line>,
    /// Reads, and hears what the network says about the datagrams sent.
    _watches: [Arc<SelfPolled>; 2],
    alarm: SharedTimer,
}

/// What the watches and the askers share.
pub(crate) struct Line {
    pub(crate) udp: UdpSocket,
    pub(crate) slots: Mutex<Slots>,
    closed: AtomicBool,
    exact_case: bool,
    pub(crate) counters: Arc<Counters>,
}

impl Socket {
    /// Opens a socket on a port that the kernel chooses at random (RFC 5452 §9.2, RFC 6056 §3.3), for one server: connected,
    /// so that the kernel drops what others send (RFC 5452 §9.1) and tells when nobody listens there.
    pub(crate) fn open(server: SocketAddr, exact_case: bool, counters: &Arc<Counters>) -> io::Result<Arc<Self>> {
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
        let watches = [
            SelfPolled::new(Box::pin(Arc::clone(&line).read())),
            SelfPolled::new(Box::pin(Arc::clone(&line).listen())),
        ];
        watches.iter().for_each(|watch| watch.poll());
        let alarm = SharedTimer::new(Waker::from(Arc::new(TimerWaker(Arc::downgrade(&line)))));
        Ok(Arc::new(Self { line, _watches: watches, alarm }))
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Must it not be used any more?
    pub(crate) fn is_closed(&self) -> bool {
        self.line.closed.load(Ordering::Relaxed)
    }

    /// Sets the alarm as the slots want it. Not to be called with the slots locked.
    pub(crate) fn set_alarm(&self) {
        self.alarm.set(|| lock(&self.line.slots).alarm());
    }
}

/// The waker of a socket's alarm. It does not keep the socket open.
struct TimerWaker(Weak<Line>);

impl Wake for TimerWaker {
    fn wake(self: Arc<Self>) {
        if let Some(line) = self.0.upgrade() {
            line.ring();
        }
    }
}

impl Line {
    /// Reads until the socket is of no more use.
    async fn read(self: Arc<Self>) {
        let mut buffer = [0; MAX_PAYLOAD + 1];
        while poll_fn(|cx| self.udp.poll_recv_ready(cx)).await.is_ok() && self.drain(&mut buffer) {}
        self.close();
    }

    /// Hears what the network says about the datagrams sent, when it says so: nothing listens there. Reading does not wake for it.
    async fn listen(self: Arc<Self>) {
        while self.udp.ready(Interest::ERROR).await.is_ok() && !self.closed.load(Ordering::Relaxed) {
            let _ = self.udp.try_io(Interest::ERROR, forget);
            if let Ok(Some(error)) = self.udp.take_error() {
                self.fail(io_failure(&error));
            }
        }
    }

    /// Takes what has come; `false` when the socket is of no more use.
    fn drain(&self, buffer: &mut [u8]) -> bool {
        loop {
            match self.udp.try_recv(buffer) {
                Ok(length) => {
                    if self.take(buffer.get(..length).unwrap_or_default()) {
                        // Nobody waits for more. Saves a read in vain; the next datagram makes the socket ready again. The
                        // look at the slots happens inside, so that a datagram which comes after it is not overlooked.
                        let more = self.udp.try_io(Interest::READABLE, || match lock(&self.slots).is_idle() {
                            true => forget(),
                            false => Ok(()),
                        });
                        if more.is_err() {
                            return true;
                        }
                    } else if lock(&self.slots).wrong() >= MOST_WRONG {
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
        let taken = lock(&self.slots).take(datagram, self.exact_case);
        let Taken::Settled(settled, waker) = taken else {
            count(&self.counters.ignored);
            return false;
        };
        if matches!(settled, Settled::OtherCase) {
            count(&self.counters.other_case);
        }
        count(&self.counters.received);
        // Not under the lock: what a waker does is not ours to know.
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The network's word on what was sent: it cannot be carried, or nobody listens.
    fn fail(&self, failure: Failure) {
        let wakers = lock(&self.slots).settle_all(Settled::Failed(failure));
        wakers.into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let wakers = lock(&self.slots).settle_all(Settled::Lost);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn ring(&self) {
        let wakers = lock(&self.slots).ring(Instant::now());
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Makes tokio forget that a socket is ready, until it is so again.
fn forget() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

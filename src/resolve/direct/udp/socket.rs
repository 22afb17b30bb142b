//! One connected UDP socket and the questions in flight on it.
//!
//! There is no task behind it. A future that its own waker polls reads the socket: it takes every datagram that has arrived, finds
//! the question by id, compares, and wakes the waiting task. So no question depends on another one being polled, and dropping
//! a question only removes its entry.
//!
//! All questions of a socket share one timer, which is rarely set: answers come long before a question counts as lost. A timer that
//! is no longer needed is not cancelled; it fires without effect. Only tasks of the socket's runtime set it.
//!
//! Each datagram takes one system call. Sixteen datagrams per call (sendmmsg, recvmmsg) would save 0.3 of about 4.8 microseconds
//! per question, and need a dependency: most of the cost is in the network stack, for each datagram.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Wake, Waker};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::runtime::Id;

use crate::base::lock::lock;
use crate::dns::Failure;
use crate::resolve::direct::self_polled::SelfPolled;
use crate::resolve::direct::shared_timer::SharedTimer;
use crate::resolve::direct::stats::{DirectCounters, count};
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::pending::{PendingQueries, Settled, Taken};
use crate::resolve::failure_rank::io_failure;
use crate::resolve::wire::codec::MAX_PAYLOAD;

/// A socket is closed after this many wrong datagrams: somebody may be guessing (RFC 5452 §9.3).
const MOST_WRONG: u32 = 512;

/// A socket. Dropping it closes it.
pub(crate) struct Socket {
    inner: Arc<Inner>,
    /// One reads datagrams, the other waits for errors that the network reports.
    _readers: [Arc<SelfPolled>; 2],
    timer: SharedTimer,
}

/// The part that the readers and the waiting questions share.
pub(crate) struct Inner {
    pub(crate) udp: UdpSocket,
    pub(crate) pending: Mutex<PendingQueries>,
    closed: AtomicBool,
    exact_case: bool,
    pub(crate) counters: Arc<DirectCounters>,
}

impl Socket {
    /// Opens a socket on a port that the kernel chooses at random (RFC 5452 §9.2, RFC 6056 §3.3), for one server: connected,
    /// so that the kernel drops datagrams from other addresses (RFC 5452 §9.1) and reports a closed port. `runtime` is the one
    /// that polls.
    pub(crate) fn open(
        server: SocketAddr,
        exact_case: bool,
        counters: &Arc<DirectCounters>,
        runtime: Id,
    ) -> io::Result<Arc<Self>> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let udp = std::net::UdpSocket::bind(any)?;
        udp.set_nonblocking(true)?;
        udp.connect(server)?;
        let inner = Arc::new(Inner {
            udp: UdpSocket::from_std(udp)?,
            pending: Mutex::default(),
            closed: AtomicBool::new(false),
            exact_case,
            counters: Arc::clone(counters),
        });
        count(&counters.sockets);
        let readers = [
            SelfPolled::new(Box::pin(Arc::clone(&inner).read())),
            SelfPolled::new(Box::pin(Arc::clone(&inner).listen())),
        ];
        readers.iter().for_each(|reader| reader.poll());
        let timer = SharedTimer::new(runtime, Waker::from(Arc::new(OnTimer(Arc::downgrade(&inner)))));
        Ok(Arc::new(Self { inner, _readers: readers, timer }))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Must it not be used any more?
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Relaxed)
    }

    /// The runtime that reads it.
    pub(crate) fn runtime(&self) -> Id {
        self.timer.runtime()
    }

    /// Sets the timer for a wait until `due`, if the socket's runtime polls. Must not be called while the questions are locked.
    #[cold]
    pub(crate) fn set_timer(&self, due: Time) {
        self.timer.set(|| Some(lock(&self.inner.pending).note_timer(due)));
    }
}

/// The waker of a socket's timer. It holds a weak reference, so it does not keep the socket open.
struct OnTimer(Weak<Inner>);

impl Wake for OnTimer {
    fn wake(self: Arc<Self>) {
        if let Some(inner) = self.0.upgrade() {
            inner.on_timer();
        }
    }
}

impl Inner {
    /// Reads until the socket has to be closed.
    async fn read(self: Arc<Self>) {
        let mut buffer = [0; MAX_PAYLOAD + 1];
        while poll_fn(|cx| self.udp.poll_recv_ready(cx)).await.is_ok() && self.drain(&mut buffer) {}
        self.close();
    }

    /// Waits for errors that the network reports about datagrams, such as a closed port. Waiting for data does not notice them.
    async fn listen(self: Arc<Self>) {
        while self.udp.ready(Interest::ERROR).await.is_ok() && !self.closed.load(Ordering::Relaxed) {
            let _ = self.udp.try_io(Interest::ERROR, forget);
            if let Ok(Some(error)) = self.udp.take_error() {
                self.fail(io_failure(&error));
            }
        }
    }

    /// Takes all datagrams that have arrived; `false` when the socket has to be closed.
    fn drain(&self, buffer: &mut [u8]) -> bool {
        loop {
            match self.udp.try_recv(buffer) {
                Ok(length) => match self.take(buffer.get(..length).unwrap_or_default()) {
                    Some(true) if self.stop_if_idle() => return true,
                    None if lock(&self.pending).wrong() >= MOST_WRONG => return false,
                    Some(_) | None => {}
                },
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

    /// Stops reading if no question is open, until the next datagram makes the socket ready again: this saves a read that finds
    /// nothing. The check is inside `try_io`, so that a datagram that arrives after it is not missed.
    fn stop_if_idle(&self) -> bool {
        let forget_if_idle = || if lock(&self.pending).is_idle() { forget() } else { Ok(()) };
        self.udp.try_io(Interest::READABLE, forget_if_idle).is_err()
    }

    /// Gives a datagram to its question, and tells whether that was the last open one; `None` when there is none.
    fn take(&self, datagram: &[u8]) -> Option<bool> {
        let taken = lock(&self.pending).take(datagram, self.exact_case);
        let Taken::Settled { settled, waker, was_last } = taken else {
            count(&self.counters.ignored);
            return None;
        };
        if matches!(settled, Settled::OtherCase(_)) {
            count(&self.counters.other_case);
        }
        count(&self.counters.received);
        // Never wake under the lock: a waker may run any code, also code that takes this lock.
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(was_last)
    }

    /// The network has reported an error about a datagram: no route, or a closed port. Ends all open questions.
    fn fail(&self, failure: Failure) {
        let wakers = lock(&self.pending).settle_all(Settled::Failed(failure));
        wakers.into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let wakers = lock(&self.pending).settle_all(Settled::Lost);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn on_timer(&self) {
        let wakers = lock(&self.pending).on_timer(Time::now());
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Makes tokio clear the readiness of a socket, until the driver reports it again.
fn forget() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

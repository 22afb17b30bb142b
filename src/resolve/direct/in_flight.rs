//! What one question waits for: its datagrams, its exchanges over TCP, and time.

use std::task::{Context, Poll};

use crate::base::clock::BoxFuture;
use crate::dns::Failure;
use crate::resolve::direct::first_look::FirstLook;
use crate::resolve::direct::runtime_timers::RuntimeTimers;
use crate::resolve::direct::runtimes::runtime_here;
use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::query::{QueryOutcome, UdpQuery};
use crate::resolve::wire::codec::Edns;

/// All that is in flight.
#[derive(Default)]
pub(super) struct InFlight<'a> {
    /// The first datagram, apart from the later ones to save an allocation. All stay open: a late answer to the first one counts too.
    first: Option<Datagram>,
    /// A task has waited for a datagram. Another runtime may poll now.
    has_waited: bool,
    /// Apart, because most questions need no more than the first datagram, and many questions wait at the same time.
    rest: Option<Box<Rest<'a>>>,
}

/// What few questions need.
#[derive(Default)]
struct Rest<'a> {
    more: Vec<Datagram>,
    /// Set while the socket is not ready to send the last datagram.
    not_ready: Option<BoxFuture<'static, ()>>,
    tcp: Vec<(usize, TcpExchange<'a>)>,
    /// For runtimes that have no socket with a datagram in flight; otherwise the timer of the socket is used.
    timers: RuntimeTimers,
}

/// A datagram in flight.
pub(super) struct Datagram {
    pub(super) server: usize,
    pub(super) sent: Time,
    pub(super) edns: Edns,
    pub(super) query: UdpQuery,
}

/// An exchange over TCP.
pub(super) type TcpExchange<'a> = BoxFuture<'a, Result<Vec<u8>, Failure>>;

/// The end of a wait.
pub(super) enum Arrival {
    /// The outcome of a datagram.
    Udp(Datagram, QueryOutcome<FirstLook>),
    /// The outcome of the exchange with this server.
    Tcp(usize, Result<Vec<u8>, Failure>),
    /// The socket can send the last datagram now.
    Writable,
    /// Time is up.
    Time,
}

impl<'a> InFlight<'a> {
    fn rest(&mut self) -> &mut Rest<'a> {
        self.rest.get_or_insert_default()
    }

    pub(super) fn push(&mut self, datagram: Datagram) {
        if self.has_datagrams() {
            self.rest().more.push(datagram);
        } else {
            self.first = Some(datagram);
        }
    }

    pub(super) fn push_tcp(&mut self, server: usize, exchange: TcpExchange<'a>) {
        self.rest().tcp.push((server, exchange));
    }

    fn more(&self) -> &[Datagram] {
        self.rest.as_ref().map_or(&[], |rest| &rest.more)
    }

    /// The datagram that was sent last.
    pub(super) fn last(&self) -> Option<&Datagram> {
        self.more().last().or(self.first.as_ref())
    }

    /// Removes the datagram that was sent last.
    pub(super) fn remove_last(&mut self) {
        if self.rest.as_mut().and_then(|rest| rest.more.pop()).is_none() {
            self.first = None;
        }
    }

    /// Waits until the socket of the last datagram can send, or no longer.
    pub(super) fn set_not_ready(&mut self, writable: Option<BoxFuture<'static, ()>>) {
        if writable.is_some() || self.rest.is_some() {
            self.rest().not_ready = writable;
        }
    }

    pub(super) fn has_datagrams(&self) -> bool {
        self.first.is_some() || !self.more().is_empty()
    }

    pub(super) fn has_tcp(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.tcp.is_empty())
    }

    /// Has a task waited since the first datagram was sent? Another task, in another runtime, may be polling now.
    pub(super) fn has_waited(&self) -> bool {
        self.has_waited
    }

    /// Gives up all that is in flight.
    pub(super) fn clear(&mut self) {
        (self.first, self.rest) = (None, None);
    }

    /// Waits until `due`, in whichever runtime polls; `look` reads a response.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, due: Time, look: impl Fn(&[u8]) -> FirstLook) -> Poll<Arrival> {
        if let Some(first) = &mut self.first
            && let Poll::Ready(outcome) = first.query.poll(cx, due, &look)
        {
            return Poll::Ready(match outcome {
                QueryOutcome::Overdue => Arrival::Time,
                outcome => self.first.take().map_or(Arrival::Time, |first| Arrival::Udp(first, outcome)),
            });
        }
        if let Some(arrival) = self.rest.as_mut().and_then(|rest| rest.poll(cx, due, look)) {
            return Poll::Ready(arrival);
        }
        // Before the first wait, the task that polls has sent the datagram, so the timer of its socket is the one that it needs.
        if self.has_datagrams() && !std::mem::replace(&mut self.has_waited, true) {
            return Poll::Pending;
        }
        self.poll_time(cx, due)
    }

    /// Time alone. Tasks in several runtimes may wait for one answer. If the runtime that reads the sockets has stopped, the
    /// question is sent again from this one, after the usual wait.
    #[cold]
    fn poll_time(&mut self, cx: &mut Context<'_>, due: Time) -> Poll<Arrival> {
        let here = runtime_here();
        let mut datagrams = self.first.iter().chain(self.more());
        if datagrams.any(|datagram| Some(datagram.query.runtime()) == here) {
            return Poll::Pending; // the timer of its socket is set
        }
        self.rest().timers.poll(cx, due).map(|()| Arrival::Time)
    }
}

impl Rest<'_> {
    /// Anything but time.
    #[cold]
    fn poll(&mut self, cx: &mut Context<'_>, due: Time, look: impl Fn(&[u8]) -> FirstLook) -> Option<Arrival> {
        for at in 0..self.more.len() {
            if let Some(datagram) = self.more.get_mut(at)
                && let Poll::Ready(outcome) = datagram.query.poll(cx, due, &look)
            {
                return Some(match outcome {
                    QueryOutcome::Overdue => Arrival::Time,
                    outcome => Arrival::Udp(self.more.swap_remove(at), outcome),
                });
            }
        }
        for at in 0..self.tcp.len() {
            if let Some((server, exchange)) = self.tcp.get_mut(at)
                && let Poll::Ready(result) = exchange.as_mut().poll(cx)
            {
                let arrival = Arrival::Tcp(*server, result);
                drop(self.tcp.swap_remove(at));
                return Some(arrival);
            }
        }
        let writable = self.not_ready.as_mut()?;
        writable.as_mut().poll(cx).is_ready().then_some(Arrival::Writable)
    }
}

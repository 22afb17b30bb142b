//! The servers, and what has been measured and opened for each of them.

use std::sync::{Arc, Mutex};

use crate::resolve::direct::limit::admission::AdmissionControl;
use crate::resolve::direct::probe_state::{Known, ServerProbe};
use crate::resolve::direct::rtt::Rtt;
use crate::resolve::direct::stats::DirectCounters;
use crate::resolve::direct::tcp::connections::Connections;
use crate::resolve::direct::udp::pool::{Pool, SocketUsage};
use crate::resolve::servers::Servers;
use crate::resolve::timeouts::Timeouts;

#[derive(Clone, Copy)]
pub(super) struct DirectSettings {
    pub(super) timeouts: Timeouts,
    pub(super) pacing: Pacing,
    pub(super) in_flight: usize,
    pub(super) usage: SocketUsage,
}

/// What all clones of a resolver share.
pub(super) struct Upstream {
    pub(super) servers: Vec<Server>,
    pub(super) timeouts: Timeouts,
    pub(super) pacing: Pacing,
    pub(super) counters: Arc<DirectCounters>,
}

/// One server.
pub(super) struct Server {
    pub(super) pool: Mutex<Pool>,
    pub(super) rtt: Mutex<Rtt>,
    pub(super) probe: Mutex<ServerProbe>,
    pub(super) known: Known,
    pub(super) admission: Arc<AdmissionControl>,
    pub(super) connections: Mutex<Connections>,
}

/// When a datagram counts as lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pacing {
    /// After three usual round trips to its server, or one and four deviations (RFC 6298), whichever is longer, but at least 100 ms and
    /// at most [`Timeouts::resend`]. Each later wait is twice the one before. At most 3 in 100 answered questions are sent again
    /// before [`Timeouts::resend`], and at most 10 in a row. A server that has not responded to at least 4 datagrams, for as long as
    /// [`Timeouts::resend`], is asked `. NS`, at most once a second: the servers of the names asked may be down instead. If that
    /// question is not answered within [`Timeouts::resend`] either, the server is asked only when no other is left, until it
    /// answers again.
    #[default]
    Measured,
    /// After [`Timeouts::resend`], then twice that and so on, always in the same order of servers.
    Fixed,
}

impl Upstream {
    pub(super) fn new(servers: &Servers, settings: DirectSettings) -> Self {
        let counters = Arc::new(DirectCounters::default());
        let servers = servers.addresses.iter().map(|address| Server {
            pool: Mutex::new(Pool::new(*address, settings.usage, Arc::clone(&counters))),
            rtt: Mutex::new(Rtt::new()),
            probe: Mutex::default(),
            known: Known::default(),
            admission: AdmissionControl::new(settings.in_flight),
            connections: Mutex::new(Connections::new(*address)),
        });
        Self { servers: servers.collect(), timeouts: settings.timeouts, pacing: settings.pacing, counters }
    }
}

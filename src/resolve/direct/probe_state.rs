//! What is kept of a server for probes.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Id;

use crate::resolve::direct::time::Time;
use crate::resolve::direct::udp::query::UdpQuery;
use crate::resolve::wire::codec::Edns;

/// What probes have shown of one server.
#[derive(Default)]
pub(super) struct Known {
    /// It did not know OPT records at the last probe.
    pub(super) without_opt: AtomicBool,
    /// A probe is in flight, the server is passed over, or it is asked without OPT records: look at it before each question.
    pub(super) watched: AtomicBool,
}

/// The probe in flight, and when the last one was sent.
#[derive(Default)]
pub(super) struct ServerProbe {
    pub(super) open: Option<Open>,
    pub(super) last: Option<Time>,
    pub(super) without_opt: Option<Time>,
}

/// A probe in flight.
pub(super) struct Open {
    pub(super) query: UdpQuery,
    pub(super) runtime: Id,
    /// The socket was not writable yet when it was opened.
    pub(super) unsent: bool,
    pub(super) sent: Time,
    pub(super) due: Time,
}

impl Known {
    pub(super) fn edns(&self) -> Edns {
        if self.without_opt.load(Ordering::Relaxed) { Edns::No } else { Edns::Yes }
    }

    /// One atomic read: for nearly all questions there is nothing to look at.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }
}

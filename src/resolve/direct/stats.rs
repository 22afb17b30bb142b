//! Counters of what was sent and received.

use std::sync::atomic::{AtomicU64, Ordering};

/// Running counts.
#[derive(Default)]
pub(crate) struct DirectCounters {
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) ignored: AtomicU64,
    pub(super) other_case: AtomicU64,
    pub(super) resent: AtomicU64,
    pub(super) early: AtomicU64,
    pub(super) probes: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) tcp: AtomicU64,
    pub(super) sockets: AtomicU64,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl DirectCounters {
    pub(super) fn read(&self) -> DirectStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DirectStats {
            sent: read(&self.sent),
            received: read(&self.received),
            ignored: read(&self.ignored),
            other_case: read(&self.other_case),
            resent: read(&self.resent),
            early: read(&self.early),
            probes: read(&self.probes),
            timeouts: read(&self.timeouts),
            tcp: read(&self.tcp),
            sockets: read(&self.sockets),
        }
    }
}

/// Counts of what a [`Direct`](crate::resolve::direct::Direct) and its clones have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectStats {
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams accepted as responses.
    pub received: u64,
    /// Datagrams that match no open question: late, or forged.
    pub ignored: u64,
    /// Responses that did not keep the random case of the question ([`QueryCase::Random`](crate::resolve::direct::QueryCase::Random)).
    pub other_case: u64,
    /// Datagrams sent again because no response came; part of `sent`.
    pub resent: u64,
    /// Those of `resent` sent before [`Timeouts::resend`](crate::resolve::Timeouts::resend), because responses usually come
    /// sooner.
    pub early: u64,
    /// Probes that find out whether a server is up and knows OPT records; part of `sent`.
    pub probes: u64,
    /// Questions that ended without a response.
    pub timeouts: u64,
    /// TCP connections opened.
    pub tcp: u64,
    /// UDP sockets opened.
    pub sockets: u64,
}

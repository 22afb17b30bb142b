//! The tokio runtimes that ask. Each has sockets and timers of its own: only the runtime that made one drives it.

use tokio::runtime::{Handle, Id};

/// Sockets and timers are kept for this many runtimes at a time. For one more, those of the runtime that came first are closed.
pub(super) const MOST_RUNTIMES: usize = 16;

/// The runtime that polls now.
pub(super) fn runtime_here() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

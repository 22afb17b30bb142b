//! Connections that wait for a request, so that the one that has waited longest can make room for another.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// Connections without a request under way, the longest first.
pub(crate) struct Idle(Mutex<LruCache<u64, Arc<Notify>>>);

impl Default for Idle {
    fn default() -> Self {
        // At most the number of connections, which is limited elsewhere.
        Self(Mutex::new(LruCache::unbounded()))
    }
}

impl Idle {
    /// Makes the one that has waited longest close. False if none waits.
    pub(crate) fn close_one(&self) -> bool {
        let oldest = self.lock().pop_lru();
        oldest.map(|(_, close)| close.notify_one()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<u64, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which mail server asks: its address, or none over a unix socket.
pub(crate) type Peer = Option<IpAddr>;

/// One connection, as the daemon sees it.
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    pub(super) id: u64,
    pub(super) idle: Arc<Idle>,
    pub(super) close: Arc<Notify>,
    /// Becomes true when the daemon stops.
    pub(super) stop: watch::Receiver<bool>,
}

impl Connection {
    /// Waits for the first octet of a request. False if none comes: the other side has closed the connection or is idle for too
    /// long, or the connection is to close. `may_close` is false within a message, which is not broken off for another connection.
    pub(crate) async fn wait(
        &mut self,
        stream: &mut (impl AsyncBufRead + Unpin),
        patience: Duration,
        may_close: bool,
    ) -> bool {
        if !may_close {
            return matches!(timeout(patience, stream.fill_buf()).await, Ok(Ok([_, ..])));
        }
        self.idle.lock().put(self.id, Arc::clone(&self.close));
        let begun = tokio::select! {
            biased;
            begun = timeout(patience, stream.fill_buf()) => matches!(begun, Ok(Ok([_, ..]))),
            () = self.close.notified() => false,
            _ = self.stop.wait_for(|stop| *stop) => false,
        };
        self.idle.lock().pop(&self.id);
        begun
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.idle.lock().pop(&self.id);
    }
}

//! Connections that wait for a request, so that the one that has waited longest can make room for another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use tokio::sync::Notify;

/// Connections without a request under way, the longest first.
pub(crate) struct Idle(Mutex<LruCache<u64, Arc<Notify>>>);

impl Default for Idle {
    fn default() -> Self {
        // As many as there are connections, and these are counted elsewhere.
        Self(Mutex::new(LruCache::unbounded()))
    }
}

impl Idle {
    /// Notes a connection until the result is dropped.
    pub(crate) fn wait(&self, id: u64, close: &Arc<Notify>) -> Waiting<'_> {
        self.lock().put(id, Arc::clone(close));
        Waiting { idle: self, id }
    }

    /// Tells the one that has waited longest to close. False where none waits.
    pub(crate) fn close_one(&self) -> bool {
        let oldest = self.lock().pop_lru();
        oldest.map(|(_, close)| close.notify_one()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<u64, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that waits.
pub(crate) struct Waiting<'a> {
    idle: &'a Idle,
    id: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.idle.lock().pop(&self.id);
    }
}

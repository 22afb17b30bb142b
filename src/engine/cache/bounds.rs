//! How much is cached, and for how long.

use std::time::Duration;

/// The bounds of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Entries of each store.
    pub(crate) entries: usize,
    /// Bytes of each store, roughly.
    pub(crate) bytes: usize,
    /// How long a failure is cached.
    pub(crate) failure: Duration,
}

//! Limits on questions about names that clients chose. Servers that never answer hold a permit until the timeout, and a client
//! can choose such servers: without these limits its names could take all permits.

use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;

use crate::engine::limit::Limit;

/// A client shares its limit with one of this many others. Which ones is random, so it cannot choose whom to crowd out.
const BUCKETS: u64 = 1_024;
/// One client has this part of all permits: by default 25, fewer than `Direct` grants it. So its further questions wait here,
/// where it is known which of them other clients ask too.
const CLIENTS_PART: usize = 160;
const CLIENTS_LEAST: usize = 4;

/// The limits for all clients together, and for each.
pub(crate) struct ClientLimits {
    /// Half of all permits.
    pub(crate) together: Arc<Limit>,
    /// The permits of one client.
    each: usize,
    buckets: Box<[OnceLock<Arc<Limit>>]>,
    hasher: RandomState,
}

impl ClientLimits {
    /// The limits, if at most `in_flight` questions may be in flight in all.
    pub(crate) fn new(in_flight: usize) -> Self {
        Self {
            together: Arc::new(Limit::new((in_flight / 2).max(1))),
            each: (in_flight / CLIENTS_PART).max(CLIENTS_LEAST),
            buckets: (0..BUCKETS).map(|_| OnceLock::new()).collect(),
            hasher: RandomState::default(),
        }
    }

    /// The limit of this client.
    pub(crate) fn of(&self, client: u32) -> Option<&Arc<Limit>> {
        let bucket = usize::try_from(self.hasher.hash_one(client) % BUCKETS).ok()?;
        Some(self.buckets.get(bucket)?.get_or_init(|| Arc::new(Limit::new(self.each))))
    }
}

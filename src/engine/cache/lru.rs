//! A bounded store that evicts the least recently used entry first. One client network cannot take more than a part of it.
//! The answers to a dialogue's questions are in it. The records of subjects, which are looked up a hundred times as often, have
//! a faster one: [`store`](super::store).

use std::hash::Hash;

use lru::LruCache;

use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::shares::Shares;
use crate::engine::cache::weight::Weigh;

/// Evicts the least recently used entries when there are too many of them, or too many bytes.
#[derive(Debug)]
pub(crate) struct LruStore<K: Hash + Eq, V> {
    entries: LruCache<K, V>,
    bytes: usize,
    shares: Shares<K>,
}

impl<K: Hash + Eq, V> Default for LruStore<K, V> {
    fn default() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0, shares: Shares::default() }
    }
}

impl<K: Hash + Eq + Clone, V: Weigh<K>> LruStore<K, V> {
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn remove(&mut self, key: &K, bounds: Bounds) {
        if let Some((key, value)) = self.entries.pop_entry(key) {
            self.forget(&key, &value, bounds);
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V, bounds: Bounds) {
        // The key may have another owner than the equal one in the store.
        self.remove(&key, bounds);
        let weight = value.weight(&key);
        if weight > bounds.bytes || bounds.entries == 0 {
            return;
        }
        self.bytes += weight;
        let owner = value.owner(&key);
        if let Some(owner) = owner {
            self.shares.add(owner, &key, 1, weight, bounds);
        }
        self.entries.put(key, value);
        self.evict(owner, bounds);
    }

    /// Keeps to the bounds, after this owner's part has grown.
    fn evict(&mut self, owner: Option<u64>, bounds: Bounds) {
        while let Some(key) = owner.and_then(|owner| self.shares.excess(owner, bounds)) {
            self.remove(&key, bounds);
        }
        while self.entries.len() > bounds.entries || self.bytes > bounds.bytes {
            let Some((key, value)) = self.entries.pop_lru() else { return };
            self.forget(&key, &value, bounds);
        }
    }

    /// Counts an entry that was removed.
    fn forget(&mut self, key: &K, value: &V, bounds: Bounds) {
        let weight = value.weight(key);
        self.bytes = self.bytes.saturating_sub(weight);
        if let Some(owner) = value.owner(key) {
            self.shares.subtract(owner, 1, weight, bounds);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

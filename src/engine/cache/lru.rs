//! A bounded store that evicts the least recently used entry first. One client network cannot take more than a part of it.

use std::hash::Hash;

use lru::LruCache;

use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::shares::Shares;

/// What an entry takes, and who caused it.
pub(crate) trait Weigh<K> {
    /// Roughly the bytes that a value takes with its key.
    fn weight(&self, key: &K) -> usize;

    /// The client network that chose the key, if one did: a number that identifies it.
    fn owner(&self, _: &K) -> Option<u64> {
        None
    }
}

/// Evicts the least recently used entries when there are too many of them, or too many bytes.
#[derive(Debug)]
pub(crate) struct Store<K: Hash + Eq, V> {
    entries: LruCache<K, V>,
    bytes: usize,
    shares: Shares<K>,
}

impl<K: Hash + Eq, V> Default for Store<K, V> {
    fn default() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0, shares: Shares::default() }
    }
}

impl<K: Hash + Eq + Clone, V: Weigh<K>> Store<K, V> {
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Looks a value up without marking it as used.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.peek(key)
    }

    /// Marks a value as used and returns it for changes that keep its weight.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
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

    /// Changes a value in place; a missing one starts as `new`. An owner stays what it was when the entry was added.
    pub(crate) fn update(&mut self, key: K, new: V, bounds: Bounds, change: impl FnOnce(&mut V)) {
        if bounds.entries == 0 {
            return;
        }
        if let Some(value) = self.entries.get_mut(&key) {
            let before = value.weight(&key);
            change(value);
            let (after, owner) = (value.weight(&key), value.owner(&key));
            self.bytes = (self.bytes + after).saturating_sub(before);
            if let Some(owner) = owner {
                match after.checked_sub(before) {
                    Some(0) => {}
                    Some(more) => self.shares.add(owner, &key, 0, more, bounds),
                    None => self.shares.subtract(owner, 0, before - after, bounds),
                }
            }
            if after <= bounds.bytes {
                self.evict(owner, bounds);
            } else {
                self.remove(&key, bounds);
            }
        } else {
            let mut value = new;
            change(&mut value);
            self.insert(key, value, bounds);
        }
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

//! A bounded store that evicts the least recently used entry first.

use std::hash::Hash;
use std::time::Duration;

use lru::LruCache;

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

/// Roughly the bytes that a value takes with its key.
pub(crate) trait Weigh<K> {
    fn weight(&self, key: &K) -> usize;
}

/// Evicts the least recently used entries when there are too many of them, or too many bytes.
#[derive(Debug)]
pub(crate) struct Store<K: Hash + Eq, V> {
    entries: LruCache<K, V>,
    bytes: usize,
}

impl<K: Hash + Eq, V> Default for Store<K, V> {
    fn default() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0 }
    }
}

impl<K: Hash + Eq, V: Weigh<K>> Store<K, V> {
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

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.entries.pop(key)?;
        self.bytes = self.bytes.saturating_sub(value.weight(key));
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, bounds: Bounds) {
        let weight = value.weight(&key);
        if weight > bounds.bytes || bounds.entries == 0 {
            self.remove(&key);
            return;
        }
        let before = self.entries.peek(&key).map_or(0, |before| before.weight(&key));
        self.bytes = (self.bytes + weight).saturating_sub(before);
        self.entries.put(key, value);
        self.evict(bounds);
    }

    /// Changes a value in place; a missing one starts from the default.
    pub(crate) fn update(&mut self, key: K, bounds: Bounds, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        if bounds.entries == 0 {
            return;
        }
        if let Some(value) = self.entries.get_mut(&key) {
            let before = value.weight(&key);
            change(value);
            let after = value.weight(&key);
            self.bytes = (self.bytes + after).saturating_sub(before);
            if after <= bounds.bytes {
                self.evict(bounds);
            } else {
                self.remove(&key);
            }
        } else {
            let mut value = V::default();
            change(&mut value);
            self.insert(key, value, bounds);
        }
    }

    fn evict(&mut self, bounds: Bounds) {
        while self.entries.len() > bounds.entries || self.bytes > bounds.bytes {
            let Some((key, value)) = self.entries.pop_lru() else { return };
            self.bytes = self.bytes.saturating_sub(value.weight(&key));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

//! A bounded store: what was used least recently goes first.

use std::hash::Hash;
use std::time::Duration;

use lru::LruCache;

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Subjects of lists of each kind, and answers of each kind.
    pub(crate) entries: usize,
    /// Bytes of each store, roughly.
    pub(crate) bytes: usize,
    /// How long a failure is remembered.
    pub(crate) failure: Duration,
}

/// How many bytes a value takes with its key, roughly.
pub(crate) trait Weigh<K> {
    fn weight(&self, key: &K) -> usize;
}

/// The least recently used goes first, by number and by bytes.
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

    /// Looks without saying that the value was used.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.peek(key)
    }

    /// The value has been used, and is for changing; its weight must stay.
    pub(crate) fn touch(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        let value = self.entries.pop(key)?;
        self.bytes = self.bytes.saturating_sub(value.weight(key));
        Some(value)
    }

    pub(crate) fn put(&mut self, key: K, value: V, bounds: Bounds) {
        let weight = value.weight(&key);
        if weight > bounds.bytes || bounds.entries == 0 {
            self.take(&key);
            return;
        }
        let before = self.entries.peek(&key).map_or(0, |before| before.weight(&key));
        self.bytes = (self.bytes + weight).saturating_sub(before);
        self.entries.put(key, value);
        self.shrink(bounds);
    }

    /// Changes a value in its place; a new one begins empty.
    pub(crate) fn change(&mut self, key: K, bounds: Bounds, change: impl FnOnce(V) -> V)
    where
        V: Default,
    {
        if bounds.entries == 0 {
            return;
        }
        if let Some(value) = self.entries.get_mut(&key) {
            let before = value.weight(&key);
            *value = change(std::mem::take(value));
            let after = value.weight(&key);
            self.bytes = (self.bytes + after).saturating_sub(before);
            if after <= bounds.bytes {
                self.shrink(bounds);
            } else {
                self.take(&key);
            }
        } else {
            self.put(key, change(V::default()), bounds);
        }
    }

    fn shrink(&mut self, bounds: Bounds) {
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

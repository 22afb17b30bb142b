//! A bounded store that evicts what was not used for long. One client network cannot take more than a part of it.
//!
//! The entries are in one vector (the row); a hash table maps each key to its index (the place). A look-up only marks its entry.
//! To evict, a hand goes round the row (the CLOCK algorithm): a marked entry loses its mark and stays for one more round; the
//! first entry without a mark is evicted.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::shares::Shares;
use crate::engine::cache::weight::Weigh;

/// One eviction skips at most this many marked entries, so that one insertion never goes round a large store.
const MOST_SPARED: usize = 32;

/// Evicts entries when there are too many of them, or too many bytes.
#[derive(Debug)]
pub(crate) struct Store<K, V> {
    /// The place of each entry in the row, by the hash of its key.
    places: HashTable<u32>,
    /// The newest stands last.
    row: Vec<Entry<K, V>>,
    /// Where the search for the next entry to evict starts.
    hand: usize,
    bytes: usize,
    shares: Shares<K>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    /// Was it looked up since the hand last passed?
    used: bool,
}

impl<K, V> Default for Store<K, V> {
    fn default() -> Self {
        Self {
            places: HashTable::new(),
            row: Vec::new(),
            hand: 0,
            bytes: 0,
            shares: Shares::default(),
            hasher: RandomState::default(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Weigh<K>> Store<K, V> {
    /// Looks a value up, which may be changed if that keeps its weight.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key)?;
        let entry = self.row.get_mut(place)?;
        entry.used = true;
        Some(&mut entry.value)
    }

    pub(crate) fn remove(&mut self, key: &K, bounds: Bounds) {
        if let Some(place) = self.place(key) {
            self.remove_at(place, bounds);
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V, bounds: Bounds) {
        // The key may have another owner than the equal one in the store.
        self.remove(&key, bounds);
        let weight = value.weight(&key);
        let Ok(place) = u32::try_from(self.row.len()) else { return };
        if weight > bounds.bytes || bounds.entries == 0 {
            return;
        }
        self.bytes += weight;
        let owner = value.owner(&key);
        if let Some(owner) = owner {
            self.shares.add(owner, &key, 1, weight, bounds);
        }
        let Self { row, hasher, .. } = self;
        let rehash = |place: &u32| row.get(*place as usize).map_or(0, |entry| hasher.hash_one(&entry.key));
        self.places.insert_unique(hasher.hash_one(&key), place, rehash);
        self.row.push(Entry { key, value, used: false });
        self.evict(owner, bounds);
    }

    /// Changes a value in place; a missing one starts as `new`, and is dropped if `change` returns false. An owner stays what it was
    /// when the entry was added.
    pub(crate) fn update(&mut self, key: K, new: V, bounds: Bounds, change: impl FnOnce(&mut V) -> bool) {
        if bounds.entries == 0 {
            return;
        }
        // Not by `get`: only a look-up shows that an entry is used.
        if let Some(entry) = self.place(&key).and_then(|place| self.row.get_mut(place)) {
            let value = &mut entry.value;
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
            if change(&mut value) {
                self.insert(key, value, bounds);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.row.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn place(&self, key: &K) -> Option<usize> {
        let is_it = |place: &u32| self.row.get(*place as usize).is_some_and(|entry| entry.key == *key);
        self.places.find(self.hasher.hash_one(key), is_it).map(|place| *place as usize)
    }

    /// Keeps to the bounds, after this owner's part has grown.
    fn evict(&mut self, owner: Option<u64>, bounds: Bounds) {
        while let Some(key) = owner.and_then(|owner| self.shares.excess(owner, bounds)) {
            self.remove(&key, bounds);
        }
        while self.row.len() > 1 && (self.row.len() > bounds.entries || self.bytes > bounds.bytes) {
            self.evict_one(bounds);
        }
    }

    /// Evicts any entry but the newest.
    fn evict_one(&mut self, bounds: Bounds) {
        for spared in 0..=MOST_SPARED {
            if self.hand + 1 >= self.row.len() {
                self.hand = 0;
            }
            match self.row.get_mut(self.hand) {
                Some(entry) if entry.used && spared < MOST_SPARED => entry.used = false,
                _ => {
                    self.remove_at(self.hand, bounds);
                    self.hand += 1;
                    return;
                }
            }
            self.hand += 1;
        }
    }

    /// Removes an entry; the last one takes its place.
    fn remove_at(&mut self, place: usize, bounds: Bounds) {
        let Some(hash) = self.hash_at(place) else { return };
        if let Ok(found) = self.places.find_entry(hash, |at| *at as usize == place) {
            found.remove();
        }
        let Entry { key, value, .. } = self.row.swap_remove(place);
        if let (Some(hash), Ok(here)) = (self.hash_at(place), u32::try_from(place))
            && let Some(at) = self.places.find_mut(hash, |at| *at as usize == self.row.len())
        {
            *at = here;
        }
        let weight = value.weight(&key);
        self.bytes = self.bytes.saturating_sub(weight);
        if let Some(owner) = value.owner(&key) {
            self.shares.subtract(owner, 1, weight, bounds);
        }
    }

    fn hash_at(&self, place: usize) -> Option<u64> {
        Some(self.hasher.hash_one(&self.row.get(place)?.key))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    impl Weigh<u32> for u64 {
        fn weight(&self, _: &u32) -> usize {
            usize::try_from(*self % 10).unwrap() + 1
        }
    }

    const BOUNDS: Bounds = Bounds { entries: 3, bytes: 1_000, failure: Duration::ZERO };

    fn keys(store: &Store<u32, u64>) -> Vec<u32> {
        let mut keys: Vec<u32> = store.row.iter().map(|entry| entry.key).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut store = Store::default();
        (1..=3).for_each(|key| store.insert(key, 0, BOUNDS));
        store.get(&1);
        store.insert(4, 0, BOUNDS);
        assert_eq!(keys(&store), [1, 3, 4], "1 was used");
        store.insert(5, 0, BOUNDS);
        assert_eq!(keys(&store), [1, 4, 5]);
        store.insert(6, 0, BOUNDS);
        assert_eq!(keys(&store), [4, 5, 6], "1 was not used again");
        keys(&store).iter().for_each(|key| assert!(store.get(key).is_some()));
        store.insert(7, 0, BOUNDS);
        assert_eq!((store.len(), store.get(&7)), (3, Some(&mut 0)), "the newest stays where all are in use");
    }

    /// Every check changes the record of its client. One that never comes back must not stay longer for it.
    #[test]
    fn a_changed_entry_is_not_a_used_one() {
        let mut store = Store::default();
        (1..=3).for_each(|key| store.insert(key, 0, BOUNDS));
        store.get(&2);
        store.update(1, 0, BOUNDS, |value| {
            *value = 5;
            true
        });
        store.insert(4, 0, BOUNDS);
        assert_eq!(keys(&store), [2, 3, 4]);
    }

    #[test]
    fn many_used_entries_cost_one_insertion_little() {
        let bounds = Bounds { entries: 1_000, ..BOUNDS };
        let mut store: Store<u32, u64> = Store::default();
        (0..1_000).for_each(|key| store.insert(key, 0, bounds));
        (0..1_000).for_each(|key| assert!(store.get(&key).is_some()));
        store.insert(1_000, 0, bounds);
        let passed_over = store.row.iter().filter(|entry| !entry.used).count();
        assert_eq!((store.len(), passed_over), (1_000, MOST_SPARED + 1), "these, and the new one");
    }

    /// Whatever is inserted, changed and removed, an entry is found by its key, and the bytes are those of all entries.
    #[test]
    fn row_and_table_agree() {
        let bounds = Bounds { entries: 50, bytes: 200, failure: Duration::ZERO };
        let mut store: Store<u32, u64> = Store::default();
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (key, value) = ((state >> 40) as u32 % 100, state >> 50);
            match state >> 33 & 3 {
                0 => store.remove(&key, bounds),
                1 => store.update(key, 0, bounds, |kept| {
                    *kept = value;
                    state >> 60 & 1 == 0
                }),
                _ => store.insert(key, value, bounds),
            }
            let bytes: usize = store.row.iter().map(|entry| entry.value.weight(&entry.key)).sum();
            assert_eq!((store.bytes(), store.places.len()), (bytes, store.row.len()));
            assert!(store.len() <= bounds.entries && bytes <= bounds.bytes);
            let keys = keys(&store);
            assert!(keys.iter().all(|key| store.place(key).is_some_and(|place| store.row[place].key == *key)));
        }
        assert!(store.len() > 10);
    }
}

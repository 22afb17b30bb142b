//! Values that are used again: a server may make thousands of checks a second, and allocating large blocks between small,
//! longer-lived ones would fragment the heap.

use std::sync::Mutex;

use crate::base::lock::lock;

/// The most values that are kept: about as many checks as run at the same time.
const KEPT: usize = 256;
/// The largest capacity of a value, in elements, that is kept.
const LARGEST: usize = 256;

/// Values that are not in use.
#[derive(Debug)]
pub(crate) struct ReusePool<T>(Mutex<Vec<T>>);

impl<T> Default for ReusePool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> ReusePool<T> {
    pub(crate) fn take(&self) -> Option<T> {
        lock(&self.0).pop()
    }

    /// Keeps a value, which the caller has emptied. It has room for so many elements; if that is too large, it is dropped.
    pub(crate) fn give_back(&self, value: T, capacity: usize) {
        let mut kept = lock(&self.0);
        if kept.len() < KEPT && capacity <= LARGEST {
            kept.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_within_bounds() {
        let pool = ReusePool::<Vec<u8>>::default();
        pool.give_back(Vec::with_capacity(20), 20);
        assert!(pool.take().unwrap().capacity() >= 20);
        for _ in 0..2 * KEPT {
            pool.give_back(Vec::new(), 0);
        }
        assert_eq!(lock(&pool.0).len(), KEPT);
        assert!(pool.take().is_some());
        pool.give_back(Vec::new(), LARGEST + 1);
        assert_eq!(lock(&pool.0).len(), KEPT - 1, "no room is kept for what is not usual");
    }
}

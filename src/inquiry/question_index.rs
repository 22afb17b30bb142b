//! Finds the questions of an inquiry by what they ask, without keeping any of them twice.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::dns::Question;

/// The numbers of the questions, by their hashes.
#[derive(Debug, Default)]
pub(super) struct QuestionIndex {
    numbers: HashTable<u32>,
    hasher: RandomState,
}

/// What makes a question: the flag is true for our own questions. Proof must be new, so a control is never shared with an equal
/// question that may be answered from the cache.
pub(super) type QuestionKey<'a> = (&'a Question, bool);

impl QuestionIndex {
    /// The number of this question, if it is there; otherwise adds it under `new`. `key_of` tells what stands under a number.
    pub(super) fn find_or_add<'a>(
        &mut self,
        key: QuestionKey<'_>,
        new: usize,
        key_of: impl Fn(usize) -> Option<QuestionKey<'a>>,
    ) -> Option<usize> {
        let Self { numbers, hasher } = self;
        let is_it = |number: &u32| key_of(*number as usize) == Some(key);
        let hash = |number: &u32| key_of(*number as usize).map_or(0, |key| hasher.hash_one(key));
        match numbers.entry(hasher.hash_one(key), is_it, hash) {
            Entry::Occupied(known) => Some(*known.get() as usize),
            Entry::Vacant(place) => {
                place.insert(u32::try_from(new).ok()?);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, number: usize, key: QuestionKey<'_>) {
        if let Ok(found) = self.numbers.find_entry(self.hasher.hash_one(key), |known| *known as usize == number) {
            found.remove();
        }
    }

    pub(super) fn clear(&mut self) {
        self.numbers.clear();
    }

    pub(super) fn capacity(&self) -> usize {
        self.numbers.capacity()
    }
}

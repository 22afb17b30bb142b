//! Random numbers that a seed repeats.

use std::time::Duration;

/// A sequence that looks random and is the same for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }

    /// Between two messages: mostly seconds, now and then a while.
    pub(crate) fn pause(&mut self) -> Duration {
        Duration::from_millis(match self.below(8) {
            0 => 0,
            1 => 60_000 + self.below(60_000),
            2 => 1_000 + self.below(30_000),
            _ => 500 + self.below(3_000),
        })
    }

    /// Messages at one time.
    pub(crate) fn crowd(&mut self) -> u64 {
        if self.below(6) == 0 { 2 + self.below(6) } else { 1 }
    }
}

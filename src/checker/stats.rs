//! Counters of a checker.

/// What a checker and its clones did since the checker was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Finished checks of whole dialogues.
    pub checks: u64,
    /// Of these, checks that were cut by their deadline.
    pub cut_by_deadline: u64,
    /// Questions sent to the resolver.
    pub questions: u64,
    /// Answers shared with another check that asked the same question.
    pub shared: u64,
    /// Answers from the cache.
    pub remembered: u64,
    /// Questions that failed.
    pub failures: u64,
    /// Questions in flight now.
    pub in_flight: usize,
    /// Entries in the cache now.
    pub entries: usize,
    /// Roughly the bytes that they take.
    pub bytes: usize,
}

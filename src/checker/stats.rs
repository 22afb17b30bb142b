//! What a checker has done.

/// What a checker has done, in all since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Checks of whole dialogues that ended.
    pub checks: u64,
    /// Of these, cut by their deadline.
    pub cut_by_deadline: u64,
    /// Questions put to the resolver.
    pub questions: u64,
    /// Answers shared with another check that was asking the same.
    pub shared: u64,
    /// Answers from memory.
    pub remembered: u64,
    /// Questions that nobody could answer.
    pub failures: u64,
    /// Questions in flight now.
    pub in_flight: usize,
    /// Entries remembered now.
    pub entries: usize,
    /// Roughly the bytes they take.
    pub bytes: usize,
}

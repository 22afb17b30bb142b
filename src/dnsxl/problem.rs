//! What is wrong with a list that is broken.

use std::fmt;

use crate::base::remote_text::RemoteText;
use crate::dns::Evidence;

/// What can be wrong with a list's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// An answer outside 127.0.0.0/8 (RFC 5782 §2.3, RFC 6471 §3.3).
    Outside127,
    /// A code that says "you may not ask".
    Refused,
    /// Only 127.0.0.1, which nobody asked for: it has no meaning that lists share.
    Ambiguous,
    /// The list holds what it must not hold: it lists everything (RFC 5782 §5).
    ListsEverything,
    /// Names that must not be there have addresses outside 127.0.0.0/8: the zone is parked.
    Parked,
}

impl ProblemKind {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Outside127 => "outside_127",
            Self::Refused => "refused",
            Self::Ambiguous => "ambiguous",
            Self::ListsEverything => "lists_everything",
            Self::Parked => "parked",
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside127 => "answers outside 127.0.0.0/8, as no working list does",
            Self::Refused => "refuses to answer us",
            Self::Ambiguous => "answers only 127.0.0.1, which may mean anything",
            Self::ListsEverything => "lists everything, even what no list may hold",
            Self::Parked => "is parked: every name in it has an address",
        })
    }
}

/// What a broken list answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breakage {
    pub(crate) kind: ProblemKind,
    pub(crate) evidence: Vec<Evidence>,
    /// What the list itself says about it: a tombstone, often.
    pub(crate) reason: Option<RemoteText>,
}

//! The ways in which a list can be broken.

use std::fmt;

use crate::base::remote_text::RemoteText;
use crate::base::words::words;
use crate::dns::Evidence;

/// What is wrong with the answer of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// An answer outside 127.0.0.0/8 (RFC 5782 §2.3, RFC 6471 §3.3).
    Outside127,
    /// A code that means that the list refuses to answer this resolver.
    Refused,
    /// Only 127.0.0.1, which neither the filter nor the profile contains: it has no common meaning.
    Ambiguous,
    /// The list contains a test entry that must not exist: it lists everything (RFC 5782 §5).
    ListsEverything,
    /// Names that must not exist have addresses outside 127.0.0.0/8: the domain is parked.
    Parked,
}

words!("problem", ProblemKind {
    Outside127 = "outside_127",
    Refused = "refused",
    Ambiguous = "ambiguous",
    ListsEverything = "lists_everything",
    Parked = "parked",
});

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

/// The evidence that a list is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breakage {
    pub(crate) kind: ProblemKind,
    pub(crate) evidence: Vec<Evidence>,
    /// The text of the list about it, often a notice that it has closed.
    pub(crate) reason: Option<RemoteText>,
}

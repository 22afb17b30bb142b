//! Why a text cannot be read, and where.

use std::fmt;
use std::ops::Range;

/// Why a text cannot be read, and where. It never repeats the text, which may contain a key.
///
/// ```
/// use rdnsbl::{Name, name::NameErrorKind};
///
/// let error = Name::parse("bl..example").unwrap_err();
/// assert_eq!((error.kind(), error.span()), (NameErrorKind::EmptyLabel, 3..3));
/// assert_eq!(error.to_string(), "empty label at octet 4");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {}", span.start + 1)]
pub struct ParseError<K: fmt::Display> {
    kind: K,
    span: Range<usize>,
}

impl<K: fmt::Display + Copy> ParseError<K> {
    pub(crate) fn new(kind: K, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> K {
        self.kind
    }

    /// The octets of the text that are wrong; an empty range marks the position where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

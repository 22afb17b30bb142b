//! What can be wrong with a name.

use std::ops::Range;

/// Why a text is not a valid name, and where. It never repeats the text, which may contain a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {}", span.start + 1)]
pub struct NameError {
    pub(super) kind: NameErrorKind,
    pub(super) span: Range<usize>,
}

impl NameError {
    pub(crate) fn new(kind: NameErrorKind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> NameErrorKind {
        self.kind
    }

    /// The octets of the text that are wrong.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// What can be wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NameErrorKind {
    /// The text is empty.
    #[error("a name is needed")]
    Empty,
    /// Two dots without a label between them, or a leading dot.
    #[error("empty label")]
    EmptyLabel,
    /// A label of more than 63 octets.
    #[error("label longer than 63 octets")]
    LabelTooLong,
    /// More than 255 octets on the wire.
    #[error("name longer than 255 octets")]
    TooLong,
    /// An octet that names in this crate may not contain.
    #[error("character not allowed in a name")]
    BadCharacter,
    /// A U-label that is invalid in IDNA (RFC 5891).
    #[error("not a valid internationalized name")]
    BadUnicode,
    /// A U-label, and the crate was built without the feature `idna`.
    #[error("internationalized names need the feature `idna`")]
    NeedsIdna,
    /// All labels are numeric: an address, not a name.
    #[error("all labels are numeric: this is no domain name")]
    Numeric,
}

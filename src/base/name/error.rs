//! What can be wrong with a name.

use crate::base::parse_error::ParseError;

/// Why a text is not a valid name, and where.
pub type NameError = ParseError<NameErrorKind>;

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

//! Why a text is not a valid catalogue.

use crate::base::name::NameErrorKind;
use crate::dnsxl::{PatternErrorKind, SpecErrorKind};
use crate::lists::catalogue::date::DateError;

/// Why a text is not a valid catalogue, and in which line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct CatalogueError {
    line: usize,
    kind: CatalogueErrorKind,
}

impl CatalogueError {
    pub(crate) fn new(line: usize, kind: CatalogueErrorKind) -> Self {
        Self { line, kind }
    }

    /// The line, from 1. If a list lacks something, the line that names the list.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> CatalogueErrorKind {
        self.kind
    }
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueErrorKind {
    /// The text does not start with the date of its data.
    #[error("need `as_of YYYY-MM-DD`, once, before the first zone")]
    AsOf,
    /// The text is written for a later version, or gives its format twice or too late.
    #[error("need `format 1`, once, before all other lines")]
    Format,
    /// A line about a list, before any list was named.
    #[error("not allowed before the first zone")]
    OutsideStanza,
    /// The keyword has no value.
    #[error("need a value after the keyword")]
    Empty,
    /// The line has extra text at its end.
    #[error("unexpected text at the end of the line")]
    Garbage,
    /// A control character, or a character outside ASCII.
    #[error("need printable ASCII")]
    NotPrintable,
    /// The keyword may occur only once for a list.
    #[error("keyword occurs twice")]
    Repeated,
    /// A list lacks a line that every list needs.
    #[error("no `{0}` line for this list")]
    Missing(&'static str),
    /// The name already belongs to a list.
    #[error("name is already in the catalogue")]
    Duplicate,
    /// The list it refers to is not defined above it.
    #[error("no such list above")]
    UnknownZone,
    /// The name is not a valid domain name.
    #[error("name: {0}")]
    Name(NameErrorKind),
    /// Not the name of a zone.
    #[error("not a valid name for a zone")]
    NotAHost,
    /// A name with a key in it; keys belong in a configuration.
    #[error("a key is not allowed here")]
    Key,
    /// Not a date.
    #[error(transparent)]
    Date(#[from] DateError),
    /// Not a known status.
    #[error("need active, restricted, unverified, suspect, renamed, merged, retired or never")]
    Status,
    /// Not a known sign of a shutdown.
    #[error("not a known way in which lists close")]
    ShutdownSign,
    /// Not a pattern of codes.
    #[error("codes: {0}")]
    Codes(PatternErrorKind),
    /// Codes outside 127.0.0.0/8: no working list returns these.
    #[error("codes outside 127.0.0.0/8")]
    Outside127,
    /// Not a single bit of an octet.
    #[error("need one of the bits 1, 2, 4 ... 128")]
    Bit,
    /// Not a known disposition.
    #[error("need deny, allow, neutral, test or refusal")]
    Disposition,
    /// Not a kind of subject.
    #[error("need ipv4, ipv6, domain or hash")]
    SubjectKind,
    /// The test entry is not of the kind given.
    #[error("need an entry of this kind: an address or a domain")]
    TestEntry,
    /// One of a fixed set of words was expected.
    #[error("need {0}")]
    Word(&'static str),
    /// The recommended list cannot be read.
    #[error("{0}")]
    Spec(SpecErrorKind),
    /// Too many lists.
    #[error("too many lists")]
    TooMany,
}

//! Why a text is no catalogue.

use crate::base::name::NameErrorKind;
use crate::dnsxl::{PatternErrorKind, SpecErrorKind};
use crate::lists::catalogue::date::DateError;

/// Why a text is no catalogue, and in which line, from 1.
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

    /// The line, from 1. For what a list lacks, the line that names the list.
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
    /// The text does not start by saying how old its knowledge is.
    #[error("need `as_of YYYY-MM-DD`, once, before the first zone")]
    AsOf,
    /// The text is written for a later version, or says its format twice or too late.
    #[error("need `format 1`, once, in front of everything")]
    Format,
    /// A line about a list, and no list was named yet.
    #[error("stands before the first zone")]
    OutsideStanza,
    /// The keyword says nothing.
    #[error("need something after the keyword")]
    Empty,
    /// Something follows that does not belong there.
    #[error("more than belongs in this line")]
    Garbage,
    /// A control character, or one outside ASCII.
    #[error("need printable ASCII")]
    NotPrintable,
    /// The keyword may stand once for a list.
    #[error("said twice")]
    Repeated,
    /// A list without a line that every list needs.
    #[error("no `{0}` line for this list")]
    Missing(&'static str),
    /// The name belongs to a list already.
    #[error("name stands in the catalogue already")]
    Duplicate,
    /// The list it refers to does not stand above it.
    #[error("no such list above")]
    UnknownZone,
    /// A name that cannot be.
    #[error("name: {0}")]
    Name(NameErrorKind),
    /// No name of a zone.
    #[error("no name that a zone can have")]
    NotAHost,
    /// A name with a key in it, which belongs into a configuration.
    #[error("a key does not belong here")]
    Key,
    /// No date.
    #[error(transparent)]
    Date(#[from] DateError),
    /// No such status.
    #[error("need active, restricted, unverified, suspect, renamed, merged, retired or never")]
    Status,
    /// No such way to die.
    #[error("no known way for a list to die")]
    Death,
    /// No pattern of codes.
    #[error("codes: {0}")]
    Codes(PatternErrorKind),
    /// Codes outside 127.0.0.0/8: no working list answers so.
    #[error("codes outside 127.0.0.0/8")]
    Outside127,
    /// Not one bit of an octet.
    #[error("need one of the bits 1, 2, 4 ... 128")]
    Bit,
    /// No such disposition.
    #[error("need deny, allow, neutral, test or refusal")]
    Disposition,
    /// No kind of subject.
    #[error("need ipv4, ipv6, domain or hash")]
    SubjectKind,
    /// The test entry is not of its kind.
    #[error("need an entry of this kind: an address or a domain")]
    TestEntry,
    /// A word of a short list was expected.
    #[error("need {0}")]
    Word(&'static str),
    /// The recommended list cannot be read.
    #[error("{0}")]
    Spec(SpecErrorKind),
    /// More lists than anybody knows.
    #[error("too many lists")]
    TooMany,
}

//! Findings about a catalogue that is valid.

use std::fmt;

use crate::base::name::Name;

/// The maximum number of findings that are kept.
pub(crate) const MAX_FINDINGS: usize = 1_000;
/// The maximum length of a word in octets.
const MAX_WORD: usize = 40;

/// A keyword that this version does not know: the text was written for a later version, or the keyword is misspelled.
/// The catalogue stays usable, but for the lists that the line is about only the refusals are kept, see
/// [`Entry::is_partly_read`](crate::lists::catalogue::Entry::is_partly_read). `Display` is one printable line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFinding {
    line: usize,
    zone: Option<Name>,
    keyword: Box<str>,
}

impl CatalogueFinding {
    pub(crate) fn new(line: usize, zone: Option<Name>, keyword: &str) -> Self {
        // Printable ASCII, like the whole text.
        Self { line, zone, keyword: keyword.get(..MAX_WORD).unwrap_or(keyword).into() }
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The first of the lists that the line is about; `None` if it is about all lists of an operator, or about none.
    #[must_use]
    pub fn zone(&self) -> Option<&Name> {
        self.zone.as_ref()
    }

    /// The keyword, cut to a maximum length.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.keyword
    }
}

impl fmt::Display for CatalogueFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: unknown keyword `{}`", self.line, self.keyword)?;
        match &self.zone {
            Some(zone) => write!(f, ": of {zone} only the refusals are used"),
            None => Ok(()),
        }
    }
}

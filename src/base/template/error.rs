//! Why a text is no template.

use std::ops::Range;

/// Octets of a template.
pub const MAX_TEMPLATE: usize = 2_000;

/// Why a text is no template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {}", span.start + 1)]
pub struct TemplateError {
    kind: TemplateErrorKind,
    span: Range<usize>,
}

impl TemplateError {
    pub(crate) fn new(kind: TemplateErrorKind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> TemplateErrorKind {
        self.kind
    }

    /// Which octets of the text are wrong; an empty range stands where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// What can be wrong with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// No variable has this name.
    #[error("unknown variable")]
    UnknownVariable,
    /// A dollar sign stands before something else.
    #[error("expected a variable, \"{{\", \"(\" or \"$\" after \"$\"")]
    NeedName,
    /// A brace or parenthesis is not closed.
    #[error("expected a closing brace or parenthesis")]
    Unclosed,
    /// Something else than `?` or `:` stands behind the name in braces.
    #[error("expected \"?\", \":\" or \"}}\"")]
    NeedCondition,
    /// Something stands behind the second text of a condition.
    #[error("expected \"}}\"")]
    Trailing,
    /// Conditions in conditions, too deep to be meant.
    #[error("nested too deep")]
    TooDeep,
    /// More than [`MAX_TEMPLATE`] octets.
    #[error("longer than {MAX_TEMPLATE} octets")]
    TooLong,
    /// Something that no reply may hold.
    #[error("only printable ASCII may stand in a reply")]
    BadCharacter,
    /// The reply does not start with a code.
    #[error("expected a reply code from 400 to 599 and a blank")]
    NeedCode,
    /// Code and enhanced code are of different classes: 4yz goes with 4.y.z, 5yz with 5.y.z.
    #[error("reply code and enhanced status code do not agree")]
    CodesDiffer,
    /// There is no text.
    #[error("expected a text")]
    NeedText,
}

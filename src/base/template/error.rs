//! Why a text is not a valid template.

use crate::base::parse_error::ParseError;

/// The maximum length of a template in octets.
pub const MAX_TEMPLATE: usize = 2_000;

/// Why a text is not a valid template, and where.
pub type TemplateError = ParseError<TemplateErrorKind>;

/// What can be wrong with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// No variable has this name.
    #[error("unknown variable")]
    UnknownVariable,
    /// A dollar sign is followed by something that is not a variable.
    #[error("expected a variable, \"{{\", \"(\" or \"$\" after \"$\"")]
    NeedName,
    /// A brace or parenthesis is not closed.
    #[error("expected a closing brace or parenthesis")]
    Unclosed,
    /// The name in braces is followed by something other than `?` or `:`.
    #[error("expected \"?\", \":\" or \"}}\"")]
    NeedCondition,
    /// There is text after the second text of a condition.
    #[error("expected \"}}\"")]
    Trailing,
    /// Conditions are nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// More than [`MAX_TEMPLATE`] octets.
    #[error("longer than {MAX_TEMPLATE} octets")]
    TooLong,
    /// A character that a reply may not contain.
    #[error("only printable ASCII may stand in a reply")]
    BadCharacter,
    /// The reply does not start with a reply code.
    #[error("expected a reply code from 400 to 599 and a blank")]
    NeedCode,
    /// Reply code and enhanced code have different classes: 4yz needs 4.y.z, 5yz needs 5.y.z.
    #[error("reply code and enhanced status code do not agree")]
    CodesDiffer,
    /// The reply has no text.
    #[error("expected a text")]
    NeedText,
}

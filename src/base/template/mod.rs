//! Reply texts with variables, in the style of Postfix's `rbl_reply_maps`.
//!
//! | written | means |
//! |---|---|
//! | `$name`, `$(name)`, `${name}` | the value |
//! | `${name?text}`, `${name?{text}}` | the text, if the value is not empty |
//! | `${name:text}`, `${name:{text}}` | the text, if the value is empty |
//! | `${name?{text}:{other}}` | one or the other |
//! | `$$` | a dollar sign |
//!
//! Texts may contain variables again. Values are never expanded: data from a client or a list is cleaned and inserted
//! unchanged.

pub(crate) mod error;
pub(crate) mod parser;
mod piece;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::base::template::parser::TemplateParser;

pub use crate::base::template::error::{MAX_TEMPLATE, TemplateError, TemplateErrorKind};
use crate::base::template::piece::Piece;
pub use crate::base::template::piece::Variable;

/// A text with variables. Every template that exists is valid.
///
/// ```
/// use rdnsbl::template::{Template, TemplateErrorKind};
///
/// let template: Template = "$rbl_code Blocked by $rbl_domain${rbl_reason?; $rbl_reason}".parse()?;
/// assert_eq!(template.to_string(), "$rbl_code Blocked by $rbl_domain${rbl_reason?; $rbl_reason}");
///
/// let error = "550 5.7.1 $rbl_domian".parse::<Template>().unwrap_err();
/// assert_eq!((error.kind(), error.span()), (TemplateErrorKind::UnknownVariable, 11..21));
/// # Ok::<(), rdnsbl::template::TemplateError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    source: Arc<str>,
    pieces: Arc<[Piece]>,
}

/// A template with its variables replaced by values.
pub(crate) struct Expansion {
    pub(crate) text: String,
    /// The number of octets at the start that come from the template itself, not from outside.
    pub(crate) own: usize,
}

impl Template {
    /// Inserts the values. Variables inside a value are not expanded.
    pub(crate) fn expand(&self, value: &dyn Fn(Variable) -> String) -> Expansion {
        let mut expansion = Expansion { text: String::new(), own: 0 };
        let mut own = true;
        fill(&self.pieces, value, &mut expansion, &mut own);
        expansion
    }

    /// The fixed text at the start of the template, equal in every report; empty if the template starts with a
    /// variable.
    pub(crate) fn literal_start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Does it start with the code that the policy gives?
    pub(crate) fn starts_with_code(&self) -> bool {
        matches!(self.pieces.first(), Some(Piece::Value(Variable::RblCode)))
    }

    /// Does it start with a condition?
    pub(crate) fn starts_with_condition(&self) -> bool {
        matches!(self.pieces.first(), Some(Piece::Either(..)))
    }

    /// Texts and variables, if the template contains no conditions.
    pub(crate) fn plain_pieces(&self) -> Option<Vec<Result<&str, Variable>>> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(Ok(text.as_str())),
                Piece::Value(variable) => Some(Err(*variable)),
                Piece::Either(..) => None,
            })
            .collect()
    }
}

fn fill(pieces: &[Piece], value: &dyn Fn(Variable) -> String, expansion: &mut Expansion, own: &mut bool) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => expansion.text.push_str(text),
            Piece::Value(variable) => {
                // The policy's reply code is as safe as a code written in the template.
                *own &= *variable == Variable::RblCode;
                expansion.text.push_str(&value(*variable));
            }
            Piece::Either(variable, present, absent) => {
                let branch = if value(*variable).is_empty() { absent } else { present };
                fill(branch, value, expansion, own);
            }
        }
        if *own {
            expansion.own = expansion.text.len();
        }
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE {
            return Err(TemplateError::new(TemplateErrorKind::TooLong, MAX_TEMPLATE..text.len()));
        }
        // RFC 5321 §4.2: a reply text is printable US-ASCII.
        if let Some((at, character)) = text.char_indices().find(|(_, c)| !c.is_ascii_graphic() && *c != ' ') {
            let span = at..at + character.len_utf8();
            return Err(TemplateError::new(TemplateErrorKind::BadCharacter, span));
        }
        let pieces = TemplateParser::new(text).pieces()?;
        Ok(Self { source: text.into(), pieces: pieces.into() })
    }
}

/// The template as its author wrote it.
/// Equal templates have equal sources.
impl Hash for Template {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl AsRef<str> for Template {
    fn as_ref(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.source)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(template: &str) -> String {
        let template: Template = template.parse().unwrap();
        template
            .expand(&|variable| match variable {
                Variable::RblCode => "554".to_owned(),
                Variable::RblReason => String::new(),
                Variable::RblTxt => "$rbl_code ${client}".to_owned(),
                variable => variable.name().to_uppercase(),
            })
            .text
    }

    #[test]
    fn values_and_conditions() {
        for (template, wanted) in [
            ("550 a $client b", "550 a CLIENT b"),
            ("$(client)$client${client}", "CLIENTCLIENTCLIENT"),
            ("$client.x", "CLIENT.x"),
            ("$rbl_code x", "554 x"),
            ("${client?yes}", "yes"),
            ("${client:no}", ""),
            ("${rbl_reason?yes}", ""),
            ("${rbl_reason:no}", "no"),
            ("${rbl_reason?{yes}:{no}}", "no"),
            ("${client?{a $client}:{b}}", "a CLIENT"),
            ("${client? {a} : {b} }", "a"),
            ("${rbl_reason:{no}?{yes}}", "no"),
            ("${client?{x ${rbl_reason:{deep $client}}}}", "x deep CLIENT"),
            ("$(client?text $helo_name)", "text HELO_NAME"),
            ("100 $$ $$client", "100 $ $client"),
            ("$rbl_txt", "$rbl_code ${client}"), // a value is not expanded again
        ] {
            assert_eq!(expand(template), wanted, "{template}");
        }
    }

    #[test]
    fn mistakes_are_pointed_at() {
        use TemplateErrorKind as ListKind;
        let deep = format!("{}x{}", "${client?{".repeat(20), "}}".repeat(20));
        for (template, kind, span) in [
            ("$", ListKind::NeedName, 1..1),
            ("a $ b", ListKind::NeedName, 3..3),
            ("$nothing", ListKind::UnknownVariable, 1..8),
            ("${client", ListKind::Unclosed, 8..8),
            ("${}", ListKind::NeedName, 2..2),
            ("${client!x}", ListKind::NeedCondition, 8..9),
            ("${client?{a}x}", ListKind::Trailing, 12..13),
            ("${client?{a}:b}", ListKind::Unclosed, 13..13),
            ("${client?{a}:{b}c}", ListKind::Trailing, 16..17),
            ("${client?$bad}", ListKind::UnknownVariable, 10..13),
            ("a\r\n250 OK", ListKind::BadCharacter, 1..2),
            ("caf\u{e9}", ListKind::BadCharacter, 3..5),
            (&deep, ListKind::TooDeep, 161..162),
        ] {
            let error = template.parse::<Template>().unwrap_err();
            assert_eq!((error.kind(), error.span()), (kind, span), "{template}");
        }
        assert_eq!("x".repeat(2_001).parse::<Template>().unwrap_err().kind(), ListKind::TooLong);
    }

    #[test]
    fn text_from_outside_is_marked() {
        let own = |template: &str| {
            let template: Template = template.parse().unwrap();
            template.expand(&|variable| if variable == Variable::RblCode { "554" } else { "550" }.to_owned()).own
        };
        assert_eq!(own("$rbl_code text $client"), 9);
        assert_eq!(own("$rbl_txt text"), 0);
        assert_eq!(own("${rbl_txt?450 later}"), 9);
    }
}

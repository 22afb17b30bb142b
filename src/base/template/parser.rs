//! Parses templates.

use std::ops::Range;

use crate::base::template::error::{TemplateError, TemplateErrorKind};
use crate::base::template::piece::{Piece, Variable};

/// The maximum depth of nested conditions.
const MAX_DEPTH: usize = 16;

/// Parses from left to right, up to `end`.
pub(crate) struct TemplateParser<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    depth: usize,
}

impl<'a> TemplateParser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, end: text.len(), depth: 0 }
    }

    pub(crate) fn pieces(&mut self) -> Result<Vec<Piece>, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        while self.at < self.end {
            let rest = self.text.get(self.at..self.end).unwrap_or_default();
            let dollar = rest.find('$').unwrap_or(rest.len());
            literal.push_str(rest.get(..dollar).unwrap_or_default());
            self.at += dollar;
            if self.at >= self.end {
                break;
            }
            if rest.get(dollar + 1..).is_some_and(|after| after.starts_with('$')) {
                literal.push('$');
                self.at += 2;
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            self.at += 1;
            pieces.push(self.variable()?);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(pieces)
    }

    /// Parses the part after a dollar sign.
    fn variable(&mut self) -> Result<Piece, TemplateError> {
        let start = self.at;
        let (open, close) = match self.peek() {
            Some(b'{') => ('{', '}'),
            Some(b'(') => ('(', ')'),
            _ => return self.name().map(Piece::Value),
        };
        let end = self.matching(open, close)?;
        if self.depth >= MAX_DEPTH {
            return Err(self.error(TemplateErrorKind::TooDeep, start..start + 1));
        }
        let mut inner = TemplateParser { text: self.text, at: self.at + 1, end, depth: self.depth + 1 };
        let piece = inner.condition()?;
        self.at = end + 1;
        Ok(piece)
    }

    /// `name`, `name?text`, `name:text`, `name?{text}:{other}`.
    fn condition(&mut self) -> Result<Piece, TemplateError> {
        let name = self.name()?;
        let question = match self.peek() {
            None => return Ok(Piece::Value(name)),
            Some(b'?') => true,
            Some(b':') => false,
            Some(_) => return Err(self.error(TemplateErrorKind::NeedCondition, self.at..self.at + 1)),
        };
        self.at += 1;
        let first_open = self.skip_blanks();
        let rest = self.text.get(first_open..self.end).unwrap_or_default();
        if !rest.starts_with('{') {
            let text = self.pieces()?;
            return Ok(if question {
                Piece::Either(name, text, Vec::new())
            } else {
                Piece::Either(name, Vec::new(), text)
            });
        }
        self.at = first_open;
        let first = self.braced()?;
        self.at = self.skip_blanks();
        if self.at >= self.end {
            return Ok(if question {
                Piece::Either(name, first, Vec::new())
            } else {
                Piece::Either(name, Vec::new(), first)
            });
        }
        let other = if question { b':' } else { b'?' };
        if self.peek() != Some(other) {
            return Err(self.error(TemplateErrorKind::Trailing, self.at..self.end));
        }
        self.at += 1;
        self.at = self.skip_blanks();
        if self.peek() != Some(b'{') {
            return Err(self.error(TemplateErrorKind::Unclosed, self.at..self.at));
        }
        let second = self.braced()?;
        self.at = self.skip_blanks();
        if self.at < self.end {
            return Err(self.error(TemplateErrorKind::Trailing, self.at..self.end));
        }
        Ok(if question { Piece::Either(name, first, second) } else { Piece::Either(name, second, first) })
    }

    /// A text in braces; the parser is at the opening brace.
    fn braced(&mut self) -> Result<Vec<Piece>, TemplateError> {
        let end = self.matching('{', '}')?;
        let pieces = TemplateParser { text: self.text, at: self.at + 1, end, depth: self.depth }.pieces()?;
        self.at = end + 1;
        Ok(pieces)
    }

    fn name(&mut self) -> Result<Variable, TemplateError> {
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let span = self.at..self.at + length;
        if length == 0 {
            return Err(self.error(TemplateErrorKind::NeedName, span));
        }
        self.at = span.end;
        let name = rest.get(..length).unwrap_or_default();
        let known = Variable::ALL.iter().copied().find(|variable| variable.name() == name);
        known.ok_or_else(|| self.error(TemplateErrorKind::UnknownVariable, span))
    }

    /// The position of the bracket that closes the one here.
    fn matching(&self, open: char, close: char) -> Result<usize, TemplateError> {
        let mut depth = 0_usize;
        for (at, character) in self.text.get(self.at..self.end).unwrap_or_default().char_indices() {
            if character == open {
                depth += 1;
            } else if character == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(self.at + at);
                }
            }
        }
        Err(self.error(TemplateErrorKind::Unclosed, self.end..self.end))
    }

    fn skip_blanks(&self) -> usize {
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        self.end - rest.trim_start().len()
    }

    fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    #[expect(clippy::unused_self, reason = "reads as what it is at every branch")]
    fn error(&self, kind: TemplateErrorKind, span: Range<usize>) -> TemplateError {
        TemplateError::new(kind, span)
    }
}

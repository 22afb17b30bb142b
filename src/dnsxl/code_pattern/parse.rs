//! Reads a pattern of return codes, and says what is wrong with it.

use std::str::FromStr;
use std::sync::Arc;

use crate::base::parse_error::ParseError;
use crate::dnsxl::code_pattern::{Alternative, CodePattern, MAX_ALTERNATIVES, Octet};

impl FromStr for CodePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        PatternParser { text: text.as_bytes(), at: 0 }.pattern()
    }
}

/// Why a text is not a pattern of return codes, and where.
pub type PatternError = ParseError<PatternErrorKind>;

/// What can be wrong with a pattern, in the wording of Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// An octet must start here.
    #[error("need decimal number 0..255 or \"[\"")]
    NeedOctet,
    /// A number is missing here.
    #[error("need decimal number 0..255")]
    NeedNumber,
    /// Octets must be separated by dots.
    #[error("need \".\"")]
    NeedDot,
    /// Alternatives must be separated by semicolons.
    #[error("need \";\" or \"]\"")]
    NeedSeparator,
    /// The end of a range is less than its start.
    #[error("numeric range error")]
    BadRange,
    /// There is text after the fourth octet.
    #[error("garbage after pattern")]
    Garbage,
    /// The bracket around the whole pattern is not closed.
    #[error("missing \"]\" character")]
    MissingBracket,
    /// More alternatives than an octet has values.
    #[error("too many alternatives")]
    TooMany,
}

/// Parses a pattern from left to right.
struct PatternParser<'a> {
    text: &'a [u8],
    at: usize,
}

impl PatternParser<'_> {
    /// `d.d.d.d`, or all of that in brackets.
    fn pattern(mut self) -> Result<CodePattern, PatternError> {
        if self.peek() == Some(b'[') {
            match self.closing_bracket() {
                None => {
                    let end = self.text.len();
                    return Err(PatternError::new(PatternErrorKind::MissingBracket, end..end));
                }
                Some(last) if last + 1 == self.text.len() => {
                    self.text = self.text.get(..last).unwrap_or_default();
                    self.at = 1;
                }
                Some(_) => {}
            }
        }
        let first = self.octet()?;
        self.dot()?;
        let second = self.octet()?;
        self.dot()?;
        let third = self.octet()?;
        self.dot()?;
        let fourth = self.octet()?;
        if self.at < self.text.len() {
            return Err(self.error(PatternErrorKind::Garbage));
        }
        Ok(CodePattern(Arc::new([first, second, third, fourth])))
    }

    /// The position of the bracket that closes the first one.
    fn closing_bracket(&self) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, octet) in self.text.iter().enumerate() {
            match octet {
                b'[' => depth += 1,
                b']' if depth == 1 => return Some(index),
                b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    fn octet(&mut self) -> Result<Octet, PatternError> {
        if self.peek() != Some(b'[') {
            return Ok(Octet::One(self.number(PatternErrorKind::NeedOctet)?));
        }
        self.at += 1;
        let mut alternatives = Vec::new();
        loop {
            let from = self.number(PatternErrorKind::NeedNumber)?;
            if self.peek() == Some(b'.') {
                self.at += 1;
                let two_dots = self.peek() == Some(b'.');
                self.at += usize::from(two_dots);
                let start = self.at;
                let to = self.number(PatternErrorKind::BadRange)?;
                if to < from || !two_dots {
                    return Err(PatternError::new(PatternErrorKind::BadRange, start..self.at));
                }
                alternatives.push(Alternative::Between(from, to));
            } else {
                alternatives.push(Alternative::One(from));
            }
            if alternatives.len() > MAX_ALTERNATIVES {
                return Err(self.error(PatternErrorKind::TooMany));
            }
            match self.peek() {
                Some(b';') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Octet::AnyOf(alternatives));
                }
                _ => return Err(self.error(PatternErrorKind::NeedSeparator)),
            }
        }
    }

    /// A decimal number up to 255, of any number of digits; an error covers all digits.
    fn number(&mut self, otherwise: PatternErrorKind) -> Result<u8, PatternError> {
        let start = self.at;
        while self.peek().is_some_and(|octet| octet.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        let value = digits.iter().try_fold(0_u8, |value, digit| value.checked_mul(10)?.checked_add(digit - b'0'));
        match value {
            Some(value) if !digits.is_empty() => Ok(value),
            _ if digits.is_empty() => Err(self.error(otherwise)),
            _ => Err(PatternError::new(otherwise, start..self.at)),
        }
    }

    fn dot(&mut self) -> Result<(), PatternError> {
        if self.peek() != Some(b'.') {
            return Err(self.error(PatternErrorKind::NeedDot));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The octet here is wrong; nothing at all at the end.
    fn error(&self, kind: PatternErrorKind) -> PatternError {
        PatternError::new(kind, self.at..(self.at + 1).min(self.text.len()))
    }
}

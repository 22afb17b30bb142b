//! Patterns that select return codes, in Postfix's notation.
//!
//! A list answers with addresses in 127.0.0.0/8 whose octets give the reason (RFC 5782 §2.3). Postfix selects codes with
//! `d.d.d.d`, where each `d` is a number or `[a;b;n..m]`.

use std::fmt;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// The maximum number of alternatives in one octet.
const MAX_ALTERNATIVES: usize = 256;

/// A pattern of return codes: one set of values per octet.
///
/// ```
/// use rdnsbl::dnsxl::CodePattern;
///
/// let pattern: CodePattern = "127.0.0.[2..4;10]".parse()?;
/// assert!(pattern.matches("127.0.0.10".parse().unwrap()));
/// assert!(!pattern.matches("127.0.0.5".parse().unwrap()));
/// # Ok::<(), rdnsbl::dnsxl::PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodePattern(Arc<[Octet; 4]>);

/// The values that one octet may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Octet {
    One(u8),
    AnyOf(Vec<Alternative>),
}

/// `n` or `n..m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Alternative {
    One(u8),
    Between(u8, u8),
}

impl CodePattern {
    /// Exactly this code.
    #[must_use]
    pub fn exactly(code: Ipv4Addr) -> Self {
        Self(Arc::new(code.octets().map(Octet::One)))
    }

    /// Whether the pattern matches this code.
    #[must_use]
    pub fn matches(&self, code: Ipv4Addr) -> bool {
        self.0.iter().zip(code.octets()).all(|(octet, value)| match octet {
            Octet::One(one) => *one == value,
            Octet::AnyOf(alternatives) => alternatives.iter().any(|alternative| match alternative {
                Alternative::One(one) => *one == value,
                Alternative::Between(from, to) => (*from..=*to).contains(&value),
            }),
        })
    }

    /// Does it match only codes in 127.0.0.0/8?
    pub(crate) fn is_within_loopback(&self) -> bool {
        let [first, ..] = &*self.0;
        first.values().all(|value| value == 127)
    }

    /// Can it match a listing: a code in 127.0.0.0/8, but not in 127.255.255.0/24?
    pub(crate) fn can_list(&self) -> bool {
        let [first, second, third, _] = &*self.0;
        first.values().any(|value| value == 127)
            && (second.values().any(|value| value != 255) || third.values().any(|value| value != 255))
    }

    /// Whether exactly this code is written out, and not only inside a range.
    #[must_use]
    pub fn names(&self, code: Ipv4Addr) -> bool {
        self.0.iter().zip(code.octets()).all(|(octet, value)| match octet {
            Octet::One(one) => *one == value,
            Octet::AnyOf(alternatives) => alternatives.contains(&Alternative::One(value)),
        })
    }

    /// Every code that the pattern matches. `None` if there are too many, or if 127.0.0.1 is inside a range: there it does
    /// not count, but written out it would.
    pub(crate) fn written_out(&self) -> Option<Vec<Ipv4Addr>> {
        let [a, b, c, d] = self.0.each_ref().map(Octet::set);
        if a.len() * b.len() * c.len() * d.len() > MAX_ALTERNATIVES {
            return None;
        }
        let mut codes = Vec::new();
        for a in &a {
            for b in &b {
                for c in &c {
                    codes.extend(d.iter().map(|d| Ipv4Addr::new(*a, *b, *c, *d)));
                }
            }
        }
        let widens = codes.contains(&Ipv4Addr::LOCALHOST) && !self.names(Ipv4Addr::LOCALHOST);
        if widens || codes.is_empty() { None } else { Some(codes) }
    }

    /// The pattern with these values for each octet.
    pub(crate) fn of_sets(sets: [Vec<u8>; 4]) -> Self {
        Self(Arc::new(sets.map(Octet::of_set)))
    }

    /// The values of each octet.
    pub(crate) fn sets(&self) -> [Vec<u8>; 4] {
        self.0.each_ref().map(Octet::set)
    }
}

impl Octet {
    /// Every value, once and in order.
    fn set(&self) -> Vec<u8> {
        let mut values: Vec<u8> = self.values().collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// These values, as numbers and ranges.
    fn of_set(mut values: Vec<u8>) -> Self {
        values.sort_unstable();
        values.dedup();
        if let [one] = values.as_slice() {
            return Self::One(*one);
        }
        let mut alternatives: Vec<Alternative> = Vec::new();
        for value in values {
            match alternatives.last_mut() {
                Some(Alternative::Between(_, to)) if to.checked_add(1) == Some(value) => *to = value,
                _ => alternatives.push(Alternative::Between(value, value)),
            }
        }
        for alternative in &mut alternatives {
            if let Alternative::Between(from, to) = alternative
                && from == to
            {
                *alternative = Alternative::One(*from);
            }
        }
        Self::AnyOf(alternatives)
    }

    /// Every value it may have; values may repeat.
    fn values(&self) -> impl Iterator<Item = u8> {
        let alternatives = match self {
            Self::One(one) => vec![Alternative::One(*one)],
            Self::AnyOf(alternatives) => alternatives.clone(),
        };
        alternatives.into_iter().flat_map(|alternative| match alternative {
            Alternative::One(one) => one..=one,
            Alternative::Between(from, to) => from..=to,
        })
    }
}

impl FromStr for CodePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Parser { text: text.as_bytes(), at: 0 }.pattern()
    }
}

/// The pattern as Postfix prints it; parsing it gives an equal pattern.
impl fmt::Display for CodePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            match octet {
                Octet::One(one) => write!(f, "{one}")?,
                Octet::AnyOf(alternatives) => {
                    for (nth, alternative) in alternatives.iter().enumerate() {
                        f.write_str(if nth == 0 { "[" } else { ";" })?;
                        match alternative {
                            Alternative::One(one) => write!(f, "{one}")?,
                            Alternative::Between(from, to) => write!(f, "{from}..{to}")?,
                        }
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

/// Why a text is not a pattern of return codes, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {}", span.start + 1)]
pub struct PatternError {
    kind: PatternErrorKind,
    span: Range<usize>,
}

impl PatternError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    /// The octets of the text that are wrong; an empty range where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

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
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    /// `d.d.d.d`, or all of that in brackets.
    fn pattern(mut self) -> Result<CodePattern, PatternError> {
        if self.peek() == Some(b'[') {
            match self.closing_bracket() {
                None => {
                    let end = self.text.len();
                    return Err(PatternError { kind: PatternErrorKind::MissingBracket, span: end..end });
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
                    return Err(PatternError { kind: PatternErrorKind::BadRange, span: start..self.at });
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
            _ => Err(PatternError { kind: otherwise, span: start..self.at }),
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
        PatternError { kind, span: self.at..(self.at + 1).min(self.text.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> CodePattern {
        text.parse().unwrap()
    }

    #[test]
    fn every_value_of_an_octet_against_brute_force() {
        for (text, wanted) in [
            ("127.0.0.[3..11]", (3..=11).collect::<Vec<u8>>()),
            ("127.0.0.[3;5;7..9;255]", vec![3, 5, 7, 8, 9, 255]),
            ("127.0.0.0", vec![0]),
            ("127.0.0.[0..255]", (0..=255).collect()),
        ] {
            let pattern = pattern(text);
            let picked: Vec<u8> = (0..=255).filter(|octet| pattern.matches(Ipv4Addr::new(127, 0, 0, *octet))).collect();
            assert_eq!(picked, wanted, "{text}");
            assert!(!pattern.matches(Ipv4Addr::new(126, 0, 0, wanted[0])));
        }
    }

    #[test]
    fn named_is_narrower_than_matched() {
        let one = Ipv4Addr::LOCALHOST;
        assert!(pattern("127.0.0.1").names(one));
        assert!(pattern("127.0.0.[1;2]").names(one));
        assert!(pattern("127.0.0.[0..2]").matches(one));
        assert!(!pattern("127.0.0.[0..2]").names(one));
        assert!(!pattern("127.[0..255].0.1").names(one));
    }

    #[test]
    fn hostile_patterns_are_refused() {
        let wide = format!("127.0.0.[{}1]", "1;".repeat(300));
        for text in [
            "",
            ".",
            "[",
            "]",
            "[]",
            "[[[[",
            "127.0.0.[2..",
            "127.0.0.2 ",
            "127.0.0.٣",
            "99999999999999999999.0.0.0",
            &wide,
        ] {
            assert!(text.parse::<CodePattern>().is_err(), "{text}");
        }
    }
}

//! Patterns that select return codes, in Postfix's notation.
//!
//! A list answers with addresses in 127.0.0.0/8 whose octets give the reason (RFC 5782 §2.3). Postfix selects codes with
//! `d.d.d.d`, where each `d` is a number or `[a;b;n..m]`.

mod parse;

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

pub use crate::dnsxl::code_pattern::parse::{PatternError, PatternErrorKind};

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

//! The selection of return codes that count: tests on single codes, and how many codes must pass.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::dnsxl::code_pattern::CodePattern;

/// Selects answers by their return codes. Codes outside 127.0.0.0/8 and refusals in 127.255.255.0/24 are never listings,
/// not even for a complement.
///
/// ```
/// use rdnsbl::dnsxl::{CodeFilter, CodePattern, CodeTest, ListSpec};
///
/// let bits = CodeFilter::any([CodeTest::all_bits("0.0.0.6".parse()?)]);
/// assert!(bits.picks(&["127.0.0.7".parse()?]));
/// assert!(!bits.picks(&["127.0.0.4".parse()?]));
///
/// let pattern: CodePattern = "127.0.0.[2..11]".parse()?;
/// let spec = ListSpec::deny("zen.example")?.with_codes(CodeFilter::none([pattern]));
/// assert_eq!(spec.to_string(), "zen.example!=127.0.0.[2..11]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeFilter {
    quantifier: Quantifier,
    tests: Arc<[CodeTest]>,
}

/// The number of codes of an answer that must pass the tests. An answer has at least one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "some, all, and their negations")]
pub enum Quantifier {
    /// At least one code passes.
    Any,
    /// Every code passes.
    All,
    /// No code passes.
    NoneOf,
    /// At least one code does not pass.
    NotAll,
}

/// A test on one code.
///
/// ```
/// use rdnsbl::dnsxl::CodeTest;
///
/// let test = CodeTest::between("127.0.0.2".parse()?, "127.0.0.11".parse()?);
/// assert!(test.passes("127.0.0.4".parse()?) && !test.passes("127.0.0.20".parse()?));
/// let spam_or_virus = CodeTest::any_bit("0.0.0.6".parse()?);
/// assert!(spam_or_virus.passes("127.0.0.12".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeTest(Test);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Test {
    Pattern(CodePattern),
    Between(u32, u32),
    AnyBit(u32),
    Masked { mask: u32, value: u32 },
}

impl CodeTest {
    /// Passes if the code matches the pattern.
    #[must_use]
    pub fn pattern(pattern: CodePattern) -> Self {
        Self(Test::Pattern(pattern))
    }

    /// Passes if the code, as a 32-bit number, is in this range. Both ends are included, in either order.
    #[must_use]
    pub fn between(one: Ipv4Addr, other: Ipv4Addr) -> Self {
        let (one, other) = (u32::from(one), u32::from(other));
        Self(Test::Between(one.min(other), one.max(other)))
    }

    /// Passes if the code and the mask have a bit in common (SpamAssassin's bit mask). A mask of zero never passes.
    #[must_use]
    pub fn any_bit(mask: Ipv4Addr) -> Self {
        Self(Test::AnyBit(mask.into()))
    }

    /// Passes if every bit of the mask is set in the code (Exim's bit mask).
    #[must_use]
    pub fn all_bits(mask: Ipv4Addr) -> Self {
        Self::masked(mask, mask)
    }

    /// Passes if the code and `value` are equal in the bits of `mask`.
    #[must_use]
    pub fn masked(mask: Ipv4Addr, value: Ipv4Addr) -> Self {
        Self(Test::Masked { mask: mask.into(), value: value.into() })
    }

    /// Whether the code passes.
    #[must_use]
    pub fn passes(&self, code: Ipv4Addr) -> bool {
        let number = u32::from(code);
        match &self.0 {
            Test::Pattern(pattern) => pattern.matches(code),
            Test::Between(from, to) => (*from..=*to).contains(&number),
            Test::AnyBit(mask) => number & mask != 0,
            Test::Masked { mask, value } => number & mask == value & mask,
        }
    }

    /// Whether exactly this code is written out. A code inside a range, a mask or a wildcard is not.
    #[must_use]
    pub fn names(&self, code: Ipv4Addr) -> bool {
        match &self.0 {
            Test::Pattern(pattern) => pattern.names(code),
            Test::Between(..) | Test::AnyBit(_) | Test::Masked { .. } => false,
        }
    }

    /// The pattern, if it is one.
    pub(crate) fn as_pattern(&self) -> Option<&CodePattern> {
        match &self.0 {
            Test::Pattern(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// The range, if it is one.
    pub(crate) fn as_range(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        match self.0 {
            Test::Between(from, to) => Some((from.into(), to.into())),
            _ => None,
        }
    }

    /// The mask, if the test is that any of its bits is set.
    pub(crate) fn as_any_bit(&self) -> Option<Ipv4Addr> {
        match self.0 {
            Test::AnyBit(mask) => Some(mask.into()),
            _ => None,
        }
    }

    /// Mask and value, if the test compares bits under a mask.
    pub(crate) fn as_masked(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        match self.0 {
            Test::Masked { mask, value } => Some((mask.into(), value.into())),
            _ => None,
        }
    }

    /// The mask, if the test is that all its bits are set.
    pub(crate) fn as_all_bits(&self) -> Option<Ipv4Addr> {
        match self.0 {
            Test::Masked { mask, value } if mask == value => Some(mask.into()),
            _ => None,
        }
    }
}

impl From<CodePattern> for CodeTest {
    fn from(pattern: CodePattern) -> Self {
        Self::pattern(pattern)
    }
}

impl CodeFilter {
    /// At least one code passes at least one test.
    #[must_use]
    pub fn any<T: Into<CodeTest>>(tests: impl IntoIterator<Item = T>) -> Self {
        Self::new(Quantifier::Any, tests)
    }

    /// Every code passes at least one test.
    #[must_use]
    pub fn all<T: Into<CodeTest>>(tests: impl IntoIterator<Item = T>) -> Self {
        Self::new(Quantifier::All, tests)
    }

    /// No code passes any test.
    #[must_use]
    pub fn none<T: Into<CodeTest>>(tests: impl IntoIterator<Item = T>) -> Self {
        Self::new(Quantifier::NoneOf, tests)
    }

    /// At least one code passes no test.
    #[must_use]
    pub fn not_all<T: Into<CodeTest>>(tests: impl IntoIterator<Item = T>) -> Self {
        Self::new(Quantifier::NotAll, tests)
    }

    /// A filter of this quantifier: the codes counted by it must pass at least one of the tests.
    #[must_use]
    pub fn new<T: Into<CodeTest>>(quantifier: Quantifier, tests: impl IntoIterator<Item = T>) -> Self {
        Self { quantifier, tests: tests.into_iter().map(Into::into).collect() }
    }

    /// The number of codes that must pass.
    #[must_use]
    pub fn quantifier(&self) -> Quantifier {
        self.quantifier
    }

    /// The tests; a code passes if it passes any of them.
    #[must_use]
    pub fn tests(&self) -> &[CodeTest] {
        &self.tests
    }

    /// Whether the filter selects an answer with exactly these codes. Pure arithmetic: refusals, codes outside
    /// 127.0.0.0/8 and the meaning of 127.0.0.1 are handled before the filter.
    #[must_use]
    pub fn picks(&self, codes: &[Ipv4Addr]) -> bool {
        !codes.is_empty() && self.holds(codes, codes)
    }

    /// Like [`picks`](Self::picks), but only the codes in `counted` can be a reason to list. All codes matter for
    /// "every" and "no".
    pub(super) fn holds(&self, codes: &[Ipv4Addr], counted: &[Ipv4Addr]) -> bool {
        match self.quantifier {
            Quantifier::Any => counted.iter().any(|code| self.passes(*code)),
            Quantifier::All => codes.iter().all(|code| self.passes(*code)),
            Quantifier::NoneOf => !codes.iter().any(|code| self.passes(*code)),
            Quantifier::NotAll => !codes.iter().all(|code| self.passes(*code)),
        }
    }

    /// Is this code a reason why the filter selects an answer?
    pub(super) fn is_reason(&self, code: Ipv4Addr) -> bool {
        match self.quantifier {
            Quantifier::Any | Quantifier::All => self.passes(code),
            Quantifier::NoneOf | Quantifier::NotAll => !self.passes(code),
        }
    }

    /// Is exactly this code written out?
    pub(super) fn names(&self, code: Ipv4Addr) -> bool {
        self.tests.iter().any(|test| test.names(code))
    }

    /// The pattern, if the filter is one pattern that any code must match. Postfix's notation can express only this.
    pub(crate) fn as_pattern(&self) -> Option<&CodePattern> {
        match (self.quantifier, &*self.tests) {
            (Quantifier::Any, [test]) => test.as_pattern(),
            _ => None,
        }
    }

    /// Can the filter select any listing? `false` is certain; only patterns are examined.
    pub(crate) fn can_list(&self) -> bool {
        match self.quantifier {
            Quantifier::Any | Quantifier::All => {
                self.tests.iter().any(|test| test.as_pattern().is_none_or(CodePattern::can_list))
            }
            Quantifier::NoneOf | Quantifier::NotAll => true,
        }
    }

    fn passes(&self, code: Ipv4Addr) -> bool {
        self.tests.iter().any(|test| test.passes(code))
    }
}

impl From<CodePattern> for CodeFilter {
    fn from(pattern: CodePattern) -> Self {
        Self::any([pattern])
    }
}

impl From<CodeTest> for CodeFilter {
    fn from(test: CodeTest) -> Self {
        Self::any([test])
    }
}

/// The operator and the tests, as they are written after a zone: `=127.0.0.[2..11]`, `!=127.0.0.2,127.0.0.3`.
impl fmt::Display for CodeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.quantifier {
            Quantifier::Any => "=",
            Quantifier::All => "==",
            Quantifier::NoneOf => "!=",
            Quantifier::NotAll => "!==",
        })?;
        for (nth, test) in self.tests.iter().enumerate() {
            if nth > 0 {
                f.write_str(",")?;
            }
            test.fmt(f)?;
        }
        Ok(())
    }
}

/// `127.0.0.2`, `127.0.0.2-127.0.0.9`, `&0.0.0.6` (any bit), `0.0.0.4/0.0.0.6` (value/mask).
impl fmt::Display for CodeTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Test::Pattern(pattern) => pattern.fmt(f),
            Test::Between(from, to) => write!(f, "{}-{}", Ipv4Addr::from(*from), Ipv4Addr::from(*to)),
            Test::AnyBit(mask) => write!(f, "&{}", Ipv4Addr::from(*mask)),
            Test::Masked { mask, value } => write!(f, "{}/{}", Ipv4Addr::from(*value), Ipv4Addr::from(*mask)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 0, last)
    }

    /// Whether a last octet must pass.
    type Oracle = fn(u8) -> bool;

    /// A test with the set of last octets it must pass, found by hand.
    fn tests() -> Vec<(CodeTest, Oracle)> {
        let pattern = |text: &str| CodeTest::pattern(text.parse().unwrap());
        vec![
            (pattern("127.0.0.2"), |n| n == 2),
            (pattern("127.0.0.[0..9;200..255]"), |n| n <= 9 || n >= 200),
            (CodeTest::between(code(4), code(77)), |n| (4..=77).contains(&n)),
            (CodeTest::between(code(77), code(4)), |n| (4..=77).contains(&n)),
            (CodeTest::any_bit(Ipv4Addr::new(0, 0, 0, 6)), |n| n & 6 != 0),
            (CodeTest::any_bit(Ipv4Addr::UNSPECIFIED), |_| false),
            (CodeTest::all_bits(Ipv4Addr::new(0, 0, 0, 6)), |n| n & 6 == 6),
            (CodeTest::all_bits(Ipv4Addr::new(127, 0, 0, 9)), |n| n & 9 == 9),
            (CodeTest::masked(Ipv4Addr::new(255, 0, 0, 12), Ipv4Addr::new(127, 0, 0, 4)), |n| n & 12 == 4),
        ]
    }

    #[test]
    fn every_octet_against_brute_force() {
        for (test, oracle) in tests() {
            for last in 0..=255 {
                assert_eq!(test.passes(code(last)), oracle(last), "{test} {last}");
                let one = [code(last)];
                assert_eq!(CodeFilter::any([test.clone()]).picks(&one), oracle(last));
                assert_eq!(CodeFilter::all([test.clone()]).picks(&one), oracle(last));
                assert_eq!(CodeFilter::none([test.clone()]).picks(&one), !oracle(last));
                assert_eq!(CodeFilter::not_all([test.clone()]).picks(&one), !oracle(last));
            }
        }
    }

    #[test]
    fn every_pair_of_octets_against_brute_force() {
        let all = tests();
        for (test, oracle) in &all {
            let (second, other) = &all[1];
            let either = |n: u8| oracle(n) || other(n);
            for one in 0..=255 {
                for two in (0..=255).step_by(7) {
                    let codes = [code(one), code(two)];
                    let with = |quantifier| CodeFilter::new(quantifier, [test.clone(), second.clone()]).picks(&codes);
                    assert_eq!(with(Quantifier::Any), either(one) || either(two));
                    assert_eq!(with(Quantifier::All), either(one) && either(two));
                    assert_eq!(with(Quantifier::NoneOf), !either(one) && !either(two));
                    assert_eq!(with(Quantifier::NotAll), !either(one) || !either(two));
                }
            }
        }
    }

    #[test]
    fn only_what_is_written_out_is_named() {
        let one = Ipv4Addr::LOCALHOST;
        assert!(CodeFilter::any([CodePattern::exactly(one)]).names(one));
        for test in [
            CodeTest::between(one, code(9)),
            CodeTest::all_bits(Ipv4Addr::new(0, 0, 0, 1)),
            CodeTest::masked(Ipv4Addr::BROADCAST, one),
        ] {
            assert!(test.passes(one));
            assert!(!CodeFilter::any([test]).names(one));
        }
        assert!(!CodeFilter::any([CodePattern::exactly(one)]).picks(&[]));
    }
}

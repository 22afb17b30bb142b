//! Which codes of an answer count: tests on single codes, and how many codes must pass.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::dnsxl::code_pattern::CodePattern;

/// A choice among the codes of one answer. It never widens what the gate lets through: a complement is one within
/// 127.0.0.0/8, and nothing opens 127.255.255.0/24.
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

/// How many codes of an answer must pass the tests. An answer has at least one code.
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
    /// The code fits the pattern.
    #[must_use]
    pub fn pattern(pattern: CodePattern) -> Self {
        Self(Test::Pattern(pattern))
    }

    /// The code, taken as a number, lies between these two, both included; in whatever order they are given.
    #[must_use]
    pub fn between(one: Ipv4Addr, other: Ipv4Addr) -> Self {
        let (one, other) = (u32::from(one), u32::from(other));
        Self(Test::Between(one.min(other), one.max(other)))
    }

    /// The code and the mask have a bit in common (SpamAssassin's bit mask). A mask of zero never passes.
    #[must_use]
    pub fn any_bit(mask: Ipv4Addr) -> Self {
        Self(Test::AnyBit(mask.into()))
    }

    /// Every bit of the mask is set in the code (Exim's bit mask).
    #[must_use]
    pub fn all_bits(mask: Ipv4Addr) -> Self {
        Self::masked(mask, mask)
    }

    /// The bits of the code under `mask` are those of `value`.
    #[must_use]
    pub fn masked(mask: Ipv4Addr, value: Ipv4Addr) -> Self {
        Self(Test::Masked { mask: mask.into(), value: value.into() })
    }

    /// Does the code pass?
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

    /// Is this very code written out? A range, a mask and a wildcard do not mean it.
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

    /// The mask of which some bit must be set, if that is the test.
    pub(crate) fn as_any_bit(&self) -> Option<Ipv4Addr> {
        match self.0 {
            Test::AnyBit(mask) => Some(mask.into()),
            _ => None,
        }
    }

    /// Mask and value, if it is a test of bits under a mask.
    pub(crate) fn as_masked(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        match self.0 {
            Test::Masked { mask, value } => Some((mask.into(), value.into())),
            _ => None,
        }
    }

    /// The mask of which all bits must be set, if that is the test.
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

    /// This many codes of the answer pass at least one of these tests.
    #[must_use]
    pub fn new<T: Into<CodeTest>>(quantifier: Quantifier, tests: impl IntoIterator<Item = T>) -> Self {
        Self { quantifier, tests: tests.into_iter().map(Into::into).collect() }
    }

    /// How many codes must pass.
    #[must_use]
    pub fn quantifier(&self) -> Quantifier {
        self.quantifier
    }

    /// The tests of which a code must pass one.
    #[must_use]
    pub fn tests(&self) -> &[CodeTest] {
        &self.tests
    }

    /// Would these codes, all of one answer, be picked? Pure arithmetic: whether the answer can be believed, and what
    /// 127.0.0.1 means in it, is decided before.
    #[must_use]
    pub fn picks(&self, codes: &[Ipv4Addr]) -> bool {
        !codes.is_empty() && self.holds(codes, codes)
    }

    /// The same, where some codes may be no reason to list: those in `counted` may, all codes take part in "every" and
    /// "no".
    pub(super) fn holds(&self, codes: &[Ipv4Addr], counted: &[Ipv4Addr]) -> bool {
        match self.quantifier {
            Quantifier::Any => counted.iter().any(|code| self.passes(*code)),
            Quantifier::All => codes.iter().all(|code| self.passes(*code)),
            Quantifier::NoneOf => !codes.iter().any(|code| self.passes(*code)),
            Quantifier::NotAll => !codes.iter().all(|code| self.passes(*code)),
        }
    }

    /// Is this code one of those for which the filter picks an answer?
    pub(super) fn is_reason(&self, code: Ipv4Addr) -> bool {
        match self.quantifier {
            Quantifier::Any | Quantifier::All => self.passes(code),
            Quantifier::NoneOf | Quantifier::NotAll => !self.passes(code),
        }
    }

    /// Is this very code written out?
    pub(super) fn names(&self, code: Ipv4Addr) -> bool {
        self.tests.iter().any(|test| test.names(code))
    }

    /// The one pattern of which any code must fit, if that is all there is to it: Postfix can say no more.
    pub(crate) fn as_pattern(&self) -> Option<&CodePattern> {
        match (self.quantifier, &*self.tests) {
            (Quantifier::Any, [test]) => test.as_pattern(),
            _ => None,
        }
    }

    /// Can it pick an answer with the code of any listing? Only where every test is a pattern it is told for sure.
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

/// The operator and the tests, as they stand behind a zone: `=127.0.0.[2..11]`, `!=127.0.0.2,127.0.0.3`.
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

/// `127.0.0.2`, `127.0.0.2-127.0.0.9`, `&0.0.0.6` (some bit), `0.0.0.6/0.0.0.4` (value under a mask).
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

    /// Must a last octet pass?
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

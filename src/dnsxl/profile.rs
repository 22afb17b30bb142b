//! Knowledge about a list: its return codes, the kinds of subjects it contains, and its test entries.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::dnsxl::code_pattern::CodePattern;
use crate::dnsxl::kind::{DomainForm, ListKind, SubjectKind};
use crate::dnsxl::test_points::TestPoints;

/// Knowledge about one zone. The default contains only the rules of RFC 5782.
///
/// ```
/// use rdnsbl::dnsxl::{Disposition, ListSpec, Profile, SubjectKind};
///
/// let profile = Profile::new()
///     .lists([SubjectKind::Ipv4])
///     .code("127.0.0.[2..3]".parse()?, Disposition::Deny, "spam source")
///     .closed(); // no other code is a listing
/// assert!(!profile.is_about(SubjectKind::Domain));
/// let meanings: Vec<_> = profile.meanings([127, 0, 0, 3].into()).collect();
/// assert_eq!(meanings, [(Disposition::Deny, "spam source")]);
///
/// let list = ListSpec::deny("bl.example")?.with_profile(profile);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    kinds: Option<Vec<SubjectKind>>,
    codes: Vec<Code>,
    closed: bool,
    test_points: Vec<(SubjectKind, TestPoints)>,
    domain_form: DomainForm,
    note: Option<Arc<str>>,
}

/// The profile of lists without a profile.
pub(super) static NOTHING: Profile = Profile {
    kinds: None,
    codes: Vec::new(),
    closed: false,
    test_points: Vec::new(),
    domain_form: DomainForm::Full,
    note: None,
};

impl Profile {
    /// A profile with the rules of RFC 5782 only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The list contains only these kinds of subjects; it is never asked about others.
    #[must_use]
    pub fn lists(mut self, kinds: impl IntoIterator<Item = SubjectKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// Adds a documented code, or pattern of codes. The first pattern that matches a code gives its meaning.
    #[must_use]
    pub fn code(mut self, codes: CodePattern, disposition: Disposition, meaning: &str) -> Self {
        self.codes.push(Code { matcher: Matcher::Pattern(codes), disposition, meaning: meaning.into() });
        self
    }

    /// Adds a documented bit of the last octet of 127.0.0.x, for lists whose codes are sums of bits (RFC 5782 §2.3).
    #[must_use]
    pub fn bit(mut self, bit: u8, disposition: Disposition, meaning: &str) -> Self {
        self.codes.push(Code { matcher: Matcher::Bit(bit), disposition, meaning: meaning.into() });
        self
    }

    /// Codes that are not documented are not listings.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// Sets the form of the domains that the list contains.
    #[must_use]
    pub fn holds(mut self, form: DomainForm) -> Self {
        self.domain_form = form;
        self
    }

    /// The form of the domains that the list contains.
    pub(crate) fn domain_form(&self) -> DomainForm {
        self.domain_form
    }

    /// Sets the test entries of the list for this kind of subject.
    #[must_use]
    pub fn test_points(mut self, kind: SubjectKind, points: TestPoints) -> Self {
        self.test_points.push((kind, points));
        self
    }

    /// Sets a note for users of the list, for instance that it is meant for scoring only. Reports show it.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The note for users of the list.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The profile of this list if it is asked in the zone of another list that contains it. Codes come from this profile,
    /// refusals and test entries from the containing one, and the kinds of subjects are those in both.
    pub(crate) fn within(&self, whole: &Self) -> Self {
        let refusals = whole.codes.iter().filter(|code| code.disposition == Disposition::Refusal);
        let kinds = match (&self.kinds, &whole.kinds) {
            (Some(own), Some(all)) => Some(own.iter().copied().filter(|kind| all.contains(kind)).collect()),
            (own, all) => own.clone().or_else(|| all.clone()),
        };
        Self {
            kinds,
            codes: refusals.chain(&self.codes).cloned().collect(),
            closed: self.closed,
            test_points: whole.test_points.clone(),
            domain_form: whole.domain_form,
            note: self.note.clone(),
        }
    }

    /// Removes all codes except refusals.
    pub(crate) fn only_refusals(mut self) -> Self {
        self.codes.retain(|code| code.disposition == Disposition::Refusal);
        self
    }

    /// Every sum of documented bits that includes at least one bit of the mask.
    pub(crate) fn sums_with(&self, mask: u8) -> impl Iterator<Item = u8> {
        let known = self.codes.iter().fold(mask, |known, code| match code.matcher {
            Matcher::Bit(bit) => known | bit,
            Matcher::Pattern(_) => known,
        });
        (1..=u8::MAX).filter(move |sum| sum & mask != 0 && sum & !known == 0)
    }

    /// The kinds of subjects that the list contains, if known.
    pub(crate) fn kinds(&self) -> Option<&[SubjectKind]> {
        self.kinds.as_deref()
    }

    /// Whether the list can contain subjects of this kind; `true` if unknown.
    #[must_use]
    pub fn is_about(&self, kind: SubjectKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether any code is documented.
    #[must_use]
    pub fn knows_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// The meanings of a code: several for a sum of bits, none if it is not documented.
    ///
    /// ```
    /// use rdnsbl::{Name, lists::catalogue::Catalogue, dnsxl::Disposition};
    ///
    /// let uribl = Catalogue::builtin().get(&Name::parse("multi.uribl.com")?);
    /// let meanings: Vec<_> =
    ///     uribl.into_iter().flat_map(|entry| entry.profile().meanings([127, 0, 0, 6].into())).collect();
    /// assert_eq!(meanings, [(Disposition::Deny, "black"), (Disposition::Neutral, "grey")]);
    /// # Ok::<(), rdnsbl::name::NameError>(())
    /// ```
    pub fn meanings(&self, code: Ipv4Addr) -> impl Iterator<Item = (Disposition, &str)> {
        self.explain(code).map(|(disposition, meaning)| (disposition, &**meaning))
    }

    /// The meanings of a code: several for a sum of bits, none if it is not documented.
    pub(crate) fn explain(&self, code: Ipv4Addr) -> impl Iterator<Item = (Disposition, &Arc<str>)> {
        let mut exact = self.codes.iter().filter(move |known| known.is_pattern_for(code)).take(1).peekable();
        let bits = exact.peek().is_none();
        exact
            .chain(self.codes.iter().filter(move |known| bits && known.is_bit_of(code)))
            .map(|known| (known.disposition, &known.meaning))
    }

    /// Is this code a refusal to answer? That is 127.255.255.0/24 on every list, and the codes documented as refusals.
    pub(crate) fn is_refusal(&self, code: Ipv4Addr) -> bool {
        matches!(code.octets(), [127, 255, 255, _])
            || self.explain(code).any(|(disposition, _)| disposition == Disposition::Refusal)
    }

    /// Is exactly this code written out, and not only inside a range?
    pub(crate) fn names(&self, code: Ipv4Addr) -> bool {
        self.codes.iter().any(|known| match &known.matcher {
            Matcher::Pattern(pattern) => pattern.names(code),
            Matcher::Bit(_) => known.is_bit_of(code),
        })
    }

    /// The documented refusal codes, where their pattern can be written out.
    pub(crate) fn refusals(&self) -> Vec<Ipv4Addr> {
        self.written_out(|disposition| disposition == Disposition::Refusal)
    }

    /// One pattern that matches every listing code for this kind of list, but no refusal; `None` if there is no such pattern.
    pub(crate) fn listings(&self, kind: ListKind) -> Option<CodePattern> {
        let codes = self.written_out(|disposition| disposition.speaks_for(kind));
        let octet = |place: usize| codes.iter().filter_map(|code| code.octets().get(place).copied()).collect();
        let pattern = CodePattern::of_sets([octet(0), octet(1), octet(2), octet(3)]);
        let refuses = self.refusals().into_iter().any(|code| pattern.matches(code));
        (!codes.is_empty() && !refuses).then_some(pattern)
    }

    /// Every documented code, refusals too, and every sum of documented bits; `None` if a pattern has too many codes.
    pub(crate) fn all_codes(&self) -> Option<Vec<Ipv4Addr>> {
        let bits = self.codes.iter().fold(0, |bits, code| match code.matcher {
            Matcher::Bit(bit) => bits | bit,
            Matcher::Pattern(_) => bits,
        });
        let mut codes: Vec<Ipv4Addr> = self.sums_with(bits).map(|sum| Ipv4Addr::new(127, 0, 0, sum)).collect();
        for code in &self.codes {
            if let Matcher::Pattern(pattern) = &code.matcher {
                codes.extend(pattern.written_out()?);
            }
        }
        Some(codes)
    }

    fn written_out(&self, wanted: impl Fn(Disposition) -> bool) -> Vec<Ipv4Addr> {
        let patterns =
            self.codes.iter().filter(|code| wanted(code.disposition)).filter_map(|code| match &code.matcher {
                Matcher::Pattern(pattern) => pattern.written_out(),
                Matcher::Bit(_) => None,
            });
        patterns.flatten().collect()
    }

    /// Are only documented codes listings?
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Do both profiles have the same test entries and the same refusals? Then the health of the list under one is its health
    /// under the other.
    pub(crate) fn has_same_controls(&self, other: &Self, kind: SubjectKind) -> bool {
        let refusals = |profile: &'_ Self| -> Vec<Matcher> {
            let refusals = profile.codes.iter().filter(|code| code.disposition == Disposition::Refusal);
            refusals.map(|code| code.matcher.clone()).collect()
        };
        std::ptr::eq(self, other) || (self.points(kind) == other.points(kind) && refusals(self) == refusals(other))
    }

    /// The test entries for subjects of this kind.
    pub(crate) fn points(&self, kind: SubjectKind) -> TestPoints {
        self.test_points
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or_else(TestPoints::default, |(_, points)| points.clone())
    }
}

/// A documented code.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Code {
    matcher: Matcher,
    disposition: Disposition,
    meaning: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Matcher {
    Pattern(CodePattern),
    Bit(u8),
}

impl Code {
    fn is_pattern_for(&self, code: Ipv4Addr) -> bool {
        matches!(&self.matcher, Matcher::Pattern(pattern) if pattern.matches(code))
    }

    fn is_bit_of(&self, code: Ipv4Addr) -> bool {
        let [127, 0, 0, sum] = code.octets() else { return false };
        matches!(self.matcher, Matcher::Bit(bit) if sum & bit != 0)
    }
}

/// The effect of a return code on the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// A reason to reject it.
    Deny,
    /// A reason to accept it.
    Allow,
    /// Neither.
    Neutral,
    /// The list's own test entry.
    Test,
    /// Not about the client: the list refuses to answer this resolver.
    Refusal,
}

impl Disposition {
    /// Does the code count as a listing on this kind of list?
    pub(crate) fn speaks_for(self, kind: ListKind) -> bool {
        matches!((self, kind), (Self::Deny, ListKind::Deny) | (Self::Allow, ListKind::Allow))
    }
}

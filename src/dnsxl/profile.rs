//! What is known about a list: its codes, what it lists, and which of its entries may be relied on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::base::address::reversed_labels;
use crate::base::name::Name;
use crate::dnsxl::code_pattern::CodePattern;
use crate::dnsxl::kind::{DomainForm, ListKind, SubjectKind};

/// Knowledge about one zone. Without any, RFC 5782 is all there is: [`Profile::default`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    kinds: Option<Vec<SubjectKind>>,
    codes: Vec<Code>,
    closed: bool,
    test_points: Vec<(SubjectKind, TestPoints)>,
    domain_form: DomainForm,
    note: Option<Arc<str>>,
}

/// Nothing known but RFC 5782, for lists that nobody said more about.
pub(super) static NOTHING: Profile = Profile {
    kinds: None,
    codes: Vec::new(),
    closed: false,
    test_points: Vec::new(),
    domain_form: DomainForm::Full,
    note: None,
};

impl Profile {
    /// Nothing known but RFC 5782.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The list is only about these subjects; others are never asked about.
    #[must_use]
    pub fn lists(mut self, kinds: impl IntoIterator<Item = SubjectKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// A documented code, or pattern of codes. The first that matches a code explains it.
    #[must_use]
    pub fn code(mut self, codes: CodePattern, disposition: Disposition, meaning: &str) -> Self {
        self.codes.push(Code { matcher: Matcher::Pattern(codes), disposition, meaning: meaning.into() });
        self
    }

    /// A documented bit of the last octet of 127.0.0.x, for lists whose codes are sums of bits (RFC 5782 §2.3).
    #[must_use]
    pub fn bit(mut self, bit: u8, disposition: Disposition, meaning: &str) -> Self {
        self.codes.push(Code { matcher: Matcher::Bit(bit), disposition, meaning: meaning.into() });
        self
    }

    /// The operator says that codes not documented are no listings.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// The form of the domains that the list holds.
    #[must_use]
    pub fn holds(mut self, form: DomainForm) -> Self {
        self.domain_form = form;
        self
    }

    /// The form of the domains that the list holds.
    pub(crate) fn domain_form(&self) -> DomainForm {
        self.domain_form
    }

    /// Entries that must and must not be there.
    #[must_use]
    pub fn test_points(mut self, kind: SubjectKind, points: TestPoints) -> Self {
        self.test_points.push((kind, points));
        self
    }

    /// What those should know who use the list, such as that its operator wants it for scoring only. Reports show it.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.note = Some(note.into());
        self
    }

    /// What those should know who use the list.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// What is known about this list when another zone is asked, which holds it: the codes are this one's; refusals and test
    /// entries are that zone's, and so is whom it can be asked about.
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

    /// Without any meaning of a code, but for refusals.
    pub(crate) fn only_refusals(mut self) -> Self {
        self.codes.retain(|code| code.disposition == Disposition::Refusal);
        self
    }

    /// Every sum of the documented bits, with at least one of those in the mask.
    pub(crate) fn sums_with(&self, mask: u8) -> impl Iterator<Item = u8> {
        let known = self.codes.iter().fold(mask, |known, code| match code.matcher {
            Matcher::Bit(bit) => known | bit,
            Matcher::Pattern(_) => known,
        });
        (1..=u8::MAX).filter(move |sum| sum & mask != 0 && sum & !known == 0)
    }

    /// The kinds of subjects the list is about, where that is known.
    pub(crate) fn kinds(&self) -> Option<&[SubjectKind]> {
        self.kinds.as_deref()
    }

    /// Is the list about such subjects, as far as is known?
    #[must_use]
    pub fn is_about(&self, kind: SubjectKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Is any code documented?
    #[must_use]
    pub fn knows_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// What a code means; several meanings for sums of bits, none for a code that is not documented.
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

    /// Every documented meaning of one code; several for sums of bits.
    pub(crate) fn explain(&self, code: Ipv4Addr) -> impl Iterator<Item = (Disposition, &Arc<str>)> {
        let mut exact = self.codes.iter().filter(move |known| known.is_pattern_for(code)).take(1).peekable();
        let bits = exact.peek().is_none();
        exact
            .chain(self.codes.iter().filter(move |known| bits && known.is_bit_of(code)))
            .map(|known| (known.disposition, &known.meaning))
    }

    /// "You may not ask": 127.255.255.0/24 whoever the operator is, and what the list's documentation calls so.
    pub(crate) fn is_refusal(&self, code: Ipv4Addr) -> bool {
        matches!(code.octets(), [127, 255, 255, _])
            || self.explain(code).any(|(disposition, _)| disposition == Disposition::Refusal)
    }

    /// Is this very code written down, and not just inside a range?
    pub(crate) fn names(&self, code: Ipv4Addr) -> bool {
        self.codes.iter().any(|known| match &known.matcher {
            Matcher::Pattern(pattern) => pattern.names(code),
            Matcher::Bit(_) => known.is_bit_of(code),
        })
    }

    /// Codes that say nothing about the client, as far as they are written out.
    pub(crate) fn refusals(&self) -> Vec<Ipv4Addr> {
        self.written_out(|disposition| disposition == Disposition::Refusal)
    }

    /// One pattern of every code that speaks for this kind of list, and of no refusal; if there is one.
    pub(crate) fn listings(&self, kind: ListKind) -> Option<CodePattern> {
        let codes = self.written_out(|disposition| disposition.speaks_for(kind));
        let octet = |place: usize| codes.iter().filter_map(|code| code.octets().get(place).copied()).collect();
        let pattern = CodePattern::of_sets([octet(0), octet(1), octet(2), octet(3)]);
        let refuses = self.refusals().into_iter().any(|code| pattern.matches(code));
        (!codes.is_empty() && !refuses).then_some(pattern)
    }

    fn written_out(&self, wanted: impl Fn(Disposition) -> bool) -> Vec<Ipv4Addr> {
        let patterns =
            self.codes.iter().filter(|code| wanted(code.disposition)).filter_map(|code| match &code.matcher {
                Matcher::Pattern(pattern) => pattern.written_out(),
                Matcher::Bit(_) => None,
            });
        patterns.flatten().collect()
    }

    /// Do codes without documented meaning count?
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Do both profiles try a list by the same entries, and call the same codes refusals? Then what is known of the list's
    /// health under one is known under the other.
    pub(crate) fn has_same_controls(&self, other: &Self, kind: SubjectKind) -> bool {
        let refusals = |profile: &'_ Self| -> Vec<Matcher> {
            let refusals = profile.codes.iter().filter(|code| code.disposition == Disposition::Refusal);
            refusals.map(|code| code.matcher.clone()).collect()
        };
        std::ptr::eq(self, other) || (self.points(kind) == other.points(kind) && refusals(self) == refusals(other))
    }

    /// What the list is relied on to hold, for subjects of this kind.
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

/// What a code means for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// A reason to turn it away.
    Deny,
    /// A reason to let it in.
    Allow,
    /// Neither.
    Neutral,
    /// The list's own test entry.
    Test,
    /// No statement about the client: the list refuses to answer us.
    Refusal,
}

impl Disposition {
    /// Does the code speak for this kind of list?
    pub(crate) fn speaks_for(self, kind: ListKind) -> bool {
        matches!((self, kind), (Self::Deny, ListKind::Deny) | (Self::Allow, ListKind::Allow))
    }
}

/// Entries that tell whether a list works (RFC 5782 §5), for one kind of subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestPoints {
    present: Presence,
    absent: Option<TestEntry>,
}

/// Is there an entry that must exist?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Presence {
    /// RFC 5782 §5 wants one; many lists lack it.
    #[default]
    ByRfcOnly,
    Documented(TestEntry),
}

impl TestPoints {
    /// The operator documents this entry as always present.
    #[must_use]
    pub fn documented(entry: TestEntry) -> Self {
        Self { present: Presence::Documented(entry), absent: None }
    }

    /// The entry of RFC 5782 §5 that must not exist is listed by this zone for reasons of its own; this one is not.
    #[must_use]
    pub fn absent(mut self, entry: TestEntry) -> Self {
        self.absent = Some(entry);
        self
    }

    /// This documented entry, whatever else was said.
    #[must_use]
    pub(crate) fn with_documented(mut self, entry: TestEntry) -> Self {
        self.present = Presence::Documented(entry);
        self
    }

    /// The entry that must exist, if its absence would mean anything.
    pub(crate) fn documented_entry(&self) -> Option<&TestEntry> {
        match &self.present {
            Presence::Documented(entry) => Some(entry),
            Presence::ByRfcOnly => None,
        }
    }

    /// The labels of the entry that must exist, documented or not, each followed by a dot.
    pub(crate) fn must_exist(&self, kind: SubjectKind) -> String {
        match (self.documented_entry(), kind) {
            (Some(entry), _) => entry.labels(),
            (None, SubjectKind::Ipv4) => reversed_labels(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).as_str().to_owned(),
            // ::FFFF:7F00:2, asked as the IPv6 address it is, although a client of that form would be IPv4.
            (None, SubjectKind::Ipv6) => reversed_labels(IpAddr::V6(mapped_loopback(2))).as_str().to_owned(),
            (None, SubjectKind::Domain) => "test.".to_owned(),
        }
    }

    /// The labels of the entry that must not exist, each followed by a dot.
    pub(crate) fn must_not_exist(&self, kind: SubjectKind) -> String {
        match (&self.absent, kind) {
            (Some(entry), _) => entry.labels(),
            (None, SubjectKind::Ipv4) => reversed_labels(IpAddr::V4(Ipv4Addr::LOCALHOST)).as_str().to_owned(),
            (None, SubjectKind::Ipv6) => reversed_labels(IpAddr::V6(mapped_loopback(1))).as_str().to_owned(),
            (None, SubjectKind::Domain) => "invalid.".to_owned(),
        }
    }
}

/// `::FFFF:7F00:n` (RFC 5782 §5).
fn mapped_loopback(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, last)
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestEntry {
    /// An address, taken as it is: `::FFFF:7F00:2` stays IPv6.
    Address(IpAddr),
    /// A domain.
    Domain(Name),
}

impl TestEntry {
    /// The labels in front of the zone, each followed by a dot.
    fn labels(&self) -> String {
        match self {
            Self::Address(address) => reversed_labels(*address).as_str().to_owned(),
            Self::Domain(name) if name.is_root() => String::new(),
            Self::Domain(name) => name.expose().to_owned(),
        }
    }
}

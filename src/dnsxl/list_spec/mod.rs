//! One list in a configuration: `zone[=codes][*weight]`, Postfix's notation.

pub(crate) mod error;
pub(crate) mod merged;
pub(crate) mod notation;
pub(crate) mod usage;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::base::name::{Key, Name, NameErrorKind};
use crate::dnsxl::code_filter::CodeFilter;
use crate::dnsxl::code_pattern::CodePattern;
use crate::dnsxl::kind::{ListKind, Part};
use crate::dnsxl::list_spec::notation::Notation;
use crate::dnsxl::profile::{NOTHING, Profile};

pub use crate::dnsxl::list_spec::error::{SpecError, SpecErrorKind};
pub(crate) use crate::dnsxl::list_spec::usage::About;
pub use crate::dnsxl::list_spec::usage::OnNoAnswer;

/// One list: which zone, which of its codes count, how much, and about what it is asked.
///
/// With the feature `serde` it is written as its text, or as a map where Postfix and postscreen have no words for it, and read
/// from a text in any [notation](crate::lists::notation) or from such a map. A key is not written, so what was written of a list with a
/// key cannot be read: the key has to be put back.
///
/// ```
/// use rdnsbl::dnsxl::{ListKind, ListSpec};
///
/// let spec: ListSpec = "zen.spamhaus.org=127.0.0.[2..11]*3".parse()?;
/// assert_eq!((spec.kind(), spec.weight()), (ListKind::Deny, 3));
/// assert_eq!(spec.to_string(), "zen.spamhaus.org=127.0.0.[2..11]*3");
///
/// let error = "zen.spamhaus.org=127.0.0.[2..".parse::<ListSpec>().unwrap_err();
/// assert_eq!(error.span(), 29..29); // where something is missing
/// # Ok::<(), rdnsbl::dnsxl::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSpec {
    pub(crate) kind: ListKind,
    pub(crate) zone: Name,
    pub(crate) codes: Option<CodeFilter>,
    pub(crate) weight: i32,
    pub(crate) parts: Vec<Part>,
    pub(crate) label: Option<Arc<str>>,
    /// What follows from zone and label, made once: every report names every list.
    called: Called,
    pub(crate) operator: Option<Arc<str>>,
    pub(crate) daily_limit: Option<u32>,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) mirrors: Option<Name>,
    pub(crate) retired: bool,
    /// With which lists of its set it decides; `None` where all do together.
    pub(crate) context: Option<Arc<str>>,
    origin: ServersOrigin,
    pub(crate) how: crate::dnsxl::list_spec::usage::How,
}

/// For which software a list was written, where that shows. It changes nothing about what is asked and counted.
#[derive(Clone, Copy, Debug, Default)]
struct ServersOrigin(Option<Notation>);

impl PartialEq for ServersOrigin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ServersOrigin {}

impl ListSpec {
    /// A deny list in Postfix's notation.
    ///
    /// # Errors
    /// [`SpecError`] says what is wrong and where.
    pub fn deny(text: &str) -> Result<Self, SpecError> {
        Self::read(ListKind::Deny, text)
    }

    /// An allow list in Postfix's notation.
    ///
    /// # Errors
    /// [`SpecError`] says what is wrong and where.
    pub fn allow(text: &str) -> Result<Self, SpecError> {
        Self::read(ListKind::Allow, text)
    }

    pub(crate) fn read(kind: ListKind, text: &str) -> Result<Self, SpecError> {
        Self::parse(kind, text).map_err(|error| error.explained(text))
    }

    fn parse(kind: ListKind, text: &str) -> Result<Self, SpecError> {
        let (rest, weight) = match text.rfind('*') {
            Some(star) => {
                let number = text.get(star + 1..).unwrap_or_default();
                let weight = number.parse().map_err(|_| SpecError::new(SpecErrorKind::Weight, star + 1..text.len()))?;
                (text.get(..star).unwrap_or_default(), weight)
            }
            None => (text, 1),
        };
        let (zone, codes) = match rest.find('=') {
            Some(equals) => {
                let pattern = rest.get(equals + 1..).unwrap_or_default();
                let codes = pattern.parse::<CodePattern>().map_err(|error| {
                    let span = error.span();
                    SpecError::new(SpecErrorKind::Codes(error.kind()), equals + 1 + span.start..equals + 1 + span.end)
                })?;
                (rest.get(..equals).unwrap_or_default(), Some(codes))
            }
            None => (rest, None),
        };
        // UTS 46 would make labels of them: a quotation mark or comma of a web page is no part of a name.
        let mark = |c: &char| {
            matches!(c, '\u{2010}'..='\u{205e}' | '\u{ab}' | '\u{bb}' | '\u{3001}' | '\u{ff0c}' | '\u{ff1b}')
        };
        if let Some((at, c)) = zone.char_indices().find(|(_, c)| mark(c)) {
            return Err(SpecError::new(SpecErrorKind::Zone(NameErrorKind::BadCharacter), at..at + c.len_utf8()));
        }
        let name =
            Name::parse(zone).map_err(|error| SpecError::new(SpecErrorKind::Zone(error.kind()), error.span()))?;
        if !name.is_host() {
            let kind = if name.labels().all(crate::base::name::is_host_label) && !name.is_root() {
                NameErrorKind::Numeric
            } else {
                NameErrorKind::BadCharacter
            };
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let first = zone.char_indices().find(|(_, c)| c.is_ascii() && !allowed(*c)).map(|(at, _)| at..at + 1);
            return Err(SpecError::new(SpecErrorKind::Zone(kind), first.unwrap_or(0..zone.len())));
        }
        Ok(Self { codes: codes.map(CodeFilter::from), weight, ..Self::of_zone(kind, name) })
    }

    /// All that a zone lists, once.
    pub(crate) fn of_zone(kind: ListKind, zone: Name) -> Self {
        let zone = zone.with_keys_hidden();
        Self {
            kind,
            called: Called::new(&zone, &zone, None),
            zone,
            codes: None,
            weight: 1,
            parts: vec![Part::Address],
            label: None,
            operator: None,
            daily_limit: None,
            profile: None,
            mirrors: None,
            retired: false,
            context: None,
            origin: ServersOrigin::default(),
            how: crate::dnsxl::list_spec::usage::How::default(),
        }
    }

    /// The secret label that goes in front of the zone.
    ///
    /// # Errors
    /// [`SpecErrorKind::Zone`] when the zone becomes too long.
    pub fn with_key(mut self, key: &Key) -> Result<Self, SpecError> {
        let keyed =
            self.zone.with_key(key).map_err(|error| SpecError::new(SpecErrorKind::Zone(error.kind()), error.span()))?;
        self.zone = keyed.with_keys_hidden();
        Ok(self.called_anew())
    }

    /// Only these codes count. Without them, all that the profile calls listings; without a profile, all but 127.0.0.1.
    #[must_use]
    pub fn with_codes(mut self, codes: impl Into<CodeFilter>) -> Self {
        self.codes = Some(codes.into());
        self
    }

    /// What a hit adds to the score. 1 unless said; negative weights lower it.
    #[must_use]
    pub fn with_weight(mut self, weight: i32) -> Self {
        self.weight = weight;
        self
    }

    /// What the list is asked about; the target of the check unless said.
    #[must_use]
    pub fn with_parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts = parts.into_iter().collect();
        self.parts.sort_unstable();
        self.parts.dedup();
        self
    }

    /// What is known about the list. Goes before what a catalogue says.
    #[must_use]
    pub fn with_profile(mut self, profile: impl Into<Arc<Profile>>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// The zone is a copy of this public one, kept under a name of our own: what is known about that one holds.
    ///
    /// ```
    /// use rdnsbl::{ListSet, ListSpec, Name};
    ///
    /// let copy = ListSpec::deny("zen.local")?.with_mirror_of(Name::parse("zen.spamhaus.org")?);
    /// let lists = ListSet::builder().list(copy).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_mirror_of(mut self, zone: Name) -> Self {
        self.mirrors = Some(zone.with_keys_hidden());
        self
    }

    /// What reports, logs and metrics call the list; its zone without key unless said. Made printable.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(crate::base::remote_text::RemoteText::clean(label.as_bytes()).as_str().into());
        self.called_anew()
    }

    /// Who runs the list: lists of one operator are one voice where several are wanted. Unless said, the catalogue's
    /// groups count, and of lists that are in none, those whose zones end in the same two labels are taken for one
    /// operator's.
    #[must_use]
    pub fn with_operator(mut self, operator: &str) -> Self {
        self.operator = Some(operator.into());
        self
    }

    /// How many questions a day the list may be asked, controls and texts included; no limit unless said. Beyond it the list
    /// is not asked and its verdict is unknown, until 24 hours have passed since the first question counted.
    #[must_use]
    pub fn with_daily_limit(mut self, questions: u32) -> Self {
        self.daily_limit = Some(questions);
        self
    }

    /// Who runs the list.
    #[must_use]
    pub fn operator(&self) -> &str {
        self.operator.as_deref().unwrap_or(&self.called.domain)
    }

    pub(crate) fn question_limit(&self) -> Option<u32> {
        self.daily_limit
    }

    pub(crate) fn of_kind(mut self, kind: ListKind) -> Self {
        self.kind = kind;
        self
    }

    /// Deny or allow.
    #[must_use]
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// The zone that is asked; its `Display` hides a key. See [`named`](Self::named).
    #[must_use]
    pub fn zone(&self) -> &Name {
        &self.zone
    }

    /// What a hit adds to the score.
    #[must_use]
    pub fn weight(&self) -> i32 {
        self.weight
    }

    /// What the list is asked about.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The name of the list in reports: never a key.
    #[must_use]
    pub fn id(&self) -> ListId {
        self.called.id.clone()
    }

    pub(crate) fn called(&self) -> &ListId {
        &self.called.id
    }

    pub(super) fn called_anew(mut self) -> Self {
        self.called = Called::new(self.named(), &self.zone, self.label.as_ref());
        self
    }

    /// Which codes count, if that was said.
    #[must_use]
    pub fn codes(&self) -> Option<&CodeFilter> {
        self.codes.as_ref()
    }

    /// What is known about the list: RFC 5782 at least.
    pub(crate) fn knowledge(&self) -> &Profile {
        self.profile.as_deref().unwrap_or(&NOTHING)
    }

    /// Did anybody say who runs it?
    pub(crate) fn has_operator(&self) -> bool {
        self.operator.is_some()
    }

    /// Did anybody say what is known?
    pub(crate) fn has_profile(&self) -> bool {
        self.profile.is_some()
    }

    /// The public zone whose copy this is, if it is one.
    pub(crate) fn original(&self) -> Option<&Name> {
        self.mirrors.as_ref()
    }

    /// The list stood in the configuration of this software.
    pub(crate) fn found_in(&mut self, software: Notation) {
        self.origin = ServersOrigin(Some(software));
    }

    pub(crate) fn written_for(&self) -> Option<Notation> {
        self.origin.0
    }

    /// The list decides with those of this context.
    pub(crate) fn decide_in(&mut self, context: Option<Arc<str>>) {
        self.context = context;
    }

    pub(crate) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The list has closed down, and is not to be asked.
    pub(crate) fn retire(&mut self) {
        self.retired = true;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired
    }

    /// This very zone is known, and has no key in it but one that everybody knows to be one.
    pub(crate) fn show_zone(&mut self) {
        self.zone = self.zone.as_it_stands();
        self.called = Called::new(self.named(), &self.zone, self.label.as_ref());
    }

    /// Another zone with another key is called the same: this is the list of that number.
    pub(crate) fn number(&mut self, number: usize) {
        self.called.id = ListId(format!("{}#{number}", self.called.id).into());
    }

    /// The first label of the zone is a key, and from now on hidden like one.
    pub(crate) fn hide_first_label(&mut self) {
        let (label, parent) = (self.zone.labels().next().map(str::to_owned), self.zone.parent());
        let key = label.and_then(|label| Key::new(label).ok());
        if let (Some(key), Some(parent)) = (key, parent) {
            self.zone = parent.with_key(&key).unwrap_or_else(|_| self.zone.clone());
            self.called = Called::new(self.named(), &self.zone, self.label.as_ref());
        }
    }
}

/// What a list is called, and whose it seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Called {
    id: ListId,
    /// The last two labels of the zone: the operator, unless somebody knows better.
    domain: Arc<str>,
}

impl Called {
    fn new(named: &Name, asked: &Name, label: Option<&Arc<str>>) -> Self {
        let id = label.cloned().unwrap_or_else(|| named.without_key().to_string().into());
        Self { id: ListId(id), domain: asked.without_key().last_labels(2).into() }
    }
}

impl FromStr for ListSpec {
    type Err = SpecError;

    /// A deny list in Postfix's notation.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        Self::deny(text)
    }
}

/// Postfix's notation, the zone without its key.
impl fmt::Display for ListSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.named())?;
        if let Some(codes) = &self.codes {
            write!(f, "{codes}")?;
        }
        if self.weight != 1 {
            write!(f, "*{}", self.weight)?;
        }
        Ok(())
    }
}

/// What reports, logs and metrics call a list: its zone without key, or its label. Lists of a set whose zones differ in their keys
/// alone are numbered: `zen.dq.spamhaus.net`, `zen.dq.spamhaus.net#2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(Arc<str>);

impl ListId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! One list in a configuration: `zone[=codes][*weight]`, Postfix's notation.

pub(crate) mod error;
mod fields;
mod list_id;
pub(crate) mod merged;
pub(crate) mod notation;
mod text;
pub(crate) mod usage;

use std::sync::Arc;

use crate::base::name::{Key, Name};
use crate::dnsxl::code_filter::CodeFilter;
use crate::dnsxl::kind::{ListKind, Part};
use crate::dnsxl::list_spec::notation::Notation;
use crate::dnsxl::profile::{NOTHING, Profile};

pub use crate::dnsxl::list_spec::error::{NotCounted, SpecError, SpecErrorKind};
pub use crate::dnsxl::list_spec::fields::OnNoAnswer;
use crate::dnsxl::list_spec::fields::Usage;
use crate::dnsxl::list_spec::list_id::DisplayName;
pub use crate::dnsxl::list_spec::list_id::ListId;
pub(crate) use crate::dnsxl::list_spec::usage::About;

/// One list in a configuration: its zone, the codes that count, its weight, and what it is asked about.
///
/// With the feature `serde` it is serialized as its text, or as a map if Postfix's notation cannot express it, and
/// deserialized from a text in any [notation](crate::lists::notation) or from such a map. A key is never serialized, so a
/// list with a key can be deserialized only after the key has been put back.
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
    /// Derived from zone and label; kept, because every report names every list.
    display_name: DisplayName,
    pub(crate) operator: Option<Arc<str>>,
    pub(crate) daily_limit: Option<u32>,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) mirrors: Option<Name>,
    pub(crate) retired: bool,
    /// The context in which it decides; `None` if all lists of the set decide together.
    pub(crate) context: Option<Arc<str>>,
    written_for: WrittenFor,
    pub(crate) usage: Usage,
}

/// The software for which the list was written, if known. Two lists that differ only in this are equal.
#[derive(Clone, Copy, Debug, Default)]
struct WrittenFor(Option<Notation>);

impl PartialEq for WrittenFor {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for WrittenFor {}

impl ListSpec {
    /// A deny list in Postfix's notation.
    ///
    /// # Errors
    /// [`SpecError`] describes what is wrong and where.
    pub fn deny(text: &str) -> Result<Self, SpecError> {
        Self::read(ListKind::Deny, text)
    }

    /// An allow list in Postfix's notation.
    ///
    /// # Errors
    /// [`SpecError`] describes what is wrong and where.
    pub fn allow(text: &str) -> Result<Self, SpecError> {
        Self::read(ListKind::Allow, text)
    }

    /// A list with this zone and default settings.
    pub(crate) fn of_zone(kind: ListKind, zone: Name) -> Self {
        let zone = zone.with_keys_hidden();
        Self {
            kind,
            display_name: DisplayName::new(&zone, &zone, None),
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
            written_for: WrittenFor::default(),
            usage: Usage::default(),
        }
    }

    /// Adds a secret label in front of the zone.
    ///
    /// # Errors
    /// [`SpecErrorKind::Zone`] if the zone becomes too long.
    pub fn with_key(mut self, key: &Key) -> Result<Self, SpecError> {
        let keyed =
            self.zone.with_key(key).map_err(|error| SpecError::new(SpecErrorKind::Zone(error.kind()), error.span()))?;
        self.zone = keyed.with_keys_hidden();
        Ok(self.with_new_name())
    }

    /// Selects the codes that count. By default these are the listing codes of the profile; without a profile, all except
    /// 127.0.0.1.
    #[must_use]
    pub fn with_codes(mut self, codes: impl Into<CodeFilter>) -> Self {
        self.codes = Some(codes.into());
        self
    }

    /// Sets what a hit adds to the score, 1 by default. Negative weights lower the score.
    #[must_use]
    pub fn with_weight(mut self, weight: i32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets what the list is asked about; the target of the check by default.
    #[must_use]
    pub fn with_parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts = parts.into_iter().collect();
        self.parts.sort_unstable();
        self.parts.dedup();
        self
    }

    /// Sets the profile of the list. It has priority over a catalogue.
    #[must_use]
    pub fn with_profile(mut self, profile: impl Into<Arc<Profile>>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// The zone is a private copy of this public zone, so the profile of the public zone applies.
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

    /// Sets the name of the list in reports, logs and metrics; by default its zone without a key. It is made printable.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(crate::base::remote_text::RemoteText::clean(label.as_bytes()).as_str().into());
        self.with_new_name()
    }

    /// Sets the operator. Lists of one operator count once where several operators must agree. The default is the group in
    /// the catalogue, or else the last two labels of the zone.
    #[must_use]
    pub fn with_operator(mut self, operator: &str) -> Self {
        self.operator = Some(operator.into());
        self
    }

    /// Limits the queries per day, including control queries and TXT; by default there is no limit. When it is reached, the
    /// list is not asked and its verdict is unknown ([`DailyLimit`](crate::Failure::DailyLimit)), until 24 hours after the first
    /// query that was counted; an [event](crate::Event::DailyLimit) says so once. One client can cause at most an eighth of
    /// the queries (at least 8): it could otherwise use up the limit with sender domains that it makes up.
    #[must_use]
    pub fn with_daily_limit(mut self, questions: u32) -> Self {
        self.daily_limit = Some(questions);
        self
    }

    /// The operator of the list.
    #[must_use]
    pub fn operator(&self) -> &str {
        self.operator.as_deref().unwrap_or(&self.display_name.domain)
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

    /// The name of the list in reports, never with a key.
    #[must_use]
    pub fn id(&self) -> ListId {
        self.display_name.id.clone()
    }

    pub(crate) fn name(&self) -> &ListId {
        &self.display_name.id
    }

    pub(super) fn with_new_name(mut self) -> Self {
        self.display_name = DisplayName::new(self.named(), &self.zone, self.label.as_ref());
        self
    }

    /// The codes that count, if they were set.
    #[must_use]
    pub fn codes(&self) -> Option<&CodeFilter> {
        self.codes.as_ref()
    }

    /// The profile of the list; the rules of RFC 5782 if none was set.
    pub(crate) fn knowledge(&self) -> &Profile {
        self.profile.as_deref().unwrap_or(&NOTHING)
    }

    /// Was the operator set?
    pub(crate) fn has_operator(&self) -> bool {
        self.operator.is_some()
    }

    /// Was a profile set?
    pub(crate) fn has_profile(&self) -> bool {
        self.profile.is_some()
    }

    /// The public zone, if this list is a copy of one.
    pub(crate) fn original(&self) -> Option<&Name> {
        self.mirrors.as_ref()
    }

    /// Records the software for which the list was written.
    pub(crate) fn found_in(&mut self, software: Notation) {
        self.written_for = WrittenFor(Some(software));
    }

    pub(crate) fn written_for(&self) -> Option<Notation> {
        self.written_for.0
    }

    /// Sets the context in which the list decides.
    pub(crate) fn decide_in(&mut self, context: Option<Arc<str>>) {
        self.context = context;
    }

    pub(crate) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Marks the list as closed: it is not asked any more.
    pub(crate) fn retire(&mut self) {
        self.retired = true;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired
    }

    /// Shows the zone as it is: exactly this zone is known, so it contains no hidden key.
    pub(crate) fn show_zone(&mut self) {
        self.zone = self.zone.as_it_stands();
        self.display_name = DisplayName::new(self.named(), &self.zone, self.label.as_ref());
    }

    /// Adds a number to the name, because another list of the set differs only in its key.
    pub(crate) fn number(&mut self, number: usize) {
        self.display_name.number(number);
    }

    /// Treats the first label of the zone as a key and hides it.
    pub(crate) fn hide_first_label(&mut self) {
        let (label, parent) = (self.zone.labels().next().map(str::to_owned), self.zone.parent());
        let key = label.and_then(|label| Key::new(label).ok());
        if let (Some(key), Some(parent)) = (key, parent) {
            self.zone = parent.with_key(&key).unwrap_or_else(|_| self.zone.clone());
            self.display_name = DisplayName::new(self.named(), &self.zone, self.label.as_ref());
        }
    }
}

//! Domain names for DNS queries: absolute, lower case, within the limits of RFC 1035 §2.3.4.
//!
//! Every [`Name`] that exists is valid. It may contain a secret label (the key of a commercial list). Then `Display`
//! and `Debug` show `(key).` in its place, which no parser of names accepts, and only [`Name::expose`] returns the
//! text for the wire.

mod error;
mod key;
mod label;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::base::address;
pub use crate::base::name::error::{NameError, NameErrorKind};
pub use crate::base::name::key::Key;
use crate::base::name::key::{key_span, known_secret};
pub use crate::base::name::label::MAX_LABEL_LENGTH;
pub(crate) use crate::base::name::label::is_host_label;
use crate::base::name::label::is_label_octet;
pub(crate) use crate::base::name::text::NamesUnder;

/// The maximum octets of a name on the wire, including the root label (RFC 1035 §2.3.4).
pub const MAX_WIRE_LENGTH: usize = 255;

/// Shown in place of a secret label. Two dots follow: this one, and the dot of the label. The empty label between
/// them makes the shown text an invalid name (RFC 1035 §3.1), so nobody can query it by mistake.
pub(crate) const MASK: &str = "(key)";

/// An absolute domain name: lower case, A-labels only, never completed by a search list.
///
/// ```
/// use rdnsbl::name::Name;
///
/// let name = Name::parse("Mail.Example.ORG")?;
/// assert_eq!(name.to_string(), "mail.example.org");
/// assert_eq!(name.expose(), "mail.example.org.");
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone)]
pub struct Name {
    /// Contains the text: presentation form with the trailing dot. No octet needs escaping: see [`is_label_octet`].
    buffer: Arc<str>,
    /// Where the text starts in the buffer, and its octets: at most 254.
    start: u16,
    length: u8,
    /// The range of the secret label in the text. Both bounds fit in a `u8`: the text of a name has at most 254 octets.
    secret: Option<(u8, u8)>,
}

impl Name {
    /// Parses a name, with or without its trailing dot. Letters become lower case. U-labels become A-labels with the
    /// feature `idna`; without it they are an error.
    ///
    /// Labels may contain every visible ASCII octet that needs no escaping, so `_dmarc` and `1/25` are accepted;
    /// [`is_host`](Self::is_host) is stricter.
    ///
    /// # Errors
    /// [`NameError`] reports what is wrong and at which octet. It never repeats the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !text.is_ascii() {
            // Errors in the A-labels have no position in the original text, so the span is the whole text.
            let whole = |error: NameError| NameError::new(error.kind(), 0..text.len());
            return Self::parse_ascii(&to_a_labels(text)?).map_err(whole);
        }
        Self::parse_ascii(text)
    }

    fn parse_ascii(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::root());
        }
        let body = text.strip_suffix('.').unwrap_or(text);
        if body.is_empty() {
            return Err(NameError::new(NameErrorKind::Empty, 0..text.len()));
        }
        // Octets of the text so far, in lower case; the last place is for the dot behind it.
        let mut absolute = [0; MAX_WIRE_LENGTH];
        let mut start = 0;
        let end_label = |span: Range<usize>| match span.len() {
            0 => Err(NameError::new(NameErrorKind::EmptyLabel, span)),
            1..=MAX_LABEL_LENGTH => Ok(()),
            _ => Err(NameError::new(NameErrorKind::LabelTooLong, span)),
        };
        for (at, octet) in body.bytes().enumerate() {
            if octet == b'.' {
                end_label(start..at)?;
                start = at + 1;
            } else if !is_label_octet(octet) {
                return Err(NameError::new(NameErrorKind::BadCharacter, at..at + 1));
            }
            if let Some(place) = absolute.get_mut(at) {
                *place = octet.to_ascii_lowercase();
            }
        }
        end_label(start..body.len())?;
        // On the wire, each label has one length octet where the text has a dot, and the root label adds one octet.
        let too_long = || NameError::new(NameErrorKind::TooLong, 0..body.len());
        if body.len() + 2 > MAX_WIRE_LENGTH {
            return Err(too_long());
        }
        if let Some(place) = absolute.get_mut(body.len()) {
            *place = b'.';
        }
        let text = absolute.get(..=body.len()).and_then(|octets| std::str::from_utf8(octets).ok());
        let text = text.ok_or_else(too_long)?;
        Ok(Self::of(text, known_secret(text)))
    }

    /// The root of the DNS, `.`.
    #[must_use]
    pub fn root() -> Self {
        Self::of(".", None)
    }

    /// The name under which PTR records of an address are published: below `in-addr.arpa` (RFC 1035 §3.5) or
    /// `ip6.arpa` (RFC 3596 §2.5). An IPv4-mapped IPv6 address is treated as the IPv4 address (RFC 4291 §2.5.5.2).
    ///
    /// ```
    /// let name = rdnsbl::name::Name::reverse_of("::ffff:192.0.2.99".parse()?);
    /// assert_eq!(name.to_string(), "99.2.0.192.in-addr.arpa");
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn reverse_of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let mut name = address::reversed_labels(address);
        name.push_labels(if address.is_ipv4() { "in-addr.arpa." } else { "ip6.arpa." });
        Self::of(name.as_str(), None)
    }

    /// This name under `zone`: its labels, followed by the labels of the zone.
    ///
    /// # Errors
    /// [`NameErrorKind::TooLong`] when the result would have more than 255 octets.
    pub fn under(&self, zone: &Self) -> Result<Self, NameError> {
        let labels = if self.is_root() { "" } else { self.text() };
        Self::join(labels, zone)
    }

    /// `labels` (empty, or valid labels each followed by a dot) in front of `zone`. Only for labels that this crate
    /// makes: reversed addresses, test entries, random labels.
    pub(crate) fn join(labels: &str, zone: &Self) -> Result<Self, NameError> {
        if zone.is_root() {
            return Self::parse_ascii(if labels.is_empty() { "." } else { labels });
        }
        if let Some((key, base)) = zone.key_in_front() {
            let length = u8::try_from(key.len()).unwrap_or(u8::MAX);
            let name = Self::parse_ascii(&format!("{key}.{labels}{base}"))?;
            return Ok(Self { secret: Some((0, length)), ..name });
        }
        let length = labels.len() + zone.text().len();
        if length + 1 > MAX_WIRE_LENGTH {
            return Err(NameError::new(NameErrorKind::TooLong, 0..labels.len()));
        }
        // Built on the stack first, so that each name needs only one allocation: up to twelve lists need such names
        // for each client.
        let mut buffer = [0; MAX_WIRE_LENGTH];
        if let Some((front, back)) = buffer.get_mut(..length).and_then(|place| place.split_at_mut_checked(labels.len()))
        {
            front.copy_from_slice(labels.as_bytes());
            back.copy_from_slice(zone.text().as_bytes());
        }
        let text = buffer.get(..length).and_then(|octets| std::str::from_utf8(octets).ok());
        let Some(text) = text else { return Err(NameError::new(NameErrorKind::BadCharacter, 0..labels.len())) };
        Ok(Self::of(text, zone.secret_behind(labels.len())))
    }

    /// This zone with a secret label in front, marked as secret.
    ///
    /// # Errors
    /// [`NameErrorKind::TooLong`] when the result would have more than 255 octets.
    pub fn with_key(&self, key: &Key) -> Result<Self, NameError> {
        let mut labels = key.0.to_string();
        let length = u8::try_from(labels.len()).unwrap_or(u8::MAX);
        labels.push('.');
        let keyed = Self::join(&labels, self)?;
        Ok(Self { secret: Some((0, length)), ..keyed })
    }

    /// The text for the wire: lower case, trailing dot, **including the secret label**. Only for resolvers; no other
    /// method returns this text. To show a name to people, use `Display`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text()
    }

    /// Is this the root?
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.text() == "."
    }

    /// The name without its first label; `None` for the root. The parent of a keyed zone is the zone.
    pub(crate) fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let dot = self.text().find('.')?;
        let shift = u8::try_from(dot + 1).ok()?;
        // A secret range can contain several labels; the first of them may be the label that is removed.
        let secret = self.secret.and_then(|(from, to)| Some((from.saturating_sub(shift), to.checked_sub(shift)?)));
        self.tail(dot + 1, secret).filter(|parent| !parent.text().is_empty()).or_else(|| Some(Self::root()))
    }

    /// The registrable domain by the Public Suffix List: `example.co.uk` for `www.example.co.uk`. `None` for a name
    /// that is itself a public suffix.
    #[cfg(feature = "psl")]
    pub(crate) fn registrable(&self) -> Option<Self> {
        Self::parse(psl::domain_str(self.text().strip_suffix('.')?)?).ok()
    }

    /// The labels from left to right, including the secret one; none for the root.
    pub(crate) fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.text().split('.').filter(|label| !label.is_empty())
    }

    /// The number of labels; 0 for the root.
    #[must_use]
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Is this the root or a top-level domain?
    pub(crate) fn is_top(&self) -> bool {
        self.text().bytes().position(|octet| octet == b'.').is_none_or(|dot| dot + 1 == self.text().len())
    }

    /// Is this name equal to `other` or below it?
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || self.text().strip_suffix(other.text()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The last `count` labels. Names with the same last labels are assumed to have the same owner; this is the best
    /// guess without a list of public suffixes.
    pub(crate) fn last_labels(&self, count: usize) -> &str {
        let body = self.text().strip_suffix('.').unwrap_or(self.text());
        let start = body.rmatch_indices('.').nth(count.saturating_sub(1)).map_or(0, |(dot, _)| dot + 1);
        body.get(start..).unwrap_or_default()
    }

    /// Can this be the name of a host? Letters, digits, hyphens inside labels (RFC 1123 §2.1), and underscores (not
    /// legal, but common, and resolvable); at least one label must not be all digits.
    #[must_use]
    pub fn is_host(&self) -> bool {
        let (mut previous, mut has_letter) = (b'.', false);
        let is_legal = self.text().bytes().all(|octet| {
            let legal = match octet {
                b'.' => previous != b'-',
                b'-' => previous != b'.',
                _ => octet.is_ascii_alphanumeric() || octet == b'_',
            };
            has_letter |= !matches!(octet, b'.' | b'0'..=b'9');
            previous = octet;
            legal
        });
        is_legal && has_letter
    }

    /// The name without its secret label: the name of a zone in reports.
    #[must_use]
    pub fn without_key(&self) -> Self {
        match self.secret_range() {
            None => self.clone(),
            Some(range) => {
                let mut text = String::from(self.text().get(..range.start).unwrap_or_default());
                text.push_str(self.text().get(range.end + 1..).unwrap_or_default());
                if text.is_empty() {
                    text.push('.');
                }
                Self::of(&text, None)
            }
        }
    }

    /// This zone of a list, where every label that has the form or the position of a key is marked as secret.
    pub(crate) fn with_keys_hidden(self) -> Self {
        let found = crate::base::key_mask::in_zone(self.text().strip_suffix('.').unwrap_or(self.text()));
        let found = found.and_then(|range| key_span(range.start, range.end));
        let secret = match (self.secret, found) {
            (Some((from, to)), Some((start, end))) => Some((from.min(start), to.max(end))),
            (known, found) => known.or(found),
        };
        Self { secret, ..self }
    }

    /// This zone, where only a label that [`known_secret`] recognizes as a key is marked as secret.
    pub(crate) fn as_it_stands(&self) -> Self {
        Self { secret: known_secret(self.text()), ..self.clone() }
    }

    /// The secret label itself, needed to remove it from texts that quote it.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.text().get(self.secret_range()?)
    }

    /// This name from a server's answer, where the label that repeats `secret` is marked as secret. `None` when
    /// several labels repeat it: only one can be marked, and a key is never shown.
    pub(crate) fn hiding(mut self, secret: &str) -> Option<Self> {
        let mut start = 0;
        let mut found = None;
        for label in self.text().split('.') {
            let end = start + label.len();
            if crate::base::key_mask::parts(secret).any(|secret| label.contains(secret)) {
                if found.is_some() {
                    return None;
                }
                found = Some((u8::try_from(start).ok()?, u8::try_from(end).ok()?));
            }
            start = end + 1;
        }
        self.secret = found.or(self.secret);
        Some(self)
    }

    /// The labels from octet `from` of the text; `None` when no label begins there.
    #[cfg(feature = "direct")]
    pub(crate) fn ending(&self, from: usize) -> Option<Self> {
        let (before, rest) = self.text().split_at_checked(from)?;
        if rest.is_empty() {
            return Some(Self::root());
        }
        if !before.is_empty() && !before.ends_with('.') {
            return None;
        }
        self.tail(from, known_secret(rest))
    }

    /// Key and zone, if the operator requires the key in front of the subject: `KEY.4.3.2.1.dnsbl.httpbl.org`.
    fn key_in_front(&self) -> Option<(&str, &str)> {
        const BASE: &str = "dnsbl.httpbl.org.";
        let range = self.secret_range()?;
        let base = self.text().get(range.end + 1..)?;
        (range.start == 0 && base == BASE).then_some((self.text().get(range)?, base))
    }

    fn secret_range(&self) -> Option<Range<usize>> {
        self.secret.map(|(from, to)| usize::from(from)..usize::from(to))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.is_root() { "." } else { self.text().strip_suffix('.').unwrap_or(self.text()) };
        match self.secret_range() {
            None => f.pad(shown),
            Some(range) => {
                let before = shown.get(..range.start).unwrap_or_default();
                let after = shown.get(range.end..).unwrap_or_default();
                f.pad(&format!("{before}{MASK}.{}", if after.is_empty() { "." } else { after }))
            }
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(feature = "idna")]
fn to_a_labels(text: &str) -> Result<String, NameError> {
    idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::EMPTY)
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| NameError::new(NameErrorKind::BadUnicode, 0..text.len()))
}

#[cfg(not(feature = "idna"))]
fn to_a_labels(text: &str) -> Result<String, NameError> {
    Err(NameError::new(NameErrorKind::NeedsIdna, 0..text.len()))
}

//! Where the text of a name stands: in a buffer that several names may share, such as the names of one client under many lists,
//! or a name and its parent.

use std::ops::Range;
use std::sync::Arc;

use crate::base::address::Labels;
use crate::base::name::{MAX_WIRE_LENGTH, Name, NameError};

impl Name {
    /// A name in a buffer of its own. At most 254 octets.
    pub(super) fn of(text: &str, secret: Option<(u8, u8)>) -> Self {
        Self { buffer: text.into(), start: 0, length: u8::try_from(text.len()).unwrap_or(u8::MAX), secret }
    }

    /// A name that is a part of a buffer; `None` if the part is too long, or too far behind the start of the buffer.
    pub(super) fn part_of(buffer: &Arc<str>, part: Range<usize>, secret: Option<(u8, u8)>) -> Option<Self> {
        let (start, length) = (u16::try_from(part.start).ok()?, u8::try_from(part.len()).ok()?);
        buffer.get(part)?;
        Some(Self { buffer: Arc::clone(buffer), start, length, secret })
    }

    /// The name from octet `from` of the text on.
    pub(super) fn tail(&self, from: usize, secret: Option<(u8, u8)>) -> Option<Self> {
        let start = usize::from(self.start);
        Self::part_of(&self.buffer, start.checked_add(from)?..start + usize::from(self.length), secret)
    }

    pub(super) fn text(&self) -> &str {
        let start = usize::from(self.start);
        self.buffer.get(start..start + usize::from(self.length)).unwrap_or_default()
    }

    /// The same name, in a buffer of its own if it shares one that is much longer: for a name that is kept for long.
    pub(crate) fn compact(self) -> Self {
        if self.buffer.len() <= 2 * usize::from(self.length) { self } else { Self::of(self.text(), self.secret) }
    }

    /// The range of this zone's secret when labels of so many octets stand in front of it.
    pub(super) fn secret_behind(&self, octets: usize) -> Option<(u8, u8)> {
        let shift = u8::try_from(octets).unwrap_or(u8::MAX);
        self.secret.map(|(from, to)| (from.saturating_add(shift), to.saturating_add(shift)))
    }

    /// Are both the same part of the same buffer? So are copies of one name.
    fn is_same_part(&self, other: &Self) -> bool {
        let part = |name: &Self| (name.start, name.length, name.secret);
        Arc::ptr_eq(&self.buffer, &other.buffer) && part(self) == part(other)
    }

    fn parts(&self) -> (&str, Option<(u8, u8)>) {
        (self.text(), self.secret)
    }
}

/// The names of one address under several zones, in one buffer.
pub(crate) struct NamesUnder {
    labels: Labels,
    buffer: Arc<str>,
    /// Where the last name ends.
    end: usize,
}

impl NamesUnder {
    /// Writes the names under these zones. `text` is used for a draft, and may have capacity from earlier use; it is left
    /// empty, because keys may be among the names.
    pub(crate) fn new<'a>(labels: Labels, zones: impl Iterator<Item = &'a Name>, text: &mut String) -> Self {
        text.clear();
        let front = labels.as_str();
        for zone in zones {
            text.push_str(front);
            text.push_str(zone.text());
        }
        let buffer = text.as_str().into();
        text.clear();
        Self { labels, buffer, end: 0 }
    }

    /// The next name, as [`Name::join`] makes it. `zone` is the next of those given.
    pub(crate) fn next(&mut self, zone: &Name) -> Result<Name, NameError> {
        let start = self.end;
        self.end += self.labels.len() + zone.text().len();
        let is_plain = !zone.is_root() && zone.key_in_front().is_none() && self.end - start < MAX_WIRE_LENGTH;
        let shared = Name::part_of(&self.buffer, start..self.end, zone.secret_behind(self.labels.len()));
        shared.filter(|_| is_plain).map_or_else(|| Name::join(self.labels.as_str(), zone), Ok)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_part(other) || self.parts() == other.parts()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// Compares only the text: equal names have equal texts.
impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

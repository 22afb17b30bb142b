//! Where the text of a name stands: in a buffer that several names may share, such as the names of one client under many lists,
//! or a name and its parent.

use std::ops::Range;
use std::sync::Arc;

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

    /// `labels` in front of each of these zones, as [`join`](Self::join). The names share one buffer.
    pub(crate) fn join_all(labels: &str, zones: &[&Self]) -> Vec<Result<Self, NameError>> {
        let mut text = String::with_capacity(zones.iter().map(|zone| labels.len() + zone.expose().len()).sum());
        for zone in zones {
            text.extend([labels, zone.expose()]);
        }
        let (buffer, mut end): (Arc<str>, usize) = (text.into(), 0);
        let join = |zone: &&Self| {
            let start = end;
            end += labels.len() + zone.expose().len();
            let is_plain = !zone.is_root() && zone.key_in_front().is_none() && end - start < MAX_WIRE_LENGTH;
            let shared = Self::part_of(&buffer, start..end, zone.secret_behind(labels));
            shared.filter(|_| is_plain).map_or_else(|| Self::join(labels, zone), Ok)
        };
        zones.iter().map(join).collect()
    }

    /// The range of this zone's secret when `labels` stand in front of it.
    pub(super) fn secret_behind(&self, labels: &str) -> Option<(u8, u8)> {
        let shift = u8::try_from(labels.len()).unwrap_or(u8::MAX);
        self.secret.map(|(from, to)| (from.saturating_add(shift), to.saturating_add(shift)))
    }

    fn parts(&self) -> (&str, Option<(u8, u8)>) {
        (self.text(), self.secret)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
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

//! Record data of a table as sent on the wire: names and texts may contain any octets.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::name::{MAX_LABEL_LENGTH, MAX_WIRE_LENGTH, Name};
use crate::base::remote_text::RemoteText;
use crate::dns::record::presentation;
use crate::dns::{Record, Target};

/// One record in a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableEntry {
    /// The owner name. For a wildcard, the name that was asked.
    pub owner: Name,
    /// Seconds, as on the wire.
    pub ttl: u32,
    /// Its type and data.
    pub data: Data,
}

/// The data of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name of an address.
    Ptr(RawName),
    /// A mail exchanger.
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// The host.
        exchange: RawName,
    },
    /// Character strings of at most 255 octets each.
    Txt(Vec<Vec<u8>>),
    /// A name server.
    Ns(RawName),
    /// The start of a zone.
    Soa(SoaData),
    /// An alias.
    Cname(RawName),
}

impl Data {
    /// The record that a resolver returns; `None` for SOA and CNAME, which it never returns.
    pub(super) fn record(&self) -> Option<Record> {
        Some(match self {
            Self::A(address) => Record::A(*address),
            Self::Aaaa(address) => Record::Aaaa(*address),
            Self::Ptr(name) => Record::Ptr(name.target()),
            Self::Mx { preference, exchange } => Record::Mx { preference: *preference, exchange: exchange.target() },
            Self::Txt(strings) => Record::Txt(RemoteText::clean(&strings.concat())),
            Self::Ns(name) => Record::Ns(name.target()),
            Self::Soa(_) | Self::Cname(_) => return None,
        })
    }
}

/// The fields of an SOA record (RFC 1035 §3.3.13).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SoaData {
    /// MNAME: the primary name server.
    pub primary: RawName,
    /// RNAME: the mailbox of the person in charge.
    pub contact: RawName,
    /// SERIAL.
    pub serial: u32,
    /// REFRESH, seconds.
    pub refresh: u32,
    /// RETRY, seconds.
    pub retry: u32,
    /// EXPIRE, seconds.
    pub expire: u32,
    /// MINIMUM, seconds: how long a negative answer may be cached (RFC 2308 §5).
    pub minimum: u32,
}

impl SoaData {
    /// An SOA record for which only the MINIMUM matters.
    pub(super) fn with_minimum(minimum: u32) -> Self {
        Self {
            primary: RawName::of_labels(&["ns"]),
            contact: RawName::of_labels(&["hostmaster"]),
            serial: 1,
            refresh: 3600,
            retry: 600,
            expire: 86_400,
            minimum,
        }
    }
}

/// A name in a record's data: labels of any octets (RFC 2181 §11) in their original case. No labels are the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawName(Vec<Vec<u8>>);

impl RawName {
    /// Reads the presentation form (RFC 1035 §5.1), with or without trailing dot: `\.` is a dot inside a label, `\DDD` the
    /// octet with that decimal number. Non-ASCII text stands for its UTF-8 octets. `None` when it is not a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "." {
            return Some(Self(Vec::new()));
        }
        let mut labels = Vec::new();
        let mut label = Vec::new();
        let mut octets = text.bytes();
        let mut ended = false;
        while let Some(octet) = octets.next() {
            ended = octet == b'.';
            match octet {
                b'.' => labels.push(std::mem::take(&mut label)),
                b'\\' => label.push(unescape(&mut octets)?),
                _ => label.push(octet),
            }
        }
        if !ended {
            labels.push(label);
        }
        let lengths_fit = labels.iter().all(|label| (1..=MAX_LABEL_LENGTH).contains(&label.len()));
        let wire_length = labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1;
        (lengths_fit && wire_length <= MAX_WIRE_LENGTH).then_some(Self(labels))
    }

    pub(super) fn of_labels(labels: &[&str]) -> Self {
        Self(labels.iter().map(|label| label.as_bytes().to_vec()).collect())
    }

    /// The labels from left to right; none for the root.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The name as a resolver returns it.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::from_labels(self.labels())
    }

    /// The name to ask about, if it can be asked about.
    pub(super) fn name(&self) -> Option<Name> {
        match self.target() {
            Target::Name(name) => Some(name),
            Target::Root => Some(Name::root()),
            Target::Illegal(_) => None,
        }
    }
}

/// The octet after a backslash: three decimal digits, or the next octet as it is.
pub(super) fn unescape(octets: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let first = octets.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let mut number = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit)?;
        number = number * 10 + u16::from(digit - b'0');
    }
    u8::try_from(number).ok()
}

/// Presentation form (RFC 1035 §5.1) with trailing dot and escapes.
impl fmt::Display for RawName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&presentation(self.labels()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_names() {
        let name = RawName::parse("a\\013\\010X\\.y.Example").unwrap();
        assert_eq!(name.labels().collect::<Vec<_>>(), [&b"a\r\nX.y"[..], b"Example"]);
        assert_eq!(name.to_string(), "a\\013\\010X\\.y.Example.");
        assert_eq!(RawName::parse(&name.to_string()), Some(name.clone()));
        assert!(matches!(name.target(), Target::Illegal(_)));
        assert_eq!(RawName::parse(".").unwrap().target(), Target::Root);
        assert!(matches!(RawName::parse("Mail.example").unwrap().target(), Target::Name(_)));
        for bad in ["", "..", "a..b", ".a", "a\\", "a\\25", "a\\256", &"a".repeat(64), &"a.".repeat(128)] {
            assert_eq!(RawName::parse(bad), None, "{bad}");
        }
    }
}

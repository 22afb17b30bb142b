//! Records of the types that the checks use.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::RecordType;

/// A name in a record's data. Its labels may be any octets (RFC 2181 §11), so it may not be a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a target is a name, the root, or neither")]
pub enum Target {
    /// A name that can be asked about.
    Name(Name),
    /// The root: "no service here" in an MX record (RFC 7505).
    Root,
    /// Octets that a [`Name`] cannot have. They are shown, and never asked about.
    Illegal(RemoteText),
}

impl Target {
    /// From the presentation form, with escapes. A text that cannot be a name is [`Target::Illegal`].
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if text.is_ascii() {
            match Name::parse(text) {
                Ok(name) if name.is_root() => return Self::Root,
                Ok(name) => return Self::Name(name),
                Err(_) => {}
            }
        }
        Self::Illegal(RemoteText::clean(text.as_bytes()))
    }

    /// From the labels of a name in a message, from left to right. They may be any octets (RFC 2181 §11). The root label may be
    /// left out.
    ///
    /// ```
    /// use rdnsbl::dns::Target;
    ///
    /// assert_eq!(Target::from_labels([&b"Mail"[..], b"example"]), Target::from_text("mail.example."));
    /// assert_eq!(Target::from_labels([]), Target::Root);
    /// // A dot inside a label does not end it.
    /// assert_eq!(Target::from_labels([&b"a.b"[..], b"c d"]).to_string(), r"a\.b.c\032d.");
    /// ```
    #[must_use]
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::from_text(&presentation(labels))
    }

    /// The name, if it can be that of a host.
    pub(crate) fn host(&self) -> Option<&Name> {
        match self {
            Self::Name(name) if name.is_host() => Some(name),
            _ => None,
        }
    }

    /// The text to show.
    pub(crate) fn shown(&self) -> RemoteText {
        match self {
            Self::Name(name) => RemoteText::clean(name.to_string().as_bytes()),
            Self::Root => RemoteText::clean(b"."),
            Self::Illegal(text) => text.clone(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Root => f.pad("."),
            Self::Illegal(text) => text.fmt(f),
        }
    }
}

/// The name of these labels as text with a trailing dot, with special octets as `\.` or decimal `\DDD` (RFC 1035 §5.1). An escaped
/// octet is never part of a [`Name`], so that the text cannot be read as another name. Stops at the root label.
pub(crate) fn presentation<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut text = String::new();
    for label in labels.into_iter().take_while(|label| !label.is_empty()) {
        for octet in label {
            match octet {
                b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' => text.extend(['\\', char::from(*octet)]),
                0x21..=0x7e => text.push(char::from(*octet)),
                // Writing to a String does not fail.
                _ => drop(write!(text, "\\{octet:03}")),
            }
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// One record's data.
///
/// ```
/// use rdnsbl::{Record, RecordType};
///
/// assert_eq!(Record::A("127.0.0.2".parse()?).kind(), RecordType::A);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Record {
    /// An IPv4 address; from a list, a return code.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name of an address.
    Ptr(Target),
    /// A mail exchanger. Values of this type are sorted by preference.
    Mx {
        /// Lower is tried first (RFC 5321 §5.1).
        preference: u16,
        /// The host.
        exchange: Target,
    },
    /// The character strings of one TXT record, joined and made printable.
    Txt(RemoteText),
    /// A name server.
    Ns(Target),
}

impl Record {
    /// The type of this record.
    #[must_use]
    pub fn kind(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Mx { .. } => RecordType::Mx,
            Self::Txt(_) => RecordType::Txt,
            Self::Ns(_) => RecordType::Ns,
        }
    }
}

/// An A or AAAA record.
impl From<IpAddr> for Record {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}

impl From<Ipv4Addr> for Record {
    fn from(address: Ipv4Addr) -> Self {
        Self::A(address)
    }
}

impl From<Ipv6Addr> for Record {
    fn from(address: Ipv6Addr) -> Self {
        Self::Aaaa(address)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => address.fmt(f),
            Self::Aaaa(address) => address.fmt(f),
            Self::Ptr(target) | Self::Ns(target) => target.fmt(f),
            Self::Mx { preference, exchange } => write!(f, "{preference} {exchange}"),
            Self::Txt(text) => write!(f, "\"{text}\""),
        }
    }
}

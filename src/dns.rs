//! The words of DNS that cross the resolver seam: a [`Question`] goes out, an [`Answer`] comes back.
//!
//! An answer keeps apart what the verdicts must keep apart: records, a name without such records ([`Is::NoData`]), a name
//! that does not exist ([`Is::NxDomain`]; both RFC 2308), and not having been able to find out ([`Is::Failed`]).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::name::Name;
use crate::text::RemoteText;

/// Records of one answer that are kept, the lowest and the highest; an answer with more is marked as cut.
pub const MAX_RECORDS: usize = 100;
/// The longest time an answer may be remembered: RFC 8767 §4 advises days at most, and a list's word is worth less.
pub const MAX_TTL: Duration = Duration::from_secs(86_400);
/// The longest time a negative answer may be remembered (RFC 2308 §5: one to three hours have proven sensible).
pub const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(3 * 3_600);

/// The record types that are ever asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Name of an address.
    Ptr,
    /// Mail exchanger.
    Mx,
    /// Text.
    Txt,
    /// Name server.
    Ns,
    /// Start of authority.
    Soa,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Ptr => "PTR",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ns => "NS",
            Self::Soa => "SOA",
        })
    }
}

/// What is asked: one name, one type, class IN. `Display` shows the name's safe form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The absolute name.
    pub name: Name,
    /// The record type.
    pub kind: RecordType,
}

impl Question {
    /// A question.
    #[must_use]
    pub fn new(name: Name, kind: RecordType) -> Self {
        Self { name, kind }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

/// A name found in a record's data. Labels there may be any octets (RFC 2181 §11); only what could be a name is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a target is a name, or is the root, or is neither")]
pub enum Target {
    /// A name that can be asked about.
    Name(Name),
    /// The root: "no service here" in an MX record (RFC 7505).
    Root,
    /// Octets that no host name holds. Shown, never asked about.
    Illegal(RemoteText),
}

impl Target {
    /// From the presentation form, escapes included. Whatever cannot be a name is [`Target::Illegal`].
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

    /// The name, if it could be that of a host.
    pub(crate) fn host(&self) -> Option<&Name> {
        match self {
            Self::Name(name) if name.is_host() => Some(name),
            _ => None,
        }
    }

    /// What to show of it.
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

/// One record's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Record {
    /// An IPv4 address; from a list, a return code.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name of an address.
    Ptr(Target),
    /// A mail exchanger. Lower preferences come first, also in the order of this type.
    Mx {
        /// Lower is tried first (RFC 5321 §5.1).
        preference: u16,
        /// The host.
        exchange: Target,
    },
    /// The character strings of one TXT record, joined and made safe.
    Txt(RemoteText),
    /// A name server.
    Ns(Target),
}

impl Record {
    /// The type this record answers.
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

/// At least one record, all of the asked type, sorted and without repetition: the order in which a server sent them
/// carries no meaning, so it cannot leak into a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RrSet {
    records: Arc<[Record]>,
    ttl: Duration,
    canonical: Option<Name>,
    truncated: bool,
}

impl RrSet {
    /// The records, sorted.
    pub fn iter(&self) -> std::slice::Iter<'_, Record> {
        self.records.iter()
    }

    /// How many records there are; never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a record set is never empty")]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// How long the records may be remembered, in whole seconds: the least TTL along the CNAME chain.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The owner of the records, when a CNAME chain led away from the name that was asked.
    #[must_use]
    pub fn canonical(&self) -> Option<&Name> {
        self.canonical.as_ref()
    }

    /// Were there more than [`MAX_RECORDS`] records? The rest was dropped.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The IPv4 addresses.
    pub(crate) fn v4(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.iter().filter_map(|record| match record {
            Record::A(address) => Some(*address),
            _ => None,
        })
    }

    /// The addresses of either family.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.iter().filter_map(|record| match record {
            Record::A(address) => Some(IpAddr::V4(*address)),
            Record::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        })
    }

    /// The texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &RemoteText> {
        self.iter().filter_map(|record| match record {
            Record::Txt(text) => Some(text),
            _ => None,
        })
    }
}

impl<'a> IntoIterator for &'a RrSet {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What a negative answer is worth, and who gave it (RFC 2308 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soa {
    owner: Name,
    negative_ttl: Duration,
}

impl Soa {
    /// The zone that said no, and for how long the no may be remembered: min(SOA TTL, SOA MINIMUM), at most 3 hours.
    #[must_use]
    pub fn new(owner: Name, negative_ttl: Duration) -> Self {
        Self { owner, negative_ttl: whole_seconds(negative_ttl).min(MAX_NEGATIVE_TTL) }
    }

    /// The zone that said no.
    #[must_use]
    pub fn owner(&self) -> &Name {
        &self.owner
    }

    /// How long the no may be remembered.
    #[must_use]
    pub fn negative_ttl(&self) -> Duration {
        self.negative_ttl
    }
}

/// Why a question could not be answered. Never evidence for anything about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Failure {
    /// No server answered in the resolver's own time.
    Timeout,
    /// SERVFAIL (RFC 1035 §4.1.1).
    ServFail,
    /// REFUSED: nearly always by our own resolver, and then no evidence against a list.
    Refused,
    /// Any other response code that is no answer: FORMERR, NOTIMP, NOTAUTH, unassigned ones.
    Rcode(u16),
    /// The answer did not fit: it could not be had over TCP either (RFC 7766), or what was looked for may stand among the
    /// records beyond [`MAX_RECORDS`].
    Truncated,
    /// Octets that are not a DNS message.
    Malformed,
    /// A CNAME chain that returns to itself or is too long.
    CnameLoop,
    /// An answer that contradicts itself: records beside NXDOMAIN or SERVFAIL.
    Contradiction,
    /// Records, but not for the name and type that were asked, or a referral.
    Unrelated,
    /// Out of sockets, buffers or places in a queue on our side.
    Overload,
    /// There is no server to ask.
    NoServers,
    /// The network refused to carry the question.
    Network,
    /// The time of the whole check was up.
    Deadline,
    /// The question was not asked, to spare the list or ourselves.
    Shed,
}

impl Failure {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Rcode(_) => "rcode",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::CnameLoop => "cname_loop",
            Self::Contradiction => "contradiction",
            Self::Unrelated => "unrelated",
            Self::Overload => "overload",
            Self::NoServers => "no_servers",
            Self::Network => "network",
            Self::Deadline => "deadline",
            Self::Shed => "shed",
        }
    }

    /// Did nothing come back at all? Then nothing is known about the servers either, but that they are silent.
    pub(crate) fn is_silence(self) -> bool {
        matches!(self, Self::Timeout | Self::NoServers | Self::Network | Self::Deadline)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer"),
            Self::ServFail => f.write_str("server failure (SERVFAIL)"),
            Self::Refused => f.write_str("the resolver refused (REFUSED)"),
            Self::Rcode(code) => write!(f, "response code {code}"),
            Self::Truncated => f.write_str("answer cut short"),
            Self::Malformed => f.write_str("malformed answer"),
            Self::CnameLoop => f.write_str("CNAME loop"),
            Self::Contradiction => f.write_str("answer contradicts itself"),
            Self::Unrelated => f.write_str("answer to another question"),
            Self::Overload => f.write_str("out of sockets or queue places"),
            Self::NoServers => f.write_str("no resolver to ask"),
            Self::Network => f.write_str("network unreachable"),
            Self::Deadline => f.write_str("time was up"),
            Self::Shed => f.write_str("not asked"),
        }
    }
}

/// What came back for a question.
///
/// Private fields, so that more of a response can be kept without breaking anyone. Build one with
/// [`records`](Self::records), [`no_data`](Self::no_data), [`nx_domain`](Self::nx_domain) or [`failed`](Self::failed); look
/// inside with [`is`](Self::is).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    body: Body,
    authenticated: bool,
    extended_error: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Records(RrSet),
    NoData(Option<Soa>),
    NxDomain(Option<Soa>),
    Failed(Failure),
}

/// The four things an answer can be. Exhaustive on purpose: who matches on it decides for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a forced `_` arm is where a failure would be taken for a no")]
pub enum Is<'a> {
    /// Records of the asked type.
    Records(&'a RrSet),
    /// The name exists without such records (RFC 2308 §2.2). The SOA record, if one was sent.
    NoData(Option<&'a Soa>),
    /// The name does not exist (RFC 2308 §2.1). The SOA record, if one was sent.
    NxDomain(Option<&'a Soa>),
    /// Nobody could tell.
    Failed(Failure),
}

impl Answer {
    /// Records of the asked type. None at all makes it NODATA: a record set is never empty. TTLs pass through
    /// [`ttl_from_wire`] first when they come from a message; here they are only capped at one day.
    #[must_use]
    pub fn records(records: impl IntoIterator<Item = Record>, ttl: Duration) -> Self {
        let mut records: Vec<Record> = records.into_iter().collect();
        records.sort_unstable();
        records.dedup();
        let truncated = records.len() > MAX_RECORDS;
        if truncated && let Some(highest) = records.pop() {
            // Both ends stay: what lies outside a range of addresses shows there.
            records.truncate(MAX_RECORDS - 1);
            records.push(highest);
        }
        Self::from_body(if records.is_empty() {
            Body::NoData(None)
        } else {
            Body::Records(RrSet {
                records: records.into(),
                ttl: whole_seconds(ttl).min(MAX_TTL),
                canonical: None,
                truncated,
            })
        })
    }

    /// The name exists without such records.
    #[must_use]
    pub fn no_data(soa: Option<Soa>) -> Self {
        Self::from_body(Body::NoData(soa))
    }

    /// The name does not exist.
    #[must_use]
    pub fn nx_domain(soa: Option<Soa>) -> Self {
        Self::from_body(Body::NxDomain(soa))
    }

    /// Nobody could tell.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self::from_body(Body::Failed(failure))
    }

    fn from_body(body: Body) -> Self {
        Self { body, authenticated: false, extended_error: None }
    }

    /// The same answer, with the AD bit of a validating resolver (RFC 4035 §3.2.3).
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.authenticated = true;
        self
    }

    /// The same answer, with an extended DNS error (RFC 8914).
    #[must_use]
    pub fn extended_error(mut self, info_code: u16) -> Self {
        self.extended_error = Some(info_code);
        self
    }

    /// The same answer, with the owner its records were found at.
    #[must_use]
    pub fn at(mut self, owner: Name) -> Self {
        if let Body::Records(set) = &mut self.body {
            set.canonical = Some(owner);
        }
        self
    }

    /// What it is.
    #[must_use]
    pub fn is(&self) -> Is<'_> {
        match &self.body {
            Body::Records(set) => Is::Records(set),
            Body::NoData(soa) => Is::NoData(soa.as_ref()),
            Body::NxDomain(soa) => Is::NxDomain(soa.as_ref()),
            Body::Failed(failure) => Is::Failed(*failure),
        }
    }

    /// Was the AD bit set?
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// The extended DNS error (RFC 8914), if one was sent.
    #[must_use]
    pub fn extended_error_code(&self) -> Option<u16> {
        self.extended_error
    }

    /// How long the answer may be remembered; `None` where it must not be: a no without SOA (RFC 2308 §5), a failure (who
    /// remembers failures sets the time, RFC 9520).
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match &self.body {
            Body::Records(set) => Some(set.ttl),
            Body::NoData(soa) | Body::NxDomain(soa) => soa.as_ref().map(Soa::negative_ttl),
            Body::Failed(_) => None,
        }
    }

    /// The same answer when it has been remembered for a while: only `left` of its time is left.
    pub(crate) fn aged(mut self, left: Duration) -> Self {
        let left = whole_seconds(left);
        match &mut self.body {
            Body::Records(set) => set.ttl = left,
            Body::NoData(Some(soa)) | Body::NxDomain(Some(soa)) => soa.negative_ttl = left,
            Body::NoData(None) | Body::NxDomain(None) | Body::Failed(_) => {}
        }
        self
    }

    /// The same answer without the key of the name that was asked: lists quote the question in their texts, and the zone
    /// that says no, or the end of an alias, may hold it as well.
    pub(crate) fn without_key(mut self, asked: &Name) -> Self {
        let Some(secret) = asked.secret() else { return self };
        let hide = |name: &Name| name.clone().hiding(secret).unwrap_or_else(Name::root);
        match &mut self.body {
            Body::Records(set) => {
                set.canonical = set.canonical.as_ref().map(hide);
                if set.texts().any(|text| text.without(secret) != *text) {
                    let hide = |record: &Record| match record {
                        Record::Txt(text) => Record::Txt(text.without(secret)),
                        other => other.clone(),
                    };
                    set.records = set.iter().map(hide).collect();
                }
            }
            Body::NoData(Some(soa)) | Body::NxDomain(Some(soa)) => soa.owner = hide(&soa.owner),
            Body::NoData(None) | Body::NxDomain(None) | Body::Failed(_) => {}
        }
        self
    }

    /// The failure, if it is one.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self.body {
            Body::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// One line for people: records, or why there are none. Safe to print.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Body::Records(set) => {
                for (index, record) in set.iter().take(8).enumerate() {
                    write!(f, "{}{record}", if index == 0 { "" } else { ", " })?;
                }
                if set.len() > 8 { write!(f, ", ... {} in all", set.len()) } else { Ok(()) }
            }
            Body::NoData(_) => f.write_str("NODATA"),
            Body::NxDomain(_) => f.write_str("NXDOMAIN"),
            Body::Failed(failure) => failure.fmt(f),
        }
    }
}

/// A TTL as it stands in a message: with the top bit set it means 0 (RFC 2181 §8).
#[must_use]
pub fn ttl_from_wire(seconds: u32) -> Duration {
    Duration::from_secs(if seconds >= 1 << 31 { 0 } else { seconds.into() })
}

/// TTLs are seconds. Half a second more would only make equal answers look different.
fn whole_seconds(ttl: Duration) -> Duration {
    Duration::from_secs(ttl.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(last: u8) -> Record {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[test]
    fn sets_are_sorted_unique_never_empty_and_bounded() {
        let ttl = Duration::from_secs(60);
        let answer = Answer::records([a(4), a(2), a(4)], ttl);
        assert!(matches!(answer.is(), Is::Records(set) if set.iter().eq([&a(2), &a(4)]) && !set.truncated()));
        assert_eq!(Answer::records([], ttl).is(), Is::NoData(None));
        let many = (0..400_u16).map(|n| Record::from(Ipv4Addr::from(0x7f00_0000 + u32::from(n))));
        assert!(
            matches!(Answer::records(many, ttl).is(), Is::Records(set) if set.len() == MAX_RECORDS && set.truncated())
        );
    }

    #[test]
    fn ttl_limits() {
        assert_eq!(ttl_from_wire(u32::MAX), Duration::ZERO); // RFC 2181 §8
        assert_eq!(ttl_from_wire(1 << 31), Duration::ZERO);
        assert_eq!(Answer::records([a(2)], ttl_from_wire(2_000_000)).ttl(), Some(MAX_TTL));
        let soa = |seconds| Some(Soa::new(Name::root(), Duration::from_secs(seconds)));
        assert_eq!(Answer::nx_domain(soa(60)).ttl(), Some(Duration::from_secs(60)));
        assert_eq!(Answer::no_data(soa(864_000)).ttl(), Some(MAX_NEGATIVE_TTL));
        assert_eq!(Answer::nx_domain(None).ttl(), None);
        assert_eq!(Answer::failed(Failure::ServFail).ttl(), None);
    }

    #[test]
    fn targets() {
        assert!(matches!(Target::from_text("."), Target::Root));
        assert!(Target::from_text("Mail.example.").host().is_some());
        assert!(matches!(Target::from_text("a\\013\\010X-Evil.example."), Target::Illegal(_)));
        assert!(Target::from_text("1.2.3.4.").host().is_none());
        assert!(matches!(Target::from_text("bücher.example."), Target::Illegal(_)));
    }
}

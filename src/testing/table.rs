//! The table of DNS data, and which lines replace others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use crate::dns::RecordType;
use crate::testing::data::Data;

/// The most links of a CNAME chain that are followed; a longer one is [`ReplyOutcome::CnameLoop`](crate::testing::ReplyOutcome::CnameLoop).
pub const MAX_CNAME_LINKS: usize = 16;

/// A DNS world, written as text, one record a line:
///
/// ```text
/// NAME TYPE DATA [ttl=SECONDS] [after=DURATION]   ; comment    # comment
/// ```
///
/// Names are absolute; the trailing dot may be left out. `ttl=` is a number of seconds (3600 by default). `after=` delays the
/// answer: `250ms`, `30s`, `5m`, `2h`, at most a week. All records of a name and type are one answer, in their order; the longest
/// of their delays counts.
///
/// | TYPE | DATA |
/// |---|---|
/// | `A`, `AAAA` | an address |
/// | `PTR`, `NS`, `CNAME` | a name; `\DDD` and `\.` put any octet into a label |
/// | `MX` | preference and name; `0 .` is the null MX |
/// | `TXT` | strings in double quotes, each at most 255 octets, with `\"`, `\\`, `\DDD` |
/// | `SOA` | primary, contact, serial, refresh, retry, expire, minimum |
///
/// Instead of a type, a name can have a behaviour. It is for every type without records or, with a suffix as in
/// `SERVFAIL/AAAA`, for one type, whatever its records:
///
/// | behaviour | |
/// |---|---|
/// | `NXDOMAIN`, `NODATA` | the two negative answers, with the SOA record of their zone |
/// | `NXDOMAIN-NOSOA`, `NODATA-NOSOA` | the same without SOA record |
/// | `SERVFAIL`, `REFUSED`, `RCODE n` | a response code |
/// | `TIMEOUT` | silence |
/// | `TC` | the records of the table, over TCP only: over UDP the answer is truncated |
/// | `TRUNCATED` | truncated over UDP, and TCP does not work |
/// | `REFERRAL` | the name servers of a zone instead of an answer (RFC 2308 §2.2), as a lame server gives |
/// | `MALFORMED` | octets that are not a DNS message |
///
/// A line `NAME after=DURATION` delays every answer about a name whose records have no delay of their own.
///
/// `*.zone` stands for every name below the zone that does not exist itself, also below an empty non-terminal (unlike RFC 4592
/// §3.3.1, where that hides the wildcard: the servers of lists do not do so). The closest wildcard counts. A name with other
/// records, or with names below it, exists (RFC 8020), so the answer is NODATA. CNAMEs are followed inside the table.
///
/// | directive | |
/// |---|---|
/// | `$TTL 300` | the TTL of the lines below |
/// | `$SOA zone ttl minimum` | a zone: its SOA record is in every negative answer at and below it (without this line: an SOA record of the parent of the name, 300, 60) |
/// | `$DEFAULT behaviour` | for names not in the table; `NXDOMAIN` by default |
/// | `$SITUATION zone` | begins the lines of a [`Situation`](crate::testing::Situation); a second one of the zone in the same text is an error |
///
/// ```
/// use rdnsbl::testing::{ReplyOutcome, Table};
/// use rdnsbl::{dns::{Question, RecordType}, name::Name};
///
/// let table = Table::parse(r#"
///     $SOA bl.example 300 60
///     2.0.0.127.bl.example  A   127.0.0.2
///     2.0.0.127.bl.example  TXT "test entry"
///     *.gone.example        SERVFAIL
/// "#)?;
/// let ask = |name: &str| Ok::<_, rdnsbl::name::NameError>(table.lookup(&Question::new(Name::parse(name)?, RecordType::A)));
/// assert_eq!(ask("2.0.0.127.bl.example")?.outcome, ReplyOutcome::Records);
/// assert_eq!(ask("1.0.0.127.bl.example")?.outcome, ReplyOutcome::NxDomain);
/// assert_eq!(ask("0.0.127.bl.example")?.outcome, ReplyOutcome::NoData);
/// assert_eq!(ask("any.gone.example")?.outcome, ReplyOutcome::ResponseCode(2));
/// assert_eq!(Table::parse("a.example A 1.2.3").unwrap_err().to_string(), "line 1: expected an IPv4 address");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Table {
    /// By absolute name in lower case; wildcards with their asterisk label.
    pub(super) nodes: HashMap<String, Node>,
    /// Names that exist because a name below them exists.
    pub(super) above: HashSet<String>,
    /// Delays of names, for any answer.
    pub(super) delays: HashMap<String, Duration>,
    /// For names that are not in the table.
    pub(super) unknown: Behaviour,
    /// For the lines that follow.
    pub(super) ttl: u32,
}

/// The lines about a name.
#[derive(Clone, Default)]
pub(super) struct Node {
    /// By type.
    pub(super) by_type: BTreeMap<RecordType, RecordLines>,
    pub(super) cname: Option<RecordLines>,
    /// For types without a line of their own.
    pub(super) all_types: RecordLines,
}

/// The lines about a name and type.
#[derive(Clone, Default)]
pub(super) struct RecordLines {
    /// TTL and data.
    pub(super) records: Vec<(u32, Data)>,
    pub(super) behaviour: Option<Behaviour>,
    pub(super) tcp_only: bool,
    pub(super) after: Option<Duration>,
}

/// How a server replies without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    NxDomain(Negative),
    NoData(Negative),
    Code(u16),
    Silence,
    Truncated,
    Referral,
    Malformed,
}

/// What a negative answer contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negative {
    WithSoa,
    WithoutSoa,
}

impl Table {
    pub(super) fn find_names_above(&mut self) {
        self.above = self.nodes.keys().flat_map(|name| above(name)).map(String::from).collect();
    }
}

impl Node {
    pub(super) fn replace(&mut self, changes: Self) {
        if changes.all_types.behaviour.is_some() || changes.cname.is_some() {
            *self = changes;
            return;
        }
        let with_records = changes.by_type.values().any(|lines| !lines.records.is_empty());
        if with_records {
            self.cname = None;
        }
        // Also for `TC` alone, which keeps the records.
        if with_records || changes.all_types.tcp_only {
            self.all_types = changes.all_types;
        }
        for (kind, mut lines) in changes.by_type {
            let old = self.by_type.entry(kind).or_default();
            if lines.is_modifier() {
                lines.records = std::mem::take(&mut old.records);
            }
            *old = lines;
        }
    }
}

impl RecordLines {
    /// Does it only change how the records are sent?
    fn is_modifier(&self) -> bool {
        self.records.is_empty() && self.behaviour.is_none()
    }
}

/// The names above a name in text, the closest first; the root last.
pub(super) fn above(name: &str) -> impl Iterator<Item = &str> {
    let proper =
        name.match_indices('.').filter_map(move |(dot, _)| name.get(dot + 1..)).filter(|rest| !rest.is_empty());
    proper.chain((name != ".").then_some("."))
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names may contain keys.
        f.debug_struct("Table").field("names", &self.nodes.len()).finish_non_exhaustive()
    }
}

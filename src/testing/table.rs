//! The table of DNS data, and which lines override others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use crate::dns::RecordType;
use crate::testing::data::Data;

/// Links of a CNAME chain that are followed; a longer one is [`ReplyOutcome::CnameLoop`](crate::testing::ReplyOutcome::CnameLoop).
pub const MAX_CNAME_LINKS: usize = 16;

/// A DNS world, written as text, one record a line:
///
/// ```text
/// NAME TYPE DATA [ttl=SECONDS] [after=DURATION]   ; comment    # comment
/// ```
///
/// Names are absolute, the trailing dot may be left out. `ttl=` is a number of seconds (3600 unless said), `after=` delays
/// the answer: `250ms`, `30s`, `5m`, `2h`, at most a week. All records of a name and type make one answer, in their order;
/// the longest of their delays counts.
///
/// | TYPE | DATA |
/// |---|---|
/// | `A`, `AAAA` | an address |
/// | `PTR`, `NS`, `CNAME` | a name; `\DDD` and `\.` put any octet into a label |
/// | `MX` | preference and name; `0 .` is the null MX |
/// | `TXT` | strings in double quotes, each at most 255 octets, with `\"`, `\\`, `\DDD` |
/// | `SOA` | primary, contact, serial, refresh, retry, expire, minimum |
///
/// In place of a type, a name can be given a behaviour, for every type without records of its own or, with a suffix as
/// in `SERVFAIL/AAAA`, for one type whatever its records:
///
/// | behaviour | |
/// |---|---|
/// | `NXDOMAIN`, `NODATA` | the two kinds of "no", with the SOA of their zone |
/// | `NXDOMAIN-NOSOA`, `NODATA-NOSOA` | without one |
/// | `SERVFAIL`, `REFUSED`, `RCODE n` | a response code |
/// | `TIMEOUT` | silence |
/// | `TC` | the records of the table, but they fit TCP only |
/// | `TRUNCATED` | truncated over UDP, and TCP is dead |
/// | `REFERRAL` | the name servers of a zone instead of an answer (RFC 2308 §2.2), as a lame server gives |
/// | `MALFORMED` | garbage |
///
/// A line `NAME after=DURATION` delays every answer about a name that has no delay of its own.
///
/// `*.zone` stands for every name below the zone that does not exist itself, also where an empty name lies between (unlike RFC
/// 4592 §3.3.1, where the empty name would hide the wildcard: lists are not served that way). The closest wildcard counts. A name
/// with other records, or with names below it, exists (RFC 8020): it gives NODATA. CNAMEs are followed inside the table.
///
/// | directive | |
/// |---|---|
/// | `$TTL 300` | the TTL of the lines below |
/// | `$SOA zone ttl minimum` | a zone: its SOA stands in every "no" at and below it (else: the parent of the name, 300, 60). |
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
    /// By absolute name in lower case; wildcards under their asterisk label.
    pub(super) nodes: HashMap<String, Node>,
    /// Names that exist because something below them does.
    pub(super) above: HashSet<String>,
    /// Delays of names whatever the answer.
    pub(super) delays: HashMap<String, Duration>,
    /// Of names that do not exist.
    pub(super) unknown: Fate,
    /// Of the lines below.
    pub(super) ttl: u32,
}

/// What is known of a name.
#[derive(Clone, Default)]
pub(super) struct Node {
    /// By type.
    pub(super) slots: BTreeMap<RecordType, Slot>,
    pub(super) cname: Option<Slot>,
    /// For types without anything of their own.
    pub(super) every: Slot,
}

/// What is known of a name and type.
#[derive(Clone, Default)]
pub(super) struct Slot {
    /// TTL and data.
    pub(super) records: Vec<(u32, Data)>,
    pub(super) fate: Option<Fate>,
    pub(super) tcp_only: bool,
    pub(super) after: Option<Duration>,
}

/// How a question ends that does not end with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    NxDomain(Negative),
    NoData(Negative),
    Code(u16),
    Silence,
    Truncated,
    Referral,
    Malformed,
}

/// With what a "no" comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negative {
    WithSoa,
    Bare,
}

impl Table {
    pub(super) fn find_names_above(&mut self) {
        self.above = self.nodes.keys().flat_map(|name| above(name)).map(String::from).collect();
    }
}

impl Node {
    pub(super) fn replace(&mut self, news: Self) {
        if news.every.fate.is_some() || news.cname.is_some() {
            *self = news;
            return;
        }
        let with_records = news.slots.values().any(|slot| !slot.records.is_empty());
        if with_records {
            self.cname = None;
        }
        // `TC` alone comes here as well, and leaves the records.
        if with_records || news.every.tcp_only {
            self.every = news.every;
        }
        for (kind, mut slot) in news.slots {
            let old = self.slots.entry(kind).or_default();
            if slot.is_modifier() {
                slot.records = std::mem::take(&mut old.records);
            }
            *old = slot;
        }
    }
}

impl Slot {
    /// Does it only say how the records come?
    fn is_modifier(&self) -> bool {
        self.records.is_empty() && self.fate.is_none()
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
        // Names may hold keys.
        f.debug_struct("Table").field("names", &self.nodes.len()).finish_non_exhaustive()
    }
}

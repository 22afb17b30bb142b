//! The answer to a question.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::name::Name;
use crate::dns::{Failure, MAX_NEGATIVE_TTL, MAX_RECORDS, MAX_TTL, Record, RrSet, Ttl};

/// How long a negative answer is valid, and which zone gave it (RFC 2308 §5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Soa {
    owner: Name,
    negative_ttl: Ttl,
}

impl Soa {
    /// The zone of the negative answer, and how long the answer may be cached: min(SOA TTL, SOA MINIMUM), at most 3 hours.
    #[must_use]
    pub fn new(owner: Name, negative_ttl: Duration) -> Self {
        Self { owner, negative_ttl: negative_ttl.min(MAX_NEGATIVE_TTL).into() }
    }

    /// The zone that gave the negative answer.
    #[must_use]
    pub fn owner(&self) -> &Name {
        &self.owner
    }

    /// How long the negative answer may be cached.
    #[must_use]
    pub fn negative_ttl(&self) -> Duration {
        self.negative_ttl.into()
    }
}

/// The answer to a question.
///
/// Create one with [`records`](Self::records), [`no_data`](Self::no_data), [`nx_domain`](Self::nx_domain) or
/// [`failed`](Self::failed); read it with [`kind`](Self::kind).
///
/// ```
/// use rdnsbl::{Answer, Failure, Record};
/// use std::{net::Ipv4Addr, time::Duration};
///
/// let yes = Answer::records([Record::from(Ipv4Addr::new(127, 0, 0, 2))], Duration::from_secs(300));
/// let no = Answer::nx_domain(None);
/// let unknown = Answer::failed(Failure::Timeout);
/// assert_eq!((yes.ttl(), no.ttl(), unknown.ttl()), (Some(Duration::from_secs(300)), None, None));
/// ```
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

/// The four kinds of answer. Exhaustive, so that a `match` has to handle each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a forced `_` arm is where a failure would be taken for a no")]
pub enum AnswerKind<'a> {
    /// Records of the type asked.
    Records(&'a RrSet),
    /// The name exists without such records (RFC 2308 §2.2). The SOA record, if one was sent.
    NoData(Option<&'a Soa>),
    /// The name does not exist (RFC 2308 §2.1). The SOA record, if one was sent.
    NxDomain(Option<&'a Soa>),
    /// The look-up failed, so the answer is unknown.
    Failed(Failure),
}

impl Answer {
    /// Records of the type asked; without any record, it is NODATA. Convert a TTL from a message with
    /// [`ttl_from_wire`](crate::dns::ttl_from_wire) first. Here it is only limited to one day.
    #[must_use]
    pub fn records(records: impl IntoIterator<Item = Record>, ttl: Duration) -> Self {
        let mut records = records.into_iter();
        let Some(first) = records.next() else { return Self::no_data(None) };
        let (records, truncated) = match records.next() {
            // The usual case, with one allocation.
            None => (Arc::from([first]), false),
            Some(second) => sorted([first, second].into_iter().chain(records).collect()),
        };
        let ttl = ttl.min(MAX_TTL).into();
        Self::from_body(Body::Records(RrSet { records, ttl, canonical: None, truncated }))
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

    /// The look-up failed, so the answer is unknown.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self::from_body(Body::Failed(failure))
    }

    fn from_body(body: Body) -> Self {
        Self { body, authenticated: false, extended_error: None }
    }

    /// The same answer, with the AD bit of a validating resolver (RFC 4035 §3.2.3).
    #[must_use]
    pub fn with_authenticated(mut self) -> Self {
        self.authenticated = true;
        self
    }

    /// The same answer, with an extended DNS error (RFC 8914).
    #[must_use]
    pub fn with_extended_error(mut self, info_code: u16) -> Self {
        self.extended_error = Some(info_code);
        self
    }

    /// The same answer, with the owner name of its records.
    #[must_use]
    pub fn with_owner(mut self, owner: Name) -> Self {
        if let Body::Records(set) = &mut self.body {
            set.canonical = Some(owner);
        }
        self
    }

    /// The kind of answer, with its data.
    #[must_use]
    pub fn kind(&self) -> AnswerKind<'_> {
        match &self.body {
            Body::Records(set) => AnswerKind::Records(set),
            Body::NoData(soa) => AnswerKind::NoData(soa.as_ref()),
            Body::NxDomain(soa) => AnswerKind::NxDomain(soa.as_ref()),
            Body::Failed(failure) => AnswerKind::Failed(*failure),
        }
    }

    /// Whether the AD bit was set.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// The extended DNS error (RFC 8914), if one was sent.
    #[must_use]
    pub fn extended_error(&self) -> Option<u16> {
        self.extended_error
    }

    /// How long the answer may be cached; `None` where it must not be: a negative answer without SOA (RFC 2308 §5), or a
    /// failure (a cache of failures sets its own time, RFC 9520).
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match &self.body {
            Body::Records(set) => Some(set.ttl()),
            Body::NoData(soa) | Body::NxDomain(soa) => soa.as_ref().map(Soa::negative_ttl),
            Body::Failed(_) => None,
        }
    }

    /// Whether this is a negative answer without SOA, which must not be cached (RFC 2308 §5).
    pub(crate) fn is_unsigned_no(&self) -> bool {
        matches!(self.body, Body::NoData(None) | Body::NxDomain(None))
    }

    /// The same answer from a cache, with `left` as its remaining time.
    pub(crate) fn aged(mut self, left: Duration) -> Self {
        let left = Ttl::from(left);
        match &mut self.body {
            Body::Records(set) => set.ttl = left,
            Body::NoData(Some(soa)) | Body::NxDomain(Some(soa)) => soa.negative_ttl = left,
            Body::NoData(None) | Body::NxDomain(None) | Body::Failed(_) => {}
        }
        self
    }

    /// The same answer, for a place where it is kept for long: see [`Name::compact`].
    pub(crate) fn compact(mut self) -> Self {
        if let Body::NoData(Some(soa)) | Body::NxDomain(Some(soa)) = &mut self.body {
            soa.owner = soa.owner.clone().compact();
        }
        self
    }

    /// Removes the key of the name that was asked: lists quote the question in their texts, and the zone of a negative answer, or
    /// the end of an alias, may contain it as well.
    pub(crate) fn hide_key(&mut self, asked: &Name) {
        let Some(secret) = asked.secret() else { return };
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
    }

    /// Whether it is negative: NXDOMAIN or NODATA.
    pub(crate) fn is_no(&self) -> bool {
        matches!(self.body, Body::NxDomain(_) | Body::NoData(_))
    }

    /// The failure, if it is one.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self.body {
            Body::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// Several records: sorted, without repetition, and whether some were dropped.
fn sorted(mut records: Vec<Record>) -> (Arc<[Record]>, bool) {
    records.sort_unstable();
    records.dedup();
    let truncated = records.len() > MAX_RECORDS;
    if truncated && let Some(highest) = records.pop() {
        // Keep the lowest and the highest: an address outside a range is among them.
        records.truncate(MAX_RECORDS - 1);
        records.push(highest);
    }
    (records.into(), truncated)
}

/// One line for log messages: the records, or why there are none. Safe to print.
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

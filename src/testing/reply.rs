//! What a table says to a question: enough for a resolver and for a server.

use std::time::Duration;

use crate::dns::{Answer, Failure, Record, Soa, ttl_from_wire};
use crate::testing::data::{Data, Entry};

/// What a table says to a question. [`Reply::answer`] is how it crosses the resolver seam.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// What it comes to.
    pub outcome: Outcome,
    /// How it can be carried.
    pub carrier: Carrier,
    /// How long it takes.
    pub after: Duration,
    /// The CNAME chain, if any, then the records, in the order of the table.
    pub answers: Vec<Entry>,
    /// The SOA of a "no".
    pub authority: Option<Entry>,
}

/// What a reply comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Records of the asked type.
    Records,
    /// The name exists without such records.
    NoData,
    /// The name, or the end of its CNAME chain, does not exist.
    NxDomain,
    /// A CNAME chain that comes back to itself, or has more than [`MAX_CNAME_LINKS`](crate::testing::MAX_CNAME_LINKS) links.
    CnameLoop,
    /// Any other response code.
    ResponseCode(u16),
    /// Nothing comes back.
    Silence,
    /// An answer that does not fit a datagram, and nobody listens to TCP.
    Truncated,
    /// The name servers of a zone, and no answer (RFC 2308 §2.2).
    Referral,
    /// Octets that are no DNS message.
    Malformed,
}

/// How a reply can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Carrier {
    /// Over UDP when it fits, and over TCP.
    Any,
    /// Over TCP only; over UDP it comes truncated.
    TcpOnly,
}

impl Reply {
    pub(super) fn new(outcome: Outcome) -> Self {
        Self { outcome, carrier: Carrier::Any, after: Duration::ZERO, answers: Vec::new(), authority: None }
    }

    /// The response code on the wire. Of silence and garbage, 0.
    #[must_use]
    pub fn response_code(&self) -> u16 {
        match self.outcome {
            Outcome::NxDomain => 3,
            Outcome::ResponseCode(code) => code,
            Outcome::Records
            | Outcome::NoData
            | Outcome::CnameLoop
            | Outcome::Silence
            | Outcome::Truncated
            | Outcome::Referral
            | Outcome::Malformed => 0,
        }
    }

    /// The answer a resolver gives for it, by the rules of [`Resolve`](crate::resolve::Resolve). Times are left to the caller.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self.outcome {
            Outcome::Records => self.records(),
            Outcome::NoData => Answer::no_data(self.soa()),
            Outcome::NxDomain => Answer::nx_domain(self.soa()),
            Outcome::CnameLoop => Answer::failed(Failure::CnameLoop),
            Outcome::ResponseCode(2) => Answer::failed(Failure::ServFail),
            Outcome::ResponseCode(5) => Answer::failed(Failure::Refused),
            Outcome::ResponseCode(code) => Answer::failed(Failure::Rcode(code)),
            Outcome::Silence => Answer::failed(Failure::Timeout),
            Outcome::Truncated => Answer::failed(Failure::Truncated),
            Outcome::Referral => Answer::failed(Failure::Unrelated),
            Outcome::Malformed => Answer::failed(Failure::Malformed),
        }
    }

    fn records(&self) -> Answer {
        let records: Vec<Record> = self.answers.iter().filter_map(|entry| entry.data.record()).collect();
        if records.is_empty() {
            // SOA records are there, and no word for them is: that is neither a "no" nor records.
            return Answer::failed(Failure::Unrelated);
        }
        let answer = Answer::records(records, self.chain_ttl().unwrap_or_default());
        match (self.answers.first(), self.answers.last()) {
            (Some(first), Some(last)) if first.owner != last.owner => answer.at(last.owner.clone()),
            _ => answer,
        }
    }

    /// RFC 2308 §5: min(TTL, MINIMUM) of the SOA; and no longer than the chain that leads to it.
    fn soa(&self) -> Option<Soa> {
        let entry = self.authority.as_ref()?;
        let Data::Soa(soa) = &entry.data else { return None };
        let negative = ttl_from_wire(entry.ttl).min(ttl_from_wire(soa.minimum));
        Some(Soa::new(entry.owner.clone(), self.chain_ttl().map_or(negative, |chain| chain.min(negative))))
    }

    /// The least TTL of the answer section.
    fn chain_ttl(&self) -> Option<Duration> {
        self.answers.iter().map(|entry| ttl_from_wire(entry.ttl)).min()
    }
}

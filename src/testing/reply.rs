//! What a table says to a question: enough for a resolver and for a server.

use std::time::Duration;

use crate::dns::{Answer, Failure, Record, Soa, ttl_from_wire};
use crate::testing::data::{Data, TableEntry};

/// What a table says to a question. [`ServerReply::answer`] is how it crosses the resolver seam.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerReply {
    /// What it comes to.
    pub outcome: ReplyOutcome,
    /// How it can be carried.
    pub carrier: ReplyTransport,
    /// How long it takes.
    pub after: Duration,
    /// The CNAME chain, if any, then the records, in the order of the table.
    pub answers: Vec<TableEntry>,
    /// The SOA of a "no".
    pub authority: Option<TableEntry>,
}

/// What a reply comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyOutcome {
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
pub enum ReplyTransport {
    /// Over UDP when it fits, and over TCP.
    Any,
    /// Over TCP only; over UDP it comes truncated.
    TcpOnly,
}

impl ServerReply {
    pub(super) fn new(outcome: ReplyOutcome) -> Self {
        Self { outcome, carrier: ReplyTransport::Any, after: Duration::ZERO, answers: Vec::new(), authority: None }
    }

    /// The response code on the wire. Of silence and garbage, 0.
    #[must_use]
    pub fn response_code(&self) -> u16 {
        match self.outcome {
            ReplyOutcome::NxDomain => 3,
            ReplyOutcome::ResponseCode(code) => code,
            ReplyOutcome::Records
            | ReplyOutcome::NoData
            | ReplyOutcome::CnameLoop
            | ReplyOutcome::Silence
            | ReplyOutcome::Truncated
            | ReplyOutcome::Referral
            | ReplyOutcome::Malformed => 0,
        }
    }

    /// The answer a resolver gives for it, by the rules of [`Resolve`](crate::resolve::Resolve). Times are left to the caller.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self.outcome {
            ReplyOutcome::Records => self.records(),
            ReplyOutcome::NoData => Answer::no_data(self.soa()),
            ReplyOutcome::NxDomain => Answer::nx_domain(self.soa()),
            ReplyOutcome::CnameLoop => Answer::failed(Failure::CnameLoop),
            ReplyOutcome::ResponseCode(2) => Answer::failed(Failure::ServFail),
            ReplyOutcome::ResponseCode(5) => Answer::failed(Failure::Refused),
            ReplyOutcome::ResponseCode(code) => Answer::failed(Failure::Rcode(code)),
            ReplyOutcome::Silence => Answer::failed(Failure::Timeout),
            ReplyOutcome::Truncated => Answer::failed(Failure::Truncated),
            ReplyOutcome::Referral => Answer::failed(Failure::Unrelated),
            ReplyOutcome::Malformed => Answer::failed(Failure::Malformed),
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
            (Some(first), Some(last)) if first.owner != last.owner => answer.with_owner(last.owner.clone()),
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

//! What a server replies to a question, for a resolver and for a server on loopback.

use std::time::Duration;

use crate::dns::{Answer, Failure, Record, Soa, ttl_from_wire};
use crate::testing::data::{Data, TableEntry};

/// What a server with a [`Table`](crate::testing::Table) replies. [`ServerReply::answer`] is the answer of a resolver that gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerReply {
    /// The kind of reply.
    pub outcome: ReplyOutcome,
    /// The transport it needs.
    pub carrier: ReplyTransport,
    /// The delay.
    pub after: Duration,
    /// The CNAME chain, if any, then the records, in the order of the table.
    pub answers: Vec<TableEntry>,
    /// The SOA record of a negative answer, or the NS record of a referral.
    pub authority: Option<TableEntry>,
}

/// The kind of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyOutcome {
    /// Records of the asked type.
    Records,
    /// The name exists without such records.
    NoData,
    /// The name, or the end of its CNAME chain, does not exist.
    NxDomain,
    /// A CNAME chain that returns to itself, or has more than [`MAX_CNAME_LINKS`](crate::testing::MAX_CNAME_LINKS) links.
    CnameLoop,
    /// Any other response code.
    ResponseCode(u16),
    /// No reply.
    Silence,
    /// An answer that does not fit a datagram, and TCP does not work.
    Truncated,
    /// The name servers of a zone instead of an answer (RFC 2308 §2.2).
    Referral,
    /// Octets that are not a DNS message.
    Malformed,
}

/// The transport that a reply needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyTransport {
    /// UDP if it fits, or TCP.
    Any,
    /// TCP; over UDP it is truncated.
    TcpOnly,
}

impl ServerReply {
    pub(super) fn new(outcome: ReplyOutcome) -> Self {
        Self { outcome, carrier: ReplyTransport::Any, after: Duration::ZERO, answers: Vec::new(), authority: None }
    }

    /// The response code on the wire; 0 for silence and malformed replies.
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

    /// The answer of a resolver that gets this reply, by the rules of [`Resolve`](crate::resolve::Resolve). Does not wait.
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
            // Only SOA records, which [`Record`] does not have: neither a negative answer nor records.
            return Answer::failed(Failure::Unrelated);
        }
        let answer = Answer::records(records, self.chain_ttl().unwrap_or_default());
        match (self.answers.first(), self.answers.last()) {
            (Some(first), Some(last)) if first.owner != last.owner => answer.with_owner(last.owner.clone()),
            _ => answer,
        }
    }

    /// RFC 2308 §5: the smaller of the SOA's TTL and its MINIMUM, and no longer than the CNAME chain that leads to it.
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

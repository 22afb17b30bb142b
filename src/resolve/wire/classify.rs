//! Classifies a response: the answer, or the next name to ask for. No I/O.

use std::time::Duration;

use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{self, DNSClass, RData};

use crate::dns::{Answer, Failure, MAX_TTL, Question, RecordType, Soa, ttl_from_wire};
use crate::resolve::wire::rdata::{kind_to_wire, name_from_wire, name_to_wire, record_from_wire};

/// The most CNAME links followed for one question, in all its responses together.
const MAX_LINKS: usize = 16;
/// The most records of one response that are collected. [`Answer::records`] keeps fewer, and marks the answer then.
const MAX_COLLECTED: usize = 4_096;
/// The option code of an extended DNS error (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;

/// The CNAME chain from the name asked to the name whose records are wanted.
#[derive(Clone, Debug)]
pub(in crate::resolve) struct Chain {
    earlier: Vec<rr::Name>,
    last: rr::Name,
    ttl: Duration,
    authenticated: bool,
}

/// What a response says.
#[derive(Debug)]
pub(in crate::resolve) enum Classified {
    /// The question is answered, or has failed.
    Answer(Answer),
    /// The response ends in the middle of a CNAME chain: ask for its last name.
    Chase(Box<Chain>),
}

impl Chain {
    /// A chain without links. `None` for a name that cannot be written in a message; a [`Question`] never has one.
    pub(in crate::resolve) fn new(question: &Question) -> Option<Self> {
        let last = name_to_wire(&question.name)?;
        Some(Self { earlier: Vec::new(), last, ttl: MAX_TTL, authenticated: true })
    }

    /// The name to ask for.
    pub(in crate::resolve) fn last(&self) -> &rr::Name {
        &self.last
    }

    /// Is this a record of the chain's last name?
    fn ends_at(&self, record: &rr::Record) -> bool {
        // RFC 4343: names are compared without regard to case, label by label.
        record.dns_class == DNSClass::IN && record.name == self.last
    }

    /// Follows the CNAMEs of the response, up to records of the asked type or to the end of the chain.
    fn follow(&mut self, answers: &[rr::Record], kind: RecordType) -> Result<(), Failure> {
        loop {
            let here = || answers.iter().filter(|record| self.ends_at(record));
            if here().any(|record| record.record_type() == kind_to_wire(kind)) {
                return Ok(());
            }
            // RFC 2181 §10.1: a name has one CNAME. If there are several, take the smallest, so that their order does not matter.
            let link = here().filter_map(|record| match &record.data {
                RData::CNAME(target) => Some((&target.0, ttl_from_wire(record.ttl))),
                _ => None,
            });
            let Some((target, ttl)) = link.min() else { return Ok(()) };
            if *target == self.last || self.earlier.contains(target) || self.earlier.len() >= MAX_LINKS {
                return Err(Failure::CnameLoop);
            }
            self.ttl = self.ttl.min(ttl);
            self.earlier.push(std::mem::replace(&mut self.last, target.clone()));
        }
    }
}

/// The failure for a response code other than NOERROR and NXDOMAIN.
pub(in crate::resolve) fn failure_of(code: u16) -> Failure {
    match code {
        2 => Failure::ServFail,
        5 => Failure::Refused,
        other => Failure::Rcode(other),
    }
}

/// Parses the octets of a response and classifies it; without a `chain`, the name of the question was asked.
pub(in crate::resolve) fn read(response: &[u8], question: &Question, chain: Option<&Chain>) -> Classified {
    let chain = chain.cloned().or_else(|| Chain::new(question));
    match (Message::from_vec(response), chain) {
        (Ok(message), Some(chain)) => classify(&message, question, chain),
        _ => Classified::Answer(Answer::failed(Failure::Malformed)),
    }
}

/// What the response says about the question. `chain` leads to the name that this response was asked for.
pub(in crate::resolve) fn classify(message: &Message, question: &Question, mut chain: Chain) -> Classified {
    if message.op_code != OpCode::Query {
        return Classified::Answer(Answer::failed(Failure::Malformed));
    }
    chain.authenticated &= message.authentic_data;
    let authenticated = chain.authenticated;
    let answer = match u16::from(message.response_code) {
        0 => match no_error(message, question, chain) {
            Classified::Answer(answer) => answer,
            chase => return chase,
        },
        2 | 3 if holds_asked_type(message, question.record_type) => Answer::failed(Failure::Contradiction),
        3 => nx_domain(message, question, chain),
        code => Answer::failed(failure_of(code)),
    };
    let answer = if authenticated { answer.with_authenticated() } else { answer };
    Classified::Answer(match extended_error(message) {
        Some(code) => answer.with_extended_error(code),
        None => answer,
    })
}

/// NOERROR: records at the end of the chain, NODATA, or an answer to another question ([`Failure::Unrelated`]).
fn no_error(message: &Message, question: &Question, mut chain: Chain) -> Classified {
    let links_before = chain.earlier.len();
    if let Err(failure) = chain.follow(&message.answers, question.record_type) {
        return Classified::Answer(Answer::failed(failure));
    }
    let secret = question.name.secret();
    let mut ttl = chain.ttl;
    let mut records = Vec::new();
    for record in message.answers.iter().filter(|record| chain.ends_at(record)) {
        if let Some(ours) = record_from_wire(&record.data, secret).filter(|ours| ours.kind() == question.record_type) {
            ttl = ttl.min(ttl_from_wire(record.ttl));
            records.push(ours);
        }
        if records.len() >= MAX_COLLECTED {
            break;
        }
    }
    if !records.is_empty() {
        let answer = Answer::records(records, ttl);
        let moved = (!chain.earlier.is_empty()).then(|| name_from_wire(&chain.last, secret)).flatten();
        return Classified::Answer(match moved {
            Some(owner) => answer.with_owner(owner),
            None => answer,
        });
    }
    // The SOA record that was asked for is returned as that of a negative answer: only its owner is needed.
    let asked_soa =
        message.answers.iter().filter(|record| question.record_type == RecordType::Soa && chain.ends_at(record));
    if let Some(soa) = soa(asked_soa.chain(&message.authorities), question, &chain) {
        return Classified::Answer(Answer::no_data(Some(soa))); // RFC 2308 §2.2
    }
    if chain.earlier.len() > links_before {
        return Classified::Chase(Box::new(chain)); // RFC 1034 §3.6.2: restart at the canonical name
    }
    // Records of other names prove nothing about this one. The same holds for a DNAME without the CNAME made from it.
    let unrelated = message.answers.iter().any(|record| record.record_type() != rr::RecordType::RRSIG);
    Classified::Answer(if unrelated || is_referral(message) {
        Answer::failed(Failure::Unrelated)
    } else {
        Answer::no_data(None)
    })
}

/// Does the response say that the server does not know OPT records (RFC 6891 §7)? A server that knows them sends one back.
pub(in crate::resolve) fn refuses_opt(message: &Message) -> bool {
    matches!(u16::from(message.response_code), 1 | 4) && message.edns.is_none()
}

/// The same, about the octets of a response. Most are not parsed for it.
pub(in crate::resolve) fn octets_refuse_opt(response: &[u8]) -> bool {
    matches!(response.get(3), Some(flags) if matches!(flags & 0x0f, 1 | 4))
        && Message::from_vec(response).is_ok_and(|message| refuses_opt(&message))
}

/// NXDOMAIN, about the last name of the chain (RFC 6604 §3).
fn nx_domain(message: &Message, question: &Question, mut chain: Chain) -> Answer {
    match chain.follow(&message.answers, question.record_type) {
        Err(failure) => Answer::failed(failure),
        Ok(()) => Answer::nx_domain(soa(message.authorities.iter(), question, &chain)),
    }
}

/// RFC 2308 §2.2: NS records without an SOA record are a delegation, and no answer. The zone may lie below, at or above the
/// name: resolvers hand on what a lame server sent them, also with RA set.
fn is_referral(message: &Message) -> bool {
    let holds = |kind| message.authorities.iter().any(|record| record.record_type() == kind);
    holds(rr::RecordType::NS) && !holds(rr::RecordType::SOA) && !message.authoritative
}

/// Is there any record of the asked type in the answer section, of any owner?
fn holds_asked_type(message: &Message, kind: RecordType) -> bool {
    message.answers.iter().any(|record| record.record_type() == kind_to_wire(kind))
}

/// The SOA record of a negative answer: its owner is the chain's last name or a parent of it. Of several, take the one deepest in
/// the tree, then the one with the shortest TTL.
fn soa<'a>(records: impl Iterator<Item = &'a rr::Record>, question: &Question, chain: &Chain) -> Option<Soa> {
    let secret = question.name.secret();
    let mut best: Option<Soa> = None;
    for record in records.filter(|record| record.dns_class == DNSClass::IN && record.name.zone_of(&chain.last)) {
        let RData::SOA(data) = &record.data else { continue };
        let Some(owner) = name_from_wire(&record.name, secret) else { continue };
        // RFC 2308 §5: the smaller of the record's TTL and its MINIMUM, and never longer than the CNAMEs of the chain.
        let ttl = ttl_from_wire(record.ttl).min(ttl_from_wire(data.minimum)).min(chain.ttl);
        let new = Soa::new(owner, ttl);
        let depth = |soa: &Soa| (soa.owner().label_count(), std::cmp::Reverse(soa.negative_ttl()));
        if best.as_ref().is_none_or(|old| depth(&new) > depth(old)) {
            best = Some(new);
        }
    }
    best
}

/// The info code of the first extended DNS error that is long enough to hold one (RFC 8914 §2).
fn extended_error(message: &Message) -> Option<u16> {
    let options = message.edns.as_ref()?.options();
    options.get_all(EdnsCode::Unknown(EXTENDED_ERROR)).into_iter().find_map(|option| match option {
        EdnsOption::Unknown(_, data) => data.first_chunk().copied().map(u16::from_be_bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::name::Name;
    use hickory_proto::op::MessageType;
    use hickory_proto::rr::rdata::{A, CNAME, NS, NULL, SOA};

    fn record(owner: &str, ttl: u32, data: RData) -> rr::Record {
        rr::Record::from_rdata(rr::Name::from_ascii(owner).unwrap(), ttl, data)
    }

    fn a(owner: &str, ttl: u32, last: u8) -> rr::Record {
        record(owner, ttl, RData::A(A::new(127, 0, 0, last)))
    }

    fn cname(owner: &str, ttl: u32, target: &str) -> rr::Record {
        record(owner, ttl, RData::CNAME(CNAME(rr::Name::from_ascii(target).unwrap())))
    }

    fn soa_of(owner: &str, minimum: u32) -> rr::Record {
        record(owner, 300, RData::SOA(SOA::new(rr::Name::root(), rr::Name::root(), 1, 2, 3, 4, minimum)))
    }

    fn classified(answers: &[rr::Record], authorities: &[rr::Record], rcode: u8) -> String {
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.metadata.recursion_available = true;
        message.metadata.response_code = hickory_proto::op::ResponseCode::from(0, rcode);
        message.add_answers(answers.iter().cloned());
        message.add_authorities(authorities.iter().cloned());
        let question = Question::new(Name::parse("x.test").unwrap(), RecordType::A);
        match classify(&message, &question, Chain::new(&question).unwrap()) {
            Classified::Answer(answer) => format!("{answer} {:?}", answer.ttl().map(|ttl| ttl.as_secs())),
            Classified::Chase(chain) => format!("chase {} {}", chain.last, chain.ttl.as_secs()),
        }
    }

    #[test]
    fn order_of_records_never_matters() {
        let rows: [(Vec<rr::Record>, Vec<rr::Record>, u8, &str); 6] = [
            (vec![a("x.test.", 60, 4), a("x.test.", 30, 2)], vec![], 0, "127.0.0.2, 127.0.0.4 Some(30)"),
            (vec![cname("x.test.", 9, "b.test."), cname("x.test.", 5, "a.test.")], vec![], 0, "chase a.test. 5"),
            (vec![a("b.test.", 60, 2), cname("x.test.", 9, "b.test.")], vec![], 0, "127.0.0.2 Some(9)"),
            (vec![a("x.test.", 60, 2), cname("x.test.", 9, "b.test.")], vec![], 0, "127.0.0.2 Some(60)"),
            (vec![], vec![soa_of("test.", 60), soa_of("x.test.", 20), soa_of("y.test.", 1)], 0, "NODATA Some(20)"),
            (vec![], vec![soa_of(".", 60), soa_of("test.", 20), soa_of("test.", 10)], 3, "NXDOMAIN Some(10)"),
        ];
        for (mut answers, mut authorities, rcode, expected) in rows {
            assert_eq!(classified(&answers, &authorities, rcode), expected);
            answers.reverse();
            authorities.reverse();
            assert_eq!(classified(&answers, &authorities, rcode), expected);
        }
    }

    #[test]
    fn a_referral_is_not_nodata() {
        let ns = |owner| record(owner, 60, RData::NS(NS(rr::Name::from_ascii("ns.test.").unwrap())));
        for owner in ["below.x.test.", "x.test.", "test.", ".", "elsewhere.example."] {
            assert_eq!(classified(&[], &[ns(owner)], 0), "answer to another question None", "{owner}");
            assert_eq!(classified(&[], &[ns(owner), soa_of("test.", 60)], 0), "NODATA Some(60)", "{owner}");
            assert_eq!(classified(&[], &[ns(owner)], 3), "NXDOMAIN None", "{owner}");
            assert_eq!(classified(&[a("x.test.", 60, 2)], &[ns(owner)], 0), "127.0.0.2 Some(60)", "{owner}");
            assert_eq!(classified(&[cname("x.test.", 9, "b.test.")], &[ns(owner)], 0), "chase b.test. 9", "{owner}");
        }
    }

    #[test]
    fn only_nothing_at_all_is_nodata() {
        let other = |code| record("x.test.", 60, RData::Unknown { code, rdata: NULL::with(vec![1, 2, 3]) });
        assert_eq!(classified(&[], &[], 0), "NODATA None");
        assert_eq!(classified(&[other(rr::RecordType::RRSIG)], &[], 0), "NODATA None");
        assert_eq!(classified(&[other(rr::RecordType::DNAME)], &[], 0), "answer to another question None");
        assert_eq!(classified(&[other(rr::RecordType::Unknown(65_280))], &[], 0), "answer to another question None");
        let mut chaos = a("x.test.", 60, 2);
        chaos.dns_class = DNSClass::CH;
        assert_eq!(classified(&[chaos], &[], 0), "answer to another question None");
    }
}

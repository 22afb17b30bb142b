//! Builds a response message from a query message, in octets. No I/O.

use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, SOA, TXT};
use hickory_proto::rr::{DNSClass, Name as WireName, RData, Record, RecordType as WireType};

use crate::base::name::Name;
use crate::dns::RecordType;
use crate::dns::record::presentation;
use crate::testing::data::{Data, RawName, TableEntry};
use crate::testing::lookup::Wanted;
use crate::testing::reply::{ReplyOutcome, ReplyTransport, ServerReply};

/// The largest datagram, in octets, that is not fragmented on any usual path (RFC 9715 §3.2).
const MAX_DATAGRAM: u16 = 1232;
/// The largest datagram, in octets, for a client that announces no size (RFC 1035 §4.2.1).
const PLAIN_DATAGRAM: u16 = 512;
/// Octets of a message header.
const HEADER: usize = 12;

/// How a question arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// What to do about a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Send nothing.
    Silence,
    /// Close the connection.
    Close,
    /// Send these messages, after this time.
    Send(Vec<Vec<u8>>, Duration),
}

/// Reads a message and returns what to do, by the reply of `lookup`. The name is `None` if no table can contain it.
pub(super) fn react(
    octets: &[u8],
    transport: Transport,
    lookup: impl FnOnce(Option<Name>, Wanted) -> ServerReply,
) -> Reaction {
    let Ok(request) = Message::from_vec(octets) else {
        return header_of(octets, ResponseCode::FormErr).map_or(Reaction::Silence, at_once);
    };
    if request.metadata.message_type == MessageType::Response {
        // Otherwise two servers could answer each other for ever.
        return Reaction::Silence;
    }
    if request.metadata.op_code != OpCode::Query {
        return refuse(octets, ResponseCode::NotImp);
    }
    let [query] = request.queries.as_slice() else {
        return refuse(octets, ResponseCode::FormErr);
    };
    if query.query_class != DNSClass::IN {
        return refuse(octets, ResponseCode::Refused);
    }
    let reply = lookup(asked_name(&query.name), wanted(query.query_type));
    match (reply.outcome, transport) {
        (ReplyOutcome::Silence, _) => Reaction::Silence,
        (ReplyOutcome::Truncated, Transport::Tcp) => Reaction::Close,
        (ReplyOutcome::Malformed, _) => Reaction::Send(vec![malformed(request.metadata.id)], reply.after),
        _ => match encode(&request, query, &reply, transport) {
            Some(octets) => Reaction::Send(vec![octets], reply.after),
            None => refuse(octets, ResponseCode::ServFail),
        },
    }
}

/// A header with a response code and no question.
fn refuse(octets: &[u8], code: ResponseCode) -> Reaction {
    header_of(octets, code).map_or(Reaction::Silence, at_once)
}

fn at_once(octets: Vec<u8>) -> Reaction {
    Reaction::Send(vec![octets], Duration::ZERO)
}

/// The header of a response to octets that may not be a message; `None` when they cannot be a question.
fn header_of(octets: &[u8], code: ResponseCode) -> Option<Vec<u8>> {
    let [first, second, flags, ..] = *octets else { return None };
    if octets.len() < HEADER || flags & 0x80 != 0 {
        return None;
    }
    // QR set, opcode and RD kept; RA set.
    let mut header = vec![first, second, 0x80 | (flags & 0x79), 0x80 | code.low()];
    header.resize(HEADER, 0);
    Some(header)
}

/// The right id, then a header that announces records that are not there.
fn malformed(id: u16) -> Vec<u8> {
    let mut octets = id.to_be_bytes().to_vec();
    octets.extend([0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xff, 0xff, 0xff]);
    octets
}

/// The name of the question, if it can be a [`Name`].
fn asked_name(name: &WireName) -> Option<Name> {
    Name::parse(&presentation(name.iter())).ok()
}

fn wanted(kind: WireType) -> Wanted {
    Wanted::Records(match kind {
        WireType::A => RecordType::A,
        WireType::AAAA => RecordType::Aaaa,
        WireType::PTR => RecordType::Ptr,
        WireType::MX => RecordType::Mx,
        WireType::TXT => RecordType::Txt,
        WireType::NS => RecordType::Ns,
        WireType::SOA => RecordType::Soa,
        WireType::CNAME => return Wanted::Cname,
        _ => return Wanted::Other,
    })
}

/// The whole response, or a truncated one if the whole does not fit.
fn encode(request: &Message, query: &Query, reply: &ServerReply, transport: Transport) -> Option<Vec<u8>> {
    let code = reply.response_code();
    // RFC 6891 §6.1.3: the upper bits of a response code need EDNS.
    let code = if code > 15 && request.edns.is_none() { 2 } else { code };
    let mut response = Message::response(request.metadata.id, OpCode::Query);
    response.metadata.recursion_desired = request.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.metadata.response_code = code.into();
    // The question as it arrived, to keep its case.
    response.add_query(query.clone());
    if request.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(MAX_DATAGRAM);
        response.set_edns(edns);
    }
    let limit = match (transport, &request.edns) {
        (Transport::Tcp, _) => u16::MAX,
        (Transport::Udp, Some(edns)) => edns.max_payload().clamp(PLAIN_DATAGRAM, MAX_DATAGRAM),
        (Transport::Udp, None) => PLAIN_DATAGRAM,
    };
    let empty = response.clone();
    let asked = asked_name(&query.name);
    for entry in &reply.answers {
        response.add_answer(record(entry, asked.as_ref(), query)?);
    }
    if let Some(entry) = &reply.authority {
        response.add_authority(record(entry, asked.as_ref(), query)?);
    }
    let needs_tcp = reply.outcome == ReplyOutcome::Truncated || reply.carrier == ReplyTransport::TcpOnly;
    if !(needs_tcp && transport == Transport::Udp) {
        let octets = response.to_vec().ok()?;
        if octets.len() <= limit.into() {
            return Some(octets);
        }
    }
    let mut truncated = empty;
    truncated.metadata.truncation = true;
    truncated.to_vec().ok()
}

/// One record. If it belongs to the name asked, its owner has the case of the question.
fn record(entry: &TableEntry, asked: Option<&Name>, query: &Query) -> Option<Record> {
    let owner = if asked == Some(&entry.owner) {
        query.name.clone()
    } else {
        WireName::from_labels(entry.owner.labels().map(str::as_bytes)).ok()?
    };
    let data = match &entry.data {
        Data::A(address) => RData::A(A(*address)),
        Data::Aaaa(address) => RData::AAAA(AAAA(*address)),
        Data::Ptr(name) => RData::PTR(PTR(raw(name)?)),
        Data::Ns(name) => RData::NS(NS(raw(name)?)),
        Data::Cname(name) => RData::CNAME(CNAME(raw(name)?)),
        Data::Mx { preference, exchange } => RData::MX(MX::new(*preference, raw(exchange)?)),
        Data::Txt(strings) => RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect())),
        Data::Soa(soa) => RData::SOA(SOA::new(
            raw(&soa.primary)?,
            raw(&soa.contact)?,
            soa.serial,
            // The library has them as signed numbers; they are unsigned (RFC 1035 §3.3.13).
            soa.refresh.cast_signed(),
            soa.retry.cast_signed(),
            soa.expire.cast_signed(),
            soa.minimum,
        )),
    };
    Some(Record::from_rdata(owner, entry.ttl, data))
}

fn raw(name: &RawName) -> Option<WireName> {
    WireName::from_labels(name.labels()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Table;

    fn ask(table: &str, octets: &[u8], transport: Transport) -> Reaction {
        let table = Table::parse(table).unwrap();
        react(octets, transport, |name, wanted| match name {
            Some(name) => table.find(&name, wanted),
            None => table.find_unknown(),
        })
    }

    fn question(name: WireName, kind: WireType) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name, kind));
        message.to_vec().unwrap()
    }

    fn answered(reaction: Reaction) -> Message {
        let Reaction::Send(messages, _) = reaction else { panic!("{reaction:?}") };
        Message::from_vec(&messages[0]).unwrap()
    }

    #[test]
    fn malformed_questions_are_answered_or_ignored() {
        let good = question(WireName::from_ascii("a.example.").unwrap(), WireType::A);
        for end in 0..good.len() {
            let reaction = ask("", &good[..end], Transport::Udp);
            assert_eq!(matches!(reaction, Reaction::Silence), end < HEADER, "{end}");
        }
        for at in 0..good.len() {
            for octet in [0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff] {
                let mut bad = good.clone();
                bad[at] = octet;
                let _ = ask("", &bad, Transport::Udp);
            }
        }
        let mut response = good.clone();
        response[2] |= 0x80;
        assert_eq!(ask("", &response, Transport::Udp), Reaction::Silence);
    }

    #[test]
    fn names_that_no_table_can_contain() {
        let hostile = WireName::from_labels([&b"a\r\nb"[..], b"\xff"]).unwrap();
        let answer = answered(ask("", &question(hostile.clone(), WireType::A), Transport::Udp));
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
        assert!(answer.queries[0].name.eq_case(&hostile));
        let slash = WireName::from_labels([&b"1/25"[..], b"example"]).unwrap();
        let answer = answered(ask("1/25.example A 192.0.2.1", &question(slash, WireType::A), Transport::Udp));
        assert_eq!(answer.answers.len(), 1);
    }

    #[test]
    fn other_types_and_the_alias_itself() {
        let table = "a.example CNAME b.example\nb.example A 192.0.2.1";
        let name = WireName::from_ascii("A.example.").unwrap();
        let answer = answered(ask(table, &question(name.clone(), WireType::CNAME), Transport::Udp));
        assert_eq!(answer.answers.len(), 1);
        let answer = answered(ask(table, &question(name.clone(), WireType::HTTPS), Transport::Udp));
        assert_eq!((answer.answers.len(), answer.authorities.len()), (1, 1));
        let answer = answered(ask(table, &question(name.clone(), WireType::A), Transport::Udp));
        assert!(answer.answers[0].name.eq_case(&name));
        assert_eq!(answer.answers.len(), 2);
    }
}

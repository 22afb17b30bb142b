//! `resolve::wire`: questions and answers as octets, for programs with sockets of their own.

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name as WireName, RData, Record};
use proptest::prelude::*;
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::{Key, Name};
use rdnsbl::resolve::wire::{Query, Received, UDP_BUFFER};

fn query() -> Query {
    Query::new(&Question::new(Name::parse("x.test").unwrap(), RecordType::A)).unwrap()
}

/// The response to a query, before anything is in it.
fn reply(query: &Query) -> Message {
    let asked = Message::from_vec(query.octets()).unwrap();
    let mut message = Message::new(asked.id, MessageType::Response, OpCode::Query);
    message.add_queries(asked.queries.iter().cloned());
    message
}

fn a(owner: &str) -> Record {
    Record::from_rdata(WireName::from_ascii(owner).unwrap(), 60, RData::A(A(Ipv4Addr::new(127, 0, 0, 2))))
}

fn cname(owner: &WireName, target: &str) -> Record {
    Record::from_rdata(owner.clone(), 30, RData::CNAME(CNAME(WireName::from_ascii(target).unwrap())))
}

fn next(received: Received) -> Query {
    match received {
        Received::AskNext(query) => query,
        other => panic!("{other:?}"),
    }
}

fn answer(received: Received) -> Answer {
    match received {
        Received::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn truncated_responses_are_asked_over_tcp() {
    let query = query();
    let mut message = reply(&query);
    message.add_answer(a("x.test."));
    let whole = message.to_vec().unwrap();
    message.metadata.truncation = true;
    let cut = message.to_vec().unwrap();
    assert!(matches!(query.read_udp(&cut), Received::AskOverTcp));
    assert_eq!(answer(query.read_tcp(&cut)), Answer::failed(Failure::Truncated));
    let listed = Answer::records([Ipv4Addr::new(127, 0, 0, 2).into()], Duration::from_secs(60));
    assert_eq!(answer(query.read_tcp(&whole)), listed);
    assert_eq!(answer(query.read_udp(&whole)), listed);
    // A datagram that fills the buffer may have lost its end.
    let long = [whole, vec![0; UDP_BUFFER]].concat();
    assert!(matches!(query.read_udp(&long[..UDP_BUFFER]), Received::AskOverTcp));
    let framed = query.octets_for_tcp();
    assert_eq!((&framed[..2], &framed[2..]), (&[0, 35][..], query.octets()));
}

#[test]
fn only_the_response_to_this_query_is_read() {
    let query = query();
    let mut message = reply(&query);
    message.metadata.id ^= 1;
    let other_id = message.to_vec().unwrap();
    assert!(matches!(query.read_udp(&other_id), Received::NotOurs));
    assert!(matches!(query.read_tcp(&other_id), Received::NotOurs));
    let mut message = reply(&query);
    message.queries[0].set_name(WireName::from_ascii("y.test.").unwrap());
    let other_question = message.to_vec().unwrap();
    assert!(matches!(query.read_udp(&other_question), Received::NotOurs));
    assert_eq!(answer(query.read_tcp(&other_question)), Answer::failed(Failure::Unrelated));
    for length in 0..2 {
        assert!(matches!(query.read_udp(&query.octets()[..length]), Received::NotOurs));
    }
}

#[test]
fn ids_are_drawn_or_given() {
    let id = |query: &Query| u16::from_be_bytes([query.octets()[0], query.octets()[1]]);
    let drawn: std::collections::BTreeSet<u16> = (0..100).map(|_| id(&query())).collect();
    assert!(drawn.len() > 50);
    let zero = query().with_id(0);
    assert_eq!(id(&zero), 0);
    let mut message = reply(&zero);
    message.add_answer(cname(&WireName::from_ascii("x.test.").unwrap(), "y.test."));
    assert_eq!(id(&next(zero.read_tcp(&message.to_vec().unwrap()))), 0);
}

#[test]
fn no_question_goes_on_for_ever() {
    let mut query = query();
    // First the server does not know OPT records, then every response is one more link of a chain.
    let mut message = reply(&query);
    message.metadata.response_code = ResponseCode::FormErr;
    query = next(query.read_udp(&message.to_vec().unwrap()));
    let mut steps = 1;
    loop {
        let mut message = reply(&query);
        assert!(message.queries[0].name().to_ascii().len() > 1);
        assert!(Message::from_vec(query.octets()).unwrap().edns.is_none());
        message.add_answer(cname(message.queries[0].name(), &format!("l{steps}.test.")));
        match query.read_udp(&message.to_vec().unwrap()) {
            Received::AskNext(next) => query = next,
            received => {
                assert_eq!(answer(received), Answer::failed(Failure::CnameLoop));
                break;
            }
        }
        steps += 1;
    }
    assert_eq!(steps, 17);
}

#[test]
fn a_server_that_knows_opt_records_is_not_asked_without() {
    let query = query();
    let mut message = reply(&query);
    message.metadata.response_code = ResponseCode::FormErr;
    message.set_edns(Edns::new());
    assert_eq!(answer(query.read_udp(&message.to_vec().unwrap())), Answer::failed(Failure::Rcode(1)));
}

#[test]
fn keys_are_sent_and_never_shown() {
    let zone = Name::parse("bl.test").unwrap().with_key(&Key::new("abcd1234").unwrap()).unwrap();
    let query = Query::new(&Question::new(Name::parse("2").unwrap().under(&zone).unwrap(), RecordType::A)).unwrap();
    let asked = Message::from_vec(query.octets()).unwrap();
    assert_eq!(asked.queries[0].name().to_ascii(), "2.abcd1234.bl.test.");
    let mut message = reply(&query);
    message.add_answer(cname(asked.queries[0].name(), "abcd1234.else.test."));
    let received = query.read_udp(&message.to_vec().unwrap());
    assert!(!format!("{received:?} {query:?}").to_lowercase().contains("abcd"), "{received:?}");
}

proptest! {
    /// Octets behind a header and a question that fit: whatever they are, there is an answer or a next step.
    #[test]
    fn any_octets_are_read(tail in proptest::collection::vec(any::<u8>(), 0..400), flags in any::<[u8; 2]>(), counts in any::<[u8; 4]>()) {
        let query = query();
        let mut octets = query.octets().to_vec();
        octets.truncate(24);
        octets[2..4].copy_from_slice(&flags);
        octets[4..12].copy_from_slice(&[0, 1, 0, counts[0] % 4, 0, counts[1] % 4, 0, counts[2] % 4]);
        octets.extend(&tail);
        for received in [query.read_udp(&octets), query.read_tcp(&octets), query.read_udp(&tail), query.read_tcp(&tail)] {
            if let Received::AskNext(next) = received {
                prop_assert!(next.octets().len() <= 282);
            }
        }
        prop_assert!(!matches!(query.read_tcp(&octets), Received::AskOverTcp));
    }
}

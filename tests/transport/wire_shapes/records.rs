//! What becomes of records: too many, parts of them, hostile octets, keys.

use hickory_proto::rr::rdata::{CNAME, MX, NS, PTR, TXT};
use hickory_proto::rr::{Name as WireName, RData, Record as WireRecord, RecordType as WireType};
use rdnsbl::dns::{Answer, AnswerKind, Failure, MAX_RECORDS, Question, Record, RecordType, Target};
use rdnsbl::name::Key;
use rdnsbl::resolve::Resolve;

use super::makes::Make;
use super::messages::{a, coded, soa_record, wire, with};
use super::server::shape;
use super::{ask, listed, name, patient, seconds, soa};
use crate::kit::raw::{Seen, Server};

async fn long_datagrams_without_tcp(make: Make) {
    let server = Server::start_without_tcp(shape).await;
    let answer = ask(&patient(make, &[server.address]), "long.bl.test", RecordType::A).await;
    assert_eq!(answer, Answer::failed(Failure::Truncated));
    let good = Server::start(shape).await;
    match ask(&patient(make, &[server.address, good.address]), "long.bl.test", RecordType::A).await.kind() {
        AnswerKind::Records(set) => assert!(set.truncated()),
        other => panic!("{other:?}"),
    }
}

async fn part_of_an_answer_is_none(make: Make) {
    let with_tcp = Server::start(shape).await;
    match ask(&patient(make, &[with_tcp.address]), "tcpartial.bl.test", RecordType::A).await.kind() {
        AnswerKind::Records(set) => assert_eq!(set.len(), 2),
        other => panic!("{other:?}"),
    }
    let without = Server::start_without_tcp(shape).await;
    let answer = ask(&patient(make, &[without.address]), "tcnotcp.bl.test", RecordType::A).await;
    assert_eq!(answer, Answer::failed(Failure::Truncated));
    // Another server may have the whole answer.
    let answer = ask(&patient(make, &[without.address, with_tcp.address]), "tc.bl.test", RecordType::A).await;
    assert_eq!(answer, listed(77, 2));
}

async fn many_records_are_bounded_and_say_so(make: Make) {
    let server = Server::start(shape).await;
    let stub = patient(make, &[server.address]);
    for (label, kind) in [("many", RecordType::A), ("p", RecordType::Ptr)] {
        match ask(&stub, &format!("{label}.bl.test"), kind).await.kind() {
            AnswerKind::Records(set) => assert!(set.len() == MAX_RECORDS && set.truncated(), "{label}"),
            other => panic!("{label} {other:?}"),
        }
    }
    match ask(&stub, "ttlmixed.bl.test", RecordType::A).await.kind() {
        AnswerKind::Records(set) => assert_eq!((set.len(), set.ttl()), (2, seconds(30))),
        other => panic!("{other:?}"),
    }
}

async fn hostile_octets(make: Make) {
    let labels: [&[u8]; 6] = [b"a\r\n250 OK", b"\0\x1b[2J", b"dot.inside", b"b\xfccher", b"a b", b"quote\""];
    let server = Server::start(move |query: &Seen, _| {
        let owner = query.message.queries[0].name().clone();
        let record = |data| WireRecord::from_rdata(owner.clone(), 60, data);
        let hostile = labels.map(|label| WireName::from_labels([label, b"example"]).unwrap());
        match query.message.queries[0].query_type() {
            WireType::PTR => with(query, hostile.map(|name| record(RData::PTR(PTR(name))))).into(),
            WireType::MX => with(
                query,
                [(10, wire("Mail.example.")), (0, wire(".")), (5, hostile[0].clone())]
                    .map(|(preference, host)| record(RData::MX(MX::new(preference, host)))),
            )
            .into(),
            WireType::NS => with(query, [record(RData::NS(NS(wire("ns.example."))))]).into(),
            _ => with(query, [record(RData::TXT(TXT::from_bytes(vec![b"one\r\n", b"\x1btwo\0\xff"])))]).into(),
        }
    })
    .await;
    let stub = patient(make, &[server.address]);
    let answer = ask(&stub, "x.test", RecordType::Ptr).await;
    let AnswerKind::Records(set) = answer.kind() else { panic!("{answer}") };
    assert_eq!(set.len(), labels.len());
    for record in set {
        assert!(matches!(record, Record::Ptr(Target::Illegal(_))), "{record}");
        assert!(record.to_string().bytes().all(|octet| (0x20..=0x7e).contains(&octet)), "{record}");
    }
    let answer = ask(&stub, "x.test", RecordType::Mx).await;
    let AnswerKind::Records(set) = answer.kind() else { panic!("{answer}") };
    let shown: Vec<String> = set.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["0 .", "5 a\\013\\010250\\032OK.example.", "10 mail.example"]);
    assert_eq!(ask(&stub, "x.test", RecordType::Ns).await.to_string(), "ns.example");
    assert_eq!(ask(&stub, "x.test", RecordType::Txt).await.to_string(), "\"one  ?two??\"");
}

async fn keys_stay_hidden(make: Make) {
    let zone = name("list.test").with_key(&Key::new("secretkey").unwrap()).unwrap();
    let server = Server::start(|query: &Seen, _| {
        let owner = query.message.queries[0].name().clone();
        match query.message.queries[0].query_type() {
            WireType::TXT => {
                let text = format!("{} see {}", "x".repeat(478), owner.to_ascii().to_uppercase());
                let strings: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
                with(query, [WireRecord::from_rdata(owner, 60, RData::TXT(TXT::from_bytes(strings)))]).into()
            }
            WireType::A => with(
                query,
                [
                    WireRecord::from_rdata(owner, 60, RData::CNAME(CNAME(wire("a.secretkey.other.test.")))),
                    a("a.secretkey.other.test.", 60, 2),
                ],
            )
            .into(),
            _ => {
                let mut message = coded(query, 3);
                message.add_authority(soa_record("secretkey.list.test.", 60, 60));
                message.into()
            }
        }
    })
    .await;
    let stub = patient(make, &[server.address]);
    for kind in [RecordType::A, RecordType::Txt, RecordType::Mx, RecordType::Soa] {
        let question = Question::new(name("2.0.0.127").under(&zone).unwrap(), kind);
        let answer = stub.resolve(question.clone()).await;
        let shown = format!("{answer} {answer:?} {stub:?}").to_lowercase();
        assert!(!shown.contains("secret") && (shown.contains("(key)") || shown.contains("***")), "{kind} {shown}");
    }
}

async fn soa_that_was_asked_for(make: Make) {
    let server = Server::start(|query: &Seen, _| with(query, [soa_record("list.test.", 300, 60)]).into()).await;
    let answer = ask(&patient(make, &[server.address]), "list.test", RecordType::Soa).await;
    assert_eq!(answer, Answer::no_data(soa("list.test", 60)));
}

with_each! {
    alone {
        long_datagrams_without_tcp
        part_of_an_answer_is_none
        many_records_are_bounded_and_say_so
        hostile_octets
        keys_stay_hidden
        soa_that_was_asked_for
    }
    together {}
}

//! What the resolvers make of every shape of response, and what they send. Every test runs with each of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{FutureExt, join_all};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{A, CNAME, MX, NS, PTR, SOA, TXT};
use hickory_proto::rr::{Name as WireName, RData, Record as WireRecord, RecordType as WireType};
use rdnsbl::dns::{Answer, AnswerKind, Failure, MAX_RECORDS, MAX_TTL, Question, Record, RecordType, Soa, Target};
use rdnsbl::name::{Key, Name};
use rdnsbl::resolve::{Resolve, Timeouts};

use crate::kit::raw::{Act, Seen, Server, reply};

/// A resolver under test.
trait Subject: Resolve + std::fmt::Debug {}
impl<T: Resolve + std::fmt::Debug> Subject for T {}

/// Makes one that asks these servers with these timeouts.
type Make = fn(&[SocketAddr], Timeouts) -> Arc<dyn Subject>;

/// Long before a send counts as lost: for tests that count datagrams.
fn patient(make: Make, servers: &[SocketAddr]) -> Arc<dyn Subject> {
    stub(make, servers, 5_000, 10_000)
}

/// Gives up soon: for tests of silence.
fn hasty(make: Make, servers: &[SocketAddr]) -> Arc<dyn Subject> {
    stub(make, servers, 100, 650)
}

fn stub(make: Make, servers: &[SocketAddr], resend: u64, total: u64) -> Arc<dyn Subject> {
    let timeouts = Timeouts::default();
    make(servers, timeouts.with_resend(Duration::from_millis(resend)).with_total(Duration::from_millis(total)))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

async fn ask(stub: &Arc<dyn Subject>, text: &str, kind: RecordType) -> Answer {
    stub.resolve(Question::new(name(text), kind)).await
}

fn wire(text: &str) -> WireName {
    WireName::from_ascii(text).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn a(owner: &str, ttl: u32, last: u8) -> WireRecord {
    WireRecord::from_rdata(wire(owner), ttl, RData::A(A(Ipv4Addr::new(127, 0, 0, last))))
}

fn cname(owner: &str, ttl: u32, target: &str) -> WireRecord {
    WireRecord::from_rdata(wire(owner), ttl, RData::CNAME(CNAME(wire(target))))
}

fn soa_record(owner: &str, ttl: u32, minimum: u32) -> WireRecord {
    let data = SOA::new(wire("ns.bl.test."), wire("root.bl.test."), 1, 2, 3, 4, minimum);
    WireRecord::from_rdata(wire(owner), ttl, RData::SOA(data))
}

fn ns(owner: &str) -> WireRecord {
    WireRecord::from_rdata(wire(owner), 60, RData::NS(NS(wire("ns.test."))))
}

fn soa(owner: &str, ttl: u64) -> Option<Soa> {
    Some(Soa::new(name(owner), seconds(ttl)))
}

fn listed(ttl: u64, last: u8) -> Answer {
    Answer::records([Ipv4Addr::new(127, 0, 0, last).into()], seconds(ttl))
}

/// The reply with this code.
fn coded(query: &Seen, code: u16) -> Message {
    let mut message = reply(query);
    message.metadata.response_code = ResponseCode::from((code >> 4) as u8, (code & 15) as u8);
    if code > 15 {
        let mut edns = Edns::new();
        edns.set_rcode_high((code >> 4) as u8);
        message.set_edns(edns);
    }
    message
}

/// The reply with these answers.
fn with(query: &Seen, answers: impl IntoIterator<Item = WireRecord>) -> Message {
    let mut message = reply(query);
    message.add_answers(answers);
    message
}

/// The reply with an extended DNS error option of these octets.
fn with_option(mut message: Message, data: &[u8]) -> Message {
    let mut edns = Edns::new();
    edns.options_mut().insert(EdnsOption::Unknown(15, data.to_vec()));
    message.set_edns(edns);
    message
}

/// `count` links from `owner`, each a name of its own.
fn links(owner: &str, count: usize) -> Vec<WireRecord> {
    let at = |number: usize| if number == 0 { owner.to_owned() } else { format!("l{number}.bl.test.") };
    (0..count).map(|number| cname(&at(number), 60, &at(number + 1))).collect()
}

/// Is it a question of the resolver's own, `. NS`?
fn is_own(query: &Seen) -> bool {
    query.label.is_empty()
}

/// The questions of others.
fn of_others(server: &Server) -> Vec<Seen> {
    server.seen().into_iter().filter(|query| !is_own(query)).collect()
}

/// One behaviour per first label, all under `bl.test`.
fn shape(query: &Seen, _before: usize) -> Act {
    let owner = format!("{}.bl.test.", query.label);
    let owner = owner.as_str();
    let mut message = reply(query);
    match query.label.as_str() {
        "" => message = coded(query, 3),
        "listed" => message = with(query, [a(owner, 60, 2)]),
        "upper" => message = with(query, [a("UPPER.bl.TEST.", 60, 2)]),
        "nx" => {
            message = coded(query, 3);
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nxnosoa" => message = coded(query, 3),
        "nxgone" => {
            message = coded(query, 3);
            message.add_authority(soa_record("test.", 30, 60));
        }
        "nodata" => {
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nodatanosoa" => {}
        "nodataforeignsoa" => {
            message.add_authority(soa_record("elsewhere.test.", 300, 60));
        }
        "nodatahugesoa" => {
            message.add_authority(soa_record("bl.test.", 300, 1 << 31));
        }
        "formerr" => message = coded(query, 1),
        "servfail" => message = coded(query, 2),
        "notimp" => message = coded(query, 4),
        "refused" => message = coded(query, 5),
        "notauth" => message = coded(query, 9),
        "rc15" => message = coded(query, 15),
        "badcookie" => message = coded(query, 23),
        "servfaila" => {
            message = coded(query, 2);
            message.add_answer(a(owner, 60, 2));
        }
        "nxa" => {
            message = coded(query, 3);
            message.add_answer(a(owner, 60, 2));
        }
        "cname" => message = with(query, [cname(owner, 20, "Target.test."), a("target.TEST.", 500, 2)]),
        "cnametail" => {
            message = with(query, [a("t.test.", 5, 2), cname("m.test.", 30, "t.test."), cname(owner, 20, "m.test.")])
        }
        "cnamenx" => {
            message = coded(query, 3);
            message.add_answer(cname(owner, 20, "gone.target.test."));
            message.add_authority(soa_record("target.test.", 300, 60));
        }
        "cnamenodata" => {
            message = with(query, [cname(owner, 500, "empty.target.test.")]);
            message.add_authority(soa_record("target.test.", 300, 60));
        }
        "unfinished" => message = with(query, [cname(owner, 20, "listed.bl.test.")]),
        "unfinishednx" => message = with(query, [cname(owner, 20, "nx.bl.test.")]),
        "unfinishedfail" => message = with(query, [cname(owner, 20, "servfail.bl.test.")]),
        "loop" => message = with(query, [cname(owner, 20, owner)]),
        "cycle" => message = with(query, [cname(owner, 20, "other.test."), cname("other.test.", 20, owner)]),
        "ping" => message = with(query, [cname(owner, 20, "pong.bl.test.")]),
        "pong" => message = with(query, [cname(owner, 20, "ping.bl.test.")]),
        "links16" => {
            message = with(query, links(owner, 16));
            message.add_answer(a("l16.bl.test.", 60, 2));
        }
        "links17" => {
            message = with(query, links(owner, 17));
            message.add_answer(a("l17.bl.test.", 60, 2));
        }
        // Always a new name, one link at a time.
        label if label.starts_with('s') && label[1..].parse::<u32>().is_ok() => {
            let next = label[1..].parse::<u32>().unwrap() + 1;
            message = with(query, [cname(owner, 60, &format!("s{next}.bl.test."))]);
        }
        "foreign" => message = with(query, [a("evil.test.", 60, 2)]),
        "mixed" => message = with(query, [a("evil.test.", 1, 9), a(owner, 60, 2)]),
        "othertype" => {
            message = with(query, [WireRecord::from_rdata(wire(owner), 60, RData::TXT(TXT::new(vec!["hi".into()])))]);
        }
        "referral" => {
            message.metadata.recursion_available = false;
            message.add_authority(ns("test."));
        }
        "referralra" | "referralup" | "referraldown" => {
            let zone = match query.label.as_str() {
                "referralra" => "bl.test.",
                "referralup" => ".",
                _ => owner,
            };
            message.add_authority(ns(zone));
        }
        "nodatans" => {
            message.add_authority(ns("bl.test."));
            message.add_authority(soa_record("bl.test.", 300, 60));
        }
        "nodataownns" => {
            message.metadata.authoritative = true;
            message.add_authority(ns("bl.test."));
        }
        "ttl0" => message = with(query, [a(owner, 0, 2)]),
        "ttltop" => message = with(query, [a(owner, 1 << 31, 2)]),
        "ttlhuge" => message = with(query, [a(owner, 2_000_000, 2)]),
        "ttlmixed" => message = with(query, [a(owner, 60, 2), a(owner, 30, 4)]),
        "noopt" | "nooptimp" if query.message.edns.is_none() => message = with(query, [a(owner, 60, 2)]),
        "nooptsilent" | "noopthead" if query.message.edns.is_none() => return Act::Silence,
        "noopt" | "nooptsilent" => message = coded(query, 1),
        "nooptimp" => message = coded(query, 4),
        "noopthead" => {
            message = coded(query, 1);
            message.queries.clear();
        }
        "noopttc" if query.message.edns.is_some() => message = coded(query, 1),
        "noopttc" if query.tcp => message = with(query, [a(owner, 60, 2)]),
        "noopttc" => message.metadata.truncation = true,
        "formerropt" => {
            message = coded(query, 1);
            message.set_edns(Edns::new());
        }
        "long" => message = with(query, (0..250).map(|last| a(owner, 60, last))),
        "ad" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.authentic_data = true;
        }
        "ede" => message = with_option(coded(query, 2), &[0, 22, b'x']),
        "edeshort" => message = with_option(coded(query, 2), &[22]),
        "many" if query.tcp => {
            let addresses = (0..300_u16).map(|n| Ipv4Addr::from(0x7f00_0000 + u32::from(n)));
            message = with(query, addresses.map(|ip| WireRecord::from_rdata(wire(owner), 60, RData::A(A(ip)))));
        }
        "p" if query.tcp => {
            let names = (0..2_000).map(|n| wire(&format!("h{n}.")));
            message = with(query, names.map(|n| WireRecord::from_rdata(wire(owner), 60, RData::PTR(PTR(n)))));
        }
        "tc" if query.tcp => message = with(query, [a(owner, 77, 2)]),
        "tcpartial" if query.tcp => message = with(query, [a(owner, 60, 2), a(owner, 60, 4)]),
        "tcpartial" | "tcnotcp" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.truncation = true;
        }
        "many" | "p" | "tc" | "tctwice" | "tccloses" | "tcsilent" | "tcother" if !query.tcp => {
            message.metadata.truncation = true;
        }
        "tctwice" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.truncation = true;
        }
        "tccloses" => return Act::Close,
        "tcother" => {
            message = with(query, [a("other.test.", 60, 2)]);
            message.queries = vec![Query::query(wire("other.test."), WireType::A)];
        }
        "silent" | "tcsilent" => return Act::Silence,
        "slow" => {
            return Act::Later(Duration::from_millis(250), vec![with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "garbage" => {
            let mut octets = query.message.metadata.id.to_be_bytes().to_vec();
            octets.extend([0x84, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0xc0, 0x0c, 0xff, 0xff, 0xff]);
            return Act::Send(vec![octets]);
        }
        "five" => {
            let id = query.message.metadata.id.to_be_bytes();
            return Act::Send(vec![vec![id[0], id[1], 0x80, 0, 0]]);
        }
        "notaresponse" => message.metadata.message_type = MessageType::Query,
        "opcode" => {
            message = with(query, [a(owner, 60, 2)]);
            message.metadata.op_code = OpCode::Notify;
        }
        // A forged answer first, then the right one: the forged one is ignored.
        "wrongid" => {
            let mut lie = with(query, [a(owner, 60, 9)]);
            lie.metadata.id ^= 1;
            return Act::Send(vec![lie.to_vec().unwrap(), with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "wrongquestion" => {
            let mut lie = with(query, [a("other.test.", 60, 9)]);
            lie.queries = vec![Query::query(wire("other.test."), WireType::A)];
            return Act::Send(vec![lie.to_vec().unwrap(), with(query, [a(owner, 60, 2)]).to_vec().unwrap()]);
        }
        "barerefused" => {
            message = coded(query, 5);
            message.queries.clear();
        }
        "bareformerr" => {
            message = coded(query, 1);
            message.queries.clear();
            message.set_edns(Edns::new());
        }
        "barenx" => {
            message = coded(query, 3);
            message.queries.clear();
        }
        other => panic!("no such shape: {other}"),
    }
    message.into()
}

async fn shapes(make: Make) {
    let failed = Answer::failed;
    let udp = (1, 0);
    let both = (1, 1);
    let twice = (2, 0);
    let rows: Vec<(&str, Answer, (usize, usize))> = vec![
        ("listed", listed(60, 2), udp),
        ("upper", listed(60, 2), udp),
        ("nx", Answer::nx_domain(soa("bl.test", 60)), udp),
        ("nxnosoa", Answer::nx_domain(None), udp),
        ("nxgone", Answer::nx_domain(soa("test", 30)), udp),
        ("nodata", Answer::no_data(soa("bl.test", 60)), udp),
        ("nodatanosoa", Answer::no_data(None), udp),
        ("nodataforeignsoa", Answer::no_data(None), udp),
        ("nodatahugesoa", Answer::no_data(soa("bl.test", 300)), udp),
        ("formerr", failed(Failure::Rcode(1)), twice),
        ("formerropt", failed(Failure::Rcode(1)), udp),
        ("noopt", listed(60, 2), twice),
        ("nooptimp", listed(60, 2), twice),
        ("noopttc", listed(60, 2), (2, 1)),
        ("long", Answer::records((0..250).map(|last| Ipv4Addr::new(127, 0, 0, last).into()), seconds(60)), both),
        ("servfail", failed(Failure::ServFail), udp),
        ("notimp", failed(Failure::Rcode(4)), twice),
        ("refused", failed(Failure::Refused), udp),
        ("notauth", failed(Failure::Rcode(9)), udp),
        ("rc15", failed(Failure::Rcode(15)), udp),
        ("badcookie", failed(Failure::Rcode(23)), udp),
        ("servfaila", failed(Failure::Contradiction), udp),
        ("nxa", failed(Failure::Contradiction), udp),
        ("cname", listed(20, 2).with_owner(name("target.test")), udp),
        ("cnametail", listed(5, 2).with_owner(name("t.test")), udp),
        ("cnamenx", Answer::nx_domain(soa("target.test", 20)), udp),
        ("cnamenodata", Answer::no_data(soa("target.test", 60)), udp),
        ("unfinished", listed(20, 2).with_owner(name("listed.bl.test")), (2, 0)),
        ("unfinishednx", Answer::nx_domain(soa("bl.test", 20)), (2, 0)),
        ("unfinishedfail", failed(Failure::ServFail), (2, 0)),
        ("loop", failed(Failure::CnameLoop), udp),
        ("cycle", failed(Failure::CnameLoop), udp),
        ("ping", failed(Failure::CnameLoop), (2, 0)),
        ("links16", listed(60, 2).with_owner(name("l16.bl.test")), udp),
        ("links17", failed(Failure::CnameLoop), udp),
        ("s0", failed(Failure::CnameLoop), (17, 0)),
        ("foreign", failed(Failure::Unrelated), udp),
        ("mixed", listed(60, 2), udp),
        ("othertype", failed(Failure::Unrelated), udp),
        ("referral", failed(Failure::Unrelated), udp),
        ("referralra", failed(Failure::Unrelated), udp),
        ("referralup", failed(Failure::Unrelated), udp),
        ("referraldown", failed(Failure::Unrelated), udp),
        ("nodatans", Answer::no_data(soa("bl.test", 60)), udp),
        ("nodataownns", Answer::no_data(None), udp),
        ("ttl0", listed(0, 2), udp),
        ("ttltop", Answer::records([Ipv4Addr::new(127, 0, 0, 2).into()], MAX_TTL), udp),
        ("ttlhuge", Answer::records([Ipv4Addr::new(127, 0, 0, 2).into()], MAX_TTL), udp),
        ("ad", listed(60, 2).with_authenticated(), udp),
        ("ede", failed(Failure::ServFail).with_extended_error(22), udp),
        ("edeshort", failed(Failure::ServFail), udp),
        ("tc", listed(77, 2), both),
        ("tctwice", failed(Failure::Truncated), both),
        ("tccloses", failed(Failure::Truncated), both),
        ("tcother", failed(Failure::Truncated), both),
        ("garbage", failed(Failure::Malformed), udp),
        ("five", failed(Failure::Malformed), udp),
        ("notaresponse", failed(Failure::Malformed), udp),
        ("opcode", failed(Failure::Malformed), udp),
        ("wrongid", listed(60, 2), udp),
        ("wrongquestion", listed(60, 2), udp),
        ("barerefused", failed(Failure::Refused), udp),
        ("bareformerr", failed(Failure::Rcode(1)), udp),
        ("barenx", failed(Failure::Malformed), udp),
        ("slow", listed(60, 2), udp),
    ];
    for (label, expected, counts) in rows {
        let server = Server::start(shape).await;
        let answer = ask(&patient(make, &[server.address]), &format!("{label}.bl.test"), RecordType::A).await;
        assert_eq!(answer, expected, "{label}");
        let tcp = of_others(&server).iter().filter(|query| query.tcp).count();
        assert_eq!((of_others(&server).len() - tcp, tcp), counts, "{label}");
    }
}

async fn without_opt_record_once_for_who_does_not_know_it(make: Make) {
    let server = Server::start(shape).await;
    let one = patient(make, &[server.address]);
    // Nothing is concluded from one name: the next question begins anew.
    for _ in 0..3 {
        assert_eq!(ask(&one, "noopt.bl.test", RecordType::A).await, listed(60, 2));
    }
    let opt: Vec<bool> = of_others(&server).iter().map(|query| query.message.edns.is_some()).collect();
    assert_eq!(opt, [true, false, true, false, true, false]);
    assert!(of_others(&server).iter().all(|query| query.message.authentic_data && query.message.recursion_desired));
    // The response before the silence decides the failure.
    let silent_after_that = async |label: &str| {
        let silent = Server::start(shape).await;
        let answer = ask(&stub(make, &[silent.address], 100, 1_000), &format!("{label}.bl.test"), RecordType::A).await;
        assert_eq!(answer, Answer::failed(Failure::Rcode(1)), "{label}");
        let seen = of_others(&silent);
        assert!(seen.len() >= 2 && seen[0].message.edns.is_some(), "{label}");
        assert!(seen[1..].iter().all(|query| query.message.edns.is_none()), "{label}");
    };
    tokio::join!(silent_after_that("nooptsilent"), silent_after_that("noopthead"));
}

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

async fn silence(make: Make) {
    let over_udp = async {
        let server = Server::start(shape).await;
        let begun = Instant::now();
        let stub = stub(make, &[server.address], 200, 1_300);
        assert_eq!(ask(&stub, "silent.bl.test", RecordType::A).await, Answer::failed(Failure::Timeout));
        assert!(begun.elapsed() >= Duration::from_millis(1_300));
        let (datagrams, tcp) = server.counts();
        // At 0, 200 and 600 ms; the next would be at 1400. A busy machine may send later, and so fewer.
        assert!((1..=3).contains(&datagrams) && tcp == 0, "{datagrams} {tcp}");
    };
    let over_tcp = async {
        let server = Server::start(shape).await;
        let stub = stub(make, &[server.address], 200, 1_300);
        assert_eq!(ask(&stub, "tcsilent.bl.test", RecordType::A).await, Answer::failed(Failure::Truncated));
        let (datagrams, tcp) = server.counts();
        // A server that answered over UDP is not asked again, unless its answer came after the first re-send.
        assert!(datagrams <= 3 && tcp == 1, "{datagrams} {tcp}");
    };
    tokio::join!(over_udp, over_tcp);
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

async fn late_answer_to_the_first_send_counts(make: Make) {
    let slow_once = |query: &Seen, before: usize| match before {
        0 => Act::Later(Duration::from_millis(500), vec![with(query, [a("x.bl.test.", 60, 2)]).to_vec().unwrap()]),
        _ => Act::Silence,
    };
    let server = Server::start(slow_once).await;
    assert_eq!(ask(&stub(make, &[server.address], 100, 20_000), "x.bl.test", RecordType::A).await, listed(60, 2));
    assert!(server.counts().0 >= 2);
}

async fn lost_datagram_is_sent_again(make: Make) {
    let drop_first = |query: &Seen, before: usize| match before {
        0 => Act::Silence,
        _ => with(query, [a("x.bl.test.", 60, 2)]).into(),
    };
    let server = Server::start(drop_first).await;
    assert_eq!(ask(&stub(make, &[server.address], 300, 20_000), "x.bl.test", RecordType::A).await, listed(60, 2));
    let seen = server.seen();
    assert!(seen.len() >= 2);
    assert_eq!(seen[0].message.queries, seen[1].message.queries);
}

async fn closed_port(make: Make) {
    let gone = {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.local_addr().unwrap()
    };
    let good = Server::start(shape).await;
    let begun = Instant::now();
    let stub = |servers: &[SocketAddr]| stub(make, servers, 20_000, 40_000);
    assert_eq!(ask(&stub(&[gone, good.address]), "listed.bl.test", RecordType::A).await, listed(60, 2));
    assert_eq!(ask(&stub(&[gone]), "listed.bl.test", RecordType::A).await, Answer::failed(Failure::Network));
    assert!(begun.elapsed() < Duration::from_secs(15), "not before the first wait of 20 s was over");
}

async fn any_address_means_this_host(make: Make) {
    let server = Server::start(shape).await;
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, server.address.port()));
    assert_eq!(ask(&patient(make, &[any]), "tc.bl.test", RecordType::A).await, listed(77, 2));
}

async fn fail_over_is_at_once_and_every_time(make: Make) {
    for label in [
        "servfail",
        "refused",
        "formerr",
        "rc15",
        "garbage",
        "notaresponse",
        "barerefused",
        "servfaila",
        "nxa",
        "referral",
        "referralra",
        "foreign",
    ] {
        let bad = Server::start(move |query: &Seen, before| {
            // The shape's own name, whatever was asked.
            let mut query = query.clone();
            if !is_own(&query) {
                query.label = label.to_owned();
            }
            shape(&query, before)
        })
        .await;
        let good = Server::start(shape).await;
        let stub = patient(make, &[bad.address, good.address]);
        for _ in 0..20 {
            assert_eq!(ask(&stub, "listed.bl.test", RecordType::A).await, listed(60, 2), "{label}");
        }
        let asked = if label == "formerr" { 40 } else { 20 };
        assert!(of_others(&bad).iter().chain(&of_others(&good)).all(|query| !query.tcp), "{label}");
        assert_eq!((of_others(&bad).len(), of_others(&good).len()), (asked, 20), "{label}");
    }
}

async fn answers_never_fail_over(make: Make) {
    let first = Server::start(shape).await;
    let second = Server::start(shape).await;
    let stub = patient(make, &[first.address, second.address]);
    for label in ["listed", "nx", "nxnosoa", "nodata", "nodatanosoa", "loop", "slow"] {
        ask(&stub, &format!("{label}.bl.test"), RecordType::A).await;
    }
    assert_eq!((first.counts(), second.counts()), ((7, 0), (0, 0)));
}

async fn silent_server_is_passed_over(make: Make) {
    let silent = Server::start(|_: &Seen, _| Act::Silence).await;
    let good = Server::start(shape).await;
    let stub = stub(make, &[silent.address, good.address], 200, 5_000);
    for _ in 0..5 {
        assert_eq!(ask(&stub, "listed.bl.test", RecordType::A).await, listed(60, 2));
    }
    assert_eq!((silent.counts(), good.counts()), ((5, 0), (5, 0)));
}

async fn most_telling_failure_whatever_the_order(make: Make) {
    let all = |label: &'static str| {
        Server::start(move |query: &Seen, before| {
            let mut query = query.clone();
            query.label = label.to_owned();
            shape(&query, before)
        })
    };
    let (silent, servfail, refused, garbage) =
        (all("silent").await, all("servfail").await, all("refused").await, all("garbage").await);
    let told = async |servers: [&Server; 2]| {
        let answer = ask(&hasty(make, &servers.map(|server| server.address)), "x.bl.test", RecordType::A).await;
        match answer.kind() {
            AnswerKind::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    };
    let pairs = [
        (&silent, &servfail, Failure::ServFail),
        (&silent, &garbage, Failure::Malformed),
        (&garbage, &refused, Failure::Refused),
        (&servfail, &refused, Failure::ServFail),
    ];
    let told = &told;
    join_all(pairs.map(async |(one, other, expected)| {
        assert_eq!(tokio::join!(told([one, other]), told([other, one])), (expected, expected));
    }))
    .await;
}

async fn wire_format_of_the_question(make: Make) {
    let server = Server::start(|query: &Seen, _| coded(query, 3).into()).await;
    let stub = patient(make, &[server.address]);
    // Names that resolvers, hosts files and search lists like to answer themselves.
    let names = [
        "2.0.0.127.in-addr.arpa",
        "1.0.0.127.in-addr.arpa",
        "localhost",
        "a.localhost",
        "x.invalid",
        "x.test",
        "x.local",
        "x.onion",
        "vm",
        "a_b.example",
        "1/25.2.0.192.in-addr.arpa",
        "xn--bcher-kva.example",
        "192.0.2.1",
    ];
    for text in names {
        for kind in [RecordType::Ptr, RecordType::A] {
            assert_eq!(ask(&stub, text, kind).await, Answer::nx_domain(None), "{text}");
        }
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 2 * names.len());
    let mut ids = Vec::new();
    for (at, query) in seen.iter().enumerate() {
        let Seen { message, .. } = query;
        let asked = &message.queries[0];
        assert_eq!(asked.name().to_ascii().replace('\\', "").to_lowercase(), format!("{}.", names[at / 2]));
        assert_eq!(asked.query_type(), if at % 2 == 0 { WireType::PTR } else { WireType::A });
        assert!(message.recursion_desired && message.authentic_data && !message.checking_disabled);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok, edns.version()), (1232, false, 0));
        ids.push(message.id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > names.len(), "ids repeat");
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

async fn dropping_the_future_stops_it(make: Make) {
    let server = Server::start(|_: &Seen, _| Act::Silence).await;
    let stub = stub(make, &[server.address], 200, 10_000);
    let question = Question::new(name("x.test"), RecordType::A);
    let mut asked = stub.resolve(question.clone());
    while server.counts().0 == 0 {
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut asked).await.is_err());
    }
    drop(asked);
    // What was sent has arrived by then. One datagram, unless this machine stalled until a re-send was due, at 200 or 600 ms.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = server.counts();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(server.counts(), before);
    assert!((1..=3).contains(&before.0) && before.1 == 0, "{before:?}");
}

async fn all_are_closed(server: &Server) {
    let closed = async {
        while server.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), closed).await.unwrap();
}

async fn dropping_the_future_closes_tcp_too(make: Make) {
    let server = Server::start(shape).await;
    let stub = patient(make, &[server.address]);
    let question = Question::new(name("tcsilent.bl.test"), RecordType::A);
    let mut asked = stub.resolve(question.clone());
    while server.counts() != (1, 1) {
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut asked).await.is_err());
    }
    assert_eq!(server.connections(), 1);
    drop(asked);
    all_are_closed(&server).await;
}

async fn one_resolver_serves_many_at_once(make: Make) {
    let server = Server::start(shape).await;
    let stub = patient(make, &[server.address]);
    let asked = (0..50).map(|_| {
        let stub = stub.clone();
        tokio::spawn(async move { ask(&stub, "tc.bl.test", RecordType::A).await })
    });
    for answer in asked.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), listed(77, 2));
    }
    assert_eq!(server.counts(), (50, 50));
    // Connections that stay open for a while without a question close with their resolver; `tcp` tests the while.
    drop(stub);
    all_are_closed(&server).await;
}

macro_rules! with_each {
    (alone { $($test:ident)* } together { $($waiting:ident)* }) => {
        #[cfg(feature = "hickory")]
        mod stub {
            use super::*;

            pub(super) fn make(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
                Arc::new(rdnsbl::resolve::Stub::servers(servers.iter().copied()).unwrap().with_timeouts(timeouts))
            }

            $(#[tokio::test] async fn $test() { super::$test(make).await; })*
        }

        /// Tests that wait: each with all resolvers at the same time.
        mod together {
            use super::*;

            const MAKES: &[(&str, Make)] = &[
                #[cfg(feature = "hickory")]
                ("stub", stub::make),
                #[cfg(feature = "direct")]
                ("direct", direct::make),
                #[cfg(feature = "direct")]
                ("direct, random case", direct::random_case::make),
            ];

            async fn with_all<F: Future<Output = ()>>(test: impl Fn(Make) -> F) {
                let run = async |(resolver, make): &(&'static str, Make)| {
                    (*resolver, AssertUnwindSafe(test(*make)).catch_unwind().await.is_ok())
                };
                let failed = join_all(MAKES.iter().map(run)).await.into_iter().filter(|(_, passed)| !passed);
                assert_eq!(failed.map(|(resolver, _)| resolver).collect::<Vec<_>>(), [""; 0], "failed");
            }

            $(#[tokio::test] async fn $waiting() { with_all(super::$waiting).await; })*
        }

        #[cfg(feature = "direct")]
        mod direct {
            use super::*;
            use rdnsbl::resolve::{QueryCase, Direct, Pacing};

            fn fixed(servers: &[SocketAddr], timeouts: Timeouts) -> Direct {
                Direct::servers(servers.iter().copied()).unwrap().with_timeouts(timeouts).with_pacing(Pacing::Fixed)
            }

            pub(super) fn make(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
                Arc::new(fixed(servers, timeouts))
            }

            $(#[tokio::test] async fn $test() { super::$test(make).await; })*

            /// The same with random case: the test servers keep it.
            pub(super) mod random_case {
                use super::*;

                pub(in super::super) fn make(servers: &[SocketAddr], timeouts: Timeouts) -> Arc<dyn Subject> {
                    Arc::new(fixed(servers, timeouts).with_case(QueryCase::Random))
                }

                $(#[tokio::test] async fn $test() { super::super::$test(make).await; })*
            }
        }
    };
}

with_each! {
    alone {
        shapes
        long_datagrams_without_tcp
        part_of_an_answer_is_none
        lost_datagram_is_sent_again
        closed_port
        any_address_means_this_host
        fail_over_is_at_once_and_every_time
        answers_never_fail_over
        wire_format_of_the_question
        many_records_are_bounded_and_say_so
        hostile_octets
        keys_stay_hidden
        soa_that_was_asked_for
        dropping_the_future_closes_tcp_too
        one_resolver_serves_many_at_once
    }
    together {
        without_opt_record_once_for_who_does_not_know_it
        silence
        late_answer_to_the_first_send_counts
        silent_server_is_passed_over
        most_telling_failure_whatever_the_order
        dropping_the_future_stops_it
    }
}

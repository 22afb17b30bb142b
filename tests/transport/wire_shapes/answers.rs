//! The answer to each shape of response.

use std::net::Ipv4Addr;

use rdnsbl::dns::{Answer, Failure, MAX_TTL, RecordType};

use super::makes::Make;
use super::server::shape;
use super::{ask, listed, name, of_others, patient, seconds, soa, stub};
use crate::kit::raw::Server;

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

with_each! {
    alone {
        shapes
    }
    together {
        without_opt_record_once_for_who_does_not_know_it
    }
}

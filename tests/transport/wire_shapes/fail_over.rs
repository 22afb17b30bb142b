//! Several servers: which is asked next, and whose failure is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures::future::join_all;
use rdnsbl::dns::{Answer, AnswerKind, Failure, RecordType};

use super::makes::Make;
use super::server::shape;
use super::{ask, hasty, is_own, listed, of_others, patient, stub};
use crate::kit::raw::{Act, Seen, Server};

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

with_each! {
    alone {
        closed_port
        fail_over_is_at_once_and_every_time
        answers_never_fail_over
    }
    together {
        silent_server_is_passed_over
        most_telling_failure_whatever_the_order
    }
}

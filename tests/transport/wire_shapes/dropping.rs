//! What ends when a question or its resolver is dropped.

use std::time::Duration;

use rdnsbl::dns::{Question, RecordType};
use rdnsbl::resolve::Resolve;

use super::makes::Make;
use super::server::shape;
use super::{ask, listed, name, patient, stub};
use crate::kit::raw::{Act, Seen, Server};

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

with_each! {
    alone {
        dropping_the_future_closes_tcp_too
        one_resolver_serves_many_at_once
    }
    together {
        dropping_the_future_stops_it
    }
}

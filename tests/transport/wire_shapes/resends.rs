//! Silent servers, slow ones, and datagrams that are lost.

use std::time::{Duration, Instant};

use rdnsbl::dns::{Answer, Failure, RecordType};

use super::makes::Make;
use super::messages::{a, with};
use super::server::shape;
use super::{ask, listed, stub};
use crate::kit::raw::{Act, Seen, Server};

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

with_each! {
    alone {
        lost_datagram_is_sent_again
    }
    together {
        silence
        late_answer_to_the_first_send_counts
    }
}

//! From which ports questions are sent, with which ids, and when a port is given up.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::future::join_all;
use rdnsbl::dns::Answer;

use super::{always_nx, ask, ms, patient};
use crate::kit::answering::{Answering, Came};

#[tokio::test]
async fn ports_and_ids_are_spread() {
    const QUESTIONS: usize = 16_384;
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]);
    for from in (0..QUESTIONS).step_by(64) {
        let answers = join_all((from..from + 64).map(|number| ask(&direct, number))).await;
        assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
    }
    let came = server.came();
    assert_eq!(came.len(), QUESTIONS);
    let mut ports: HashMap<u16, usize> = HashMap::new();
    came.iter().for_each(|came| *ports.entry(came.from.port()).or_default() += 1);
    assert_eq!(ports.len(), 64);
    // 256 each on average, in bursts of 16 or less; the standard deviation of 16 bursts is 4.
    assert!(ports.values().all(|count| (32..=600).contains(count)), "{ports:?}");
    let ids: HashSet<u16> = came.iter().map(Came::id).collect();
    // Of 16,384 out of 65,536 at random 14,497 differ on average.
    assert!((14_200..=14_800).contains(&ids.len()), "{}", ids.len());
    for bit in 0..16 {
        let ones = came.iter().filter(|came| came.id() >> bit & 1 == 1).count();
        assert!((7_850..=8_550).contains(&ones), "bit {bit}: {ones}");
    }
    assert_eq!(direct.stats().sockets, 64);
    assert_eq!((direct.stats().sent, direct.stats().received), (16_384, 16_384));
}

#[tokio::test]
async fn only_a_burst_shares_a_port() {
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]);
    for number in 0..64 {
        ask(&direct, number).await;
        std::thread::sleep(ms(1));
    }
    let ports = |came: &[Came]| came.iter().map(|came| came.from.port()).collect::<Vec<_>>();
    let alone = ports(&server.came());
    // 41 of 64 on average; one port twice in a row once.
    assert!(alone.iter().collect::<HashSet<_>>().len() >= 28, "{alone:?}");
    assert!(alone.windows(2).filter(|pair| pair[0] == pair[1]).count() <= 8, "{alone:?}");
    join_all((0..128).map(|number| ask(&direct, number))).await;
    let together = ports(&server.came()[64..]);
    // Of eight bursts, each from a port chosen for it; a moment that ends early makes it more.
    assert!(together.iter().collect::<HashSet<_>>().len() >= 4, "{together:?}");
    let longest = together.chunk_by(|one, other| one == other).map(<[u16]>::len).max();
    assert!(longest <= Some(48), "{together:?}");
    // If more are asked at once than one socket's buffer holds, they are spread over sockets.
    let wide = patient(&[server.address]).with_in_flight(10_000);
    for _ in 0..8 {
        join_all((0..128).map(|number| ask(&wide, number))).await;
    }
    let spread = ports(&server.came()[192..]);
    assert_eq!(spread.iter().collect::<HashSet<_>>().len(), 64);
}

#[tokio::test]
async fn ports_are_retired_by_use() {
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]).with_sockets(4).with_socket_life(10, Duration::from_secs(600));
    for number in 0..400 {
        ask(&direct, number).await;
    }
    // The same port may come back by chance, but not at once: questions of one socket follow each other on its port.
    let opened = direct.stats().sockets;
    assert!((40..=84).contains(&opened), "{opened}");
    let ports: HashSet<u16> = server.came().iter().map(|came| came.from.port()).collect();
    assert!(ports.len() > 30, "{}", ports.len());
}

#[tokio::test]
async fn ports_are_retired_by_age() {
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]).with_sockets(1).with_socket_life(u32::MAX, ms(100));
    for number in 0..3 {
        ask(&direct, number).await;
        ask(&direct, number).await;
        tokio::time::sleep(ms(110)).await;
    }
    assert!((3..=6).contains(&direct.stats().sockets), "{:?}", direct.stats());
    let ports: HashSet<u16> = server.came().iter().map(|came| came.from.port()).collect();
    assert!(ports.len() > 1);
}

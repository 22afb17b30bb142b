//! What is concluded about servers and the network: dead, without OPT records, restarted, changed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures::future::join_all;
use rdnsbl::dns::{Answer, Failure};
use rdnsbl::resolve::{Direct, Timeouts};

use super::{always_nx, ask, direct, ms, patient};
use crate::kit::answering::{Answering, Came, nx};
use crate::kit::stalls::one_of_three;

/// Is it the resolver's own question, `. NS`?
fn is_own(came: &Came) -> bool {
    came.octets[12] == 0
}

/// The questions of others that came to a server.
fn of_others(server: &Answering) -> usize {
    server.came().iter().filter(|came| !is_own(came)).count()
}

/// Asks one question after the other until something has happened.
async fn ask_until(direct: &Direct, happened: impl Fn() -> bool) {
    let begun = Instant::now();
    for number in 0.. {
        if happened() {
            return;
        }
        assert!(begun.elapsed() < ms(30_000));
        assert_eq!(ask(direct, number).await, Answer::nx_domain(None));
        tokio::time::sleep(ms(5)).await;
    }
}

#[tokio::test]
async fn dead_servers_are_passed_over_and_found_again() {
    let alive = Arc::new(AtomicBool::new(false));
    let is_alive = Arc::clone(&alive);
    let first = Answering::start(move |came, _| match is_alive.load(Ordering::Relaxed) {
        true => vec![nx(&came.octets)],
        false => vec![],
    });
    let second = Answering::start(always_nx);
    let timeouts = Timeouts::default().with_resend(ms(100)).with_total(ms(20_000));
    let direct = direct(&[first.address, second.address]).with_timeouts(timeouts);
    // Each question waits for the first server before it goes to the second, until one of our own was not answered either.
    ask_until(&direct, || first.came().iter().any(is_own)).await;
    ask_until(&direct, || second.came().len() >= 50).await;
    assert!((4..=40).contains(&of_others(&first)), "{}", of_others(&first));
    // A question of our own once a second shows that it is back.
    let before = of_others(&first);
    alive.store(true, Ordering::Relaxed);
    ask_until(&direct, || of_others(&first) > before + 10).await;
    assert!(direct.stats().probes >= 2, "{:?}", direct.stats());
}

#[tokio::test]
async fn silent_names_of_strangers_convict_no_server() {
    one_of_three(async || {
        let first = Answering::start(|came, _| match came.octets[12] {
            6 => vec![],
            _ => vec![nx(&came.octets)],
        });
        let second = Answering::start(always_nx);
        let timeouts = Timeouts::default().with_resend(ms(200)).with_total(ms(20_000));
        let direct = direct(&[first.address, second.address]).with_timeouts(timeouts);
        for number in 100_000..100_012 {
            assert_eq!(ask(&direct, number).await, Answer::nx_domain(None));
        }
        assert!(first.came().iter().any(is_own));
        // A server that was convicted is asked once a second at most.
        let asked = of_others(&first);
        if asked >= 7 { Ok(()) } else { Err(format!("{asked} of 12 questions")) }
    })
    .await;
}

/// FORMERR without an OPT record, to a question with one.
fn no_opt(question: &[u8]) -> Vec<u8> {
    let mut octets = question[..question.len() - 11].to_vec();
    octets[2..12].copy_from_slice(&[0x81, 0x81, 0, 1, 0, 0, 0, 0, 0, 0]);
    octets
}

fn has_opt(came: &Came) -> bool {
    came.octets[11] == 1
}

#[tokio::test]
async fn a_server_without_opt_records_is_known_by_our_own_question() {
    let server = Answering::start(|came, _| match has_opt(came) {
        true => vec![no_opt(&came.octets)],
        false => vec![nx(&came.octets)],
    });
    let direct = patient(&[server.address]);
    let plain = || server.came().windows(2).any(|pair| !has_opt(&pair[0]) && !has_opt(&pair[1]));
    ask_until(&direct, plain).await;
    assert!(server.came().iter().any(is_own));
    // From then on it is one datagram for one question.
    let before = of_others(&server);
    for number in 0..20 {
        assert_eq!(ask(&direct, number).await, Answer::nx_domain(None));
    }
    assert_eq!(of_others(&server), before + 20);
}

#[tokio::test]
async fn names_without_opt_records_are_their_own() {
    let server = Answering::start(|came, _| match has_opt(came) && came.octets[12] == 6 {
        true => vec![no_opt(&came.octets)],
        false => vec![nx(&came.octets)],
    });
    let direct = patient(&[server.address]);
    for number in (100_000..100_020).flat_map(|number| [number, 1]) {
        assert_eq!(ask(&direct, number).await, Answer::nx_domain(None));
    }
    let came = server.came();
    assert!(came.iter().any(is_own));
    let long: Vec<bool> = came.iter().filter(|came| came.octets[12] == 6).map(has_opt).collect();
    assert_eq!(long, [true, false].repeat(20));
    assert!(came.iter().filter(|came| came.octets[12] != 6).all(has_opt));
}

#[tokio::test]
async fn answers_of_restarted_servers_count_again() {
    let server = Answering::start(always_nx);
    let address = server.address;
    let direct = patient(&[address]).with_sockets(4);
    let everybody = || async { join_all((0..40).map(|number| ask(&direct, number))).await };
    assert!(everybody().await.iter().all(|answer| *answer == Answer::nx_domain(None)));
    drop(server);
    assert_eq!(ask(&direct, 1).await, Answer::failed(Failure::Network));
    let _server = Answering::start_at(address, always_nx);
    assert!(everybody().await.iter().all(|answer| *answer == Answer::nx_domain(None)));
}

#[tokio::test]
async fn networks_that_have_changed_are_noticed() {
    let changed = Arc::new(AtomicBool::new(false));
    let in_vain = Arc::new(AtomicUsize::new(0));
    let (has_changed, vainly) = (Arc::clone(&changed), Arc::clone(&in_vain));
    let known: std::sync::Mutex<HashSet<u16>> = std::sync::Mutex::default();
    let server = Answering::start(move |came, _| {
        let mut known = known.lock().unwrap();
        match has_changed.load(Ordering::Relaxed) {
            false => known.insert(came.from.port()),
            true if known.contains(&came.from.port()) => {
                vainly.fetch_add(1, Ordering::Relaxed);
                return vec![];
            }
            true => true,
        };
        vec![nx(&came.octets)]
    });
    let timeouts = Timeouts::default().with_resend(ms(1_000)).with_total(ms(20_000));
    // So few that all are in use when it changes.
    let direct = patient(&[server.address]).with_sockets(4).with_timeouts(timeouts);
    let all = || async { join_all((0..600).map(|number| ask(&direct, number))).await };
    all().await;
    changed.store(true, Ordering::Relaxed);
    // One question notices it, and the others are sent from new sockets.
    assert_eq!(ask(&direct, 1).await, Answer::nx_domain(None));
    assert!(in_vain.swap(0, Ordering::Relaxed) > 0);
    assert!(all().await.iter().all(|answer| *answer == Answer::nx_domain(None)));
    // A few of the new ports may have been in use before.
    let old = in_vain.load(Ordering::Relaxed);
    // Without noticing, all 600 would have been sent from old ports first.
    assert!(old < 600, "{old}");
}

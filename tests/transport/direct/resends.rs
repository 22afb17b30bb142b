//! When a datagram is sent again, and how many are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures::future::join_all;
use rdnsbl::dns::Answer;
use rdnsbl::resolve::Timeouts;

use super::{ask, direct, ms};
use crate::kit::answering::{Answering, Came, nx};
use crate::kit::raw;

#[tokio::test]
async fn lost_datagrams_are_sent_again_soon() {
    let lose = Arc::new(AtomicBool::new(false));
    let losing = Arc::clone(&lose);
    let server = Answering::start(move |came, _| match losing.swap(false, Ordering::Relaxed) {
        true => vec![],
        false => vec![nx(&came.octets)],
    });
    let timeouts = Timeouts::default().with_resend(ms(10_000)).with_total(ms(60_000));
    let direct = direct(&[server.address]).with_timeouts(timeouts);
    // NXDOMAIN is a success.
    for number in 0..50 {
        ask(&direct, number).await;
    }
    let before = direct.stats();
    lose.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    assert_eq!(ask(&direct, 99).await, Answer::nx_domain(None));
    let took = begun.elapsed();
    // Soon is long before the time after which a send counts as lost.
    assert!(took >= ms(99) && took < ms(10_000), "{took:?}");
    // A busy machine may send more than once again.
    assert!(direct.stats().resent > before.resent && direct.stats().early > before.early);
    let came = server.came();
    let same: Vec<&Came> = came.iter().filter(|came| came.octets[12..15] == *b"\x0299").collect();
    let [first, second, ..] = same.as_slice() else { panic!() };
    assert_eq!(first.octets[2..], second.octets[2..]);
    assert_ne!(first.id(), second.id());
}

#[tokio::test]
async fn one_loss_in_a_hundred_is_made_good_within_the_budget() {
    const QUESTIONS: usize = 1_500;
    let server = Answering::start(|came, before| match before % 100 {
        50 => vec![],
        _ => vec![nx(&came.octets)],
    });
    let direct = direct(&[server.address]);
    let begun = Instant::now();
    for from in (0..QUESTIONS).step_by(100) {
        let answers = join_all((from..from + 100).map(|number| ask(&direct, number))).await;
        assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
    }
    let stats = direct.stats();
    // The budget is ten at once, and 3 % of the questions.
    assert!(stats.resent >= 14 && stats.early <= 55, "{stats:?} in {:?}", begun.elapsed());
}

#[tokio::test]
async fn slow_answers_do_not_double_the_questions() {
    const QUESTIONS: usize = 600;
    let slow = raw::Server::start(|query: &raw::Seen, before| {
        let message = raw::reply(query).to_vec().unwrap();
        // Half of the names are not in the resolver's cache.
        raw::Act::Later(ms(if before % 2 == 0 { 1 } else { 250 }), vec![message])
    })
    .await;
    let direct =
        direct(&[slow.address]).with_timeouts(Timeouts::default().with_resend(ms(20_000)).with_total(ms(60_000)));
    for from in (0..QUESTIONS).step_by(100) {
        let answers = join_all((from..from + 100).map(|number| ask(&direct, number))).await;
        assert!(answers.iter().all(|answer| *answer == Answer::no_data(None)));
    }
    let stats = direct.stats();
    // The budget is ten at once, and 3 % of the questions.
    assert!(stats.sent <= 628 && stats.resent == stats.early, "{stats:?}");
}

//! Many questions at once: what they cost, how long one waits, and what a dropped question leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{FutureExt, join_all};
use rdnsbl::dns::{Answer, Failure, Question};
use rdnsbl::resolve::{Resolve, Timeouts};

use super::{always_nx, ask, direct, ms, patient, question};
use crate::kit::answering::{Answering, nx};

#[tokio::test]
async fn a_thousand_at_once_cost_a_thousand_datagrams() {
    let server = Answering::start(always_nx);
    let other = Answering::start(always_nx);
    let direct = patient(&[server.address, other.address]);
    let answers = join_all((0..1_000).map(|number| ask(&direct, number))).await;
    assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
    assert_eq!((server.came().len(), other.came().len()), (1_000, 0));
}

#[tokio::test]
async fn waiting_for_a_permit_counts_as_time() {
    let server = Answering::start(|_, _| vec![]);
    let timeouts = Timeouts::default().with_total(ms(300));
    let direct = direct(&[server.address]).with_in_flight(2).with_timeouts(timeouts);
    let questions: Vec<Question> = (0..5).map(question).collect();
    let mut sent: Vec<_> = questions.iter().map(|question| direct.resolve(question.clone())).collect();
    for future in &mut sent {
        assert!(future.now_or_never().is_none());
    }
    // The first two hold their permits until the others have given up.
    let waiting = sent.split_off(2);
    let waited = tokio::time::timeout(ms(30_000), join_all(waiting)).await.unwrap();
    assert_eq!(waited, [Failure::Overload; 3].map(Answer::failed));
    let sent = tokio::time::timeout(ms(30_000), join_all(sent)).await.unwrap();
    assert_eq!(sent, [Failure::Timeout; 2].map(Answer::failed));
    assert_eq!(direct.stats().timeouts, 2);
}

#[tokio::test]
async fn a_dropped_question_takes_nothing_from_others() {
    const MANY: usize = 12;
    for leaving in 0..MANY {
        for stuck in [false, true] {
            let server = Answering::start(|came, _| {
                std::thread::sleep(ms(2));
                vec![nx(&came.octets)]
            });
            let direct = patient(&[server.address]).with_sockets(1);
            let questions: Vec<Question> = (0..MANY).map(question).collect();
            let mut open: Vec<_> = questions.iter().map(|question| direct.resolve(question.clone())).collect();
            // All are sent, and all wait.
            for future in &mut open {
                assert!(future.now_or_never().is_none());
            }
            let gone = open.remove(leaving);
            // It is dropped; or it remains without ever being polled again.
            let kept = stuck.then_some(gone);
            let rest = tokio::time::timeout(ms(30_000), join_all(open)).await.unwrap();
            assert!(rest.iter().all(|answer| *answer == Answer::nx_domain(None)));
            drop(kept);
        }
    }
}

/// Releases a server that waits, when the test ends.
struct Release(Arc<AtomicBool>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn late_answers_to_dropped_questions_are_ignored() {
    let left = Arc::new(AtomicBool::new(false));
    let has_left = Arc::clone(&left);
    let server = Answering::start(move |came, _| {
        while !has_left.load(Ordering::Relaxed) {
            std::thread::sleep(ms(1));
        }
        vec![nx(&came.octets)]
    });
    // Dropped before the server, which waits for its thread.
    let _release = Release(Arc::clone(&left));
    let direct = patient(&[server.address]).with_sockets(1);
    assert!(tokio::time::timeout(ms(10), ask(&direct, 1)).await.is_err());
    left.store(true, Ordering::Relaxed);
    assert_eq!(ask(&direct, 2).await, Answer::nx_domain(None));
    assert_eq!((direct.stats().ignored, direct.stats().received), (1, 1));
}

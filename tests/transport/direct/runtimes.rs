//! One resolver in several runtimes and threads.

use futures::future::FutureExt;
use rdnsbl::dns::{Answer, Failure};
use rdnsbl::resolve::{Resolve, Timeouts};

use super::{always_nx, ask, direct, ms, patient, question};
use crate::kit::answering::Answering;

/// A runtime that asked and then stalls does not delay those that wait for the same answer in another runtime.
#[test]
fn a_question_in_another_runtime_is_asked_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Answering::start(always_nx);
    let timeouts = Timeouts::default().with_resend(ms(100)).with_total(ms(20_000));
    let direct = direct(&[server.address]).with_sockets(1).with_timeouts(timeouts);
    let (standing_still, running) = (runtime(), runtime());
    assert_eq!(standing_still.block_on(ask(&direct, 1)), Answer::nx_domain(None));
    let question = question(2);
    let answer = direct.resolve(question.clone()).shared();
    standing_still.block_on(async { assert!(answer.clone().now_or_never().is_none()) });
    let told = running.block_on(async { tokio::time::timeout(ms(15_000), answer.clone()).await });
    assert_eq!(told.unwrap(), Answer::nx_domain(None));
    assert!(server.came().len() >= 3);
    drop(answer);
}

#[test]
fn runtimes_do_not_depend_on_each_other() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]).with_sockets(1);
    let good = Answer::nx_domain(None);
    let standing_still = runtime();
    assert_eq!(standing_still.block_on(ask(&direct, 1)), good);
    for number in 0..40 {
        // Each is gone before the next one asks.
        assert_eq!(runtime().block_on(ask(&direct, number)), good);
    }
    assert_eq!(standing_still.block_on(ask(&direct, 2)), good);
    // Outside a runtime no question can be sent; but nothing breaks.
    assert!(ask(&direct, 3).now_or_never().is_none_or(|answer| answer == Answer::failed(Failure::Network)));
}

#[test]
fn many_threads_and_no_task_of_its_own() {
    let server = Answering::start(always_nx);
    let direct = patient(&[server.address]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks = (0..64).map(|task| {
            let direct = direct.clone();
            tokio::spawn(async move {
                for number in 0..100 {
                    assert_eq!(ask(&direct, task * 100 + number).await, Answer::nx_domain(None));
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        // The tasks above end a moment after their results are there.
        let alone = async {
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(ms(30_000), alone).await.unwrap();
    });
    assert_eq!(direct.stats().timeouts, 0);
}

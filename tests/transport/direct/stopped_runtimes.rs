//! A task in one runtime waits for the answer to a question that another runtime has asked, and which has stopped since: it stands
//! still, or it has shut down.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use futures::future::FutureExt;
use rdnsbl::dns::{Answer, AnswerKind, Failure};
use rdnsbl::resolve::{Direct, Resolve, Timeouts};
use rdnsbl::{Checker, ListSet, Verdict};
use tokio::runtime::{Builder, Runtime};

use super::{always_nx, direct, ms, patient, question};
use crate::kit::answering::{Answering, Came, listed, nx};
use crate::two_runtimes::{PolledAtOnce, poll_once, run_until, runtime, told};

/// How a runtime stops.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    Stall,
    ShutDown,
}

impl Stop {
    const ALL: [Self; 2] = [Self::ShutDown, Self::Stall];

    /// The runtime does not run any more.
    fn stop(self, runtime: Runtime) -> Option<Runtime> {
        (self == Self::Stall).then_some(runtime)
    }
}

/// A runtime with a socket that can send: it has asked a question, which was answered.
fn has_asked(direct: &Direct) -> Runtime {
    let runtime = runtime();
    assert_eq!(told(&runtime, direct.resolve(question(0))), Answer::nx_domain(None));
    runtime
}

/// Answers everything but the second question.
fn silent_once(came: &Came, before: usize) -> Vec<Vec<u8>> {
    if before == 1 { vec![] } else { vec![nx(&came.octets)] }
}

fn one_at_a_time(server: &Answering, total: u64) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(total));
    patient(&[server.address]).with_in_flight(1).with_sockets(1).with_timeouts(timeouts)
}

#[test]
fn a_question_that_waits_for_its_turn_ends_at_its_deadline() {
    for stop in Stop::ALL {
        let server = Answering::start(|_, _| vec![]);
        let direct = one_at_a_time(&server, 1_000);
        let (stopping, running) = (runtime(), runtime());
        let [mut asked, mut waiting] = [1, 2].map(|number| direct.resolve(question(number)));
        poll_once(&stopping, &mut asked);
        poll_once(&stopping, &mut waiting);
        let waiting = PolledAtOnce::start(waiting, &running);
        let stopped = stop.stop(stopping);
        assert_eq!(waiting.told(&running), Answer::failed(Failure::Overload), "{stop:?}");
        drop((asked, stopped));
    }
}

#[test]
fn a_question_that_gets_its_turn_is_asked_from_the_runtime_that_waits() {
    for stop in Stop::ALL {
        let server = Answering::start(silent_once);
        let direct = one_at_a_time(&server, 60_000);
        let (stopping, running) = (has_asked(&direct), runtime());
        let [mut asked, mut waiting] = [1, 2].map(|number| direct.resolve(question(number)));
        poll_once(&stopping, &mut asked);
        poll_once(&stopping, &mut waiting);
        run_until(&running, || server.came().len() >= 2);
        let waiting = PolledAtOnce::start(waiting, &running);
        let stopped = stop.stop(stopping);
        drop(asked);
        assert_eq!(waiting.told(&running), Answer::nx_domain(None), "{stop:?}");
        drop(stopped);
    }
}

#[test]
fn a_question_whose_socket_has_gone_is_asked_again_at_once() {
    let server = Answering::start(silent_once);
    let direct = patient(&[server.address]).with_sockets(1);
    let (stopping, running) = (has_asked(&direct), runtime());
    let mut answer = direct.resolve(question(1));
    poll_once(&stopping, &mut answer);
    run_until(&running, || server.came().len() >= 2);
    let answer = PolledAtOnce::start(answer, &running);
    drop(stopping);
    assert_eq!(answer.told(&running), Answer::nx_domain(None));
    assert_eq!(server.came().len(), 3);
}

#[test]
fn the_end_of_a_chain_is_asked_from_the_runtime_that_waits() {
    for stop in Stop::ALL {
        let server = Answering::start(|came, before| match before {
            0 => vec![nx(&came.octets)],
            1 => {
                // 1.bl.test is an alias of 2.bl.test.
                let mut octets = came.octets[..came.octets.len() - 11].to_vec();
                octets[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
                octets.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, b'2', 0xc0, 14]);
                vec![octets]
            }
            _ => vec![listed(&came.octets, 9)],
        });
        let direct = patient(&[server.address]).with_sockets(1);
        let (stopping, running) = (has_asked(&direct), runtime());
        let mut answer = direct.resolve(question(1));
        poll_once(&stopping, &mut answer);
        run_until(&stopping, || direct.stats().received >= 2);
        let stopped = stop.stop(stopping);
        let answer = told(&running, answer);
        assert!(matches!(answer.kind(), AnswerKind::Records(_)), "{stop:?}: {answer}");
        drop(stopped);
    }
}

/// Their timer is set again by some of them. Those for which tasks of another runtime wait are not among these.
#[test]
fn questions_that_wait_elsewhere_do_not_stop_the_timer_of_the_others() {
    let server = Answering::start(|_, _| vec![]);
    let direct = one_at_a_time(&server, 1_000).with_in_flight(900);
    let [asking, stalled] = [(); 2].map(|()| runtime());
    // The server may hold 128 of them unread; the others wait.
    let mut asked: Vec<_> = (0..132).map(|number| direct.resolve(question(number))).collect();
    asked.iter_mut().for_each(|asked| poll_once(&asking, asked));
    for elsewhere in &mut asked[128..] {
        // On a busy machine it may be answered by now.
        stalled.block_on(async { elsewhere.now_or_never() });
    }
    assert_eq!(told(&asking, direct.resolve(question(200))), Answer::failed(Failure::Overload));
}

/// Two other runtimes wait. The one that was polled last stands still too.
#[test]
fn each_runtime_that_waits_has_a_timer_of_its_own() {
    let server = Answering::start(always_nx);
    let timeouts = Timeouts::default().with_resend(ms(500)).with_total(ms(20_000));
    let direct = direct(&[server.address]).with_sockets(1).with_timeouts(timeouts);
    let [first, last, running] = [(); 3].map(|()| runtime());
    let answer = direct.resolve(question(1)).shared();
    poll_once(&first, &mut answer.clone());
    let (waits, is_waiting) = mpsc::channel();
    std::thread::scope(|scope| {
        let mut waiting = answer.clone();
        let running = scope.spawn(move || {
            let waiting = poll_fn(move |cx| {
                let polled = waiting.poll_unpin(cx);
                waits.send(()).unwrap();
                polled
            });
            told(&running, waiting)
        });
        is_waiting.recv().unwrap();
        // On a busy machine it may be answered by now.
        last.block_on(async { answer.clone().now_or_never() });
        assert_eq!(running.join().unwrap(), Answer::nx_domain(None));
    });
}

/// Checks of the same clients in two runtimes share their questions: some are in flight, and some wait for their turn.
#[test]
fn checks_go_on_when_another_runtime_shuts_down() {
    let answers = Arc::new(AtomicBool::new(false));
    let may_answer = Arc::clone(&answers);
    let server = Answering::start(move |came, _| match may_answer.load(Ordering::Relaxed) {
        true => vec![nx(&came.octets)],
        false => vec![],
    });
    let timeouts = Timeouts::default().with_resend(ms(100)).with_total(ms(20_000));
    let direct = direct(&[server.address]).with_in_flight(20).with_sockets(1).with_timeouts(timeouts);
    let lists = ListSet::builder().deny("bl.test").build().unwrap();
    let checker = Checker::builder(direct).lists(lists).budget(ms(30_000)).build().unwrap();
    let [stopping, running] =
        [(); 2].map(|()| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let check_all = |runtime: &Runtime| -> Vec<_> {
        let checks = (0..60).map(|last| checker.check(IpAddr::from([8, 8, 8, last])));
        checks.map(|check| runtime.spawn(check)).collect()
    };
    check_all(&stopping);
    run_until(&running, || server.came().len() >= 20);
    let checks = check_all(&running);
    run_until(&running, || checker.stats().shared >= 60);
    stopping.shutdown_background();
    answers.store(true, Ordering::Relaxed);
    for check in checks {
        let report = running.block_on(check).expect("it has panicked");
        let verdict = report.lists()[0].verdict();
        assert!(matches!(verdict, Verdict::NotListed { .. }), "{verdict:?}");
    }
}

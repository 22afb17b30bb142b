//! How many questions `Direct` sends to a server at a time: few that it cannot have read yet, but many that it works on.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::{FutureExt, join_all};
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};
use tokio::task::JoinHandle;

use crate::kit::answering::{Answering, nx};
use crate::kit::stalls::one_of_three;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Long before a send counts as lost.
fn patient(server: SocketAddr) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(60_000));
    Direct::servers([server]).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts)
}

fn question(number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

async fn ask(direct: &Direct, number: usize) -> Answer {
    direct.resolve(question(number)).await
}

/// Asks this many at once; every answer is NXDOMAIN.
async fn ask_all(direct: &Direct, count: usize) {
    let answers = join_all((0..count).map(|number| ask(direct, number))).await;
    assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
}

/// A server that reads at once and answers each question after a time, until it stops answering.
struct Slow {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Slow {
    fn start(delay: impl Fn(usize) -> Duration + Send + 'static) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(ms(1))).unwrap();
        let address = socket.local_addr().unwrap();
        let mut slow = Self {
            address,
            seen: Arc::default(),
            most: Arc::default(),
            silent: Arc::default(),
            stop: Arc::default(),
            thread: None,
        };
        let (seen, most) = (Arc::clone(&slow.seen), Arc::clone(&slow.most));
        let (silent, stop) = (Arc::clone(&slow.silent), Arc::clone(&slow.stop));
        slow.thread = Some(std::thread::spawn(move || {
            let mut buffer = [0; 512];
            let mut due: VecDeque<(Instant, Vec<u8>, SocketAddr)> = VecDeque::new();
            while !stop.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                    let at = Instant::now() + delay(seen.fetch_add(1, Ordering::Relaxed));
                    let place = due.partition_point(|(other, ..)| *other <= at);
                    due.insert(place, (at, nx(&buffer[..length]), from));
                    most.fetch_max(due.len(), Ordering::Relaxed);
                }
                while due.front().is_some_and(|(at, ..)| *at <= Instant::now()) {
                    let (_, answer, to) = due.pop_front().unwrap();
                    if !silent.load(Ordering::Relaxed) {
                        let _ = socket.send_to(&answer, to);
                    }
                }
            }
        }));
        slow
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Asks `count` questions of a server that reads them at once. It gets more at a time than the 128 of a server that has not
/// answered yet, unless a busy machine makes it look slower than it is. It never gets more than `limit`.
async fn more_than_at_first(delay: fn(usize) -> Duration, in_flight: Option<usize>, count: u64, limit: usize) {
    one_of_three(async || {
        let server = Slow::start(delay);
        let direct = patient(server.address);
        let direct = if let Some(most) = in_flight { direct.with_in_flight(most) } else { direct };
        ask_all(&direct, count.try_into().unwrap()).await;
        assert_eq!((direct.stats().sent, direct.stats().resent), (count, 0));
        let most = server.most.load(Ordering::Relaxed);
        assert!(most <= limit, "{most}");
        if most > 128 { Ok(()) } else { Err(format!("only {most} at a time")) }
    })
    .await;
}

#[tokio::test]
async fn slow_answers_delay_no_others() {
    more_than_at_first(|_| ms(50), None, 1_000, 1_000).await;
}

#[tokio::test]
async fn slow_answers_among_quick_ones_delay_no_others() {
    more_than_at_first(|number| if number % 2 == 0 { Duration::ZERO } else { ms(100) }, None, 2_000, 1_999).await;
}

#[tokio::test]
async fn a_limit_in_all_holds() {
    more_than_at_first(|_| ms(20), Some(200), 1_000, 200).await;
}

#[tokio::test]
async fn a_silent_server_gets_no_more_than_it_may_hold() {
    let server = Answering::start(|_, _| vec![]);
    let direct = patient(server.address);
    let asking = join_all((0..1_000).map(|number| ask(&direct, number)));
    assert!(tokio::time::timeout(ms(300), asking).await.is_err());
    until(|| server.came().len() >= 128).await;
    assert_eq!((server.came().len(), direct.stats().sent), (128, 128));
    // A question that was given up leaves nothing behind.
    let asking = join_all((0..1_000).map(|number| ask(&direct, number)));
    assert!(tokio::time::timeout(ms(100), asking).await.is_err());
    assert_eq!(direct.stats().sent, 256);
}

#[tokio::test]
async fn a_quick_server_that_stands_still_gets_no_more_than_it_may_hold() {
    let server = Slow::start(|_| Duration::ZERO);
    let direct = patient(server.address);
    for _ in 0..20 {
        ask_all(&direct, 100).await;
    }
    server.silent.store(true, Ordering::Relaxed);
    let asking = join_all((0..1_000).map(|number| ask(&direct, number)));
    assert!(tokio::time::timeout(ms(300), asking).await.is_err());
    until(|| server.seen() >= 2_128).await;
    // 128, and more where a busy machine makes the server look slower than it is; but never all of them.
    assert!((128..1_000).contains(&(server.seen() - 2_000)), "{}", server.seen());
}

#[tokio::test]
async fn a_slow_server_that_stands_still_gets_little_more() {
    let server = Slow::start(|_| ms(20));
    let direct = patient(server.address);
    ask_all(&direct, 500).await;
    server.silent.store(true, Ordering::Relaxed);
    let asking = join_all((0..4_000).map(|number| ask(&direct, number)));
    assert!(tokio::time::timeout(ms(600), asking).await.is_err());
    until(|| server.seen() >= 628).await;
    // As many as it gets in twice its usual time, which is longer on a busy machine; but never all of them.
    assert!((128..4_000).contains(&(server.seen() - 500)), "{}", server.seen());
}

#[tokio::test]
async fn waiting_questions_are_admitted_in_their_order() {
    let server = Answering::start(|came, _| {
        std::thread::sleep(ms(2));
        vec![nx(&came.octets)]
    });
    let direct = patient(server.address).with_in_flight(1).with_sockets(1);
    let questions: Vec<Question> = (0..20).map(|number| question(100 + number)).collect();
    let mut open: Vec<_> = questions.iter().map(|question| direct.resolve(question.clone())).collect();
    for future in &mut open {
        assert!(future.now_or_never().is_none());
    }
    // Some are given up, and one remains without ever being polled again.
    drop(open.remove(7));
    drop(open.remove(3));
    let stuck = open.pop();
    let answers = tokio::time::timeout(ms(30_000), join_all(open)).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
    drop(stuck);
    let asked: Vec<String> =
        server.came().iter().map(|came| String::from_utf8_lossy(&came.octets[13..16]).into_owned()).collect();
    let right: Vec<String> =
        (100..119).filter(|number| ![103, 107].contains(number)).map(|number| number.to_string()).collect();
    assert_eq!(asked, right);
    // A question that was admitted and never polled gives its permit back.
    assert_eq!(ask(&direct, 1).await, Answer::nx_domain(None));
}

#[test]
fn a_stalled_runtime_does_not_delay_others() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Answering::start(|_, _| vec![]);
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(300));
    let direct = patient(server.address).with_in_flight(1).with_timeouts(timeouts);
    let (standing_still, running) = (runtime(), runtime());
    let (first, second) = (question(1), question(2));
    let mut inside = direct.resolve(first.clone());
    let mut outside = direct.resolve(second.clone());
    standing_still.block_on(async {
        assert!((&mut inside).now_or_never().is_none());
        assert!((&mut outside).now_or_never().is_none());
    });
    let begun = Instant::now();
    let answers = running.block_on(async {
        let asking = join_all((10..20).map(|number| ask(&direct, number)));
        tokio::time::timeout(ms(30_000), asking).await.unwrap()
    });
    assert!(answers.iter().all(|answer| *answer == Answer::failed(Failure::Overload)));
    assert!(begun.elapsed() >= ms(290), "{:?}", begun.elapsed());
    drop(standing_still);
    drop((inside, outside));
    assert_eq!(running.block_on(ask(&direct, 3)), Answer::failed(Failure::Timeout));
}

/// A question about a name that a client chose, which is never answered.
fn silent(client: u32, number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.silent.test")).unwrap(), RecordType::A).chosen_by(client)
}

/// A server that answers nothing about `silent.test`.
fn half_silent() -> Answering {
    Answering::start(|came, _| match came.octets.windows(6).any(|octets| octets == b"silent") {
        true => vec![],
        false => vec![nx(&came.octets)],
    })
}

fn silent_ones(server: &Answering) -> usize {
    server.came().iter().filter(|came| came.octets.windows(6).any(|octets| octets == b"silent")).count()
}

/// Asks in the background; waits until `come` of them have arrived at the server.
async fn asked(direct: &Direct, server: &Answering, questions: Vec<Question>, come: usize) -> VecDeque<JoinHandle<()>> {
    let ask = |question: Question| {
        let direct = direct.clone();
        tokio::spawn(async move {
            direct.resolve(question.clone()).await;
        })
    };
    let tasks = questions.into_iter().map(ask).collect();
    until(|| silent_ones(server) >= come).await;
    tasks
}

async fn until(happened: impl Fn() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < ms(30_000));
        tokio::time::sleep(ms(1)).await;
    }
}

#[tokio::test]
async fn silent_names_of_clients_leave_half_of_the_places() {
    let server = half_silent();
    let direct = patient(server.address).with_in_flight(20);
    let questions = (0..100).map(|number| silent(number as u32, number)).collect();
    let held = asked(&direct, &server, questions, 10).await;
    tokio::time::timeout(ms(10_000), ask_all(&direct, 200)).await.unwrap();
    assert_eq!(silent_ones(&server), 10);
    held.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn one_client_has_a_few_places() {
    let server = half_silent();
    let direct = patient(server.address).with_in_flight(64);
    let mut held = asked(&direct, &server, (0..100).map(|number| silent(7, number)).collect(), 4).await;
    // Other clients, whose names are answered, do not wait for this one.
    for number in 0..20 {
        let other = question(number).chosen_by(8);
        assert_eq!(
            tokio::time::timeout(ms(10_000), direct.resolve(other.clone())).await.unwrap(),
            Answer::nx_domain(None)
        );
    }
    assert_eq!(silent_ones(&server), 4);
    // Questions that are given up make room for the client's next ones.
    held.drain(..4).for_each(|task| task.abort());
    until(|| silent_ones(&server) >= 8).await;
    held.drain(..).for_each(|task| task.abort());
    let own = question(2).chosen_by(7);
    assert_eq!(tokio::time::timeout(ms(10_000), direct.resolve(own.clone())).await.unwrap(), Answer::nx_domain(None));
}

#[tokio::test]
async fn silent_names_of_clients_do_not_look_like_a_full_buffer() {
    let server = half_silent();
    let direct = patient(server.address);
    let questions = (0..400).map(|number| silent(number as u32, number)).collect();
    let held = asked(&direct, &server, questions, 64).await;
    // One after the other: there is no answer on its way that could admit them.
    for number in 0..20 {
        let answer = tokio::time::timeout(ms(10_000), ask(&direct, number)).await;
        assert_eq!(answer.unwrap(), Answer::nx_domain(None));
    }
    held.iter().for_each(JoinHandle::abort);
}

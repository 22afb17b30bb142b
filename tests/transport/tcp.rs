//! What `Direct` does over TCP: few connections for many questions, answers in any order, servers that close, stall or babble.

mod silence;
mod stopped_runtimes;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::kit::answering::{Answering, listed};
use crate::kit::stalls::one_of_three;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Every answer over UDP is truncated; connections are passed to `serve`.
struct Cutting {
    address: SocketAddr,
    opened: Arc<AtomicUsize>,
    now_open: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
    _udp: Answering,
}

impl Cutting {
    fn start<F: Future<Output = ()> + Send>(serve: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> Self {
        let cut = |question: &[u8]| {
            let mut octets = question.to_vec();
            octets[2..4].copy_from_slice(&[0x83, 0x80]);
            octets
        };
        let (udp, listener) = loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            // The same port may be in use for UDP; then another port is tried.
            if std::net::UdpSocket::bind(address).is_ok() {
                break (Answering::start_at(address, move |came, _| vec![cut(&came.octets)]), listener);
            }
        };
        let address = udp.address;
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let (opened, now_open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (all, open) = (Arc::clone(&opened), Arc::clone(&now_open));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                all.fetch_add(1, Ordering::Relaxed);
                open.fetch_add(1, Ordering::Relaxed);
                let (serve, open) = (serve.clone(), Arc::clone(&open));
                tokio::spawn(async move {
                    serve(stream).await;
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { address, opened, now_open, accepting, _udp: udp }
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    async fn all_are_closed(&self) {
        let closed = async {
            while self.now_open.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(ms(5)).await;
            }
        };
        tokio::time::timeout(ms(10_000), closed).await.unwrap();
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn next_question(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let length = stream.read_u16().await.ok()?;
    let mut octets = vec![0; length.into()];
    stream.read_exact(&mut octets).await.ok()?;
    Some(octets)
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

/// Each name has an address of its own.
fn truth(number: usize) -> Answer {
    let last = u8::try_from(number % 200).unwrap();
    Answer::records([Ipv4Addr::new(127, 0, 0, last).into()], Duration::from_secs(60))
}

/// The answer to `N.bl.test`, framed.
fn true_answer(question: &[u8]) -> Vec<u8> {
    let label = &question[13..13 + usize::from(question[12])];
    let number: usize = std::str::from_utf8(label).unwrap().parse().unwrap();
    framed(&listed(question, u8::try_from(number % 200).unwrap()))
}

fn patient(server: SocketAddr) -> Direct {
    with_total(server, 20_000)
}

fn with_total(server: SocketAddr, milliseconds: u64) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(8_000)).with_total(ms(milliseconds));
    Direct::servers([server]).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts)
}

async fn ask(direct: &Direct, number: usize) -> Answer {
    let question = Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A);
    direct.resolve(question.clone()).await
}

async fn all_are_told(direct: &Direct, many: usize) {
    let answers = join_all((0..many).map(|number| ask(direct, number))).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, truth(number), "{number}");
    }
}

/// Answers in order for as long as the client likes.
async fn serve_all(mut stream: TcpStream) {
    while let Some(question) = next_question(&mut stream).await {
        if stream.write_all(&true_answer(&question)).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn many_questions_share_few_connections_that_close_when_idle() {
    let server = Cutting::start(serve_all);
    let direct = patient(server.address);
    all_are_told(&direct, 50).await;
    assert!((1..=4).contains(&server.opened()), "{}", server.opened());
    let before = server.opened();
    let begun = Instant::now();
    for number in 0..20 {
        assert_eq!(ask(&direct, number).await, truth(number));
    }
    assert_eq!((server.opened(), direct.stats().tcp), (before, u64::try_from(before).unwrap()));
    server.all_are_closed().await;
    assert!(begun.elapsed() >= ms(2_900), "closed too soon: {:?}", begun.elapsed());
    // It works as before.
    all_are_told(&direct, 50).await;
}

/// A connection that was closed because its questions were given up does not show how many answers the server gives on one.
#[tokio::test]
async fn a_connection_we_closed_is_no_habit_of_the_server() {
    let server = Cutting::start(|mut stream| async move {
        while let Some(question) = next_question(&mut stream).await {
            let is_for_nobody = question[12] == 3;
            if !is_for_nobody && stream.write_all(&true_answer(&question)).await.is_err() {
                return;
            }
        }
    });
    let direct = patient(server.address);
    assert_eq!(ask(&direct, 1).await, truth(1));
    let given_up = join_all((100..102).map(|number| tokio::time::timeout(ms(100), ask(&direct, number)))).await;
    assert!(given_up.iter().all(Result::is_err));
    server.all_are_closed().await;
    let before = server.opened();
    all_are_told(&direct, 8).await;
    assert_eq!(server.opened(), before + 1);
}

#[tokio::test]
async fn connections_close_with_the_resolver() {
    one_of_three(async || {
        let server = Cutting::start(serve_all);
        let direct = patient(server.address);
        all_are_told(&direct, 10).await;
        drop(direct);
        let begun = Instant::now();
        server.all_are_closed().await;
        // Idle connections stay open for three seconds.
        if begun.elapsed() < ms(2_900) { Ok(()) } else { Err(format!("{:?}", begun.elapsed())) }
    })
    .await;
}

#[tokio::test]
async fn answers_may_come_in_any_order_and_in_pieces() {
    // Questions that arrive together on one connection are answered in reverse order, some of them octet by octet.
    let server = Cutting::start(|mut stream| async move {
        loop {
            let Some(first) = next_question(&mut stream).await else { return };
            let mut all = vec![first];
            while let Ok(Some(next)) = tokio::time::timeout(ms(20), next_question(&mut stream)).await {
                all.push(next);
            }
            let answers: Vec<u8> = all.iter().rev().flat_map(|question| true_answer(question)).collect();
            for piece in answers.chunks(7) {
                if stream.write_all(piece).await.is_err() {
                    return;
                }
                stream.flush().await.unwrap();
            }
        }
    });
    all_are_told(&patient(server.address), 100).await;
    assert!(server.opened() <= 4, "{}", server.opened());
}

#[tokio::test]
async fn servers_that_close_after_each_answer() {
    let server = Cutting::start(|mut stream| async move {
        if let Some(question) = next_question(&mut stream).await {
            let _ = stream.write_all(&true_answer(&question)).await;
        }
    });
    let direct = patient(server.address);
    all_are_told(&direct, 50).await;
    // One connection for each question, and the ones that showed that the server answers only one.
    assert!((50..=60).contains(&server.opened()), "{}", server.opened());
    // One question after the other: the connection is found closed, and another one is opened.
    for number in 0..5 {
        assert_eq!(ask(&direct, number).await, truth(number));
    }
}

#[tokio::test]
async fn servers_that_close_idle_connections() {
    let server = Cutting::start(|mut stream| async move {
        while let Ok(Some(question)) = tokio::time::timeout(ms(30), next_question(&mut stream)).await {
            let _ = stream.write_all(&true_answer(&question)).await;
        }
    });
    let direct = patient(server.address);
    for number in 0..4 {
        assert_eq!(ask(&direct, number).await, truth(number));
        server.all_are_closed().await;
    }
    assert_eq!(server.opened(), 4);
}

#[tokio::test]
async fn a_connection_that_breaks_under_many_is_begun_again() {
    let broken = Arc::new(AtomicBool::new(false));
    let server = Cutting::start(move |mut stream: TcpStream| {
        let broken = Arc::clone(&broken);
        async move {
            if !broken.swap(true, Ordering::Relaxed) {
                // Some have arrived by now; none is answered.
                let _ = next_question(&mut stream).await;
                let _ = next_question(&mut stream).await;
                return;
            }
            serve_all(stream).await;
        }
    });
    all_are_told(&patient(server.address), 20).await;
}

#[tokio::test]
async fn nonsense_over_tcp_is_no_answer() {
    let other_id = |question: &[u8]| {
        let mut octets = true_answer(question);
        octets[2] ^= 1;
        octets
    };
    let other_name = |question: &[u8]| {
        let mut octets = true_answer(question);
        octets[15] ^= 1;
        octets
    };
    type Lie = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;
    let lies: [(Lie, bool); 6] = [
        (Arc::new(|_| framed(&[])), true),
        (Arc::new(|_| framed(&[0; 5])), true),
        // More is announced than ever comes.
        (Arc::new(|question| [&[0xff, 0xff][..], question].concat()), false),
        (Arc::new(other_id), true),
        (Arc::new(other_name), true),
        (Arc::new(|_| vec![b'x'; 70_000]), true),
    ];
    for (at, (lie, at_once)) in lies.into_iter().enumerate() {
        let server = Cutting::start(move |mut stream: TcpStream| {
            let lie = Arc::clone(&lie);
            async move {
                while let Some(question) = next_question(&mut stream).await {
                    let _ = stream.write_all(&lie(&question)).await;
                }
            }
        });
        let direct = with_total(server.address, if at_once { 60_000 } else { 1_000 });
        let begun = Instant::now();
        let answers = join_all((0..6).map(|number| ask(&direct, number))).await;
        assert!(answers.iter().all(|answer| *answer == Answer::failed(Failure::Truncated)), "{at}: {answers:?}");
        assert!(begun.elapsed() < ms(30_000), "{at}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn dropped_questions_disturb_no_others_and_leave_nothing() {
    let left = Arc::new(AtomicBool::new(false));
    let has_left = Arc::clone(&left);
    let server = Cutting::start(move |mut stream: TcpStream| {
        let has_left = Arc::clone(&has_left);
        async move {
            let mut held = Vec::new();
            while let Some(question) = next_question(&mut stream).await {
                // The questions that are given up have numbers of three digits. They are answered after that.
                if question[12] == 3 {
                    held.extend(true_answer(&question));
                    continue;
                }
                while !has_left.load(Ordering::Relaxed) {
                    tokio::time::sleep(ms(1)).await;
                }
                let late = std::mem::take(&mut held);
                if stream.write_all(&[late, true_answer(&question)].concat()).await.is_err() {
                    return;
                }
            }
        }
    });
    let direct = patient(server.address);
    let mut leaving: Vec<_> = (100..110).map(|number| Box::pin(ask(&direct, number))).collect();
    let staying = join_all((0..30).map(|number| ask(&direct, number)));
    let leave = async {
        while server.opened() == 0 {
            let polls = leaving.iter_mut().map(|asked| tokio::time::timeout(ms(1), asked));
            assert!(join_all(polls).await.iter().all(Result::is_err));
        }
        leaving.clear();
        left.store(true, Ordering::Relaxed);
    };
    let (answers, ()) = tokio::join!(staying, leave);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, truth(number), "{number}");
    }
    // The last question is given up before it is answered, and no other is open.
    assert!(tokio::time::timeout(ms(8), ask(&direct, 100)).await.is_err());
    server.all_are_closed().await;
    assert_eq!(ask(&direct, 2).await, truth(2));
}

#[test]
fn runtimes_come_and_go() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = serving.block_on(async { Cutting::start(serve_all) });
    let direct = patient(server.address);
    let standing_still = runtime();
    assert_eq!(standing_still.block_on(ask(&direct, 1)), truth(1));
    for number in 0..20 {
        // The runtime ends with a connection open and its timer set; once, with the timer due.
        let gone = runtime();
        assert_eq!(gone.block_on(ask(&direct, number)), truth(number));
        if number == 7 {
            std::thread::sleep(ms(3_100));
        }
    }
    assert_eq!(standing_still.block_on(ask(&direct, 2)), truth(2));
    assert!((21..=22).contains(&server.opened()), "{}", server.opened());
}

//! `Direct` under stress: ten thousand questions at once, servers that send nonsense, floods of forged answers, missing networks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use rdnsbl::dns::{Answer, AnswerKind, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};
use rdnsbl::{Checker, ListSet, Verdict};

use crate::kit::answering::{Answering, listed, nx};
use crate::kit::cases::cases;

const MANY: usize = 10_000;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Long before a send counts as lost.
fn patient(servers: impl IntoIterator<Item = SocketAddr>) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(60_000));
    Direct::servers(servers).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts)
}

fn question(number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

/// The number of `N.bl.test`.
fn number(question: &[u8]) -> usize {
    let label = question.get(13..13 + usize::from(question[12])).unwrap_or_default();
    std::str::from_utf8(label).ok().and_then(|label| label.parse().ok()).unwrap_or_default()
}

/// Every seventh is listed, without a reason.
fn tell(question: &[u8]) -> Vec<u8> {
    let asks_address = question[question.len() - 15..].starts_with(&[0, 1]);
    match number(question) % 7 {
        0 if asks_address => listed(question, 2),
        _ => nx(question),
    }
}

fn truth(number: usize) -> Answer {
    match number % 7 {
        0 => Answer::records([Ipv4Addr::new(127, 0, 0, 2).into()], Duration::from_secs(60)),
        _ => Answer::nx_domain(None),
    }
}

#[test]
fn ten_thousand_questions_at_once() {
    let server = Answering::start(|came, _| vec![tell(&came.octets)]);
    let direct = patient([server.address]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let questions: Vec<Question> = (0..MANY).map(question).collect();
    let burst = || {
        let memory = allocation_counter::measure(|| {
            let answers = runtime.block_on(join_all(questions.iter().map(|question| direct.resolve(question.clone()))));
            assert_eq!(answers.len(), MANY);
            assert!(answers.into_iter().enumerate().all(|(number, answer)| answer == truth(number)));
        });
        (memory.bytes_max, memory.bytes_current)
    };
    let (first, kept) = burst();
    // This includes the answers. Sockets, buffers and timers are kept, each of them bounded.
    assert!(first < 20 << 20, "{first} octets");
    assert!(kept < 2 << 20, "{kept} octets");
    let (second, grown) = burst();
    assert!(second <= first + (512 << 10), "{second} {first}");
    assert!(grown < 512 << 10, "{grown} octets");
    let stats = direct.stats();
    assert_eq!((stats.sent, stats.received, stats.resent, stats.ignored), (20_000, 20_000, 0, 0));
    assert_eq!(server.came().len(), 2 * MANY);
}

#[tokio::test]
async fn thousands_of_checks_at_once() {
    // Only clients are listed: neither the list's test entry nor the random label for its proof, and there is no PTR record.
    let server = Answering::start(|came, _| {
        let clients = came.octets.windows(10).any(|octets| octets == b"\x018\x018\x02bl\x04te");
        vec![if clients { tell(&came.octets) } else { nx(&came.octets) }]
    });
    let direct = patient([server.address]);
    let lists = ListSet::builder().deny("bl.test").build().unwrap();
    let checker = Checker::builder(direct.clone()).lists(lists).budget(Duration::from_secs(60)).build().unwrap();
    let client = |number: u32| {
        let [.., high, low] = number.to_be_bytes();
        IpAddr::from([8, 8, high, low])
    };
    let reports = join_all((0..cases(2_500)).map(|number| {
        let check = checker.check(client(number));
        async move { check.await.lists()[0].verdict().clone() }
    }))
    .await;
    let mut wrong = Vec::new();
    for (number, verdict) in reports.iter().enumerate() {
        // The first label is the client's last octet.
        let right = match (number & 0xff) % 7 {
            0 => matches!(verdict, Verdict::Listed { .. }),
            _ => matches!(verdict, Verdict::NotListed { .. }),
        };
        if !right {
            wrong.push((number, verdict));
        }
    }
    assert!(wrong.is_empty(), "{} {:?}", wrong.len(), wrong.first());
    assert_eq!((checker.stats().in_flight, checker.stats().failures), (0, 0));
    assert_eq!(direct.stats().resent, 0);
}

/// Octets without sense, some of them with the right id or more.
fn nonsense(question: &[u8], before: usize) -> Vec<u8> {
    let mut seed = u32::try_from(before).unwrap().wrapping_mul(0x9e37_79b9) | 1;
    let mut octets: Vec<u8> = (0..before % 300)
        .map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed.to_be_bytes()[1]
        })
        .collect();
    let kept = [0, 2, 12, question.len(), question.len() - 11][before % 5].min(octets.len());
    octets[..kept].copy_from_slice(&question[..kept]);
    if kept > 12 {
        octets[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 9, 0, 9, 0, 9]);
    }
    octets
}

#[tokio::test]
async fn nonsense_is_never_an_answer() {
    let babbling = Answering::start(|came, before| vec![nonsense(&came.octets, before)]);
    let timeouts = Timeouts::default().with_resend(ms(100)).with_total(ms(700));
    let direct = Direct::servers([babbling.address]).unwrap().with_timeouts(timeouts).with_in_flight(1_000);
    let begun = Instant::now();
    let questions: Vec<Question> = (0..1_000).map(question).collect();
    let answers = join_all(questions.iter().map(|question| direct.resolve(question.clone()))).await;
    assert!(begun.elapsed() < ms(30_000), "{:?}", begun.elapsed());
    for answer in answers {
        assert!(matches!(answer.kind(), AnswerKind::Failed(_)), "{answer}");
    }
    // If there is another server, its answer counts.
    let sound = Answering::start(|came, _| vec![tell(&came.octets)]);
    let timeouts = Timeouts::default().with_resend(ms(50)).with_total(ms(20_000));
    let direct = Direct::servers([babbling.address, sound.address]).unwrap().with_timeouts(timeouts);
    let answers = join_all(questions.iter().map(|question| direct.resolve(question.clone()))).await;
    assert!(answers.into_iter().enumerate().all(|(number, answer)| answer == truth(number)));
}

/// All forgeries by an attacker who knows everything about a question but its id, or everything but its name.
fn forgeries(question: &[u8], many: u16) -> Vec<Vec<u8>> {
    let id = u16::from_be_bytes([question[0], question[1]]);
    let lie = |step: u16| {
        let mut octets = listed(question, 66);
        match step {
            0 => octets[13] = b'x',
            _ => octets[..2].copy_from_slice(&id.wrapping_add(step).to_be_bytes()),
        }
        octets
    };
    (0..many).map(lie).collect()
}

#[tokio::test]
async fn floods_of_forged_answers_from_the_right_address() {
    const EACH: u16 = 100;
    let server = Answering::start(|came, _| {
        let mut all = forgeries(&came.octets, EACH);
        all.push(tell(&came.octets));
        all
    });
    let direct = patient([server.address]);
    for number in 0..400 {
        assert_eq!(direct.resolve(question(number)).await, truth(number));
    }
    let stats = direct.stats();
    assert_eq!(stats.received, 400);
    // A question whose socket was given up under the flood was asked from another one.
    let asked = server.came().len() as u64;
    assert!(asked >= 400 && stats.sent == asked, "{asked} {stats:?}");
    // Unread datagrams of a closed socket are not counted.
    let left = (asked - 400) * u64::from(EACH);
    let flood = asked * u64::from(EACH);
    assert!((flood - left..=flood).contains(&stats.ignored), "{stats:?}");
    assert!(stats.sockets > 64, "{stats:?}");
}

#[tokio::test]
async fn floods_of_forged_answers_from_elsewhere() {
    let last = Arc::new(Mutex::new(None::<(SocketAddr, Vec<u8>)>));
    let stop = Arc::new(AtomicBool::new(false));
    let forged = Arc::new(AtomicUsize::new(0));
    let (target, stopped, sent) = (Arc::clone(&last), Arc::clone(&stop), Arc::clone(&forged));
    let forger = std::thread::spawn(move || {
        let sockets =
            [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)].map(|from| UdpSocket::bind((from, 0)).unwrap());
        while !stopped.load(Ordering::Relaxed) {
            let Some((to, question)) = target.lock().unwrap().clone() else { continue };
            for socket in &sockets {
                // Even the id is right.
                let done = socket.send_to(&listed(&question, 66), to).is_ok();
                sent.fetch_add(usize::from(done), Ordering::Relaxed);
            }
        }
    });
    let server = Answering::start(move |came, _| {
        *last.lock().unwrap() = Some((came.from, came.octets.clone()));
        vec![tell(&came.octets)]
    });
    let direct = patient([server.address]);
    let questions: Vec<Question> = (0..2_000).map(question).collect();
    let begun = Instant::now();
    let mut right = true;
    loop {
        let answers = join_all(questions.iter().map(|question| direct.resolve(question.clone()))).await;
        right &= answers.into_iter().enumerate().all(|(number, answer)| answer == truth(number));
        // A busy machine may hardly have run the forger yet.
        if forged.load(Ordering::Relaxed) > 100 || begun.elapsed() > ms(30_000) {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    forger.join().unwrap();
    assert!(right);
    assert!(forged.load(Ordering::Relaxed) > 100);
    // The kernel does not deliver it.
    assert_eq!(direct.stats().ignored, 0);
}

#[tokio::test]
async fn networks_that_are_not_there() {
    let sound = Answering::start(|came, _| vec![tell(&came.octets)]);
    // No datagram may be sent there without asking for permission to broadcast.
    let nowhere: SocketAddr = (Ipv4Addr::BROADCAST, 53).into();
    let begun = Instant::now();
    let direct = patient([nowhere]);
    assert_eq!(direct.resolve(question(1)).await, Answer::failed(Failure::Network));
    let direct = patient([nowhere, sound.address]);
    for number in 0..50 {
        assert_eq!(direct.resolve(question(number)).await, truth(number));
    }
    assert!(begun.elapsed() < ms(15_000), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_under_load() {
    let server = Answering::start(|came, _| vec![tell(&came.octets)]);
    let address = server.address;
    let timeouts = Timeouts::default().with_resend(ms(100)).with_total(ms(1_000));
    let direct = Direct::servers([address]).unwrap().with_timeouts(timeouts);
    let asking = async {
        let mut seen = [0_usize; 2];
        let mut back = 0;
        for number in 0.. {
            let answer = direct.resolve(question(number)).await;
            match answer.kind() {
                AnswerKind::Failed(Failure::Network | Failure::Timeout) => seen[1] += 1,
                _ => {
                    assert_eq!(answer, truth(number));
                    seen[0] += 1;
                    back += usize::from(seen[1] > 0);
                }
            }
            if back >= 200 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let dying = async {
        tokio::time::sleep(ms(50)).await;
        tokio::task::spawn_blocking(|| drop(server)).await.unwrap();
        tokio::time::sleep(ms(300)).await;
        Answering::start_at(address, |came, _| vec![tell(&came.octets)])
    };
    let both = async { tokio::join!(asking, dying) };
    tokio::time::timeout(ms(60_000), both).await.unwrap();
}

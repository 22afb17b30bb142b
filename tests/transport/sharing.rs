//! What `Direct` does by itself: ports, ids, forgeries, shared sockets, re-sends. Shapes of responses: `wire_shapes`.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::{FutureExt, join_all};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record as WireRecord};
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, QueryCase, Resolve, Timeouts};

use crate::kit::answering::{Answering, Came, listed, nx};
use crate::kit::raw;
use crate::kit::stalls::one_of_three;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn direct(servers: &[SocketAddr]) -> Direct {
    Direct::servers(servers.iter().copied()).unwrap()
}

/// Long before a send counts as lost.
fn patient(servers: &[SocketAddr]) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(60_000));
    direct(servers).with_pacing(Pacing::Fixed).with_timeouts(timeouts)
}

fn question(number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

async fn ask(direct: &Direct, number: usize) -> Answer {
    direct.resolve(question(number)).await
}

fn truth(last: u8) -> Answer {
    Answer::records([Ipv4Addr::new(127, 0, 0, last).into()], Duration::from_secs(60))
}

fn always_nx(came: &Came, _: usize) -> Vec<Vec<u8>> {
    vec![nx(&came.octets)]
}

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

/// Every forgery of one answer.
fn forgeries(question: &[u8], many: u16) -> Vec<Vec<u8>> {
    let id = u16::from_be_bytes([question[0], question[1]]);
    let lie = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = listed(question, 66);
        change(&mut octets);
        octets
    };
    let mut all: Vec<Vec<u8>> = (1..=many)
        .map(|step| lie(&|octets| octets[..2].copy_from_slice(&id.wrapping_add(step).to_be_bytes())))
        .collect();
    all.push(lie(&|octets| octets[13] = b'x'));
    let kind = question.len() - 14;
    all.push(lie(&|octets| octets[kind] = 28));
    all.push(lie(&|octets| octets[kind + 2] = 3));
    all.push(vec![]);
    all.push(vec![0]);
    all
}

#[tokio::test]
async fn forgeries_are_ignored_and_counted() {
    let server = Answering::start(|came, _| {
        // So few that no socket is replaced because of them.
        let mut all = forgeries(&came.octets, 5);
        all.push(listed(&came.octets, 2));
        all
    });
    let direct = patient(&[server.address]);
    for number in 0..100 {
        assert_eq!(ask(&direct, number).await, truth(2));
    }
    assert_eq!((direct.stats().ignored, direct.stats().received), (1_000, 100));
    assert_eq!(server.came().len(), 100);
}

#[tokio::test]
async fn ports_that_are_guessed_at_are_left() {
    let server = Answering::start(|came, before| match before {
        // No more than a receive buffer holds.
        0..7 => (0..25).flat_map(|_| forgeries(&came.octets, 0)).collect(),
        _ => vec![listed(&came.octets, 2)],
    });
    let timeouts = Timeouts::default().with_resend(ms(10)).with_total(ms(20_000));
    let direct = patient(&[server.address]).with_sockets(1).with_timeouts(timeouts);
    assert_eq!(ask(&direct, 1).await, truth(2));
    assert!(direct.stats().ignored >= 512, "{:?}", direct.stats());
    assert!(direct.stats().sockets >= 2, "{:?}", direct.stats());
    assert_eq!(direct.stats().received, 1);
}

#[tokio::test]
async fn answers_from_others_are_ignored() {
    let forger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let other_address = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
    let server = Answering::start(move |came, _| {
        for socket in [&forger, &other_address] {
            socket.send_to(&listed(&came.octets, 66), came.from).unwrap();
        }
        vec![listed(&came.octets, 2)]
    });
    let direct = patient(&[server.address]);
    for number in 0..20 {
        assert_eq!(ask(&direct, number).await, truth(2));
    }
}

/// A wrong answer over UDP with letters in another case, and the right one over TCP.
fn careless(query: &raw::Seen, _: usize) -> raw::Act {
    let mut message = raw::reply(query);
    let last = if query.tcp { 2 } else { 66 };
    let owner = query.message.queries[0].name().clone();
    message.add_answer(WireRecord::from_rdata(owner, 60, RData::A(A::new(127, 0, 0, last))));
    if !query.tcp {
        let lower = query.message.queries[0].name().to_lowercase();
        message.queries[0].set_name(lower);
    }
    message.into()
}

#[tokio::test]
async fn other_case_is_not_believed() {
    let server = raw::Server::start(careless).await;
    // Long enough that hardly ever all letters happen to be lower case.
    let question = Question::new(Name::parse("a-long-enough-name-of-letters.bl.test").unwrap(), RecordType::A);
    let random = patient(&[server.address]).with_case(QueryCase::Random);
    assert_eq!(random.resolve(question.clone()).await, truth(2));
    assert_eq!((random.stats().other_case, random.stats().tcp), (1, 1));
    let lower = patient(&[server.address]);
    assert_eq!(lower.resolve(question.clone()).await, truth(66));
    let cased: HashSet<Vec<u8>> =
        server.seen().iter().map(|seen| seen.message.queries[0].name().to_string().into()).collect();
    assert_eq!(cased.len(), 2);
}

#[tokio::test]
async fn case_of_the_question_does_not_matter_when_it_is_not_random() {
    let server = Answering::start(|came, _| {
        let mut octets = came.octets.clone();
        octets[12..20].make_ascii_uppercase();
        vec![nx(&octets)]
    });
    assert_eq!(ask(&patient(&[server.address]), 1).await, Answer::nx_domain(None));
}

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

#[tokio::test]
async fn floods_are_told_as_such() {
    one_of_three(async || {
        // Every question gets only answers to other questions. A busy machine may drop most of them.
        let server = Answering::start(|came, _| (0..20).flat_map(|_| forgeries(&came.octets, 100)).collect());
        let timeouts = Timeouts::default().with_resend(ms(300)).with_total(ms(20_000));
        let direct = patient(&[server.address]).with_sockets(1).with_timeouts(timeouts);
        let answer = ask(&direct, 1).await;
        if answer == Answer::failed(Failure::Overload) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

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

//! The same check, by this crate and by hand, side by side in one run: `cargo bench --bench naive` (add `-- --smoke` for a few
//! seconds).
//!
//! One check is 16 questions about a clean client: 12 lists, PTR and its address, the sender's MX and its address. "naive" is
//! what one writes first: hickory's `TokioResolver`, `join_all`, no proof, no memory. "ours" is a `Checker` with `Direct`, whose
//! zones have been asked before; every client and sender is new to it; "ours_stub" is the same with `Stub`. "stub" is that
//! `Stub` by hand, without checker: the same 16 questions, so that it shows what the transport costs. All ask one responder on loopback, in threads
//! of its own; the CPU time is that of the client's thread alone, as Linux counts it in `/proc/thread-self/schedstat`, system
//! calls included. Rounds alternate, and the median round is printed as `name value unit`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{join_all, join3};
use futures::stream::{self, StreamExt};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType as WireType;
use rdnsbl::dns::{Answer, Failure, Is, Question, Record, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Resolve, Stub};
use rdnsbl::text::RemoteText;
use rdnsbl::{Action, Checker, Dialogue, Inquiry, ListSet, Policy, Settings, SpecialPurpose, Standing, Subject};

/// Checks under way at the same time.
const AT_ONCE: usize = 16;
/// The delay of a resolver nearby that has to ask.
const DELAY: Duration = Duration::from_millis(20);

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let (rounds, checks) = if smoke { (1, 200) } else { (5, 2_000) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let fast = Responder::start(Duration::ZERO);
        let (ours, naive) = (checker(direct(&fast)), resolver(&fast));
        let ours_stub = checker(Stub::servers([fast.address]).unwrap());
        let mut next = Clients(0);
        let stub = Stub::servers([fast.address]).unwrap();
        let (mut ours_cpu, mut ours_stub_cpu) = (Vec::new(), Vec::new());
        let (mut naive_cpu, mut stub_cpu) = (Vec::new(), Vec::new());
        // Buffers, pools and the lists' first questions are nobody's cost per check.
        measure(&fast, next.take(AT_ONCE), |client| ours_check(&ours, client)).await;
        measure(&fast, next.take(AT_ONCE), |client| ours_check(&ours_stub, client)).await;
        measure(&fast, next.take(AT_ONCE), |client| naive_check(&naive, client)).await;
        let (mut ours_questions, mut naive_questions) = (0, 0);
        for _ in 0..rounds {
            let measured = measure(&fast, next.take(checks), |client| ours_check(&ours, client)).await;
            ours_cpu.push(measured.cpu);
            ours_questions = measured.questions;
            ours_stub_cpu.push(measure(&fast, next.take(checks), |client| ours_check(&ours_stub, client)).await.cpu);
            let measured = measure(&fast, next.take(checks), |client| naive_check(&naive, client)).await;
            naive_cpu.push(measured.cpu);
            naive_questions = measured.questions;
            stub_cpu.push(measure(&fast, next.take(checks), |client| stub_check(&stub, client)).await.cpu);
        }
        let per_check = |total: u64| total as f64 / checks as f64;
        let (ours_cpu, naive_cpu) = (median(ours_cpu), median(naive_cpu));
        print("ours_cpu", per_check(ours_cpu) / 1e3, "us/check");
        print("ours_stub_cpu", per_check(median(ours_stub_cpu)) / 1e3, "us/check");
        print("naive_cpu", per_check(naive_cpu) / 1e3, "us/check");
        print("stub_cpu", per_check(median(stub_cpu)) / 1e3, "us/check");
        print("naive_cpu_to_ours", naive_cpu as f64 / ours_cpu as f64, "ratio");
        print("ours_questions", per_check(ours_questions), "datagrams/check");
        print("naive_questions", per_check(naive_questions), "datagrams/check");

        let known = next.take(checks.min(1_000));
        let seen = known.len();
        measure(&fast, known.clone(), |client| ours_check(&ours, client)).await;
        let warm = measure(&fast, known, |client| ours_check(&ours, client)).await;
        print("ours_warm_cpu", warm.cpu as f64 / seen as f64 / 1e3, "us/check");
        print("ours_warm_questions", warm.questions as f64 / seen as f64, "datagrams/check");
        print("reply_cpu", reply_cost(if smoke { 20_000 } else { 200_000 }) / 1e3, "us/reply");

        let slow = Responder::start(DELAY);
        let (ours, naive) = (checker(direct(&slow)), resolver(&slow));
        // The first questions of a checker go to lists' test entries, and find no socket open.
        measure(&slow, next.take(AT_ONCE), |client| ours_check(&ours, client)).await;
        measure(&slow, next.take(AT_ONCE), |client| naive_check(&naive, client)).await;
        let checks = if smoke { 160 } else { 3_200 };
        let mut took = measure(&slow, next.take(checks), |client| ours_check(&ours, client)).await.took;
        print_latency("ours", &mut took);
        let mut took = measure(&slow, next.take(checks), |client| naive_check(&naive, client)).await.took;
        print_latency("naive", &mut took);
    });
}

/// `name value unit`.
fn print(name: &str, value: f64, unit: &str) {
    println!("{name} {value:.2} {unit}");
}

fn print_latency(who: &str, took: &mut [Duration]) {
    took.sort_unstable();
    for (percentile, index) in [("p50", took.len() / 2), ("p99", took.len() * 99 / 100)] {
        print(&format!("{who}_{percentile}_at_20ms"), took[index].as_secs_f64() * 1e3, "ms");
    }
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Nanoseconds on a CPU for the reply to a client that all 12 lists hold: the policy's judgement of the finished report, and
/// its line as text.
fn reply_cost(times: u32) -> f64 {
    let mut lists = ListSet::builder();
    for number in 0..12 {
        lists = lists.deny(&zone(number));
    }
    let settings = Settings {
        lists: lists.build().unwrap(),
        policy: Policy::postfix(),
        special_purpose: SpecialPurpose::Ask,
        ..Settings::default()
    };
    let client = IpAddr::V4(address(7));
    let reversed = Name::reverse_of(client).to_string().replace("in-addr.arpa", "");
    let mut inquiry =
        Inquiry::new(&Dialogue::from(client), &Arc::new(settings), &mut Standing::default(), Instant::now(), [7; 16]);
    while let Some((ticket, question)) = inquiry.next_question() {
        let is_client = question.name.to_string().starts_with(&reversed);
        let answer = match question.kind {
            RecordType::A if is_client => Answer::records([Record::A([127, 0, 0, 2].into())], DELAY * 3_000),
            RecordType::Txt if is_client => {
                let text = RemoteText::clean(b"Spam received, see https://bl.example/why?ip=192.0.2.7");
                Answer::records([Record::Txt(text)], DELAY * 3_000)
            }
            _ => Answer::nx_domain(None),
        };
        inquiry.supply(ticket, answer);
    }
    let report = inquiry.finish(Failure::Deadline);
    assert_eq!((report.denied().count(), report.advice().action()), (12, Action::Reject));
    let policy = Policy::postfix();
    let before = cpu();
    for _ in 0..times {
        let advice = policy.judge(std::hint::black_box(&report));
        std::hint::black_box(advice.reply().map(ToString::to_string));
    }
    (cpu() - before) as f64 / f64::from(times)
}

/// What a number of checks cost.
struct Measured {
    /// Nanoseconds of this thread on a CPU.
    cpu: u64,
    questions: u64,
    took: Vec<Duration>,
}

/// Makes these checks, some at once.
async fn measure<F: Future<Output = ()>>(
    responder: &Responder,
    clients: Vec<u32>,
    check: impl Fn(u32) -> F,
) -> Measured {
    let (cpu, questions) = (cpu(), responder.questions());
    let timed = |client| {
        let check = check(client);
        async move {
            let started = Instant::now();
            check.await;
            started.elapsed()
        }
    };
    let took = stream::iter(clients).map(timed).buffer_unordered(AT_ONCE).collect().await;
    Measured { cpu: self::cpu() - cpu, questions: responder.questions() - questions, took }
}

/// Nanoseconds this thread has been on a CPU.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with scheduler statistics");
    text.split_ascii_whitespace().next().unwrap().parse().unwrap()
}

/// Clients nobody has seen before.
struct Clients(u32);

impl Clients {
    fn take(&mut self, count: usize) -> Vec<u32> {
        let first = self.0;
        self.0 += u32::try_from(count).unwrap();
        (first..self.0).collect()
    }
}

/// 20.0.0.0/8 is no special-purpose network; nothing leaves the machine.
fn address(client: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x1400_0000 | client)
}

fn zone(number: usize) -> String {
    format!("bl{number:02}.example")
}

fn direct(responder: &Responder) -> Direct {
    Direct::servers([responder.address]).unwrap()
}

fn checker(resolver: impl Resolve + 'static) -> Checker {
    let lists = (0..12).fold(ListSet::builder(), |set, number| set.deny(&zone(number))).build().unwrap();
    Checker::builder(resolver).lists(lists).build().unwrap()
}

async fn ours_check(checker: &Checker, client: u32) {
    let sender = format!("<a@s{client}.example>");
    let report = checker.check(Dialogue::from(IpAddr::V4(address(client))).mail_from(sender)).await;
    assert_eq!(report.advice().action(), Action::Pass);
    assert_eq!(report.counts().not_listed, 12);
    assert_eq!(report.iprev().unwrap().rfc8601(), "pass");
    assert_eq!(report.sender().unwrap().verdict().word(), "ok");
}

async fn stub_check(stub: &Stub, client: u32) {
    let address = address(client);
    let ask = async |name: Name, kind| stub.resolve(&Question::new(name, kind)).await;
    let lists = join_all((0..12).map(async |number| {
        let zone = Name::parse(&zone(number)).unwrap();
        ask(Subject::from(IpAddr::V4(address)).name_under(&zone).unwrap(), RecordType::A).await
    }));
    let reverse = async {
        let names = ask(Name::reverse_of(address.into()), RecordType::Ptr).await;
        let Is::Records(names) = names.is() else { panic!("{names}") };
        ask(Name::parse(&names.iter().next().unwrap().to_string()).unwrap(), RecordType::A).await
    };
    let sender = async {
        let hosts = ask(Name::parse(&format!("s{client}.example")).unwrap(), RecordType::Mx).await;
        let Is::Records(hosts) = hosts.is() else { panic!("{hosts}") };
        let host = hosts.iter().next().unwrap().to_string();
        ask(Name::parse(host.split_once(' ').unwrap().1).unwrap(), RecordType::A).await
    };
    let (listed, confirmed, mail) = join3(lists, reverse, sender).await;
    assert!(listed.iter().all(|answer| matches!(answer.is(), Is::NxDomain(_))));
    assert!([confirmed, mail].iter().all(|answer| matches!(answer.is(), Is::Records(_))));
}

fn resolver(responder: &Responder) -> TokioResolver {
    let mut udp = ConnectionConfig::udp();
    udp.port = responder.address.port();
    let server = NameServerConfig::new(responder.address.ip(), true, vec![udp]);
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build().unwrap()
}

async fn naive_check(resolver: &TokioResolver, client: u32) {
    let address = address(client);
    let [a, b, c, d] = address.octets();
    let lists = join_all((0..12).map(|number| async move {
        resolver.lookup(format!("{d}.{c}.{b}.{a}.{}.", zone(number)), WireType::A).await.is_ok()
    }));
    let reverse = async {
        let names = resolver.lookup(format!("{d}.{c}.{b}.{a}.in-addr.arpa."), WireType::PTR).await.unwrap();
        let name = names.answers()[0].data.to_string();
        resolver.lookup(name, WireType::A).await.is_ok()
    };
    let sender = async {
        let hosts = resolver.lookup(format!("s{client}.example."), WireType::MX).await.unwrap();
        let host = hosts.answers()[0].data.to_string();
        let (_, host) = host.split_once(' ').unwrap();
        resolver.lookup(host, WireType::A).await.is_ok()
    };
    let (listed, confirmed, mail) = join3(lists, reverse, sender).await;
    assert!(!listed.contains(&true) && confirmed && mail);
}

/// Answers on loopback, from threads of its own.
struct Responder {
    address: SocketAddr,
    questions: Arc<AtomicU64>,
}

impl Responder {
    /// Every answer comes after this delay.
    fn start(delay: Duration) -> Self {
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let address = socket.local_addr().unwrap();
        let questions = Arc::new(AtomicU64::new(0));
        let (queue, due) = mpsc::channel::<(Instant, Vec<u8>, SocketAddr)>();
        let sender = Arc::clone(&socket);
        thread::spawn(move || {
            for (at, answer, peer) in due {
                thread::sleep(at.saturating_duration_since(Instant::now()));
                let _ = sender.send_to(&answer, peer);
            }
        });
        let count = Arc::clone(&questions);
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = answer(&buffer[..length]);
                if delay.is_zero() {
                    let _ = socket.send_to(&answer, peer);
                } else if queue.send((Instant::now() + delay, answer, peer)).is_err() {
                    return;
                }
            }
        });
        Self { address, questions }
    }

    fn questions(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }
}

/// The answer to a query: nothing in `bl*`, a name for every address, and both ways for names.
fn answer(query: &[u8]) -> Vec<u8> {
    let mut labels = VecDeque::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push_back((at, std::str::from_utf8(&query[at + 1..end]).unwrap()));
        at = end;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let (zone_at, zone) = labels[labels.len() - 2];
    let numbers =
        |labels: &mut dyn Iterator<Item = &str>| -> Vec<u8> { labels.map(|it| it.parse().unwrap()).collect() };
    let (code, data) = match kind {
        12 => {
            let octets = numbers(&mut labels.iter().take(4).rev().map(|(_, label)| *label));
            (0, name(&[&format!("h{}-{}-{}-{}", octets[0], octets[1], octets[2], octets[3]), "hosts", "example"]))
        }
        15 => (0, [&[0, 10][..], &name(&["mx", zone, "example"])].concat()),
        _ if zone == "hosts" => (0, numbers(&mut labels[0].1[1..].split('-'))),
        _ if labels[0].1 == "mx" => (0, vec![20, 255, 0, 1]),
        _ => (3, Vec::new()),
    };
    let mut message = query[..2].to_vec();
    let (answers, authorities) = if code == 0 { (1, 0) } else { (0, 1) };
    message.extend([0x81, 0x80 | code, 0, 1, 0, answers, 0, authorities, 0, 0]);
    message.extend(&query[12..at + 5]);
    if code == 0 {
        record(&mut message, 12, kind, &data);
    } else {
        let numbers = [1_u32, 3_600, 600, 86_400, 300].map(u32::to_be_bytes).concat();
        record(&mut message, zone_at, 6, &[&name(&["ns"])[..], &name(&["hostmaster"]), &numbers].concat());
    }
    message
}

/// A record whose owner stands at this place of the message; TTL 300.
fn record(message: &mut Vec<u8>, owner: usize, kind: u16, data: &[u8]) {
    message.extend([0xc0, u8::try_from(owner).unwrap()]);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1, 0, 0, 1, 44]);
    message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    message.extend(data);
}

fn name(labels: &[&str]) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in labels {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

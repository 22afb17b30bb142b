//! How long a check takes where every answer takes 20 milliseconds: two of them, one after the other, are the least.

use std::net::UdpSocket;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rdnsbl::resolve::Direct;
use tokio::runtime::Runtime;

use super::candidates::{Candidate, check, checker, resolver};
use super::composite::Clients;
use super::load::{self, AtOnce, Load, within};
use super::meter::{figure, median, pin};
use super::responder::{Behaviour, Responder};
use super::world;

/// Checks under way at the same time.
pub(crate) const AT_ONCE: usize = 16;
/// The same, not all in step with each other.
const SPREAD: AtOnce = AtOnce { count: AT_ONCE, apart: Duration::from_micros(40_000 / AT_ONCE as u64) };
/// Milliseconds that two answers take, one after the other.
const TWO_ROUND_TRIPS: f64 = 40.0;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start(Behaviour::DELAYED);
    let runtime = load::runtime();
    let mut clients = Clients(0);
    machine(&responder, if smoke { 2 } else { 120 });
    let candidates = [
        ("ours", ours(&responder, None)),
        ("ours_wide", wide(&responder)),
        ("by_hand", by_hand(&responder)),
        ("naive", naive(&responder)),
    ];
    for (name, candidate) in candidates {
        check(&runtime, &candidate, AT_ONCE, clients.take(160), 160);
        let count = if smoke { 160 } else { 3_200 };
        let (load, tally) = check(&runtime, &candidate, SPREAD, clients.take(count), count);
        tally.complain(name);
        beyond(&format!("latency.{name}"), &load);
        together(name, &runtime, &candidate, &mut clients, if smoke { 2 } else { 20 });
    }
}

/// Checks that all begin at the same moment: the slowest of them, in the middle of several runs.
fn together(name: &str, runtime: &Runtime, candidate: &Rc<Candidate>, clients: &mut Clients, runs: usize) {
    let burst = |_| check(runtime, candidate, AT_ONCE, clients.take(AT_ONCE as u64), AT_ONCE as u64).0.within(1_000);
    figure(&format!("latency.{name}.together.slowest"), median((0..runs).map(burst).collect()), "ms");
}

pub(crate) fn ours(responder: &Responder, budget: Option<Duration>) -> Rc<Candidate> {
    let checker = checker(Direct::servers([responder.address]).unwrap());
    Rc::new(Candidate::Ours(checker.build().unwrap(), budget))
}

/// What responder and machine add by themselves: two questions, one after the other, from threads that do nothing else.
fn machine(responder: &Responder, count: u32) {
    let address = responder.address;
    let thread = move |number: u32| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        // So that they do not all come at the same moment.
        std::thread::sleep(SPREAD.apart * number);
        let ask = |name: &str, kind| {
            socket.send(&world::octets(0, name, kind)).unwrap();
            socket.recv(&mut [0; 512]).unwrap();
        };
        let pair = |at| {
            let [.., (mail, of_mail), (host, of_host)] = world::questions(number * count + at);
            let started = Instant::now();
            ask(&mail, of_mail);
            ask(&host, of_host);
            started.elapsed()
        };
        (0..count).map(pair).collect::<Vec<Duration>>()
    };
    let threads: Vec<_> = (0..AT_ONCE as u32).map(|number| std::thread::spawn(move || thread(number))).collect();
    let mut took: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    took.sort_unstable();
    print_beyond("latency.machine", &took);
}

/// With more questions at a time to one server: no check waits for another.
fn wide(responder: &Responder) -> Rc<Candidate> {
    let direct = Direct::servers([responder.address]).unwrap().with_in_flight(1_024);
    Rc::new(Candidate::Ours(checker(direct).build().unwrap(), None))
}

fn by_hand(responder: &Responder) -> Rc<Candidate> {
    Rc::new(Candidate::ByHand(Direct::servers([responder.address]).unwrap()))
}

pub(crate) fn naive(responder: &Responder) -> Rc<Candidate> {
    Rc::new(Candidate::Naive(resolver(&[responder.address], 0)))
}

pub(crate) fn beyond(name: &str, load: &Load) {
    print_beyond(name, &load.took);
}

/// Percentiles, and how far they are beyond what the network takes; the quickest first.
fn print_beyond(name: &str, took: &[Duration]) {
    for (percentile, of_thousand) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
        let within = within(took, of_thousand);
        figure(&format!("{name}.{percentile}"), within, "ms");
        figure(&format!("{name}.{percentile}.beyond"), within - TWO_ROUND_TRIPS, "ms");
    }
}

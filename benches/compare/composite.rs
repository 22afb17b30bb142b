//! The whole check of a new client: CPU, allocations and datagrams, on one core.

use std::rc::Rc;

use rdnsbl::resolve::{Direct, Stub};

use super::candidates::{Candidate, check, checker, resolver};
use super::load::{self, Cost};
use super::meter::{cpu, figure, median, pin};
use super::raw;
use super::responder::{Behaviour, Responder};
use super::world::{self, QUESTIONS};

/// Runs of each, of which the median counts; they take turns.
const RUNS: usize = 3;

/// What one run of one candidate gave, per check: cost, checks in a second, datagrams.
struct Run {
    cost: Cost,
    rate: f64,
    datagrams: f64,
}

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start(Behaviour::AT_ONCE);
    let mut clients = Clients(0);
    for in_flight in [16, 64, 256] {
        compare(&responder, &mut clients, in_flight, smoke);
    }
    two_servers(&responder, &mut clients, if smoke { 100 } else { 1_000 });
}

/// Numbers of clients that were not asked about before.
pub(crate) struct Clients(pub(crate) u64);

impl Clients {
    pub(crate) fn take(&mut self, count: u64) -> u64 {
        self.0 += count;
        self.0 - count
    }
}

fn compare(responder: &Responder, clients: &mut Clients, in_flight: usize, smoke: bool) {
    let server = [responder.address];
    let candidates = [
        ("ours", 3_000, Candidate::Ours(checker(Direct::servers(server).unwrap()).build().unwrap(), None)),
        ("ours_stub", 1_000, Candidate::Ours(checker(Stub::servers(server).unwrap()).build().unwrap(), None)),
        ("by_hand", 3_000, Candidate::ByHand(Direct::servers(server).unwrap())),
        ("naive", 600, Candidate::Naive(resolver(&server, 0))),
    ];
    let candidates = candidates.map(|(name, count, candidate)| (name, count, Rc::new(candidate)));
    let (runtime, runs) = (load::runtime(), if smoke { 1 } else { RUNS });
    let mut all: [Vec<Run>; 4] = Default::default();
    let mut floor = Vec::new();
    for run in 0..=runs {
        for ((name, count, candidate), runs) in candidates.iter().zip(&mut all) {
            let count = if smoke { 50 } else { *count };
            let before = responder.seen();
            let (load, tally) = check(&runtime, candidate, in_flight, clients.take(count), count);
            tally.complain(name);
            // The first run asks for the lists' test entries, and finds no socket open.
            if run > 0 {
                let datagrams = (responder.seen() - before) as f64 / count as f64;
                runs.push(Run { cost: load.cost(), rate: load.rate(), datagrams });
            }
        }
        let count = if smoke { 50 } else { 3_000 };
        let questions = octets(clients.take(count), count);
        let used = cpu();
        raw::run(responder.address, &questions, (in_flight * QUESTIONS).min(128));
        floor.push((cpu() - used) / count as f64);
    }
    let figure = |name: &str, value, unit| figure(&format!("composite.{in_flight}.{name}"), value, unit);
    let of = |at: usize, what: fn(&Run) -> f64| median(all[at].iter().map(what).collect());
    for (at, (name, ..)) in candidates.iter().enumerate() {
        figure(&format!("{name}.cpu"), of(at, |run| run.cost[0]), "us");
        figure(&format!("{name}.rate"), of(at, |run| run.rate), "checks/s");
        figure(&format!("{name}.allocations"), of(at, |run| run.cost[1]), "per_check");
        figure(&format!("{name}.allocated"), of(at, |run| run.cost[2]), "B");
        figure(&format!("{name}.datagrams"), of(at, |run| run.datagrams), "per_check");
    }
    let floor = median(floor);
    figure("raw.cpu", floor, "us");
    let ours = of(0, |run| run.cost[0]);
    let ratio = |name: &str, value| super::meter::figure(&format!("ratio.composite.{in_flight}.{name}"), value, "x");
    ratio("naive", of(3, |run| run.cost[0]) / ours);
    ratio("naive_rate", of(0, |run| run.rate) / of(3, |run| run.rate));
    ratio("naive_allocations", of(3, |run| run.cost[1]) / of(0, |run| run.cost[1]));
    ratio("ours_stub", of(1, |run| run.cost[0]) / ours);
    ratio("by_hand", ours / of(2, |run| run.cost[0]));
    ratio("raw", ours / floor);
}

fn octets(first: u64, count: u64) -> Vec<Vec<u8>> {
    (first..first + count)
        .flat_map(|number| world::questions(number as u32))
        .enumerate()
        .map(|(id, (name, kind))| world::octets(id as u16, &name, kind))
        .collect()
}

/// One datagram per question is enough, even where two servers can be asked.
fn two_servers(first: &Responder, clients: &mut Clients, count: u64) {
    let second = Responder::start(Behaviour::AT_ONCE);
    let servers = [first.address, second.address];
    let candidates = [
        ("ours", Candidate::Ours(checker(Direct::servers(servers).unwrap()).build().unwrap(), None)),
        ("ours_stub", Candidate::Ours(checker(Stub::servers(servers).unwrap()).build().unwrap(), None)),
        ("naive", Candidate::Naive(resolver(&servers, 0))),
    ];
    let runtime = load::runtime();
    for (name, candidate) in candidates {
        let candidate = Rc::new(candidate);
        check(&runtime, &candidate, 64, clients.take(64), 64);
        let before = first.seen() + second.seen();
        let (load, tally) = check(&runtime, &candidate, 64, clients.take(count), count);
        tally.complain(name);
        // What was sent for nothing may still be under way.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let datagrams = (first.seen() + second.seen() - before) as f64;
        let questions = (count * QUESTIONS as u64 + tally.hits.get()) as f64;
        figure(&format!("composite.two_servers.{name}.cpu"), load.cost()[0], "us");
        figure(&format!("composite.two_servers.{name}.datagrams"), datagrams / questions, "per_question");
    }
}

//! One question: what it costs beside the floor, our adapter over hickory and hickory's own resolver.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::{Name as WireName, RecordType as WireType};
use rdnsbl::dns::{Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Resolve, Stub};

use super::candidates::resolver;
use super::load::{self, Cost};
use super::meter::{cpu, figure, median, pin};
use super::responder::{Behaviour, Responder};
use super::{raw, world};

/// Runs of each, of which the median counts; they take turns.
const RUNS: usize = 5;
const LISTS: u64 = 12;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start(Behaviour::AT_ONCE);
    for in_flight in [64, 512] {
        compare(responder.address, in_flight, if smoke { 1 } else { RUNS }, if smoke { 100 } else { 1 });
    }
}

/// Only one of `share` questions is asked.
fn compare(server: SocketAddr, in_flight: usize, runs: usize, share: u64) {
    let mut costs: [Vec<Cost>; 5] = Default::default();
    for run in 0..=runs {
        let seed = run as u64 * 1_000_000;
        let round = [
            raw_cost(server, in_flight, seed, 60_000 / share),
            direct_cost(server, in_flight, seed + 100_000, 40_000 / share, 128),
            direct_cost(server, in_flight, seed + 200_000, 40_000 / share, 10_000),
            stub_cost(server, in_flight, seed + 300_000, 15_000 / share),
            hickory_cost(server, in_flight, seed + 400_000, 10_000 / share),
        ];
        // The first run warms everything up.
        if run > 0 {
            costs.iter_mut().zip(round).for_each(|(all, cost)| all.push(cost));
        }
    }
    let middle = |candidate: usize, of: usize| median(costs[candidate].iter().map(|cost| cost[of]).collect());
    let direct = middle(1, 0);
    for (at, name) in ["raw", "direct", "direct_uncapped", "stub", "hickory"].iter().enumerate() {
        figure(&format!("question.{in_flight}.{name}.cpu"), middle(at, 0), "us");
        if at > 0 {
            figure(&format!("question.{in_flight}.{name}.allocations"), middle(at, 1), "per_question");
            figure(&format!("question.{in_flight}.{name}.allocated"), middle(at, 2), "B");
        }
    }
    figure(&format!("ratio.question.{in_flight}.raw"), direct / middle(0, 0), "x");
    figure(&format!("ratio.question.{in_flight}.stub"), middle(3, 0) / direct, "x");
    figure(&format!("ratio.question.{in_flight}.hickory"), middle(4, 0) / direct, "x");
}

/// A list's question about a client; no two are the same.
fn text(number: u64) -> String {
    let client = (number / LISTS).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    format!("{}.{}.{}.{}.bl{:02}.test.", client[0], client[1], client[2], client[3], number % LISTS)
}

fn question(number: u64) -> Question {
    Question::new(Name::parse(&text(number)).unwrap(), RecordType::A)
}

fn raw_cost(server: SocketAddr, in_flight: usize, seed: u64, count: u64) -> Cost {
    let questions: Vec<Vec<u8>> = (seed..seed + count).map(octets).collect();
    let begun = cpu();
    // More than 128 at a time would not make it cheaper.
    raw::run(server, &questions, in_flight.min(128));
    [(cpu() - begun) / count as f64, 0.0, 0.0]
}

fn octets(number: u64) -> Vec<u8> {
    world::octets(number as u16, text(number).trim_end_matches('.'), world::A)
}

fn direct_cost(server: SocketAddr, in_flight: usize, seed: u64, count: u64, cap: usize) -> Cost {
    let direct = Direct::servers([server]).unwrap().with_in_flight(cap);
    ours(Rc::new(direct), in_flight, seed, count)
}

fn stub_cost(server: SocketAddr, in_flight: usize, seed: u64, count: u64) -> Cost {
    ours(Rc::new(Stub::servers([server]).unwrap()), in_flight, seed, count)
}

fn ours<R: Resolve + 'static>(resolver: Rc<R>, in_flight: usize, seed: u64, count: u64) -> Cost {
    let questions: Rc<Vec<Question>> = Rc::new((seed..seed + count).map(question).collect());
    measure(in_flight, count, move |at| {
        let (resolver, questions) = (Rc::clone(&resolver), Rc::clone(&questions));
        async move { resolver.resolve(questions[at].clone()).await.ttl().is_some() }
    })
}

fn hickory_cost(server: SocketAddr, in_flight: usize, seed: u64, count: u64) -> Cost {
    let names: Rc<Vec<WireName>> =
        Rc::new((seed..seed + count).map(|n| WireName::from_ascii(text(n)).unwrap()).collect());
    let resolver = Rc::new(resolver(&[server], 0));
    measure(in_flight, count, move |at| {
        let (resolver, names) = (Rc::clone(&resolver), Rc::clone(&names));
        async move {
            match resolver.lookup(names[at].clone(), WireType::A).await {
                Ok(_) => true,
                Err(error) => error.is_no_records_found(),
            }
        }
    })
}

/// Asks `count` questions, `in_flight` at a time.
fn measure<F: Future<Output = bool> + 'static>(
    in_flight: usize,
    count: u64,
    ask: impl Fn(usize) -> F + 'static,
) -> Cost {
    let unanswered = Rc::new(Cell::new(0));
    let without_answer = Rc::clone(&unanswered);
    let load = load::run(&load::runtime(), in_flight, 0, count, move |at| {
        let (asked, unanswered) = (ask(at as usize), Rc::clone(&without_answer));
        async move {
            if !asked.await {
                unanswered.set(unanswered.get() + 1);
            }
        }
    });
    if unanswered.get() > 0 {
        println!("# {} of {count} without answer", unanswered.get());
    }
    load.cost()
}

//! One question: what it costs beside the floor, our adapter over hickory and hickory's own resolver.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name as WireName, RecordType as WireType};
use rdnsbl::dns::{Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Resolve, Stub};
use tokio::task::LocalSet;

use crate::meter::{cpu, figure, median, pin};
use crate::raw;
use crate::responder::Responder;

/// Runs of each, of which the median counts; they take turns.
const RUNS: usize = 5;
const LISTS: u64 = 12;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start();
    for in_flight in [64, 512] {
        compare(responder.address, in_flight, if smoke { 1 } else { RUNS }, if smoke { 100 } else { 1 });
    }
}

/// What one run of one candidate cost per question: CPU, allocations, octets allocated.
type Cost = [f64; 3];

/// `share`: only one question of so many is asked.
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
            figure(&format!("question.{in_flight}.{name}.allocations"), middle(at, 1), "");
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
    let mut octets = (number as u16).to_be_bytes().to_vec();
    octets.extend_from_slice(&[1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in text(number).trim_end_matches('.').split('.') {
        octets.push(label.len() as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.extend_from_slice(&[0, 0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
    octets
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
        async move { resolver.resolve(&questions[at]).await.ttl().is_some() }
    })
}

fn hickory_cost(server: SocketAddr, in_flight: usize, seed: u64, count: u64) -> Cost {
    let names: Rc<Vec<WireName>> =
        Rc::new((seed..seed + count).map(|n| WireName::from_ascii(text(n)).unwrap()).collect());
    let mut connection = ConnectionConfig::udp();
    connection.port = server.port();
    let servers = vec![NameServerConfig::new(server.ip(), true, vec![connection])];
    let config = ResolverConfig::from_parts(None, vec![], servers);
    let mut builder = hickory_resolver::Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    let resolver = Rc::new(builder.build().unwrap());
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = LocalSet::new();
    let (next, ask, unanswered) = (Rc::new(Cell::new(0)), Rc::new(ask), Rc::new(Cell::new(0)));
    for _ in 0..in_flight {
        let (next, ask, unanswered) = (Rc::clone(&next), Rc::clone(&ask), Rc::clone(&unanswered));
        tasks.spawn_local(async move {
            while next.get() < count as usize {
                let at = next.replace(next.get() + 1);
                if !ask(at).await {
                    unanswered.set(unanswered.get() + 1);
                }
            }
        });
    }
    let begun = cpu();
    let allocated = allocation_counter::measure(|| runtime.block_on(tasks));
    let used = cpu() - begun;
    if unanswered.get() > 0 {
        println!("# {} of {count} without answer", unanswered.get());
    }
    let count = count as f64;
    [used / count, allocated.count_total as f64 / count, allocated.bytes_total as f64 / count]
}

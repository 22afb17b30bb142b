//! One checker on one thread and on two: what its locks cost. Answers come without a network.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use rdnsbl::{Checker, Dialogue};
use tokio::runtime::Builder;

use super::candidates::{checker, dialogue};
use super::instantly::{Instantly, Reverse};
use super::memory;
use super::meter::{figure, median};
use super::world;

pub(crate) fn run(smoke: bool) {
    let (new, known) = if smoke { (200, 2_000) } else { (20_000, 2_000_000) };
    let runs = if smoke { 1 } else { 5 };
    for (name, measure) in [("new", new_clients as fn(u32, u32) -> f64), ("summary", summaries)] {
        let count = if name == "new" { new } else { known };
        // In turns, so that a neighbour's burst meets both.
        let rates: Vec<[f64; 2]> = (0..runs).map(|_| [1, 2].map(|threads| measure(threads, count))).collect();
        let [one, two] = [0, 1].map(|at| median(rates.iter().map(|rates| rates[at]).collect()));
        figure(&format!("threads.1.{name}.rate"), one, "checks/s");
        figure(&format!("threads.2.{name}.rate"), two, "checks/s");
        figure(&format!("ratio.threads.{name}.two_to_one"), two / one, "x");
    }
}

fn a_checker() -> Checker {
    checker(Instantly { reverse: Reverse::Named }).limits(memory::unlimited()).build().unwrap()
}

/// Whole checks of new clients per second, `count` on each thread.
fn new_clients(threads: u32, count: u32) -> f64 {
    let (checker, next) = (a_checker(), Arc::new(AtomicU32::new(0)));
    rate(threads, count, move || {
        let (checker, next) = (checker.clone(), Arc::clone(&next));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..count {
                checker.check(dialogue(next.fetch_add(1, Ordering::Relaxed))).await;
            }
        });
    })
}

/// Summaries of known clients per second, `count` on each thread.
fn summaries(threads: u32, count: u32) -> f64 {
    let checker = a_checker();
    let known: Arc<Vec<u32>> = Arc::new((0..).filter(memory::clean).take(1_000).collect());
    let client = |number: u32| Dialogue::from(IpAddr::V4(world::client(number)));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    known.iter().for_each(|number| drop(runtime.block_on(checker.check(client(*number)).into_future())));
    rate(threads, count, move || {
        let now = Instant::now();
        for at in 0..u64::from(count) {
            let number = known[(world::mixed(at) % known.len() as u64) as usize];
            assert!(checker.remembered_at(&client(number), now).is_some());
        }
    })
}

/// Pieces of work in a second, where each thread does `count` of them.
fn rate(threads: u32, count: u32, work: impl Fn() + Clone + Send + 'static) -> f64 {
    let start = Arc::new(Barrier::new(threads as usize));
    let thread = |_| {
        let (start, work) = (Arc::clone(&start), work.clone());
        std::thread::spawn(move || {
            start.wait();
            let started = Instant::now();
            work();
            started.elapsed()
        })
    };
    let running: Vec<_> = (0..threads).map(thread).collect();
    let slowest: Duration = running.into_iter().map(|thread| thread.join().unwrap()).max().unwrap();
    f64::from(threads) * f64::from(count) / slowest.as_secs_f64()
}

//! What a check costs beside its questions, and how that grows with the number of lists: answers come without a network.

use std::net::IpAddr;

use rdnsbl::Dialogue;

use super::candidates::{checker_of, dialogue};
use super::instantly::{Instantly, Reverse};
use super::load;
use super::memory;
use super::meter::{figure, pin};
use super::world;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let count = if smoke { 200 } else { 20_000 };
    for lists in [1, 12, 24, 48, 96] {
        let runtime = load::runtime();
        let limits = memory::unlimited();
        let checker = checker_of(lists, Instantly { reverse: Reverse::Named }).limits(limits).build().unwrap();
        let measure = |name: &str, first: u64, count: u64| {
            let checker = checker.clone();
            let load = load::run(&runtime, 1, first, count, move |number| {
                let check = checker.check(dialogue(number as u32));
                async move {
                    check.await;
                }
            });
            let [cpu, allocations, _] = load.cost();
            if !name.is_empty() {
                figure(&format!("lists.{lists}.{name}.cpu"), cpu, "us");
                figure(&format!("lists.{lists}.{name}.allocations"), allocations, "per_check");
            }
        };
        // Lists that have shown that they are sane.
        measure("", 0, 500);
        measure("cold", 500, count / lists as u64 + 1_000.min(count));
        measure("warm", 500, count / lists as u64 + 1_000.min(count));
    }
    hits(if smoke { 2 } else { 30 });
}

/// A client that every list holds: what a hit costs a list, with ten times as many lists.
fn hits(count: u64) {
    let mut before: Option<f64> = None;
    for lists in [10, 100, 1_000] {
        let runtime = load::runtime();
        let resolver = Instantly { reverse: Reverse::Named };
        let checker = checker_of(lists, resolver).limits(memory::unlimited()).build().unwrap();
        let measure = |first: u64, count: u64| {
            let checker = checker.clone();
            let load = load::run(&runtime, 1, first, count, move |number| {
                let client = IpAddr::V4(world::client_on_all_lists(number as u32));
                let check = checker.check(Dialogue::from(client));
                async move {
                    assert_eq!(check.await.counts().listed, lists);
                }
            });
            load.cost()[0]
        };
        // The first one proves the lists.
        measure(0, 1);
        let cpu = measure(1, count);
        figure(&format!("lists.{lists}.hits.cpu"), cpu, "us");
        if let Some(before) = before.replace(cpu) {
            figure(&format!("ratio.lists.{lists}.hits.ten_times_fewer"), cpu / before, "x");
        }
    }
}

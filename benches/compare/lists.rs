//! What a check costs beside its questions, and how that grows with the number of lists: answers come without a network.

use super::candidates::{checker_of, dialogue};
use super::instantly::{Instantly, Reverse};
use super::load;
use super::memory;
use super::meter::{figure, pin};

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
}

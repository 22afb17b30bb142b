//! What is made of a report: the reply, the line for the log, JSON. The report is one of a client on several lists.

use std::hint::black_box;
use std::rc::Rc;

use super::candidates::{checker, dialogue};
use super::instantly::{Instantly, Reverse};
use super::load;
use super::meter::{cpu, figure, pin};
use super::world;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let count = if smoke { 1_000 } else { 50_000 };
    let number = (0..).find(|number| world::listed(world::client(*number)).count_ones() == 3).unwrap();
    let runtime = load::runtime();
    let checker = Rc::new(checker(Instantly { reverse: Reverse::Named }).build().unwrap());
    runtime.block_on(checker.check(dialogue(number)).into_future());
    let report = runtime.block_on(checker.check(dialogue(number)).into_future());
    assert_eq!(report.counts().listed, 3);
    let again = Rc::clone(&checker);
    let load = load::run(&runtime, 1, 0, count, move |_| {
        let check = again.check(dialogue(number));
        async move {
            check.await;
        }
    });
    let [warm, allocations, _] = load.cost();
    figure("reply.warm_check.cpu", warm * 1e3, "ns");
    figure("reply.warm_check.allocations", allocations, "per_check");
    let reply = made("reply", count, || report.advice().reply().map(ToString::to_string));
    let log = made("log_line", count, || report.log_line().to_string());
    let json = made("json", count, || serde_json::to_string(&report).unwrap());
    figure("ratio.reply.all_to_warm_check", (reply + log + json) / (warm * 1e3), "x");
}

/// Nanoseconds of CPU to make one.
fn made<T>(name: &str, count: u64, make: impl Fn() -> T) -> f64 {
    let used = cpu();
    let allocated = allocation_counter::measure(|| {
        for _ in 0..count {
            black_box(make());
        }
    });
    let each = (cpu() - used) * 1e3 / count as f64;
    figure(&format!("reply.{name}.cpu"), each, "ns");
    figure(&format!("reply.{name}.allocations"), allocated.count_total as f64 / count as f64, "each");
    each
}

//! The memory of cached answers of twelve lists about very many clients.

use std::fs;
use std::net::IpAddr;

use rdnsbl::Limits;

use super::candidates::checker;
use super::instantly::{Instantly, Reverse};
use super::load;
use super::meter::{figure, pin};
use super::world::{self, LISTS};

pub(crate) fn run(smoke: bool) {
    pin(false);
    if smoke {
        return remember("2000_subjects", 2_000, unlimited(), clean);
    }
    // As it comes, nothing grows for ever.
    remember("default_limits", 50_000, Limits::default(), clean);
    remember("100000_subjects", 100_000, unlimited(), clean);
    remember("100000_subjects_with_hits", 100_000, unlimited(), |_| true);
}

pub(crate) fn unlimited() -> Limits {
    let mut limits = Limits::default();
    (limits.entries, limits.bytes) = (usize::MAX / 2, usize::MAX / 16);
    limits
}

/// On no list.
pub(crate) fn clean(number: &u32) -> bool {
    world::listed(world::client(*number)) == 0
}

/// Checks the first `subjects` clients of this kind, and measures the memory that stays in use.
pub(crate) fn remember(name: &str, subjects: usize, limits: Limits, kind: fn(&u32) -> bool) {
    let runtime = load::runtime();
    // Of names nothing may be remembered, so that all that stays is what the lists said.
    let checker = checker(Instantly { reverse: Reverse::Forgettable }).limits(limits).build().unwrap();
    let clients: Vec<u32> = (0..).filter(kind).take(subjects).collect();
    let (before, asked) = (resident(), checker.clone());
    let load = load::run(&runtime, 1, 0, subjects as u64, move |at| {
        let check = asked.check(IpAddr::V4(world::client(clients[at as usize])));
        async move {
            check.await;
        }
    });
    let stats = checker.stats();
    let verdicts = (subjects.min(limits.entries) * LISTS) as f64;
    figure(&format!("memory.{name}.heap"), load.kept as f64 / verdicts, "B/verdict");
    figure(&format!("memory.{name}.told"), stats.bytes as f64 / verdicts, "B/verdict");
    figure(&format!("memory.{name}.resident"), (resident() - before) / 1e6, "MB");
    figure(&format!("memory.{name}.entries"), stats.entries as f64, "entries");
    figure(&format!("memory.{name}.cpu"), load.cost()[0], "us/check");
}

/// Octets of this process in memory.
pub(crate) fn resident() -> f64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0
}

//! The same check again: everything comes from the cache.

use std::future::Future;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Instant;

use futures::future::join_all;
use hickory_resolver::proto::rr::RecordType as WireType;
use lru::LruCache;
use rdnsbl::{Checker, Dialogue};
use tokio::runtime::Runtime;

use super::candidates::{checker, dialogue, resolver};
use super::instantly::{Instantly, Reverse};
use super::meter::{cpu, figure, pin};
use super::responder::{Behaviour, Responder};
use super::world::{self, LISTS, zone};
use super::{load, memory};

const HOT: usize = 1_000;
/// A million would take longer than a minute to become known: see [`million`].
const MANY: usize = 200_000;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let many = if smoke { 2_000 } else { MANY };
    let count = if smoke { 1_000 } else { 50_000 };
    let hickory = hickory(count / 10);
    subjects("hot", HOT, count, hickory);
    subjects(&format!("{many}_subjects"), many, count, hickory);
}

/// What takes minutes: a million subjects.
pub(crate) fn million(smoke: bool) {
    pin(false);
    let subjects_of = if smoke { 5_000 } else { 1_000_000 };
    memory::remember(&format!("{subjects_of}_subjects"), subjects_of, memory::unlimited(), memory::clean);
    let hickory = hickory(1_000);
    subjects(&format!("{subjects_of}_subjects"), subjects_of, 50_000.min(subjects_of as u64), hickory);
}

/// CPU time, in nanoseconds, of cached summaries about this many subjects.
fn subjects(name: &str, subjects: usize, count: u64, hickory: f64) {
    // On no list: what a mail server sees most, and a listing is not remembered for long.
    let known: Rc<Vec<u32>> = Rc::new((0..).filter(memory::clean).take(subjects).collect());
    let runtime = load::runtime();
    let checker = checker(Instantly { reverse: Reverse::Named }).limits(memory::unlimited()).build().unwrap();
    for number in known.iter() {
        runtime.block_on(checker.check(dialogue(*number)).into_future());
    }
    let lru = plain_lru(&known, count * 10);
    let base = format!("warm.{name}");
    let warm = Warm { runtime: &runtime, checker: &checker, known: &known, count, base: &base, lru, hickory };
    warm.measure("lists_and_iprev", |checker, number| async move {
        let report = checker.check(client(number)).await;
        assert_eq!(report.counts().not_listed, LISTS);
    });
    warm.measure("whole", |checker, number| async move {
        let report = checker.check(dialogue(number)).await;
        assert_eq!(report.counts().not_listed, LISTS);
    });
    warm.first("summary_first", client);
    warm.remembered("summary", client, count * 10);
    warm.remembered("summary_whole", dialogue, count * 10);
    figure(&format!("{base}.lru.cpu"), lru, "ns");
}

fn client(number: u32) -> Dialogue {
    Dialogue::from(IpAddr::V4(world::client(number)))
}

struct Warm<'a> {
    runtime: &'a Runtime,
    checker: &'a Checker,
    known: &'a Rc<Vec<u32>>,
    count: u64,
    base: &'a str,
    /// Nanoseconds of one look into an `lru`.
    lru: f64,
    /// Nanoseconds of twelve answers out of hickory's memory.
    hickory: f64,
}

impl Warm<'_> {
    /// One way to ask again. Another is one more call.
    fn measure<F: Future<Output = ()> + 'static>(
        &self,
        name: &str,
        check: impl Fn(Checker, u32) -> F + Copy + 'static,
    ) {
        let asked = self.checker.stats().questions;
        let (checker, known) = (self.checker.clone(), Rc::clone(self.known));
        let load = load::run(self.runtime, 1, 0, self.count, move |at| {
            let number = known[(world::mixed(at) % known.len() as u64) as usize];
            check(checker.clone(), number)
        });
        assert_eq!(self.checker.stats().questions, asked, "all of it was known");
        let [cpu, allocations, allocated] = load.cost();
        let base = format!("{}.{name}", self.base);
        figure(&format!("{base}.cpu"), cpu * 1e3, "ns");
        figure(&format!("{base}.allocations"), allocations, "per_check");
        figure(&format!("{base}.allocated"), allocated, "B");
        figure(&format!("ratio.{base}.lru"), cpu * 1e3 / self.lru, "x");
        figure(&format!("ratio.{base}.hickory"), self.hickory / (cpu * 1e3), "x");
    }
}

impl Warm<'_> {
    /// The first summary of each subject: the answers of all lists are looked at, which later ones need not.
    fn first(&self, name: &str, dialogue: fn(u32) -> Dialogue) {
        let (count, now, mut told) = (self.known.len(), Instant::now(), 0);
        let begun = cpu();
        for at in 0..count {
            // Each once, far from the one before: the step is a prime that divides none of the counts.
            let dialogue = dialogue(self.known[at * 7_919 % count]);
            told += self.checker.remembered_at(&dialogue, now).map_or(0, |summary| summary.counts().not_listed);
        }
        let cpu = (cpu() - begun) * 1e3 / count as f64;
        assert_eq!(told, count * LISTS, "all of it was known");
        figure(&format!("{}.{name}.cpu", self.base), cpu, "ns");
        figure(&format!("ratio.{}.{name}.lru", self.base), cpu / self.lru, "x");
    }

    /// What is remembered, at once and without a report, at a time that the host knows. That the sender is written down is part
    /// of it.
    fn remembered(&self, name: &str, dialogue: fn(u32) -> Dialogue, count: u64) {
        let (mut told, mut used, now) = (0, 0.0, Instant::now());
        let allocated = allocation_counter::measure(|| {
            let begun = cpu();
            for at in 0..count {
                let dialogue = dialogue(self.known[(world::mixed(at) % self.known.len() as u64) as usize]);
                told += self.checker.remembered_at(&dialogue, now).map_or(0, |summary| summary.counts().not_listed);
            }
            used = cpu() - begun;
        });
        assert_eq!(told, count as usize * LISTS, "all of it was known");
        let (base, cpu) = (format!("{}.{name}", self.base), used * 1e3 / count as f64);
        figure(&format!("{base}.cpu"), cpu, "ns");
        figure(&format!("{base}.allocations"), allocated.count_total as f64 / count as f64, "per_check");
        figure(&format!("ratio.{base}.lru"), cpu / self.lru, "x");
        figure(&format!("ratio.{base}.hickory"), self.hickory / cpu, "x");
    }
}

/// Nanoseconds of one look for a subject, where as many are known.
fn plain_lru(known: &[u32], count: u64) -> f64 {
    let mut cache: LruCache<IpAddr, [u64; LISTS]> = LruCache::new(NonZeroUsize::new(known.len()).unwrap());
    for number in known {
        cache.put(IpAddr::V4(world::client(*number)), [u64::from(*number); LISTS]);
    }
    let addresses: Vec<IpAddr> = known.iter().map(|number| IpAddr::V4(world::client(*number))).collect();
    let (used, mut sum) = (cpu(), 0);
    for at in 0..count {
        let address = addresses[(world::mixed(at) % addresses.len() as u64) as usize];
        sum += cache.get(&address).map_or(0, |said| said[11]);
    }
    let used = cpu() - used;
    assert!(sum > 0);
    used * 1e3 / count as f64
}

/// Nanoseconds of the same twelve lists, from the memory of hickory's own resolver.
fn hickory(count: u64) -> f64 {
    let responder = Responder::start(Behaviour::AT_ONCE);
    let resolver = Rc::new(resolver(&[responder.address], 100_000));
    let runtime = load::runtime();
    let again = |count: u64| {
        let resolver = Rc::clone(&resolver);
        let load = load::run(&runtime, 1, 0, count, move |at| {
            let resolver = Rc::clone(&resolver);
            async move {
                let [a, b, c, d] = world::client((at % HOT as u64) as u32).octets();
                let lists = (0..LISTS).map(|list| format!("{d}.{c}.{b}.{a}.{}.", zone(list)));
                join_all(lists.map(|name| resolver.lookup(name, WireType::A))).await;
            }
        });
        load.cost()
    };
    again(HOT as u64);
    let seen = responder.seen();
    let [cpu, allocations, _] = again(count);
    assert_eq!(responder.seen(), seen, "all of it was known");
    figure("warm.hickory.12_lists.cpu", cpu * 1e3, "ns");
    figure("warm.hickory.12_lists.allocations", allocations, "per_check");
    cpu * 1e3
}

//! Very many checks at once: the crate itself loses no answer and misses no listing.

use std::fs;
use std::rc::Rc;
use std::time::Duration;

use rdnsbl::clock::BoxFuture;
use rdnsbl::dns::{Answer, Question};
use rdnsbl::resolve::{Direct, Resolve};

use super::candidates::{Candidate, Tally, check, checker, resolver};
use super::composite::Clients;
use super::load::{self, Load};
use super::meter::{figure, pin};
use super::rbldnsd::Rbldnsd;
use super::responder::{Behaviour, Responder};
use super::world::QUESTIONS;

/// All of them together may take longer than one.
const BUDGET: Duration = Duration::from_secs(60);

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start(Behaviour::AT_ONCE);
    let mut clients = Clients(0);
    let ours = || {
        let checker = checker(Direct::servers([responder.address]).unwrap()).build().unwrap();
        Candidate::Ours(checker, Some(BUDGET))
    };
    burst("burst.512.ours", ours(), &responder, &mut clients, 512);
    burst("burst.512.naive", Candidate::Naive(resolver(&[responder.address], 0)), &responder, &mut clients, 512);
    if !smoke {
        burst("burst.10000.ours", ours(), &responder, &mut clients, 10_000);
    }
    real(&responder, if smoke { 64 } else { 512 });
}

fn burst(name: &str, candidate: Candidate, responder: &Responder, clients: &mut Clients, count: u64) {
    let (runtime, candidate) = (load::runtime(), Rc::new(candidate));
    check(&runtime, &candidate, 16, clients.take(64), 64);
    let (before, resident) = (responder.seen(), forget_peak());
    let (load, tally) = check(&runtime, &candidate, count as usize, clients.take(count), count);
    let peak = peak();
    // What was sent again may still be under way.
    std::thread::sleep(Duration::from_millis(20));
    found(name, &load, &tally);
    let questions = (count * QUESTIONS as u64 + tally.hits.get()) as f64;
    figure(&format!("{name}.datagrams"), (responder.seen() - before) as f64 / questions, "per_question");
    figure(&format!("{name}.resident"), peak, "MB");
    figure(&format!("{name}.resident_more"), peak - resident, "MB");
}

fn found(name: &str, load: &Load, tally: &Tally) {
    figure(&format!("{name}.listings"), tally.hits.get() as f64, "hits");
    figure(&format!("{name}.missed"), tally.missed.get() as f64, "hits");
    figure(&format!("{name}.invented"), tally.invented.get() as f64, "hits");
    figure(&format!("{name}.unheard"), tally.unheard.get() as f64, "questions");
    figure(&format!("{name}.slowest"), load.within(1_000), "ms");
    figure(&format!("{name}.cpu"), load.cost()[0], "us/check");
}

/// The same against a real server of lists, with the buffers it has by itself.
fn real(responder: &Responder, count: u64) {
    let Some(lists) = Rbldnsd::start(count as u32) else {
        println!("# burst.rbldnsd left out: no rbldnsd installed");
        return;
    };
    let servers = [lists.address, responder.address];
    let [lists, rest] = servers.map(|server| Direct::servers([server]).unwrap());
    let lists = Rc::new(lists);
    let asked = (*lists).clone();
    let checker = checker(Split { lists: asked, rest }).build().unwrap();
    let runtime = load::runtime();
    let candidate = Rc::new(Candidate::Ours(checker, Some(BUDGET)));
    // All clients at once, and nothing is known about the lists.
    let (load, tally) = check(&runtime, &candidate, count as usize, 0, count);
    let name = format!("burst.rbldnsd.{count}");
    found(&name, &load, &tally);
    figure(&format!("{name}.resent"), lists.stats().resent as f64, "datagrams");
}

/// Lists from one server, everything else from another.
struct Split {
    lists: Direct,
    rest: Direct,
}

impl Resolve for Split {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let name = question.name.expose();
        let of_list = name
            .trim_end_matches('.')
            .strip_suffix(".test")
            .is_some_and(|name| name.rsplit('.').next().is_some_and(|label| label.starts_with("bl")));
        if of_list { self.lists.resolve(question) } else { self.rest.resolve(question) }
    }
}

/// The most memory this process has had since [`forget_peak`], in MB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0 / 1e6
}

/// Starts anew, from what there is now.
fn forget_peak() -> f64 {
    let _ = fs::write("/proc/self/clear_refs", "5");
    peak()
}

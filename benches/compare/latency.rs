//! How long a check takes where every answer takes 20 milliseconds: two of them, one after the other, are the least.

use std::rc::Rc;
use std::time::Duration;

use rdnsbl::resolve::Direct;

use super::candidates::{Candidate, check, checker, resolver};
use super::composite::Clients;
use super::load::{self, Load};
use super::meter::{figure, pin};
use super::responder::{Behaviour, Responder};

/// Checks under way at the same time.
pub(crate) const AT_ONCE: usize = 16;
/// Milliseconds that two answers take, one after the other.
const TWO_ROUND_TRIPS: f64 = 40.0;

pub(crate) fn run(smoke: bool) {
    pin(false);
    let responder = Responder::start(Behaviour::DELAYED);
    let runtime = load::runtime();
    let mut clients = Clients(0);
    let candidates = [
        ("ours", ours(&responder, None)),
        ("ours_wide", wide(&responder)),
        ("by_hand", by_hand(&responder)),
        ("naive", naive(&responder)),
    ];
    for (name, candidate) in candidates {
        check(&runtime, &candidate, AT_ONCE, clients.take(160), 160);
        let count = if smoke { 160 } else { 4_000 };
        let (load, tally) = check(&runtime, &candidate, AT_ONCE, clients.take(count), count);
        tally.complain(name);
        beyond(&format!("latency.{name}"), &load);
    }
}

pub(crate) fn ours(responder: &Responder, budget: Option<Duration>) -> Rc<Candidate> {
    let checker = checker(Direct::servers([responder.address]).unwrap());
    Rc::new(Candidate::Ours(checker.build().unwrap(), budget))
}

/// With more questions at a time to one server: no check waits for another.
fn wide(responder: &Responder) -> Rc<Candidate> {
    let direct = Direct::servers([responder.address]).unwrap().with_in_flight(1_024);
    Rc::new(Candidate::Ours(checker(direct).build().unwrap(), None))
}

fn by_hand(responder: &Responder) -> Rc<Candidate> {
    Rc::new(Candidate::ByHand(Direct::servers([responder.address]).unwrap()))
}

pub(crate) fn naive(responder: &Responder) -> Rc<Candidate> {
    Rc::new(Candidate::Naive(resolver(&[responder.address], 0)))
}

/// Percentiles, and how far they are beyond what the network takes.
pub(crate) fn beyond(name: &str, load: &Load) {
    for (percentile, of_thousand) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
        figure(&format!("{name}.{percentile}"), load.within(of_thousand), "ms");
        figure(&format!("{name}.{percentile}.beyond"), load.within(of_thousand) - TWO_ROUND_TRIPS, "ms");
    }
}

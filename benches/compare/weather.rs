//! Bad networks, at 20 milliseconds an answer: lost questions, late answers, a list that never answers.

use std::time::Duration;

use super::candidates::check;
use super::composite::Clients;
use super::latency::{AT_ONCE, beyond, naive, ours};
use super::load;
use super::meter::{figure, pin};
use super::responder::{Behaviour, Responder};
use super::world::QUESTIONS;

/// How long a check may take where a list is silent.
const BUDGET: Duration = Duration::from_secs(3);

pub(crate) fn run(smoke: bool) {
    pin(false);
    let mut clients = Clients(0);
    storm("loss", Behaviour { lost: 1, ..Behaviour::DELAYED }, &mut clients, smoke);
    storm("late", Behaviour { slow: 1, ..Behaviour::DELAYED }, &mut clients, smoke);
    silent(&mut clients, smoke);
}

/// One of a hundred answers is missing, or half a second late.
fn storm(name: &str, behaviour: Behaviour, clients: &mut Clients, smoke: bool) {
    let responder = Responder::start(behaviour);
    let runtime = load::runtime();
    // Hickory waits long for lost questions: more of them would take minutes.
    for (who, candidate, count) in [("ours", ours(&responder, None), 2_400), ("naive", naive(&responder), 160)] {
        let count = if smoke { 32 } else { count };
        check(&runtime, &candidate, AT_ONCE, clients.take(64), 64);
        let before = responder.seen();
        let (load, tally) = check(&runtime, &candidate, AT_ONCE, clients.take(count), count);
        let questions = (count * QUESTIONS as u64 + tally.hits.get()) as f64;
        tally.complain(&format!("{name}, {who}"));
        beyond(&format!("weather.{name}.{who}"), &load);
        let extra = (responder.seen() - before) as f64 / questions - 1.0;
        figure(&format!("weather.{name}.{who}.extra"), extra * 100.0, "percent");
        figure(&format!("weather.{name}.{who}.unheard"), tally.unheard.get() as f64, "questions");
    }
}

/// One list of twelve never answers: at first this is not known, then it is not asked any more.
fn silent(clients: &mut Clients, smoke: bool) {
    let behaviour = Behaviour { silent: true, ..Behaviour::DELAYED };
    let (healthy, ill) = (Responder::start(Behaviour::DELAYED), Responder::start(behaviour));
    let runtime = load::runtime();
    let (sound, ours) = (ours(&healthy, Some(BUDGET)), ours(&ill, Some(BUDGET)));
    check(&runtime, &sound, AT_ONCE, clients.take(64), 64);
    let (load, _) = check(&runtime, &ours, AT_ONCE, clients.take(AT_ONCE as u64), AT_ONCE as u64);
    let budget = BUDGET.as_secs_f64() * 1e3;
    figure("weather.silent.ours.first.beyond_deadline", load.within(999) - budget, "ms");
    // Short enough that the list is not tried again meanwhile.
    let count = if smoke { 64 } else { 1_600 };
    let (usual, _) = check(&runtime, &sound, AT_ONCE, clients.take(count), count);
    let (without, _) = check(&runtime, &ours, AT_ONCE, clients.take(count), count);
    figure("weather.silent.ours.then.p50", without.within(500), "ms");
    figure("weather.silent.ours.then.p99", without.within(990), "ms");
    figure("weather.silent.ours.then.rate", without.rate(), "checks/s");
    figure("weather.healthy.ours.rate", usual.rate(), "checks/s");
    figure("ratio.weather.silent.rate", without.rate() / usual.rate(), "x");
    figure("ratio.weather.silent.p50", without.within(500) / usual.within(500), "x");
    if !smoke {
        let (load, _) = check(&runtime, &naive(&ill), AT_ONCE, clients.take(AT_ONCE as u64), AT_ONCE as u64);
        figure("weather.silent.naive.p50", load.within(500), "ms");
        figure("weather.silent.naive.rate", load.rate(), "checks/s");
    }
}

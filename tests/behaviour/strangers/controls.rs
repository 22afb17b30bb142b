//! Controls belong to all checks: the next check drives them until they are answered or time out.

use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use crate::kit::town::{SECOND, Town, entry, fault, reply, said, set};
use crate::kit::world::{poll_once, start};

/// A sound list that holds 45.66.77.0 to .59 and takes a while, and one that is silent.
fn one_of_two_is_silent() -> Town {
    let mut world = String::from("$SOA bl.example 300 60\n$SOA dead.example 300 60\n*.dead.example TIMEOUT\n");
    (0..60).for_each(|last| writeln!(world, "{} A 127.0.0.2 after=600ms", entry(77, last, "bl.example")).unwrap());
    Town::new(&world, [deny("bl.example"), deny("dead.example")])
}

#[test]
fn a_silent_list_is_found_although_no_check_waits_for_it() {
    let mut town = one_of_two_is_silent();
    for last in 0..60 {
        let report = town.clock.run(town.checker.check(client(77, last)).stop_when_settled());
        assert_eq!((reply(&report), fault(&report)), (550, "none"));
        assert!(report.elapsed() < SECOND, "{:?}", report.elapsed());
        town.pass(1);
    }
    assert_eq!((town.health()[1], town.events()), ("unreachable", vec!["dead.example unprobed -> unreachable".into()]));
}

#[test]
fn a_silent_list_is_found_out_although_all_are_in_a_hurry() {
    let mut town = one_of_two_is_silent();
    for last in 0..60 {
        let report = town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!((said(&report), fault(&report)), (vec!["not_listed", "unknown"], "none"));
        town.pass(1);
    }
    assert_eq!((town.health()[1], town.events()), ("unreachable", vec!["dead.example unprobed -> unreachable".into()]));
    assert_ne!(town.health()[0], "unreachable");
}

/// Those who come next do not ask the list at all.
#[test]
fn a_silent_list_is_found_out_by_checks_of_others() {
    let town = one_of_two_is_silent();
    let without = town.checker.with_lists(set([]));
    for last in 0..60 {
        drop(town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2)));
        town.pass(1);
        drop(town.clock.run(without.check(client(80, last))));
    }
    assert_eq!(town.health()[1], "unreachable");
}

/// A check that is given up on the way leaves its suspicion behind.
#[test]
fn a_silent_list_is_found_out_although_its_checks_are_dropped() {
    let town = one_of_two_is_silent();
    let without = town.checker.with_lists(set([]));
    for last in 0..60 {
        let mut given_up = start(town.checker.check(client(79, last)));
        poll_once(&mut given_up);
        town.clock.advance(SECOND);
        poll_once(&mut given_up);
        drop(given_up);
        drop(town.clock.run(without.check(client(80, last))));
        drop(town.clock.run(town.checker.check(client(81, last)).within(SECOND / 2)));
    }
    assert_eq!(town.health()[1], "unreachable");
}

/// The twin: it is slow, and gets its time.
#[test]
fn a_slow_list_is_not_blamed_by_those_in_a_hurry() {
    let mut town = Town::new(&format!("{BL}*.bl.example NXDOMAIN\n*.bl.example after=2s"), [deny("bl.example")]);
    for last in 0..60 {
        drop(town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2)));
        town.pass(1);
    }
    assert!(town.lists_are_well(), "{:?}", town.health());
    assert_eq!(town.events(), Vec::<String>::new());
    assert_eq!(reply(&town.check(client(77, 9))), 550);
}

#[test]
fn a_parked_list_is_found_out_although_its_controls_are_slow_and_all_are_in_a_hurry() {
    let mut world = String::from("$SOA bl.example 300 60\n*.bl.example A 198.51.100.25\n*.bl.example after=2s\n");
    (0..60).for_each(|last| writeln!(world, "{} A 198.51.100.25 after=0s", entry(79, last, "bl.example")).unwrap());
    let town = Town::new(&world, [deny("bl.example")]);
    for last in 0..20 {
        let report = town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!(said(&report), ["problem"]);
        town.pass(1);
    }
    assert_eq!(town.health(), ["parked"]);
}

#[test]
fn a_check_does_not_wait_for_a_suspicion_that_it_raises() {
    let world = format!("$SOA bl.example 300 60\n*.bl.example TIMEOUT\n{} A 10.0.0.1", entry(77, 1, "bl.example"));
    let town = Town::new(&world, [deny("bl.example")]);
    let report = town.check(client(77, 1));
    assert_eq!((said(&report), report.elapsed()), (vec!["problem"], Duration::ZERO), "{report}");
}

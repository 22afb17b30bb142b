//! Names that a list's server does not answer.

use std::time::Duration;

use futures::future::join_all;

use super::*;
use crate::kit::town::{Town, entry, reply, said};

/// Clients 45.66.79.0 to .29, whose names in the list fail, each by itself.
fn failing(failure: &str, zone: &str) -> String {
    (0..30).map(|last| format!("{} {failure}\n", entry(79, last, zone))).collect()
}

#[test]
fn names_that_fail_do_not_open_the_breaker_of_a_sound_list() {
    for failure in FAILURES {
        let mut town = Town::new(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        for last in 0..30 {
            assert_eq!(said(&town.check(client(79, last))), ["unknown"], "{failure}");
            town.pass(1);
            if last % 10 == 9 {
                assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}, after {last} strangers");
                assert_eq!(town.health(), ["sound"], "{failure}");
            }
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
        assert_eq!(reply(&town.check(client(77, 11))), 550, "{failure}");
    }
}

#[test]
fn senders_whose_names_fail_do_not_open_the_breaker_of_a_domain_list() {
    for failure in FAILURES {
        let names: String = (0..12).map(|number| format!("*.s{number}.test.rhsbl.example {failure}\n")).collect();
        let hosts: String = (0..12).map(|number| format!("*.s{number}.test MX 10 mx.quiet.test\n")).collect();
        let mut town = Town::new(&format!("{RHSBL}{names}{hosts}"), [of_domains(deny("rhsbl.example"))]);
        for number in 0..12 {
            town.check(from(1, &format!("x.s{number}.test")));
            town.pass(1);
        }
        assert_eq!(reply(&town.check(from(9, "spam.test"))), 550, "{failure}");
        town.settle();
        assert!(town.lists_are_well(), "{failure}: {:?}", town.health());
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

#[test]
fn many_failing_names_at_once_do_not_open_the_breaker() {
    for failure in FAILURES {
        let town = Town::new(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        town.check(client(77, 9));
        let checks = (0..30).map(|last| town.checker.check(client(79, last)).into_future());
        town.clock.run(join_all(checks));
        assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}");
        town.settle();
        assert_eq!(town.health(), ["sound"], "{failure}");
    }
}

/// Everything is sound but the names of one list of two.
#[test]
fn failing_names_in_one_list_cost_the_other_nothing() {
    let other = "$SOA other.example 300 60\n2.0.0.127.other.example A 127.0.0.2\n";
    let world = format!("{BL}{other}{}", failing("SERVFAIL", "bl.example"));
    let mut town = Town::new(&world, [deny("bl.example"), deny("other.example")]);
    for last in 0..20 {
        assert_eq!(said(&town.check(client(79, last))), ["unknown", "not_listed"]);
        town.pass(1);
    }
    assert!(town.lists_are_well(), "{:?}", town.health());
    assert_eq!(said(&town.check(client(77, 9))), ["listed", "not_listed"]);
    assert_eq!(town.events(), Vec::<String>::new());
}

/// The twin: the whole list fails, its controls too.
#[test]
fn a_list_that_is_dead_is_left_alone_until_it_is_back() {
    for failure in ["SERVFAIL", "TIMEOUT", "RCODE 1", "MALFORMED"] {
        let mut town = Town::new(BL, [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        town.set(&format!("*.bl.example {failure}\n{}", dead(failure)));
        town.pass(120);
        let found = (0..12).find(|last| {
            town.pass(5);
            assert_eq!(said(&town.check(client(79, *last))), ["unknown"], "{failure}");
            town.health() == ["unreachable"]
        });
        assert!(found.is_some(), "{failure}: {:?}", town.health());
        assert_eq!(town.events(), ["bl.example sound -> unreachable"], "{failure}");
        let asked = town.dns.asked().len();
        let report = town.quiet();
        let news = town.dns.asked().split_off(asked);
        assert!(news.iter().all(|question| !question.name.to_string().ends_with(".bl.example")), "{failure}: {report}");
        assert_eq!(report.elapsed(), Duration::ZERO, "{failure}");
        // It is tried again by its controls, and believed.
        town.set(&format!("*.bl.example NXDOMAIN\n{BL}"));
        town.pass(3_600);
        town.settle();
        assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}");
        assert_eq!(town.events().len(), 1, "{failure}");
    }
}

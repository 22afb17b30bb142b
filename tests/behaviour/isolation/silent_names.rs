//! Names that a list's server does not answer.

use std::time::Duration;

use futures::future::join_all;

use super::*;
use crate::kit::world::{World, entry, reply, verdicts};

/// Clients 45.66.79.0 to .29, whose names in the list fail, each by itself.
fn failing(failure: &str, zone: &str) -> String {
    (0..30).map(|last| format!("{} {failure}\n", entry(79, last, zone))).collect()
}

#[test]
fn names_that_fail_do_not_open_the_breaker_of_a_sound_list() {
    for failure in FAILURES {
        let mut world = World::with_unlisted(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        assert_eq!(reply(&world.check(client(77, 9))), 550);
        for last in 0..30 {
            assert_eq!(verdicts(&world.check(client(79, last))), ["unknown"], "{failure}");
            world.pass(1);
            if last % 10 == 9 {
                assert_eq!(reply(&world.check(client(77, 10))), 550, "{failure}, after {last} strangers");
                assert_eq!(world.health(), ["sound"], "{failure}");
            }
        }
        assert_eq!(world.events(), Vec::<String>::new(), "{failure}");
        assert_eq!(reply(&world.check(client(77, 11))), 550, "{failure}");
    }
}

#[test]
fn senders_whose_names_fail_do_not_open_the_breaker_of_a_domain_list() {
    for failure in FAILURES {
        let names: String = (0..12).map(|number| format!("*.s{number}.test.rhsbl.example {failure}\n")).collect();
        let hosts: String = (0..12).map(|number| format!("*.s{number}.test MX 10 mx.unlisted.test\n")).collect();
        let mut world = World::with_unlisted(&format!("{RHSBL}{names}{hosts}"), [of_domains(deny("rhsbl.example"))]);
        for number in 0..12 {
            world.check(from(1, &format!("x.s{number}.test")));
            world.pass(1);
        }
        assert_eq!(reply(&world.check(from(9, "spam.test"))), 550, "{failure}");
        world.settle();
        assert!(world.lists_are_well(), "{failure}: {:?}", world.health());
        assert_eq!(world.events(), Vec::<String>::new(), "{failure}");
    }
}

#[test]
fn many_failing_names_at_once_do_not_open_the_breaker() {
    for failure in FAILURES {
        let world = World::with_unlisted(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        world.check(client(77, 9));
        let checks = (0..30).map(|last| world.checker.check(client(79, last)).into_future());
        world.clock.run(join_all(checks));
        assert_eq!(reply(&world.check(client(77, 10))), 550, "{failure}");
        world.settle();
        assert_eq!(world.health(), ["sound"], "{failure}");
    }
}

/// Everything is sound but the names of one list of two.
#[test]
fn failing_names_in_one_list_cost_the_other_nothing() {
    let other = "$SOA other.example 300 60\n2.0.0.127.other.example A 127.0.0.2\n";
    let world = format!("{BL}{other}{}", failing("SERVFAIL", "bl.example"));
    let mut world = World::with_unlisted(&world, [deny("bl.example"), deny("other.example")]);
    for last in 0..20 {
        assert_eq!(verdicts(&world.check(client(79, last))), ["unknown", "not_listed"]);
        world.pass(1);
    }
    assert!(world.lists_are_well(), "{:?}", world.health());
    assert_eq!(verdicts(&world.check(client(77, 9))), ["listed", "not_listed"]);
    assert_eq!(world.events(), Vec::<String>::new());
}

/// The twin: the whole list fails, its controls too.
#[test]
fn a_list_that_is_dead_is_left_alone_until_it_is_back() {
    for failure in ["SERVFAIL", "TIMEOUT", "RCODE 1", "MALFORMED"] {
        let mut world = World::with_unlisted(BL, [deny("bl.example")]);
        assert_eq!(reply(&world.check(client(77, 9))), 550);
        world.set(&format!("*.bl.example {failure}\n{}", dead(failure)));
        world.pass(120);
        let found = (0..12).find(|last| {
            world.pass(5);
            assert_eq!(verdicts(&world.check(client(79, *last))), ["unknown"], "{failure}");
            world.health() == ["unreachable"]
        });
        assert!(found.is_some(), "{failure}: {:?}", world.health());
        assert_eq!(world.events(), ["bl.example sound -> unreachable"], "{failure}");
        let asked = world.dns.asked().len();
        let report = world.check_unlisted();
        let news = world.dns.asked().split_off(asked);
        assert!(news.iter().all(|question| !question.name.to_string().ends_with(".bl.example")), "{failure}: {report}");
        assert_eq!(report.elapsed(), Duration::ZERO, "{failure}");
        // It is tried again by its controls, and believed.
        world.set(&format!("*.bl.example NXDOMAIN\n{BL}"));
        world.pass(3_600);
        world.settle();
        assert_eq!(reply(&world.check(client(77, 10))), 550, "{failure}");
        assert_eq!(world.events().len(), 1, "{failure}");
    }
}

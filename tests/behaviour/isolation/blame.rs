//! What makes the resolver count as faulty.

use std::time::Duration;

use super::*;
use crate::kit::world::{World, fault, reply, verdicts};

#[test]
fn a_reverse_zone_that_fails_does_not_convict_the_resolver() {
    for failure in FAILURES {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut world = World::with_unlisted(&format!("{BL}*.79.66.45.in-addr.arpa {failure}"), lists);
            for last in 0..8 {
                let report = world.check(client(79, last));
                assert_eq!(fault(&report), "none", "{failure}: {report}");
                assert_eq!(report.iprev().unwrap().rfc8601(), "temperror", "{failure}");
                assert_eq!(fault(&world.check_unlisted()), "none", "{failure}");
            }
            world.settle();
            assert_eq!(world.events(), Vec::<String>::new(), "{failure}");
        }
    }
}

/// All that a message says is the stranger's own: names, sender, reverse zone; and everything fails.
#[test]
fn a_message_of_failing_zones_does_not_convict_the_resolver() {
    for failure in FAILURES {
        let mut world =
            World::with_unlisted(&format!("*.79.66.45.in-addr.arpa {failure}\n*.stranger.test {failure}"), []);
        for last in 0..8 {
            let stranger = client(79, last).helo("h.stranger.test").mail_from(format!("<a@m{last}.stranger.test>"));
            let report = world.check(stranger);
            assert_eq!(fault(&report), "none", "{failure}: {report}");
            assert_eq!(report.sender().unwrap().verdict().word(), "unknown", "{failure}");
            let neighbour = world.check_unlisted();
            assert_eq!((fault(&neighbour), neighbour.sender().unwrap().verdict().word()), ("none", "ok"), "{failure}");
        }
        assert_eq!(world.events(), Vec::<String>::new(), "{failure}");
    }
}

/// What else there is to know about the client is remembered, so that the dead list is the only question.
#[test]
fn a_dead_list_of_two_is_found_out_and_the_resolver_is_not_blamed() {
    let world = format!(
        "{BL}$SOA dead.example 300 60\n*.dead.example TIMEOUT\n5.77.66.45.in-addr.arpa PTR c.unlisted.test ttl=86400\n\
         c.unlisted.test A 45.66.77.5 ttl=86400\n5.77.66.45.bl.example NXDOMAIN\n$SOA bl.example 86400 86400\n"
    );
    let mut world = World::with_unlisted(&world, [deny("dead.example"), deny("bl.example")]);
    let (mut blamed, mut waited, mut convicted) = (0, 0, None);
    for check in 1..=60 {
        let report = world.check(client(77, 5));
        blamed += usize::from(report.resolver_fault().is_some());
        waited += usize::from(report.elapsed() >= Duration::from_secs(4));
        if convicted.is_none() && world.health()[0] == "unreachable" {
            convicted = Some(check);
        }
        world.pass(10);
    }
    assert_eq!((blamed, world.events()), (0, vec!["dead.example unprobed -> unreachable".to_owned()]));
    assert!(convicted.is_some_and(|check| check <= 10), "convicted at check {convicted:?}");
    assert!(waited <= 15, "{waited} checks of 60 waited for it");
    assert_ne!(world.health()[1], "unreachable");
}

#[test]
fn lists_that_refuse_by_code_are_no_fault_of_the_resolver() {
    let world = "
        $SOA a.example 300 60\n$SOA b.example 300 60
        *.a.example A 127.255.255.254 ttl=60\n*.b.example A 127.255.255.254 ttl=60
        5.77.66.45.in-addr.arpa PTR c.unlisted.test\nc.unlisted.test A 45.66.77.5
    ";
    let mut world = World::with_unlisted(world, [deny("a.example"), deny("b.example")]);
    for _ in 0..6 {
        let report = world.check(client(77, 5).mail_from("<a@n1.unlisted.test>"));
        assert_eq!(fault(&report), "none", "{report}");
        assert_eq!(verdicts(&report), ["problem", "problem"]);
        world.check_unlisted();
    }
    // Each fault has an event and its own advice.
    assert_eq!(world.health(), ["refusing", "refusing"]);
    let advice: Vec<_> = world.checker.health().iter().map(|report| report.advice()).collect();
    assert_eq!(
        advice,
        ["ask through a resolver of your own, not a public one; cloud networks are refused too: ask with a key from there";
            2]
    );
    assert!(world.events().iter().all(|event| !event.starts_with("fault")));
}

/// No name of the Internet exists there, and no list.
#[test]
fn a_closed_network_is_no_fault_of_the_resolver() {
    for negative in ["NXDOMAIN", "NXDOMAIN-NOSOA"] {
        for lists in [vec![], vec![deny("bl.example"), deny("other.example")]] {
            let mut world = World::with_unlisted(&format!("$DEFAULT {negative}"), lists);
            for last in 0..6 {
                let report = world.check(client(79, last).helo("h.nowhere.example").mail_from("<a@nowhere.example>"));
                assert_eq!(fault(&report), "none", "{report}");
                assert_eq!(report.sender().unwrap().verdict().word(), "no_such_domain");
                world.pass(1);
            }
            assert!(world.events().iter().all(|event| !event.starts_with("fault")));
        }
    }
}

/// Everything fails, or so it seems: what we ask of our own as well.
fn dark(failure: &str) -> String {
    format!(
        "$DEFAULT {failure}\n*.unlisted.test {failure}\nmx.unlisted.test {failure}\n*.bl.example {failure}\n{}",
        dead(failure)
    )
}

#[test]
fn a_resolver_that_is_dead_is_found_out_and_no_list_is_blamed_for_it() {
    for (failure, word) in [("TIMEOUT", "unreachable"), ("REFUSED", "refused")] {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut world = World::with_unlisted(BL, lists);
            assert_eq!(fault(&world.settle()), "none");
            world.set(&dark(failure));
            world.pass(7_200);
            let last = world.settle();
            assert_eq!(fault(&last), word, "{failure}: {last}");
            assert_ne!(reply(&last) / 100, 5, "{failure}");
            assert_eq!(world.events(), [format!("fault {word}")], "{failure}");
            assert!(world.lists_are_well(), "{failure}: {:?}", world.health());
            // It works again, and there is one event about it.
            world.set(&format!(
                "$DEFAULT NXDOMAIN\n*.bl.example NXDOMAIN\n{BL}{}",
                "*.unlisted.test MX 10 mx.unlisted.test\nmx.unlisted.test A 45.66.78.25"
            ));
            world.pass(7_200);
            world.settle();
            assert_eq!(fault(&world.check_unlisted()), "none", "{failure}");
            assert_eq!(world.events(), [format!("recovered {word}")], "{failure}");
        }
    }
}

/// The three registries cannot be reached or are refused, but a list answers.
#[test]
fn a_list_that_answers_acquits_the_resolver() {
    for failure in ["REFUSED", "TIMEOUT"] {
        let world = format!("$DEFAULT {failure}\n{BL}*.bl.example NXDOMAIN\n*.66.45.in-addr.arpa NXDOMAIN");
        let mut world = World::with_unlisted(&world, [deny("bl.example")]);
        for last in [9, 10, 11, 9, 10, 11] {
            let report = world.check(client(77, last));
            assert_eq!((fault(&report), reply(&report)), ("none", 550), "{failure}: {report}");
            world.check_unlisted();
        }
        assert_eq!(world.events(), Vec::<String>::new(), "{failure}");
    }
}

//! What makes the resolver count as faulty.

use std::time::Duration;

use super::*;
use crate::kit::town::{Town, fault, reply, said};

#[test]
fn a_reverse_zone_that_fails_does_not_convict_the_resolver() {
    for failure in FAILURES {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut town = Town::new(&format!("{BL}*.79.66.45.in-addr.arpa {failure}"), lists);
            for last in 0..8 {
                let report = town.check(client(79, last));
                assert_eq!(fault(&report), "none", "{failure}: {report}");
                assert_eq!(report.iprev().unwrap().rfc8601(), "temperror", "{failure}");
                assert_eq!(fault(&town.quiet()), "none", "{failure}");
            }
            town.settle();
            assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
        }
    }
}

/// All that a message says is the stranger's own: names, sender, reverse zone; and everything fails.
#[test]
fn a_message_of_failing_zones_does_not_convict_the_resolver() {
    for failure in FAILURES {
        let mut town = Town::new(&format!("*.79.66.45.in-addr.arpa {failure}\n*.stranger.test {failure}"), []);
        for last in 0..8 {
            let stranger = client(79, last).helo("h.stranger.test").mail_from(format!("<a@m{last}.stranger.test>"));
            let report = town.check(stranger);
            assert_eq!(fault(&report), "none", "{failure}: {report}");
            assert_eq!(report.sender().unwrap().verdict().word(), "unknown", "{failure}");
            let neighbour = town.quiet();
            assert_eq!((fault(&neighbour), neighbour.sender().unwrap().verdict().word()), ("none", "ok"), "{failure}");
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

/// What else there is to know about the client is remembered, so that the dead list is the only question.
#[test]
fn a_dead_list_of_two_is_found_out_and_the_resolver_is_not_blamed() {
    let world = format!(
        "{BL}$SOA dead.example 300 60\n*.dead.example TIMEOUT\n5.77.66.45.in-addr.arpa PTR c.quiet.test ttl=86400\n\
         c.quiet.test A 45.66.77.5 ttl=86400\n5.77.66.45.bl.example NXDOMAIN\n$SOA bl.example 86400 86400\n"
    );
    let mut town = Town::new(&world, [deny("dead.example"), deny("bl.example")]);
    let (mut blamed, mut waited, mut convicted) = (0, 0, None);
    for check in 1..=60 {
        let report = town.check(client(77, 5));
        blamed += usize::from(report.resolver_fault().is_some());
        waited += usize::from(report.elapsed() >= Duration::from_secs(4));
        if convicted.is_none() && town.health()[0] == "unreachable" {
            convicted = Some(check);
        }
        town.pass(10);
    }
    assert_eq!((blamed, town.events()), (0, vec!["dead.example unprobed -> unreachable".to_owned()]));
    assert!(convicted.is_some_and(|check| check <= 10), "convicted at check {convicted:?}");
    assert!(waited <= 15, "{waited} checks of 60 waited for it");
    assert_ne!(town.health()[1], "unreachable");
}

#[test]
fn lists_that_refuse_by_code_are_no_fault_of_the_resolver() {
    let world = "
        $SOA a.example 300 60\n$SOA b.example 300 60
        *.a.example A 127.255.255.254 ttl=60\n*.b.example A 127.255.255.254 ttl=60
        5.77.66.45.in-addr.arpa PTR c.quiet.test\nc.quiet.test A 45.66.77.5
    ";
    let mut town = Town::new(world, [deny("a.example"), deny("b.example")]);
    for _ in 0..6 {
        let report = town.check(client(77, 5).mail_from("<a@n1.quiet.test>"));
        assert_eq!(fault(&report), "none", "{report}");
        assert_eq!(said(&report), ["problem", "problem"]);
        town.quiet();
    }
    // Each fault has an event and its own advice.
    assert_eq!(town.health(), ["refusing", "refusing"]);
    let advice: Vec<_> = town.checker.health().iter().map(|report| report.advice()).collect();
    assert_eq!(
        advice,
        ["ask through a resolver of your own, not a public one; cloud networks are refused too: ask with a key from there";
            2]
    );
    assert!(town.events().iter().all(|event| !event.starts_with("fault")));
}

/// No name of the Internet exists there, and no list.
#[test]
fn a_closed_network_is_no_fault_of_the_resolver() {
    for negative in ["NXDOMAIN", "NXDOMAIN-NOSOA"] {
        for lists in [vec![], vec![deny("bl.example"), deny("other.example")]] {
            let mut town = Town::new(&format!("$DEFAULT {negative}"), lists);
            for last in 0..6 {
                let report = town.check(client(79, last).helo("h.nowhere.example").mail_from("<a@nowhere.example>"));
                assert_eq!(fault(&report), "none", "{report}");
                assert_eq!(report.sender().unwrap().verdict().word(), "no_such_domain");
                town.pass(1);
            }
            assert!(town.events().iter().all(|event| !event.starts_with("fault")));
        }
    }
}

/// Everything fails, or so it seems: what we ask of our own as well.
fn dark(failure: &str) -> String {
    format!(
        "$DEFAULT {failure}\n*.quiet.test {failure}\nmx.quiet.test {failure}\n*.bl.example {failure}\n{}",
        dead(failure)
    )
}

#[test]
fn a_resolver_that_is_dead_is_found_out_and_no_list_is_blamed_for_it() {
    for (failure, word) in [("TIMEOUT", "unreachable"), ("REFUSED", "refused")] {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut town = Town::new(BL, lists);
            assert_eq!(fault(&town.settle()), "none");
            town.set(&dark(failure));
            town.pass(7_200);
            let last = town.settle();
            assert_eq!(fault(&last), word, "{failure}: {last}");
            assert_ne!(reply(&last) / 100, 5, "{failure}");
            assert_eq!(town.events(), [format!("fault {word}")], "{failure}");
            assert!(town.lists_are_well(), "{failure}: {:?}", town.health());
            // It works again, and there is one event about it.
            town.set(&format!(
                "$DEFAULT NXDOMAIN\n*.bl.example NXDOMAIN\n{BL}{}",
                "*.quiet.test MX 10 mx.quiet.test\nmx.quiet.test A 45.66.78.25"
            ));
            town.pass(7_200);
            town.settle();
            assert_eq!(fault(&town.quiet()), "none", "{failure}");
            assert_eq!(town.events(), [format!("recovered {word}")], "{failure}");
        }
    }
}

/// The three registries cannot be reached or are refused, but a list answers.
#[test]
fn a_list_that_answers_acquits_the_resolver() {
    for failure in ["REFUSED", "TIMEOUT"] {
        let world = format!("$DEFAULT {failure}\n{BL}*.bl.example NXDOMAIN\n*.66.45.in-addr.arpa NXDOMAIN");
        let mut town = Town::new(&world, [deny("bl.example")]);
        for last in [9, 10, 11, 9, 10, 11] {
            let report = town.check(client(77, last));
            assert_eq!((fault(&report), reply(&report)), ("none", 550), "{failure}: {report}");
            town.quiet();
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

//! Gone, or only private?

use super::*;
use crate::kit::town::{Town, reply, said};

#[test]
fn a_list_of_ones_own_under_a_private_top_level_zone_is_not_gone() {
    for top in ["test", "lan", "internal"] {
        let zone = format!("bl.{top}");
        let world = format!(
            "$SOA {top} 300 60\n{}",
            BL.lines().skip(2).collect::<Vec<_>>().join("\n").replace("bl.example", &zone)
        );
        let mut town = Town::new(&world, [deny(&zone)]);
        for last in 20..26 {
            assert_eq!(said(&town.check(client(77, last))), ["not_listed"], "{zone}");
            assert_ne!(town.health(), ["gone"], "{zone}");
            town.pass(1);
        }
        town.clock.run(town.checker.probe());
        let health = &town.checker.health()[0];
        assert_eq!((health.health().word(), health.advice()), ("sound", ""), "{zone}");
        assert_eq!(reply(&town.check(client(77, 9))), 550, "{zone}");
        town.settle();
        assert_eq!((town.health(), town.events()), (vec!["sound"], vec![]), "{zone}");
    }
}

/// A name that leads out of the list's zone, to where the zone above says no.
#[test]
fn a_denial_from_above_of_one_name_is_no_word_about_the_list() {
    let world = format!(
        "{RHSBL}$SOA example 300 60\nx.stranger.test.rhsbl.example CNAME gone.example\n*.stranger.test MX 10 mx.quiet.test"
    );
    let mut town = Town::new(&world, [of_domains(deny("rhsbl.example"))]);
    for last in 0..3 {
        town.check(from(last, "x.stranger.test"));
        town.settle();
        assert!(town.lists_are_well(), "{:?}", town.health());
    }
    assert_eq!(reply(&town.check(from(9, "spam.test"))), 550);
    assert_eq!(town.events(), Vec::<String>::new());
}

/// The twin: the operator's domain is gone, and one question a window shows it.
#[test]
fn a_list_whose_domain_does_not_exist_is_gone() {
    let mut town = Town::new("$SOA example 300 60", [deny("bl.operator.example")]);
    for last in 0..40 {
        assert_eq!(said(&town.check(client(79, last))), ["not_listed"]);
        town.pass(1);
    }
    let health = &town.checker.health()[0];
    assert_eq!((health.health().word(), health.advice()), ("gone", "remove it from the configuration"));
    let asked = town.dns.asked().iter().filter(|question| question.record_type == rdnsbl::RecordType::Soa).count();
    assert!(asked <= 1, "{asked} questions in 40 seconds");
    assert_eq!(town.events(), ["bl.operator.example unprobed -> gone"]);
    // It is bought, and works.
    town.set("$SOA operator.example 300 60\n2.0.0.127.bl.operator.example A 127.0.0.2\n9.77.66.45.bl.operator.example A 127.0.0.2");
    town.pass(3_600);
    assert_eq!(reply(&town.check(client(77, 9))), 550);
    town.settle();
    assert_ne!(town.health(), ["gone"]);
}

//! Gone, or only private?

use super::*;
use crate::kit::world::{World, reply, verdicts};

#[test]
fn a_list_of_ones_own_under_a_private_top_level_zone_is_not_gone() {
    for top in ["test", "lan", "internal"] {
        let zone = format!("bl.{top}");
        let world = format!(
            "$SOA {top} 300 60\n{}",
            BL.lines().skip(2).collect::<Vec<_>>().join("\n").replace("bl.example", &zone)
        );
        let mut world = World::with_unlisted(&world, [deny(&zone)]);
        for last in 20..26 {
            assert_eq!(verdicts(&world.check(client(77, last))), ["not_listed"], "{zone}");
            assert_ne!(world.health(), ["gone"], "{zone}");
            world.pass(1);
        }
        world.clock.run(world.checker.probe());
        let health = &world.checker.health()[0];
        assert_eq!((health.health().word(), health.advice()), ("sound", ""), "{zone}");
        assert_eq!(reply(&world.check(client(77, 9))), 550, "{zone}");
        world.settle();
        assert_eq!((world.health(), world.events()), (vec!["sound"], vec![]), "{zone}");
    }
}

/// A name that leads out of the list's zone, to where the zone above says no.
#[test]
fn a_denial_from_above_of_one_name_is_no_word_about_the_list() {
    let world = format!(
        "{RHSBL}$SOA example 300 60\nx.stranger.test.rhsbl.example CNAME gone.example\n*.stranger.test MX 10 mx.unlisted.test"
    );
    let mut world = World::with_unlisted(&world, [of_domains(deny("rhsbl.example"))]);
    for last in 0..3 {
        world.check(from(last, "x.stranger.test"));
        world.settle();
        assert!(world.lists_are_well(), "{:?}", world.health());
    }
    assert_eq!(reply(&world.check(from(9, "spam.test"))), 550);
    assert_eq!(world.events(), Vec::<String>::new());
}

/// The twin: the operator's domain is gone, and one question a window shows it.
#[test]
fn a_list_whose_domain_does_not_exist_is_gone() {
    let mut world = World::with_unlisted("$SOA example 300 60", [deny("bl.operator.example")]);
    for last in 0..40 {
        assert_eq!(verdicts(&world.check(client(79, last))), ["not_listed"]);
        world.pass(1);
    }
    let health = &world.checker.health()[0];
    assert_eq!((health.health().word(), health.advice()), ("gone", "remove it from the configuration"));
    let asked = world.dns.asked().iter().filter(|question| question.record_type == rdnsbl::RecordType::Soa).count();
    assert!(asked <= 1, "{asked} questions in 40 seconds");
    assert_eq!(world.events(), ["bl.operator.example unprobed -> gone"]);
    // It is bought, and works.
    world.set("$SOA operator.example 300 60\n2.0.0.127.bl.operator.example A 127.0.0.2\n9.77.66.45.bl.operator.example A 127.0.0.2");
    world.pass(3_600);
    assert_eq!(reply(&world.check(client(77, 9))), 550);
    world.settle();
    assert_ne!(world.health(), ["gone"]);
}

//! Gone, or only private?

use std::net::IpAddr;

use rdnsbl::dnsxl::TestEntry;

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

/// A list of addresses of both families, whose operator documents an entry for IPv4.
fn of_both_families(zone: &str) -> ListSpec {
    let entry = TestEntry::Address([127, 0, 0, 2].into());
    let profile = addresses(TestPoints::documented(entry)).lists([SubjectKind::Ipv4, SubjectKind::Ipv6]);
    deny(zone).with_profile(profile)
}

fn ipv6(last: u16) -> IpAddr {
    IpAddr::from([0x2a01, 0x4f8, 0, 0, 0, 0, 0, last])
}

/// A missing entry and a missing domain: the domain explains both, for every kind of subject, and once.
#[test]
fn a_gone_domain_is_one_event_for_all_kinds_of_subjects() {
    let gone = "$SOA example 300 60";
    let entry = "2.0.0.127.bl.operator.example A 127.0.0.2";
    // By probes, from the start and after it worked.
    for (from, before) in [("unprobed", gone.to_owned()), ("sound", format!("{gone}\n{entry}"))] {
        let mut world = World::with_unlisted(&before, [of_both_families("bl.operator.example")]);
        world.clock.run(world.checker.probe());
        world.set("2.0.0.127.bl.operator.example NXDOMAIN\nbl.operator.example NXDOMAIN");
        for _ in 0..4 {
            world.pass(3_600);
            world.clock.run(world.checker.probe());
            assert_eq!(world.health(), ["gone", "gone"]);
        }
        assert_eq!(world.events(), [format!("bl.operator.example {from} -> gone")]);
        world.set(&format!("$SOA operator.example 300 60\n{entry}"));
        world.pass(3_600);
        world.clock.run(world.checker.probe());
        assert_eq!((world.health(), world.events().len()), (vec!["sound", "no_test_entries"], 1));
    }
    // By the checks of clients of both families.
    for six_first in [false, true] {
        let mut world = World::with_unlisted(gone, [of_both_families("bl.operator.example")]);
        for round in 0..6 {
            let (four, six) = (client(79, round), Dialogue::from(ipv6(round.into())));
            for dialogue in if six_first { [six, four] } else { [four, six] } {
                assert_eq!(verdicts(&world.check(dialogue)), ["not_listed"]);
                world.pass(1);
            }
        }
        assert_eq!(world.health(), ["gone", "gone"]);
        assert_eq!(world.events(), ["bl.operator.example unprobed -> gone"]);
    }
}

/// An entry of one family shows that the domain exists, although there is none of the other and no name above the entries.
#[test]
fn an_entry_of_one_family_speaks_for_the_domain() {
    let world = "$SOA test 300 60\n2.0.0.127.bl.test A 127.0.0.2\nbl.test NXDOMAIN";
    let mut world = World::with_unlisted(world, [of_both_families("bl.test")]);
    for _ in 0..3 {
        world.clock.run(world.checker.probe());
        assert_eq!(world.health(), ["sound", "no_test_entries"]);
        world.pass(3_600);
    }
    assert_eq!(world.events(), Vec::<String>::new());
}

/// The domain exists, and only the entry is missing.
#[test]
fn a_list_under_a_private_top_level_zone_is_emptied_and_not_gone() {
    let holds = "$SOA test 300 60\nbl.test NS ns.bl.test\n3.0.0.127.bl.test A 127.0.0.3";
    let mut world = World::with_unlisted(holds, [of_both_families("bl.test")]);
    assert_eq!(verdicts(&world.check(client(79, 1))), ["not_listed"]);
    world.settle();
    assert_eq!((world.health()[0], world.events()), ("emptied", vec!["bl.test unprobed -> emptied".to_owned()]));
}

//! One bad entry in a list of addresses.

use std::fmt::Write as _;

use rdnsbl::Outcome;
use rdnsbl::dnsxl::Disposition;

use super::*;
use crate::kit::world::{World, entry, reply, verdicts};

#[test]
fn one_bad_entry_voids_no_other() {
    for bad in ["10.0.0.1", "0.0.0.0", "198.51.100.7", "127.255.255.252", "127.255.255.254", "127.255.255.255"] {
        let mut world =
            World::with_unlisted(&format!("{BL}{} A {bad}", entry(77, 1, "bl.example")), [deny("bl.example")]);
        assert_eq!(reply(&world.check(client(77, 9))), 550);
        for _ in 0..3 {
            assert_eq!(verdicts(&world.check(client(77, 1))), ["problem"], "{bad}");
            assert_eq!(reply(&world.check(client(77, 10))), 550, "{bad}");
            world.settle();
        }
        assert_eq!(reply(&world.check(client(77, 11))), 550, "{bad}");
        assert_eq!((world.health(), world.events()), (vec!["sound"], vec![]), "{bad}");
    }
}

/// Nothing is known of the list when the bad entry is met: no proof stands against it.
#[test]
fn one_bad_entry_met_first_voids_no_other() {
    for bad in ["10.0.0.1", "127.255.255.254"] {
        let mut world =
            World::with_unlisted(&format!("{BL}{} A {bad}", entry(77, 1, "bl.example")), [deny("bl.example")]);
        assert_eq!(verdicts(&world.check(client(77, 1))), ["problem"], "{bad}");
        assert_eq!(reply(&world.check(client(77, 9))), 550, "{bad}");
        world.settle();
        assert_eq!(reply(&world.check(client(77, 10))), 550, "{bad}");
        assert!(world.lists_are_well() && world.events().is_empty(), "{bad}: {:?}", world.health());
    }
}

#[test]
fn cached_answers_survive_a_bad_entry() {
    let world = World::with_unlisted(&format!("{BL}{} A 10.0.0.1", entry(77, 1, "bl.example")), [deny("bl.example")]);
    world.check(client(77, 5));
    world.check(client(77, 9));
    world.check(client(77, 1));
    world.pass(2);
    world.check(client(77, 5));
    world.check(client(77, 9));
    let asked = |last| world.times_asked(&entry(77, last, "bl.example"));
    assert_eq!((asked(5), asked(9)), (1, 2), "the miss once; the hit once with its text");
}

#[test]
fn a_documented_refusal_about_one_address_is_no_refusal_of_all() {
    let profile = Profile::new()
        .code("127.0.0.255".parse().unwrap(), Disposition::Refusal, "over quota")
        .lists([SubjectKind::Ipv4]);
    let world = format!("{BL}{} A 127.0.0.255", entry(77, 1, "bl.example"));
    let mut world = World::with_unlisted(&world, [allow("bl.example").with_profile(profile.clone())]);
    assert_eq!(world.check(client(77, 9)).score().outcome(), Outcome::Allowed);
    assert_eq!(verdicts(&world.check(client(77, 1))), ["problem"]);
    world.settle();
    assert_eq!(world.check(client(77, 10)).score().outcome(), Outcome::Allowed);
    assert_eq!((world.health(), world.events()), (vec!["sound"], vec![]));
    // The twin: it refuses everything.
    world.set("*.bl.example A 127.0.0.255\n2.0.0.127.bl.example A 127.0.0.255");
    world.pass(120);
    assert_eq!(verdicts(&world.check(client(77, 2))), ["problem"]);
    world.settle();
    assert_eq!(world.health(), ["refusing"]);
    assert_eq!(world.check(client(77, 11)).score().outcome(), Outcome::NotListed);
    assert_eq!(world.events(), ["bl.example sound -> refusing"]);
}

#[test]
fn a_list_of_addresses_that_is_broken_is_found_out() {
    for (answer, state) in [
        ("198.51.100.25", "parked"),
        ("0.0.0.0", "parked"),
        ("127.255.255.254", "refusing"),
        ("127.255.255.252", "refusing"),
        ("127.0.0.2", "lists_everything"),
    ] {
        let mut world = World::with_unlisted(BL, [deny("bl.example")]);
        assert_eq!(reply(&world.check(client(77, 9))), 550);
        world.set(&format!("*.bl.example A {answer} ttl=60\n2.0.0.127.bl.example A {answer}"));
        world.pass(70);
        assert_eq!(verdicts(&world.check(client(77, 1))), ["problem"], "{answer}");
        world.settle();
        assert_eq!(
            (world.health(), world.events()),
            (vec![state], vec![format!("bl.example sound -> {state}")]),
            "{answer}"
        );
        // It still holds this client, but that does not count any more.
        assert_eq!(verdicts(&world.check(client(77, 10))), ["problem"], "{answer}");
    }
}

/// As rbldnsd makes of `0.0.0.0/0`: labels that are no addresses are absent, so that the fixed control has to tell.
#[test]
fn a_list_that_is_parked_for_addresses_only_is_found_out() {
    let mut parked = String::from("$SOA bl.example 300 60\n1.0.0.127.bl.example A 198.51.100.25\n");
    (0..=255).for_each(|last| writeln!(parked, "{} A 198.51.100.25", entry(77, last, "bl.example")).unwrap());
    let world = World::with_unlisted(&parked, [deny("bl.example")]);
    world.check(client(77, 1));
    world.settle();
    assert_eq!(world.health(), ["parked"]);
}

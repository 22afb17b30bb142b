//! One bad entry in a list of addresses.

use std::fmt::Write as _;

use rdnsbl::Outcome;
use rdnsbl::dnsxl::Disposition;

use super::*;
use crate::kit::town::{Town, entry, reply, said};

#[test]
fn one_bad_entry_voids_no_other() {
    for bad in ["10.0.0.1", "0.0.0.0", "198.51.100.7", "127.255.255.252", "127.255.255.254", "127.255.255.255"] {
        let mut town = Town::new(&format!("{BL}{} A {bad}", entry(77, 1, "bl.example")), [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        for _ in 0..3 {
            assert_eq!(said(&town.check(client(77, 1))), ["problem"], "{bad}");
            assert_eq!(reply(&town.check(client(77, 10))), 550, "{bad}");
            town.settle();
        }
        assert_eq!(reply(&town.check(client(77, 11))), 550, "{bad}");
        assert_eq!((town.health(), town.events()), (vec!["sound"], vec![]), "{bad}");
    }
}

/// Nothing is known of the list when the bad entry is met: no proof stands against it.
#[test]
fn one_bad_entry_met_first_voids_no_other() {
    for bad in ["10.0.0.1", "127.255.255.254"] {
        let mut town = Town::new(&format!("{BL}{} A {bad}", entry(77, 1, "bl.example")), [deny("bl.example")]);
        assert_eq!(said(&town.check(client(77, 1))), ["problem"], "{bad}");
        assert_eq!(reply(&town.check(client(77, 9))), 550, "{bad}");
        town.settle();
        assert_eq!(reply(&town.check(client(77, 10))), 550, "{bad}");
        assert!(town.lists_are_well() && town.events().is_empty(), "{bad}: {:?}", town.health());
    }
}

#[test]
fn cached_answers_survive_a_bad_entry() {
    let town = Town::new(&format!("{BL}{} A 10.0.0.1", entry(77, 1, "bl.example")), [deny("bl.example")]);
    town.check(client(77, 5));
    town.check(client(77, 9));
    town.check(client(77, 1));
    town.pass(2);
    town.check(client(77, 5));
    town.check(client(77, 9));
    let asked = |last| town.asked(&entry(77, last, "bl.example"));
    assert_eq!((asked(5), asked(9)), (1, 2), "the miss once; the hit once with its text");
}

#[test]
fn a_documented_refusal_about_one_address_is_no_refusal_of_all() {
    let profile = Profile::new()
        .code("127.0.0.255".parse().unwrap(), Disposition::Refusal, "over quota")
        .lists([SubjectKind::Ipv4]);
    let world = format!("{BL}{} A 127.0.0.255", entry(77, 1, "bl.example"));
    let mut town = Town::new(&world, [allow("bl.example").with_profile(profile.clone())]);
    assert_eq!(town.check(client(77, 9)).score().outcome(), Outcome::Allowed);
    assert_eq!(said(&town.check(client(77, 1))), ["problem"]);
    town.settle();
    assert_eq!(town.check(client(77, 10)).score().outcome(), Outcome::Allowed);
    assert_eq!((town.health(), town.events()), (vec!["sound"], vec![]));
    // The twin: it refuses everything.
    town.set("*.bl.example A 127.0.0.255\n2.0.0.127.bl.example A 127.0.0.255");
    town.pass(120);
    assert_eq!(said(&town.check(client(77, 2))), ["problem"]);
    town.settle();
    assert_eq!(town.health(), ["refusing"]);
    assert_eq!(town.check(client(77, 11)).score().outcome(), Outcome::NotListed);
    assert_eq!(town.events(), ["bl.example sound -> refusing"]);
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
        let mut town = Town::new(BL, [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        town.set(&format!("*.bl.example A {answer} ttl=60\n2.0.0.127.bl.example A {answer}"));
        town.pass(70);
        assert_eq!(said(&town.check(client(77, 1))), ["problem"], "{answer}");
        town.settle();
        assert_eq!(
            (town.health(), town.events()),
            (vec![state], vec![format!("bl.example sound -> {state}")]),
            "{answer}"
        );
        // It still holds this client, but that does not count any more.
        assert_eq!(said(&town.check(client(77, 10))), ["problem"], "{answer}");
    }
}

/// As rbldnsd makes of `0.0.0.0/0`: labels that are no addresses are absent, so that the fixed control has to tell.
#[test]
fn a_list_that_is_parked_for_addresses_only_is_found_out() {
    let mut parked = String::from("$SOA bl.example 300 60\n1.0.0.127.bl.example A 198.51.100.25\n");
    (0..=255).for_each(|last| writeln!(parked, "{} A 198.51.100.25", entry(77, last, "bl.example")).unwrap());
    let town = Town::new(&parked, [deny("bl.example")]);
    town.check(client(77, 1));
    town.settle();
    assert_eq!(town.health(), ["parked"]);
}

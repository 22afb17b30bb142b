//! Tenants: one cache, different profiles.

use std::fmt::Write as _;

use rdnsbl::Name;
use rdnsbl::dnsxl::{Disposition, TestEntry};

use super::*;
use crate::kit::world::{World, address, entry, random_label, reply, set, verdicts};

/// One tenant takes an entry for absent that the list holds for good reason.
#[test]
fn a_tenant_with_another_control_does_not_remove_others_hits() {
    let wrong = TestPoints::default().absent(TestEntry::Address(address(77, 11)));
    let mut world = World::with_unlisted(BL, [deny("bl.example")]);
    let other = world.checker.with_lists(set([deny("bl.example").with_profile(addresses(wrong))]));
    for last in [9, 10, 9, 10] {
        let theirs = world.clock.run(other.check(client(77, last)));
        assert_eq!(verdicts(&theirs), ["problem"], "{theirs}");
        let ours = world.check(client(77, last));
        assert_eq!((verdicts(&ours), reply(&ours)), (vec!["listed"], 550), "{ours}");
        world.settle();
        assert_eq!(world.health(), ["sound"]);
        let health = other.health();
        assert_eq!(health[0].health().word(), "lists_everything", "each draws its own conclusion");
    }
    let ours = world.events().iter().filter(|event| event.contains("sound ->")).count();
    assert_eq!(ours, 0);
}

/// The worse half: his control is absent, ours is not.
#[test]
fn a_tenant_with_another_control_proves_nothing_for_others() {
    // Every address is listed, as by `0.0.0.0/0` in rbldnsd; labels that are no addresses are absent.
    let mut everything =
        String::from("$SOA bl.example 300 60\n1.0.0.127.bl.example A 127.0.0.2\n2.0.0.127.bl.example A 127.0.0.2\n");
    (0..=255).for_each(|last| writeln!(everything, "{} A 127.0.0.2", entry(77, last, "bl.example")).unwrap());
    let blind = TestPoints::default().absent(TestEntry::Domain(Name::parse("nothing-here").unwrap()));
    let world = World::with_unlisted(&everything, [deny("bl.example")]);
    let other = world.checker.with_lists(set([deny("bl.example").with_profile(addresses(blind))]));
    for last in 0..20 {
        let theirs = world.clock.run(other.check(client(77, last)));
        assert_eq!(verdicts(&theirs), ["listed"], "{theirs}");
        let ours = world.check(client(77, last));
        assert_eq!((verdicts(&ours), reply(&ours)), (vec!["problem"], 250), "{ours}");
        world.pass(7);
    }
    assert_eq!(world.health(), ["lists_everything"]);
}

/// Both at once: neither takes the other's proof nor the other's guilt, in either order.
#[test]
fn tenants_that_check_at_the_same_time_keep_their_own_conclusions() {
    for ours_first in [true, false] {
        let wrong = TestPoints::default().absent(TestEntry::Address(address(77, 11)));
        let world = World::with_unlisted(&format!("{BL}*.bl.example after=100ms"), [deny("bl.example")]);
        let other = world.checker.with_lists(set([deny("bl.example").with_profile(addresses(wrong))]));
        for last in [9, 10] {
            let (ours, theirs) = (world.checker.check(client(77, last)), other.check(client(77, last)));
            let both = if ours_first {
                world.clock.run(futures::future::join(ours.into_future(), theirs.into_future()))
            } else {
                let (theirs, ours) = world.clock.run(futures::future::join(theirs.into_future(), ours.into_future()));
                (ours, theirs)
            };
            assert_eq!((verdicts(&both.0), verdicts(&both.1)), (vec!["listed"], vec!["problem"]));
            world.pass(90);
        }
    }
}

#[test]
fn a_tenant_that_knows_other_refusals_draws_his_own_conclusion() {
    let refuses = Profile::new().code("127.0.0.2".parse().unwrap(), Disposition::Refusal, "not registered");
    // To him the list refuses; to us it lists.
    let world = World::with_unlisted(BL, [deny("bl.example")]);
    let other = world.checker.with_lists(set([deny("bl.example").with_profile(refuses.clone())]));
    for last in [9, 10, 11] {
        assert_eq!(verdicts(&world.clock.run(other.check(client(77, last)))), ["problem"]);
        assert_eq!(reply(&world.check(client(77, last))), 550);
        world.pass(5);
    }
    assert!(world.lists_are_well(), "{:?}", world.health());
    // The list answers everything so: to him it refuses everybody, to us it lists everybody.
    world.set("*.bl.example A 127.0.0.2 ttl=60");
    world.pass(120);
    for last in [20, 21] {
        assert_eq!(verdicts(&world.clock.run(other.check(client(77, last)))), ["problem"]);
        assert_eq!(verdicts(&world.check(client(77, last))), ["problem"]);
        world.pass(2);
    }
    world.settle();
    world.clock.run(other.check(client(77, 30)));
    let words = [world.checker.health()[0].health().word(), other.health()[0].health().word()];
    assert_eq!(words, ["lists_everything", "refusing"]);
}

#[test]
fn tenants_with_equal_controls_share_what_they_show() {
    let world = World::with_unlisted(BL, [deny("bl.example")]);
    let other = world.checker.with_lists(set([deny("bl.example=127.0.0.2"), deny("bl.example").with_weight(3)]));
    assert_eq!(verdicts(&world.check(client(77, 9))), ["listed"]);
    let controls = world.controls_asked("bl.example", "1.0.0.127");
    assert_eq!(controls, 2);
    assert_eq!(verdicts(&world.clock.run(other.check(client(77, 10)))), ["listed", "listed"]);
    assert_eq!(world.controls_asked("bl.example", "1.0.0.127"), controls);
}

/// Only the question that differs is asked anew.
#[test]
fn tenants_share_what_a_label_nobody_can_guess_has_shown() {
    let elsewhere = TestPoints::default().absent(TestEntry::Address(address(77, 200)));
    let world = World::with_unlisted(BL, [deny("bl.example")]);
    let other = world.checker.with_lists(set([deny("bl.example").with_profile(addresses(elsewhere))]));
    assert_eq!(verdicts(&world.check(client(77, 9))), ["listed"]);
    world.pass(5);
    assert_eq!(verdicts(&world.clock.run(other.check(client(77, 10)))), ["listed"]);
    let labels = world.dns.asked().iter().filter(|question| random_label(question, "bl.example")).count();
    assert_eq!((labels, world.times_asked(&entry(77, 200, "bl.example"))), (1, 1));
}

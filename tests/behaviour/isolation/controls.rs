//! Controls belong to all checks: the next check drives them until they are answered or time out.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::{join, join_all};
use rdnsbl::SpecialPurpose;

use super::*;
use crate::kit::world::{SECOND, World, entry, fault, poll_once, reply, set, start, verdicts};

/// A sound list that holds 45.66.77.0 to .59 and takes a while, and one that is silent.
fn one_of_two_is_silent() -> World {
    let mut world = String::from("$SOA bl.example 300 60\n$SOA dead.example 300 60\n*.dead.example TIMEOUT\n");
    (0..60).for_each(|last| writeln!(world, "{} A 127.0.0.2 after=600ms", entry(77, last, "bl.example")).unwrap());
    World::with_unlisted(&world, [deny("bl.example"), deny("dead.example")])
}

#[test]
fn a_silent_list_is_found_although_no_check_waits_for_it() {
    let mut world = one_of_two_is_silent();
    for last in 0..60 {
        let report = world.clock.run(world.checker.check(client(77, last)).stop_when_settled());
        assert_eq!((reply(&report), fault(&report)), (550, "none"));
        assert!(report.elapsed() < SECOND, "{:?}", report.elapsed());
        world.pass(1);
    }
    assert_eq!(
        (world.health()[1], world.events()),
        ("unreachable", vec!["dead.example unprobed -> unreachable".into()])
    );
}

#[test]
fn a_silent_list_is_found_out_although_all_are_in_a_hurry() {
    let mut world = one_of_two_is_silent();
    for last in 0..60 {
        let report = world.clock.run(world.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!((verdicts(&report), fault(&report)), (vec!["not_listed", "unknown"], "none"));
        world.pass(1);
    }
    assert_eq!(
        (world.health()[1], world.events()),
        ("unreachable", vec!["dead.example unprobed -> unreachable".into()])
    );
    assert_ne!(world.health()[0], "unreachable");
}

/// Those who come next do not ask the list at all.
#[test]
fn a_silent_list_is_found_out_by_checks_of_others() {
    let world = one_of_two_is_silent();
    let without = world.checker.with_lists(set([]));
    for last in 0..60 {
        drop(world.clock.run(world.checker.check(client(79, last)).within(SECOND / 2)));
        world.pass(1);
        drop(world.clock.run(without.check(client(80, last))));
    }
    assert_eq!(world.health()[1], "unreachable");
}

/// A check that is given up on the way leaves its suspicion behind.
#[test]
fn a_silent_list_is_found_out_although_its_checks_are_dropped() {
    let world = one_of_two_is_silent();
    let without = world.checker.with_lists(set([]));
    for last in 0..60 {
        let mut given_up = start(world.checker.check(client(79, last)));
        poll_once(&mut given_up);
        world.clock.advance(SECOND);
        poll_once(&mut given_up);
        drop(given_up);
        drop(world.clock.run(without.check(client(80, last))));
        drop(world.clock.run(world.checker.check(client(81, last)).within(SECOND / 2)));
    }
    assert_eq!(world.health()[1], "unreachable");
}

/// The twin: it is slow, and gets its time.
#[test]
fn a_slow_list_is_not_blamed_by_those_in_a_hurry() {
    let mut world =
        World::with_unlisted(&format!("{BL}*.bl.example NXDOMAIN\n*.bl.example after=2s"), [deny("bl.example")]);
    for last in 0..60 {
        drop(world.clock.run(world.checker.check(client(79, last)).within(SECOND / 2)));
        world.pass(1);
    }
    assert!(world.lists_are_well(), "{:?}", world.health());
    assert_eq!(world.events(), Vec::<String>::new());
    assert_eq!(reply(&world.check(client(77, 9))), 550);
}

#[test]
fn a_parked_list_is_found_out_although_its_controls_are_slow_and_all_are_in_a_hurry() {
    let mut world = String::from("$SOA bl.example 300 60\n*.bl.example A 198.51.100.25\n*.bl.example after=2s\n");
    (0..60).for_each(|last| writeln!(world, "{} A 198.51.100.25 after=0s", entry(79, last, "bl.example")).unwrap());
    let world = World::with_unlisted(&world, [deny("bl.example")]);
    for last in 0..20 {
        let report = world.clock.run(world.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!(verdicts(&report), ["problem"]);
        world.pass(1);
    }
    assert_eq!(world.health(), ["parked"]);
}

#[test]
fn a_check_does_not_wait_for_a_suspicion_that_it_raises() {
    let world = format!("$SOA bl.example 300 60\n*.bl.example TIMEOUT\n{} A 10.0.0.1", entry(77, 1, "bl.example"));
    let world = World::with_unlisted(&world, [deny("bl.example")]);
    let report = world.check(client(77, 1));
    assert_eq!((verdicts(&report), report.elapsed()), (vec!["problem"], Duration::ZERO), "{report}");
}

/// A control is kept once, however many checks want its answer. If each check kept it, this would take minutes.
#[test]
fn many_checks_wait_for_the_same_controls() {
    let hits: String = (0..250)
        .flat_map(|last| {
            (79..83).map(move |third| format!("{} A 127.0.0.2 after=0s\n", entry(third, last, "bl.example")))
        })
        .collect();
    let world = format!("{BL}*.bl.example NXDOMAIN\n*.bl.example after=3s\n{hits}");
    let world = World::with_unlisted(&world, [deny("bl.example")]);
    let checks: Vec<_> = (0..250)
        .flat_map(|last| (79..83).map(move |third| (third, last)))
        .map(|(third, last)| world.checker.check(client(third, last)).into_future())
        .collect();
    for report in world.clock.run(join_all(checks)) {
        assert_eq!(verdicts(&report), ["listed"], "{report}");
    }
}

/// A client is the test entry of a list. The answer about this client proves nothing: the list is asked once more.
#[test]
fn a_control_does_not_wait_for_the_same_question_about_a_client() {
    let dns = World::slowly(BL);
    let mut world = World::built_with_unlisted(&dns, |builder| {
        builder.lists(set([deny("bl.example")])).special_purpose(SpecialPurpose::Ask)
    });
    let entry: IpAddr = [127, 0, 0, 2].into();
    let (report, health) = world.clock.run(join(world.checker.check(entry).into_future(), world.checker.probe()));
    assert_eq!(verdicts(&report), ["listed"], "{report}");
    assert_eq!(health[0].health().word(), "sound");
    assert_eq!(world.all_asked().iter().filter(|asked| *asked == "2.0.0.127.bl.example A").count(), 2);
    assert_eq!(world.events(), [""; 0]);
}

//! What is cached, for how long, and what is not: answers, proofs, failures, test entries.

use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::{ListSet, ListSpec, Policy};

use crate::driving::DNS;
use crate::kit::world::{CLEAN, LISTED, SECOND, World, lists, verdicts};

#[test]
fn what_is_remembered_is_not_asked() {
    let world = World::new(DNS, lists(["bl.test"]));
    assert_eq!(world.check(CLEAN).questions(), 3);
    let again = world.check(CLEAN);
    assert_eq!((again.questions(), verdicts(&again)), (0, vec!["not_listed"]));
    world.clock.advance(59 * SECOND);
    assert_eq!(world.check(CLEAN).questions(), 0);
    world.clock.advance(SECOND); // min(SOA TTL, MINIMUM) of the list is over
    assert_eq!(world.check(CLEAN).questions(), 1);
}

#[test]
fn single_checks_remember_too() {
    let world = World::new(DNS, lists([]));
    for _ in 0..2 {
        assert_eq!(world.clock.run(world.checker.iprev(CLEAN)).rfc8601(), "pass");
        assert_eq!(
            world.clock.run(world.checker.helo("clean.client.test", Some(CLEAN))).verdict().word(),
            "resolves_to_client"
        );
    }
    // PTR and A once; of the two address families of HELO one was known. The resolver was tested, too.
    assert_eq!(world.checker.stats().questions, 3 + 4);
}

#[test]
fn a_listing_is_proven_again_after_the_window() {
    let world = World::new(DNS, lists(["bl.test"]));
    assert_eq!(world.check(LISTED).questions(), 6); // PTR, A of the name, A, TXT, two controls
    world.clock.advance(59 * SECOND);
    let report = world.check(LISTED);
    let age = report.denied().next().unwrap().1.proof().age();
    assert_eq!((report.questions(), verdicts(&report), age), (0, vec!["listed"], 59 * SECOND));
    world.clock.advance(SECOND);
    let before = world.asked().len();
    let report = world.check(LISTED);
    assert_eq!((report.questions(), verdicts(&report)), (2, vec!["listed"]));
    let controls = &world.asked()[before..];
    assert!(controls.iter().any(|question| question == "1.0.0.127.bl.test A"), "{controls:?}");
}

#[test]
fn a_list_that_dies_is_found_out_within_the_window_and_never_refuses_for_longer() {
    let world = World::new(DNS, lists(["bl.test"]));
    assert_eq!(verdicts(&world.check(LISTED)), ["listed"]);
    world.dns.set("*.bl.test A 127.0.0.2\n1.0.0.127.bl.test A 127.0.0.2").unwrap();
    world.clock.advance(60 * SECOND);
    for client in [LISTED, CLEAN] {
        let report = world.check(client);
        assert_eq!(verdicts(&report), ["problem"]);
        assert!(report.advice().reply().is_none());
    }
}

#[test]
fn with_a_window_of_zero_every_hit_is_proven() {
    let world = World::with(DNS, |builder| builder.lists(lists(["bl.test"])).proof_window(Duration::ZERO));
    world.check(LISTED);
    assert_eq!(world.check(LISTED).questions(), 2);
    world.dns.set("1.0.0.127.bl.test A 127.0.0.2").unwrap();
    assert_eq!(verdicts(&world.check(LISTED)), ["problem"]);
}

#[test]
fn failures_are_remembered_for_a_moment_and_deadlines_are_not() {
    let dns = format!("{DNS}\n*.bad.test SERVFAIL");
    let world = World::new(&dns, lists(["bad.test"]));
    assert_eq!(verdicts(&world.check(CLEAN)), ["unknown"]);
    world.clock.advance(4 * SECOND);
    assert_eq!(world.check(CLEAN).questions(), 0);
    world.dns.set("7.77.66.45.bad.test A 127.0.0.2\n*.bad.test NXDOMAIN").unwrap();
    world.clock.advance(SECOND);
    assert_eq!(verdicts(&world.check(CLEAN)), ["listed"]);

    let world = World::new(DNS, lists(["late.test"]));
    assert_eq!(verdicts(&world.check_within(CLEAN, SECOND)), ["unknown"]);
    world.dns.forget_asked();
    assert_eq!(verdicts(&world.check_within(CLEAN, 60 * SECOND)), ["not_listed"]);
    assert_eq!(world.asked().len(), 1);
}

#[test]
fn a_check_in_a_hurry_leaves_no_trace() {
    let world = World::slow(DNS, lists(["bl.test"]));
    for _ in 0..20 {
        let report = world.check_within(LISTED, Duration::from_millis(10));
        assert_eq!((verdicts(&report), report.resolver_fault()), (vec!["unknown"], None));
    }
    let stats = world.checker.stats();
    assert_eq!((stats.entries, stats.bytes, stats.failures), (0, 0, 0));
    let fresh = World::slow(DNS, lists(["bl.test"]));
    world.dns.forget_asked();
    assert_eq!((verdicts(&world.check(LISTED)), verdicts(&fresh.check(LISTED))), (vec!["listed"], vec!["listed"]));
    // Except the controls of a list that no check had waited for.
    assert!(world.asked().len() <= fresh.asked().len());
}

#[test]
fn other_lists_share_the_memory() {
    let world = World::new(DNS, lists(["bl.test"]));
    world.check(LISTED);
    let filtered =
        world.checker.with_lists(ListSet::builder().deny("bl.test=127.0.0.9").deny("other.test").build().unwrap());
    let report = world.clock.run(filtered.check(LISTED));
    assert_eq!((verdicts(&report), report.questions()), (vec!["excluded", "not_listed"], 1));
    let observing = filtered.with_lists(lists(["bl.test"])).with_policy(Policy::observe());
    let report = world.clock.run(observing.check(LISTED));
    assert_eq!((verdicts(&report), report.questions(), report.advice().reply()), (vec!["listed"], 0, None));
    assert_eq!(observing.stats(), world.checker.stats());
}

fn documented(zone: &str) -> ListSpec {
    let entry = TestPoints::documented(TestEntry::Address(IpAddr::from([127, 0, 0, 2])));
    ListSpec::deny(zone).unwrap().with_profile(Profile::new().test_points(SubjectKind::Ipv4, entry))
}

fn asked_for_entry(world: &World) -> usize {
    world.asked().iter().filter(|question| *question == "2.0.0.127.bl.test A").count()
}

#[test]
fn a_documented_entry_is_asked_once() {
    let world = World::new(
        &format!("{DNS}\n2.0.0.127.bl.test A 127.0.0.2"),
        ListSet::builder().list(documented("bl.test")).build().unwrap(),
    );
    for _ in 0..3 {
        for client in [CLEAN, LISTED] {
            world.check(client);
            world.clock.advance(100 * SECOND);
        }
    }
    assert_eq!(asked_for_entry(&world), 1);
}

#[test]
fn a_resolver_that_is_repaired_is_believed_again() {
    let world = World::new(
        &format!("{DNS}\n2.0.0.127.bl.test NODATA/A"),
        ListSet::builder().list(documented("bl.test")).deny("other.test").build().unwrap(),
    );
    for _ in 0..2 {
        let report = world.check(CLEAN);
        assert_eq!((verdicts(&report), report.counts().unknown), (vec!["unknown", "unknown"], 2));
        assert_eq!(report.resolver_fault().map(|fault| fault.word()), Some("strips_127"));
        world.clock.advance(10 * SECOND);
    }
    assert_eq!(asked_for_entry(&world), 1);
    world.dns.set("2.0.0.127.bl.test A 127.0.0.2").unwrap();
    world.clock.advance(60 * SECOND);
    let report = world.check(CLEAN);
    assert_eq!((verdicts(&report), report.resolver_fault()), (vec!["not_listed", "not_listed"], None));
}

/// The same two lists in either order: what is learned of the resolver must not depend on it.
#[test]
fn what_clears_the_resolver_clears_it_in_every_order() {
    for turned in [false, true] {
        let mut specs = vec![ListSpec::deny("bl.test").unwrap(), documented("sick.test")];
        if turned {
            specs.reverse();
        }
        let dns = format!("{DNS}\n2.0.0.127.sick.test NODATA");
        let world = World::new(&dns, ListSet::builder().lists(specs).build().unwrap());
        let report = world.check(LISTED);
        assert_eq!((report.counts().listed, report.counts().not_listed, report.resolver_fault()), (1, 1, None));
        world.clock.advance(61 * SECOND);
        let only = world.checker.with_lists(lists(["other.test"]));
        let report = world.clock.run(only.check(CLEAN));
        assert_eq!((verdicts(&report), report.resolver_fault()), (vec!["not_listed"], None), "turned: {turned}");
    }
}

/// Cached answers of a list are no evidence about the resolver that is asked now.
#[test]
fn a_remembered_answer_does_not_clear_the_resolver() {
    let world = World::new(DNS, lists(["bl.test"]));
    assert_eq!(verdicts(&world.check(LISTED)), ["listed"]);
    world.clock.advance(200 * SECOND);
    world.dns.set("2.0.0.127.new.test NODATA").unwrap(); // from now on, 127/8 is taken away
    let lists =
        ListSet::builder().deny("bl.test").deny("bl.test=127.0.0.9").list(documented("new.test")).build().unwrap();
    let report = world.clock.run(world.checker.with_lists(lists).check(LISTED));
    assert_eq!(verdicts(&report), ["listed", "excluded", "unknown"]);
    assert_eq!(report.resolver_fault().map(|fault| fault.word()), Some("strips_127"));
}

/// If a client says HELO with the name of a control, the control must not be answered from the cache.
#[test]
fn a_control_is_never_answered_by_another_question() {
    let world = World::new(DNS, lists(["bl.test"]));
    let dialogue = |client: IpAddr| rdnsbl::Dialogue::from(client).helo("1.0.0.127.bl.test");
    world.clock.run(world.checker.check(dialogue(CLEAN)));
    world.dns.set("1.0.0.127.bl.test A 127.0.0.2").unwrap();
    assert_eq!(verdicts(&world.clock.run(world.checker.check(dialogue(LISTED)))), ["problem"]);
}

//! A resolver that invents answers, or takes them away.

use rdnsbl::dnsxl::TestEntry;

use super::*;
use crate::kit::world::{SECOND, World, fault, reply, verdicts};

/// What else there is: it invents addresses for all names, or for those outside lists only.
fn inventing(spares: &str) -> String {
    let spared = if spares.is_empty() { String::new() } else { format!("*.{spares} NXDOMAIN\n") };
    format!("* A 203.0.113.99\n{spared}")
}

/// Only the trial notices it: there are no lists, or they are not affected.
#[test]
fn a_resolver_that_invents_addresses_is_found_out_at_first_use() {
    for (lists, spares) in [(vec![], ""), (vec![deny("bl.example")], "bl.example"), (vec![deny("bl.example")], "")] {
        let mut world = World::with_unlisted(&format!("{BL}{}", inventing(spares)), lists.clone());
        let dialogue = client(79, 1).helo("h.nowhere.example").mail_from("<a@nowhere.example>");
        let report = world.check(&dialogue);
        let shown = format!("{} lists, {spares:?} spared: {report}", lists.len());
        assert_eq!(fault(&report), "rewrites_nxdomain", "{shown}");
        assert_eq!(report.sender().unwrap().verdict().word(), "unknown", "{shown}");
        assert_eq!(report.helo().unwrap().verdict().word(), "unknown", "{shown}");
        assert_ne!(reply(&report) / 100, 5, "{shown}");
        world.settle();
        assert_eq!(world.events(), ["fault rewrites_nxdomain"], "{shown}");
        assert!(world.lists_are_well(), "{:?} {shown}", world.health());
    }
}

#[test]
fn a_resolver_that_tells_the_truth_is_believed_at_first_use() {
    let world = World::with_unlisted("a.implicit.test A 45.66.77.25", []);
    let report = world.check(client(79, 1).mail_from("<a@a.implicit.test>").helo("h.nowhere.example"));
    assert_eq!(fault(&report), "none");
    assert_eq!(report.sender().unwrap().verdict().word(), "ok", "an address is enough (RFC 5321 §5.1)");
    assert_eq!(report.helo().unwrap().verdict().word(), "no_such_name");
}

/// It begins to invent when the checker has been at work for long, and stops again.
#[test]
fn a_resolver_that_begins_to_invent_is_found_out_within_the_hour() {
    let mut world = World::with_unlisted("", []);
    world.settle();
    world.set("* A 203.0.113.99");
    let made_up = |minute: u32| client(79, 1).mail_from(format!("<a@m{minute}.nowhere.example>"));
    let found = (1..=45).find(|minute| {
        world.pass(60);
        fault(&world.check(made_up(*minute))) == "rewrites_nxdomain"
    });
    assert!(found.is_some(), "45 minutes, and every sender is believed");
    assert_eq!(world.check(made_up(50)).sender().unwrap().verdict().word(), "unknown");
    world.set("* NXDOMAIN");
    world.pass(7_200);
    world.settle();
    assert_eq!(world.check(made_up(60)).sender().unwrap().verdict().word(), "no_such_domain");
    assert_eq!(world.events(), ["fault rewrites_nxdomain", "recovered rewrites_nxdomain"]);
}

/// What rests on an address waits for a trial under way, but not for long.
#[test]
fn a_slow_trial_delays_no_check() {
    for trial in ["TIMEOUT", "NXDOMAIN after=3s"] {
        let (behaviour, after) = trial.split_once(' ').unwrap_or((trial, "after=0s"));
        let registries: String =
            ["com", "net", "org"].map(|top| format!("*.{top} {behaviour}\n*.{top} {after}\n")).concat();
        let world = World::with_unlisted(&format!("{registries}a.implicit.test A 45.66.77.25"), []);
        let report = world.check(client(79, 1).mail_from("<a@a.implicit.test>"));
        assert!(report.elapsed() <= SECOND, "{trial}: {:?}", report.elapsed());
        assert_eq!(report.sender().unwrap().verdict().word(), "ok", "{trial}");
    }
}

/// A name of his own that is denied says nothing about names that do not exist.
#[test]
fn a_denial_of_a_strangers_name_does_not_acquit_a_resolver_that_invents() {
    for lists in [vec![], vec![deny("bl.example"), deny("other.example")]] {
        let world = "* A 203.0.113.99\n*.stranger.test NXDOMAIN\n*.79.66.45.in-addr.arpa PTR h.stranger.test";
        let mut world = World::with_unlisted(world, lists);
        for last in 0..3 {
            let report = world.check(client(79, last).helo("h.stranger.test").mail_from("<a@m.stranger.test>"));
            assert_eq!(fault(&report), "rewrites_nxdomain", "{report}");
        }
        world.settle();
        assert_eq!(world.events(), ["fault rewrites_nxdomain"]);
        assert!(world.lists_are_well(), "{:?}", world.health());
    }
}

/// One list answers with an empty NOERROR that nobody signs, while another shows an answer in 127.0.0.0/8.
#[test]
fn an_empty_answer_beside_a_listing_is_the_lists_own() {
    let lists = [("empty.example", "bl.example"), ("bl.example", "empty.example")];
    for ((first, second), delay) in
        lists.into_iter().zip(["empty.example", "bl.example"]).chain([(lists[0], "bl.example")])
    {
        let world = format!("{BL}*.empty.example NODATA-NOSOA\n*.{delay} after=200ms\n*.bl.example NXDOMAIN");
        let world = World::with_unlisted(&world, [deny(first), deny(second)]);
        let report = world.check(client(77, 9));
        let row = report.lists().iter().find(|row| row.list().as_str() == "empty.example").unwrap();
        assert_eq!((row.verdict().word(), fault(&report)), ("not_listed", "none"), "{report}");
        assert_eq!(reply(&report), 550, "{report}");
    }
}

/// The twin: no answer in 127.0.0.0/8 comes through, and an entry that must exist is empty, too.
#[test]
fn a_resolver_that_takes_listings_away_is_found_out() {
    let points = TestPoints::documented(TestEntry::Address([127, 0, 0, 2].into()));
    let knowing = |zone| deny(zone).with_profile(Profile::new().test_points(SubjectKind::Ipv4, points.clone()));
    let world = "
        $SOA a.example 300 60\n$SOA b.example 300 60
        2.0.0.127.a.example NODATA-NOSOA\n2.0.0.127.b.example NODATA-NOSOA\n9.77.66.45.a.example NODATA-NOSOA
    ";
    let mut world = World::with_unlisted(world, [knowing("a.example"), knowing("b.example")]);
    world.check(client(77, 9));
    let report = world.check(client(77, 9));
    assert_eq!((verdicts(&report), fault(&report)), (vec!["unknown", "unknown"], "strips_127"), "{report}");
    assert_eq!(world.events(), ["fault strips_127"]);
}

/// The fault is over when nothing has shown it for two minutes. What was cached while it lasted is looked up again.
#[test]
fn what_a_resolver_took_away_does_not_stay_cached() {
    let points = TestPoints::documented(TestEntry::Address([127, 0, 0, 2].into()));
    let knowing = |zone| deny(zone).with_profile(Profile::new().test_points(SubjectKind::Ipv4, points.clone()));
    let world = "
        $SOA a.example 3600 3600\n$SOA b.example 3600 3600
        2.0.0.127.a.example NODATA-NOSOA\n2.0.0.127.b.example NODATA-NOSOA\n9.77.66.45.a.example NODATA
    ";
    let world = World::with_unlisted(world, [knowing("a.example"), knowing("b.example")]);
    world.check(client(77, 9));
    (0..2).for_each(|_| assert_eq!(fault(&world.check(client(77, 9))), "strips_127"));
    world.set("9.77.66.45.a.example A 127.0.0.2\n10.77.66.45.a.example A 127.0.0.2\n2.0.0.127.a.example A 127.0.0.2");
    world.pass(121);
    world.check(client(77, 10));
    let report = world.check(client(77, 9));
    assert_eq!((verdicts(&report)[0], fault(&report)), ("listed", "none"), "{report}");
}

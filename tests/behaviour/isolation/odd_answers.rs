//! An odd answer about one name, in a list of domains.

use std::fmt::Write as _;

use rdnsbl::Outcome;

use super::*;
use crate::kit::world::{World, reply, verdicts};

/// What clients can say about the hosts of a list of domains.
fn about_hosts() -> Vec<Dialogue> {
    ["ns1.", "ns1", "www", "mail.cluster"]
        .iter()
        .flat_map(|name| [from(1, name), client(77, 2).helo(*name), from(3, name).helo(*name)])
        .collect()
}

#[test]
fn hosts_in_the_zone_of_a_domain_list_do_not_park_it() {
    for stranger in about_hosts() {
        let mut world = World::with_unlisted(RHSBL, [of_domains(deny("rhsbl.example"))]);
        assert_eq!(reply(&world.check(from(9, "spam.test"))), 550);
        let health = world.health();
        world.pass(1);
        let report = world.check(&stranger);
        assert!(!verdicts(&report).contains(&"listed"), "{stranger:?}: {report}");
        assert_eq!(reply(&world.check(from(10, "junk.test"))), 550, "the next one passes after {stranger:?}");
        world.settle();
        assert_eq!(world.health(), health, "{stranger:?}");
        assert_eq!(reply(&world.check(from(11, "junk.test"))), 550, "{stranger:?}");
        assert_eq!(world.events(), Vec::<String>::new(), "{stranger:?}");
    }
}

#[test]
fn hosts_in_the_zone_of_an_allow_list_cost_a_good_sender_nothing() {
    let good = "
        $SOA wl.example 300 60
        test.wl.example A 127.0.0.2
        good.test.wl.example A 127.0.0.2
        ns1.wl.example A 198.51.100.53
        mail.cluster.wl.example A 198.51.100.25
        good.test MX 10 mx.unlisted.test
        good.test.rhsbl.example A 127.0.0.2
    ";
    for name in ["ns1", "mail.cluster"] {
        let lists = [of_domains(deny("rhsbl.example")), of_domains(allow("wl.example"))];
        let mut world = World::with_unlisted(&format!("{RHSBL}{good}"), lists);
        world.check(from(1, name).helo(name));
        for last in 10..14 {
            let report = world.check(from(last, "good.test"));
            assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Allowed, 250), "{name}: {report}");
            world.pass(1);
        }
        assert!(world.lists_are_well(), "{:?}", world.health());
        assert_eq!(world.events(), Vec::<String>::new());
    }
}

#[test]
fn a_name_of_one_label_is_not_asked_in_a_list_of_domains() {
    let world = World::with_unlisted(RHSBL, [of_domains(deny("rhsbl.example"))]);
    let report = world.check(from(1, "ns1.").helo("www"));
    let rows: Vec<_> = report.lists().iter().map(|row| (row.verdict().word(), why(row.verdict()))).collect();
    assert_eq!(rows, [("skipped", "single_label"), ("skipped", "single_label")]);
    assert_eq!((world.times_asked("ns1.rhsbl.example"), world.times_asked("www.rhsbl.example")), (0, 0));
    // What the profile takes for a list of domains is asked as before.
    assert_eq!(verdicts(&world.check(from(2, "spam.test"))), ["skipped", "listed"]);
}

#[test]
fn an_odd_answer_is_a_problem_of_its_row_alone() {
    let world = World::with_unlisted(RHSBL, [of_domains(deny("rhsbl.example"))]);
    let report = world.check(from(1, "mail.cluster").helo("spam.test"));
    let mut words = verdicts(&report);
    words.sort_unstable();
    assert_eq!(words, ["listed", "problem"], "{report}");
    assert_eq!(reply(&report), 550);
}

/// A suspicion costs two questions, however many strangers raise it within a window.
#[test]
fn suspicion_asks_the_controls_once() {
    let mut hosts = String::from(RHSBL);
    (0..40).for_each(|number| writeln!(hosts, "h{number}.cluster.rhsbl.example A 198.51.100.25").unwrap());
    let world = World::with_unlisted(&hosts, [of_domains(deny("rhsbl.example"))]);
    for number in 0..40 {
        let report = world.check(from(1, &format!("h{number}.cluster")));
        assert!(verdicts(&report).contains(&"problem"), "{report}");
        world.pass(1);
    }
    let controls = world.controls_asked("rhsbl.example", "invalid");
    assert!((1..=2).contains(&controls), "{controls} questions in 40 seconds");
}

/// The twin: every name of the zone has the address of a web server.
#[test]
fn a_domain_list_that_is_parked_is_found_out() {
    let mut world = World::with_unlisted(RHSBL, [of_domains(deny("rhsbl.example"))]);
    assert_eq!(reply(&world.check(from(1, "spam.test"))), 550);
    world.set("*.rhsbl.example A 198.51.100.25 ttl=60\ntest.rhsbl.example A 198.51.100.25\njunk.test.rhsbl.example A 198.51.100.25");
    world.pass(70);
    world.check(from(2, "mail.cluster"));
    world.settle();
    assert_eq!(world.health(), ["parked"]);
    assert_eq!(world.events(), ["rhsbl.example sound -> parked"]);
    // Its hits do not count, even if the zone still holds one.
    world.set("junk.test.rhsbl.example A 127.0.0.2");
    assert_eq!(
        (verdicts(&world.check(from(3, "junk.test")))[1], reply(&world.check(from(4, "junk.test")))),
        ("problem", 250)
    );
}

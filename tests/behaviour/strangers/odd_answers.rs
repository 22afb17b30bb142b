//! An odd answer about one name, in a list of domains.

use std::fmt::Write as _;

use rdnsbl::Outcome;

use super::*;
use crate::kit::town::{Town, reply, said};

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
        let mut town = Town::new(RHSBL, [of_domains(deny("rhsbl.example"))]);
        assert_eq!(reply(&town.check(from(9, "spam.test"))), 550);
        let health = town.health();
        town.pass(1);
        let report = town.check(&stranger);
        assert!(!said(&report).contains(&"listed"), "{stranger:?}: {report}");
        assert_eq!(reply(&town.check(from(10, "junk.test"))), 550, "the next one passes after {stranger:?}");
        town.settle();
        assert_eq!(town.health(), health, "{stranger:?}");
        assert_eq!(reply(&town.check(from(11, "junk.test"))), 550, "{stranger:?}");
        assert_eq!(town.events(), Vec::<String>::new(), "{stranger:?}");
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
        good.test MX 10 mx.quiet.test
        good.test.rhsbl.example A 127.0.0.2
    ";
    for name in ["ns1", "mail.cluster"] {
        let lists = [of_domains(deny("rhsbl.example")), of_domains(allow("wl.example"))];
        let mut town = Town::new(&format!("{RHSBL}{good}"), lists);
        town.check(from(1, name).helo(name));
        for last in 10..14 {
            let report = town.check(from(last, "good.test"));
            assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Allowed, 250), "{name}: {report}");
            town.pass(1);
        }
        assert!(town.lists_are_well(), "{:?}", town.health());
        assert_eq!(town.events(), Vec::<String>::new());
    }
}

#[test]
fn a_name_of_one_label_is_not_asked_in_a_list_of_domains() {
    let town = Town::new(RHSBL, [of_domains(deny("rhsbl.example"))]);
    let report = town.check(from(1, "ns1.").helo("www"));
    let rows: Vec<_> = report.lists().iter().map(|row| (row.verdict().word(), why(row.verdict()))).collect();
    assert_eq!(rows, [("skipped", "single_label"), ("skipped", "single_label")]);
    assert_eq!((town.asked("ns1.rhsbl.example"), town.asked("www.rhsbl.example")), (0, 0));
    // What the profile takes for a list of domains is asked as before.
    assert_eq!(said(&town.check(from(2, "spam.test"))), ["skipped", "listed"]);
}

#[test]
fn an_odd_answer_is_a_problem_of_its_row_alone() {
    let town = Town::new(RHSBL, [of_domains(deny("rhsbl.example"))]);
    let report = town.check(from(1, "mail.cluster").helo("spam.test"));
    let mut words = said(&report);
    words.sort_unstable();
    assert_eq!(words, ["listed", "problem"], "{report}");
    assert_eq!(reply(&report), 550);
}

/// A suspicion costs two questions, however many strangers raise it within a window.
#[test]
fn suspicion_asks_the_controls_once() {
    let mut hosts = String::from(RHSBL);
    (0..40).for_each(|number| writeln!(hosts, "h{number}.cluster.rhsbl.example A 198.51.100.25").unwrap());
    let town = Town::new(&hosts, [of_domains(deny("rhsbl.example"))]);
    for number in 0..40 {
        let report = town.check(from(1, &format!("h{number}.cluster")));
        assert!(said(&report).contains(&"problem"), "{report}");
        town.pass(1);
    }
    let controls = town.controls("rhsbl.example", "invalid");
    assert!((1..=2).contains(&controls), "{controls} questions in 40 seconds");
}

/// The twin: every name of the zone has the address of a web server.
#[test]
fn a_domain_list_that_is_parked_is_found_out() {
    let mut town = Town::new(RHSBL, [of_domains(deny("rhsbl.example"))]);
    assert_eq!(reply(&town.check(from(1, "spam.test"))), 550);
    town.set("*.rhsbl.example A 198.51.100.25 ttl=60\ntest.rhsbl.example A 198.51.100.25\njunk.test.rhsbl.example A 198.51.100.25");
    town.pass(70);
    town.check(from(2, "mail.cluster"));
    town.settle();
    assert_eq!(town.health(), ["parked"]);
    assert_eq!(town.events(), ["rhsbl.example sound -> parked"]);
    // Its hits do not count, even if the zone still holds one.
    town.set("junk.test.rhsbl.example A 127.0.0.2");
    assert_eq!(
        (said(&town.check(from(3, "junk.test")))[1], reply(&town.check(from(4, "junk.test")))),
        ("problem", 250)
    );
}

//! What a client chooses (HELO, sender, what its own zones answer) is no evidence about what others share:
//! lists, resolver, memory. Questions of our own decide about those. Each promise stands beside its twin: what really is
//! broken is found out.

use std::cell::Cell;
use std::fmt::Write as _;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rdnsbl::clock::Clock;
use rdnsbl::dns::AnswerKind;
use rdnsbl::dnsxl::{Disposition, Part, Profile, SubjectKind, TestEntry, TestPoints, Verdict};
use rdnsbl::resolve::BoxFuture;
use rdnsbl::{
    Answer, Checker, Dialogue, Failure, ListSpec, ManualClock, Name, Outcome, Policy, Question, Record, RecordType,
    Resolve, Scripted,
};

use crate::kit::town::{SECOND, Town, address, client, entry, fault, random_label, reply, said, set};
use crate::kit::world::{poll_once, start};

/// Every way to say nothing about one name.
const FAILURES: [&str; 6] = ["SERVFAIL", "RCODE 1", "TIMEOUT", "MALFORMED", "TRUNCATED", "REFUSED"];

fn deny(zone: &str) -> ListSpec {
    ListSpec::deny(zone).unwrap()
}

fn allow(zone: &str) -> ListSpec {
    ListSpec::allow(zone).unwrap()
}

/// A list of the domains in HELO and MAIL FROM.
fn of_domains(spec: ListSpec) -> ListSpec {
    spec.with_parts([Part::Helo, Part::Sender])
}

fn from(last: u8, domain: &str) -> Dialogue {
    client(77, last).mail_from(format!("<a@{domain}>"))
}

fn why(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Problem(problem) => problem.kind().word(),
        Verdict::Unknown(unknown) => unknown.why().word(),
        Verdict::Skipped(why) => why.word(),
        _ => "",
    }
}

// ---- An odd answer about one name, in a list of domains.

/// A list of domains that works, with the host names that every zone has, and a host of a deeper name.
const RHSBL: &str = "
    $SOA rhsbl.example 300 60
    rhsbl.example NS ns1.rhsbl.example
    ns1.rhsbl.example A 198.51.100.53
    www.rhsbl.example A 198.51.100.80
    mail.cluster.rhsbl.example A 198.51.100.25
    test.rhsbl.example A 127.0.0.2
    spam.test.rhsbl.example A 127.0.0.2
    junk.test.rhsbl.example A 127.0.0.2
    spam.test MX 10 mx.quiet.test
    junk.test MX 10 mx.quiet.test
    mail.cluster MX 10 mx.quiet.test
";

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
    // Its hits are taken away, also where the zone still holds one.
    town.set("junk.test.rhsbl.example A 127.0.0.2");
    assert_eq!(
        (said(&town.check(from(3, "junk.test")))[1], reply(&town.check(from(4, "junk.test")))),
        ("problem", 250)
    );
}

// ---- One bad entry in a list of addresses.

/// A list of addresses that works and holds 45.66.77.9 and .10.
const BL: &str = "
    $SOA bl.example 300 60
    2.0.0.127.bl.example A 127.0.0.2
    9.77.66.45.bl.example A 127.0.0.2
    10.77.66.45.bl.example A 127.0.0.2
    11.77.66.45.bl.example A 127.0.0.2
";

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
fn what_was_remembered_survives_a_bad_entry() {
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
        // It holds this one still, and that counts no more.
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

// ---- Names that a list's server does not answer.

/// Clients 45.66.79.0 to .29, whose names in the list fail, each by itself.
fn failing(failure: &str, zone: &str) -> String {
    (0..30).map(|last| format!("{} {failure}\n", entry(79, last, zone))).collect()
}

#[test]
fn names_that_fail_do_not_open_the_breaker_of_a_sound_list() {
    for failure in FAILURES {
        let mut town = Town::new(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        for last in 0..30 {
            assert_eq!(said(&town.check(client(79, last))), ["unknown"], "{failure}");
            town.pass(1);
            if last % 10 == 9 {
                assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}, after {last} strangers");
                assert_eq!(town.health(), ["sound"], "{failure}");
            }
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
        assert_eq!(reply(&town.check(client(77, 11))), 550, "{failure}");
    }
}

#[test]
fn senders_whose_names_fail_do_not_open_the_breaker_of_a_domain_list() {
    for failure in FAILURES {
        let names: String = (0..12).map(|number| format!("*.s{number}.test.rhsbl.example {failure}\n")).collect();
        let hosts: String = (0..12).map(|number| format!("*.s{number}.test MX 10 mx.quiet.test\n")).collect();
        let mut town = Town::new(&format!("{RHSBL}{names}{hosts}"), [of_domains(deny("rhsbl.example"))]);
        for number in 0..12 {
            town.check(from(1, &format!("x.s{number}.test")));
            town.pass(1);
        }
        assert_eq!(reply(&town.check(from(9, "spam.test"))), 550, "{failure}");
        town.settle();
        assert!(town.lists_are_well(), "{failure}: {:?}", town.health());
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

#[test]
fn many_failing_names_at_once_do_not_open_the_breaker() {
    for failure in FAILURES {
        let town = Town::new(&format!("{BL}{}", failing(failure, "bl.example")), [deny("bl.example")]);
        town.check(client(77, 9));
        let checks = (0..30).map(|last| town.checker.check(client(79, last)).into_future());
        town.clock.run(join_all(checks));
        assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}");
        town.settle();
        assert_eq!(town.health(), ["sound"], "{failure}");
    }
}

/// Everything is sound but the names of one list of two.
#[test]
fn failing_names_in_one_list_cost_the_other_nothing() {
    let other = "$SOA other.example 300 60\n2.0.0.127.other.example A 127.0.0.2\n";
    let world = format!("{BL}{other}{}", failing("SERVFAIL", "bl.example"));
    let mut town = Town::new(&world, [deny("bl.example"), deny("other.example")]);
    for last in 0..20 {
        assert_eq!(said(&town.check(client(79, last))), ["unknown", "not_listed"]);
        town.pass(1);
    }
    assert!(town.lists_are_well(), "{:?}", town.health());
    assert_eq!(said(&town.check(client(77, 9))), ["listed", "not_listed"]);
    assert_eq!(town.events(), Vec::<String>::new());
}

/// The twin: the whole list fails, its controls too.
#[test]
fn a_list_that_is_dead_is_left_alone_until_it_is_back() {
    for failure in ["SERVFAIL", "TIMEOUT", "RCODE 1", "MALFORMED"] {
        let mut town = Town::new(BL, [deny("bl.example")]);
        assert_eq!(reply(&town.check(client(77, 9))), 550);
        town.set(&format!("*.bl.example {failure}\n{}", dead(failure)));
        town.pass(120);
        let found = (0..12).find(|last| {
            town.pass(5);
            assert_eq!(said(&town.check(client(79, *last))), ["unknown"], "{failure}");
            town.health() == ["unreachable"]
        });
        assert!(found.is_some(), "{failure}: {:?}", town.health());
        assert_eq!(town.events(), ["bl.example sound -> unreachable"], "{failure}");
        let asked = town.dns.asked().len();
        let report = town.quiet();
        let news = town.dns.asked().split_off(asked);
        assert!(news.iter().all(|question| !question.name.to_string().ends_with(".bl.example")), "{failure}: {report}");
        assert_eq!(report.elapsed(), Duration::ZERO, "{failure}");
        // It is tried again by its controls, and believed.
        town.set(&format!("*.bl.example NXDOMAIN\n{BL}"));
        town.pass(3_600);
        town.settle();
        assert_eq!(reply(&town.check(client(77, 10))), 550, "{failure}");
        assert_eq!(town.events().len(), 1, "{failure}");
    }
}

/// The entries of [`BL`], failing.
fn dead(failure: &str) -> String {
    BL.lines().filter_map(|line| line.trim().split_once(" A ")).map(|(name, _)| format!("{name} {failure}\n")).collect()
}

// ---- Who convicts the resolver.

#[test]
fn a_reverse_zone_that_fails_does_not_convict_the_resolver() {
    for failure in FAILURES {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut town = Town::new(&format!("{BL}*.79.66.45.in-addr.arpa {failure}"), lists);
            for last in 0..8 {
                let report = town.check(client(79, last));
                assert_eq!(fault(&report), "none", "{failure}: {report}");
                assert_eq!(report.iprev().unwrap().rfc8601(), "temperror", "{failure}");
                assert_eq!(fault(&town.quiet()), "none", "{failure}");
            }
            town.settle();
            assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
        }
    }
}

/// All that a message says is the stranger's own: names, sender, reverse zone; and everything fails.
#[test]
fn a_message_of_failing_zones_does_not_convict_the_resolver() {
    for failure in FAILURES {
        let mut town = Town::new(&format!("*.79.66.45.in-addr.arpa {failure}\n*.stranger.test {failure}"), []);
        for last in 0..8 {
            let stranger = client(79, last).helo("h.stranger.test").mail_from(format!("<a@m{last}.stranger.test>"));
            let report = town.check(stranger);
            assert_eq!(fault(&report), "none", "{failure}: {report}");
            assert_eq!(report.sender().unwrap().verdict().word(), "unknown", "{failure}");
            let neighbour = town.quiet();
            assert_eq!((fault(&neighbour), neighbour.sender().unwrap().verdict().word()), ("none", "ok"), "{failure}");
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

/// What else there is to know about the client is remembered, so that the dead list is the only question.
#[test]
fn a_dead_list_of_two_is_found_out_and_the_resolver_is_not_blamed() {
    let world = format!(
        "{BL}$SOA dead.example 300 60\n*.dead.example TIMEOUT\n5.77.66.45.in-addr.arpa PTR c.quiet.test ttl=86400\n\
         c.quiet.test A 45.66.77.5 ttl=86400\n5.77.66.45.bl.example NXDOMAIN\n$SOA bl.example 86400 86400\n"
    );
    let mut town = Town::new(&world, [deny("dead.example"), deny("bl.example")]);
    let (mut blamed, mut waited, mut convicted) = (0, 0, None);
    for check in 1..=60 {
        let report = town.check(client(77, 5));
        blamed += usize::from(report.resolver_fault().is_some());
        waited += usize::from(report.elapsed() >= Duration::from_secs(4));
        if convicted.is_none() && town.health()[0] == "unreachable" {
            convicted = Some(check);
        }
        town.pass(10);
    }
    assert_eq!((blamed, town.events()), (0, vec!["dead.example unprobed -> unreachable".to_owned()]));
    assert!(convicted.is_some_and(|check| check <= 10), "convicted at check {convicted:?}");
    assert!(waited <= 15, "{waited} checks of 60 waited for it");
    assert_ne!(town.health()[1], "unreachable");
}

#[test]
fn lists_that_refuse_by_code_are_no_fault_of_the_resolver() {
    let world = "
        $SOA a.example 300 60\n$SOA b.example 300 60
        *.a.example A 127.255.255.254 ttl=60\n*.b.example A 127.255.255.254 ttl=60
        5.77.66.45.in-addr.arpa PTR c.quiet.test\nc.quiet.test A 45.66.77.5
    ";
    let mut town = Town::new(world, [deny("a.example"), deny("b.example")]);
    for _ in 0..6 {
        let report = town.check(client(77, 5).mail_from("<a@n1.quiet.test>"));
        assert_eq!(fault(&report), "none", "{report}");
        assert_eq!(said(&report), ["problem", "problem"]);
        town.quiet();
    }
    // Each is told, and has its own advice.
    assert_eq!(town.health(), ["refusing", "refusing"]);
    let advice: Vec<_> = town.checker.health().iter().map(|report| report.advice()).collect();
    assert_eq!(
        advice,
        ["ask through a resolver of your own, not a public one; cloud networks are refused too: ask with a key from there";
            2]
    );
    assert!(town.events().iter().all(|event| !event.starts_with("fault")));
}

/// No name of the Internet exists there, and no list.
#[test]
fn a_closed_network_is_no_fault_of_the_resolver() {
    for negative in ["NXDOMAIN", "NXDOMAIN-NOSOA"] {
        for lists in [vec![], vec![deny("bl.example"), deny("other.example")]] {
            let mut town = Town::new(&format!("$DEFAULT {negative}"), lists);
            for last in 0..6 {
                let report = town.check(client(79, last).helo("h.nowhere.example").mail_from("<a@nowhere.example>"));
                assert_eq!(fault(&report), "none", "{report}");
                assert_eq!(report.sender().unwrap().verdict().word(), "no_such_domain");
                town.pass(1);
            }
            assert!(town.events().iter().all(|event| !event.starts_with("fault")));
        }
    }
}

/// Everything fails, or so it seems: what we ask of our own as well.
fn dark(failure: &str) -> String {
    format!(
        "$DEFAULT {failure}\n*.quiet.test {failure}\nmx.quiet.test {failure}\n*.bl.example {failure}\n{}",
        dead(failure)
    )
}

#[test]
fn a_resolver_that_is_dead_is_found_out_and_no_list_is_blamed_for_it() {
    for (failure, word) in [("TIMEOUT", "unreachable"), ("REFUSED", "refused")] {
        for lists in [vec![], vec![deny("bl.example")]] {
            let mut town = Town::new(BL, lists);
            assert_eq!(fault(&town.settle()), "none");
            town.set(&dark(failure));
            town.pass(7_200);
            let last = town.settle();
            assert_eq!(fault(&last), word, "{failure}: {last}");
            assert_ne!(reply(&last) / 100, 5, "{failure}");
            assert_eq!(town.events(), [format!("fault {word}")], "{failure}");
            assert!(town.lists_are_well(), "{failure}: {:?}", town.health());
            // It is back, and that is told once.
            town.set(&format!(
                "$DEFAULT NXDOMAIN\n*.bl.example NXDOMAIN\n{BL}{}",
                "*.quiet.test MX 10 mx.quiet.test\nmx.quiet.test A 45.66.78.25"
            ));
            town.pass(7_200);
            town.settle();
            assert_eq!(fault(&town.quiet()), "none", "{failure}");
            assert_eq!(town.events(), [format!("recovered {word}")], "{failure}");
        }
    }
}

/// The three registries cannot be reached or are refused, but a list answers.
#[test]
fn a_list_that_answers_acquits_the_resolver() {
    for failure in ["REFUSED", "TIMEOUT"] {
        let world = format!("$DEFAULT {failure}\n{BL}*.bl.example NXDOMAIN\n*.66.45.in-addr.arpa NXDOMAIN");
        let mut town = Town::new(&world, [deny("bl.example")]);
        for last in [9, 10, 11, 9, 10, 11] {
            let report = town.check(client(77, last));
            assert_eq!((fault(&report), reply(&report)), ("none", 550), "{failure}: {report}");
            town.quiet();
        }
        assert_eq!(town.events(), Vec::<String>::new(), "{failure}");
    }
}

// ---- A resolver that invents answers, or takes them away.

/// What else there is: it invents addresses for all names, or for those outside lists only.
fn inventing(spares: &str) -> String {
    let spared = if spares.is_empty() { String::new() } else { format!("*.{spares} NXDOMAIN\n") };
    format!("* A 203.0.113.99\n{spared}")
}

/// Nobody but the trial notices: there are no lists, or they are spared.
#[test]
fn a_resolver_that_invents_addresses_is_found_out_at_first_use() {
    for (lists, spares) in [(vec![], ""), (vec![deny("bl.example")], "bl.example"), (vec![deny("bl.example")], "")] {
        let mut town = Town::new(&format!("{BL}{}", inventing(spares)), lists.clone());
        let dialogue = client(79, 1).helo("h.nowhere.example").mail_from("<a@nowhere.example>");
        let report = town.check(&dialogue);
        let shown = format!("{} lists, {spares:?} spared: {report}", lists.len());
        assert_eq!(fault(&report), "rewrites_nxdomain", "{shown}");
        assert_eq!(report.sender().unwrap().verdict().word(), "unknown", "{shown}");
        assert_eq!(report.helo().unwrap().verdict().word(), "unknown", "{shown}");
        assert_ne!(reply(&report) / 100, 5, "{shown}");
        town.settle();
        assert_eq!(town.events(), ["fault rewrites_nxdomain"], "{shown}");
        assert!(town.lists_are_well(), "{:?} {shown}", town.health());
    }
}

#[test]
fn a_resolver_that_tells_the_truth_is_believed_at_first_use() {
    let town = Town::new("a.implicit.test A 45.66.77.25", []);
    let report = town.check(client(79, 1).mail_from("<a@a.implicit.test>").helo("h.nowhere.example"));
    assert_eq!(fault(&report), "none");
    assert_eq!(report.sender().unwrap().verdict().word(), "ok", "an address is enough (RFC 5321 §5.1)");
    assert_eq!(report.helo().unwrap().verdict().word(), "no_such_name");
}

/// It begins to invent when the checker has been at work for long, and stops again.
#[test]
fn a_resolver_that_begins_to_invent_is_found_out_within_the_hour() {
    let mut town = Town::new("", []);
    town.settle();
    town.set("* A 203.0.113.99");
    let made_up = |minute: u32| client(79, 1).mail_from(format!("<a@m{minute}.nowhere.example>"));
    let found = (1..=45).find(|minute| {
        town.pass(60);
        fault(&town.check(made_up(*minute))) == "rewrites_nxdomain"
    });
    assert!(found.is_some(), "45 minutes, and every sender is believed");
    assert_eq!(town.check(made_up(50)).sender().unwrap().verdict().word(), "unknown");
    town.set("* NXDOMAIN");
    town.pass(7_200);
    town.settle();
    assert_eq!(town.check(made_up(60)).sender().unwrap().verdict().word(), "no_such_domain");
    assert_eq!(town.events(), ["fault rewrites_nxdomain", "recovered rewrites_nxdomain"]);
}

/// What rests on an address waits for a trial under way, but not for long.
#[test]
fn a_trial_that_is_slow_holds_nobody_up() {
    for trial in ["TIMEOUT", "NXDOMAIN after=3s"] {
        let (behaviour, after) = trial.split_once(' ').unwrap_or((trial, "after=0s"));
        let registries: String =
            ["com", "net", "org"].map(|top| format!("*.{top} {behaviour}\n*.{top} {after}\n")).concat();
        let town = Town::new(&format!("{registries}a.implicit.test A 45.66.77.25"), []);
        let report = town.check(client(79, 1).mail_from("<a@a.implicit.test>"));
        assert!(report.elapsed() <= SECOND, "{trial}: {:?}", report.elapsed());
        assert_eq!(report.sender().unwrap().verdict().word(), "ok", "{trial}");
    }
}

/// A name of his own that is denied says nothing about names that do not exist.
#[test]
fn a_denial_of_a_strangers_name_does_not_acquit_a_resolver_that_invents() {
    for lists in [vec![], vec![deny("bl.example"), deny("other.example")]] {
        let world = "* A 203.0.113.99\n*.stranger.test NXDOMAIN\n*.79.66.45.in-addr.arpa PTR h.stranger.test";
        let mut town = Town::new(world, lists);
        for last in 0..3 {
            let report = town.check(client(79, last).helo("h.stranger.test").mail_from("<a@m.stranger.test>"));
            assert_eq!(fault(&report), "rewrites_nxdomain", "{report}");
        }
        town.settle();
        assert_eq!(town.events(), ["fault rewrites_nxdomain"]);
        assert!(town.lists_are_well(), "{:?}", town.health());
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
        let town = Town::new(&world, [deny(first), deny(second)]);
        let report = town.check(client(77, 9));
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
    let mut town = Town::new(world, [knowing("a.example"), knowing("b.example")]);
    town.check(client(77, 9));
    let report = town.check(client(77, 9));
    assert_eq!((said(&report), fault(&report)), (vec!["unknown", "unknown"], "strips_127"), "{report}");
    assert_eq!(town.events(), ["fault strips_127"]);
}

// ---- Tenants: one memory, other profiles.

fn addresses(points: TestPoints) -> Profile {
    Profile::new().test_points(SubjectKind::Ipv4, points)
}

/// One tenant takes an entry for absent that the list holds for good reason.
#[test]
fn a_tenant_with_another_control_takes_nobody_elses_hits_away() {
    let wrong = TestPoints::default().absent(TestEntry::Address(address(77, 11)));
    let mut town = Town::new(BL, [deny("bl.example")]);
    let other = town.checker.with_lists(set([deny("bl.example").with_profile(addresses(wrong))]));
    for last in [9, 10, 9, 10] {
        let theirs = town.clock.run(other.check(client(77, last)));
        assert_eq!(said(&theirs), ["problem"], "{theirs}");
        let ours = town.check(client(77, last));
        assert_eq!((said(&ours), reply(&ours)), (vec!["listed"], 550), "{ours}");
        town.settle();
        assert_eq!(town.health(), ["sound"]);
        let health = other.health();
        assert_eq!(health[0].health().word(), "lists_everything", "each draws its own conclusion");
    }
    let ours = town.events().iter().filter(|event| event.contains("sound ->")).count();
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
    let town = Town::new(&everything, [deny("bl.example")]);
    let other = town.checker.with_lists(set([deny("bl.example").with_profile(addresses(blind))]));
    for last in 0..20 {
        let theirs = town.clock.run(other.check(client(77, last)));
        assert_eq!(said(&theirs), ["listed"], "{theirs}");
        let ours = town.check(client(77, last));
        assert_eq!((said(&ours), reply(&ours)), (vec!["problem"], 250), "{ours}");
        town.pass(7);
    }
    assert_eq!(town.health(), ["lists_everything"]);
}

/// Both at once: neither takes the other's proof nor the other's guilt, in either order.
#[test]
fn tenants_that_check_at_the_same_time_keep_their_own_conclusions() {
    for ours_first in [true, false] {
        let wrong = TestPoints::default().absent(TestEntry::Address(address(77, 11)));
        let town = Town::new(&format!("{BL}*.bl.example after=100ms"), [deny("bl.example")]);
        let other = town.checker.with_lists(set([deny("bl.example").with_profile(addresses(wrong))]));
        for last in [9, 10] {
            let (ours, theirs) = (town.checker.check(client(77, last)), other.check(client(77, last)));
            let both = if ours_first {
                town.clock.run(futures::future::join(ours.into_future(), theirs.into_future()))
            } else {
                let (theirs, ours) = town.clock.run(futures::future::join(theirs.into_future(), ours.into_future()));
                (ours, theirs)
            };
            assert_eq!((said(&both.0), said(&both.1)), (vec!["listed"], vec!["problem"]));
            town.pass(90);
        }
    }
}

#[test]
fn a_tenant_that_knows_other_refusals_draws_his_own_conclusion() {
    let refuses = Profile::new().code("127.0.0.2".parse().unwrap(), Disposition::Refusal, "not registered");
    // To him the list refuses; to us it lists.
    let town = Town::new(BL, [deny("bl.example")]);
    let other = town.checker.with_lists(set([deny("bl.example").with_profile(refuses.clone())]));
    for last in [9, 10, 11] {
        assert_eq!(said(&town.clock.run(other.check(client(77, last)))), ["problem"]);
        assert_eq!(reply(&town.check(client(77, last))), 550);
        town.pass(5);
    }
    assert!(town.lists_are_well(), "{:?}", town.health());
    // The list answers everything so: to him it refuses everybody, to us it lists everybody.
    town.set("*.bl.example A 127.0.0.2 ttl=60");
    town.pass(120);
    for last in [20, 21] {
        assert_eq!(said(&town.clock.run(other.check(client(77, last)))), ["problem"]);
        assert_eq!(said(&town.check(client(77, last))), ["problem"]);
        town.pass(2);
    }
    town.settle();
    town.clock.run(other.check(client(77, 30)));
    let words = [town.checker.health()[0].health().word(), other.health()[0].health().word()];
    assert_eq!(words, ["lists_everything", "refusing"]);
}

#[test]
fn tenants_with_equal_controls_share_what_they_show() {
    let town = Town::new(BL, [deny("bl.example")]);
    let other = town.checker.with_lists(set([deny("bl.example=127.0.0.2"), deny("bl.example").with_weight(3)]));
    assert_eq!(said(&town.check(client(77, 9))), ["listed"]);
    let controls = town.controls("bl.example", "1.0.0.127");
    assert_eq!(controls, 2);
    assert_eq!(said(&town.clock.run(other.check(client(77, 10)))), ["listed", "listed"]);
    assert_eq!(town.controls("bl.example", "1.0.0.127"), controls);
}

/// Only the question that differs is asked anew.
#[test]
fn tenants_share_what_a_label_nobody_can_guess_has_shown() {
    let elsewhere = TestPoints::default().absent(TestEntry::Address(address(77, 200)));
    let town = Town::new(BL, [deny("bl.example")]);
    let other = town.checker.with_lists(set([deny("bl.example").with_profile(addresses(elsewhere))]));
    assert_eq!(said(&town.check(client(77, 9))), ["listed"]);
    town.pass(5);
    assert_eq!(said(&town.clock.run(other.check(client(77, 10)))), ["listed"]);
    let labels = town.dns.asked().iter().filter(|question| random_label(question, "bl.example")).count();
    assert_eq!((labels, town.asked(&entry(77, 200, "bl.example"))), (1, 1));
}

// ---- Controls belong to all: whoever comes next drives them to their full time.

/// A sound list that holds 45.66.77.0 to .59 and takes a while, and one that is silent.
fn one_of_two_is_silent() -> Town {
    let mut world = String::from("$SOA bl.example 300 60\n$SOA dead.example 300 60\n*.dead.example TIMEOUT\n");
    (0..60).for_each(|last| writeln!(world, "{} A 127.0.0.2 after=600ms", entry(77, last, "bl.example")).unwrap());
    Town::new(&world, [deny("bl.example"), deny("dead.example")])
}

#[test]
fn a_silent_list_is_found_out_although_nobody_waits_for_it() {
    let mut town = one_of_two_is_silent();
    for last in 0..60 {
        let report = town.clock.run(town.checker.check(client(77, last)).stop_when_settled());
        assert_eq!((reply(&report), fault(&report)), (550, "none"));
        assert!(report.elapsed() < SECOND, "{:?}", report.elapsed());
        town.pass(1);
    }
    assert_eq!((town.health()[1], town.events()), ("unreachable", vec!["dead.example unprobed -> unreachable".into()]));
}

#[test]
fn a_silent_list_is_found_out_although_all_are_in_a_hurry() {
    let mut town = one_of_two_is_silent();
    for last in 0..60 {
        let report = town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!((said(&report), fault(&report)), (vec!["not_listed", "unknown"], "none"));
        town.pass(1);
    }
    assert_eq!((town.health()[1], town.events()), ("unreachable", vec!["dead.example unprobed -> unreachable".into()]));
    assert_ne!(town.health()[0], "unreachable");
}

/// Those who come next do not ask the list at all.
#[test]
fn a_silent_list_is_found_out_by_checks_of_others() {
    let town = one_of_two_is_silent();
    let without = town.checker.with_lists(set([]));
    for last in 0..60 {
        drop(town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2)));
        town.pass(1);
        drop(town.clock.run(without.check(client(80, last))));
    }
    assert_eq!(town.health()[1], "unreachable");
}

/// A check that is given up on the way leaves its suspicion behind.
#[test]
fn a_silent_list_is_found_out_although_its_checks_are_dropped() {
    let town = one_of_two_is_silent();
    let without = town.checker.with_lists(set([]));
    for last in 0..60 {
        let mut given_up = start(town.checker.check(client(79, last)));
        poll_once(&mut given_up);
        town.clock.advance(SECOND);
        poll_once(&mut given_up);
        drop(given_up);
        drop(town.clock.run(without.check(client(80, last))));
        drop(town.clock.run(town.checker.check(client(81, last)).within(SECOND / 2)));
    }
    assert_eq!(town.health()[1], "unreachable");
}

/// The twin: it is slow, and gets its time.
#[test]
fn a_slow_list_is_not_blamed_by_those_in_a_hurry() {
    let mut town = Town::new(&format!("{BL}*.bl.example NXDOMAIN\n*.bl.example after=2s"), [deny("bl.example")]);
    for last in 0..60 {
        drop(town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2)));
        town.pass(1);
    }
    assert!(town.lists_are_well(), "{:?}", town.health());
    assert_eq!(town.events(), Vec::<String>::new());
    assert_eq!(reply(&town.check(client(77, 9))), 550);
}

#[test]
fn a_parked_list_is_found_out_although_its_controls_are_slow_and_all_are_in_a_hurry() {
    let mut world = String::from("$SOA bl.example 300 60\n*.bl.example A 198.51.100.25\n*.bl.example after=2s\n");
    (0..60).for_each(|last| writeln!(world, "{} A 198.51.100.25 after=0s", entry(79, last, "bl.example")).unwrap());
    let town = Town::new(&world, [deny("bl.example")]);
    for last in 0..20 {
        let report = town.clock.run(town.checker.check(client(79, last)).within(SECOND / 2));
        assert_eq!(said(&report), ["problem"]);
        town.pass(1);
    }
    assert_eq!(town.health(), ["parked"]);
}

#[test]
fn who_raises_a_suspicion_does_not_wait_for_what_comes_of_it() {
    let world = format!("$SOA bl.example 300 60\n*.bl.example TIMEOUT\n{} A 10.0.0.1", entry(77, 1, "bl.example"));
    let town = Town::new(&world, [deny("bl.example")]);
    let report = town.check(client(77, 1));
    assert_eq!((said(&report), report.elapsed()), (vec!["problem"], Duration::ZERO), "{report}");
}

// ---- Gone, or only private?

#[test]
fn a_list_of_ones_own_under_a_private_top_level_zone_is_not_gone() {
    for top in ["test", "lan", "internal"] {
        let zone = format!("bl.{top}");
        let world = format!(
            "$SOA {top} 300 60\n{}",
            BL.lines().skip(2).collect::<Vec<_>>().join("\n").replace("bl.example", &zone)
        );
        let mut town = Town::new(&world, [deny(&zone)]);
        for last in 20..26 {
            assert_eq!(said(&town.check(client(77, last))), ["not_listed"], "{zone}");
            assert_ne!(town.health(), ["gone"], "{zone}");
            town.pass(1);
        }
        town.clock.run(town.checker.probe());
        let health = &town.checker.health()[0];
        assert_eq!((health.health().word(), health.advice()), ("sound", ""), "{zone}");
        assert_eq!(reply(&town.check(client(77, 9))), 550, "{zone}");
        town.settle();
        assert_eq!((town.health(), town.events()), (vec!["sound"], vec![]), "{zone}");
    }
}

/// A name that leads out of the list's zone, to where the zone above says no.
#[test]
fn a_denial_from_above_of_one_name_is_no_word_about_the_list() {
    let world = format!(
        "{RHSBL}$SOA example 300 60\nx.stranger.test.rhsbl.example CNAME gone.example\n*.stranger.test MX 10 mx.quiet.test"
    );
    let mut town = Town::new(&world, [of_domains(deny("rhsbl.example"))]);
    for last in 0..3 {
        town.check(from(last, "x.stranger.test"));
        town.settle();
        assert!(town.lists_are_well(), "{:?}", town.health());
    }
    assert_eq!(reply(&town.check(from(9, "spam.test"))), 550);
    assert_eq!(town.events(), Vec::<String>::new());
}

/// The twin: the operator's domain is gone, and one question a window shows it.
#[test]
fn a_list_whose_domain_does_not_exist_is_gone() {
    let mut town = Town::new("$SOA example 300 60", [deny("bl.operator.example")]);
    for last in 0..40 {
        assert_eq!(said(&town.check(client(79, last))), ["not_listed"]);
        town.pass(1);
    }
    let health = &town.checker.health()[0];
    assert_eq!((health.health().word(), health.advice()), ("gone", "remove it from the configuration"));
    let asked = town.dns.asked().iter().filter(|question| question.record_type == rdnsbl::RecordType::Soa).count();
    assert!(asked <= 1, "{asked} questions in 40 seconds");
    assert_eq!(town.events(), ["bl.operator.example unprobed -> gone"]);
    // It is bought, and works.
    town.set("$SOA operator.example 300 60\n2.0.0.127.bl.operator.example A 127.0.0.2\n9.77.66.45.bl.operator.example A 127.0.0.2");
    town.pass(3_600);
    assert_eq!(reply(&town.check(client(77, 9))), 550);
    town.settle();
    assert_ne!(town.health(), ["gone"]);
}

// ---- An allow list that was not heard.

#[test]
fn an_unheard_allow_list_leaves_a_listing_undecided() {
    for failure in ["SERVFAIL", "TIMEOUT", "REFUSED"] {
        let world = format!(
            "{BL}*.wl.example {failure}\n$SOA other.example 300 60\n{} A 127.0.0.2",
            entry(77, 10, "other.example")
        );
        let town = Town::new(&world, [deny("bl.example"), allow("wl.example"), allow("other.example")]);
        let report = town.check(client(77, 9));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Undecided, 450), "{failure}: {report}");
        assert_eq!(report.summary().score().outcome(), Outcome::Undecided);
        // Another one allows outright.
        let report = town.check(client(77, 10));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::Allowed, 250), "{failure}: {report}");
        // Nothing speaks against this one, heard or not.
        let report = town.check(client(79, 9));
        assert_eq!((report.score().outcome(), reply(&report)), (Outcome::NotListed, 250), "{failure}: {report}");
    }
    let town = Town::new(&format!("{BL}$SOA wl.example 300 60"), [deny("bl.example"), allow("wl.example")]);
    assert_eq!(town.check(client(77, 9)).score().outcome(), Outcome::Listed, "it was heard");
}

// ---- Streams of events.

#[test]
fn streams_of_events_that_were_dropped_take_no_room() {
    let town = Town::new("", []);
    town.check(client(79, 1));
    let memory = allocation_counter::measure(|| (0..10_000).for_each(|_| drop(town.checker.events())));
    assert!(memory.bytes_current < 64 * 1024, "{} bytes are kept", memory.bytes_current);
    // Those that listen stay.
    let mut listening: Vec<_> = (0..20).map(|_| town.checker.events()).collect();
    drop(listening.drain(5..15));
    town.set("*.bl.example A 198.51.100.25");
    let with_list = town.checker.with_lists(set([deny("bl.example")]));
    for last in 0..3 {
        town.clock.run(with_list.check(client(79, last)));
        town.pass(1);
    }
    assert!(listening.iter_mut().all(|events| events.try_next().is_some()));
}

// ---- What is remembered is what a check would say, whatever the resolver does meanwhile.

/// What the resolver does to all answers.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Honest,
    Silent,
    Refuses,
    Invents,
    Strips,
    Slow,
}

/// A resolver that changes its mood.
#[derive(Clone)]
struct Moody {
    dns: Scripted,
    clock: ManualClock,
    mood: Arc<Mutex<Mood>>,
}

impl Resolve for Moody {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let mood = *self.mood.lock().unwrap();
            let answer = self.dns.resolve(question).await;
            match (mood, answer.kind()) {
                (Mood::Silent, _) => {
                    self.clock.sleep_until(self.clock.now() + 4 * SECOND).await;
                    Answer::failed(Failure::Timeout)
                }
                (Mood::Slow, _) => {
                    self.clock.sleep_until(self.clock.now() + Duration::from_millis(700)).await;
                    answer
                }
                (Mood::Refuses, _) => Answer::failed(Failure::Refused),
                (Mood::Invents, AnswerKind::NxDomain(_)) if question.record_type == RecordType::A => {
                    Answer::records([Record::A([203, 0, 113, 99].into())], 60 * SECOND)
                }
                (Mood::Strips, AnswerKind::Records(set)) if set.iter().any(is_listing) => Answer::no_data(None),
                _ => answer,
            }
        })
    }
}

fn is_listing(record: &Record) -> bool {
    matches!(record, Record::A(code) if code.is_loopback())
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    /// What a tenant checks: a client, his sender, and how long to wait, in tenths of a second.
    Check(usize, u8, u8, u8),
    /// The same, beside another check; or given up on the way.
    Beside(usize, u8, u8),
    GivenUp(usize, u8, u8),
    Wait(u16),
    Mood(Mood),
    /// List, client, and what the one says of the other.
    Change(u8, u8, &'static str),
    Probe,
}

const SAYS: [&str; 8] =
    ["NXDOMAIN", "NXDOMAIN", "NXDOMAIN", "NODATA-NOSOA", "A 127.0.0.2", "A 203.0.113.9", "SERVFAIL", "TIMEOUT"];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let mood = prop_oneof![
        4 => Just(Mood::Honest),
        1 => Just(Mood::Silent),
        1 => Just(Mood::Refuses),
        1 => Just(Mood::Invents),
        1 => Just(Mood::Strips),
        1 => Just(Mood::Slow),
    ];
    let deed = prop_oneof![
        24 => (0..3_usize, 0..3_u8, 0..4_u8, prop_oneof![Just(50_u8), Just(50_u8), Just(5_u8)])
            .prop_map(|(tenant, client, sender, wait)| Deed::Check(tenant, client, sender, wait)),
        2 => (0..3_usize, 0..3_u8, 0..4_u8).prop_map(|(tenant, client, sender)| Deed::Beside(tenant, client, sender)),
        2 => (0..3_usize, 0..3_u8, 0..4_u8).prop_map(|(tenant, client, sender)| Deed::GivenUp(tenant, client, sender)),
        8 => prop_oneof![1..20_u16, 1..200_u16, Just(1_801_u16)].prop_map(Deed::Wait),
        3 => mood.prop_map(Deed::Mood),
        3 => (0..4_u8, 0..4_u8, 0..SAYS.len()).prop_map(|(list, client, says)| Deed::Change(list, client, SAYS[says])),
        1 => Just(Deed::Probe),
    ];
    prop::collection::vec(deed, 1..60)
}

/// Whom a list is asked about; the last one is everybody. The fourth list is reverse DNS.
fn about(list: u8, client: u8, says: &str) -> String {
    if list == 3 {
        let behaviour = if says.starts_with('A') { "PTR c0.quiet.test" } else { says };
        return format!("{client}.77.66.45.in-addr.arpa {behaviour}");
    }
    let who = if client == 3 { "*".to_owned() } else { format!("{client}.77.66.45") };
    let ttl = if says.starts_with('A') { " ttl=90" } else { "" };
    format!("{who}.l{list}.example {says}{ttl}")
}

fn moody(lists: u8) -> (Moody, Checker) {
    let mut world = String::from(
        "$SOA in-addr.arpa 3600 600\n$SOA quiet.test 3600 600\n*.quiet.test MX 10 mx.quiet.test ttl=400\n\
         mx.quiet.test A 45.66.78.25 ttl=300\na.implicit.test A 45.66.78.26 ttl=200\n",
    );
    for list in 0..lists {
        write!(world, "$SOA l{list}.example 300 60\n2.0.0.127.l{list}.example A 127.0.0.2\n").unwrap();
    }
    for last in 0..2 {
        writeln!(world, "{last}.77.66.45.in-addr.arpa PTR c{last}.quiet.test ttl=100").unwrap();
        writeln!(world, "c{last}.quiet.test A 45.66.77.{last} ttl=70").unwrap();
    }
    let clock = ManualClock::new();
    let dns = Scripted::table(&world, clock.clone()).unwrap();
    let moody = Moody { dns, clock: clock.clone(), mood: Arc::new(Mutex::new(Mood::Honest)) };
    let points = TestPoints::documented(TestEntry::Address([127, 0, 0, 2].into()));
    let spec = |list| match list {
        0 => deny("l0.example").with_profile(addresses(points.clone())),
        2 => allow("l2.example"),
        _ => deny(&format!("l{list}.example")),
    };
    let checker = Checker::builder_with(moody.clone(), clock).lists(set((0..lists).map(spec))).build().unwrap();
    (moody, checker)
}

fn said_by(last: u8, sender: u8) -> Dialogue {
    match sender {
        0 => client(77, last),
        1 => client(77, last).mail_from("<a@n1.quiet.test>"),
        2 => client(77, last).mail_from("<a@a.implicit.test>"),
        _ => client(77, last).mail_from("<a@nowhere.example>"),
    }
}

#[test]
fn what_is_remembered_is_what_a_check_says_whatever_the_resolver_does() {
    let worlds: u32 = std::env::var("RDNSBL_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let told = Cell::new(0_u32);
    let config = ProptestConfig { cases: worlds, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&(0..4_u8, deeds()), |(lists, deeds)| {
        let (moody, checker) = moody(lists);
        let clock = moody.clock.clone();
        let fewer = checker.with_lists(set((lists > 0).then(|| deny("l0.example")))).with_policy(Policy::observe());
        let tenants = [checker.clone(), fewer, checker.with_lists(set([]))];
        for deed in deeds {
            match deed {
                Deed::Wait(seconds) => clock.advance(Duration::from_secs(seconds.into())),
                Deed::Mood(mood) => *moody.mood.lock().unwrap() = mood,
                Deed::Change(list, who, says) => moody.dns.set(&about(list, who, says)).unwrap(),
                Deed::Probe => drop(clock.run(checker.probe())),
                Deed::Beside(tenant, last, sender) => {
                    let checks = [tenants[tenant].check(said_by(last, sender)), tenants[0].check(client(77, 1))];
                    drop(clock.run(join_all(checks.map(IntoFuture::into_future))));
                }
                Deed::GivenUp(tenant, last, sender) => {
                    let mut check = start(tenants[tenant].check(said_by(last, sender)));
                    poll_once(&mut check);
                    clock.advance(SECOND / 2);
                    poll_once(&mut check);
                }
                Deed::Check(tenant, last, sender, tenths) => {
                    let (checker, dialogue) = (&tenants[tenant], said_by(last, sender));
                    let short = checker.remembered(&dialogue);
                    let asked = moody.dns.asked().len();
                    let report =
                        clock.run(checker.check(&dialogue).within(Duration::from_millis(100 * u64::from(tenths))));
                    if let Some(short) = short {
                        told.set(told.get() + 1);
                        prop_assert_eq!(short, report.summary());
                        prop_assert_eq!(moody.dns.asked().len(), asked, "the check asks nobody either: {}", report);
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(told.get() > worlds, "only {} summaries were told", told.get());
}

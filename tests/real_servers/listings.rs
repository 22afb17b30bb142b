//! Lists that work: addresses, domains, texts, every format of rbldnsd, and allow lists.

use std::net::Ipv4Addr;
use std::time::Duration;

use rdnsbl::dnsxl::Part;
use rdnsbl::name::Name;
use rdnsbl::{Action, Dialogue, ListSet, ListSpec, Outcome, Verdict};

use crate::world::{CLEAN, LISTED, World, ip, only, said};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn listed_ipv4_with_its_text_and_proof() {
    let world = World::start().await;
    let report = world.checker(&["bl.example"]).check(ip(LISTED)).await;
    let Verdict::Listed(_, listing) = only(&report).verdict() else { panic!("{}", said(only(&report))) };
    assert_eq!(listing.codes(), [Ipv4Addr::new(127, 0, 0, 2)]);
    assert_eq!(listing.reason().unwrap().as_str(), "Listed, see https://bl.example/?ip=203.0.113.14");
    assert_eq!(only(&report).ttl(), Some(Duration::from_secs(600)));
    let controls: Vec<String> = listing.proof().controls().iter().map(|it| it.question().to_string()).collect();
    assert_eq!(controls[0], "1.0.0.127.bl.example A");
    assert!(controls[1].ends_with(".bl.example A"), "{}", controls[1]);
    // PTR, forward A; A, TXT and two controls at the list.
    assert_eq!(report.questions(), 6);
    assert_eq!((report.score().outcome(), report.advice().action()), (Outcome::Listed, Action::Reject));
    assert_eq!(report.resolver_fault(), None);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn listed_ipv6_with_its_text() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example"]);
    let report = checker.check(ip("2001:db8:0:14::25")).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.3");
    assert_eq!(only(&report).verdict().reason().unwrap().as_str(), "IPv6 2001:db8:0:14::25 is listed");
    let report = checker.check(ip("2001:db8:0:15::25")).await;
    assert_eq!(said(only(&report)), "not_listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn every_format_of_rbldnsd() {
    let world = World::start().await;
    let lists = ["bl.example", "tset.example", "trie.example", "several.example", "several.example=127.0.0.10"];
    let checker = world.checker(&[&lists[..], &["several.example=127.0.0.4", "bl.example=127.0.0.[3..11]"]].concat());
    let rows: [(&str, [&str; 7]); 5] = [
        (
            LISTED,
            [
                "listed 127.0.0.2",
                "listed 127.0.0.9",
                "listed 127.0.0.4",
                "listed 127.0.0.2 127.0.0.10",
                "listed 127.0.0.2 127.0.0.10",
                "excluded 127.0.0.2 127.0.0.10",
                "excluded 127.0.0.2",
            ],
        ),
        (
            CLEAN,
            ["not_listed", "not_listed", "listed 127.0.0.4", "not_listed", "not_listed", "not_listed", "not_listed"],
        ),
        ("203.0.113.16", ["not_listed"; 7]),
        (
            "198.51.100.8",
            [
                "listed 127.0.0.2",
                "not_listed",
                "not_listed",
                "not_listed",
                "not_listed",
                "not_listed",
                "excluded 127.0.0.2",
            ],
        ),
        ("198.51.100.9", ["not_listed"; 7]), // an exception within a listed network
    ];
    for (client, expected) in rows {
        let report = checker.check(ip(client)).await;
        let found: Vec<String> = report.lists().iter().map(said).collect();
        assert_eq!(found, expected, "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn domain_list() {
    let world = World::start().await;
    let about_sender = ListSpec::deny("dbl.example").unwrap().with_parts([Part::Sender]);
    let lists = ListSet::builder().deny("dbl.example").list(about_sender).build().unwrap();
    let checker = world.builder().lists(lists).build().unwrap();
    for (domain, expected) in [
        ("bad.example", "listed 127.0.1.2"),
        ("www.bad.example", "listed 127.0.1.2"),
        ("worse.example", "listed 127.0.1.4"),
        ("www.worse.example", "not_listed"),
        ("good.example", "not_listed"),
    ] {
        let report = checker.check(Name::parse(domain).unwrap()).await;
        assert_eq!(said(&report.lists()[0]), expected, "{domain}");
        let report = checker.check(Dialogue::new().mail_from(format!("<someone@{domain}>"))).await;
        assert_eq!(said(&report.lists()[0]), "skipped no_client", "{domain}");
        assert_eq!(said(&report.lists()[1]), expected, "{domain} as sender");
    }
    // rbldnsd names the entry that matched.
    let report = checker.check(Name::parse("www.bad.example").unwrap()).await;
    assert_eq!(report.lists()[0].verdict().reason().unwrap().as_str(), "Domain bad.example is listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn allow_lists() {
    let world = World::start().await;
    let with = |allow: &str| {
        let lists = ListSet::builder().deny("bl.example").allow(allow).build().unwrap();
        world.builder().lists(lists).build().unwrap()
    };
    for (allow, outcome, action) in [
        ("wl.example", Outcome::Allowed, Action::Pass),
        ("gone.example", Outcome::Listed, Action::Reject), // does not hold him
        ("broken.example", Outcome::Undecided, Action::Defer), // might hold the client
        ("dead.example", Outcome::Listed, Action::Reject), // holds everyone: no credit
        ("refusing.example", Outcome::Listed, Action::Reject),
    ] {
        let report = with(allow).check(ip(LISTED)).await;
        assert_eq!((report.score().outcome(), report.advice().action()), (outcome, action), "{allow}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_text_too_long_for_a_datagram_comes_over_tcp() {
    let text = ["0123456789abcdef"; 15].concat();
    let long: String = (0..8)
        .map(|number| format!("  local-data: '14.113.0.203.wordy.example. 60 IN TXT \"{number} {text}\"'\n"))
        .collect();
    let world = World::start_with(&long).await;
    let report = world.checker(&["wordy.example"]).check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.2");
    let reason = only(&report).verdict().reason().unwrap().as_str();
    assert!(reason.starts_with("0 0123456789abcdef") && reason.contains("; 1 0123"), "{reason}");
    assert!(reason.len() <= 500, "{} octets", reason.len());
}

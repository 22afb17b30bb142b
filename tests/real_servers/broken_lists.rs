//! Lists that have died, list everything, are silent or away for a while.

use std::time::{Duration, Instant};

use rdnsbl::dnsxl::{Health, ProblemKind};
use rdnsbl::report::{Completeness, ResolverFault};
use rdnsbl::{Action, Checker, SpecialPurpose, Verdict};

use crate::servers::{Rbldnsd, Unbound, Zone, stub, stub_zone};
use crate::world::{CLEAN, LISTED, PushedClock, World, deny, ip, lists, only, said};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn lists_that_have_died() {
    let world = World::start().await;
    // The verdict about a client, and about the next one, when the broken list is not asked any more.
    let dead = [
        ("dead.example", "problem lists_everything 127.0.0.2", "problem lists_everything"),
        ("numeric.example", "problem lists_everything 127.0.0.2", "problem lists_everything"),
        ("parked.example", "problem outside_127 203.0.113.200", "problem parked"),
        ("refusing.example", "problem refused 127.255.255.254", "problem refused"),
        ("refuse.example", "unknown refused", "unknown refused"),
        ("broken.example", "unknown servfail", "unknown servfail"),
        ("gone.example", "not_listed", "not_listed"),
    ];
    let checker = world.checker(&[&dead.map(|(list, ..)| list)[..], &["bl.example"]].concat());
    for (client, sound) in [(CLEAN, "not_listed"), (LISTED, "listed 127.0.0.2")] {
        // The next check knows what the controls of this one showed.
        let report = checker.check(ip(client)).until_health_is_known().await;
        for (row, (list, first, then)) in report.lists().iter().zip(dead) {
            assert_eq!(said(row), if client == CLEAN { first } else { then }, "{list} about {client}");
        }
        assert_eq!(said(&report.lists()[dead.len()]), sound);
        assert_eq!(report.denied().count(), usize::from(client == LISTED), "only the sound list lists");
        assert_eq!(report.resolver_fault(), None, "the lists are to blame, not the resolver");
        if client == CLEAN {
            let reason = report.lists()[0].verdict().reason().unwrap();
            assert_eq!(reason.as_str(), "THIS LIST IS CLOSED---REMOVE IT FROM YOUR CONFIGURATION");
        }
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_probe_tells_how_lists_are_doing() {
    let world = World::start().await;
    let expected = [
        ("bl.example", "sound"),
        ("several.example", "sound"),
        ("dead.example", "lists_everything"),
        ("numeric.example", "lists_everything"),
        ("parked.example", "parked"),
        ("refusing.example", "refusing"),
        ("wordy.example", "no_test_entries"),
    ];
    let checker = world.checker(&expected.map(|(list, _)| list));
    let found = checker.probe().await;
    let found: Vec<(&str, &str)> = found.iter().map(|it| (it.list().as_str(), it.health().word())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_that_begins_to_list_everything() {
    let data = |entry: &str| {
        format!(
            "$SOA 0 ns.bl.example h.bl.example 1 3600 600 86400 0\n$NS 0 ns.bl.example\n$TTL 1\n127.0.0.2\n{entry}\n"
        )
    };
    let lists = Rbldnsd::start(vec![Zone::new("bl.example", "ip4trie", data("203.0.113.14"))]).await;
    let clock = PushedClock::default();
    let checker = Checker::builder_with(stub(lists.address()), clock.clone())
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example"]))
        .build()
        .unwrap();
    let about = async |client: &str| said(only(&checker.check(ip(client)).await));
    assert_eq!(about(LISTED).await, "listed 127.0.0.2");
    assert_eq!(about("203.0.113.99").await, "not_listed");

    lists.rewrite("bl.example", "ip4trie", &data("0.0.0.0/0"), "99.113.0.203.bl.example", true).await;
    clock.push(Duration::from_secs(61)); // the proof is stale now
    let report = checker.check(ip("203.0.113.99")).await;
    let Verdict::Problem(problem) = only(&report).verdict() else { panic!("{}", said(only(&report))) };
    assert_eq!(problem.kind(), ProblemKind::ListsEverything);
    assert_eq!(problem.evidence()[0].question().to_string(), "1.0.0.127.bl.example A");
    assert_eq!(report.advice().action(), Action::Pass, "a broken list turns nobody away");

    assert_eq!(checker.health()[0].health(), Health::ListsEverything);
    let report = checker.check(ip("203.0.113.97")).await;
    assert_eq!(said(only(&report)), "problem lists_everything");
    assert_eq!(report.questions(), 1, "PTR; a broken list is left alone");

    lists.rewrite("bl.example", "ip4trie", &data("203.0.113.14"), "99.113.0.203.bl.example", false).await;
    clock.push(Duration::from_secs(61)); // then it is tried again
    assert_eq!(about(LISTED).await, "listed 127.0.0.2", "repaired");
    assert_eq!(about("203.0.113.98").await, "not_listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_that_is_away_for_a_while() {
    let data =
        |zone: &str| format!("$SOA 1 ns.{zone} h.{zone} 1 1 1 1 1\n$NS 1 ns.{zone}\n127.0.0.2\n198.51.100.0/24\n");
    let mut away = Rbldnsd::start(vec![Zone::new("bl.example", "ip4set", data("bl.example"))]).await;
    let other = Rbldnsd::start(vec![Zone::new("other.example", "ip4set", data("other.example"))]).await;
    let clauses = stub_zone("bl.example", away.address()) + &stub_zone("other.example", other.address());
    // A server that was away is asked again at once.
    let resolver = Unbound::start("  infra-host-ttl: 0\n", &clauses, &other).await;
    let checker = Checker::builder(stub(resolver.address()))
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example", "other.example*0"]))
        .budget(Duration::from_secs(2))
        .build()
        .unwrap();
    let about = async |client: &str| {
        let report = checker.check(ip(client)).await;
        (report.lists().iter().map(said).collect::<Vec<_>>(), report)
    };
    assert_eq!(about("198.51.100.1").await.0, ["listed 127.0.0.2"; 2]);
    away.stop();
    let (found, report) = about("198.51.100.2").await;
    assert_eq!(found, ["unknown deadline", "listed 127.0.0.2"]);
    assert_eq!(report.resolver_fault(), None, "one list is silent, not the resolver");
    assert_eq!((report.score().low(), report.score().high()), (0, 1));
    assert_eq!(report.advice().action(), Action::Pass, "an unheard deny list turns nobody away");
    away.start_again().await;
    assert_eq!(about("198.51.100.3").await.0, ["listed 127.0.0.2"; 2]);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_asked_directly_that_is_away_for_a_while() {
    let mut lists = Rbldnsd::start(lists()).await;
    let checker = Checker::builder(stub(lists.address())).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example"])).build().unwrap();
    lists.stop();
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "unknown network");
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Unreachable));
    lists.start_again().await;
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.2", "trouble on our side is not remembered");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_silent_list_costs_the_budget_and_no_more() {
    let world = World::start().await;
    let checker = world.checker(&["silent.example", "bl.example"]);
    let started = Instant::now();
    let report = checker.check(ip(LISTED)).within(Duration::from_millis(800)).await;
    let took = started.elapsed();
    assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown deadline", "listed 127.0.0.2"]);
    assert_eq!(report.completeness(), Completeness::CutByDeadline);
    assert!((Duration::from_millis(800)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
    assert_eq!(report.resolver_fault(), None);
}

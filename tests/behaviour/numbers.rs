//! What is counted, and its machine forms.

use std::time::Duration;

use rdnsbl::{Checker, Dialogue, Latency, Policy};

use crate::kit::world::{CLEAN, LISTED, World, lists, poll_once, start};

const DNS: &str = "
    $SOA bl.test 300 60
    $SOA other.test 300 60
    14.77.66.45.bl.test A 127.0.0.2
    *.silent.test TIMEOUT
    *.bl.test after=30ms
    14.77.66.45.bl.test after=30ms
    * NXDOMAIN
";

#[test]
fn numbers_of_lists_and_of_actions() {
    let world = World::new(DNS, lists(["bl.test", "silent.test"]));
    world.check(LISTED);
    world.check(CLEAN);
    let asked = |checker: &Checker| -> Vec<(String, u64, u64, u64)> {
        let stats = checker.list_stats();
        stats.iter().map(|list| (list.list.to_string(), list.asked, list.hits, list.failed)).collect()
    };
    assert_eq!(asked(&world.checker), [("bl.test".into(), 2, 1, 0), ("silent.test".into(), 2, 0, 2)]);
    let stats = world.checker.stats();
    assert_eq!((stats.checks, stats.passed, stats.deferred, stats.rejected), (2, 1, 0, 1));
    assert_eq!(stats.check_time.count, 2);
    // A session counts its advice. With a warm cache it asks nothing.
    let mut session = world.checker.session(LISTED);
    world.clock.run(session.rcpt_to("<a@b.test>").advice());
    assert_eq!(world.checker.stats().rejected, 2);
    assert_eq!(asked(&world.checker)[0].1, 2);
    // A question that a deadline ends is counted as such.
    let world = World::new(DNS, lists(["bl.test", "silent.test"]));
    world.check_within(CLEAN, Duration::from_secs(1));
    let cut: Vec<u64> = world.checker.list_stats().iter().map(|list| list.cut).collect();
    assert_eq!(cut, [0, 1]);
}

#[test]
fn latencies_are_counted_in_buckets() {
    let world = World::new(DNS, lists(["bl.test"]));
    world.check(LISTED);
    world.check(CLEAN);
    let latency = world.checker.list_stats()[0].latency;
    let under = |bound: u64| {
        let at = Latency::BOUNDS.iter().position(|at| *at == Duration::from_millis(bound)).unwrap();
        latency.buckets[at]
    };
    assert_eq!(
        (under(20), under(50), under(5_000), latency.count, latency.sum),
        (0, 2, 2, 2, Duration::from_millis(60))
    );
}

#[test]
fn names_of_lists_are_keys_and_health_is_a_line() {
    let world = World::new(DNS, lists(["bl.test"]));
    let numbers: std::collections::HashMap<_, _> =
        world.checker.list_stats().into_iter().map(|stats| (stats.list, stats.asked)).collect();
    assert_eq!(numbers.get("bl.test"), Some(&0));
    let health: Vec<String> = world.clock.run(world.checker.probe()).iter().map(ToString::to_string).collect();
    assert!(health[0].starts_with("bl.test (ipv4): "), "{health:?}");
    assert_eq!("postfix".parse(), Ok(Policy::postfix()));
    assert_eq!((Policy::default(), rdnsbl::ListSet::default()), (Policy::rfc(), rdnsbl::ListSet::none()));
}

#[test]
fn a_watch_looks_after_the_lists_of_every_tenant_once() {
    let world = World::new(DNS, lists([]));
    let tenants = [["bl.test"], ["bl.test"], ["other.test"]].map(|zones| world.checker.with_lists(lists(zones)));
    let mut watch = start(world.checker.clone().watch(Duration::from_secs(1_800)));
    for _ in 0..10 {
        poll_once(&mut watch);
        world.clock.advance(Duration::from_secs(1));
    }
    let count = |zone: &str| world.asked().iter().filter(|question| question.contains(zone)).count();
    assert_eq!((count("bl.test"), count("other.test")), (3, 3), "{:?}", world.asked());
    drop(tenants);
}

#[cfg(feature = "serde")]
#[test]
fn machine_forms() {
    let world = World::with(DNS, |builder| builder.lists(lists(["bl.test"])).policy(Policy::rfc()));
    let mut events = world.checker.events();
    let report = world.check(Dialogue::from(LISTED).mail_from("<>"));
    use erased::Json as _;
    let summary = report.summary().json();
    assert_eq!(summary["action"], "reject");
    assert_eq!(summary["findings"], serde_json::json!(["listed", "iprev_no_name", "null_sender"]));
    assert_eq!((&summary["completeness"], &summary["counts"]["listed"]), (&"complete".into(), &1.into()));
    assert_eq!(world.checker.stats().json()["rejected"], 1);
    let list = world.checker.list_stats()[0].json();
    assert_eq!(
        (&list["list"], &list["hits"], &list["latency_seconds"]["count"]),
        (&"bl.test".into(), &1.into(), &1.into())
    );
    world.dns.set("*.bl.test A 127.0.0.2").unwrap();
    world.dns.set("1.0.0.127.bl.test A 127.0.0.2").unwrap();
    world.clock.run(world.checker.probe());
    let event = events.try_next().unwrap().json();
    assert_eq!(
        (&event["event"], &event["to"], &event["subjects"]),
        (&"health_changed".into(), &"lists_everything".into(), &"ipv4".into())
    );
}

/// `serde_json::to_value` of any value.
#[cfg(feature = "serde")]
mod erased {
    pub(super) trait Json {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

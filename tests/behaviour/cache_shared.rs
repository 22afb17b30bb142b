//! Many hosts share one cache, with different lists, profiles, thresholds and policies: the summary that one of them gets from the
//! cache is that of a whole check at the same moment.

use std::cell::Cell;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rdnsbl::dnsxl::{OnNoAnswer, Part, Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::{Checker, Dialogue, ListSet, ListSpec, ManualClock, Policy, Report, Scripted};

use crate::kit::cases::cases;
use crate::kit::world;
use crate::kit::world::{poll_once, start};

/// How a list answers.
#[derive(Clone, Copy, Debug)]
enum Says {
    No,
    UnsignedNo,
    Empty,
    UnsignedEmpty,
    Listed,
    Other,
    Ambiguous,
    Refusal,
    Broken,
    Fails,
    Brief,
    Everything,
    NotEverything,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Check { host: usize, dialogue: usize },
    Begin { host: usize, dialogue: usize },
    Wait { quarters: u64 },
    List { list: usize, client: usize, says: Says },
    Entry { list: usize, says: Says },
    Rewrite(bool),
    Probe { host: usize },
    Drop,
}

const LISTS: usize = 4;
const CLIENTS: usize = 4;
const HOSTS: usize = 7;
const DIALOGUES: usize = 8;

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        24 => Just(Says::No),
        1 => Just(Says::UnsignedNo),
        3 => Just(Says::Empty),
        1 => Just(Says::UnsignedEmpty),
        2 => Just(Says::Listed),
        2 => Just(Says::Other),
        1 => Just(Says::Ambiguous),
        1 => Just(Says::Refusal),
        1 => Just(Says::Broken),
        1 => Just(Says::Fails),
        1 => Just(Says::Brief),
        1 => Just(Says::Everything),
        2 => Just(Says::NotEverything),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        24 => (0..HOSTS, 0..DIALOGUES).prop_map(|(host, dialogue)| Deed::Check { host, dialogue }),
        4 => (0..HOSTS, 0..DIALOGUES).prop_map(|(host, dialogue)| Deed::Begin { host, dialogue }),
        8 => prop_oneof![0..8_u64, 8..300_u64].prop_map(|quarters| Deed::Wait { quarters }),
        3 => (0..LISTS, 0..CLIENTS, says()).prop_map(|(list, client, says)| Deed::List { list, client, says }),
        2 => (0..LISTS, says()).prop_map(|(list, says)| Deed::Entry { list, says }),
        1 => prop::bool::weighted(0.3).prop_map(Deed::Rewrite),
        1 => (0..HOSTS).prop_map(|host| Deed::Probe { host }),
        1 => Just(Deed::Drop),
    ]
}

fn reversed(client: usize) -> String {
    match client {
        0..=2 => format!("{client}.77.66.45"),
        _ => format!("{}0.0.7.4.0.1.0.0.2", "0.".repeat(23)),
    }
}

fn line(name: &str, zone: &str, says: Says) -> String {
    match says {
        Says::No => format!("{name} NXDOMAIN"),
        Says::UnsignedNo => format!("{name} NXDOMAIN-NOSOA"),
        Says::Empty => format!("{name} NODATA"),
        Says::UnsignedEmpty => format!("{name} NODATA-NOSOA"),
        Says::Listed => format!("{name} A 127.0.0.2"),
        Says::Other => format!("{name} A 127.0.0.9"),
        Says::Ambiguous => format!("{name} A 127.0.0.1"),
        Says::Refusal => format!("{name} A 127.255.255.254"),
        Says::Broken => format!("{name} A 203.0.113.9"),
        Says::Fails => format!("{name} SERVFAIL"),
        Says::Brief => format!("{name} A 127.0.0.2 ttl=1"),
        Says::Everything => format!("*.{zone} A 127.0.0.2"),
        Says::NotEverything => format!("*.{zone} NXDOMAIN"),
    }
}

fn spec(text: &str) -> ListSpec {
    text.parse().unwrap()
}

fn documented(text: &str) -> ListSpec {
    let entry = TestPoints::documented(TestEntry::Address(IpAddr::from([127, 0, 0, 2])));
    spec(text).with_profile(Profile::new().test_points(SubjectKind::Ipv4, entry))
}

fn hosts(first: &Checker) -> Vec<Checker> {
    let of = |specs: Vec<ListSpec>| ListSet::builder().lists(specs);
    let with = |lists: rdnsbl::lists::ListSetBuilder| first.with_lists(lists.build().unwrap());
    let hosts = vec![
        first.clone(),
        with(of(vec![spec("l0.test=127.0.0.2*2"), spec("l1.test*-1"), spec("l0.test=127.0.0.9")]).threshold(2)),
        with(of(vec![documented("l0.test"), spec("l3.test").with_on_no_answer(OnNoAnswer::Defer)]).allow("l1.test")),
        with(of(vec![spec("l0.test").with_profile(Profile::new().lists([SubjectKind::Ipv6])), spec("l2.test")]))
            .with_policy(Policy::rfc().strict()),
        with(of(vec![spec("l1.test"), spec("l2.test").with_parts([Part::Sender])])),
        with(of(vec![documented("l1.test"), documented("l2.test"), spec("l3.test=127.0.0.1")]).min_operators(2))
            .with_policy(Policy::observe()),
        with(of(vec![spec("l2.test")]).allow_threshold(0)),
    ];
    assert_eq!(hosts.len(), HOSTS);
    hosts
}

fn dialogue(number: usize) -> Dialogue {
    let client = |number: u8| IpAddr::from([45, 66, 77, number]);
    match number {
        0..=2 => client(u8::try_from(number).unwrap()).into(),
        3 => Dialogue::from(IpAddr::from(Ipv6Addr::new(0x2001, 0x0470, 0, 0, 0, 0, 0, 0))),
        4 => IpAddr::from(std::net::Ipv4Addr::new(45, 66, 77, 0).to_ipv6_mapped()).into(),
        5 => Dialogue::from(client(1)).mail_from("<x@sender.test>"),
        6 => Dialogue::from(client(0)).mail_from("<x@elsewhere.test>"),
        _ => Dialogue::from(client(2)).mail_from("<>"),
    }
}

fn first_table(first: &[Says], slow: bool) -> String {
    let mut dns = String::from(
        "$SOA in-addr.arpa 3600 600\n$SOA ip6.arpa 3600 600\n$SOA client.test 3600 600\n$SOA test 3600 900\n",
    );
    for (list, seconds) in (0..LISTS).zip([60, 120, 1, 20_000]) {
        writeln!(dns, "$SOA l{list}.test 30000 {seconds}").unwrap();
    }
    for number in 0..2 {
        writeln!(dns, "{number}.77.66.45.in-addr.arpa PTR c{number}.client.test ttl=100").unwrap();
        writeln!(dns, "c{number}.client.test A 45.66.77.{number} ttl=70").unwrap();
    }
    writeln!(dns, "sender.test MX 10 mx.sender.test ttl=90\nmx.sender.test A 45.66.77.9").unwrap();
    for (index, says) in first.iter().enumerate() {
        let (list, client) = (index / CLIENTS, index % CLIENTS);
        writeln!(dns, "{}", line(&format!("{}.l{list}.test", reversed(client)), &format!("l{list}.test"), *says))
            .unwrap();
    }
    if slow {
        writeln!(dns, "* after=100ms").unwrap();
    }
    dns
}

/// How many questions were about a client or a sender. The engine's own controls, for lists or a
/// resolver under suspicion, go out with whichever check is polled next and are not counted.
fn about_subjects(dns: &Scripted) -> usize {
    let subjects = ["77.66.45.", "0.0.7.4.0.1.0.0.2.", "client.test", "sender.test", "elsewhere.test"];
    dns.asked().iter().filter(|question| subjects.iter().any(|part| question.name.to_string().contains(part))).count()
}

#[test]
fn what_is_remembered_for_one_of_many_is_what_a_check_would_say() {
    let worlds = (
        prop::collection::vec(says(), LISTS * CLIENTS),
        prop::bool::ANY,
        prop_oneof![Just(0_u64), Just(1), Just(60)],
        prop::collection::vec(deed(), 1..60),
    );
    let told = Cell::new(0);
    let cases = cases(100);
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&worlds, |(first, slow, window, deeds)| {
        let clock = ManualClock::new();
        let dns = Scripted::table(&first_table(&first, slow), clock.clone()).unwrap();
        let lists = world::lists(["l0.test", "l1.test", "l2.test"]);
        let builder = Checker::builder_with(dns.clone(), clock.clone()).lists(lists);
        let checker = builder.proof_window(Duration::from_secs(window)).build().unwrap();
        let hosts = hosts(&checker);
        let mut begun = Vec::new();
        for deed in deeds {
            begun.iter_mut().for_each(poll_once);
            match deed {
                Deed::Wait { quarters } => clock.advance(Duration::from_millis(quarters * 250)),
                Deed::List { list, client, says } => {
                    dns.set(&line(&format!("{}.l{list}.test", reversed(client)), &format!("l{list}.test"), says))
                        .unwrap();
                }
                Deed::Entry { list, says } => {
                    dns.set(&line(&format!("2.0.0.127.l{list}.test"), &format!("l{list}.test"), says)).unwrap();
                }
                Deed::Rewrite(lies) => {
                    dns.set(if lies { "* A 203.0.113.9" } else { "* NXDOMAIN" }).unwrap();
                }
                Deed::Probe { host } => drop(clock.run(hosts[host].probe())),
                Deed::Drop => drop(begun.pop()),
                Deed::Begin { host, dialogue: number } => {
                    let mut check = start(hosts[host].check(dialogue(number)));
                    poll_once(&mut check);
                    begun.push(check);
                }
                Deed::Check { host, dialogue: number } => {
                    let short = hosts[host].remembered(&dialogue(number));
                    let asked = about_subjects(&dns);
                    let report: Report = clock.run(hosts[host].check(dialogue(number)));
                    if let Some(short) = short {
                        told.set(told.get() + 1);
                        prop_assert_eq!(short, report.summary(), "{}", report);
                        prop_assert_eq!(
                            about_subjects(&dns),
                            asked,
                            "the long way asks nothing about a subject either"
                        );
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(told.get() > cases / 8, "only {} summaries were told", told.get());
}

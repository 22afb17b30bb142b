//! A summary from the cache comes at once, without a question, and is that of a whole check.

use std::cell::Cell;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[cfg(feature = "psl")]
use rdnsbl::dnsxl::DomainForm;
use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::{Action, Checker, Dialogue, Finding, ListSet, ListSpec, ManualClock, Policy, Scripted, Summary};

use crate::kit::cases::cases;
use crate::kit::world::{CLEAN, LISTED, SECOND, World, lists, poll_once, start, verdicts};

const DNS: &str = "
    $SOA a.test 300 60
    $SOA b.test 300 120
    $SOA in-addr.arpa 3600 600
    $SOA client.test 3600 600
    7.77.66.45.in-addr.arpa PTR clean.client.test
    clean.client.test A 45.66.77.7
    14.77.66.45.in-addr.arpa PTR listed.client.test
    listed.client.test A 45.66.77.14
    14.77.66.45.a.test A 127.0.0.2
    sender.test MX 10 mx.sender.test
    mx.sender.test A 45.66.77.9
";

fn nameless() -> IpAddr {
    Ipv4Addr::new(45, 66, 77, 99).into()
}

fn remembered(world: &World, dialogue: impl Into<Dialogue>) -> Option<Summary> {
    let before = world.asked().len();
    let summary = world.checker.remembered(&dialogue.into());
    assert_eq!(world.asked().len(), before, "nobody is asked");
    summary
}

#[test]
fn a_client_that_was_here_a_moment_ago() {
    let world = World::new(DNS, lists(["a.test", "b.test"]));
    assert_eq!(remembered(&world, CLEAN), None);
    let report = world.check(CLEAN);
    let summary = remembered(&world, CLEAN).unwrap();
    assert_eq!(summary, report.summary());
    assert_eq!((summary.action(), summary.counts().not_listed), (Action::Pass, 2));
    assert_eq!(summary.findings().count(), 0);
    let asked = world.asked().len();
    assert_eq!(world.clock.run(world.checker.check(CLEAN).summary()), summary);
    assert_eq!(world.asked().len(), asked);
    assert_eq!(world.checker.stats().checks, 3);
    // The shortest time is that of list a: a no of 60 seconds.
    world.clock.advance(59 * SECOND);
    assert!(remembered(&world, CLEAN).is_some());
    world.clock.advance(SECOND);
    assert_eq!(remembered(&world, CLEAN), None);
    assert_eq!(world.clock.run(world.checker.check(CLEAN).summary()), summary);
}

/// Cached answers that a check began with are older than what it found in the end.
#[test]
fn a_slow_check_makes_nothing_younger() {
    let dns = DNS.replace("clean.client.test A 45.66.77.7", "clean.client.test A 45.66.77.7 ttl=50");
    let world = World::slow(&dns, lists(["a.test"]));
    world.check(CLEAN);
    world.clock.advance(20 * SECOND);
    let more = world.checker.with_lists(lists(["b.test"]));
    let mut slow = start(more.check(CLEAN));
    poll_once(&mut slow);
    world.clock.advance(4 * SECOND);
    poll_once(&mut slow);
    assert!(slow.as_mut().take_output().is_some() && more.remembered(&CLEAN.into()).is_some());
    world.clock.advance(27 * SECOND);
    assert_eq!(more.remembered(&CLEAN.into()), None, "the address was good for 50 seconds, 51 seconds ago");
}

#[test]
fn listings_and_faults_need_a_whole_check() {
    let world = World::new(DNS, lists(["a.test", "b.test"]));
    let report = world.check(LISTED);
    assert_eq!(remembered(&world, LISTED), None);
    assert_eq!(report.summary().action(), Action::Reject);
    assert!(report.summary().has(Finding::Listed));
    assert_eq!(world.clock.run(world.checker.check(LISTED).summary()), report.summary());
    // A finding that the policy ignores is in the summary.
    world.check(nameless());
    let watching = world.checker.with_policy(Policy::observe());
    let summary = watching.remembered(&nameless().into()).unwrap();
    assert_eq!(summary.findings().collect::<Vec<_>>(), [Finding::IprevNoName]);
    assert_eq!(world.checker.with_policy(Policy::rfc().strict()).remembered(&nameless().into()), None);
}

#[test]
fn a_sender_is_looked_at_as_well() {
    let world = World::new(DNS, lists(["a.test"]));
    let from = |sender: &str| Dialogue::from(CLEAN).mail_from(sender);
    let report = world.check(from("<x@sender.test>"));
    assert_eq!(remembered(&world, from("<other@SENDER.test>")), Some(report.summary()));
    assert!(remembered(&world, from("<>")).is_some(), "a bounce has no domain");
    assert!(remembered(&world, from("<x@elsewhere.test>")).is_none());
    assert!(remembered(&world, from("nonsense")).is_none());
    assert!(remembered(&world, from("<x@sender.test>").helo("x.test")).is_none());
    world.check(from("<x@nowhere.test>"));
    assert!(remembered(&world, from("<x@nowhere.test>")).is_none(), "something speaks against it");
}

#[test]
fn other_lists_are_asked_first() {
    let world = World::new(DNS, lists(["a.test"]));
    world.check(CLEAN);
    let more = world.checker.with_lists(lists(["a.test", "b.test"]));
    assert_eq!(more.remembered(&CLEAN.into()), None);
    world.clock.run(more.check(CLEAN));
    assert_eq!(more.remembered(&CLEAN.into()).unwrap().counts().not_listed, 2);
    assert_eq!(remembered(&world, CLEAN).unwrap().counts().not_listed, 1, "of more, the ones that are wanted");
    let twice = world.checker.with_lists(lists(["b.test=127.0.0.2", "b.test=127.0.0.3", "a.test"]));
    assert_eq!(twice.remembered(&CLEAN.into()).unwrap().counts().not_listed, 3);
    let by_name =
        ListSet::builder().list("a.test".parse::<rdnsbl::ListSpec>().unwrap().with_parts([rdnsbl::dnsxl::Part::Helo]));
    assert_eq!(world.checker.with_lists(by_name.build().unwrap()).remembered(&CLEAN.into()), None);
    let reached_by_nobody = ListSet::builder().deny("a.test").threshold(0).build().unwrap();
    assert_eq!(world.checker.with_lists(reached_by_nobody).remembered(&CLEAN.into()), None);
}

#[test]
fn what_a_list_said_is_not_told_once_it_is_known_to_be_broken() {
    let world = World::new(DNS, lists(["a.test", "b.test"]));
    world.check(CLEAN);
    assert!(remembered(&world, CLEAN).is_some());
    world.dns.set("*.b.test A 127.0.0.2").unwrap();
    world.check(nameless());
    assert_eq!(remembered(&world, CLEAN), None);
}

#[test]
fn a_list_that_is_left_alone_is_not_told_of() {
    let world = World::new(DNS, lists(["a.test", "b.test"]));
    world.check(CLEAN);
    world.dns.set("*.b.test SERVFAIL").unwrap();
    for number in 100..105 {
        world.check(IpAddr::from([45, 66, 77, number]));
    }
    let report = world.check(CLEAN);
    assert_eq!(verdicts(&report), ["not_listed", "unknown"], "it has been silent too often");
    assert_eq!(remembered(&world, CLEAN), None);
}

#[test]
fn an_entry_that_must_exist_is_asked_first() {
    let world = World::new(&format!("{DNS}\n2.0.0.127.a.test A 127.0.0.2"), lists(["a.test"]));
    world.check(CLEAN);
    assert!(remembered(&world, CLEAN).is_some());
    let entry = TestPoints::documented(TestEntry::Address(IpAddr::from([127, 0, 0, 2])));
    let spec: ListSpec = "a.test".parse().unwrap();
    let spec = spec.with_profile(Profile::new().test_points(SubjectKind::Ipv4, entry));
    let knowing = world.checker.with_lists(ListSet::builder().list(spec).build().unwrap());
    assert_eq!(knowing.remembered(&CLEAN.into()), None, "through this resolver no hit may ever have come");
    world.clock.run(knowing.check(CLEAN));
    assert!(knowing.remembered(&CLEAN.into()).is_some());
}

/// One host knows that a list holds registrable domains, the other does not: they ask different names.
#[test]
#[cfg(feature = "psl")]
fn what_is_remembered_of_a_domain_is_what_was_asked() {
    let world = World::new(
        &format!("{DNS}\n$SOA d.test 300 60\nexample.com.d.test A 127.0.0.2"),
        ListSet::builder().list(by_sender(Profile::new().holds(DomainForm::Registrable))).build().unwrap(),
    );
    let other = ListSet::builder().list(by_sender(Profile::new())).build().unwrap();
    let from = |host: &str| Dialogue::from(CLEAN).mail_from(format!("<x@{host}>"));
    assert_eq!(verdicts(&world.check(from("mail.example.com"))), ["listed"]);
    let unaware = world.checker.with_lists(other);
    assert_eq!(verdicts(&world.clock.run(unaware.check(from("mail.example.com")))), ["not_listed"]);
    assert_eq!(verdicts(&world.check(from("mail.example.com"))), ["listed"]);
    // Another host below it is the same question.
    let questions = || world.asked().iter().filter(|asked| *asked == "example.com.d.test A").count();
    let before = questions();
    assert_eq!(verdicts(&world.check(from("other.example.com"))), ["listed"]);
    assert_eq!((before, questions()), (1, 1), "{:?}", world.asked());
}

#[cfg(feature = "psl")]
fn by_sender(profile: Profile) -> ListSpec {
    "d.test".parse::<ListSpec>().unwrap().with_parts([rdnsbl::dnsxl::Part::Sender]).with_profile(profile)
}

#[test]
fn special_addresses_take_the_long_way() {
    let world = World::new(DNS, lists(["a.test"]));
    let private = IpAddr::from([10, 0, 0, 1]);
    world.check(private);
    assert_eq!(remembered(&world, private), None);
}

/// What a list answers for a client.
#[derive(Clone, Copy, Debug)]
enum Says {
    No,
    Empty,
    Listed,
    Broken,
    Fails,
    Everything,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Check(u8),
    Wait(u16),
    Change(u8, u8, Says),
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        12 => Just(Says::No),
        1 => Just(Says::Empty),
        3 => Just(Says::Listed),
        1 => Just(Says::Broken),
        1 => Just(Says::Fails),
        1 => Just(Says::Everything),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0..3_u8).prop_map(Deed::Check),
        2 => (1..200_u16).prop_map(Deed::Wait),
        1 => (0..3_u8, 0..3_u8, says()).prop_map(|(list, client, says)| Deed::Change(list, client, says)),
    ]
}

fn client(number: u8) -> IpAddr {
    Ipv4Addr::new(45, 66, 77, number).into()
}

fn line(list: u8, client: u8, says: Says) -> String {
    let name = format!("{client}.77.66.45.l{list}.test");
    match says {
        Says::No => format!("{name} NXDOMAIN"),
        Says::Empty => format!("{name} NODATA"),
        Says::Listed => format!("{name} A 127.0.0.2"),
        Says::Broken => format!("{name} A 203.0.113.9"),
        Says::Fails => format!("{name} SERVFAIL"),
        Says::Everything => format!("*.l{list}.test A 127.0.0.2"),
    }
}

#[test]
fn what_is_remembered_is_what_a_check_would_say() {
    let worlds = (prop::collection::vec(says(), 9), prop::collection::vec(deed(), 1..40));
    let told = Cell::new(0);
    let cases = cases(75);
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&worlds, |(first, deeds)| {
        let mut dns = String::from("$SOA in-addr.arpa 3600 600\n$SOA client.test 3600 600\n");
        for list in 0..3 {
            writeln!(dns, "$SOA l{list}.test 300 60").unwrap();
        }
        for number in 0..2 {
            writeln!(dns, "{number}.77.66.45.in-addr.arpa PTR c{number}.client.test ttl=100").unwrap();
            writeln!(dns, "c{number}.client.test A 45.66.77.{number} ttl=70").unwrap();
        }
        for (index, says) in (0_u8..).zip(&first) {
            writeln!(dns, "{}", line(index / 3, index % 3, *says)).unwrap();
        }
        let clock = ManualClock::new();
        let dns = Scripted::table(&dns, clock.clone()).unwrap();
        let lists = lists(["l0.test", "l1.test", "l2.test"]);
        let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).build().unwrap();
        for deed in deeds {
            match deed {
                Deed::Wait(seconds) => clock.advance(Duration::from_secs(seconds.into())),
                Deed::Change(list, number, says) => dns.set(&line(list, number, says)).unwrap(),
                Deed::Check(number) => {
                    let short = checker.remembered(&client(number).into());
                    let asked = dns.asked().len();
                    let report = clock.run(checker.check(client(number)));
                    if let Some(short) = short {
                        told.set(told.get() + 1);
                        prop_assert_eq!(short, report.summary());
                        prop_assert_eq!(dns.asked().len(), asked, "the long way asks nobody either");
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(told.get() > cases / 3, "only {} summaries were told", told.get());
}

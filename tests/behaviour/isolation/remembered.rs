//! A summary from the cache is that of a whole check, whatever the resolver does.

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
use rdnsbl::dnsxl::TestEntry;
use rdnsbl::resolve::BoxFuture;
use rdnsbl::{Answer, Checker, Failure, ManualClock, Policy, Question, Record, RecordType, Resolve, Scripted};

use super::*;
use crate::kit::cases::cases;
use crate::kit::world::{SECOND, poll_once, set, start};

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
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let (dns, clock, mood) = (self.dns.clone(), self.clock.clone(), Arc::clone(&self.mood));
        Box::pin(async move {
            let mood = *mood.lock().unwrap();
            let answer = dns.resolve(question.clone()).await;
            match (mood, answer.kind()) {
                (Mood::Silent, _) => {
                    clock.sleep_until(clock.now() + 4 * SECOND).await;
                    Answer::failed(Failure::Timeout)
                }
                (Mood::Slow, _) => {
                    clock.sleep_until(clock.now() + Duration::from_millis(700)).await;
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
        let behaviour = if says.starts_with('A') { "PTR c0.unlisted.test" } else { says };
        return format!("{client}.77.66.45.in-addr.arpa {behaviour}");
    }
    let who = if client == 3 { "*".to_owned() } else { format!("{client}.77.66.45") };
    let ttl = if says.starts_with('A') { " ttl=90" } else { "" };
    format!("{who}.l{list}.example {says}{ttl}")
}

fn moody(lists: u8) -> (Moody, Checker) {
    let mut world = String::from(
        "$SOA in-addr.arpa 3600 600\n$SOA unlisted.test 3600 600\n*.unlisted.test MX 10 mx.unlisted.test ttl=400\n\
         mx.unlisted.test A 45.66.78.25 ttl=300\na.implicit.test A 45.66.78.26 ttl=200\n",
    );
    for list in 0..lists {
        write!(world, "$SOA l{list}.example 300 60\n2.0.0.127.l{list}.example A 127.0.0.2\n").unwrap();
    }
    for last in 0..2 {
        writeln!(world, "{last}.77.66.45.in-addr.arpa PTR c{last}.unlisted.test ttl=100").unwrap();
        writeln!(world, "c{last}.unlisted.test A 45.66.77.{last} ttl=70").unwrap();
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
        1 => client(77, last).mail_from("<a@n1.unlisted.test>"),
        2 => client(77, last).mail_from("<a@a.implicit.test>"),
        _ => client(77, last).mail_from("<a@nowhere.example>"),
    }
}

#[test]
fn what_is_remembered_is_what_a_check_says_whatever_the_resolver_does() {
    let worlds = cases(75);
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

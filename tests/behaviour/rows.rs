//! Each row of a report knows its questions, and when and from where the answers came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdnsbl::dns::{Answer, Failure, Record, Soa, Target};
use rdnsbl::dnsxl::{Health, Part};
use rdnsbl::report::{Row, Source};
use rdnsbl::{Dialogue, Inquiry, ListSet, ListSpec, Question, Randomness, Report, Settings, SharedState};

use crate::kit::world::{CLEAN, DELAY, LISTED, SECOND, World, lists, set};

const DNS: &str = "
    $SOA in-addr.arpa 3600 600
    $SOA bl.test 300 60
    $SOA other.test 300 60
    14.77.66.45.in-addr.arpa PTR mx.client.test
    mx.client.test A 45.66.77.14
    sender.test MX 10 mx.client.test
    14.77.66.45.bl.test A 127.0.0.2
    14.77.66.45.bl.test TXT \"listed\"
    *.silent.test TIMEOUT
";

fn dialogue() -> Dialogue {
    Dialogue::from(LISTED).helo("mx.client.test").mail_from("<a@sender.test>").rcpt_to("<b@nowhere.test>")
}

/// The questions of one row, without labels that nobody can guess.
fn asked<'a>(report: &'a Report, row: impl Into<Row<'a>>) -> Vec<String> {
    let shown = |text: String| match text.split_once('.') {
        Some((label, rest)) if label.len() == 20 => format!("?.{rest}"),
        _ => text,
    };
    report.exchanges_of(row).map(|exchange| shown(exchange.question().to_string())).collect()
}

#[test]
fn each_row_has_its_questions() {
    let world = World::slow(DNS, lists(["bl.test", "other.test"]));
    let report = world.check(dialogue());
    assert_eq!(asked(&report, Row::Iprev), ["14.77.66.45.in-addr.arpa PTR", "mx.client.test A"]);
    // Asked once, for reverse DNS, HELO and the sender.
    assert!(asked(&report, Row::Helo).contains(&"mx.client.test A".to_owned()));
    assert_eq!(asked(&report, Row::Sender), ["mx.client.test A", "sender.test MX"]);
    assert_eq!(asked(&report, Row::Recipient)[0], "nowhere.test MX");
    let [listed, clean] = report.lists() else { panic!("two lists") };
    assert_eq!(
        asked(&report, listed),
        ["14.77.66.45.bl.test A", "14.77.66.45.bl.test TXT", "1.0.0.127.bl.test A", "?.bl.test A"]
    );
    assert_eq!(asked(&report, clean), ["14.77.66.45.other.test A"]);
    let rows = [Row::Iprev, Row::Helo, Row::Sender, Row::Recipient, Row::from(listed), Row::from(clean)];
    let of_rows = |exchange: &&rdnsbl::report::Exchange| {
        rows.iter().any(|row| report.exchanges_of(*row).any(|own| std::ptr::eq(own, *exchange)))
    };
    let resolver = report.exchanges().iter().filter(|exchange| !of_rows(exchange)).count();
    assert_eq!(resolver, report.resolver_questions(), "{:#?}", report.exchanges());
}

#[test]
fn each_question_has_its_times() {
    let world = World::slow(DNS, lists(["bl.test"]));
    let times = |report: &Report| -> Vec<(Duration, Option<Duration>, Source)> {
        report.exchanges_of(Row::Iprev).map(|it| (it.took(), it.answered_after(), it.source())).collect()
    };
    // One after the other: first the name, then its addresses.
    let first = world.check(LISTED);
    assert_eq!(times(&first), [(DELAY, Some(DELAY), Source::Network), (DELAY, Some(2 * DELAY), Source::Network)]);
    let again = world.check(LISTED);
    let cached = (Duration::ZERO, Some(Duration::ZERO), Source::Memory);
    assert_eq!(times(&again), [cached, cached]);
}

#[test]
fn no_answer_has_no_time() {
    let world = World::new(DNS, lists(["silent.test"]));
    let report = world.check_within(CLEAN, Duration::from_millis(500));
    let times: Vec<_> = report.exchanges_of(&report.lists()[0]).map(|it| it.answered_after()).collect();
    assert_eq!(times, [None]);
    // Without a clock there are no times, but each row still has its questions.
    let lists = rdnsbl::ListSet::builder().list(ListSpec::deny("bl.test").unwrap()).build().unwrap();
    let settings = Arc::new(Settings::default().with_lists(lists));
    let mut inquiry = Inquiry::new(
        &CLEAN.into(),
        &settings,
        &mut SharedState::default(),
        Instant::now(),
        rdnsbl::Randomness::for_tests([7; 16]),
    );
    while let Some((ticket, _)) = inquiry.next_question() {
        inquiry.supply(ticket, Answer::nx_domain(None));
    }
    let report = inquiry.finish(Failure::Deadline);
    let of_list: Vec<_> = report.exchanges_of(&report.lists()[0]).collect();
    assert!(!of_list.is_empty() && of_list.iter().all(|it| it.answered_after().is_none()));
}

fn about(zone: &str, parts: impl IntoIterator<Item = Part>) -> ListSpec {
    ListSpec::deny(zone).unwrap().with_parts(parts)
}

/// What stands in a row does not depend on what other lists were asked.
#[test]
fn the_same_row_of_two_stages_is_equal() {
    let world = World::new(DNS, set([about("other.test", [Part::Recipient]), ListSpec::deny("bl.test").unwrap()]));
    let mut session = world.checker.session(LISTED);
    session.mail_from("<a@sender.test>");
    world.clock.run(session.report());
    let early = world.clock.run(session.report());
    session.rcpt_to("<b@nowhere.test>");
    let late = world.clock.run(session.report());
    assert_ne!(early.lists()[0], late.lists()[0]);
    assert_eq!(early.lists()[1], late.lists()[1]);
}

/// Failures are counted in the order of the rows. The lists about the client's names are asked last, but here their four
/// failures come before the answer about the sender.
#[test]
fn failures_count_in_the_order_of_the_rows() {
    let mut dns = String::from("$SOA z.test 300 60\nsender.test.z.test NXDOMAIN\n*.z.test SERVFAIL\n");
    for number in 1..=4 {
        dns += &format!("14.77.66.45.in-addr.arpa PTR m{number}.client.test\nm{number}.client.test A 45.66.77.14\n");
    }
    let controls = |parts: [Part; 2]| {
        let world = World::new(&dns, set(parts.map(|part| about("z.test", [part]))));
        for _ in 0..2 {
            let report = world.check(Dialogue::from(LISTED).mail_from("<a@sender.test>"));
            assert_eq!(report.lists().len(), 5, "{report}");
            world.pass(400);
        }
        world.controls_asked("z.test", "1.0.0.127")
    };
    assert_eq!(controls([Part::ConfirmedName, Part::Sender]), 0);
    assert!(controls([Part::Sender, Part::ConfirmedName]) > 0);
}

/// A list about the client's names that failed several times is asked about itself, even if no name is known in the end.
#[test]
fn a_list_that_waits_for_names_may_be_found_broken() {
    let (minute, mut now) = (60 * SECOND, Instant::now());
    let lists = ListSet::builder().list(about("z.test", [Part::ReverseName])).build().unwrap();
    let settings = Arc::new(Settings::default().with_lists(lists));
    let mut shared = SharedState::default();
    let answer = |question: &Question| {
        let name = question.name.to_string();
        match &*name {
            "14.77.66.45.in-addr.arpa" => {
                Answer::records([Record::Ptr(Target::Name("m.client.test".parse().unwrap()))], minute)
            }
            "m.client.test" => Answer::records([Record::A([45, 66, 77, 14].into())], minute),
            "m.client.test.z.test" => Answer::failed(Failure::Timeout),
            _ if name.ends_with(".z.test") => Answer::records([Record::A([127, 0, 0, 2].into())], minute),
            _ => Answer::nx_domain(Some(Soa::new("test".parse().unwrap(), minute))),
        }
    };
    let mut health = Vec::new();
    for round in 0..5 {
        now += 5 * SECOND;
        let dialogue = Dialogue::from(LISTED);
        let mut inquiry = Inquiry::new(&dialogue, &settings, &mut shared, now, Randomness::new());
        while let Some((ticket, question)) = inquiry.next_question() {
            if round < 4 || question.name.to_string() != "m.client.test" {
                inquiry.supply(ticket, answer(&question));
            }
        }
        let report = inquiry.finish(Failure::Deadline);
        shared.learn(&report, now);
        health.push(report.lists()[0].health());
    }
    assert_eq!(health[3..], [Health::Unprobed, Health::ListsEverything]);
}

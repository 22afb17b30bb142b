//! Each row of a report knows its questions, and when and from where the answers came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdnsbl::dns::{Answer, Failure};
use rdnsbl::report::{Row, Source};
use rdnsbl::{Dialogue, Inquiry, ListSpec, Report, Settings, SharedState};

use crate::kit::world::{CLEAN, DELAY, LISTED, World, lists};

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

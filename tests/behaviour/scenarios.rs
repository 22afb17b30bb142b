//! The corpus of scenarios through two engines: the decisions alone, fed from the table without any runtime, and a checker
//! with the stub resolver over sockets. Both must say what the scenario says, and the same about everything else.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rdnsbl::dns::Failure;
use rdnsbl::inquiry::QuestionId;
use rdnsbl::resolve::{Stub, Timeouts};
use rdnsbl::testing::{LoopbackServer, ReplyOutcome, SILENCE, Table};
use rdnsbl::{Answer, Checker, Inquiry, Randomness, Report, SharedState};

use crate::kit::report_words::{answer, everything};
use crate::kit::scenario;
use crate::kit::scenario::Scenario;

/// Every scenario of `tests/scenarios`.
static CORPUS: LazyLock<Vec<Scenario>> = LazyLock::new(corpus);

fn corpus() -> Vec<Scenario> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let read = |path: &std::path::PathBuf| {
        scenario::read(path.file_name().unwrap().to_str().unwrap(), &std::fs::read_to_string(path).unwrap())
    };
    files.iter().flat_map(read).collect()
}

/// Which of the open questions is answered next.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// The one that is due first.
    InTime,
    /// The last one first, whatever its delay.
    Backwards,
}

/// The decisions alone. Time is a number.
fn decide(scenario: &Scenario, order: Order) -> Report {
    let table = scenario.table();
    let mut shared = SharedState::default();
    let mut inquiry = Inquiry::new(
        &scenario.dialogue,
        &std::sync::Arc::new(scenario.settings.clone()),
        &mut shared,
        Instant::now(),
        Randomness::for_tests([0x5a; 16]),
    );
    let mut now = Duration::ZERO;
    let mut open: Vec<(Duration, QuestionId, Answer)> = Vec::new();
    loop {
        while let Some((ticket, question)) = inquiry.next_question() {
            let reply = table.lookup(&question);
            let after = if reply.outcome == ReplyOutcome::Silence { SILENCE } else { reply.after };
            open.push((now + after, ticket, reply.answer()));
        }
        let next = match order {
            Order::InTime => open.iter().enumerate().min_by_key(|(index, (due, ..))| (*due, *index)),
            Order::Backwards => open.iter().enumerate().next_back(),
        };
        let Some((index, (due, ..))) = next else { break };
        if *due > scenario.budget {
            break;
        }
        now = now.max(*due);
        let (_, ticket, answer) = open.remove(index);
        inquiry.supply(ticket, answer);
    }
    inquiry.finish(Failure::Deadline)
}

/// A checker that asks a server behind a socket: a first time, and again with what it remembers.
async fn check(scenario: &Scenario) -> (Report, Report) {
    let server = LoopbackServer::start(scenario.table()).await.unwrap();
    // For silence, longer than the last try of a small budget, which must be what ends a check; else long for a busy machine.
    let total = Duration::from_secs(if scenario.is_slow() { 3 } else { 10 });
    let timeouts = Timeouts::default().with_resend(Duration::from_millis(700)).with_total(total);
    let stub = Stub::servers([server.address()]).unwrap().with_timeouts(timeouts);
    let settings = scenario.settings.clone();
    let texts = |names: &[rdnsbl::Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let checker = Checker::builder(stub)
        .lists(settings.lists)
        .policy(settings.policy)
        .own_names(texts(&settings.ourselves.names))
        .own_addresses(settings.ourselves.addresses)
        .local_domains(texts(&settings.local_domains))
        .exempt(settings.exempt)
        .special_purpose(settings.special_purpose)
        .build()
        .unwrap();
    let first = checker.check(&scenario.dialogue).within(scenario.budget).await;
    let second = checker.check(&scenario.dialogue).within(scenario.budget).await;
    (first, second)
}

/// Every expectation of the scenario that is not met.
fn mistakes(scenario: &Scenario, engine: &str, report: &Report) -> Vec<String> {
    let wrong = |(question, expected): &(String, String)| {
        let answer = answer(report, question);
        (answer != *expected).then(|| format!("{} [{engine}] {question}: {answer:?}, not {expected:?}", scenario.title))
    };
    let mut mistakes: Vec<String> = scenario.expected.iter().filter_map(wrong).collect();
    if report.counts().total() != report.lists().len() {
        mistakes.push(format!("{} [{engine}]: counts do not add up", scenario.title));
    }
    mistakes
}

/// Where two reports about the same scenario differ, except for what must differ.
fn differences(scenario: &Scenario, what: &str, one: &Report, other: &Report, but_for: &[&str]) -> Vec<String> {
    let pairs = everything(one).into_iter().zip(everything(other));
    pairs
        .filter(|((question, answer), (_, other))| answer != other && !but_for.contains(&&**question))
        .map(|((question, one), (_, other))| format!("{} [{what}] {question}: {one:?}, {other:?}", scenario.title))
        .collect()
}

fn assert_none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

#[test]
fn the_corpus_is_large_and_its_titles_differ() {
    assert!(CORPUS.len() >= 120, "{}", CORPUS.len());
    let titles: std::collections::HashSet<_> = CORPUS.iter().map(|scenario| &scenario.title).collect();
    assert_eq!(titles.len(), CORPUS.len());
}

#[test]
fn decisions_alone() {
    let mut all = Vec::new();
    for scenario in CORPUS.iter() {
        let report = decide(scenario, Order::InTime);
        all.extend(mistakes(scenario, "decisions", &report));
        if !scenario.has_delays() && scenario.budget > SILENCE * 10 {
            let backwards = decide(scenario, Order::Backwards);
            all.extend(differences(scenario, "order of answers", &report, &backwards, &[]));
        }
    }
    assert_none(&all);
}

/// A busy machine may reach a real deadline before an answer that a server sent at once. What went wrong is tried again, alone and
/// with more time; what must not come in time comes an hour later, or never.
#[tokio::test]
async fn over_sockets() {
    over_sockets_as_expected(|scenario| !scenario.is_slow()).await;
}

/// The same for the slow ones, which wait together.
#[tokio::test]
async fn over_sockets_with_silence() {
    over_sockets_as_expected(Scenario::is_slow).await;
}

async fn over_sockets_as_expected(chosen: fn(&Scenario) -> bool) {
    let mut left: Vec<_> = CORPUS.iter().filter(|scenario| chosen(scenario)).cloned().collect();
    let mut mistakes = Vec::new();
    for _ in 0..3 {
        (left, mistakes) = wrong_over_sockets(left).await;
        left.iter_mut().for_each(|scenario| scenario.budget = scenario.budget.saturating_mul(2));
    }
    assert_none(&mistakes);
}

/// The scenarios that go wrong, and how.
async fn wrong_over_sockets(scenarios: Vec<Scenario>) -> (Vec<Scenario>, Vec<String>) {
    let (mut wrong, mut all) = (Vec::new(), Vec::new());
    for some in scenarios.chunks(64) {
        let reports = join_all(some.iter().map(check)).await;
        for (scenario, (first, second)) in some.iter().zip(reports) {
            let found = wrong_in(scenario, &first, &second);
            if !found.is_empty() {
                wrong.push(scenario.clone());
                all.extend(found);
            }
        }
    }
    (wrong, all)
}

fn wrong_in(scenario: &Scenario, first: &Report, second: &Report) -> Vec<String> {
    let mut all = mistakes(scenario, "sockets", first);
    let decided = decide(scenario, Order::InTime);
    all.extend(differences(scenario, "decisions, sockets", &decided, first, &[]));
    // Remembered or asked again, the verdicts are the same; the fault of a resolver shows in what it is asked.
    // A list that answers outside 127.0.0.0/8 about a subject is known to be parked once its controls said so.
    let sick = first.lists().iter().any(|row| row.health().word() == "parked");
    let lists: Vec<String> = first.lists().iter().map(|row| format!("list {}", row.list())).collect();
    let mut but_for = vec!["questions", "fault"];
    if sick {
        but_for.extend(lists.iter().map(String::as_str));
    }
    all.extend(differences(scenario, "first, second", first, second, &but_for));
    all
}

#[test]
fn mistakes_in_scenarios_are_told() {
    for (text, expected) in [
        ("nonsense", "x:1: expected `| record` or `== title`"),
        ("== t\nclient here\n> iprev: x", "x:2: `here` is no address"),
        ("== t\nshout\n> iprev: x", "x:2: unknown word `shout`"),
        ("== t\n> iprev", "x:2: expected `> what: answer`"),
        ("== t\nclient 9.9.9.9", "x:1: nothing is expected"),
        ("== t\ndeny a..b\n> outcome: x", "x:2: zone: empty label at octet 3"),
    ] {
        let panic = std::panic::catch_unwind(|| scenario::read("x", text)).unwrap_err();
        let said = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        assert_eq!(said.as_deref(), Some(expected));
    }
    assert!(Table::parse("a.example A").is_err());
}

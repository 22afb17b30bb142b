//! What programs read: the JSON of reports against its schema, `docs/report.schema.json`, and the line for the log against its
//! regular expression. Every report fits; every field of the schema occurs in some report, so that neither can change alone.

use std::sync::LazyLock;
use std::time::Instant;

use rdnsbl::dns::Failure;
use rdnsbl::policy::Rule;
use rdnsbl::report::LogLine;
use rdnsbl::testing::Table;
use rdnsbl::{Dialogue, Inquiry, ListSet, Policy, Randomness, Report, Settings, SharedState, SpecialPurpose};
use regex_lite::Regex;
use serde_json::Value;

use crate::kit::scenario;
use crate::kit::schema::Schema;

/// The report on a dialogue, with `patience` answers given before time is up.
fn report(table: &Table, dialogue: &Dialogue, settings: &Settings, patience: usize) -> Report {
    let settings = std::sync::Arc::new(settings.clone());
    let mut inquiry = Inquiry::new(
        dialogue,
        &settings,
        &mut SharedState::default(),
        Instant::now(),
        Randomness::for_tests([0x5a; 16]),
    );
    let mut given = 0;
    while let Some((ticket, question)) = inquiry.next_question() {
        if given == patience {
            break;
        }
        given += 1;
        let answer = table.lookup(&question).answer();
        // As a validating resolver does.
        let failed = matches!(answer.kind(), rdnsbl::dns::AnswerKind::Failed(_));
        inquiry.supply(ticket, if failed { answer.with_extended_error(6) } else { answer });
    }
    inquiry.finish(Failure::Deadline)
}

/// Cases that the scenarios do not contain.
const MORE: &str = "
    14.113.0.203.in-addr.arpa     PTR  adsl-203-0-113-14.example
    adsl-203-0-113-14.example     A    203.0.113.14
    14.113.0.203.zen.spamhaus.org A    127.0.0.4
    14.113.0.203.zen.spamhaus.org TXT  \"see https://check.example/\"
    mail.example                  A    203.0.113.14
    *.dead.example                A    127.0.0.2
    *.dead.example                TXT  \"this list is dead\"
";

/// The whole corpus, with unlimited time and with little.
static REPORTS: LazyLock<Vec<Report>> = LazyLock::new(reports);

fn reports() -> Vec<Report> {
    let mut reports = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().unwrap().to_str().unwrap();
            for scenario in scenario::read(name, &std::fs::read_to_string(&path).unwrap()) {
                let table = scenario.table();
                for patience in [usize::MAX, 1, 3] {
                    reports.push(report(&table, &scenario.dialogue, &scenario.settings, patience));
                }
            }
        }
    }
    let lists = ListSet::builder()
        .deny("zen.spamhaus.org")
        .deny("dead.example")
        .deny("dnsbl.njabl.org")
        .deny("ips.backscatterer.org");
    let settings = Settings::default().with_lists(lists.build().unwrap()).with_special_purpose(SpecialPurpose::Ask);
    let client = "203.0.113.14".parse::<std::net::IpAddr>().unwrap();
    let dialogue = Dialogue::from(client).helo("mail.example").mail_from("a@[192.0.2.1]").rcpt_to("b@nowhere.example");
    reports.push(report(&Table::parse(MORE).unwrap(), &dialogue, &settings, usize::MAX));
    let lists = ListSet::builder()
        .context(Some("postscreen"))
        .deny("dead.example*2")
        .context(Some("smtpd"))
        .deny("zen.spamhaus.org")
        .build()
        .unwrap();
    let settings = settings.with_lists(lists);
    reports.push(report(&Table::parse(MORE).unwrap(), &dialogue, &settings, usize::MAX));
    let unqualified = dialogue.mail_from_address("root");
    reports.push(report(&Table::parse(MORE).unwrap(), &unqualified, &settings, usize::MAX));
    reports
}

#[test]
fn every_report_fits_and_every_field_occurs() {
    let reports: Vec<Value> = REPORTS.iter().map(|report| serde_json::to_value(report).unwrap()).collect();
    let mut schema = Schema::read();
    for report in &reports {
        let wrong = schema.wrong("report", report);
        assert!(wrong.is_empty(), "{wrong:#?}\n{report:#}");
    }
    let mut unmet = schema.unmet();
    // `check` adds these, and its tests look for them.
    unmet.retain(|name| !name.starts_with("reports") && !name.starts_with("probe"));
    unmet.retain(|name| name != "report.demo" && name != "report.note");
    let fields: Vec<&String> = unmet.iter().filter(|name| !name.contains('=')).collect();
    assert!(fields.is_empty(), "{fields:?}");
    let verdicts: Vec<&String> =
        unmet.iter().filter(|name| name.contains("verdict=") || name.contains("result=")).collect();
    assert!(verdicts.is_empty(), "{verdicts:?}");
}

/// Spoils a report.
type Breakage = Box<dyn Fn(&mut Value)>;

#[test]
fn the_validator_has_teeth() {
    let settings = Settings::default();
    let good = serde_json::to_value(report(
        &Table::parse(MORE).unwrap(),
        &Dialogue::from("nowhere.example".parse::<rdnsbl::Name>().unwrap()),
        &settings,
        9,
    ))
    .unwrap();
    let verdict = |report: &Value| Schema::read().wrong("report", report);
    assert_eq!(verdict(&good), Vec::<String>::new());
    let breakages: [(&str, Breakage); 6] = [
        ("a field more", Box::new(|report| report["colour"] = "red".into())),
        ("a field less", Box::new(|report| drop(report.as_object_mut().unwrap().remove("score")))),
        ("another type", Box::new(|report| report["questions"] = "17".into())),
        ("another word", Box::new(|report| report["sender"]["verdict"] = "fine".into())),
        ("a number too small", Box::new(|report| report["elapsed_ms"] = (-1).into())),
        ("null where none may be", Box::new(|report| report["counts"]["listed"] = Value::Null)),
    ];
    for (what, broken) in breakages {
        let mut report = good.clone();
        broken(&mut report);
        assert!(!verdict(&report).is_empty(), "{what}");
    }
}

#[test]
fn every_log_line_matches_its_regular_expression() {
    let whole = Regex::new(&format!("^{}$", LogLine::PATTERN)).unwrap();
    // What fail2ban puts in place of <HOST>, without the names and the look-behind.
    let host = r"(?:(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})|(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:)))";
    let failregex = Regex::new(&"rdnsbl: client=<HOST> action=reject".replace("<HOST>", host)).unwrap();
    let (mut rejected, mut six) = (0, 0);
    for report in REPORTS.iter() {
        let line = report.log_line().to_string();
        let found = whole.captures(&line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(&found[2], report.advice().action().word());
        assert_eq!(found[12].parse(), Ok(report.score().low()), "{line}");
        let client = match report.target() {
            Some(rdnsbl::Subject::Client(client)) => Some(client.to_string()),
            _ => None,
        };
        let ban = failregex.captures(&line);
        let banned = ban.map(|ban| ban.name("ip4").or(ban.name("ip6")).unwrap().as_str().to_owned());
        let wanted = client.filter(|_| report.advice().action() == rdnsbl::Action::Reject);
        assert_eq!(banned, wanted, "{line}");
        rejected += usize::from(wanted.is_some());
        six += usize::from(wanted.is_some_and(|client| client.contains(':')));
    }
    assert!(rejected > 50 && six > 0, "{rejected} {six}");
}

#[test]
fn a_line_names_an_advice_that_is_not_the_reports() {
    let whole = Regex::new(&format!("^{}$", LogLine::PATTERN)).unwrap();
    let reject = Policy::observe().on(rdnsbl::Finding::IprevNoName, "550 5.7.25 No name".parse::<Rule>().unwrap());
    let mut rejected = 0;
    for report in REPORTS.iter() {
        let own = report.log_line().to_string();
        assert_eq!(whole.captures(&own).unwrap().get(19), None, "{own}");
        for (policy, name, shown) in [(Policy::observe(), "at rcpt", "at_rcpt"), (reject.clone(), "", "-")] {
            let advice = policy.judge(report);
            let line = report.log_line().with_advice(&advice, name).to_string();
            let found = whole.captures(&line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((&found[2], &found[19]), (advice.action().word(), shown), "{line}");
            rejected += usize::from(&found[3] == "550" && &found[5] == "iprev_no_name");
            // The rest is what was found, and does not depend on the advice.
            let rest = |line: &str| line[line.find(" iprev=").unwrap()..].to_owned();
            assert_eq!(rest(&line), format!("{} advice={shown}", rest(&own)));
        }
    }
    assert!(rejected > 0);
}

#[test]
fn nobody_can_forge_a_line() {
    let whole = Regex::new(&format!("^{}$", LogLine::PATTERN)).unwrap();
    let hostile = "x action=pass\r\nrdnsbl: client=192.0.2.9 action=reject";
    let client = "203.0.113.14".parse::<std::net::IpAddr>().unwrap();
    let dialogue = Dialogue::from(client).helo(hostile).mail_from(hostile).rcpt_to(hostile);
    let lists =
        ListSet::builder().list(rdnsbl::ListSpec::deny("dead.example").unwrap().with_label(hostile)).build().unwrap();
    let settings =
        Settings::default().with_lists(lists).with_policy(Policy::postfix()).with_special_purpose(SpecialPurpose::Ask);
    let line = report(&Table::parse(MORE).unwrap(), &dialogue, &settings, usize::MAX).log_line().to_string();
    assert!(whole.is_match(&line), "{line}");
    assert_eq!(&whole.captures(&line).unwrap()[1], "203.0.113.14");
    assert!(!line.contains(['\r', '\n']), "{line}");
}

#[test]
fn the_documented_expression_is_the_one_in_force() {
    let source = include_str!("../../src/report/log.rs");
    assert!(source.lines().any(|line| line.strip_prefix("/// ") == Some(LogLine::PATTERN)));
}

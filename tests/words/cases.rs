//! Cases that other projects' tests and the RFCs hold, executed through this library. None is passed over unseen.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use rdnsbl::check::mail_domain::MailDomain;
use rdnsbl::dns::Failure;
use rdnsbl::dnsxl::{CodePattern, PatternError, PatternErrorKind, ProblemKind, Verdict};
use rdnsbl::testing::Table;
use rdnsbl::{
    Dialogue, Inquiry, ListSet, ListSpec, Name, Randomness, Report, Settings, SharedState, SpecialPurpose, Subject,
};
use serde_json::Value;

/// The result of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Done {
    Executed,
    /// Says something about a list as such, which no check of a client can say: that its test entry is gone.
    NeedsProbe,
}

#[test]
fn every_case() {
    let mut counts: BTreeMap<(String, Done), usize> = BTreeMap::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut lines = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            lines += 1;
            *counts.entry((text(&case["op"]), execute(&case))).or_default() += 1;
        }
    }
    let count = |op: &str, done| counts.get(&(op.to_owned(), done)).copied().unwrap_or(0);
    let executed: usize = counts.iter().filter(|((_, done), _)| *done == Done::Executed).map(|(_, count)| count).sum();
    assert_eq!((lines, executed, count("list_health", Done::NeedsProbe)), (66, 65, 1), "{counts:?}");
}

fn execute(case: &Value) -> Done {
    let id = text(&case["id"]);
    let (input, expect, config) = (&case["input"], &case["expect"], &case["config"]);
    let zone = || text(&config["zone"]);
    match &*text(&case["op"]) {
        "code_pattern_parse" => {
            let pattern = text(&input["pattern"]);
            match pattern.parse::<CodePattern>() {
                Ok(read) => {
                    assert_eq!(expect["valid"], true, "{id}");
                    assert_eq!(expect["normal_form"], read.to_string(), "{id}");
                }
                Err(error) => {
                    assert_eq!(expect["valid"], false, "{id}: {error}");
                    assert_eq!(expect["error"], marked(&pattern, &error), "{id}");
                }
            }
        }
        "code_pattern_match" => {
            let pattern: CodePattern = text(&config["pattern"]).parse().unwrap();
            let code: Ipv4Addr = text(&input["address"]).parse().unwrap();
            assert_eq!(expect["matches"], pattern.matches(code), "{id}");
        }
        "query_name" => {
            let subject = Subject::from(address(&input["ip"]));
            let name = subject.name_under(&Name::parse(&zone()).unwrap()).unwrap();
            assert_eq!(expect["name"], name.to_string(), "{id}");
        }
        "list_health" => return list_health(&id, case),
        "sender_domain" | "recipient_domain" => mail_domain(&id, case),
        "fcrdns" | "ptr" => reverse(&id, case),
        "dnsbl_ip" => {
            let client = address(&input["ip"]);
            listing(&id, expect, &run(case, Dialogue::from(client), &[zone()]));
        }
        "dnsbl_domain" => {
            let domain = Name::parse(&text(&input["domain"])).unwrap();
            listing(&id, expect, &run(case, Dialogue::from(domain), &[zone()]));
        }
        "dnsbl_multi" => {
            let zones: Vec<String> = config["zones"].as_array().unwrap().iter().map(text).collect();
            let counts = run(case, Dialogue::from(address(&input["ip"])), &zones).counts();
            assert_eq!(expect["listed"], counts.listed > 0, "{id}");
            assert_eq!(expect["errors"], counts.unknown + counts.problem, "{id}");
            assert_eq!(counts.answered(), zones.len(), "{id}");
        }
        other => panic!("{id}: unknown operation {other}"),
    }
    Done::Executed
}

/// Postfix's message: what is needed, and the text with the wrong part between `>` and `<`. A bracket that is nowhere has no
/// place to mark.
fn marked(pattern: &str, error: &PatternError) -> String {
    if error.kind() == PatternErrorKind::MissingBracket {
        return error.kind().to_string();
    }
    let span = error.span();
    let (before, wrong, after) = (&pattern[..span.start], &pattern[span.clone()], &pattern[span.end..]);
    format!("{} at \"{before}>{wrong}<{after}\"", error.kind())
}

/// A healthy list lists its test entry, with proof. One that lists what it must not is a problem as soon as it is asked.
fn list_health(id: &str, case: &Value) -> Done {
    let zone = text(&case["config"]["zone"]);
    let report = match &*text(&case["config"]["kind"]) {
        "ipv4" => run(case, Dialogue::from(IpAddr::from([127, 0, 0, 2])), &[zone]),
        "domain" => run(case, Dialogue::from(Name::parse("test").unwrap()), &[zone]),
        // ::FFFF:7F00:2 as a client would be IPv4, so another entry stands in for it; the controls are what counts.
        "ipv6" => {
            let client: IpAddr = "2a00::2".parse().unwrap();
            let name = Subject::from(client).name_under(&Name::parse(&zone).unwrap()).unwrap();
            let mut table = table(case);
            table.set(&format!("{name} A 127.0.0.2")).unwrap();
            run_on(&table, Dialogue::from(client), &[zone])
        }
        other => panic!("{id}: unknown kind {other}"),
    };
    let verdict = report.lists()[0].verdict();
    if case["expect"]["healthy"] == true {
        assert!(matches!(verdict, Verdict::Listed(..)), "{id}: {verdict:?}");
        return Done::Executed;
    }
    match verdict {
        Verdict::Problem(problem) => assert_eq!(problem.kind(), ProblemKind::ListsEverything, "{id}"),
        Verdict::NotListed(_) => {
            assert_eq!(case["expect"]["why"], "127.0.0.2 is not listed", "{id}");
            return Done::NeedsProbe;
        }
        other => panic!("{id}: {other:?}"),
    }
    Done::Executed
}

fn mail_domain(id: &str, case: &Value) {
    let path = format!("<a@{}>", text(&case["input"]["domain"]));
    let sender = case["op"] == "sender_domain";
    let dialogue = if sender { Dialogue::new().mail_from(path) } else { Dialogue::new().rcpt_to(path) };
    let report = run(case, dialogue, &[]);
    let domain = if sender { report.sender() } else { report.recipient() };
    assert_eq!(domain.unwrap().verdict(), &MailDomain::NullMx, "{id}");
    assert_eq!(case["expect"]["reason"], "null_mx", "{id}");
    if let Some(code) = case["expect"]["smtp_code"].as_u64() {
        let reply = report.advice().reply().unwrap();
        assert_eq!(
            (u64::from(reply.code()), reply.enhanced()),
            (code, case["expect"]["dsn"].as_str().unwrap()),
            "{id}"
        );
    }
}

fn reverse(id: &str, case: &Value) {
    let expect = &case["expect"];
    let report = run(case, Dialogue::from(address(&case["input"]["ip"])), &[]);
    let iprev = report.iprev().unwrap();
    if let Some(result) = expect["iprev"].as_str() {
        assert_eq!(iprev.rfc8601(), result, "{id}");
        assert_eq!(expect["outcome"] == "pass", iprev.rfc8601() == "pass", "{id}");
    }
    if let Some(names) = expect["verified"].as_array() {
        let confirmed = iprev.names().unwrap().confirmed().map(|name| name.name().to_string());
        assert_eq!(confirmed.collect::<Vec<_>>(), names.iter().map(text).collect::<Vec<_>>(), "{id}");
    }
    // `localhost` is not the name of a host on the Internet, but it is shown.
    if let Some(names) = expect["names"].as_array() {
        let found = iprev.names().unwrap();
        let shown = found.all().iter().map(|name| name.name().to_string());
        let shown = shown.chain(found.unusable().iter().map(ToString::to_string));
        assert_eq!(shown.collect::<Vec<_>>(), names.iter().map(text).collect::<Vec<_>>(), "{id}");
    }
}

fn listing(id: &str, expect: &Value, report: &Report) {
    let verdict = report.lists()[0].verdict();
    let word = if expect["outcome"] == "match" { "listed" } else { "not_listed" };
    assert_eq!(verdict.word(), word, "{id}");
    let codes: Vec<String> = verdict.codes().iter().map(ToString::to_string).collect();
    let expected: Vec<String> =
        expect["codes"].as_array().map(|codes| codes.iter().map(text).collect()).unwrap_or_default();
    assert_eq!(codes, expected, "{id}");
    if let Some(txt) = expect["txt"].as_str() {
        assert_eq!(verdict.reason().map(|reason| reason.as_str()), Some(txt), "{id}");
    }
}

/// The records of a case; what is not among them does not exist.
fn table(case: &Value) -> Table {
    assert_eq!(case["dns_default"], "NXDOMAIN");
    let line = |record: &Value| {
        let (name, kind) = (text(&record["name"]), text(&record["type"]));
        match (record["rcode"].as_str(), &*kind) {
            (Some(rcode), _) => format!("{name} {rcode}/{kind}\n"),
            (None, "TXT") => format!("{name} TXT \"{}\" ttl={}\n", text(&record["data"]), record["ttl"]),
            (None, _) => format!("{name} {kind} {} ttl={}\n", text(&record["data"]), record["ttl"]),
        }
    };
    Table::parse(&case["dns"].as_array().unwrap().iter().map(line).collect::<String>()).unwrap()
}

fn run(case: &Value, dialogue: Dialogue, zones: &[String]) -> Report {
    run_on(&table(case), dialogue, zones)
}

fn run_on(table: &Table, dialogue: Dialogue, zones: &[String]) -> Report {
    let lists = ListSet::builder().lists(zones.iter().map(|zone| ListSpec::deny(zone).unwrap())).build().unwrap();
    // The cases ask about test addresses.
    let settings = Settings::default().with_lists(lists).with_special_purpose(SpecialPurpose::Ask);
    let mut inquiry = Inquiry::new(
        &dialogue,
        &std::sync::Arc::new(settings.clone()),
        &mut SharedState::default(),
        Instant::now(),
        Randomness::for_tests([9; 16]),
    );
    while let Some((ticket, question)) = inquiry.next_question() {
        inquiry.supply(ticket, table.lookup(&question).answer());
    }
    inquiry.finish(Failure::Deadline)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// An address, with or without a port.
fn address(value: &Value) -> IpAddr {
    let text = text(value);
    text.parse().or_else(|_| text.parse::<std::net::SocketAddr>().map(|socket| socket.ip())).unwrap()
}

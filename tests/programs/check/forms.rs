//! The machine forms, and readers that go away.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::{ask, command, run, serve};
use crate::schema::Schema;

const WORLD: &str = "
    14.113.0.203.in-addr.arpa  PTR  mail.example.org
    mail.example.org           A    203.0.113.14
    14.113.0.203.bl.example    A    127.0.0.2
    14.113.0.203.bl.example    TXT  \"tab\\009bar|line\\010end\"
    15.113.0.203.in-addr.arpa  SERVFAIL
    nullmx.example             MX   0 .";

#[tokio::test]
async fn one_json_document_whatever_happens() {
    let server = serve(WORLD).await;
    let run = ask(&server, &["--json", "--special", "--list", "bl.example", "203.0.113.14", "203.0.113.15"]).await;
    assert_eq!(run.at("/reports").as_array().unwrap().len(), 2);
    let fault = ask(&server, &["--json", "--special", "--list", "bl.example", "203.0.113.14"]).await;
    assert!(fault.at("/reports/0/resolver/fault").is_null());
}

#[tokio::test]
async fn json_lines() {
    let server = serve(WORLD).await;
    let run = ask(&server, &["--jsonl", "--no-lists", "203.0.113.14", "203.0.113.15"]).await;
    let targets: Vec<String> = run
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap().get("target").unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(targets, ["203.0.113.14", "203.0.113.15"]);
    assert_eq!(run.code, 3);
    let demo = super::run(&["--demo", "--jsonl", "--no-lists", "203.0.113.14"]).await;
    assert_eq!(serde_json::from_str::<Value>(&demo.out).unwrap().get("demo"), Some(&Value::Bool(true)));
}

/// Whole outputs, with and without `--demo`, are as the schema says, and everything that it says of them occurs.
#[tokio::test]
async fn all_json_is_as_the_schema_says() {
    let server = serve(WORLD).await;
    let resolver = server.address().to_string();
    let mut schema = Schema::read();
    for form in ["--json", "--jsonl"] {
        for arguments in [
            &["--demo", "203.0.113.14", "spam.demo", "--helo", "oemcomputer", "--from", "a@nullmx.demo"][..],
            &["--resolver", &resolver, "--special", "--list", "bl.example", "203.0.113.14", "203.0.113.15"],
            &["--demo", "--probe", "bl.demo", "dead.demo", "brazil.blackholes.us"],
            &["--resolver", &resolver, "--probe", "bl.example"],
        ] {
            let run = run(&[&[form, "--timeout", "300ms"], arguments].concat()).await;
            let outputs: Vec<Value> = match form {
                "--json" => vec![run.json()],
                _ => run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            };
            assert!(!outputs.is_empty(), "{arguments:?}: {}", run.err);
            let is_probe = arguments.contains(&"--probe");
            for output in outputs {
                assert_eq!(schema.wrong("", &output), Vec::<String>::new(), "{form} {arguments:?}");
                let part = match (form, is_probe) {
                    ("--json", false) => "reports",
                    ("--json", true) => "probe",
                    (_, false) => "report",
                    (_, true) => "probed_list",
                };
                assert_eq!(schema.wrong(part, &output), Vec::<String>::new(), "{form} {arguments:?}");
            }
        }
    }
    let of_check = ["report.demo", "report.note", "reports.", "probe.", "probed_list."];
    let unmet = schema.unmet().into_iter().filter(|name| of_check.iter().any(|start| name.starts_with(start)));
    assert_eq!(unmet.filter(|name| !name.contains('=')).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(!schema.wrong("", &serde_json::json!({"version": 1, "demo": true, "reports": [{}]})).is_empty());
}

/// Where nothing was asked, there is no heading for questions.
#[tokio::test]
async fn no_heading_without_lines() {
    let run = run(&["--verbose", "--no-lists", "--from", "joe"]).await;
    assert!(run.out.contains("MALFORMED") && !run.out.contains("\n  questions\n"), "{}", run.out);
}

#[tokio::test]
async fn tsv_has_nine_columns() {
    let server = serve(WORLD).await;
    let everything = ["--helo", "a\tb\nc", "--from", "x@nullmx.example", "--rcpt", "<>", "--list", "bl.example"];
    let run = ask(&server, &[&["--tsv", "--special", "203.0.113.14"], &everything[..]].concat()).await;
    let parts: Vec<&str> = run.out.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(parts, ["iprev", "helo", "sender", "recipient", "deny", "score", "reply"]);
    for line in run.out.lines() {
        assert_eq!(line.split('\t').count(), 9, "{line}");
        assert!(line.starts_with("203.0.113.14\t") && !line.contains("\t\t"), "{line}");
    }
    assert!(run.out.contains("deny\tbl.example\tlisted\t-\t127.0.0.2\t1\t3600\ttab bar|line end\n"), "{}", run.out);
}

#[tokio::test]
async fn nagios_states() {
    let server = serve(WORLD).await;
    for (arguments, state, code) in [
        (&["203.0.113.14", "--list", "clean.example"][..], "OK", 0),
        (&["203.0.113.14", "--list", "clean.example", "--from", "x@nullmx.example"], "WARNING", 1),
        (&["203.0.113.14", "--list", "bl.example"], "CRITICAL", 2),
        (&["203.0.113.15", "--list", "clean.example"], "UNKNOWN", 3),
        (&["203.0.113.15", "203.0.113.14", "--list", "bl.example"], "CRITICAL", 2),
        (&["203.0.113.15", "203.0.113.14", "--list", "clean.example"], "UNKNOWN", 3),
        (&["203.0.113.14", "--no-lists"], "OK", 0),
    ] {
        let run = ask(&server, &[&["--nagios", "--special"], arguments].concat()).await;
        assert_eq!(run.code, code, "{arguments:?}: {}", run.out);
        let (text, data) = run.out.split_once('|').unwrap();
        assert!(text.starts_with(&format!("RDNSBL {state} - ")), "{}", run.out);
        let is_temporary = arguments.contains(&"203.0.113.15");
        assert_eq!(
            text.contains("203.0.113.15: could not tell reverse DNS: server failure"),
            is_temporary,
            "{}",
            run.out
        );
        assert_eq!((run.out.lines().count(), data.contains('|')), (1, false), "{}", run.out);
        assert!(data.contains(" time=") && data.trim_end().ends_with('s'), "{data}");
    }
}

/// Lists that were not asked are not reported as OK.
#[tokio::test]
async fn nagios_says_when_no_list_was_asked() {
    let server = serve(WORLD).await;
    for (arguments, code, text) in [
        (&["10.0.0.7"][..], 3, "UNKNOWN - 10.0.0.7: no list was asked (private or special-purpose address)"),
        (
            &["10.0.0.7", "--list", "dnsbl.njabl.org"],
            1,
            "WARNING - 10.0.0.7: no list was asked (the list has closed down), doubtful: dnsbl.njabl.org (has closed down)",
        ),
        (&["10.0.0.7", "--no-lists"], 0, "OK - 10.0.0.7: nothing against it"),
        (&["--helo", "[IPv6:]"], 0, "OK - dialogue: nothing was asked"),
    ] {
        let run = ask(&server, &[&["--nagios"], arguments].concat()).await;
        assert_eq!(run.code, code, "{arguments:?}: {}", run.out);
        assert!(run.out.starts_with(&format!("RDNSBL {text} | ")), "{}", run.out);
    }
}

/// Lists that need attention are named and are not OK; "not listed" on one of them is not OK either.
#[tokio::test]
async fn nagios_names_lists_in_doubt() {
    let server = serve(
        "$SOA spamhaus.org 300 60
        $SOA invented 300 60
        $SOA good.example 300 60
        $SOA all.example 300 60
        $SOA bl.example 300 60
        2.0.0.127.good.example   A  127.0.0.2
        *.all.example            A  127.0.0.2
        *.filtered.example       A  0.0.0.0
        *.refusing.example       A  127.255.255.254
        14.113.0.203.bl.example  A  127.0.0.2",
    )
    .await;
    let emptied =
        "doubtful: zen.spamhaus.org (without its test entry: it may be empty, or this resolver does not reach it)";
    for (lists, code, said) in [
        ("good.example", 0, "OK - 203.0.113.14: not listed by 1 list "),
        ("zen.spamhaus.org", 1, &*format!("WARNING - 203.0.113.14: no sound list was heard, {emptied} ")),
        ("zen.spamhaus.org, good.example", 1, &*format!("WARNING - 203.0.113.14: not listed by 1 list, {emptied} ")),
        (
            "made-up.invented",
            1,
            "WARNING - 203.0.113.14: no sound list was heard, doubtful: made-up.invented (its domain does not exist) ",
        ),
        ("good.example, all.example", 1, "WARNING - 203.0.113.14: not listed by 1 list, broken: all.example "),
        (
            "good.example, refusing.example",
            1,
            "WARNING - 203.0.113.14: not listed by 1 list, broken: refusing.example ",
        ),
        (
            "filtered.example",
            1,
            "WARNING - 203.0.113.14: no list could be heard, filtered on the way: filtered.example ",
        ),
        ("refusing.example", 1, "WARNING - 203.0.113.14: no list could be heard, broken: refusing.example "),
        (
            "bl.example, dnsbl.njabl.org",
            2,
            "CRITICAL - 203.0.113.14: listed by bl.example, doubtful: dnsbl.njabl.org (has closed down) ",
        ),
    ] {
        let run = ask(&server, &["--nagios", "--special", "203.0.113.14", "--list", lists]).await;
        let (text, _) = run.out.split_once('|').unwrap();
        assert_eq!((run.code, text), (code, &*format!("RDNSBL {said}")), "{lists}");
    }
}

#[tokio::test]
async fn nagios_names_a_list_that_alone_is_not_enough() {
    let server = serve(WORLD).await;
    let lists = ["--list", "bl.example,clean.example", "--threshold", "2"];
    let run = ask(&server, &[&["--nagios", "--special", "203.0.113.14"][..], &lists].concat()).await;
    let (text, _) = run.out.split_once('|').unwrap();
    assert_eq!(text, "RDNSBL OK - 203.0.113.14: below the threshold, listed by bl.example ");
    for (lists, text) in
        [("clean.example", "not listed by 1 list "), ("clean.example,own.example", "not listed by 2 lists ")]
    {
        let run = ask(&server, &["--nagios", "--special", "203.0.113.14", "--list", lists]).await;
        assert_eq!(run.out.split_once('|').unwrap().0, format!("RDNSBL OK - 203.0.113.14: {text}"));
    }
}

#[tokio::test]
async fn the_worst_target_counts() {
    let server = serve(WORLD).await;
    for (targets, code) in [
        (&["203.0.113.14"][..], 1),
        (&["203.0.113.16"], 0),
        (&["203.0.113.15"], 3),
        (&["203.0.113.16", "203.0.113.15"], 3),
        (&["203.0.113.15", "203.0.113.14", "203.0.113.16"], 1),
    ] {
        let run = ask(&server, &[&["--special", "--list", "bl.example"], targets].concat()).await;
        assert_eq!(run.code, code, "{targets:?}");
    }
}

#[tokio::test]
async fn verbose_tells_every_question() {
    let server = serve(WORLD).await;
    let run = ask(&server, &["--verbose", "--special", "--list", "bl.example", "203.0.113.14"]).await;
    assert!(run.out.starts_with(&format!("Asking {}", server.address())), "{}", run.out);
    for question in server.asked() {
        assert!(run.out.contains(&question.to_string()), "{question}: {}", run.out);
    }
    assert_eq!(run.out.matches(" ms  asked").count(), server.asked().len());
    assert!(!run.out.contains('\u{1b}'), "no colours");
}

#[tokio::test]
async fn verbose_keeps_to_eighty_columns() {
    let server = serve(WORLD).await;
    for length in 30..50 {
        let helo = format!("{}.example", "a".repeat(length));
        let run = ask(&server, &["--verbose", "--no-lists", "--helo", &helo, "2001:db8::1"]).await;
        let widest = run.out.lines().map(str::len).max().unwrap();
        assert!(widest <= 80, "{widest}: {}", run.out);
    }
    // Findings about a list go to the error stream, one line each.
    for (form, lines) in [(&["--verbose"][..], 2..9), (&["--tsv"], 1..2)] {
        let run = ask(&server, &[form, &["--list", "cn-kr.blackholes.us", "203.0.113.14"]].concat()).await;
        assert!(run.err.starts_with("check: cn-kr.blackholes.us: closed") && lines.contains(&run.err.lines().count()));
        assert!(lines.end == 2 || run.err.lines().all(|line| line.len() <= 80 || line.contains("://")), "{}", run.err);
    }
}

#[tokio::test]
async fn readers_may_go_away() {
    // More than a pipe holds, in every form that prints while it checks.
    let targets: Vec<String> = (0..1_000).map(|n| format!("203.0.{}.{}", n / 250, n % 250)).collect();
    for form in ["--verbose", "--json", "--jsonl", "--tsv", "--nagios"] {
        let mut arguments = vec!["--demo", "--no-lists", form];
        let count = if form == "--nagios" { 100 } else { targets.len() };
        arguments.extend(targets.iter().take(count).map(String::as_str));
        let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        if form != "--nagios" {
            out.read_u8().await.unwrap();
        }
        drop(out);
        let output = child.wait_with_output().await.unwrap();
        // Targets whose checks were cut short are unknown.
        let wanted: &[i32] = if form == "--nagios" { &[0, 3] } else { &[3] };
        assert!(wanted.contains(&output.status.code().unwrap()), "{form}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.lines().all(|line| line.contains("DEMO DATA")), "{form}: {said}");
    }
    for quick in ["--help", "--version"] {
        let mut child = command(&[quick]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{quick}");
    }
}

#[tokio::test]
async fn a_full_disk_is_said() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = command(&["--demo", "--no-lists", "203.0.113.14"])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write"));
}

#[tokio::test]
async fn nothing_but_what_was_asked_for() {
    let run = run(&["--demo", "--no-lists", "--tsv", "203.0.113.14"]).await;
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
}

//! The made-up world: every verdict, without asking anybody.

use super::run;

const FORMS: [&str; 5] = ["--verbose", "--json", "--jsonl", "--tsv", "--nagios"];

#[tokio::test]
async fn the_clients_of_the_demo() {
    // Started together: each waits for the silent list.
    let started: Vec<_> = [
        ("203.0.113.7", "OK", "allowed", 0),
        ("203.0.113.8", "FORGED", "undecided", 0),
        ("203.0.113.9", "FAIL", "undecided", 0),
        ("203.0.113.10", "TEMP", "undecided", 3),
        ("203.0.113.11", "FORGED", "undecided", 0),
        ("203.0.113.12", "TEMP", "undecided", 3),
        ("203.0.113.13", "OK", "undecided", 0),
        ("203.0.113.14", "OK", "listed", 1),
        ("2001:db8::25", "OK", "undecided", 0),
        ("2001:db8::bad", "FAIL", "listed", 1),
    ]
    .into_iter()
    .map(|wanted| (wanted, tokio::spawn(run_owned(wanted.0))))
    .collect();
    for ((address, iprev, outcome, code), run) in started {
        let run = run.await.unwrap();
        let found = (run.text("iprev/client_resolve"), run.text("score/outcome"), run.code);
        assert_eq!(found, (iprev.to_owned(), outcome.to_owned(), code), "{address}");
    }
}

async fn run_owned(address: &'static str) -> super::Run {
    run(&["--demo", "--json", address]).await
}

#[tokio::test]
async fn the_lists_of_the_demo() {
    let run = run(&["--demo", "--json", "203.0.113.14"]).await;
    assert_eq!(
        run.verdicts(),
        [
            "listed",
            "problem/lists_everything",
            "problem/outside_127",
            "problem/refused",
            "unknown/timeout",
            "not_listed",
            "not_listed",
            "skipped/family",
        ]
    );
    assert_eq!(run.text("lists/1/reason"), "THIS RBL HAS LONG BEEN DEPRICATED---DELETE IT FROM YOUR CONFIG");
    assert_eq!(run.text("iprev/names/0/shape"), "embeds_address");
    assert_eq!(run.text("reply/code"), "550");
    assert!(run.err.contains("--special"), "it says that --special is implied: {}", run.err);
}

/// `--demo` alone describes its world; the checks find the same.
#[tokio::test]
async fn the_world_of_the_demo() {
    let world = run(&["--demo"]).await;
    assert_eq!((world.code, &*world.err), (0, ""));
    assert!(world.out.starts_with("DEMO DATA") && world.out.lines().all(|line| line.len() <= 80), "{}", world.out);
    let mut told = 0;
    for line in world.out.lines().filter(|line| line.starts_with("  ")) {
        let mut words = line.split_whitespace();
        let (name, verdict) = (words.next().unwrap(), words.next().unwrap());
        let (field, wanted) = match name {
            "check" => continue,
            address if address.parse::<std::net::IpAddr>().is_ok() => ("iprev/client_resolve", verdict),
            list if include_str!("../../../examples/check/demo.lists").contains(&format!("zone {list}\n")) => continue,
            _ => ("sender/verdict", verdict),
        };
        let found = run(&["--demo", "--json", "--no-lists", name]).await;
        assert_eq!(found.text(field), wanted, "{line}");
        told += 1;
    }
    assert_eq!(told, 18);
    assert_eq!(run(&["--demo", "--json"]).await.code, 2);
}

#[tokio::test]
async fn the_domains_of_the_demo() {
    for (domain, verdict, code) in [
        ("example.org", "ok", 0),
        ("implicit.demo", "ok", 0),
        ("nullmx.demo", "null_mx", 1),
        ("nomail.demo", "no_mail_host", 1),
        ("broken.demo", "unknown", 3),
        ("gone.demo", "no_such_domain", 1),
        ("dangling.demo", "mx_unusable", 1),
        ("spam.demo", "ok", 1),
    ] {
        let as_target = run(&["--demo", "--json", domain]).await;
        assert_eq!((as_target.text("sender/verdict"), as_target.code), (verdict.to_owned(), code), "{domain}");
        assert_eq!(as_target.text("target"), domain);
        if domain != "spam.demo" {
            let from = run(&["--demo", "--json", "--from", &format!("<someone@{domain}>")]).await;
            assert_eq!((from.text("sender/verdict"), from.code), (verdict.to_owned(), code), "--from {domain}");
            assert_eq!(from.text("target"), "null");
        }
    }
}

#[tokio::test]
async fn every_form_says_that_it_is_a_demo() {
    for form in FORMS {
        let run = run(&["--demo", form, "--timeout", "200ms", "203.0.113.14", "spam.demo"]).await;
        assert!(run.out.contains("DEMO DATA"), "{form}");
        assert!(run.said().contains("--special"), "{form}");
    }
    let run = run(&["--demo", "--json", "--no-lists", "203.0.113.14"]).await;
    assert_eq!(run.at("/demo"), true);
}

#[tokio::test]
async fn a_pipe_gets_neither_colour_nor_progress() {
    let output = super::command(&["--demo", "203.0.113.14"]).env("TERM", "xterm").output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    assert!(!text.contains(&0x1b) && !text.contains(&b'\r'), "{}", String::from_utf8_lossy(&text));
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_prints_what_is_known() {
    use std::process::Stdio;
    use tokio::io::AsyncReadExt;

    let mut check = super::command(&["--demo", "--timeout", "60s", "--json", "203.0.113.14", "203.0.113.25"]);
    let mut run = check.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = run.stdout.take().unwrap();
    // The head of the document is written after the signal's handler is there.
    let mut text = vec![0; 64];
    let read = out.read(&mut text).await.unwrap();
    text.truncate(read);
    let id = nix::unistd::Pid::from_raw(run.id().unwrap().try_into().unwrap());
    let begun = std::time::Instant::now();
    let mut rest = tokio::spawn(async move {
        out.read_to_end(&mut text).await.unwrap();
        text
    });
    let text = loop {
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        if let Ok(text) = tokio::time::timeout(std::time::Duration::from_secs(5), &mut rest).await {
            break text.unwrap();
        }
    };
    assert!(begun.elapsed() < std::time::Duration::from_secs(45), "long before the budget of the silent list");
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["reports"].as_array().unwrap().len(), 2);
    let silent =
        json["reports"][1]["lists"].as_array().unwrap().iter().find(|row| row["list"] == "silent.demo").unwrap();
    assert_eq!((&silent["verdict"], &silent["why"]), (&"unknown".into(), &"deadline".into()));
    // The answers so far decide: the first target is listed, or unknown.
    assert!(matches!(run.wait().await.unwrap().code(), Some(1 | 3)));
}

#[tokio::test]
async fn the_table_fits_a_terminal() {
    let long = "mail.".repeat(2_000) + "example.org";
    for (arguments, lines) in [
        (&["203.0.113.14", "203.0.113.12", "spam.demo", "--helo", "oemcomputer"][..], 62),
        (&["2001:db8::bad", "--verbose"], 100),
        // Ten kilobytes of HELO do not become ten lines.
        (&["--helo", &long], 8),
    ] {
        let run = run(&[&["--demo"], arguments].concat()).await;
        assert!(run.out.starts_with("DEMO DATA"));
        for line in run.out.lines() {
            assert!(line.len() <= 80 && line.is_ascii(), "{line}");
        }
        assert!(run.out.lines().count() < lines, "{}", run.out);
        assert_eq!(run.err, "");
    }
}

/// The README shows what its first command prints, apart from the time it took.
#[tokio::test]
async fn the_readme_shows_what_its_command_prints() {
    let readme = include_str!("../../../README.md");
    let after = |text: &'static str, mark: &str| text.split_once(mark).unwrap().1;
    let command = after(readme, "--example check -- ").lines().next().unwrap().split('#').next().unwrap();
    let arguments: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(arguments, ["--demo", "203.0.113.14"]);
    let shown = after(after(readme, "What the first command prints"), "```text\n").split("```").next().unwrap();
    let printed = run(&arguments).await.out;
    // Two lines of banner, an empty one, the report.
    let printed: Vec<&str> = printed.lines().skip(3).collect();
    let untimed = |line: &str| match line.rsplit_once(", ") {
        Some((before, time)) if time.ends_with(" ms") => {
            time.trim_end_matches(" ms").parse::<u32>().unwrap();
            before.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        _ => line.to_owned(),
    };
    let shown: Vec<String> = shown.lines().map(untimed).collect();
    assert_eq!(printed.into_iter().map(untimed).collect::<Vec<_>>(), shown);
}

/// The made-up world has no such lists, but the catalogue's entries about them are used there, too.
#[tokio::test]
async fn real_lists_are_known_in_the_demo() {
    let lists = ["brazil.blackholes.us", "zen.spamhous.org", "bl.demo", "bl.demo"];
    let run =
        run(&[&["--demo", "--json", "203.0.113.14"][..], &lists.map(|list| ["--list", list]).concat()].concat()).await;
    assert_eq!(run.verdicts(), ["skipped/retired", "not_listed", "listed", "listed"]);
    for line in [
        "check: brazil.blackholes.us: closed 2007",
        "check: zen.spamhous.org: not a known list; did you mean zen.spamhaus.org?",
        "check: bl.demo: occurs earlier with the same codes: a hit counts twice",
    ] {
        assert!(run.err.lines().any(|said| said.starts_with(line)), "{line}: {}", run.err);
    }
}

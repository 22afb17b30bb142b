//! Addresses, HELO names, senders and recipients.

use super::{ask, json, run, serve};

const WORLD: &str = "
    14.113.0.203.in-addr.arpa  PTR  mail.example.org
    mail.example.org           A    203.0.113.14
    example.org                MX   10 mail.example.org
    nullmx.example             MX   0 .
    broken.example             SERVFAIL
    xn--bcher-kva.example      MX   10 mail.example.org";

#[tokio::test]
async fn mapped_addresses_are_ipv4() {
    let run = json(WORLD, &["--no-lists", "::ffff:203.0.113.14"]).await;
    assert_eq!(run.text("target"), "203.0.113.14");
    assert_eq!(run.text("iprev/result"), "pass");
    assert_eq!(run.text("iprev/names/0/name"), "mail.example.org");
    assert_eq!(run.text("iprev/names/0/confirmed"), "true");
    assert_eq!(run.text("iprev/truncated"), "false");
}

#[tokio::test]
async fn any_text_may_be_said_in_a_dialogue() {
    for (argument, verdict) in [
        ("mail.example.org", "resolves_to_client"),
        ("gone.example", "no_such_name"),
        ("oemcomputer", "not_fqdn"),
        ("", "malformed"),
        ("-x", "malformed"),
        ("--json", "malformed"),
        ("a b", "malformed"),
        ("\u{1b}]0;x\u{7}", "malformed"),
        ("[203.0.113.14]", "literal_matches"),
        ("[192.0.2.1]", "literal_differs"),
        ("mx.us.example", "claims_us"),
        ("[198.51.100.25]", "claims_us"),
    ] {
        let me = ["--me", "mx.us.example", "--me", "198.51.100.25", "--no-lists", "203.0.113.14"];
        let apart = json(WORLD, &[&["--helo", argument][..], &me].concat()).await;
        assert_eq!((apart.text("helo/verdict"), apart.code), (verdict.to_owned(), 0), "{argument:?}");
        let joined = json(WORLD, &[&[format!("--helo={argument}").as_str()][..], &me].concat()).await;
        assert_eq!(joined.text("helo/verdict"), verdict, "--helo={argument:?}");
    }
}

#[tokio::test]
async fn senders_and_recipients() {
    for (path, sender, recipient, codes) in [
        ("someone@example.org", "ok", "ok", (0, 0)),
        ("<>", "null_sender", "malformed", (0, 0)),
        ("", "malformed", "malformed", (1, 0)),
        ("-x@nullmx.example", "null_mx", "null_mx", (1, 1)),
        ("<a@gone.example>", "no_such_domain", "no_such_domain", (1, 1)),
        ("a@[192.0.2.1]", "address_literal", "address_literal", (0, 0)),
        ("a@mail.ours.example", "skipped", "skipped", (0, 0)),
        ("a@broken.example", "unknown", "unknown", (3, 3)),
    ] {
        let run = json(WORLD, &["--local-domain", "ours.example", "--from", path]).await;
        assert_eq!((run.text("sender/verdict"), run.code), (sender.to_owned(), codes.0), "--from {path:?}");
        assert_eq!((run.text("target"), run.at("/reports/0/recipient").is_null()), ("null".to_owned(), true));
        let run = json(WORLD, &["--local-domain", "ours.example", "--rcpt", path]).await;
        assert_eq!((run.text("recipient/verdict"), run.code), (recipient.to_owned(), codes.1), "--rcpt {path:?}");
    }
    let run = json(WORLD, &["--from", "a@nullmx.example", "--rcpt", "b@nullmx.example"]).await;
    assert_eq!((run.text("reply/code"), run.text("reply/enhanced")), ("550".to_owned(), "5.7.27".to_owned()));
    let run = json(WORLD, &["--rcpt", "b@nullmx.example"]).await;
    assert_eq!((run.text("reply/code"), run.text("reply/enhanced")), ("556".to_owned(), "5.1.10".to_owned()));
}

#[tokio::test]
async fn domains_are_targets_in_either_script() {
    for target in ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.example"] {
        let run = json(WORLD, &["--no-lists", target]).await;
        assert_eq!((run.text("target"), run.text("sender/via")), ("xn--bcher-kva.example".into(), "mx".into()));
    }
    let run = json(WORLD, &["example.org", "--no-lists", "--helo", "mail.example.org", "--from", "<>"]).await;
    assert_eq!(
        (run.text("sender/verdict"), run.text("helo/verdict")),
        ("null_sender".into(), "resolves_elsewhere".into())
    );
}

#[tokio::test]
async fn facts_that_were_not_given_are_absent() {
    let run = json(WORLD, &["--no-lists", "203.0.113.14"]).await;
    for absent in ["helo", "sender", "recipient"] {
        assert!(!run.out.contains(&format!("\"{absent}\":{{")), "{absent}");
    }
    assert_eq!((run.text("lists"), run.text("questions"), run.text("reply")), ("[]".into(), "2".into(), "null".into()));
    assert!(run.at("/reports/0/elapsed_ms").is_number());
    assert_eq!((run.at("/version"), run.at("/demo")), (1.into(), false.into()));
}

#[tokio::test]
async fn targets_are_checked_at_the_same_time_and_told_in_order() {
    let mut world = String::new();
    for n in 1..=40 {
        // The first is the slowest. One after the other they would take twenty seconds.
        let after = 1_000 - 25 * n;
        world.push_str(&format!("{n}.113.0.203.in-addr.arpa NXDOMAIN after={after}ms\n"));
    }
    let server = serve(&world).await;
    let targets: Vec<String> = (1..=40).map(|n| format!("203.0.113.{n}")).collect();
    let mut arguments = vec!["--json", "--no-lists"];
    arguments.extend(targets.iter().map(String::as_str));
    let start = std::time::Instant::now();
    let run = ask(&server, &arguments).await;
    assert!(start.elapsed() < std::time::Duration::from_secs(15), "{:?}", start.elapsed());
    let told: Vec<String> = (0..40).map(|n| run.at(&format!("/reports/{n}/target")).as_str().unwrap().into()).collect();
    assert_eq!(told, targets);
}

#[tokio::test]
async fn help_and_version() {
    let help = run(&["--help"]).await;
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for option in ["--resolver", "--allow-threshold", "--nagios", "--demo", "TARGET", "ttl"] {
        assert!(help.out.contains(option), "{option}");
    }
    assert!(help.out.lines().all(|line| line.len() <= 80));
    let version = run(&["--version"]).await;
    assert_eq!((version.code, version.out.as_str()), (0, concat!("check (rdnsbl ", env!("CARGO_PKG_VERSION"), ")\n")));
}

//! The milter as a process, spoken to as a mail server does.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub)]

#[path = "../kit/mod.rs"]
mod kit;

mod bad_input;
mod server;

use kit::{Daemon, POLICY};
use server::{NEW, OLD, Server};

const ENFORCE: &str = "mode = \"enforce\"";

#[tokio::test(flavor = "multi_thread")]
async fn each_client_gets_its_reply() {
    let mut daemon = Daemon::milter(ENFORCE, POLICY).await;
    for (version, client, reply) in [
        (NEW, "203.0.113.7", None),
        (OLD, "203.0.113.7", None),
        (NEW, "203.0.113.9", Some("450 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9")),
        (OLD, "203.0.113.8", Some("450 4.7.1 Access denied. Reverse DNS of 203.0.113.8 is forged")),
        (NEW, "IPv6:2001:db8::7", Some("450 4.7.1 Access denied. Cannot resolve PTR record for 2001:db8::7")),
        (NEW, "unknown", None),
    ] {
        let mut server = Server::connect(&daemon, version);
        server.client(client);
        server.helo("mail.good.example");
        assert_eq!(server.mail("<a@good.example>"), None, "{client}: a refusal waits for RCPT");
        assert_eq!(server.rcpt("<b@mx.example>").as_deref(), reply, "{client}");
    }
    let mut server = Server::connect(&daemon, NEW);
    server.macros(b'C', &[("{client_resolve}", "OK")]);
    server.client("203.0.113.14");
    server.helo("mail.good.example");
    server.macros(b'M', &[("i", "1A2B")]);
    server.mail("<a@good.example>");
    let listed = server.rcpt("<b@mx.example>").unwrap();
    assert!(listed.starts_with("554 5.7.1 ") && listed.ends_with("bl.example; see https://bl.example/"), "{listed}");
    let line = daemon.decision("client=203.0.113.14");
    let pattern = rdnsbl::report::LogLine::PATTERN.to_owned() + " stage=rcpt instance=- queue_id=1A2B from=";
    assert!(
        regex_lite::Regex::new(&pattern).unwrap().is_match(&line) && line.ends_with(" client_resolve=OK"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_the_reply_and_in_the_log() {
    let mut daemon = Daemon::milter("mode = \"enforce\"\nid_in_replies = true", POLICY).await;
    let reply = Server::connect(&daemon, NEW).refusal("203.0.113.9").unwrap();
    let (text, id) = reply.rsplit_once(" (").unwrap();
    assert_eq!(text, "450 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9");
    let line = daemon.decision("client=203.0.113.9 ");
    assert!(line.ends_with(&format!(" {}", id.trim_end_matches(')'))), "{line} {reply}");
}

/// A sendmail that cannot be asked for macros gives its verdict in `{_}`.
#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_an_old_sendmail() {
    let mut daemon = Daemon::milter(ENFORCE, POLICY).await;
    for (number, (version, shown, word)) in [
        (OLD, "mail.good.example [203.0.113.7]", Some("OK")),
        (OLD, "IDENT:ann@mail.good.example [203.0.113.7] (may be forged)", Some("FORGED")),
        (OLD, "[203.0.113.7]", None),
        (OLD, "", None),
        (NEW, "mail.good.example [203.0.113.7]", None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut server = Server::connect(&daemon, version);
        server.macros(b'C', &[("_", shown)]);
        server.client("203.0.113.7");
        server.helo("mail.good.example");
        let queue_id = format!("q{number}");
        server.macros(b'M', &[("i", &queue_id)]);
        server.mail("<a@good.example>");
        server.rcpt("<b@mx.example>");
        let line = daemon.decision(&format!(" queue_id={queue_id} "));
        let shown = line.split(" client_resolve=").nth(1);
        assert_eq!(shown, word, "{line}");
    }
}

/// Without a `preset`: what sendmail's FEATURE(require_rdns) answers.
#[tokio::test(flavor = "multi_thread")]
async fn the_usual_preset_is_sendmails() {
    let daemon = Daemon::milter(ENFORCE, "").await;
    for (client, start) in
        [("203.0.113.9", "550 5.7.1 Fix reverse DNS"), ("203.0.113.8", "451 4.1.8 "), ("203.0.113.10", "451 4.1.8 ")]
    {
        let reply = Server::connect(&daemon, NEW).refusal(client).unwrap();
        assert!(reply.starts_with(start), "{client}: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_exempt_or_has_logged_in_passes() {
    let tables = format!("[milter]\nexempt_daemons = [\"MSA\"]\n[exempt]\nnetworks = [\"203.0.113.9\"]\n{POLICY}");
    let mut daemon = Daemon::milter(ENFORCE, &tables).await;
    assert_eq!(Server::connect(&daemon, NEW).refusal("203.0.113.9"), None);
    let mut server = Server::connect(&daemon, NEW);
    server.macros(b'C', &[("{daemon_name}", "MSA")]);
    assert_eq!(server.refusal("203.0.113.14"), None);
    daemon.wait_for_log(" exempt=daemon");

    // A log-in is known at MAIL, and holds for that message alone.
    let mut server = Server::connect(&daemon, NEW);
    server.client("203.0.113.14");
    server.helo("mail.good.example");
    server.macros(b'M', &[("i", "1"), ("{auth_authen}", "ann")]);
    server.mail("<a@good.example>");
    assert_eq!(server.rcpt("<b@mx.example>"), None);
    daemon.wait_for_log(" sasl=ann ");
    server.abort();
    server.macros(b'M', &[("i", "2")]);
    server.mail("<a@good.example>");
    assert!(server.rcpt("<b@mx.example>").is_some());
    // The next client over the same connection starts afresh.
    server.next_client();
    assert_eq!(server.refusal("203.0.113.7"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_stage_may_act() {
    let daemon = Daemon::milter("mode = \"enforce\"\nact_from = \"helo\"", POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    server.client("203.0.113.14");
    assert!(server.helo("mail.good.example").unwrap().starts_with("554 5.7.1 "));
}

/// Our field comes first, and forged ones are removed, the highest number first.
#[tokio::test(flavor = "multi_thread")]
async fn authentication_results() {
    let tables = format!("[milter]\nauthserv_id = \"mx.example\"\ntrusted_relays = [\"203.0.113.7\"]\n{POLICY}");
    let daemon = Daemon::milter("", &tables).await;
    let fields = [
        ("Authentication-Results", " MX.example 1; spf=pass"),
        ("Subject", " mx.example"),
        ("authentication-results", " other.example; spf=pass"),
        ("AUTHENTICATION-RESULTS", "\n\t(x) mx.example;\n\tdkim=pass"),
    ];
    let results = |server: &mut Server, client: &str, login: &str| {
        server.client(client);
        server.helo("mail.good.example");
        server.macros(b'M', &[("{auth_authen}", login)]);
        server.mail("<a@good.example>");
        server.rcpt("<b@mx.example>");
        for (name, value) in fields {
            server.header(name, value);
        }
        server.end_of_message()
    };
    let name = "Authentication-Results";
    let ours = |value: &str| format!("insert 0 {name}: mx.example;\n\t{value}");
    let delete = [format!("delete 3 {name}"), format!("delete 1 {name}")];
    for version in [NEW, OLD] {
        let mut server = Server::connect(&daemon, version);
        let expected = [&delete[..], &[ours("iprev=pass policy.iprev=203.0.113.14")]].concat();
        assert_eq!(results(&mut server, "203.0.113.14", ""), expected);
        // The numbers begin again with each message.
        assert_eq!(results(&mut server, "203.0.113.14", ""), expected);
    }
    let mut server = Server::connect(&daemon, NEW);
    assert_eq!(results(&mut server, "203.0.113.7", ""), [ours("iprev=pass policy.iprev=203.0.113.7")]);
    assert_eq!(results(&mut server, "203.0.113.14", "ann"), [""; 0]);
    // A server that does not allow changes of headers.
    let mut server = Server::connect(&daemon, (6, 0, 0x1f_ffff));
    assert_eq!(results(&mut server, "203.0.113.14", ""), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_when_observing() {
    let daemon = Daemon::milter("header = \"X-RDNSBL\"", POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    assert_eq!(server.refusal("203.0.113.14"), None);
    let changes = server.end_of_message();
    assert!(
        matches!(changes.as_slice(), [one] if one.starts_with("insert 0 X-RDNSBL: would=reject finding=listed ")),
        "{changes:?}"
    );
}

/// A list that is asked while the client still talks is not asked again.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_asks_once() {
    let daemon = Daemon::milter("mode = \"enforce\"\nwatch = \"off\"", POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    server.client("203.0.113.14");
    server.helo("mail.good.example");
    server.mail("<a@good.example>");
    for number in 0..100 {
        assert!(server.rcpt(&format!("<r{number}@mx.example>")).is_some());
    }
    let of_client = |question: &&rdnsbl::Question| question.name.to_string().starts_with("14.113.0.203.bl.");
    assert_eq!(daemon.dns.asked().iter().filter(of_client).count(), 2);
}

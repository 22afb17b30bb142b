//! The policy daemon behind a real Postfix, asked over SMTP.
//!
//! `cargo test -p rdnsbl-tools --test postfix -- --ignored` as root, with Debian's postfix package installed or unpacked into the
//! directory that `POSTFIX_ROOT` names (`dpkg -x`). Everything Postfix reads and writes lies in a directory of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

use kit::postfix::Postfix;
use kit::smtp::Smtp;
use kit::{Daemon, POLICY, Scratch};

/// Postfix with the recipe's lines, in front of the policy daemon with these keys.
async fn world(keys: &str, tables: &str) -> (Daemon, Postfix) {
    behind(RECIPE, "rdnsbl/policy", env!("CARGO_BIN_EXE_rdnsbl-policyd"), keys, tables).await
}

async fn behind(lines: &str, socket: &str, program: &str, keys: &str, tables: &str) -> (Daemon, Postfix) {
    let scratch = Scratch::new("daemon");
    let postfix = Postfix::start(lines);
    // Under Postfix' queue directory, as on Debian, where smtpd runs chrooted.
    let socket = postfix.queue().join(socket);
    std::os::unix::fs::symlink(&socket, scratch.join("socket")).unwrap();
    let keys = format!("listen = [\"unix:{}\"]\nsocket_mode = \"0666\"\n{keys}", socket.display());
    (Daemon::start(program, scratch, &keys, tables).await, postfix)
}

/// As docs/postfix.md has it.
const RECIPE: &str = "smtpd_recipient_restrictions =\n    reject_unauth_destination,\n    \
                      check_policy_service { unix:rdnsbl/policy, timeout=10s, default_action=DUNNO }\n";

/// As docs/milter.md has it.
const MILTER: &str =
    "smtpd_milters = { unix:rdnsbl/milter, default_action=accept, connect_timeout=5s, command_timeout=15s }\n";

const REVERSE_DNS: &str = include_str!("../../../docs/reverse-dns.md");

/// The reply to RCPT of a client with this address.
fn rcpt(postfix: &Postfix, client: &str) -> String {
    transaction(postfix, client, "", "<a@good.example>", "<b@mx.example>")
}

fn transaction(postfix: &Postfix, client: &str, login: &str, sender: &str, recipient: &str) -> String {
    let mut smtp = Smtp::connect(postfix.address());
    smtp.says_to_be(client, login);
    smtp.command("EHLO mail.good.example");
    let mail = smtp.command(&format!("MAIL FROM:{sender}"));
    assert!(mail.starts_with("250 "), "{sender}: {mail}");
    smtp.command(&format!("RCPT TO:{recipient}"))
}

#[test]
fn the_recipe_is_the_documented_one() {
    for (lines, recipe) in [
        (RECIPE, include_str!("../../../docs/postfix.md")),
        (RECIPE, REVERSE_DNS),
        (MILTER, include_str!("../../../docs/milter.md")),
    ] {
        for line in lines.lines() {
            assert!(recipe.contains(line), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn each_client_gets_its_reply() {
    let exempt = "[exempt]\nnetworks = [\"203.0.113.20\"]\nsenders = [\"@friend.example\"]\n";
    let (mut daemon, postfix) = world("mode = \"enforce\"", &format!("{exempt}{POLICY}")).await;
    let wrapped = "<b@mx.example>: Recipient address rejected: ";
    for (client, reply) in [
        ("203.0.113.7", "250 2.1.5 Ok".to_owned()),
        ("203.0.113.8", format!("450 4.7.1 {wrapped}Access denied. Reverse DNS of 203.0.113.8 is forged")),
        ("203.0.113.9", format!("450 4.7.1 {wrapped}Access denied. Cannot resolve PTR record for 203.0.113.9")),
        ("203.0.113.20", "250 2.1.5 Ok".to_owned()),
        ("IPV6:2001:db8::7", format!("450 4.7.1 {wrapped}Access denied. Cannot resolve PTR record for 2001:db8::7")),
    ] {
        assert_eq!(rcpt(&postfix, client), reply, "{client}");
    }
    let temp = rcpt(&postfix, "203.0.113.10");
    assert!(temp.starts_with("450 4.7.25 ") && temp.contains("cannot find your hostname"), "{temp}");
    let listed = rcpt(&postfix, "203.0.113.14");
    assert!(
        listed.starts_with("554 5.7.1 ") && listed.ends_with("using bl.example; see https://bl.example/"),
        "{listed}"
    );

    // A client that has logged in, an exempt one, and bounces.
    for (login, sender) in [("ann", "<a@good.example>"), ("", "<x@friend.example>")] {
        let reply = transaction(&postfix, "203.0.113.14", login, sender, "<b@mx.example>");
        assert_eq!(reply, "250 2.1.5 Ok", "{login} {sender}");
    }
    assert_eq!(
        transaction(&postfix, "203.0.113.14", "", "<a@good.example>", "<postmaster@mx.example>"),
        "250 2.1.5 Ok"
    );
    let relayed = transaction(&postfix, "203.0.113.7", "", "<a@good.example>", "<b@elsewhere.example>");
    assert!(relayed.starts_with("554 5.7.1 ") && relayed.contains("Relay access denied"), "{relayed}");
    assert!(daemon.decision("exempt=authenticated").contains(" sasl=ann "));
}

/// The file and the table of docs/reverse-dns.md.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn each_word_gets_the_reply_of_the_guide() {
    let (keys, tables) = pages::configuration(REVERSE_DNS, "enforce");
    let (mut daemon, postfix) = world(&keys, &tables).await;
    for (word, client) in
        [("OK", "203.0.113.7"), ("FAIL", "203.0.113.9"), ("FORGED", "203.0.113.8"), ("TEMP", "203.0.113.10")]
    {
        let wrap = |reply: String| {
            let (codes, text) = reply.split_at("450 4.7.1".len());
            format!("{codes} <b@mx.example>: Recipient address rejected:{text}")
        };
        let expected = pages::reply(REVERSE_DNS, word).map_or_else(|| "250 2.1.5 Ok".to_owned(), wrap);
        assert_eq!(rcpt(&postfix, client), expected);
        assert!(daemon.decision(&format!("client={client} ")).contains(&format!(" iprev={word} ")));
    }
}

/// What Postfix makes of a sender before the daemon sees it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn senders_through_postfix() {
    let policy = format!("{POLICY}sender_malformed = \"reject\"\n");
    let (mut daemon, postfix) = world("mode = \"enforce\"", &policy).await;
    for (number, (sender, from, word)) in [
        ("<>", "<>", "null_sender"),
        ("<root>", "root", "unqualified"),
        ("<\"a b\"@good.example>", "a_b@good.example", "ok"),
        ("<\"a@b\"@good.example>", "a@b@good.example", "ok"),
        ("<@relay.example:a@good.example>", "a@good.example", "ok"),
        ("<\u{fc}@good.example> SMTPUTF8", "_@good.example", "ok"),
    ]
    .into_iter()
    .enumerate()
    {
        let recipient = format!("r{number}@mx.example");
        let reply = transaction(&postfix, "203.0.113.7", "", sender, &format!("<{recipient}>"));
        assert_eq!(reply, "250 2.1.5 Ok", "{sender}");
        let line = daemon.decision(&format!(" to={recipient} "));
        assert!(
            line.contains(&format!(" from={from} ")) && line.contains(&format!(" sender={word} ")),
            "{sender}: {line}"
        );
    }
}

/// A whole message for a thousand recipients, with the header once.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn a_message_with_its_header() {
    let (mut daemon, postfix) = world("header = \"X-RDNSBL\"\nwatch = \"off\"", POLICY).await;
    let mut smtp = Smtp::connect(postfix.address());
    smtp.says_to_be("203.0.113.14", "");
    smtp.command("EHLO mail.good.example");
    smtp.command("MAIL FROM:<a@good.example>");
    for number in 0..1_000 {
        assert_eq!(smtp.command(&format!("RCPT TO:<r{number}@mx.example>")), "250 2.1.5 Ok");
    }
    assert!(smtp.command("DATA").starts_with("354 "));
    assert!(smtp.command("Subject: x\r\n\r\nx\r\n.").starts_with("250 2.0.0 "));
    let message = postfix.queued();
    assert_eq!(message.matches("X-RDNSBL: would=reject finding=listed ").count(), 1, "{message}");
    daemon.wait_for_log("to=r999@mx.example ");
    let of_client = |question: &&rdnsbl::Question| question.name.to_string().starts_with("14.113.0.203.bl.");
    // The address and the text, once.
    assert_eq!(daemon.dns.asked().iter().filter(of_client).count(), 2);
}

/// If the daemon fails in any way, mail passes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn without_the_daemon_mail_passes() {
    let (mut daemon, postfix) = world("mode = \"enforce\"", POLICY).await;
    assert!(rcpt(&postfix, "203.0.113.14").starts_with("554 5.7.1 "));
    // Stopped: Postfix waits for its timeout of 10 s, twice.
    daemon.signal("STOP");
    assert_eq!(rcpt(&postfix, "203.0.113.14"), "250 2.1.5 Ok");
    daemon.signal("CONT");
    assert!(rcpt(&postfix, "203.0.113.14").starts_with("554 5.7.1 "));
    daemon.kill();
    assert_eq!(rcpt(&postfix, "203.0.113.14"), "250 2.1.5 Ok");
    assert!(postfix.log().contains("problem talking to server rdnsbl/policy: "), "{}", postfix.log());
}

/// The same as a milter, with its header fields.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn as_a_milter() {
    let milter = env!("CARGO_BIN_EXE_rdnsbl-milter");
    let tables = format!("[milter]\nauthserv_id = \"mx.example\"\n{POLICY}");
    let lines = format!("{MILTER}smtpd_recipient_restrictions = reject_unauth_destination\n");
    let (mut daemon, postfix) = behind(&lines, "rdnsbl/milter", milter, "mode = \"enforce\"", &tables).await;
    assert_eq!(rcpt(&postfix, "203.0.113.9"), "450 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9");
    assert!(rcpt(&postfix, "203.0.113.14").starts_with("554 5.7.1 "));
    assert_eq!(transaction(&postfix, "203.0.113.14", "ann", "<a@good.example>", "<b@mx.example>"), "250 2.1.5 Ok");
    assert!(daemon.decision("exempt=authenticated").contains(" sasl=ann "));

    let mut smtp = Smtp::connect(postfix.address());
    smtp.says_to_be("203.0.113.7", "");
    smtp.command("EHLO mail.good.example");
    smtp.command("MAIL FROM:<>");
    assert_eq!(smtp.command("RCPT TO:<b@mx.example>"), "250 2.1.5 Ok");
    assert!(smtp.command("DATA").starts_with("354 "));
    let fields = "Authentication-Results: mx.example; forged=1\r\nSubject: x\r\nAuthentication-Results: other.example; kept=1\r\n\
                  authentication-results: MX.EXAMPLE 1;\r\n\tforged=2";
    assert!(smtp.command(&format!("{fields}\r\n\r\nx\r\n.")).starts_with("250 2.0.0 "));
    let message = postfix.queued();
    assert!(
        message.starts_with("Authentication-Results: mx.example;\n\tiprev=pass policy.iprev=203.0.113.7\n"),
        "{message}"
    );
    assert!(message.contains("kept=1") && !message.contains("forged="), "{message}");

    // Stopped: Postfix waits for command_timeout.
    daemon.signal("STOP");
    assert_eq!(rcpt(&postfix, "203.0.113.14"), "250 2.1.5 Ok");
    daemon.signal("CONT");
    assert!(rcpt(&postfix, "203.0.113.14").starts_with("554 5.7.1 "));
    daemon.kill();
    assert_eq!(rcpt(&postfix, "203.0.113.14"), "250 2.1.5 Ok");
}

/// Two milters in a row, each with its own name: each removes what was forged in its name, and leaves what the other wrote.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's postfix"]
async fn beside_another_milter() {
    let program = env!("CARGO_BIN_EXE_rdnsbl-milter");
    let tables = |id: &str| format!("[milter]\nauthserv_id = \"{id}\"\n{POLICY}");
    let (_first, postfix) = behind(
        "smtpd_milters = unix:rdnsbl/first, unix:rdnsbl/second\nsmtpd_recipient_restrictions = reject_unauth_destination\n",
        "rdnsbl/first",
        program,
        "mode = \"enforce\"",
        &tables("mx.example"),
    )
    .await;
    let keys = format!(
        "header = \"X-Second\"\nsocket_mode = \"0666\"\nlisten = [\"unix:{}\"]",
        postfix.queue().join("rdnsbl/second").display()
    );
    let mut second = Daemon::start(program, Scratch::new("second"), &keys, &tables("second.example")).await;

    let mut smtp = Smtp::connect(postfix.address());
    smtp.says_to_be("203.0.113.7", "");
    smtp.command("EHLO mail.good.example");
    smtp.command("MAIL FROM:<a@good.example>");
    assert_eq!(smtp.command("RCPT TO:<b@mx.example>"), "250 2.1.5 Ok");
    assert!(smtp.command("DATA").starts_with("354 "));
    let fields = "Authentication-Results: second.example; forged=1\r\nSubject: x\r\nAuthentication-Results: other.example; \
                  kept=1\r\nAuthentication-Results: mx.example 1;\r\n\tforged=2\r\nX-Long: a\r\n  b\r\n\tc";
    assert!(smtp.command(&format!("{fields}\r\n\r\nx\r\n.")).starts_with("250 2.0.0 "));
    let message = postfix.queued();
    for (text, count) in [
        ("Authentication-Results: mx.example;\n\tiprev=pass policy.iprev=203.0.113.7\n", 1),
        ("Authentication-Results: second.example;\n\tiprev=pass policy.iprev=203.0.113.7\n", 1),
        ("Authentication-Results: other.example; kept=1\n", 1),
        ("X-Second: would=pass ", 1),
        ("Subject: x\n", 1),
        ("X-Long: a\n  b\n\tc\n", 1),
        ("forged=", 0),
    ] {
        assert_eq!(message.matches(text).count(), count, "{text:?} in\n{message}");
    }

    assert!(rcpt(&postfix, "203.0.113.14").starts_with("554 5.7.1 "));
    second.wait_for_log(" mode=observe would=pass ");
}

//! The milter behind a real sendmail.
//!
//! `cargo test -p rdnsbl-tools --test sendmail -- --ignored` as root, with Debian's sendmail-bin, sendmail-cf, m4 and their
//! libraries unpacked into the directory that `SENDMAIL_ROOT` names (`dpkg -x`). Clients have addresses in 127.0.0.0/8, and
//! sendmail finds their names in a hosts file of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;

use kit::sendmail::{self, Sendmail};
use kit::smtp::Smtp;
use kit::{Daemon, POLICY};

/// As docs/milter.md has it.
const RECIPE: &str = "INPUT_MAIL_FILTER(`rdnsbl', `S=local:/run/rdnsbl-milter/socket, T=C:5s;S:15s;R:15s;E:60s')dnl";

const REVERSE_DNS: &str = include_str!("../../../docs/reverse-dns.md");

/// What DNS says about the clients, and what the hosts file says.
const NAMES: &str = "$SOA in-addr.arpa 300 60
7.0.0.127.in-addr.arpa  PTR mail.good.example
mail.good.example       A   127.0.0.7
good.example            MX  10 mx.good.example
mx.good.example         A   203.0.113.7
8.0.0.127.in-addr.arpa  PTR liar.good.example
liar.good.example       A   127.0.0.200
10.0.0.127.in-addr.arpa SERVFAIL
14.0.0.127.in-addr.arpa PTR spam.good.example
spam.good.example       A   127.0.0.14
14.0.0.127.bl.example   A   127.0.0.2";
const HOSTS: &str = "127.0.0.7 mail.good.example\n127.0.0.200 liar.good.example\n127.0.0.8 liar.good.example\n127.0.0.14 spam.good.example\n";

async fn world(keys: &str, tables: &str) -> (Daemon, Sendmail) {
    let daemon = Daemon::milter(keys, tables).await;
    daemon.dns.set(NAMES).unwrap();
    let sendmail = Sendmail::start(RECIPE, HOSTS, daemon.scratch.path());
    (daemon, sendmail)
}

async fn session(sendmail: &Sendmail, client: u8) -> Smtp {
    let mut smtp = Smtp::connect_from([127, 0, 0, client].into(), sendmail.address()).await;
    smtp.command("EHLO mail.good.example");
    smtp
}

/// The reply to RCPT.
async fn rcpt(sendmail: &Sendmail, client: u8, sender: &str) -> String {
    let mut smtp = session(sendmail, client).await;
    let mail = smtp.command(&format!("MAIL FROM:{sender}"));
    assert!(mail.starts_with("250 "), "{sender}: {mail}");
    smtp.command("RCPT TO:<root@mx.example>")
}

const OK: &str = "250 2.1.5 <root@mx.example>... Recipient ok";

#[test]
fn the_recipe_is_the_documented_one() {
    assert!(include_str!("../../../docs/milter.md").contains(RECIPE) && REVERSE_DNS.contains(RECIPE));
}

/// Each client's reply; and sendmail's own verdict about its name, beside ours.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn each_client_gets_its_reply() {
    let (mut daemon, sendmail) = world("mode = \"enforce\"", POLICY).await;
    for (client, word, theirs, code, reply) in [
        (7, "OK", "OK", "250 2.1.5", "Recipient ok"),
        (8, "FORGED", "OK", "450 4.7.1", "Access denied. Reverse DNS of 127.0.0.8 is forged"),
        (9, "FAIL", "FAIL", "450 4.7.1", "Access denied. Cannot resolve PTR record for 127.0.0.9"),
        (14, "OK", "OK", "554 5.7.1", "Service unavailable; Client host [127.0.0.14] blocked using bl.example"),
    ] {
        let answer = rcpt(&sendmail, client, "<a@good.example>").await;
        // Before some texts sendmail puts the recipient.
        assert!(answer.starts_with(code) && answer.contains(reply), "{client}: {answer}");
        let line = daemon.decision(&format!("client=127.0.0.{client} "));
        assert!(
            line.contains(&format!(" iprev={word} ")) && line.ends_with(&format!(" client_resolve={theirs}")),
            "{line}"
        );
        assert!(!line.contains(" queue_id=- "), "{line}");
    }
}

fn with_recipient(reply: String) -> String {
    let (codes, text) = reply.split_at("450 4.7.1".len());
    format!("{codes} <root@mx.example>...{text}")
}

/// The file and the table of docs/reverse-dns.md.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn each_word_gets_the_reply_of_the_guide() {
    let (keys, tables) = pages::configuration(REVERSE_DNS, "enforce");
    let (mut daemon, sendmail) = world(&keys, &tables).await;
    for (word, client) in [("OK", 7), ("FAIL", 9), ("FORGED", 8), ("TEMP", 10)] {
        let shown = pages::reply(REVERSE_DNS, word).map(|reply| reply.replace("203.0.113.", "127.0.0."));
        // Before some texts sendmail puts the recipient.
        let expected = shown.map_or_else(|| OK.to_owned(), with_recipient);
        let answer = rcpt(&sendmail, client, "<a@good.example>").await;
        assert!(answer.starts_with(&expected), "{word}: {answer}");
        assert!(daemon.decision(&format!("client=127.0.0.{client} ")).contains(&format!(" iprev={word} ")));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn senders_through_sendmail() {
    let policy = format!("{POLICY}sender_malformed = \"reject\"\n");
    let (mut daemon, sendmail) = world("mode = \"enforce\"", &policy).await;
    for (sender, from, word) in [
        ("<>", "<>", "null_sender"),
        ("<root>", "root", "unqualified"),
        ("<\"a b\"@good.example>", "\"a_b\"@good.example", "ok"),
        ("<\"a@b\"@good.example>", "\"a@b\"@good.example", "ok"),
    ] {
        let reply = rcpt(&sendmail, 7, sender).await;
        assert!(reply.starts_with(OK), "{sender}: {reply}");
        let line = daemon.decision(&format!(" from={from} "));
        assert!(line.contains(&format!(" sender={word} ")), "{sender}: {line}");
    }
}

/// A user at a listed home address logs in and sends; without the log-in the client is refused.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn who_logs_in_is_not_judged() {
    let mut daemon = Daemon::milter("mode = \"enforce\"", POLICY).await;
    daemon.dns.set(NAMES).unwrap();
    sendmail::saslauthd(&daemon.scratch.join("saslauthd"));
    let lines = format!("define(`confAUTH_MECHANISMS', `PLAIN')dnl\nTRUST_AUTH_MECH(`PLAIN')dnl\n{RECIPE}");
    let sendmail = Sendmail::start(&lines, HOSTS, daemon.scratch.path());
    assert!(rcpt(&sendmail, 14, "<a@good.example>").await.starts_with("554 5.7.1 "));
    let mut smtp = session(&sendmail, 14).await;
    // ann with the password x.
    let reply = smtp.command("AUTH PLAIN AGFubgB4");
    assert!(reply.starts_with("235 "), "{reply}");
    smtp.command("MAIL FROM:<a@good.example>");
    let reply = smtp.command("RCPT TO:<root@mx.example>");
    assert!(reply.starts_with(OK), "{reply}");
    assert!(daemon.decision(" exempt=authenticated ").contains(" sasl=ann"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn authentication_results() {
    let tables = format!("[milter]\nauthserv_id = \"mx.example\"\n{POLICY}");
    let (_daemon, sendmail) = world("", &tables).await;
    let mut smtp = session(&sendmail, 14).await;
    smtp.command("MAIL FROM:<a@good.example>");
    assert!(smtp.command("RCPT TO:<root@mx.example>").starts_with(OK));
    assert!(smtp.command("DATA").starts_with("354 "));
    let fields = "Authentication-Results: mx.example; forged=1\r\nSubject: x\r\nAuthentication-Results: other.example; kept=1\r\n\
                  authentication-results: MX.EXAMPLE 1;\r\n\tforged=2";
    assert!(smtp.command(&format!("{fields}\r\n\r\nx\r\n.")).starts_with("250 2.0.0 "));
    let message = sendmail.queued();
    assert!(
        message.contains("Authentication-Results: mx.example;\n\tiprev=pass policy.iprev=127.0.0.14\n"),
        "{message}"
    );
    assert!(message.contains("kept=1") && !message.contains("forged="), "{message}");
    let at = |text: &str| message.find(text).unwrap();
    assert!(at("iprev=pass") < at("Received: "), "{message}");
}

/// Two milters in a row, each with its own name: both see the message, what the second adds stands above what the first adds,
/// and each removes what was forged in its name alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn beside_another_milter() {
    let tables = |id: &str| format!("[milter]\nauthserv_id = \"{id}\"\n{POLICY}");
    let daemon = Daemon::milter("mode = \"enforce\"", &tables("mx.example")).await;
    daemon.dns.set(NAMES).unwrap();
    let keys = format!(
        "header = \"X-Second\"\nsocket_mode = \"0666\"\nlisten = [\"unix:{}\"]",
        daemon.scratch.join("second").display()
    );
    let program = env!("CARGO_BIN_EXE_rdnsbl-milter");
    let mut second = Daemon::start(program, kit::Scratch::new("second"), &keys, &tables("second.example")).await;
    second.dns.set(NAMES).unwrap();
    let other = RECIPE.replace("`rdnsbl'", "`second'").replace("/socket", "/second");
    let sendmail = Sendmail::start(&format!("{RECIPE}\n{other}"), HOSTS, daemon.scratch.path());

    let mut smtp = session(&sendmail, 7).await;
    smtp.command("MAIL FROM:<a@good.example>");
    assert!(smtp.command("RCPT TO:<root@mx.example>").starts_with(OK));
    assert!(smtp.command("DATA").starts_with("354 "));
    let fields = "Authentication-Results: second.example; forged=1\r\nSubject: x\r\nAuthentication-Results: other.example; \
                  kept=1\r\nAuthentication-Results: mx.example 1;\r\n\tforged=2\r\nX-Long: a\r\n  b\r\n\tc";
    assert!(smtp.command(&format!("{fields}\r\n\r\nx\r\n.")).starts_with("250 2.0.0 "));
    let message = sendmail.queued();
    let ours = "Authentication-Results: mx.example;\n\tiprev=pass policy.iprev=127.0.0.7\n";
    let theirs = "Authentication-Results: second.example;\n\tiprev=pass policy.iprev=127.0.0.7\n";
    for (text, count) in [
        (ours, 1),
        (theirs, 1),
        ("Authentication-Results: other.example; kept=1\n", 1),
        ("X-Second: would=pass ", 1),
        ("Subject: x\n", 1),
        ("X-Long: a\n  b\n\tc\n", 1),
        ("forged=", 0),
    ] {
        assert_eq!(message.matches(text).count(), count, "{text:?} in\n{message}");
    }
    // What is added last stands first.
    let at = |text: &str| message.find(text).unwrap();
    assert!(at(theirs) < at(ours) && at(ours) < at("Received: "), "{message}");

    // If the first refuses, the second cannot change it.
    assert!(rcpt(&sendmail, 14, "<a@good.example>").await.starts_with("554 5.7.1 "));
    second.wait_for_log(" client=127.0.0.7 ");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and Debian's sendmail"]
async fn without_the_milter_mail_passes() {
    let (mut daemon, sendmail) = world("mode = \"enforce\"", POLICY).await;
    assert!(rcpt(&sendmail, 14, "<a@good.example>").await.starts_with("554 5.7.1 "));
    // Stopped: sendmail waits for the 15 s of R.
    daemon.signal("STOP");
    assert!(rcpt(&sendmail, 14, "<a@good.example>").await.starts_with(OK));
    daemon.signal("CONT");
    assert!(rcpt(&sendmail, 14, "<a@good.example>").await.starts_with("554 5.7.1 "));
    daemon.kill();
    let reply = rcpt(&sendmail, 14, "<a@good.example>").await;
    assert!(reply.starts_with(OK), "{reply}");
}

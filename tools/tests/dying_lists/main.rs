//! What Postfix, Exim and sendmail do to a client that no list holds when their only list is sick, and what the policy daemon
//! answers: the table of docs/compare.md.
//!
//! `cargo test -p rdnsbl-tools --test dying_lists -- --ignored` as root, with `POSTFIX_ROOT`, `SENDMAIL_ROOT` and `EXIM_ROOT` as
//! the tests of these servers want them. The servers ask port 53, so it all runs in a network of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub, dead_code)]

#[path = "../exim/exim.rs"]
mod exim;
#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../../tests/kit/pages.rs"]
mod pages;
#[path = "../postfix/postfix.rs"]
mod postfix;
#[path = "../sendmail/sendmail.rs"]
mod sendmail;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use exim::Exim;
use kit::smtp::Smtp;
use kit::{Daemon, Scratch};
use postfix::Postfix;
use sendmail::Sendmail;
use tokio::net::UdpSocket;

/// Set where the network is our own.
const INSIDE: &str = "RDNSBL_TEST_INSIDE";

const PAGE: &str = include_str!("../../../docs/compare.md");

/// How the list is sick: the row of the table, and what DNS then says.
const SITUATIONS: [(&str, &str); 4] = [
    ("lists everybody (127.0.0.2)", "*.sick.test A 127.0.0.2"),
    ("was sold (198.51.100.1)", "*.sick.test A 198.51.100.1"),
    ("refuses (127.255.255.254)", "*.sick.test A 127.255.255.254"),
    ("the resolver invents answers", "*.sick.test A 198.51.100.1\n* A 198.51.100.1"),
];

/// Without and with a filter on return codes.
const POSTFIX: [&str; 2] = ["sick.test", "sick.test=127.0.0.[2..11]"];
const EXIM: [&str; 2] = ["sick.test", "sick.test=127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.10,127.0.0.11"];
const SENDMAIL: [&str; 2] = [
    "FEATURE(`delay_checks')dnl\nFEATURE(`dnsbl', `sick.test')dnl",
    "FEATURE(`delay_checks')dnl\nFEATURE(`enhdnsbl', `sick.test', `\"550 listed\"', `', `127.0.0.2.', `127.0.0.10.')dnl",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, and Debian's postfix, sendmail and exim4-daemon-light"]
async fn the_table_is_as_shown() {
    if std::env::var_os(INSIDE).is_none() {
        return again_inside();
    }
    let tables = "[lists]\ndeny = [\"sick.test\"]\n[policy]\npreset = \"observe\"\nlisted = \"554 5.7.1 listed\"\n";
    // The list has been sick for longer than a proof counts: it is not asked while it is healthy.
    let daemon = Daemon::policyd("mode = \"enforce\"\nwatch = \"off\"", tables).await;
    tokio::spawn(port_53(daemon.dns.address()));
    let scratch = Scratch::new("no-milter");
    let restriction =
        |list: &str| format!("smtpd_recipient_restrictions = reject_unauth_destination, reject_rbl_client {list}\n");
    let postfix = POSTFIX.map(|list| Postfix::start(&restriction(list)));
    let sendmail = SENDMAIL.map(|lines| Sendmail::start(lines, "", scratch.path()));
    let exim = EXIM.map(|list| Exim::with(&format!("  deny dnslists = {list}\n")));

    for (number, (situation, answers)) in SITUATIONS.into_iter().enumerate() {
        // Postfix remembers what it has heard about a client, for the life of a process.
        let client = Ipv4Addr::new(45, 66, 77, 10 + u8::try_from(number).unwrap());
        daemon.dns.set(answers).unwrap();
        let mut said = [[String::new(), String::new()], [String::new(), String::new()], [String::new(), String::new()]];
        for filter in [0, 1] {
            said[0][filter] = rcpt(postfix_session(&postfix[filter], client));
            let session = exim[filter].session(&client.to_string(), "<a@good.example>", "<b@mx.example>");
            said[1][filter] = session.lines().rfind(|line| !line.starts_with("221")).unwrap().to_owned();
            said[2][filter] = rcpt(Smtp::connect_from(client.into(), sendmail[filter].address()).await);
        }
        let (cells, _) = pages::rows(PAGE).into_iter().find(|(cells, _)| cells[0] == situation).unwrap();
        assert_eq!(cells[1..4], said.each_ref().map(word), "{situation}: {said:?}");
        assert_eq!(daemon.ask(&kit::rcpt(&client.to_string())), "DUNNO", "{situation}");
    }
}

/// Runs this program again in a network of its own, where port 53 is free and clients can have any address.
fn again_inside() {
    let scratch = Scratch::new("dying");
    scratch.write("resolv.conf", "nameserver 127.0.0.1\n");
    let script =
        "mount --bind \"$0\" /etc/resolv.conf && ip link set lo up && ip addr add 45.66.77.1/24 dev lo && exec \"$@\"";
    let status = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .arg(scratch.join("resolv.conf"))
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_table_is_as_shown", "--nocapture"])
        .env(INSIDE, "yes")
        .status()
        .unwrap();
    assert!(status.success());
}

/// What the table says about these replies without and with a filter.
fn word(said: &[String; 2]) -> String {
    match said.each_ref().map(|reply| reply.starts_with("250 ")) {
        [true, true] => "passes".to_owned(),
        [false, true] => "refused; filter: passes".to_owned(),
        [false, false] => "refused".to_owned(),
        [true, false] => "passes; filter: refused".to_owned(),
    }
}

fn postfix_session(postfix: &Postfix, client: Ipv4Addr) -> Smtp {
    let mut smtp = Smtp::connect(postfix.address());
    smtp.says_to_be(&client.to_string(), "");
    smtp
}

/// The reply to RCPT.
fn rcpt(mut smtp: Smtp) -> String {
    smtp.command("EHLO mail.good.example");
    smtp.command("MAIL FROM:<a@good.example>");
    smtp.command("RCPT TO:<root@mx.example>")
}

/// Hands on what comes to port 53.
async fn port_53(server: SocketAddr) {
    let socket = std::sync::Arc::new(UdpSocket::bind("127.0.0.1:53").await.unwrap());
    loop {
        let mut question = vec![0; 4_096];
        let (length, client) = socket.recv_from(&mut question).await.unwrap();
        question.truncate(length);
        let socket = std::sync::Arc::clone(&socket);
        tokio::spawn(async move {
            let onward = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            onward.send_to(&question, server).await.unwrap();
            let mut answer = vec![0; 4_096];
            let length = onward.recv(&mut answer).await.unwrap();
            socket.send_to(&answer[..length], client).await.unwrap();
        });
    }
}

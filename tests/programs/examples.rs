//! The small examples, each run as its first lines say. They ask a made-up world on loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rdnsbl::testing::{LoopbackServer, Table};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::ChildStdout;

use crate::program::command;

/// What an example prints that ends by itself and well.
async fn printed(example: &str, arguments: &[&str]) -> String {
    let output = command(example, arguments).output().await.unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{example} {arguments:?}: {err}");
    out
}

/// Starts an example that runs until it is stopped. It is stopped when the child is dropped.
fn started(example: &str, arguments: &[&str]) -> (tokio::process::Child, Lines<BufReader<ChildStdout>>) {
    let mut child = command(example, arguments).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

#[tokio::test]
async fn iprev_tells_each_verdict() {
    for (client, expected) in [
        ("203.0.113.7", "203.0.113.7 pass (sendmail: OK)\n  mail.example.org LeadsBack\n"),
        ("203.0.113.8", "203.0.113.8 fail (sendmail: FORGED)\n  mail.example.org Elsewhere\n"),
        ("203.0.113.9", "203.0.113.9 permerror (sendmail: FAIL)\n"),
        ("203.0.113.10", "203.0.113.10 temperror (sendmail: TEMP)\n"),
    ] {
        assert_eq!(printed("iprev", &["--demo", client]).await, expected);
    }
}

#[tokio::test]
async fn sans_io_agrees_with_iprev() {
    for client in ["203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.14"] {
        let expected = printed("iprev", &["--demo", client]).await;
        let found = printed("sans_io", &["--demo", client]).await;
        assert_eq!(found.lines().next(), expected.lines().next());
    }
}

#[tokio::test]
async fn dnsbl_tells_lists_apart() {
    let found = printed("dnsbl", &["--demo", "203.0.113.14", "bl.demo", "dead.demo", "clean.demo"]).await;
    let expected = "bl.demo: listed\n  Spam received from 203.0.113.14, see https://bl.demo/why\n\
                    dead.demo: problem\n  remove it from the configuration\n\
                    clean.demo: not_listed\n";
    assert_eq!(found, expected);
}

#[tokio::test]
async fn sender_tells_a_domain_without_a_mail_host() {
    let found = printed("sender", &["--demo", "<someone@dangling.demo>"]).await;
    assert!(found.starts_with("<someone@dangling.demo>: mx_unusable\n"), "{found}");
    let found = printed("sender", &["--demo", "someone@example.org"]).await;
    assert!(found.starts_with("someone@example.org: ok\n"), "{found}");
}

#[tokio::test]
async fn a_given_server_is_asked() {
    let table = Table::parse("1.2.0.192.in-addr.arpa PTR mx.example\nmx.example A 192.0.2.1").unwrap();
    let server = LoopbackServer::start(table).await.unwrap();
    let address = server.address().to_string();
    for example in ["iprev", "sans_io"] {
        let found = printed(example, &["--server", &address, "192.0.2.1"]).await;
        assert!(found.starts_with("192.0.2.1 pass"), "{found}");
    }
    assert!(!server.asked().is_empty());
}

#[tokio::test]
async fn smtp_connect_greets() {
    for (client, greeting) in [("203.0.113.14", "554 Service unavailable; "), ("203.0.113.7", "220 mx.example ESMTP")] {
        let (_child, mut lines) = started("smtp_connect", &["--demo", "127.0.0.1:0", client, "bl.demo"]);
        let listening = lines.next_line().await.unwrap().unwrap();
        let mut stream = TcpStream::connect(listening.strip_prefix("listening on ").unwrap()).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with(greeting) && told.ends_with("\r\n"), "{told}");
    }
}

#[tokio::test]
async fn smtp_connect_cancels_for_a_client_that_speaks_first() {
    // The list never answers, so that the check is still under way when the client speaks.
    let (_child, mut lines) = started("smtp_connect", &["--demo", "127.0.0.1:0", "203.0.113.7", "silent.demo"]);
    let listening = lines.next_line().await.unwrap().unwrap();
    let mut stream = TcpStream::connect(listening.strip_prefix("listening on ").unwrap()).await.unwrap();
    stream.write_all(b"EHLO early.example\r\n").await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "203.0.113.7 did not wait for the greeting");
}

#[tokio::test]
async fn monitor_tells_which_lists_are_broken() {
    let (_child, mut lines) = started("monitor", &["--demo", "bl.demo", "dead.demo", "refusing.demo"]);
    let mut told = [lines.next_line().await.unwrap().unwrap(), lines.next_line().await.unwrap().unwrap()];
    told.sort();
    assert!(told.iter().zip(["dead.demo: lists everything", "refusing.demo: refuses"]).all(|(a, b)| a.starts_with(b)));
}

#[tokio::test]
async fn what_is_missing_is_said() {
    for example in ["iprev", "dnsbl", "sender", "smtp_connect", "sans_io"] {
        let output = command(example, &["--demo"]).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("usage: "), "{example}: {said}");
    }
}

#[test]
fn they_are_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let programs: Vec<&PathBuf> = files.iter().filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    assert_eq!(programs.len(), 6);
    for path in programs {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let lines = text.lines().filter(is_code).count();
        assert!(lines <= 40, "{name}: {lines} lines of code");
    }
}

//! The daemon survives anything that a mail server sends, and its memory is bounded.

use crate::ENFORCE;
use crate::kit::{Daemon, POLICY};
use crate::server::{NEW, Server};

/// The memory that the input may add, in KiB.
const GROWTH: usize = 32 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_milter_protocol_closes_its_connection() {
    let mut daemon = Daemon::milter(ENFORCE, POLICY).await;
    for (octets, log) in [
        (&b"\xff\xff\xff\xffO"[..], "a packet of 4294967295 octets"),
        (b"\0\0\0\x01C", "a packet of command 'C' does not have its form"),
        (b"\0\0\0\x01E", "command 'E' came before the negotiation"),
        (b"\0\0\0\x0dO\0\0\0\x01\0\0\0\x3f\0\0\0\x7f", "protocol version 1 is not supported"),
        (b"\0\0\0\0", "a packet of 0 octets"),
        (b"\0\0\0\x01!", "command '!' is not known"),
        (b"EHLO x\r\n", "a packet of 1162366031 octets"),
    ] {
        let mut client = daemon.connect();
        client.send(octets);
        assert!(client.is_closed(), "{log}");
        daemon.wait_for_log(&format!("closed: {log}"));
    }
    // Values may be anything.
    let mut server = Server::connect(&daemon, NEW);
    server.client("203.0.113.7");
    server.helo("\u{1b}[2J\r\n250 x");
    assert_eq!(server.mail("<\r\n@\u{7f}>"), None);
    server.rcpt("");
    daemon.wait_for_log(" helo_name=_[2J__250_x ");
}

/// Each version is answered with the latest that both know, and each works.
#[tokio::test(flavor = "multi_thread")]
async fn versions() {
    let daemon = Daemon::milter(ENFORCE, POLICY).await;
    for version in [2, 3, 6, 7, 99, u32::MAX] {
        let mut server = Server::connect(&daemon, (version, 0x1ff, 0x1f_ffff));
        assert!(server.refusal("203.0.113.14").unwrap().starts_with("554 5.7.1 "), "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_commands_and_packets_of_one_octet() {
    let mut daemon = Daemon::milter(ENFORCE, POLICY).await;
    for (command, log) in [(b'!', "command '!' is not known"), (b'H', "a packet of command 'H' does not have its form")]
    {
        let mut server = Server::connect(&daemon, NEW);
        server.send(command, b"");
        assert!(server.is_closed());
        daemon.wait_for_log(&format!("closed: {log}"));
    }
    // DATA, the end of the header, and an unknown command of SMTP have no more than their letter.
    let mut server = Server::connect(&daemon, NEW);
    for command in *b"TNU" {
        server.send(command, b"");
        assert_eq!(server.reply(), None);
    }
    assert!(server.refusal("203.0.113.9").is_some());
}

/// The text after a NUL is another argument, and macros may be truncated.
#[tokio::test(flavor = "multi_thread")]
async fn macros_without_an_end_and_nul() {
    let mut daemon = Daemon::milter(ENFORCE, POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    server.send(b'D', b"C{daemon_name}\0MTA\0{client_resolve}\0OK");
    server.send(b'D', b"C{client_resolve");
    server.send(b'D', b"C\0\0\0");
    server.client("203.0.113.7");
    server.helo("mail.good\0.example");
    server.send(b'D', b"Mi\0queue1\0{auth_authen}\0ann");
    server.mail("<a@good.example>\0\0<x@evil.example>");
    server.rcpt("<b@mx\0.example>");
    let line = daemon.decision(" queue_id=queue1 ");
    for field in [" from=a@good.example ", " helo_name=mail.good ", " to=<b@mx ", " sasl=- "] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_silent_connections() {
    let daemon = Daemon::milter(ENFORCE, POLICY).await;
    assert!(Server::connect(&daemon, NEW).refusal("203.0.113.9").is_some());
    let before = daemon.memory();
    let mut silent: Vec<_> = (0..1_000).map(|_| daemon.connect()).collect();
    for _ in 0..10 {
        assert!(Server::connect(&daemon, NEW).refusal("203.0.113.9").is_some());
    }
    assert!(silent[0].is_closed());
    let growth = daemon.memory().saturating_sub(before);
    assert!(growth < GROWTH, "{growth} KiB");
}

/// A body of 100 MB that the daemon did not ask for, and ten thousand recipients.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_message() {
    let daemon = Daemon::milter("mode = \"enforce\"\nwatch = \"off\"\nrecipient_checks = true", POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    server.client("203.0.113.7");
    server.helo("mail.good.example");
    server.mail("<a@good.example>");
    let before = daemon.memory();
    for number in 0..10_000 {
        assert_eq!(server.rcpt(&format!("<r{number}@good.example>")), None);
    }
    server.header("Subject", "x");
    let chunk = vec![b'x'; 65_535];
    for _ in 0..1_600 {
        server.send(b'B', &chunk);
        assert_eq!(server.reply(), None);
    }
    assert_eq!(server.end_of_message(), [""; 0]);
    let growth = daemon.memory().saturating_sub(before);
    assert!(growth < GROWTH, "{growth} KiB");
    assert!(server.refusal("203.0.113.9").is_some());
}

/// A message may be aborted at each stage; the next one is checked on its own.
#[tokio::test(flavor = "multi_thread")]
async fn abort_at_each_stage() {
    let daemon = Daemon::milter("mode = \"enforce\"\nheader = \"X-RDNSBL\"", POLICY).await;
    let mut server = Server::connect(&daemon, NEW);
    for stages in 0..6 {
        let steps: [&dyn Fn(&mut Server); 5] = [
            &|server| server.client("203.0.113.9"),
            &|server| assert_eq!(server.helo("mail.good.example"), None),
            &|server| assert_eq!(server.mail("<>"), None),
            &|server| assert!(server.rcpt("<b@mx.example>").is_some()),
            &|server| server.header("Authentication-Results", "x"),
        ];
        steps.iter().take(stages).for_each(|step| step(&mut server));
        server.abort();
        // Nothing of that message is left.
        assert_eq!(server.end_of_message(), [""; 0], "{stages}");
        assert_eq!(server.refusal("203.0.113.7"), None, "{stages}");
        assert_eq!(server.end_of_message().len(), 1);
    }
    // Quit within a message.
    server.mail("<>");
    server.send(b'Q', b"");
    assert!(server.is_closed());
}

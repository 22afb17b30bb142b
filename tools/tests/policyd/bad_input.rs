//! The daemon survives any input, and its memory is bounded.

use std::io::Write;
use std::net::Shutdown;

use crate::kit::{Daemon, POLICY, rcpt, request};

/// The memory that the input may add, in KiB.
pub const GROWTH: usize = 32 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_closes_its_connection() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
    let before = daemon.memory();
    let whole = rcpt("203.0.113.7");
    let long = format!("request=smtpd_access_policy\nhelo_name={}", "x".repeat(10_000_000));
    let endless = "new_name=x\n".repeat(1_000_000);
    let mixed = whole.replace("helo_name=mail.good.example\n", &whole);
    let twice = whole.replace("sender=", "client_address=203.0.113.8\nsender=");
    for (octets, log) in [
        (long.as_str(), "a line is longer than 16384 octets"),
        (&endless, "the request is longer than 65536 octets"),
        (&mixed.replace("\n\n", "\n"), "request= comes twice"),
        (&twice, "client_address= comes twice"),
        ("GET / HTTP/1.1\n\n", "a line is not name=value"),
        ("request=smtpd_access_policy\nprotocol_state=RCPT\n\0\n\n", "a line is not name=value"),
        ("request=junk\n\n", "this is no request=smtpd_access_policy"),
    ] {
        let mut client = daemon.connect();
        // The daemon stops reading, so the rest cannot be sent.
        let _ = client.0.get_mut().write_all(octets.as_bytes());
        assert!(client.is_closed(), "{log}");
        daemon.wait_for_log(&format!("connection from a unix socket closed: {log}"));
    }
    // The client goes away within a request.
    let mut client = daemon.connect();
    client.send(b"request=smtpd_access_policy\nprotocol_state=RC");
    drop(client);
    daemon.wait_for_log("the connection ended within a request");
    assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
    let growth = daemon.memory().saturating_sub(before);
    assert!(growth < GROWTH, "{growth} KiB");
}

/// Odd octets in values are data.
#[tokio::test(flavor = "multi_thread")]
async fn odd_values_are_data() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    let long = "x".repeat(16_000);
    for (name, value) in [
        ("helo_name", "a\0b"),
        ("helo_name", "\u{1b}[2J"),
        ("helo_name", long.as_str()),
        ("sender", "\0@\0"),
        ("sender", "a@b=c\r"),
        ("recipient", long.as_str()),
        ("instance", long.as_str()),
        ("client_address", "203.0.113.7\0"),
        ("client_address", ""),
        ("client_address", "fe80::1%eth0"),
        ("client_address", "999.0.113.7"),
        ("protocol_state", "R\0CPT"),
        ("queue_id", "x action=reject"),
    ] {
        let action = daemon.ask(&request("RCPT", "203.0.113.7", &[(name, value)]));
        assert!(action == "DUNNO" || action.starts_with("DEFER_IF_PERMIT 4.") || action.starts_with('5'), "{action}");
    }
    let mut client = daemon.connect();
    client
        .send(b"request=smtpd_access_policy\nprotocol_state=RCPT\nhelo_name=\xff\xfe\nclient_address=203.0.113.7\n\n");
    client.receive();
    daemon.wait_for_log("queue_id=x_action=reject ");
    let log = daemon.log();
    assert!(log.bytes().all(|octet| octet == b'\n' || octet == b' ' || octet.is_ascii_graphic()));
    assert!(log.lines().all(|line| line.len() < 4_000));
}

/// Without a client's address there is nothing to say against the client; a local address has no name.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_an_address() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    let without = rcpt("").replace("client_address=\n", "");
    for (asked, action, shown) in [
        (without.as_str(), "DUNNO", " client=- "),
        (&rcpt("unknown"), "DUNNO", " client=- "),
        (
            &rcpt("fe80::1%eth0"),
            "DEFER_IF_PERMIT 4.7.1 Access denied. Cannot resolve PTR record for fe80::1",
            " client=fe80::1 ",
        ),
    ] {
        assert_eq!(daemon.ask(asked), action);
        daemon.wait_for_log(shown);
    }
}

/// A thousand attributes that are not known, and a request in single octets.
#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_are_answered() {
    let daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    let more: String = (0..1_000).map(|number| format!("attribute_{number}=x\n")).collect();
    let long = rcpt("203.0.113.14").replace("sender=", &format!("{more}sender="));
    assert!(daemon.ask(&long).starts_with("554 5.7.1 "));
    let mut client = daemon.connect();
    for octet in rcpt("203.0.113.14").bytes() {
        client.send(&[octet]);
    }
    assert!(client.receive().starts_with("554 5.7.1 "));
}

/// Several requests at once are answered in their order; Exim closes its side before it reads.
#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_and_half_closed() {
    let daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    let mut client = daemon.connect();
    client.send((rcpt("203.0.113.14") + &rcpt("203.0.113.7") + &rcpt("203.0.113.9")).as_bytes());
    client.0.get_mut().shutdown(Shutdown::Write).unwrap();
    let starts = ["554 5.7.1 ", "DUNNO", "DEFER_IF_PERMIT "];
    for start in starts {
        let action = client.receive();
        assert!(action.starts_with(start), "{action}");
    }
    assert!(client.is_closed());
}

/// Messages leave nothing behind. `RDNSBL_REQUESTS` asks for more of them, and `--nocapture` shows the figures.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat() {
    let requests = std::env::var("RDNSBL_REQUESTS").map_or(12_000, |number| number.parse().unwrap());
    let daemon = Daemon::policyd("instances = 500", POLICY).await;
    let mut client = daemon.connect();
    let mut run = |range: std::ops::Range<u32>| {
        let start = std::time::Instant::now();
        for number in range {
            let (instance, helo) = (format!("{number}.x"), format!("h{}.good.example", number % 500));
            client.ask(&request("RCPT", "203.0.113.7", &[("instance", &instance), ("helo_name", &helo)]));
        }
        eprintln!(
            "{number} requests: {memory} KiB, {time:?}",
            number = requests / 4,
            memory = daemon.memory(),
            time = start.elapsed()
        );
        daemon.memory()
    };
    let first = run(0..requests / 4);
    run(requests / 4..requests / 2);
    run(requests / 2..requests / 4 * 3);
    let end = run(requests / 4 * 3..requests);
    assert!(end < first + GROWTH / 4, "{first} KiB, then {end} KiB");
}

//! Connections that are held, silent or not read: others are served, and memory is bounded.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::bad_input::GROWTH;
use crate::kit::{Client, Daemon, POLICY, rcpt};

/// Connections that say nothing make room for one that does, the oldest first, and take little memory.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_make_room() {
    for places in ["connections = 20", ""] {
        let daemon = Daemon::policyd(places, POLICY).await;
        assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
        let before = daemon.memory();
        let mut silent: Vec<Client<UnixStream>> = (0..1_000).map(|_| daemon.connect()).collect();
        for _ in 0..10 {
            assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
        }
        assert!(silent[0].is_closed());
        let growth = daemon.memory().saturating_sub(before);
        assert!(growth < GROWTH, "{growth} KiB");
        drop(silent);
        assert_eq!(daemon.ask(&rcpt("203.0.113.7")), "DUNNO");
    }
}

/// A client that keeps asking and reads no answer fills only the buffers of its own connection.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads() {
    let daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    assert!(daemon.ask(&rcpt("203.0.113.14")).starts_with("554 "));
    let before = daemon.memory();
    let mut deaf: Vec<Client<UnixStream>> = (0..4).map(|_| daemon.connect()).collect();
    let request = rcpt("203.0.113.14").into_bytes();
    for client in &mut deaf {
        let stream = client.0.get_mut();
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        // Until no more can be sent, or the daemon has closed it.
        while stream.write_all(&request).is_ok() {}
    }
    assert!(daemon.ask(&rcpt("203.0.113.14")).starts_with("554 "));
    let growth = daemon.memory().saturating_sub(before);
    assert!(growth < GROWTH, "{growth} KiB");
}

/// Requests without an end hold their places for a while; they do not lose them to others.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_not_interrupted() {
    let mut daemon = Daemon::policyd("connections = 2", POLICY).await;
    let mut slow = daemon.connect();
    slow.send(b"request=smtpd_access_policy\n");
    for _ in 0..20 {
        let mut other = daemon.connect();
        assert_eq!(other.ask(&rcpt("203.0.113.7")), "DUNNO");
    }
    // Where no connection is idle, a further one is closed, and the log says so.
    let mut other = daemon.connect();
    assert_eq!(other.ask(&rcpt("203.0.113.7")), "DUNNO");
    other.send(b"request=smtpd_access_policy\n");
    assert!(daemon.connect().is_closed());
    daemon.wait_for_log("no room for another connection");
    let rest = rcpt("203.0.113.7").replacen("request=smtpd_access_policy\n", "", 1);
    assert_eq!(slow.ask(&rest), "DUNNO");
}

//! Start, reload and end; systemd's protocols; the page for Prometheus.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{Client, Daemon, PATIENCE, POLICY, Scratch, rcpt, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_memory() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"\nwatch = \"off\"", POLICY).await;
    let mut client = daemon.connect();
    assert!(client.ask(&rcpt("203.0.113.9")).starts_with("DEFER_IF_PERMIT 4.7.1 "));

    // A mistake changes nothing. A dead list beside it is none, and the log does not take it for one.
    let dead = POLICY.replace("\"bl.example\"", "\"bl.example\", \"cn-kr.blackholes.us\"");
    daemon.rewrite("mode = \"enforced\"", &dead);
    daemon.signal("HUP");
    daemon.wait_for_log("reload: the configuration is unchanged");
    let file = daemon.scratch.join("config.toml");
    assert!(
        daemon.log().contains(&format!("reload: {}:2:8: mode: expected \"observe\" or \"enforce\"", file.display()))
    );
    assert!(!daemon.log().contains("cn-kr.blackholes.us"), "{}", daemon.log());
    assert!(client.ask(&rcpt("203.0.113.9")).starts_with("DEFER_IF_PERMIT 4.7.1 "));

    // The connection and the cache are kept.
    daemon.dns.forget_asked();
    daemon.rewrite("mode = \"enforce\"\nwatch = \"off\"", &POLICY.replace("450 4.7.1", "550 5.7.25"));
    daemon.signal("HUP");
    daemon.wait_for_log("reload: done, mode=enforce");
    let action = client.ask(&rcpt("203.0.113.9"));
    assert_eq!(action, "550 5.7.25 Access denied. Cannot resolve PTR record for 203.0.113.9");
    assert_eq!(daemon.dns.asked(), []);
    assert!(!daemon.log().contains("needs a restart"));

    daemon.rewrite("instances = 7", POLICY);
    daemon.signal("HUP");
    daemon.wait_for_log("needs a restart");
}

/// A file of exempt networks is read again; while it is wrong, the old one counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_reads_exempt_files() {
    let file = Scratch::new("exempt");
    let path = file.write("networks", "# nobody\n");
    let tables = format!("[exempt]\nfiles = [\"{}\"]\n{POLICY}", path.display());
    let mut daemon = Daemon::policyd("mode = \"enforce\"", &tables).await;
    assert!(daemon.ask(&rcpt("203.0.113.14")).starts_with("554 5.7.1 "));
    file.write("networks", "203.0.113.14/31\n");
    daemon.signal("HUP");
    daemon.wait_for_log("reload: done");
    assert_eq!(daemon.ask(&rcpt("203.0.113.14")), "DUNNO");
    file.write("networks", "\nmail.example\n");
    daemon.signal("HUP");
    daemon.wait_for_log(", line 2: expected an address or a network");
    assert_eq!(daemon.ask(&rcpt("203.0.113.14")), "DUNNO");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_waits_for_answers() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"", POLICY).await;
    daemon.dns.set("9.113.0.203.in-addr.arpa NXDOMAIN after=300ms").unwrap();
    let mut idle = daemon.connect();
    assert_eq!(idle.ask(&rcpt("203.0.113.7")), "DUNNO");
    daemon.dns.forget_asked();
    let mut busy = daemon.connect();
    busy.send(rcpt("203.0.113.9").as_bytes());
    while daemon.dns.asked().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    daemon.signal("TERM");
    assert!(busy.receive().starts_with("DEFER_IF_PERMIT 4.7.1 "));
    assert!(idle.is_closed());
    assert!(daemon.wait().success());
    assert!(!daemon.socket().exists());
    assert!(
        daemon.log().contains("rdnsbl-policyd stops\n") && daemon.log().contains("client=203.0.113.9 action=defer ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told() {
    let scratch = Scratch::new("notify");
    let notify = UnixDatagram::bind(scratch.join("notify")).unwrap();
    notify.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdnsbl-policyd"));
    command.arg("--config").arg(scratch.join("config.toml")).env("NOTIFY_SOCKET", scratch.join("notify"));
    command.env("JOURNAL_STREAM", "1:2");
    let keys = format!("listen = [\"unix:{}\"]", scratch.join("socket").display());
    let mut daemon = Daemon::start_by(command, scratch, &keys, POLICY).await;
    let receive = || {
        let mut buffer = [0; 256];
        let length = notify.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert_eq!(receive().trim_end(), "READY=1");
    daemon.signal("HUP");
    assert!(receive().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(receive().trim_end(), "READY=1");
    daemon.ask(&rcpt("203.0.113.14"));
    assert!(daemon.decision("client=203.0.113.14").starts_with("<5>rdnsbl: client="));
    daemon.signal("TERM");
    assert_eq!(receive().trim_end(), "STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_watched() {
    let mut daemon = Daemon::policyd("", POLICY).await;
    daemon.dns.set("*.bl.example A 127.0.0.2").unwrap();
    daemon.dns.set("2.0.0.127.bl.example NXDOMAIN").unwrap();
    // After a reload lists are watched anew.
    daemon.signal("HUP");
    daemon.wait_for_log("event: bl.example: ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_prometheus() {
    let mut daemon = Daemon::policyd("mode = \"enforce\"\nmetrics = \"127.0.0.1:0\"", POLICY).await;
    daemon.ask(&rcpt("203.0.113.14"));
    daemon.ask(&request("RCPT", "203.0.113.14", &[("sasl_username", "ann")]));
    daemon.wait_for_log("metrics on http://");
    let log = daemon.log();
    let address = log.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let get = |request: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        // A reset is an end: not all that was sent has been read.
        let _ = stream.read_to_string(&mut page);
        page
    };
    let page = get("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())));
    let form = regex_lite::Regex::new(
        r#"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e-]+)$"#,
    )
    .unwrap();
    for line in body.lines() {
        assert!(form.is_match(line), "{line}");
    }
    for line in [
        "rdnsbl_answers_total{answer=\"reject\"} 1",
        "rdnsbl_answers_total{answer=\"dunno\"} 1",
        "rdnsbl_exempt_total 1",
        "rdnsbl_check_seconds_count 1",
        "rdnsbl_list_hits_total{list=\"bl.example\"} 1",
        "rdnsbl_list_problem{list=\"bl.example\",kind=\"ipv4\"} 0",
    ] {
        assert!(body.lines().any(|known| known == line), "{line} is not in\n{body}");
    }
    assert!(get("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert_eq!(get(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(5_000))).len(), 0);
}

/// If the log goes to a full disk or is not read, answers do not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_do_not_wait_for_the_log() {
    for sink in ["/dev/full", "pipe"] {
        let scratch = Scratch::new("unread");
        let socket = scratch.join("socket");
        let keys = format!("listen = [\"unix:{}\"]\n[resolver]\nservers = [\"127.0.0.1:9\"]\n", socket.display());
        let file = scratch.write("config.toml", &keys);
        let mut command = Command::new(env!("CARGO_BIN_EXE_rdnsbl-policyd"));
        command.arg("--config").arg(file).stderr(Stdio::piped());
        if sink != "pipe" {
            command.stderr(std::fs::File::options().write(true).open(sink).unwrap());
        }
        // What it writes is not read.
        let mut child = command.spawn().unwrap();
        let end = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < end && child.try_wait().unwrap().is_none(), "{sink}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Client(BufReader::new(stream));
        // More than a pipe and the queue hold.
        for _ in 0..3_000 {
            assert_eq!(client.ask(&request("RCPT", "192.0.2.1", &[("sasl_username", "ann")])), "DUNNO");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp() {
    let program = env!("CARGO_BIN_EXE_rdnsbl-policyd");
    let keys = "mode = \"enforce\"\nlisten = [\"inet:127.0.0.1:0\", \"inet:127.0.0.1:0\"]";
    let mut daemon = Daemon::start(program, Scratch::new("tcp"), keys, POLICY).await;
    let log = daemon.log();
    let addresses: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("listening on inet:")).collect();
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        assert!(Client::tcp(address).ask(&rcpt("203.0.113.14")).starts_with("554 "));
        let mut client = Client::tcp(address);
        client.send(b"GET / HTTP/1.1\r\n\r\n");
        assert!(client.is_closed());
    }
    daemon.wait_for_log("connection from 127.0.0.1 closed: a line is not name=value");
}

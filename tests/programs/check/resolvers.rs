//! Servers: their order, their silence, and that no other server is asked.

use futures::future::{join, join_all};

use super::{Run, run, serve};

const WORLD: &str = "14.113.0.203.bl.example A 127.0.0.2";

async fn with(servers: &[String], more: &[&str]) -> Run {
    let mut arguments = Vec::new();
    for server in servers {
        arguments.extend(["--resolver", server]);
    }
    arguments.extend(["--json", "--special", "--list", "bl.example", "203.0.113.14"]);
    arguments.extend(more);
    run(&arguments).await
}

#[tokio::test]
async fn servers_are_asked_in_order() {
    let (first, second) = (serve(WORLD).await, serve(WORLD).await);
    let servers = [first.address().to_string(), second.address().to_string()];
    let run = with(&servers, &[]).await;
    assert_eq!((run.code, second.datagrams()), (1, 0));
    let questions = ["questions", "resolver/questions"].map(|field| run.text(field).parse::<u64>().unwrap());
    assert_eq!(first.datagrams(), questions.iter().sum::<u64>(), "one datagram a question");
}

#[tokio::test]
async fn the_next_server_steps_in() {
    for broken in ["$DEFAULT SERVFAIL", "$DEFAULT REFUSED", "$DEFAULT TIMEOUT"] {
        let (first, second) = (serve(broken).await, serve(WORLD).await);
        let run = with(&[first.address().to_string(), second.address().to_string()], &[]).await;
        assert_eq!((run.verdicts(), run.code), (vec!["listed".to_owned()], 1), "{broken}");
        assert!(first.datagrams() > 0, "{broken}");
    }
}

#[tokio::test]
async fn a_silent_server_is_named() {
    let server = serve("$DEFAULT TIMEOUT").await;
    let address = server.address().to_string();
    // A question may take four fifths of this, so a busy machine has 600 ms to notice that there was no answer.
    let timeout = ["--timeout", "3s"];
    let named = async |form: &str| {
        let run = run(&[&["--resolver", &address, form, "192.0.2.1"], &timeout[..]].concat()).await;
        assert_eq!(run.code, 3, "{form}");
        assert!(run.err.contains(&format!("no answer from {address}")), "{form}: {}", run.err);
        assert!(!run.out.is_empty(), "the report is printed, too");
    };
    let servers = [address.clone()];
    let (run, _) =
        join(with(&servers, &timeout), join_all(["--verbose", "--json", "--jsonl", "--tsv", "--nagios"].map(named)))
            .await;
    assert_eq!((run.code, run.text("resolver/fault")), (3, "unreachable".to_owned()));
    assert_eq!(run.err.lines().count(), 1);
}

/// Nobody listens on the port: the network works, the server does not.
#[tokio::test]
async fn a_closed_port_is_a_server_that_cannot_be_reached() {
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = with(std::slice::from_ref(&closed), &[]).await;
    assert_eq!(
        (run.code, run.text("iprev/why"), run.verdicts()),
        (3, "network".into(), vec!["unknown/network".into()])
    );
    let table = super::run(&["--resolver", &closed, "--no-lists", "192.0.2.1"]).await;
    assert!(table.out.contains("could not tell: the resolver cannot be reached"), "{}", table.out);
}

#[tokio::test]
async fn a_refusing_server_is_named() {
    let server = serve("$DEFAULT REFUSED").await;
    let run = with(&[server.address().to_string()], &[]).await;
    assert_eq!((run.code, run.text("resolver/fault")), (3, "refused".to_owned()));
    assert!(run.err.contains(&server.address().to_string()), "{}", run.err);
}

#[tokio::test]
async fn a_server_that_strips_listings_is_named() {
    // The entry that zen documents comes back empty.
    let server = serve("2.0.0.127.zen.spamhaus.org NODATA-NOSOA\n14.113.0.203.zen.spamhaus.org NODATA-NOSOA").await;
    let address = server.address().to_string();
    let list = ["--special", "--list", "zen.spamhaus.org", "203.0.113.14"];
    let run = run(&[&["--resolver", &address, "--json"], &list[..]].concat()).await;
    assert_eq!((run.code, run.text("resolver/fault")), (3, "strips_127".to_owned()));
    assert_eq!(run.verdicts(), ["unknown/resolver"]);
}

#[tokio::test]
async fn time_is_kept() {
    let server = serve("$DEFAULT TIMEOUT").await;
    let address = server.address().to_string();
    // Below the default of five seconds.
    for timeout in ["50ms", "0.5s"] {
        let run = with(std::slice::from_ref(&address), &["--timeout", timeout]).await;
        let elapsed = run.at("/reports/0/elapsed_ms").as_f64().unwrap() / 1_000.0;
        assert!(elapsed < 4.5, "{timeout}: {elapsed}");
    }
}

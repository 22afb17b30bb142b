//! What DNS answers about the lists of a configuration.

use rdnsbl::testing::{LoopbackServer, Table};

use super::{Run, run, run_with};

const WORLD: &str = "
    $SOA good.example 300 60
    2.0.0.127.good.example      A    127.0.0.2
    *.dead.example              A    127.0.0.2
    *.parked.example            A    198.51.100.1
    *.refusing.example          A    127.255.255.254
    *.refusing2.example         A    127.255.255.254
    *.silent.example            TIMEOUT
    $SOA keykeykeykeykeykeykeykeyke.zen.dq.spamhaus.net 300 60
    *.keykeykeykeykeykeykeykeyke.zen.dq.spamhaus.net A 127.255.255.250";

/// Asks a server of this world about a plain list of zones.
async fn ask(lists: &str, more: &[&str]) -> Run {
    let server = LoopbackServer::start(Table::parse(WORLD).unwrap()).await.unwrap();
    let address = server.address().to_string();
    let arguments = [&["--json", "--as", "list", "--server", &address, "-"], more].concat();
    run_with(&arguments, lists.as_bytes()).await
}

#[tokio::test]
async fn the_world_of_the_demo() {
    let run = run(&["--demo", "--json", "--timeout", "4s"]).await;
    assert_eq!(run.code, 1);
    let found = run.found();
    assert_eq!(
        found[..5],
        [
            "7 lists-everything dead.demo",
            "9 dead-list cn-kr.blackholes.us",
            "10 parked parked.demo",
            "11 refuses-us refusing.demo",
            "12 misspelt zen.spamhous.org",
        ]
    );
    assert_eq!(run.at("/demo"), true);
}

#[tokio::test]
async fn how_lists_answer() {
    let run = ask("good.example\ndead.example\nparked.example\nrefusing.example\n", &["--timeout", "20s"]).await;
    assert_eq!(
        run.found(),
        ["2 lists-everything dead.example", "3 parked parked.example", "4 refuses-us refusing.example"]
    );
    let [Some(advice), Some(source)] =
        ["advice", "source"].map(|key| run.at(&format!("/findings/0/{key}")).as_str().map(str::to_owned))
    else {
        panic!("{}", run.out)
    };
    assert_eq!(advice, "remove it from the configuration");
    assert_eq!(source, "DNS: 1.0.0.127.dead.example A: 127.0.0.2");
}

/// A closed list is known: no question is needed.
#[tokio::test]
async fn closed_lists_are_not_asked() {
    let server = LoopbackServer::start(Table::parse("*.relays.ordb.org A 127.0.0.2").unwrap()).await.unwrap();
    let address = server.address().to_string();
    let run = run_with(&["--json", "--server", &address, "-"], b"relays.ordb.org\n").await;
    assert_eq!(run.found(), ["1 dead-list relays.ordb.org"]);
    assert!(!server.asked().iter().any(|question| question.name.to_string().contains("ordb")));
}

/// Several lists that refuse the resolver say something about the resolver, once.
#[tokio::test]
async fn a_public_resolver() {
    let run = ask("good.example\nrefusing.example\nrefusing2.example\n", &["--timeout", "20s"]).await;
    assert_eq!(run.found(), ["null resolver"]);
    assert_eq!(run.at("/findings/0/detail"), "refused by refusing.example, refusing2.example");
    assert_eq!(run.code, 1);
}

/// One list does not answer, but the resolver does.
#[tokio::test]
async fn a_silent_list() {
    let run = ask("good.example\nsilent.example\n", &["--timeout", "3s"]).await;
    assert_eq!(run.found(), ["2 no-answer silent.example"]);
}

/// Nobody answers: nothing is known, and no list is blamed.
#[tokio::test]
async fn no_answer_is_no_finding() {
    let server = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let run = run_with(&["--json", "--timeout", "3s", "--server", &address, "-"], b"bl.spamcop.net\n").await;
    assert_eq!(run.found(), ["1 no-ipv6"]);
    assert_eq!(run.code, 3, "{}", run.out);
    assert_eq!(run.at("/no_answer/0"), "bl.spamcop.net");
    assert!(run.err.contains("no answer from"), "{}", run.err);
}

/// A key is part of the question, but never of the output.
#[tokio::test]
async fn a_key_is_asked_and_not_shown() {
    let run = ask("keykeykeykeykeykeykeykeyke.zen.dq.spamhaus.net=127.0.0.2\n", &["--timeout", "20s"]).await;
    assert_eq!(run.found(), ["1 refuses-us zen.dq.spamhaus.net"], "{}", run.err);
    assert!(!run.out.contains("keykey") && !run.err.contains("keykey"), "{}{}", run.out, run.err);
}

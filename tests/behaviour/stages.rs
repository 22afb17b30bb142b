//! The five stages of a session in each world: how many questions go out at each, and how long it takes.
//!
//! `cargo test --all-features --test behaviour questions_and_time_of_each_stage -- --nocapture` prints the table.

use std::collections::HashSet;
use std::time::Duration;

use rdnsbl::Session;
use rdnsbl::clock::Clock;

use crate::kit::world::{CLEAN, World, lists};

const DNS: &str = "
    $SOA test 300 60
    $SOA in-addr.arpa 3600 600
    7.77.66.45.in-addr.arpa PTR clean.client.test
    clean.client.test A 45.66.77.7
    sender.test MX 10 mx.sender.test
    mx.sender.test A 45.66.77.9
    one.test A 45.66.77.9
    two.test A 45.66.77.9
    1.0.0.127.bl.test NXDOMAIN
    * NXDOMAIN
";

const SHORT: Duration = Duration::from_millis(1500);

/// Each world: its name, what differs from the healthy one, and the time of a stage, if it is not the default.
const WORLDS: [(&str, &str, Option<Duration>); 6] = [
    ("healthy", "", None),
    ("no SOA", "7.77.66.45.bl.test NXDOMAIN-NOSOA", None),
    ("TTL 0", "7.77.66.45.in-addr.arpa PTR clean.client.test ttl=0\nclean.client.test A 45.66.77.7 ttl=0", None),
    ("list SERVFAIL", "*.bl.test SERVFAIL\n7.77.66.45.bl.test SERVFAIL", None),
    ("list silent", "*.bl.test TIMEOUT\n7.77.66.45.bl.test TIMEOUT", None),
    ("list silent, 1.5 s", "*.bl.test TIMEOUT\n7.77.66.45.bl.test TIMEOUT", Some(SHORT)),
];

/// Questions and milliseconds of each stage. No question goes out twice.
fn stages(name: &str, change: &str, budget: Option<Duration>) -> String {
    let world = World::new(DNS, lists(["bl.test", "other.test"]));
    change.lines().for_each(|line| world.dns.set(line).unwrap());
    let mut session = world.checker.session(CLEAN);
    if let Some(budget) = budget {
        session = session.within(budget);
    }
    let mut line = format!("{name:<19}");
    let mut stage = |session: &mut Session| {
        let (begun, asked) = (world.clock.now(), world.asked().len());
        world.clock.run(session.report());
        let took = world.clock.now() - begun;
        line += &format!("|{:>2} in {:>4} ms ", world.asked().len() - asked, took.as_millis());
        // Time between two commands: what is valid for a moment expires.
        world.clock.advance(Duration::from_secs(2));
    };
    stage(&mut session);
    stage(session.helo("clean.client.test"));
    stage(session.mail_from("<a@sender.test>"));
    stage(session.rcpt_to("<b@one.test>"));
    stage(session.rcpt_to("<b@two.test>"));
    let asked = world.asked();
    let different: HashSet<&String> = asked.iter().collect();
    assert_eq!(different.len(), asked.len(), "{name}: {asked:?}");
    line.trim_end().to_owned()
}

#[test]
fn questions_and_time_of_each_stage() {
    let table: Vec<String> = WORLDS.iter().map(|(name, change, budget)| stages(name, change, *budget)).collect();
    println!("{:<19}|{:<14}|{:<14}|{:<14}|{:<14}|{:<14}", "", " connect", " HELO", " MAIL", " RCPT", " RCPT again");
    table.iter().for_each(|line| println!("{line}"));
    assert_eq!(
        table,
        [
            "healthy            | 8 in    0 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
            "no SOA             | 6 in    0 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
            "TTL 0              | 8 in    0 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
            "list SERVFAIL      | 6 in    0 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
            "list silent        | 6 in 4000 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
            "list silent, 1.5 s | 6 in 1500 ms | 1 in    0 ms | 2 in    0 ms | 2 in    0 ms | 2 in    0 ms",
        ]
    );
}

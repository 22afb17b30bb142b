//! The `check` example.

use crate::servers::ClosedPort;
use crate::world::{CLEAN, LISTED, World};

/// What the `check` example says, and its exit code.
fn check(world: &World, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    check_through(world.resolver.address(), arguments)
}

fn check_through(resolver: std::net::SocketAddr, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().with_file_name("examples").join("check");
    assert!(program.exists(), "\n\n  {} IS MISSING\n  cargo build --example check\n\n", program.display());
    let output = std::process::Command::new(program)
        .args(["--json", "--special", "--profile", "none", "--resolver", &resolver.to_string()])
        .args(arguments)
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["version"], &document["demo"]), (&1.into(), &false.into()));
    (output.status.code(), document["reports"][0].clone())
}

/// The verdict of each list, with its problem or reason. The question's timeout and the check's count as the same.
fn verdicts(report: &serde_json::Value) -> Vec<String> {
    let word = |list: &serde_json::Value| {
        let more = ["problem", "why"].iter().filter_map(|key| list[key].as_str());
        [list["verdict"].as_str().unwrap()]
            .into_iter()
            .chain(more)
            .collect::<Vec<_>>()
            .join(" ")
            .replace("deadline", "timeout")
    };
    report["lists"].as_array().unwrap().iter().map(word).collect()
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn check_listed_and_clean() {
    let world = World::start().await;
    let (code, report) = check(&world, &["--list", "bl.example", "--list", "several.example*2", LISTED]);
    assert_eq!((code, report["iprev"]["result"].as_str()), (Some(1), Some("pass")));
    assert_eq!(verdicts(&report), ["listed", "listed"]);
    assert_eq!(report["lists"][1]["codes"], serde_json::json!(["127.0.0.2", "127.0.0.10"]));
    assert_eq!(report["lists"][0]["reason"], "Listed, see https://bl.example/?ip=203.0.113.14");
    assert!((540..=600).contains(&report["lists"][0]["ttl"].as_u64().unwrap()), "{}", report["lists"][0]);
    assert_eq!(report["score"]["low"], 3);
    assert_eq!((&report["reply"]["code"], &report["reply"]["enhanced"]), (&550.into(), &"5.7.1".into()));

    let (code, report) = check(&world, &["--list", "bl.example", "--list", "several.example", CLEAN]);
    assert_eq!((code, verdicts(&report)), (Some(0), vec!["not_listed".to_owned(); 2]));
    assert_eq!(report["reply"], serde_json::Value::Null);
    // A second less if the resolver remembers the zone's SOA record from the first run.
    assert!((60..=120).contains(&report["lists"][0]["ttl"].as_u64().unwrap()), "{}", report["lists"][0]);
    assert_eq!(report["questions"], 4, "PTR, its address, two lists");

    let (code, report) = check(&world, &["--list", "bl.example", "2001:db8:0:14::1"]);
    assert_eq!((code, &report["lists"][0]["codes"][0]), (Some(1), &"127.0.0.3".into()));
    let (code, report) = check(&world, &["--list", "dbl.example", "bad.example"]);
    assert_eq!((code, &report["lists"][0]["codes"][0]), (Some(1), &"127.0.1.2".into()));
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn check_lists_that_have_died() {
    let world = World::start().await;
    let lists = [
        ("dead.example", "problem lists_everything"),
        ("numeric.example", "problem lists_everything"),
        ("parked.example", "problem outside_127"),
        ("refusing.example", "problem refused"),
        ("refuse.example", "unknown refused"),
        ("broken.example", "unknown servfail"),
        ("silent.example", "unknown timeout"),
        ("bl.example", "not_listed"),
    ];
    let mut arguments = vec!["--timeout", "800ms", CLEAN];
    lists.iter().for_each(|(list, _)| arguments.extend(["--list", list]));
    let (code, report) = check(&world, &arguments);
    assert_eq!(verdicts(&report), lists.map(|(_, verdict)| verdict));
    assert_eq!((code, &report["reply"]), (Some(0), &serde_json::Value::Null), "one sound list is enough");
    assert_eq!(report["resolver"]["fault"], serde_json::Value::Null);
    assert!(report["elapsed_ms"].as_f64().unwrap() < 1_500.0, "{}", report["elapsed_ms"]);

    let (code, report) = check(&world, &["--timeout", "500ms", "--list", "silent.example", CLEAN]);
    assert_eq!((code, verdicts(&report)), (Some(3), vec!["unknown timeout".to_owned()]));
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn check_resolvers_at_fault() {
    let world = World::start_with("  private-address: 127.0.0.0/8\n").await;
    let (code, report) = check(&world, &["--list", "bl.example", "--list", "tset.example", LISTED]);
    assert_eq!((code, &report["resolver"]["fault"]), (Some(3), &"strips_127".into()));
    assert_eq!(verdicts(&report), ["unknown resolver"; 2]);

    let nobody = ClosedPort::new();
    let (code, report) = check_through(nobody.address, &["--list", "bl.example", LISTED]);
    assert_eq!((code, &report["resolver"]["fault"]), (Some(3), &"unreachable".into()));
    assert_eq!((verdicts(&report), &report["iprev"]["result"]), (vec!["unknown network".into()], &"temperror".into()));
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn check_a_dialogue() {
    let world = World::start().await;
    for (client, result, code) in [
        ("203.0.113.7", "pass", 0),
        ("203.0.113.8", "fail", 0),
        ("203.0.113.9", "permerror", 0),
        ("203.0.113.10", "temperror", 3),
        ("203.0.113.11", "fail", 0),
        ("203.0.113.12", "temperror", 3),
    ] {
        let (exit, report) = check(&world, &["--no-lists", client]);
        assert_eq!((exit, report["iprev"]["result"].as_str()), (Some(code), Some(result)), "{client}");
    }
    for (sender, verdict, reply) in [
        ("a@usable.example", "ok", None),
        ("a@nullmx.example", "null_mx", Some("5.7.27")),
        ("a@gone.example", "no_such_domain", Some("5.1.8")),
        ("a@broken.example", "unknown", Some("4.4.3")),
        ("<>", "null_sender", None),
    ] {
        let (_, report) = check(&world, &["--no-lists", "--from", sender, "--helo", "mail.good.example", CLEAN]);
        assert_eq!(report["sender"]["verdict"], verdict, "{sender}");
        assert_eq!(report["reply"]["enhanced"].as_str(), reply, "{sender}");
        assert_eq!(report["helo"]["verdict"], "resolves_to_client");
    }
}

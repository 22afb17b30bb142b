//! `--probe`: whether lists work, without a client.

use std::collections::HashMap;

use serde_json::Value;

use super::{Run, ask, run, serve};

const WORLD: &str = "
    $SOA good.example 300 60
    2.0.0.127.good.example      A    127.0.0.2
    $SOA bare.example 300 60
    *.dead.example              A    127.0.0.2
    *.parked.example            A    198.51.100.1
    *.refusing.example          A    127.255.255.254
    *.silent.example            TIMEOUT
    $SOA relays.ordb.org 300 60
    2.0.0.127.relays.ordb.org   A    127.0.0.2
    $SOA dnsbl.njabl.org 300 60
    *.list.dsbl.org             A    127.0.0.2
    $SOA bogons.cymru.com 300 60
    *.127.bogons.cymru.com      A    127.0.0.2
    1.1.168.192.bogons.cymru.com A   127.0.0.2
    $SOA keykeykeykeykeykey.zen.dq.spamhaus.net 300 60
    2.0.0.127.keykeykeykeykeykey.zen.dq.spamhaus.net A 127.0.0.2
    2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.keykeykeykeykeykey.zen.dq.spamhaus.net A 127.0.0.2
    $SOA ips.backscatterer.org 300 60";

/// Each row's list with one of its fields.
fn rows(run: &Run, field: &str) -> Vec<(String, Value)> {
    let lists = run.at("/lists");
    let row = |row: &Value| (row.get("list").unwrap().as_str().unwrap().to_owned(), row.get(field).unwrap().clone());
    lists.as_array().unwrap().iter().map(row).collect()
}

fn remarks(run: &Run, list: &str) -> Vec<String> {
    let (_, remarks) = rows(run, "remarks").into_iter().find(|(name, _)| name == list).unwrap();
    remarks.as_array().unwrap().iter().map(|remark| remark.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn how_lists_are() {
    let server = serve(WORLD).await;
    for (list, health, code) in [
        ("good.example", "sound", 0),
        ("bare.example", "no_test_entries", 0),
        ("bogons.cymru.com", "sound", 0),
        ("dead.example", "lists_everything", 1),
        ("parked.example", "parked", 1),
        ("refusing.example", "refusing", 1),
        ("silent.example", "unreachable", 1),
        // Closed, but asked.
        ("relays.ordb.org", "sound", 0),
        ("list.dsbl.org", "lists_everything", 1),
        ("dnsbl.njabl.org", "no_test_entries", 1),
    ] {
        let run = ask(&server, &["--probe", "--json", "--timeout", "500ms", list]).await;
        assert_eq!(rows(&run, "health"), [(list.to_owned(), health.into())], "{}", run.err);
        assert_eq!(run.code, code, "{list}");
        let [(_, advice)] = &rows(&run, "advice")[..] else { panic!("{}", run.out) };
        assert_eq!(advice.is_null(), code == 0, "{list}: {advice}");
        let [(_, evidence)] = &rows(&run, "evidence")[..] else { panic!("{}", run.out) };
        assert!(!evidence.as_array().unwrap().is_empty(), "{list}");
        assert_eq!(rows(&run, "kind"), [(list.to_owned(), "ipv4".into())]);
    }
}

#[tokio::test]
async fn what_the_catalogue_says_is_held_against_the_answers() {
    let server = serve(WORLD).await;
    let lists = ["relays.ordb.org", "list.dsbl.org", "ips.backscatterer.org", "good.example"];
    let run = ask(&server, &[&["--probe", "--json"], &lists[..]].concat()).await;
    assert_eq!(run.code, 1);
    assert_eq!(remarks(&run, "relays.ordb.org"), ["marked closed, answers soundly"]);
    assert!(remarks(&run, "list.dsbl.org")[0].starts_with("marked closed: list.dsbl.org (DSBL): closed 2008-05; "));
    assert!(
        remarks(&run, "ips.backscatterer.org").iter().any(|remark| remark.contains("only for the null sender (<>)"))
    );
    assert!(remarks(&run, "good.example").is_empty());
    let statuses: HashMap<String, Value> = rows(&run, "status").into_iter().collect();
    assert_eq!(statuses.get("relays.ordb.org"), Some(&"retired".into()));
    assert_eq!(statuses.get("good.example"), Some(&Value::Null));
}

#[tokio::test]
async fn lists_in_every_notation_and_no_key() {
    let server = serve(WORLD).await;
    let pasted = "smtpd_client_restrictions = reject_rbl_client good.example, reject_rbl_client dead.example=127.0.0.2";
    let run = ask(&server, &["--probe", "--json", pasted, "--allow", "bare.example"]).await;
    let lists: Vec<String> = rows(&run, "health").into_iter().map(|(list, _)| list).collect();
    assert_eq!(lists.len(), 3, "{lists:?}");
    let keyed = ask(&server, &["--probe", "--json", "keykeykeykeykeykey.zen.dq.spamhaus.net"]).await;
    assert_eq!((keyed.code, rows(&keyed, "health").len()), (0, 2), "{}", keyed.out);
    assert!(!keyed.said().contains("keykeykey"), "{}", keyed.said());
}

#[tokio::test]
async fn lists_are_not_judged_without_any_answer() {
    // No server at all, and a resolver that invents answers.
    let nobody = serve(". TIMEOUT\n*.com TIMEOUT\n*.org TIMEOUT\n*.net TIMEOUT\n*.good.example TIMEOUT").await;
    let run = ask(&nobody, &["--probe", "--json", "--timeout", "300ms", "good.example"]).await;
    assert_eq!((run.code, rows(&run, "health")), (3, vec![("good.example".to_owned(), "unprobed".into())]));
    assert!(run.err.contains("no list could be told"), "{}", run.err);
    let liar =
        serve("*.com A 198.51.100.1\n*.org A 198.51.100.1\n*.net A 198.51.100.1\n*.good.example A 198.51.100.1").await;
    let run = ask(&liar, &["--probe", "--json", "good.example"]).await;
    assert_eq!((run.code, rows(&run, "health")), (3, vec![("good.example".to_owned(), "unprobed".into())]));
    assert!(run.err.contains("the resolver invents addresses"), "{}", run.err);
    let run = ask(&liar, &["--probe", "good.example"]).await;
    assert!(run.out.contains("good.example (ipv4): the resolver is at fault"), "{}", run.out);
}

#[tokio::test]
async fn the_table_and_the_default_set() {
    let demo = run(&["--demo", "--probe"]).await;
    assert!(demo.out.starts_with("DEMO DATA"), "{}", demo.out);
    for line in demo.out.lines() {
        assert!(line.len() <= 80 && line.is_ascii(), "{line}");
    }
    for line in ["  BROKEN   dead.demo (ipv4): lists everything", "  sound    bl.demo (ipv4)"] {
        assert!(demo.out.lines().any(|said| said == line), "{line}: {}", demo.out);
    }
    assert_eq!((demo.code, demo.err.as_str()), (1, ""));
    let server = serve("").await;
    let run = ask(&server, &["--probe", "--jsonl"]).await;
    let lists: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &str| lists.iter().any(|row: &Value| row.get("list") == Some(&name.into()));
    assert!(named("zen.spamhaus.org") && named("list.dnswl.org") && named("multi.surbl.org"), "{}", run.out);
}

#[tokio::test]
async fn all_that_are_known() {
    let run = run(&["--demo", "--probe", "--all", "--json"]).await;
    assert_eq!((run.code, run.at("/demo")), (1, true.into()));
    let health: HashMap<String, Value> = rows(&run, "health").into_iter().collect();
    assert!(health.len() > 280, "{}", health.len());
    for (list, wanted) in [("closed.demo", "sound"), ("bl.demo", "sound"), ("dead.demo", "lists_everything")] {
        assert_eq!(health.get(list), Some(&wanted.into()), "{list}");
    }
    assert_eq!(remarks(&run, "closed.demo"), ["marked closed, answers soundly"]);
    assert!(health.contains_key("dnsbl.njabl.org") && !health.contains_key("zen.dq.spamhaus.net"));
    assert!(run.err.contains("lists that want a key"), "{}", run.err);
}

#[tokio::test]
async fn options_that_contradict_each_other() {
    for (arguments, said) in [
        (&["--all"][..], "--all belongs to --probe"),
        (&["--probe", "--helo", "x"], "--probe tries lists alone"),
        (&["--probe", "--no-lists"], "--probe tries lists alone"),
        (&["--probe", "--nagios"], "--probe prints a table"),
        (&["--probe", "--tsv"], "--probe prints a table"),
        (&["--probe", "--all", "--profile", "none"], "--all contradicts --profile none"),
        (&["--probe", "bad..example"], "--list:"),
    ] {
        let run = run(arguments).await;
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains(said), "{}", run.err);
    }
}

/// A zone whose domain is gone is told so for every kind of address.
#[tokio::test]
async fn a_domain_that_does_not_exist() {
    let server = serve("$SOA org 300 60").await;
    let run = ask(&server, &["--probe", "--json", "sbl.spamhaus.org"]).await;
    let gone = ("sbl.spamhaus.org".to_owned(), Value::from("gone"));
    assert_eq!((rows(&run, "health"), run.code), (vec![gone.clone(), gone], 1), "{}", run.err);
}

/// Without a test entry, nothing shows that a list holds anything.
#[tokio::test]
async fn the_table_calls_no_list_sound_without_a_test_entry() {
    let server = serve(WORLD).await;
    let run = ask(&server, &["--probe", "good.example", "bare.example", "dead.example"]).await;
    for line in [
        "  BROKEN   dead.example (ipv4): lists everything",
        "  untested bare.example (ipv4): has no test entry",
        "  sound    good.example (ipv4)",
    ] {
        assert!(run.out.lines().any(|it| it.starts_with(line)), "{line}: {}", run.out);
    }
    assert_eq!(run.code, 1);
}

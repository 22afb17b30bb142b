//! The recipe of `docs/fleet.md`: processes behind one unbound, and a list server that hears each question once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::servers::{Rbldnsd, Unbound, Zone, stub};
use crate::world::{ip, only};

const RECIPE: &str = include_str!("../../docs/fleet.md");
const PROCESSES: usize = 3;
const ZONES: [&str; 3] = ["zen.spamhaus.org", "dbl.spamhaus.org", "bl.corp.example"];

/// Made-up data for the zones of the recipe.
async fn list_server() -> Rbldnsd {
    let soa = |zone: &str| {
        format!("$SOA 300 ns.{zone} hostmaster.{zone} 1 3600 600 86400 120\n$NS 300 ns.{zone}\n$TTL 600\n")
    };
    let zen =
        soa("zen.spamhaus.org") + "127.0.0.2/32 :127.0.0.2:test\n198.51.100.0/26 :127.0.0.4:https://check.example/$\n";
    let dbl = soa("dbl.spamhaus.org") + ":127.0.1.2:$ is listed\ndbltest.com\nspam3.test\nspam7.test\n";
    let own = soa("bl.corp.example") + ":127.0.0.2:seen by our own traps\n127.0.0.2\n198.51.100.7\n";
    Rbldnsd::start(vec![
        Zone::new("zen.spamhaus.org", "ip4trie", zen),
        Zone::new("dbl.spamhaus.org", "dnset", dbl),
        Zone::new("bl.corp.example", "ip4set", own),
    ])
    .await
}

/// The configuration in the recipe, on addresses that are free here; one line of it may be another.
fn recipe(lists: SocketAddr, line: &str, instead: &str) -> String {
    let config = RECIPE.split("```conf\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let placed = config.replace("127.0.0.1@5300", &format!("{}@{}", lists.ip(), lists.port()));
    assert!(placed.contains(line) && placed != config, "{line}");
    let elsewhere = |line: &str| ["interface:", "access-control:"].iter().any(|word| line.trim().starts_with(word));
    let lines = placed.lines().filter(|found| !elsewhere(found));
    lines
        .map(|found| if !line.is_empty() && found.trim() == line { instead } else { found })
        .collect::<Vec<_>>()
        .join("\n")
}

/// One mail server: the `check` example with 100 clients and 10 domains, 32 at a time.
fn mail_server(resolver: SocketAddr) -> Child {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().with_file_name("examples").join("check");
    assert!(program.exists(), "\n\n  {} IS MISSING\n  cargo build --example check\n\n", program.display());
    let mut command = Command::new(program);
    command.args(["--jsonl", "--special", "--timeout", "20s", "--resolver", &resolver.to_string()]);
    command.args(ZONES.iter().flat_map(|zone| ["--list", zone]));
    command.args((0..100).map(|last| format!("198.51.100.{last}")));
    command.args((0..10).map(|number| format!("spam{number}.test")));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// What the processes found, as one line a target each, and how many questions they needed in all.
fn outcome(children: Vec<Child>) -> (Vec<Vec<String>>, u64) {
    let mut questions = 0;
    let outputs = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        let reports = String::from_utf8(output.stdout).unwrap();
        let said = |line: &str| {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            questions += report["questions"].as_u64().unwrap();
            let lists = report["lists"].as_array().unwrap();
            let verdicts: Vec<&str> = lists.iter().map(|list| list["verdict"].as_str().unwrap()).collect();
            format!("{} {}", report["target"].as_str().unwrap(), verdicts.join(" "))
        };
        reports.lines().map(said).collect()
    });
    (outputs.collect(), questions)
}

/// A fleet's questions: those to unbound, and those that reached rbldnsd in the recipe's zones.
struct Questions {
    put: u64,
    heard: Vec<String>,
}

impl Questions {
    /// Those by labels that each process makes up for itself, to prove a list sane.
    fn by_random_labels(&self) -> usize {
        let random = |question: &&String| question.split('.').next().is_some_and(|label| label.len() == 20);
        self.heard.iter().filter(random).count()
    }
}

/// Several mail servers at the same time, about the same clients and domains.
async fn fleet(resolver: &Unbound, lists: &Rbldnsd) -> Questions {
    let (address, before) = (resolver.address(), lists.asked().len());
    let processes = (0..PROCESSES).map(|_| mail_server(address)).collect();
    let (found, put) = tokio::task::spawn_blocking(move || outcome(processes)).await.unwrap();
    assert_eq!(found.len(), PROCESSES);
    for said in &found {
        assert_eq!(said, &found[0], "all processes find the same");
        assert_eq!(said.len(), 110);
        let lines = |word: &str| said.iter().filter(|line| line.contains(&format!(" {word}"))).count();
        assert_eq!(lines("listed"), 66, "64 clients and two domains: {said:#?}");
        assert_eq!((lines("problem"), lines("unknown")), (0, 0), "{said:#?}");
    }
    let in_zones = |question: &String| ZONES.iter().any(|zone| question.contains(zone));
    Questions { put, heard: lists.asked().split_off(before).into_iter().filter(in_zones).collect() }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn each_question_reaches_the_list_server_once() {
    let lists = list_server().await;
    let resolver = Unbound::start_as(&recipe(lists.address(), "", ""), &lists).await;
    let first = fleet(&resolver, &lists).await;
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    first.heard.iter().for_each(|question| *times.entry(question).or_default() += 1);
    let again: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(again.is_empty(), "asked more than once: {again:#?}");
    assert_eq!(first.by_random_labels(), PROCESSES * ZONES.len(), "one for each process and zone");
    // After a restart only unbound has a cache.
    let second = fleet(&resolver, &lists).await;
    assert_eq!(second.heard.len(), second.by_random_labels(), "{:#?}", second.heard);
    for (run, asked) in [("cold", first), ("processes restarted", second)] {
        let (heard, random) = (asked.heard.len(), asked.by_random_labels());
        println!("{run}: {} questions to unbound, {heard} to rbldnsd, {random} of them by random labels", asked.put);
    }
}

/// How many questions the lines of the recipe save.
#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn other_settings_cost_the_list_server_more() {
    let mut heard = Vec::new();
    for (line, instead) in
        [("", ""), ("qname-minimisation: no", "    qname-minimisation: yes"), ("num-threads: 1", "    num-threads: 4")]
    {
        let lists = list_server().await;
        let resolver = Unbound::start_as(&recipe(lists.address(), line, instead), &lists).await;
        let asked = fleet(&resolver, &lists).await.heard;
        let (all, different) = (asked.len(), asked.iter().collect::<BTreeSet<_>>().len());
        println!("{} {all} questions to rbldnsd", if line.is_empty() { "as it stands:" } else { instead.trim() });
        heard.push((all, different));
    }
    // On a busy machine unbound sends some questions again: only threads are meant to ask the same. How often they do is random;
    // each asks even if another has the question in flight.
    assert!(heard[1].1 > heard[0].1 && heard[2].0 >= heard[0].1, "{heard:?}");
}

/// What the table below the recipe says of single lines.
#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn without_its_lines_the_recipe_fails() {
    let private = "    private-address: 127.0.0.0/8";
    let excepted = "    private-address: 127.0.0.0/8\n    private-domain: \"zen.spamhaus.org\"";
    for (line, instead, found) in [
        ("", "", ["listed", "not_listed"]),
        ("do-not-query-localhost: no", "", ["unknown", "unknown"]),
        ("cache-min-ttl: 0", private, ["unknown", "unknown"]),
        ("cache-min-ttl: 0", excepted, ["listed", "not_listed"]),
    ] {
        let lists = list_server().await;
        let resolver = Unbound::start_as(&recipe(lists.address(), line, instead), &lists).await;
        let checker = rdnsbl::Checker::builder(stub(resolver.address()))
            .lists(rdnsbl::ListSet::builder().deny("zen.spamhaus.org").build().unwrap())
            .special_purpose(rdnsbl::SpecialPurpose::Ask)
            .build()
            .unwrap();
        for (client, wanted) in ["198.51.100.14", "198.51.100.99"].into_iter().zip(found) {
            let report = checker.check(ip(client)).await;
            assert_eq!(only(&report).verdict().word(), wanted, "{client} {line} {instead}");
        }
    }
}

//! The whole library against real name servers: rbldnsd with the lists, unbound in front of it, on loopback.
//!
//! `cargo test --test real_servers -- --ignored`; needs Debian's unbound and rbldnsd (any user may run them), and the `check`
//! example for the cases at the end: `cargo build --example check`.
#![cfg(all(feature = "hickory", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub)]

mod fleet;
mod servers;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::check::mail_domain::Via;
use rdnsbl::clock::{BoxFuture, TokioClock};
use rdnsbl::dns::Failure;
use rdnsbl::dnsxl::{Health, Part, ProblemKind, Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::name::Name;
use rdnsbl::report::{Completeness, ListReport, ResolverFault};
use rdnsbl::{
    Action, Checker, CheckerBuilder, Clock, Dialogue, ListSet, ListSpec, MailDomain, Outcome, PathRole, Report,
    SpecialPurpose, UnknownReason, Verdict,
};
use servers::{ClosedPort, Rbldnsd, Unbound, Zone, silent_socket, stub, stub_zone};

/// On two lists of two formats.
const LISTED: &str = "203.0.113.14";
/// On none.
const CLEAN: &str = "203.0.113.7";

/// What rbldnsd serves. SOA: TTL 300, MINIMUM 120, so a "no" lives 120 seconds.
fn lists() -> Vec<Zone> {
    let soa = |zone: &str| format!("$SOA 300 ns.{zone} hostmaster.{zone} 1 3600 600 86400 120\n$NS 300 ns.{zone}\n");
    let addresses = soa("bl.example")
        + "$TTL 600\n\
           :127.0.0.2:Listed, see https://bl.example/?ip=$\n\
           127.0.0.2\n203.0.113.14\n198.51.100.0/25\n!198.51.100.9\n";
    let addresses6 = ":127.0.0.3:IPv6 $ is listed\n::ffff:7f00:2/128\n2001:db8:0:14::/64\n";
    let proxies = soa("tset.example") + ":127.0.0.9:An open proxy at $\n127.0.0.2\n203.0.113.14\n";
    let networks = soa("trie.example") + "127.0.0.2/32 :127.0.0.4:test\n203.0.113.0/28 :127.0.0.4:Network of $\n";
    let several = soa("several.example") + "127.0.0.2 :127.0.0.2:test\n203.0.113.14 :127.0.0.2:spam from $\n";
    let several_more = "203.0.113.14 :127.0.0.10:dynamic $\n";
    let domains =
        soa("dbl.example") + ":127.0.1.2:Domain $ is listed\ntest\n.bad.example\nworse.example :127.0.1.4:phishing\n";
    let refusing = soa("refusing.example") + "0.0.0.0/0 :127.255.255.254:Query refused, see https://bl.example/open\n";
    let numeric = soa("numeric.example") + "0.0.0.0/0 :127.0.0.2:list closed\n";
    let welcome = soa("wl.example") + ":127.0.5.2:well known\n127.0.0.2\n203.0.113.14\n";
    vec![
        Zone::new("bl.example", "ip4set", addresses),
        Zone::new("bl.example", "ip6trie", addresses6),
        Zone::new("tset.example", "ip4tset", proxies),
        Zone::new("trie.example", "ip4trie", networks),
        Zone::new("several.example", "ip4set", several),
        Zone::new("several.example", "ip4trie", several_more),
        Zone::new("dbl.example", "dnset", domains),
        Zone::new("refusing.example", "ip4trie", refusing),
        Zone::new("numeric.example", "ip4trie", numeric),
        Zone::new("wl.example", "ip4set", welcome),
    ]
}

const ZONES: [&str; 8] = [
    "bl.example",
    "tset.example",
    "trie.example",
    "several.example",
    "dbl.example",
    "refusing.example",
    "numeric.example",
    "wl.example",
];

/// What unbound itself knows: clients with their names, mail domains, and lists that have died in its own zones.
const WORLD: &str = r#"
  local-zone: "113.0.203.in-addr.arpa." static
  local-zone: "good.example." static
  local-data: "good.example. 60 IN SOA ns.good.example. h.good.example. 1 3600 600 86400 60"
  local-data: "7.113.0.203.in-addr.arpa. 60 IN PTR mail.good.example."
  local-data: "mail.good.example. 60 IN A 203.0.113.7"
  local-data: "good.example. 60 IN MX 10 mail.good.example."
  local-data: "8.113.0.203.in-addr.arpa. 60 IN PTR liar.good.example."
  local-data: "liar.good.example. 60 IN A 203.0.113.200"
  local-zone: "10.113.0.203.in-addr.arpa." transparent
  local-data: "11.113.0.203.in-addr.arpa. 60 IN PTR ghost.good.example."
  local-data: "12.113.0.203.in-addr.arpa. 60 IN PTR slow.broken.example."
  local-data: "13.113.0.203.in-addr.arpa. 60 IN PTR aaa.good.example."
  local-data: "13.113.0.203.in-addr.arpa. 60 IN PTR bbb.good.example."
  local-data: "aaa.good.example. 60 IN A 203.0.113.201"
  local-data: "bbb.good.example. 60 IN A 203.0.113.13"
  local-data: "14.113.0.203.in-addr.arpa. 60 IN PTR spam.good.example."
  local-data: "spam.good.example. 60 IN A 203.0.113.14"
  local-zone: "nullmx.example." static
  local-data: "nullmx.example. 60 IN MX 0 ."
  local-zone: "aonly.example." static
  local-data: "aonly.example. 60 IN A 198.51.100.7"
  local-zone: "mxonly.example." static
  local-data: "mxonly.example. 60 IN MX 10 mx.usable.example."
  local-zone: "usable.example." static
  local-data: "usable.example. 60 IN SOA ns.usable.example. h.usable.example. 1 3600 600 86400 60"
  local-data: "usable.example. 60 IN MX 10 mx.usable.example."
  local-data: "mx.usable.example. 60 IN A 192.88.99.1"
  local-data: "mx.usable.example. 60 IN A 8.8.4.4"
  local-zone: "dangling.example." static
  local-data: "dangling.example. 60 IN MX 10 nowhere.dangling.example."
  local-zone: "gone.example." always_nxdomain
  local-zone: "empty.example." always_nodata
  local-zone: "dead.example." redirect
  local-data: "dead.example. 60 IN A 127.0.0.2"
  local-data: 'dead.example. 60 IN TXT "THIS LIST IS CLOSED---REMOVE IT FROM YOUR CONFIGURATION"'
  local-zone: "parked.example." redirect
  local-data: "parked.example. 60 IN A 203.0.113.200"
  local-zone: "refuse.example." refuse
  local-zone: "wordy.example." static
  local-data: "14.113.0.203.wordy.example. 60 IN A 127.0.0.2"
"#;

/// unbound in front of rbldnsd, and what has to stay alive for both.
struct World {
    lists: Rbldnsd,
    resolver: Unbound,
    _silent: std::net::UdpSocket,
}

impl World {
    async fn start() -> Self {
        Self::start_with("").await
    }

    /// With more lines in unbound's `server:` clause.
    async fn start_with(server: &str) -> Self {
        let lists = Rbldnsd::start(lists()).await;
        let silent = silent_socket();
        let mut clauses: String = ZONES.map(|zone| stub_zone(zone, lists.address())).concat();
        clauses += &stub_zone("silent.example", silent.local_addr().unwrap());
        let resolver = Unbound::start(&format!("{WORLD}{server}"), &clauses, &lists).await;
        Self { lists, resolver, _silent: silent }
    }

    fn builder(&self) -> CheckerBuilder {
        Checker::builder(stub(self.resolver.address())).special_purpose(SpecialPurpose::Ask)
    }

    fn checker(&self, lists: &[&str]) -> Checker {
        self.builder().lists(deny(lists)).build().unwrap()
    }
}

fn deny(lists: &[&str]) -> ListSet {
    lists.iter().fold(ListSet::builder(), |set, list| set.deny(list)).build().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The verdict of the only list.
fn only(report: &Report) -> &ListReport {
    let [list] = report.lists() else { panic!("{} lists", report.lists().len()) };
    list
}

/// `listed 127.0.0.2`, `not_listed`, `problem outside_127 203.0.113.200`, `unknown servfail`.
fn said(list: &ListReport) -> String {
    let verdict = list.verdict();
    let why = match verdict {
        Verdict::Problem(problem) => format!(" {}", problem.kind().word()),
        Verdict::Unknown(unknown) => format!(" {}", unknown.why().word()),
        Verdict::Skipped(why) => format!(" {}", why.word()),
        Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_) => String::new(),
    };
    let codes: String = verdict.codes().iter().map(|code| format!(" {code}")).collect();
    format!("{}{why}{codes}", verdict.word())
}

/// Real time that can be pushed ahead.
#[derive(Clone, Default)]
struct PushedClock(Arc<Mutex<Duration>>);

impl PushedClock {
    fn push(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for PushedClock {
    fn now(&self) -> Instant {
        TokioClock.now() + *self.0.lock().unwrap()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        TokioClock.sleep_until(at - *self.0.lock().unwrap())
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn listed_ipv4_with_its_text_and_proof() {
    let world = World::start().await;
    let report = world.checker(&["bl.example"]).check(ip(LISTED)).await;
    let Verdict::Listed(_, listing) = only(&report).verdict() else { panic!("{}", said(only(&report))) };
    assert_eq!(listing.codes(), [Ipv4Addr::new(127, 0, 0, 2)]);
    assert_eq!(listing.reason().unwrap().as_str(), "Listed, see https://bl.example/?ip=203.0.113.14");
    assert_eq!(only(&report).ttl(), Some(Duration::from_secs(600)));
    let controls: Vec<String> = listing.proof().controls().iter().map(|it| it.question().to_string()).collect();
    assert_eq!(controls[0], "1.0.0.127.bl.example A");
    assert!(controls[1].ends_with(".bl.example A"), "{}", controls[1]);
    // PTR, forward A; A, TXT and two controls at the list.
    assert_eq!(report.questions(), 6);
    assert_eq!((report.score().outcome(), report.advice().action()), (Outcome::Listed, Action::Reject));
    assert_eq!(report.resolver_fault(), None);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn listed_ipv6_with_its_text() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example"]);
    let report = checker.check(ip("2001:db8:0:14::25")).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.3");
    assert_eq!(only(&report).verdict().reason().unwrap().as_str(), "IPv6 2001:db8:0:14::25 is listed");
    let report = checker.check(ip("2001:db8:0:15::25")).await;
    assert_eq!(said(only(&report)), "not_listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn every_format_of_rbldnsd() {
    let world = World::start().await;
    let lists = ["bl.example", "tset.example", "trie.example", "several.example", "several.example=127.0.0.10"];
    let checker = world.checker(&[&lists[..], &["several.example=127.0.0.4", "bl.example=127.0.0.[3..11]"]].concat());
    let rows: [(&str, [&str; 7]); 5] = [
        (
            LISTED,
            [
                "listed 127.0.0.2",
                "listed 127.0.0.9",
                "listed 127.0.0.4",
                "listed 127.0.0.2 127.0.0.10",
                "listed 127.0.0.2 127.0.0.10",
                "excluded 127.0.0.2 127.0.0.10",
                "excluded 127.0.0.2",
            ],
        ),
        (
            CLEAN,
            ["not_listed", "not_listed", "listed 127.0.0.4", "not_listed", "not_listed", "not_listed", "not_listed"],
        ),
        ("203.0.113.16", ["not_listed"; 7]),
        (
            "198.51.100.8",
            [
                "listed 127.0.0.2",
                "not_listed",
                "not_listed",
                "not_listed",
                "not_listed",
                "not_listed",
                "excluded 127.0.0.2",
            ],
        ),
        ("198.51.100.9", ["not_listed"; 7]), // an exception within a listed network
    ];
    for (client, expected) in rows {
        let report = checker.check(ip(client)).await;
        let found: Vec<String> = report.lists().iter().map(said).collect();
        assert_eq!(found, expected, "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn domain_list() {
    let world = World::start().await;
    let about_sender = ListSpec::deny("dbl.example").unwrap().with_parts([Part::Sender]);
    let lists = ListSet::builder().deny("dbl.example").list(about_sender).build().unwrap();
    let checker = world.builder().lists(lists).build().unwrap();
    for (domain, expected) in [
        ("bad.example", "listed 127.0.1.2"),
        ("www.bad.example", "listed 127.0.1.2"),
        ("worse.example", "listed 127.0.1.4"),
        ("www.worse.example", "not_listed"),
        ("good.example", "not_listed"),
    ] {
        let report = checker.check(Name::parse(domain).unwrap()).await;
        assert_eq!(said(&report.lists()[0]), expected, "{domain}");
        let report = checker.check(Dialogue::new().mail_from(format!("<someone@{domain}>"))).await;
        assert_eq!(said(&report.lists()[0]), "skipped no_client", "{domain}");
        assert_eq!(said(&report.lists()[1]), expected, "{domain} as sender");
    }
    // rbldnsd names the entry that matched.
    let report = checker.check(Name::parse("www.bad.example").unwrap()).await;
    assert_eq!(report.lists()[0].verdict().reason().unwrap().as_str(), "Domain bad.example is listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_no_lives_as_long_as_the_soa_says() {
    let world = World::start().await;
    let clock = PushedClock::default();
    let checker = Checker::builder_with(stub(world.lists.address()), clock.clone())
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example"]))
        .build()
        .unwrap();
    let asked = async || checker.check(Dialogue::from(ip("203.0.113.99"))).await;
    let first = asked().await;
    assert_eq!((said(only(&first)), only(&first).ttl()), ("not_listed".into(), Some(Duration::from_secs(120))));
    let at_the_list = |report: &Report| {
        let network = rdnsbl::report::Source::Network;
        report
            .exchanges()
            .iter()
            .filter(|it| it.source() == network && it.question().to_string().contains("bl."))
            .count()
    };
    assert_eq!(at_the_list(&first), 1);
    assert_eq!(at_the_list(&asked().await), 0, "remembered");
    clock.push(Duration::from_secs(118));
    assert_eq!(at_the_list(&asked().await), 0, "still remembered");
    clock.push(Duration::from_secs(3));
    assert_eq!(at_the_list(&asked().await), 1, "asked anew");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn the_second_check_asks_nothing() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example", "tset.example", "trie.example"]);
    let dialogue = Dialogue::from(ip(LISTED)).helo("mail.good.example").mail_from("<a@usable.example>");
    let first = checker.check(&dialogue).await;
    let second = checker.check(&dialogue).await;
    assert!(first.questions() > 10, "{}", first.questions());
    assert_eq!(second.questions(), 0);
    let verdicts = |report: &Report| report.lists().iter().map(said).collect::<Vec<_>>();
    assert_eq!(verdicts(&first), verdicts(&second));
    // As the cache in unbound counts down, so does ours: never more than the list gave.
    assert!(second.lists()[0].ttl().unwrap() <= Duration::from_secs(600));
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn lists_that_have_died() {
    let world = World::start().await;
    // The verdict about a client, and about the next one, when the broken list is not asked any more.
    let dead = [
        ("dead.example", "problem lists_everything 127.0.0.2", "problem lists_everything"),
        ("numeric.example", "problem lists_everything 127.0.0.2", "problem lists_everything"),
        ("parked.example", "problem outside_127 203.0.113.200", "problem parked"),
        ("refusing.example", "problem refused 127.255.255.254", "problem refused"),
        ("refuse.example", "unknown refused", "unknown refused"),
        ("broken.example", "unknown servfail", "unknown servfail"),
        ("gone.example", "not_listed", "not_listed"),
    ];
    let checker = world.checker(&[&dead.map(|(list, ..)| list)[..], &["bl.example"]].concat());
    for (client, sound) in [(CLEAN, "not_listed"), (LISTED, "listed 127.0.0.2")] {
        let report = checker.check(ip(client)).await;
        for (row, (list, first, then)) in report.lists().iter().zip(dead) {
            assert_eq!(said(row), if client == CLEAN { first } else { then }, "{list} about {client}");
        }
        assert_eq!(said(&report.lists()[dead.len()]), sound);
        assert_eq!(report.denied().count(), usize::from(client == LISTED), "only the sound list lists");
        assert_eq!(report.resolver_fault(), None, "the lists are to blame, not the resolver");
        if client == CLEAN {
            let reason = report.lists()[0].verdict().reason().unwrap();
            assert_eq!(reason.as_str(), "THIS LIST IS CLOSED---REMOVE IT FROM YOUR CONFIGURATION");
        }
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_probe_tells_how_lists_are_doing() {
    let world = World::start().await;
    let expected = [
        ("bl.example", "sound"),
        ("several.example", "sound"),
        ("dead.example", "lists_everything"),
        ("numeric.example", "lists_everything"),
        ("parked.example", "parked"),
        ("refusing.example", "refusing"),
        ("wordy.example", "no_test_entries"),
    ];
    let checker = world.checker(&expected.map(|(list, _)| list));
    let found = checker.probe().await;
    let found: Vec<(&str, &str)> = found.iter().map(|it| (it.list().as_str(), it.health().word())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_invents_answers() {
    let invents = "  local-zone: \".\" redirect\n  local-data: \". 60 IN A 203.0.113.200\"\n";
    let lists = Rbldnsd::start(lists()).await;
    let resolver = Unbound::start(invents, "", &lists).await;
    let checker = Checker::builder(stub(resolver.address())).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example", "tset.example"])).build().unwrap();
    let report = checker.check(Dialogue::from(ip(CLEAN)).mail_from("<a@nothing.example>")).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::RewritesNxdomain));
    assert_eq!(report.counts().listed, 0);
    assert_eq!(report.sender().unwrap().verdict().word(), "unknown");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_that_begins_to_list_everything() {
    let data = |entry: &str| {
        format!(
            "$SOA 0 ns.bl.example h.bl.example 1 3600 600 86400 0\n$NS 0 ns.bl.example\n$TTL 1\n127.0.0.2\n{entry}\n"
        )
    };
    let lists = Rbldnsd::start(vec![Zone::new("bl.example", "ip4trie", data("203.0.113.14"))]).await;
    let clock = PushedClock::default();
    let checker = Checker::builder_with(stub(lists.address()), clock.clone())
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example"]))
        .build()
        .unwrap();
    let about = async |client: &str| said(only(&checker.check(ip(client)).await));
    assert_eq!(about(LISTED).await, "listed 127.0.0.2");
    assert_eq!(about("203.0.113.99").await, "not_listed");

    lists.rewrite("bl.example", "ip4trie", &data("0.0.0.0/0"), "99.113.0.203.bl.example", true).await;
    clock.push(Duration::from_secs(61)); // the proof is stale now
    let report = checker.check(ip("203.0.113.99")).await;
    let Verdict::Problem(problem) = only(&report).verdict() else { panic!("{}", said(only(&report))) };
    assert_eq!(problem.kind(), ProblemKind::ListsEverything);
    assert_eq!(problem.evidence()[0].question().to_string(), "1.0.0.127.bl.example A");
    assert_eq!(report.advice().action(), Action::Pass, "a broken list turns nobody away");

    assert_eq!(checker.health()[0].health(), Health::ListsEverything);
    let report = checker.check(ip("203.0.113.97")).await;
    assert_eq!(said(only(&report)), "problem lists_everything");
    assert_eq!(report.questions(), 1, "PTR; a broken list is left alone");

    lists.rewrite("bl.example", "ip4trie", &data("203.0.113.14"), "99.113.0.203.bl.example", false).await;
    clock.push(Duration::from_secs(61)); // then it is tried again
    assert_eq!(about(LISTED).await, "listed 127.0.0.2", "repaired");
    assert_eq!(about("203.0.113.98").await, "not_listed");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_that_is_away_for_a_while() {
    let data =
        |zone: &str| format!("$SOA 1 ns.{zone} h.{zone} 1 1 1 1 1\n$NS 1 ns.{zone}\n127.0.0.2\n198.51.100.0/24\n");
    let mut away = Rbldnsd::start(vec![Zone::new("bl.example", "ip4set", data("bl.example"))]).await;
    let other = Rbldnsd::start(vec![Zone::new("other.example", "ip4set", data("other.example"))]).await;
    let clauses = stub_zone("bl.example", away.address()) + &stub_zone("other.example", other.address());
    // A server that was away is asked again at once.
    let resolver = Unbound::start("  infra-host-ttl: 0\n", &clauses, &other).await;
    let checker = Checker::builder(stub(resolver.address()))
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example", "other.example*0"]))
        .budget(Duration::from_secs(2))
        .build()
        .unwrap();
    let about = async |client: &str| {
        let report = checker.check(ip(client)).await;
        (report.lists().iter().map(said).collect::<Vec<_>>(), report)
    };
    assert_eq!(about("198.51.100.1").await.0, ["listed 127.0.0.2"; 2]);
    away.stop();
    let (found, report) = about("198.51.100.2").await;
    assert_eq!(found, ["unknown deadline", "listed 127.0.0.2"]);
    assert_eq!(report.resolver_fault(), None, "one list is silent, not the resolver");
    assert_eq!((report.score().low(), report.score().high()), (0, 1));
    assert_eq!(report.advice().action(), Action::Pass, "an unheard deny list turns nobody away");
    away.start_again().await;
    assert_eq!(about("198.51.100.3").await.0, ["listed 127.0.0.2"; 2]);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_list_asked_directly_that_is_away_for_a_while() {
    let mut lists = Rbldnsd::start(lists()).await;
    let checker = Checker::builder(stub(lists.address())).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example"])).build().unwrap();
    lists.stop();
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "unknown network");
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Unreachable));
    lists.start_again().await;
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.2", "trouble on our side is not remembered");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_silent_list_costs_the_budget_and_no_more() {
    let world = World::start().await;
    let checker = world.checker(&["silent.example", "bl.example"]);
    let started = Instant::now();
    let report = checker.check(ip(LISTED)).within(Duration::from_millis(800)).await;
    let took = started.elapsed();
    assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown deadline", "listed 127.0.0.2"]);
    assert_eq!(report.completeness(), Completeness::CutByDeadline);
    assert!((Duration::from_millis(800)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
    assert_eq!(report.resolver_fault(), None);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_takes_listings_away() {
    let world = World::start_with("  private-address: 127.0.0.0/8\n").await;
    let documented = |zone: &str| {
        let points = TestPoints::documented(TestEntry::Address(ip("127.0.0.2")));
        ListSpec::deny(zone).unwrap().with_profile(Profile::new().test_points(SubjectKind::Ipv4, points))
    };
    let lists = ListSet::builder().list(documented("bl.example")).deny("tset.example").build().unwrap();
    let checker = world.builder().lists(lists).build().unwrap();
    for client in [CLEAN, LISTED] {
        let report = checker.check(ip(client)).await;
        assert_eq!(report.resolver_fault(), Some(ResolverFault::Strips127), "{client}");
        assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown resolver"; 2], "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_resolver_that_takes_listings_away_shows_at_the_first_hit() {
    let world = World::start_with("  private-address: 127.0.0.0/8\n").await;
    let checker = world.checker(&["bl.example", "tset.example"]); // nothing is known about them
    let report = checker.check(ip(LISTED)).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Strips127));
    assert_eq!(report.lists().iter().map(said).collect::<Vec<_>>(), ["unknown resolver"; 2]);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn no_resolver_at_all() {
    let nobody = ClosedPort::new();
    let checker = Checker::builder(stub(nobody.address)).special_purpose(SpecialPurpose::Ask);
    let checker = checker.lists(deny(&["bl.example"])).build().unwrap();
    let report = checker.check(Dialogue::from(ip(LISTED)).mail_from("<a@good.example>")).await;
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Unreachable));
    assert_eq!(said(only(&report)), "unknown network");
    assert_eq!(report.iprev().unwrap().rfc8601(), "temperror");
    assert_eq!(report.advice().action(), Action::Defer);
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn allow_lists() {
    let world = World::start().await;
    let with = |allow: &str| {
        let lists = ListSet::builder().deny("bl.example").allow(allow).build().unwrap();
        world.builder().lists(lists).build().unwrap()
    };
    for (allow, outcome, action) in [
        ("wl.example", Outcome::Allowed, Action::Pass),
        ("gone.example", Outcome::Listed, Action::Reject), // does not hold him
        ("broken.example", Outcome::Undecided, Action::Defer), // might hold the client
        ("dead.example", Outcome::Listed, Action::Reject), // holds everyone: no credit
        ("refusing.example", Outcome::Listed, Action::Reject),
    ] {
        let report = with(allow).check(ip(LISTED)).await;
        assert_eq!((report.score().outcome(), report.advice().action()), (outcome, action), "{allow}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn reverse_dns() {
    let world = World::start().await;
    let checker = world.checker(&[]);
    for (client, expected) in [
        ("203.0.113.7", "OK"),
        ("203.0.113.8", "FORGED"),  // leads to another address
        ("203.0.113.9", "FAIL"),    // no name
        ("203.0.113.10", "TEMP"),   // SERVFAIL for the name
        ("203.0.113.11", "FORGED"), // a name that does not exist
        ("203.0.113.12", "TEMP"),   // SERVFAIL for the address of the name
        ("203.0.113.13", "OK"),     // the second of two names leads back
        ("::ffff:203.0.113.7", "OK"),
    ] {
        assert_eq!(checker.iprev(ip(client)).await.client_resolve(), expected, "{client}");
        let report = checker.check(ip(client)).await;
        assert_eq!(report.iprev().unwrap().client_resolve(), expected, "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn senders() {
    let world = World::start().await;
    let checker = world.checker(&[]);
    for (path, expected, action) in [
        ("<a@usable.example>", MailDomain::Ok(Via::Mx), Action::Pass),
        ("<a@nullmx.example>", MailDomain::NullMx, Action::Reject),
        ("<a@gone.example>", MailDomain::NoSuchDomain, Action::Reject),
        ("<a@empty.example>", MailDomain::NoMailHost, Action::Reject),
        ("<a@broken.example>", MailDomain::Unknown(UnknownReason::Failed(Failure::ServFail)), Action::Defer),
        ("<>", MailDomain::NullSender, Action::Pass),
        ("<a@[203.0.113.7]>", MailDomain::AddressLiteral(ip("203.0.113.7")), Action::Pass),
        ("<a@oemcomputer..>", MailDomain::Malformed, Action::Reject),
    ] {
        assert_eq!(*checker.mail_domain(PathRole::Sender, path).await.verdict(), expected, "{path}");
        let report = checker.check(Dialogue::new().mail_from(path)).await;
        assert_eq!(*report.sender().unwrap().verdict(), expected, "{path}");
        assert_eq!(report.advice().action(), action, "{path}");
    }
    let word = async |path| checker.mail_domain(PathRole::Sender, path).await.verdict().word();
    assert_eq!(word("<a@aonly.example>").await, "ok");
    assert_eq!(word("<a@dangling.example>").await, "mx_unusable");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn helo_arguments() {
    let world = World::start().await;
    let checker = world.builder().own_names(["mx.us.example"]).build().unwrap();
    for (argument, expected) in [
        ("mail.good.example", "resolves_to_client"),
        ("liar.good.example", "resolves_elsewhere"),
        ("mxonly.example", "mx_only"),
        ("gone.example", "no_such_name"),
        ("empty.example", "no_address"),
        ("slow.broken.example", "unknown"),
        ("[203.0.113.7]", "literal_matches"),
        ("[203.0.113.8]", "literal_differs"),
        ("oemcomputer", "not_fqdn"),
        ("-", "malformed"),
        ("mx.us.example", "claims_us"),
    ] {
        assert_eq!(checker.helo(argument, Some(ip(CLEAN))).await.verdict().word(), expected, "{argument}");
        let report = checker.check(Dialogue::from(ip(CLEAN)).helo(argument)).await;
        assert_eq!(report.advice().action(), Action::Pass, "{argument}: no reason to refuse by itself");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_text_too_long_for_a_datagram_comes_over_tcp() {
    let text = ["0123456789abcdef"; 15].concat();
    let long: String = (0..8)
        .map(|number| format!("  local-data: '14.113.0.203.wordy.example. 60 IN TXT \"{number} {text}\"'\n"))
        .collect();
    let world = World::start_with(&long).await;
    let report = world.checker(&["wordy.example"]).check(ip(LISTED)).await;
    assert_eq!(said(only(&report)), "listed 127.0.0.2");
    let reason = only(&report).verdict().reason().unwrap().as_str();
    assert!(reason.starts_with("0 0123456789abcdef") && reason.contains("; 1 0123"), "{reason}");
    assert!(reason.len() <= 500, "{} octets", reason.len());
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn many_clients_at_once() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example", "tset.example", "trie.example"]);
    let checks = (0..=255_u8).map(|last| {
        let checker = checker.clone();
        tokio::spawn(async move {
            let report = checker.check(IpAddr::from([198, 51, 100, last])).await;
            (last, said(&report.lists()[0]))
        })
    });
    for check in checks.collect::<Vec<_>>() {
        let (last, found) = check.await.unwrap();
        let expected = if last < 128 && last != 9 { "listed 127.0.0.2" } else { "not_listed" };
        assert_eq!(found, expected, "198.51.100.{last}");
    }
}

#[cfg(feature = "direct")]
#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_burst_drowns_no_server() {
    use futures::future::join_all;
    use rdnsbl::dns::{AnswerKind, Question, RecordType};
    use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};

    let lists = Rbldnsd::start(lists()).await;
    for at_once in [512_u16, 2_048] {
        // Lost datagrams are not sent again.
        let timeouts = Timeouts::default().with_resend(Duration::from_secs(8)).with_total(Duration::from_secs(20));
        let direct = Direct::servers([lists.address()]).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts);
        for round in 0..4 {
            let questions: Vec<Question> = (0..at_once)
                .map(|number| {
                    let [high, low] = number.to_be_bytes();
                    let name = format!("{low}.{}.51.198.bl.example", if high == 0 { 100 } else { high + round * 16 });
                    Question::new(Name::parse(&name).unwrap(), RecordType::A)
                })
                .collect();
            let answers = join_all(questions.iter().map(|question| direct.resolve(question.clone()))).await;
            for (number, answer) in answers.iter().enumerate() {
                let listed = number < 128 && number != 9;
                let right = match answer.kind() {
                    AnswerKind::Records(_) => listed,
                    AnswerKind::NxDomain(_) => !listed,
                    _ => false,
                };
                assert!(right, "{number}: {answer}");
            }
        }
        // Each datagram was answered, the first time it was asked.
        let (stats, asked) = (direct.stats(), 4 * u64::from(at_once));
        assert_eq!((stats.sent, stats.received, stats.resent, stats.timeouts), (asked, asked, 0, 0));
    }
}

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
    assert_eq!((&report["lists"][0]["ttl"], &report["score"]["low"]), (&600.into(), &3.into()));
    assert_eq!((&report["reply"]["code"], &report["reply"]["enhanced"]), (&550.into(), &"5.7.1".into()));

    let (code, report) = check(&world, &["--list", "bl.example", "--list", "several.example", CLEAN]);
    assert_eq!((code, verdicts(&report)), (Some(0), vec!["not_listed".to_owned(); 2]));
    assert_eq!((&report["reply"], &report["lists"][0]["ttl"]), (&serde_json::Value::Null, &120.into()));
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

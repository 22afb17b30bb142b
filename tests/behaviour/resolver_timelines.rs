//! Resolvers that invent, remove or cache answers, and callers in a hurry, as timelines under a clock moved by hand: who is blamed, and
//! for how long.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::clock::{BoxFuture, Clock};
use rdnsbl::dns::AnswerKind;
use rdnsbl::dnsxl::{Health, ProblemKind};
use rdnsbl::report::ResolverFault;
use rdnsbl::{
    Answer, Checker, Dialogue, ListSet, ManualClock, Outcome, Question, Resolve, Scripted, SpecialPurpose,
    UnknownReason,
};

use crate::timelines::{CLEAN, HOUR, LISTED, MINUTE, SOUND, asked, check, health, problem, why, with_lists};

/// A resolver that answers NXDOMAIN with an advertisement: one fault, not twelve dead lists.
#[test]
fn a_resolver_that_invents_answers() {
    let lists = ["a.bl.example", "b.bl.example", "c.bl.example", "+wl.example"];
    let honest =
        "14.113.0.203.a.bl.example. A 127.0.0.2\nexample.org. MX 10 mx.example.org.\nmx.example.org. A 203.0.113.25\n";
    let mut world = with_lists(&lists, honest);
    assert_eq!(check(&world, LISTED).score().outcome(), Outcome::Listed);
    world.set("* A 203.0.113.99");
    world.clock.advance(HOUR);
    asked(&world, "");
    let dialogue =
        Dialogue::from(CLEAN.parse::<IpAddr>().unwrap()).mail_from("a@gone.example").helo("mail.gone.example");
    let report = world.clock.run(world.checker.check(&dialogue));
    assert_eq!(report.resolver_fault(), Some(ResolverFault::RewritesNxdomain));
    assert!(report.lists().iter().all(|row| why(row.verdict()) == Some(UnknownReason::Resolver)), "{report}");
    assert_eq!(report.sender().unwrap().verdict().word(), "unknown");
    assert_eq!(report.helo().unwrap().verdict().word(), "unknown");
    assert_ne!(report.advice().reply().map(|reply| reply.code() / 100), Some(5));
    assert_eq!(world.events(), ["fault rewrites_nxdomain"]);
    let under =
        |top: &str| world.dns.asked().iter().filter(|question| question.name.to_string().ends_with(top)).count();
    assert_eq!([".com", ".net", ".org"].map(under), [1, 1, 1], "one name under each of three domains");
    world.dns.forget_asked();
    // The trial holds for a minute, and no list is blamed for it.
    let report = check(&world, "203.0.113.8");
    assert_eq!(asked(&world, ".com"), 0);
    assert_eq!(report.resolver_fault(), Some(ResolverFault::RewritesNxdomain));
    assert!(health(&world).iter().all(|health| !health.takes_hits_away()), "{:?}", health(&world));
    // Repaired.
    world.set("* NXDOMAIN");
    world.clock.advance(2 * HOUR);
    let report = check(&world, LISTED);
    assert_eq!((report.resolver_fault(), report.score().outcome()), (None, Outcome::Listed));
    assert_eq!(world.events(), ["recovered rewrites_nxdomain"]);
}

/// A resolver that caches negative answers, for as long as the zone says.
struct Caching {
    inner: Scripted,
    clock: ManualClock,
    absent: Arc<Mutex<HashMap<Question, Instant>>>,
}

impl Resolve for Caching {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let (inner, absent, now) = (self.inner.clone(), Arc::clone(&self.absent), self.clock.now());
        Box::pin(async move {
            if absent.lock().unwrap().get(&question).is_some_and(|until| now < *until) {
                return Answer::nx_domain(None);
            }
            let answer = inner.resolve(question.clone()).await;
            if let (AnswerKind::NxDomain(_), Some(ttl)) = (answer.kind(), answer.ttl()) {
                absent.lock().unwrap().insert(question, now + ttl);
            }
            answer
        })
    }
}

/// The worst that can still happen, and for how long: a wildcard over numbers only, behind a resolver that remembers that
/// 127.0.0.1 was absent.
#[test]
fn the_residue_is_as_long_as_the_negative_ttl() {
    let clock = ManualClock::new();
    let zone = "$SOA bl.example 300 300\n";
    let dns = Scripted::table(&format!("{zone}{SOUND}"), clock.clone()).unwrap();
    let resolver = Caching { inner: dns.clone(), clock: clock.clone(), absent: Arc::default() };
    let checker = Checker::builder_with(resolver, clock.clone())
        .lists(ListSet::builder().deny("bl.example").build().unwrap())
        .special_purpose(SpecialPurpose::Ask)
        .build()
        .unwrap();
    let check = |client: u8| clock.run(checker.check(Dialogue::from(IpAddr::from([198, 51, 100, client]))));
    let listed: IpAddr = LISTED.parse().unwrap();
    assert_eq!(clock.run(checker.check(Dialogue::from(listed))).counts().listed, 1);
    // 127.0.0.1 was seen absent just now, and the resolver will say so for 300 seconds. The list dies, for numbers only.
    let dead: String = (0..=255).map(|octet| format!("*.{octet}.bl.example. A 127.0.0.2\n")).collect();
    dns.set(&dead).unwrap();
    clock.advance(Duration::from_secs(299));
    assert_eq!(check(1).counts().listed, 1, "believed: both controls are absent, as far as the resolver says");
    // That proof is good for its window; then 127.0.0.1 is seen as it is.
    clock.advance(Duration::from_secs(61));
    assert_eq!(problem(check(2).lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    for client in 3..100 {
        clock.advance(MINUTE);
        assert!(check(client).advice().reply().is_none(), "never again");
    }
}

/// One list has emptied itself, in its own way: its test entry is there, without an address. The others are sound.
#[test]
fn one_emptied_list_convicts_the_resolver_once_at_most() {
    use rdnsbl::ListSpec;
    use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
    let clock = ManualClock::new();
    let zones = "$SOA empty.example 300 60\n$SOA bl.example 300 60\n";
    let table = format!("{zones}{SOUND}2.0.0.127.empty.example. NODATA");
    let dns = Scripted::table(&table, clock.clone()).unwrap();
    let entry = TestEntry::Address(IpAddr::from([127, 0, 0, 2]));
    let profile = Profile::new().test_points(SubjectKind::Ipv4, TestPoints::documented(entry));
    let empty = ListSpec::deny("empty.example").unwrap().with_profile(profile);
    let lists = ListSet::builder().list(empty).deny("bl.example").build().unwrap();
    let builder = Checker::builder_with(dns, clock.clone()).lists(lists).special_purpose(SpecialPurpose::Ask);
    let checker = builder.build().unwrap();
    let mut convicted = 0;
    for client in 0..120 {
        let report = clock.run(checker.check(Dialogue::from(IpAddr::from([198, 51, 100, client]))));
        convicted += usize::from(report.resolver_fault().is_some());
        clock.advance(Duration::from_secs(20));
    }
    assert_eq!(convicted, 1, "the second check asks the sound list for its entry, too");
}

/// Answers cached from a faulty resolver are not used after it is repaired.
#[test]
fn misses_of_a_resolver_that_stripped_are_not_believed_later() {
    use rdnsbl::ListSpec;
    use rdnsbl::dnsxl::{Profile, SubjectKind, TestEntry, TestPoints};
    let clock = ManualClock::new();
    let stripped = "$SOA bl.example 300 300\n2.0.0.127.bl.example. NODATA\n14.113.0.203.bl.example. NODATA\n";
    let dns = Scripted::table(stripped, clock.clone()).unwrap();
    let entry = TestEntry::Address(IpAddr::from([127, 0, 0, 2]));
    let profile = Profile::new().test_points(SubjectKind::Ipv4, TestPoints::documented(entry));
    let lists = ListSet::builder().list(ListSpec::deny("bl.example").unwrap().with_profile(profile)).build().unwrap();
    let builder = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).special_purpose(SpecialPurpose::Ask);
    let checker = builder.build().unwrap();
    let check = |client: &str| clock.run(checker.check(Dialogue::from(client.parse::<IpAddr>().unwrap())));
    assert_eq!(why(check(LISTED).lists()[0].verdict()), Some(UnknownReason::Resolver));
    dns.set("2.0.0.127.bl.example. A 127.0.0.2\n14.113.0.203.bl.example. A 127.0.0.2").unwrap();
    clock.advance(Duration::from_secs(61));
    assert_eq!(check(CLEAN).lists()[0].verdict().word(), "not_listed");
    assert_eq!(check(LISTED).lists()[0].verdict().word(), "listed");
}

#[test]
fn a_resolver_outage_blames_no_list() {
    let mut world = with_lists(&["a.example", "b.example"], "");
    check(&world, CLEAN);
    world.set("* TIMEOUT\n. TIMEOUT");
    world.clock.advance(HOUR);
    for client in 0..20 {
        let report = check(&world, &format!("203.0.113.{}", 100 + client));
        assert_eq!(report.resolver_fault(), Some(ResolverFault::Unreachable));
    }
    assert!(health(&world).iter().all(|health| *health != Health::Unreachable));
    assert_eq!(world.events(), ["fault unreachable"]);
    world.set("* NXDOMAIN\n. NXDOMAIN");
    world.clock.advance(Duration::from_secs(6)); // failures are remembered for five seconds
    assert_eq!(check(&world, CLEAN).counts().not_listed, 2, "counts again at once");
    assert_eq!(world.events(), ["recovered unreachable"]);
}

#[test]
fn a_caller_in_a_hurry_blames_no_list() {
    let mut world = with_lists(&["a.example", "b.example"], "*.a.example. NXDOMAIN after=200ms");
    for client in 0..20 {
        let dialogue = Dialogue::from(IpAddr::from([203, 0, 113, client]));
        world.clock.run(world.checker.check(dialogue).within(Duration::from_millis(10)));
    }
    assert_eq!(world.events(), Vec::<String>::new());
    assert!(health(&world).iter().all(|health| *health != Health::Unreachable));
}

#[test]
fn a_silent_list_is_noticed_by_callers_with_two_seconds_too() {
    let mut world = with_lists(&["a.example", "b.example"], "*.a.example. TIMEOUT");
    for client in 0..5 {
        let dialogue = Dialogue::from(IpAddr::from([203, 0, 113, client]));
        world.clock.run(world.checker.check(dialogue).within(Duration::from_secs(2)));
    }
    // Whoever comes next drives its controls to their full time.
    assert_eq!(world.events(), Vec::<String>::new());
    world.clock.run(world.checker.with_lists(ListSet::none()).check(Dialogue::new()));
    world.clock.advance(Duration::from_secs(2));
    world.clock.run(world.checker.with_lists(ListSet::none()).check(Dialogue::new()));
    assert_eq!(world.events(), ["a.example unprobed -> unreachable"]);
}

#[test]
fn probes_find_a_resolver_that_removes_127() {
    // unbound's `private-address: 127.0.0.0/8`: names that have addresses there come back empty.
    let world =
        with_lists(&["a.example", "b.example"], "2.0.0.127.a.example. NODATA-NOSOA\n2.0.0.127.b.example. NODATA-NOSOA");
    world.clock.run(world.checker.probe());
    let report = check(&world, CLEAN);
    assert_eq!(report.resolver_fault(), Some(ResolverFault::Strips127));
    assert!(report.lists().iter().all(|row| why(row.verdict()) == Some(UnknownReason::Resolver)));
}

//! Lists that die, refuse, lie and come back, as timelines under a clock moved by hand: the verdict at each moment, about the
//! client and about the list, and how many questions it takes.

use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::clock::Clock;
use rdnsbl::dnsxl::{Health, ProblemKind, Refusing};
use rdnsbl::{
    Checker, Dialogue, Failure, ListSet, ManualClock, Outcome, Report, Scripted, SpecialPurpose, UnknownReason, Verdict,
};

use crate::kit::world::World;

pub(crate) const CLEAN: &str = "203.0.113.7";
pub(crate) const LISTED: &str = "203.0.113.14";
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A world with these lists, each in a zone of its own. `+` marks an allow list.
pub(crate) fn with_lists(lists: &[&str], table: &str) -> World {
    let zones: String = lists.iter().map(|list| format!("$SOA {} 300 60\n", list.trim_start_matches('+'))).collect();
    with_zones(&zones, lists, table)
}

fn with_zones(zones: &str, lists: &[&str], table: &str) -> World {
    let set = lists.iter().fold(ListSet::builder(), |set, list| match list.strip_prefix('+') {
        Some(allow) => set.allow(allow),
        None => set.deny(list),
    });
    let lists = set.build().unwrap();
    World::with(&format!("{zones}{table}"), |builder| builder.lists(lists).special_purpose(SpecialPurpose::Ask))
}

pub(crate) fn check(world: &World, client: &str) -> Report {
    world.check(client.parse::<IpAddr>().unwrap())
}

/// How many questions were asked since the last time about names that end so.
pub(crate) fn asked(world: &World, zone: &str) -> usize {
    let count = world.dns.asked().iter().filter(|question| question.name.to_string().ends_with(zone)).count();
    world.dns.forget_asked();
    count
}

pub(crate) fn health(world: &World) -> Vec<Health> {
    world.checker.health().iter().map(|report| report.health()).collect()
}

pub(crate) fn problem(verdict: &Verdict) -> Option<ProblemKind> {
    match verdict {
        Verdict::Problem(problem) => Some(problem.kind()),
        _ => None,
    }
}

pub(crate) fn why(verdict: &Verdict) -> Option<UnknownReason> {
    match verdict {
        Verdict::Unknown(unknown) => Some(*unknown.why()),
        _ => None,
    }
}

/// A list that works: its test entry, and one client.
pub(crate) const SOUND: &str = "2.0.0.127.bl.example. A 127.0.0.2\n14.113.0.203.bl.example. A 127.0.0.2\n";
const CLOSING_NOTICE: &str = "THIS RBL HAS LONG BEEN DEPRICATED---DELETE IT FROM YOUR CONFIG";

#[test]
fn twelve_lists_three_of_them_wildcarded() {
    let names: Vec<String> = (1..=9)
        .map(|number| format!("bl{number}.example"))
        .chain(["brazil", "russia", "cn-kr"].map(|country| format!("{country}.blackholes.example")))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let dead: String = ["brazil", "russia", "cn-kr"]
        .map(|country| {
            format!(
                "*.{country}.blackholes.example. A 127.0.0.2\n*.{country}.blackholes.example. TXT \"{CLOSING_NOTICE}\"\n"
            )
        })
        .concat();
    let mut world = with_lists(&names, &dead);
    let report = check(&world, CLEAN);
    assert_eq!(report.score().outcome(), Outcome::NotListed);
    assert!(report.advice().reply().is_none());
    assert_eq!((report.counts().not_listed, report.counts().problem), (9, 3));
    for row in report.problems() {
        assert_eq!(problem(row.verdict()), Some(ProblemKind::ListsEverything));
        assert_eq!(row.verdict().reason().unwrap().as_str(), CLOSING_NOTICE);
        assert_eq!(row.health(), Health::ListsEverything);
    }
    // Each guilty party is named once.
    assert_eq!(world.events().len(), 3);
    check(&world, "203.0.113.8");
    assert_eq!(world.events(), Vec::<String>::new());
}

#[test]
fn a_sound_list_still_counts_beside_dead_ones() {
    let world = with_lists(&["dead.example", "bl.example"], &format!("{SOUND}*.dead.example. A 127.0.0.2"));
    let report = check(&world, LISTED);
    assert_eq!(report.score().outcome(), Outcome::Listed);
    assert_eq!(report.decided_by().map(|row| row.list().to_string()).collect::<Vec<_>>(), ["bl.example"]);
}

/// ORDB: it worked, then was silent for days, then listed the world.
#[test]
fn silent_for_days_and_then_a_wildcard() {
    let mut world = with_lists(&["bl.example", "other.example"], SOUND);
    assert_eq!(check(&world, LISTED).counts().listed, 1);
    world.set("*.bl.example. TIMEOUT\n2.0.0.127.bl.example. TIMEOUT\n14.113.0.203.bl.example. TIMEOUT");
    world.clock.advance(2 * HOUR);
    for client in 0..5 {
        let report = check(&world, &format!("203.0.113.{}", 100 + client));
        assert_eq!(why(report.lists()[0].verdict()), Some(UnknownReason::Failed(Failure::Timeout)), "{client}");
        assert!(report.advice().reply().is_none());
    }
    assert_eq!(world.events(), ["bl.example sound -> unreachable"]);
    // Left alone now: no question, no waiting.
    asked(&world, "");
    let report = check(&world, "203.0.113.120");
    assert_eq!(why(report.lists()[0].verdict()), Some(UnknownReason::Failed(Failure::Shed)));
    assert_eq!((asked(&world, ".bl.example"), report.elapsed()), (0, Duration::ZERO));
    // It comes back as a wildcard. The first check after the pause asks the controls, and no mail question.
    world.set("*.bl.example. A 127.0.0.2\n2.0.0.127.bl.example. A 127.0.0.2\n14.113.0.203.bl.example. A 127.0.0.2");
    world.clock.advance(HOUR);
    let report = check(&world, CLEAN);
    assert_eq!(problem(report.lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    assert_eq!(asked(&world, ".bl.example"), 2);
    assert_eq!(world.events(), ["bl.example unreachable -> lists_everything"]);
}

/// SpamCop, 30 January 2021: the domain lapsed, a registrar answered for every name, a day later all was well.
#[test]
fn parked_for_a_day_and_back() {
    for (parking, state) in [("91.195.240.117", "parked"), ("127.0.0.2", "lists_everything")] {
        let mut world = with_lists(&["bl.example", "other.example"], SOUND);
        assert_eq!(check(&world, LISTED).score().outcome(), Outcome::Listed);
        assert_eq!(check(&world, CLEAN).score().outcome(), Outcome::NotListed);
        world.set(&format!(
            "*.bl.example. A {parking} ttl=86400\n2.0.0.127.bl.example. A {parking}\n14.113.0.203.bl.example. A {parking}"
        ));
        world.clock.advance(2 * HOUR);
        for hour in 0..24 {
            let report = check(&world, &format!("203.0.113.{}", 100 + hour));
            assert!(problem(report.lists()[0].verdict()).is_some(), "{parking} {hour}");
            assert!(report.advice().reply().is_none());
            world.clock.advance(HOUR);
        }
        assert_eq!(world.events(), [format!("bl.example sound -> {state}")]);
        world.set("*.bl.example. NXDOMAIN\n2.0.0.127.bl.example. A 127.0.0.2\n14.113.0.203.bl.example. A 127.0.0.2");
        // What the parking answered, with a TTL of a day, is not believed any more.
        assert_eq!(check(&world, &format!("203.0.113.{}", 100 + 23)).counts().not_listed, 2);
        let report = check(&world, LISTED);
        assert_eq!(report.score().outcome(), Outcome::Listed, "{report}{:?}", report.exchanges());
        assert_eq!(world.events(), [format!("bl.example {state} -> sound")]);
    }
}

/// NJABL: emptied, then silent, then expired, then a squatter's wildcard, eleven years in all.
#[test]
fn emptied_silent_expired_squatted() {
    let mut world = with_zones(
        "$SOA example 300 60\n$SOA other.example 300 60\n",
        &["dnsbl.njabl.example", "other.example"],
        "2.0.0.127.dnsbl.njabl.example. A 127.0.0.2\n*.njabl.example. NXDOMAIN-NOSOA",
    );
    world.clock.run(world.checker.probe());
    assert_eq!(health(&world)[0], Health::Sound);
    world.set("2.0.0.127.dnsbl.njabl.example. NXDOMAIN-NOSOA");
    world.clock.advance(HOUR);
    world.clock.run(world.checker.probe());
    assert_eq!(health(&world)[0], Health::Emptied);
    assert_eq!(check(&world, CLEAN).lists()[0].verdict().word(), "not_listed");

    world.set("*.njabl.example. TIMEOUT\n2.0.0.127.dnsbl.njabl.example. TIMEOUT");
    world.clock.advance(HOUR);
    for client in 0..6 {
        assert_eq!(check(&world, &format!("203.0.113.{}", 100 + client)).lists()[0].verdict().word(), "unknown");
    }
    assert_eq!(health(&world)[0], Health::Unreachable);

    world.set("*.njabl.example. NXDOMAIN\ndnsbl.njabl.example. NXDOMAIN\n2.0.0.127.dnsbl.njabl.example. NXDOMAIN");
    world.clock.advance(HOUR);
    assert_eq!(check(&world, "203.0.113.110").lists()[0].verdict().word(), "not_listed");
    assert_eq!(health(&world)[0], Health::Gone, "the zone above says that there is no such domain");

    world.set("*.njabl.example. A 127.0.0.2\n2.0.0.127.dnsbl.njabl.example. A 127.0.0.2");
    world.clock.advance(HOUR);
    let report = check(&world, "203.0.113.111");
    assert_eq!(problem(report.lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    let states: Vec<String> = world.events().iter().map(|event| event.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(states, ["emptied", "unreachable", "gone", "lists_everything"]);
}

/// Spamhaus through a public resolver: every question, the test entry included, is answered by a refusal.
#[test]
fn refused_through_a_public_resolver() {
    let world = with_lists(
        &["zen.example", "other.example"],
        "*.zen.example. A 127.255.255.254\n2.0.0.127.zen.example. A 127.255.255.254",
    );
    let probed = world.clock.run(world.checker.probe());
    assert_eq!(probed[0].health(), Health::Refusing(Refusing::PublicResolver));
    // Two causes, and the way out of each.
    assert_eq!(
        probed[0].advice(),
        "ask through a resolver of your own, not a public one; cloud networks are refused too: ask with a key from there"
    );
    let report = check(&world, CLEAN);
    assert_eq!(problem(report.lists()[0].verdict()), Some(ProblemKind::Refused));
    assert!(report.advice().reply().is_none());
    // It said not to ask: it is not asked, but for two controls now and then.
    asked(&world, "");
    for minute in 0..60 {
        check(&world, &format!("203.0.113.{minute}"));
        world.clock.advance(MINUTE);
    }
    let questions = asked(&world, ".zen.example");
    assert!(questions <= 2 * 10 && questions.is_multiple_of(2), "{questions}");
}

/// dnswl over its quota answers "highest trust" to everyone.
#[test]
fn an_allow_list_that_allows_everyone() {
    let world = with_lists(&["bl.example", "+wl.example"], &format!("{SOUND}*.wl.example. A 127.0.10.3"));
    let report = check(&world, LISTED);
    assert_eq!(report.allowed().count(), 0);
    assert_eq!(problem(report.lists()[1].verdict()), Some(ProblemKind::ListsEverything));
    assert_eq!((report.score().outcome(), report.advice().reply().unwrap().code()), (Outcome::Listed, 550));
}

#[test]
fn one_list_of_twelve_takes_half_a_minute() {
    let names: Vec<String> = (1..=12).map(|number| format!("bl{number}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = with_lists(&names, "*.bl7.example. A 127.0.0.2 after=30s");
    let client = Dialogue::from(CLEAN.parse::<IpAddr>().unwrap());
    let report = world.clock.run(world.checker.check(&client).within(Duration::from_secs(3)));
    assert_eq!(report.elapsed(), Duration::from_secs(3));
    assert_eq!((report.counts().not_listed, report.counts().unknown), (11, 1));
    assert_eq!(why(report.lists()[6].verdict()), Some(UnknownReason::Failed(Failure::Deadline)));
}

#[test]
fn a_wildcard_appears_between_two_checks() {
    let world = with_lists(&["bl.example"], SOUND);
    assert_eq!(check(&world, LISTED).counts().listed, 1);
    world.set("*.bl.example. A 127.0.0.2");
    // Within the window the proof still holds: this is the bound.
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(check(&world, CLEAN).counts().listed, 1);
    // The first hit after the window is not believed.
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(problem(check(&world, "203.0.113.8").lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    // And what was believed a moment ago is not believed from memory either.
    assert!(check(&world, CLEAN).advice().reply().is_none());
}

#[test]
fn answers_of_a_broken_list_are_forgotten() {
    let world = with_lists(&["bl.example"], SOUND);
    check(&world, LISTED);
    world.clock.advance(2 * HOUR);
    // Every answer of the bad days may be remembered for a day.
    world.set("*.bl.example. A 127.0.0.2 ttl=86400\n14.113.0.203.bl.example. A 127.0.0.2");
    assert_eq!(problem(check(&world, CLEAN).lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    world.set("*.bl.example. NXDOMAIN");
    world.clock.advance(HOUR);
    // Another client's hit proves the list sane again. The proof is fresh; the clean client's old hit is none.
    assert_eq!(check(&world, LISTED).counts().listed, 1);
    assert_eq!(check(&world, CLEAN).lists()[0].verdict().word(), "not_listed");
}

/// Clients whose names lead nowhere ask nothing of a list about names: they must not use up its chances to come back.
#[test]
fn checks_without_a_question_do_not_use_up_retries() {
    use rdnsbl::ListSpec;
    use rdnsbl::dnsxl::Part;
    let clock = ManualClock::new();
    let named = |client: u8| {
        format!(
            "{client}.100.51.198.in-addr.arpa. PTR h{client}.client.example.net.\nh{client}.client.example.net. A 198.51.100.{client}\n"
        )
    };
    let world: String = (100..=110).map(named).collect();
    let table = format!("$SOA dbl.example 300 60\n{world}*.dbl.example. TIMEOUT");
    let dns = Scripted::table(&table, clock.clone()).unwrap();
    let lists = ListSet::builder()
        .list(ListSpec::deny("dbl.example").unwrap().with_parts([Part::ConfirmedName]))
        .build()
        .unwrap();
    let builder = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).special_purpose(SpecialPurpose::Ask);
    let checker = builder.build().unwrap();
    let check = |client: u8| clock.run(checker.check(Dialogue::from(IpAddr::from([198, 51, 100, client]))));
    for client in 100..105 {
        check(client);
    }
    assert_eq!(checker.health()[0].health(), Health::Unreachable);
    dns.set("*.dbl.example. NXDOMAIN").unwrap();
    let mut heard = false;
    for _ in 0..60 {
        clock.advance(Duration::from_secs(1));
        check(1); // nameless
        heard |= check(110).lists()[0].verdict().word() == "not_listed";
    }
    assert!(heard);
}

/// A proof that was under way when the list fell ill does not make it well.
#[test]
fn old_proof_does_not_heal() {
    let world = with_lists(&["bl.example", "slow.example"], &format!("{SOUND}15.113.0.203.bl.example. A 127.0.0.2\n"));
    world.set("14.113.0.203.in-addr.arpa. NXDOMAIN after=4s");
    let client = |text: &str| Dialogue::from(text.parse::<IpAddr>().unwrap());
    let first = world.checker.check(client(LISTED)).into_future();
    let report = world.clock.run(async {
        let mut first = Box::pin(first);
        // Its controls are asked and answered; its reverse name is slow.
        for _ in 0..10 {
            std::future::poll_fn(|context| {
                let _ = first.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
        world.clock.sleep_until(world.clock.now() + Duration::from_secs(1)).await;
        world.dns.set("*.bl.example. A 127.0.0.2").unwrap();
        let sick = world.checker.probe().await;
        assert_eq!(sick[0].health(), Health::ListsEverything);
        first.await
    });
    assert_eq!(report.denied().count(), 0, "{report}");
    assert_eq!(health(&world)[0], Health::ListsEverything);
    assert_eq!(check(&world, CLEAN).denied().count(), 0);
}

#[test]
fn more_codes_than_are_kept_are_told() {
    let codes: String = (0..250).map(|code| format!("14.113.0.203.bl.example. A 127.0.1.{code}\n")).collect();
    let world =
        with_lists(&["bl.example", "other.example"], &format!("{codes}14.113.0.203.other.example. A 127.0.0.2"));
    let report = check(&world, LISTED);
    assert_eq!(report.lists()[0].verdict().codes().len(), 100);
    assert_eq!([0, 1].map(|list: usize| report.lists()[list].verdict().is_truncated()), [true, false]);
}

#[test]
fn a_check_under_way_hears_of_the_death() {
    let world = with_lists(&["bl.example", "slow.example"], &format!("{SOUND}*.slow.example. NXDOMAIN-NOSOA after=3s"));
    check(&world, LISTED);
    world.clock.advance(Duration::from_secs(50));
    let client = |text: &str| Dialogue::from(text.parse::<IpAddr>().unwrap());
    // The first one has its hit, proven 50 seconds ago, and waits for the slow list; the zone dies; a probe notices.
    let waiting = world.checker.check(client(LISTED)).into_future();
    let probing = async {
        world.dns.set("*.bl.example. A 127.0.0.2").unwrap();
        world.checker.probe().await
    };
    let (report, probed) = world.clock.run(async {
        use std::future::Future as _;
        let mut waiting = Box::pin(waiting);
        // Started first.
        std::future::poll_fn(|context| {
            let _ = waiting.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
        let probed = probing.await;
        (waiting.await, probed)
    });
    assert_eq!(probed[0].health(), Health::ListsEverything);
    assert_eq!(problem(report.lists()[0].verdict()), Some(ProblemKind::ListsEverything));
    assert!(report.advice().reply().is_none());
}

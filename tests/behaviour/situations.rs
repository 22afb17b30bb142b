//! Every way in which a list dies, for deny and allow lists, IPv4, IPv6 and domains: a clean client is never refused, and
//! never admitted on a lying list's word.

use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::dnsxl::Part;
use rdnsbl::testing::Situation;
use rdnsbl::{Action, Dialogue, Event, ListSet, ListSpec, Name, Outcome, Report, UnknownReason, Verdict};

use crate::kit::world::World;

const CLEAN: [&str; 3] = ["45.66.77.7", "2a00:1450:4001::7", "clean.example"];
const LISTED: [&str; 3] = ["45.66.77.14", "2a00:1450:4001::14", "spam.example"];

fn check(world: &World, target: &str) -> Report {
    world.check(target.parse::<IpAddr>().map_or_else(|_| Dialogue::from(Name::parse(target).unwrap()), Dialogue::from))
}

/// The lines of a broken list, which holds every listed subject.
fn sick(situation: Situation) -> String {
    let addresses: Vec<IpAddr> = LISTED.iter().filter_map(|target| target.parse().ok()).collect();
    situation.table("sick.test", &addresses)
}

/// A sound list that holds every listed subject.
fn sound() -> String {
    let addresses: Vec<IpAddr> = LISTED.iter().filter_map(|target| target.parse().ok()).collect();
    let domains =
        "spam.example.sound.test. A 127.0.0.2\n*.example. MX 10 mx.host.example.\nmx.host.example. A 45.66.77.25\n";
    format!("{}{domains}", Situation::Sound.table("sound.test", &addresses))
}

#[test]
fn no_clean_client_is_refused_and_none_admitted_by_a_lie() {
    let (mut refusals_tried, mut admissions_tried) = (0, 0);
    for situation in Situation::DYING {
        for (clean, listed) in CLEAN.iter().zip(LISTED) {
            let deny = ListSet::builder().deny("sick.test").deny("sound.test").build().unwrap();
            let world = World::new(&format!("{}{}", sick(situation), sound()), deny);
            let report = check(&world, clean);
            refusals_tried += 1;
            if !situation.is_sound(rdnsbl::dnsxl::Subject::Domain(Name::root()).kind())
                || clean.parse::<IpAddr>().is_ok()
            {
                assert_eq!(report.denied().count(), 0, "{situation:?} {clean}\n{report}");
                assert_ne!(report.advice().action(), Action::Reject, "{situation:?} {clean}\n{report}");
            }
            // The answers of the working list still count.
            assert_eq!(check(&world, listed).lists()[1].verdict().word(), "listed", "{situation:?} {listed}");

            let allow = ListSet::builder().allow("sick.test").deny("sound.test").build().unwrap();
            let world = World::new(&format!("{}{}", sick(situation), sound()), allow);
            let report = check(&world, listed);
            admissions_tried += 1;
            assert_eq!(report.allowed().count(), 0, "{situation:?} {listed}\n{report}");
            let unheard = matches!(report.lists()[0].verdict(), Verdict::Unknown(_));
            let wanted = if unheard { Action::Defer } else { Action::Reject };
            assert_eq!(report.advice().action(), wanted, "{situation:?} {listed}\n{report}");
        }
    }
    assert_eq!((refusals_tried, admissions_tried), (30, 30));
}

#[test]
fn every_death_is_survived_and_recovered_from() {
    for situation in Situation::DYING {
        let lists = ListSet::builder().deny("sick.test").deny("sound.test").build().unwrap();
        let world = World::new(&format!("{}{}", sick(Situation::Sound), sound()), lists);
        assert_eq!(check(&world, LISTED[0]).counts().listed, 2, "{situation:?}");
        world.dns.set(&sick(situation)).unwrap();
        for hour in 0..48_u8 {
            world.clock.advance(Duration::from_secs(3_600));
            let report = check(&world, &format!("45.66.78.{hour}"));
            assert_eq!(report.denied().count(), 0, "{situation:?} hour {hour}\n{report}");
        }
        world.dns.set(&sick(Situation::Sound)).unwrap();
        world.clock.advance(Duration::from_secs(601));
        check(&world, CLEAN[0]);
        assert_eq!(check(&world, LISTED[0]).counts().listed, 2, "{situation:?} is over");
    }
}

#[test]
fn a_daily_limit_is_kept() {
    let lists = ListSet::builder()
        .list(ListSpec::deny("bl.test").unwrap().with_daily_limit(10))
        .deny("other.test")
        .build()
        .unwrap();
    let world = World::new("$SOA bl.test 300 60\n$SOA other.test 300 60\n", lists);
    let mut events = world.checker.events();
    let reached = Event::DailyLimit { list: ListSpec::deny("bl.test").unwrap().id(), limit: 10 };
    for client in 0..20 {
        let report = check(&world, &format!("45.66.77.{client}"));
        match report.lists()[0].verdict() {
            Verdict::NotListed(_) => assert!(client < 10),
            Verdict::Unknown(unknown) => {
                assert!(client >= 10 && *unknown.why() == UnknownReason::Failed(rdnsbl::Failure::DailyLimit));
                assert!(unknown.why().to_string().contains("daily limit"), "{}", unknown.why());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(report.lists()[1].verdict().word(), "not_listed");
    }
    let asked = world.dns.asked().iter().filter(|question| question.name.to_string().ends_with(".bl.test")).count();
    assert_eq!(asked, 10);
    // One event in a period.
    assert_eq!(std::iter::from_fn(|| events.try_next()).collect::<Vec<_>>(), std::slice::from_ref(&reached));
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(check(&world, "45.66.77.100").lists()[0].verdict().word(), "not_listed");
    (101..=111).for_each(|client| drop(check(&world, &format!("45.66.77.{client}"))));
    assert_eq!(std::iter::from_fn(|| events.try_next()).collect::<Vec<_>>(), [reached]);
}

/// A client can make up any number of sender domains. Its part of the limit is an eighth, and at least eight questions.
#[test]
fn one_client_cannot_use_up_a_daily_limit() {
    let list = ListSpec::deny("rhsbl.test").unwrap().with_parts([Part::Sender]).with_daily_limit(80);
    let world = World::new("$SOA rhsbl.test 300 60\n", ListSet::builder().list(list).build().unwrap());
    let mut events = world.checker.events();
    let check = |client: u8, number: u32| {
        let dialogue = Dialogue::from(IpAddr::from([45, 66, 77, client])).mail_from(format!("a@n{number}.one.example"));
        world.clock.run(world.checker.check(&dialogue)).lists()[0].verdict().word()
    };
    for client in 1..4 {
        for number in 0..60 {
            let expected = if number < 10 { "not_listed" } else { "unknown" };
            assert_eq!(check(client, u32::from(client) * 100 + number), expected, "name {number} of client {client}");
        }
    }
    assert_eq!(events.try_next(), None, "the limit of the list is not reached");
}

/// Tests of a list are everybody's: they count for the list, and not for the client whose check asks them.
#[test]
fn a_hit_is_proved_although_the_client_has_used_up_its_part() {
    let list = ListSpec::deny("rhsbl.test").unwrap().with_parts([Part::Sender]).with_daily_limit(80);
    let dns = "$SOA rhsbl.test 300 60\nn9.one.example.rhsbl.test A 127.0.0.2";
    let world = World::new(dns, ListSet::builder().list(list).build().unwrap());
    let verdicts = (0..11).map(|number| {
        let dialogue = Dialogue::from(IpAddr::from([45, 66, 77, 1])).mail_from(format!("a@n{number}.one.example"));
        world.clock.run(world.checker.check(&dialogue)).lists()[0].verdict().word()
    });
    let verdicts = verdicts.collect::<Vec<_>>();
    assert_eq!((verdicts[8], verdicts[9], verdicts[10]), ("not_listed", "listed", "unknown"));
}

/// Many threads at once: the limit holds, and one of them sends the event.
#[test]
fn a_daily_limit_is_kept_by_many_threads() {
    let list = ListSpec::deny("bl.test").unwrap().with_daily_limit(10);
    let world = World::new("$SOA bl.test 300 60\n", ListSet::builder().list(list).build().unwrap());
    let mut events = world.checker.events();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let checker = world.checker.clone();
            scope.spawn(move || {
                let client = |last| IpAddr::from([45, 66, thread, last]);
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                (0..8).for_each(|last| drop(runtime.block_on(checker.check(client(last)).into_future())));
            });
        }
    });
    let asked = world.dns.asked().iter().filter(|question| question.name.to_string().ends_with(".bl.test")).count();
    assert_eq!((asked, std::iter::from_fn(|| events.try_next()).count()), (10, 1));
}

#[test]
fn lists_of_one_operator_are_one_voice() {
    let set = |operators: usize| {
        ListSet::builder()
            .deny("dnsbl-1.uceprotect.test")
            .deny("dnsbl-2.uceprotect.test")
            .deny("other.example")
            .min_operators(operators)
            .build()
            .unwrap()
    };
    let two = "$SOA other.example 300 60\n14.77.66.45.dnsbl-1.uceprotect.test. A 127.0.0.2\n14.77.66.45.dnsbl-2.uceprotect.test. A 127.0.0.2\n";
    assert_eq!(check(&World::new(two, set(1)), LISTED[0]).score().outcome(), Outcome::Listed);
    let report = check(&World::new(two, set(2)), LISTED[0]);
    assert_eq!((report.score().outcome(), report.score().low()), (Outcome::NotListed, 2));
    let three = format!("{two}14.77.66.45.other.example. A 127.0.0.2\n");
    assert_eq!(check(&World::new(&three, set(2)), LISTED[0]).score().outcome(), Outcome::Listed);
    // The second list did not answer; it might have been the one that is needed.
    let silent = format!("{two}*.other.example. SERVFAIL\n");
    assert_eq!(check(&World::new(&silent, set(2)), LISTED[0]).score().outcome(), Outcome::Undecided);
}

/// Mail for some hours: one client in fifty is listed, by every list.
fn mail(world: &World, clients: std::ops::Range<u32>) {
    for number in clients {
        let [_, second, third, fourth] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let first = if number % 4 == 0 { 3 } else { 45 };
        check(world, &format!("{first}.{second}.{third}.{fourth}"));
    }
}

#[test]
fn a_wildcard_over_a_part_of_the_internet_stands_alone() {
    let lists = || ListSet::builder().deny("a.test").deny("b.example").deny("c.example.net").build().unwrap();
    let world = World::new("$SOA a.test 300 60\n$SOA b.example 300 60\n$SOA c.example.net 300 60\n", lists());
    let mut events = world.checker.events();
    mail(&world, 0..400);
    assert_eq!(events.try_next(), None);
    // 3.0.0.0/8 is listed from now on: the controls do not show it.
    world.dns.set("*.3.a.test. A 127.0.0.2").unwrap();
    mail(&world, 1_000..1_400);
    let told: Vec<Event> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(matches!(told.as_slice(), [Event::StandsAlone { list, .. }] if list.as_str() == "a.test"), "{told:?}");

    // One client that comes again and again says nothing more about the list than its first check.
    let world = World::new("$SOA a.test 300 60\n$SOA b.example 300 60\n$SOA c.example.net 300 60\n", lists());
    let mut events = world.checker.events();
    mail(&world, 0..400);
    world.dns.set("1.113.0.45.a.test. A 127.0.0.2").unwrap();
    (0..100).for_each(|_| drop(check(&world, "45.0.113.1")));
    assert_eq!(events.try_next(), None);

    // A spam wave from the same network is seen by others, too.
    let world = World::new("$SOA a.test 300 60\n$SOA b.example 300 60\n$SOA c.example.net 300 60\n", lists());
    let mut events = world.checker.events();
    mail(&world, 0..400);
    world.dns.set("*.3.a.test. A 127.0.0.2\n*.3.b.example. A 127.0.0.2").unwrap();
    mail(&world, 1_000..1_400);
    assert_eq!(std::iter::from_fn(|| events.try_next()).count(), 0);
}

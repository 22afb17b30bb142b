//! A checker at work: deadlines, sharing, cancelling, limits. Time is moved by hand.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use rdnsbl::clock::Clock;
use rdnsbl::dns::{Answer, Question};
use rdnsbl::report::Completeness;
use rdnsbl::resolve::{BoxFuture, Resolve};
use rdnsbl::{Checker, Dialogue, ListSet, ListSpec, ManualClock, PathRole, Policy, Report, Scripted};

use crate::kit::world;
use crate::kit::world::{CLEAN, LISTED, SECOND, World, lists, poll_once, start, verdicts};

pub(crate) const DNS: &str = "
    $SOA bl.test 300 60
    $SOA in-addr.arpa 3600 600
    $SOA silent.test 300 60
    7.77.66.45.in-addr.arpa PTR clean.client.test
    clean.client.test A 45.66.77.7
    14.77.66.45.in-addr.arpa PTR listed.client.test
    listed.client.test A 45.66.77.14
    14.77.66.45.bl.test A 127.0.0.2
    14.77.66.45.bl.test TXT \"listed\"
    *.silent.test TIMEOUT
    *.late.test NXDOMAIN
    *.late.test after=30s
";

#[test]
fn at_the_deadline_there_is_a_report_with_what_is_known() {
    let world = World::new(DNS, lists(["silent.test", "bl.test", "late.test"]));
    let start = world.clock.now();
    let report = world.check_within(LISTED, 2 * SECOND);
    assert_eq!(verdicts(&report), ["unknown", "listed", "unknown"]);
    assert_eq!(report.iprev().unwrap().rfc8601(), "pass");
    assert_eq!((report.elapsed(), world.clock.now() - start), (2 * SECOND, 2 * SECOND));
    assert_eq!(report.completeness(), Completeness::CutByDeadline);
    assert_eq!(world.checker.stats().cut_by_deadline, 1);
    assert_eq!(world.checker.stats().in_flight, 0);
}

/// The same as without answers before the deadline. Nothing was asked, so no list and no resolver is suspected.
#[test]
fn a_check_without_time_says_what_it_could_not_know() {
    let set = || lists(["bl.test", "late.test"]);
    let dialogue =
        || Dialogue::from(LISTED).helo("mail.client.test").mail_from("<a@client.test>").rcpt_to("<b@client.test>");
    let everything = |report: &Report| {
        let rest = (report.iprev(), report.helo().map(|helo| helo.verdict()));
        let domains = [report.sender(), report.recipient()].map(|side| side.map(|side| side.verdict()));
        let lists: Vec<_> = report.lists().iter().map(|row| row.verdict()).collect();
        format!("{rest:?} {domains:?} {lists:?} {:?} {:?}", report.completeness(), report.advice())
    };
    let nobody = World::new("* TIMEOUT", set());
    let cut = everything(&nobody.clock.run(nobody.checker.check(dialogue()).within(SECOND)));
    assert!(cut.contains("CutByDeadline"), "{cut}");
    let world = World::new(DNS, set());
    for _ in 0..10 {
        let report = world.clock.run(world.checker.check(dialogue()).within(Duration::ZERO));
        assert_eq!(everything(&report), cut);
    }
    let iprev = world.clock.run(world.checker.iprev(LISTED).within(Duration::ZERO));
    assert_eq!(iprev.rfc8601(), "temperror");
    let stats = world.checker.stats();
    assert_eq!((stats.cut_by_deadline, stats.checks, stats.questions), (10, 10, 0));
    let fresh = World::new(DNS, set());
    assert_eq!(verdicts(&world.check(dialogue())), verdicts(&fresh.check(dialogue())));
    assert_eq!(world.all_asked(), fresh.all_asked());
}

#[test]
fn an_early_stop_waits_only_for_lists_that_can_change_the_outcome() {
    let early =
        |world: &World, client| world.clock.run(world.checker.check(Dialogue::from(client)).stop_when_settled());
    // One listing is enough: the two other lists are slow and silent.
    let world = World::new(DNS, lists(["silent.test", "bl.test", "late.test"]));
    let report = early(&world, LISTED);
    assert_eq!(verdicts(&report), ["unknown", "listed", "unknown"]);
    assert_eq!(report.elapsed(), Duration::ZERO);
    assert_eq!(report.completeness(), Completeness::StoppedEarly);
    assert_eq!(report.questions(), 8, "two of them unanswered: reverse, forward, three lists, text, two controls");
    assert_eq!(report.lists()[1].verdict().reason().unwrap().as_str(), "listed");
    assert_eq!(report.advice().reply().unwrap().code(), 550);
    assert_eq!(report.iprev().unwrap().rfc8601(), "pass", "the rest of the dialogue is awaited");
    assert_eq!(world.checker.stats().in_flight, 0);
    // A client on no list is not decided before the last list has answered.
    let report = early(&world, CLEAN);
    assert_eq!(
        (verdicts(&report), report.completeness()),
        (vec!["unknown", "not_listed", "unknown"], Completeness::CutByDeadline)
    );
    // A listed client is not decided while an allow list may still answer.
    let set = ListSet::builder().deny("bl.test").allow("late.test").build().unwrap();
    let world = World::new(DNS, set);
    let report = early(&world, LISTED);
    assert_eq!(report.advice().reply().unwrap().code(), 450);
}

#[test]
fn a_deadline_is_a_moment_as_well() {
    let world = World::new(DNS, lists(["late.test"]));
    let at = world.clock.now() + SECOND;
    let report = world.clock.run(world.checker.check(CLEAN).until(at));
    assert_eq!((verdicts(&report), world.clock.now()), (vec!["unknown"], at));
    let report = world.clock.run(world.checker.check(CLEAN).until(at)); // past: what is remembered is still told
    assert_eq!(report.iprev().unwrap().rfc8601(), "pass");
    assert_eq!(world.clock.now(), at);
}

#[test]
fn fifty_at_once_ask_as_one() {
    for client in [CLEAN, LISTED] {
        let alone = World::slow(DNS, lists(["bl.test"]));
        alone.check(client);
        let together = World::slow(DNS, lists(["bl.test"]));
        let checks = (0..50).map(|_| together.checker.check(client).into_future());
        let reports = together.clock.run(join_all(checks));
        assert_eq!(together.asked(), alone.asked(), "{client}");
        assert!(reports.iter().all(|report| verdicts(report) == verdicts(&reports[0])));
        let stats = together.checker.stats();
        // The resolver was tested once, with four questions.
        assert_eq!(stats.questions, together.all_asked().len() as u64);
        assert_eq!(together.all_asked().len(), together.asked().len() + 4);
        assert_eq!(stats.questions - 4 + stats.shared + stats.remembered, 50 * (stats.questions - 4));
        assert_eq!((stats.checks, stats.in_flight, stats.cut_by_deadline), (50, 0, 0));
        assert_eq!(reports.iter().map(rdnsbl::Report::questions).sum::<usize>(), together.asked().len());
        assert_eq!(reports.iter().map(rdnsbl::Report::resolver_questions).sum::<usize>(), 4);
    }
}

#[test]
fn dropped_checks_take_nothing_from_others() {
    const WAITERS: usize = 4;
    for client in [CLEAN, LISTED] {
        for polls in 0..8 {
            for leaving in 0..(1_u32 << WAITERS) - 1 {
                let world = World::slow(DNS, lists(["bl.test", "other.test"]));
                let mut checks: Vec<_> = (0..WAITERS).map(|_| Some(start(world.checker.check(client)))).collect();
                for _ in 0..polls {
                    checks.iter_mut().flatten().for_each(poll_once);
                    world.clock.advance(world::DELAY / 2);
                }
                for (index, check) in checks.iter_mut().enumerate() {
                    if leaving & (1 << index) != 0 {
                        *check = None;
                    }
                }
                world.clock.run(join_all(checks.iter_mut().flatten()));
                let reports: Vec<_> =
                    checks.iter_mut().flatten().map(|check| check.as_mut().take_output().unwrap()).collect();
                let expected = if client == LISTED { ["listed", "not_listed"] } else { ["not_listed"; 2] };
                for report in &reports {
                    assert_eq!(verdicts(report), expected, "{polls} polls, leaving {leaving:b}");
                    assert_eq!(report.iprev().unwrap().rfc8601(), "pass");
                }
                assert_eq!(world.checker.stats().in_flight, 0);
            }
        }
    }
}

#[test]
fn all_leave_and_nothing_stays() {
    for polls in 0..8 {
        let world = World::slow(DNS, lists(["bl.test"]));
        let mut check = start(world.checker.check(LISTED));
        for _ in 0..polls {
            poll_once(&mut check);
            world.clock.advance(world::DELAY / 2);
        }
        drop(check);
        // Questions of our own are kept until they are answered: three labels, the root, two controls.
        assert!(world.checker.stats().in_flight <= 6);
        assert_eq!(verdicts(&world.check(LISTED)), ["listed"]);
        assert_eq!(world.checker.stats().in_flight, 0);
    }
}

#[test]
fn units_can_be_dropped_as_well() {
    let world = World::slow(DNS, lists([]));
    for polls in 0..4 {
        let mut iprev = start(world.checker.iprev(CLEAN));
        let mut helo = start(world.checker.helo("clean.client.test", Some(CLEAN)));
        let mut domain = start(world.checker.mail_domain(PathRole::Sender, "<a@client.test>"));
        for _ in 0..polls {
            poll_once(&mut iprev);
            poll_once(&mut helo);
            poll_once(&mut domain);
            world.clock.advance(world::DELAY / 2);
        }
        drop((iprev, helo, domain));
        // The resolver's trial goes on.
        assert!(world.checker.stats().in_flight <= 4);
    }
    assert_eq!(world.clock.run(world.checker.iprev(CLEAN)).rfc8601(), "pass");
    assert_eq!(world.checker.stats().in_flight, 0);
}

#[test]
fn no_more_at_once_than_allowed() {
    let zones = ["bl.test", "x1.test", "x2.test", "x3.test"];
    let run = |in_flight: usize, per_zone: usize, zones: &[&str]| {
        let world = World::with(&World::slowly(DNS), |builder| {
            let mut limits = rdnsbl::checker::Limits::default();
            (limits.in_flight, limits.per_zone) = (in_flight, per_zone);
            builder.lists(lists(zones.iter().copied())).limits(limits).budget(3600 * SECOND)
        });
        let clients = (1..=30).map(|last| IpAddr::from([45, 66, 78, last]));
        let checks: Vec<_> = clients.map(|client| world.checker.check(client).into_future()).collect();
        let reports = world.clock.run(join_all(checks));
        assert!(reports.iter().all(|report| report.counts().not_listed == zones.len()));
        world.dns.max_in_flight()
    };
    assert_eq!(run(7, 64, &zones), 7);
    assert_eq!(run(1, 64, &zones), 1);
    // 30 questions for reverse names, and 30 for each zone; the first check also tests the resolver, with four.
    assert!((30 + 3 * 4..=30 + 3 * 4 + 4).contains(&run(1000, 3, &zones)));
    assert!((30..=30 + 4).contains(&run(1000, 64, &[])));
}

#[test]
fn a_check_too_many_asks_nothing() {
    let world = World::with(&World::slowly(DNS), |builder| {
        let mut limits = rdnsbl::checker::Limits::default();
        limits.checks = 2;
        builder.lists(lists(["bl.test"])).limits(limits).policy(Policy::rfc().strict())
    });
    let clients = (1..=5).map(|last| IpAddr::from([45, 66, 78, last]));
    let checks: Vec<_> = clients.map(|client| world.checker.check(client).into_future()).collect();
    let reports = world.clock.run(join_all(checks));
    let (ran, shed) = reports.split_at(2);
    assert!(ran.iter().all(|report| report.counts().not_listed == 1));
    for report in shed {
        assert_eq!((report.counts().unknown, report.questions(), report.elapsed()), (1, 0, Duration::ZERO));
        assert_eq!(report.iprev().unwrap().rfc8601(), "temperror");
        assert!(report.advice().reply().is_none_or(|reply| reply.code() / 100 == 4), "{:?}", report.advice());
    }
    let stats = world.checker.stats();
    assert_eq!((stats.checks, stats.shed), (5, 3));
    // The permits are free again.
    assert_eq!(world.check(LISTED).counts().listed, 1);
}

#[test]
fn exempt_and_special_clients_are_not_asked_about() {
    let world =
        World::with(DNS, |builder| builder.lists(lists(["bl.test"])).exempt(["45.66.77.0/28".parse().unwrap()]));
    for (client, why) in
        [(LISTED, "exempt client"), (IpAddr::from([10, 0, 0, 1]), "private or special-purpose address")]
    {
        let report = world.check(client);
        let rdnsbl::Verdict::Skipped(skipped) = report.lists()[0].verdict() else { panic!("{report:?}") };
        assert_eq!(skipped.to_string(), why);
    }
    let report = world.check(Dialogue::from(IpAddr::from([45, 66, 77, 20])).authenticated());
    assert_eq!(report.lists()[0].verdict().word(), "skipped");
    assert!(world.asked().iter().all(|question| !question.contains("bl.test")));
}

#[test]
fn a_client_that_has_logged_in_is_not_judged() {
    let world = World::with(DNS, |builder| builder.lists(lists(["bl.test"])).policy(Policy::postfix().strict()));
    let stranger = Dialogue::from(LISTED).helo("oemcomputer").mail_from("<a@nowhere.test>");
    let report = world.check(stranger.clone());
    assert!(report.advice().reply().is_some());
    let report = world.check(stranger.authenticated());
    assert_eq!(report.advice(), &rdnsbl::policy::Advice::default());
    assert_eq!(report.sender().unwrap().verdict().word(), "no_such_domain", "facts are told all the same");
    world.check(CLEAN);
    assert!(world.checker.remembered(&Dialogue::from(CLEAN)).is_some());
    assert!(world.checker.remembered(&Dialogue::from(CLEAN).authenticated()).is_none());
}

#[test]
fn keys_stay_out_of_reports() {
    let dns = "
        14.77.66.45.SecretKey0123.dq.test A 127.0.0.2
        14.77.66.45.secretkey0123.dq.test TXT \"see https://dq.test/?q=14.77.66.45.SECRETKEY0123.dq.test\"
        *.secretkey9999.dq.test SERVFAIL";
    let list = |key: &str| ListSpec::deny("dq.test").unwrap().with_key(&rdnsbl::name::Key::new(key).unwrap()).unwrap();
    let lists = ListSet::builder().list(list("SecretKey0123")).list(list("secretkey9999")).build().unwrap();
    let world = World::new(dns, lists);
    for _ in 0..2 {
        let report = world.check(LISTED);
        assert_eq!(verdicts(&report), ["listed", "unknown"]);
        let mut shown = format!("{report:?}{:?}{:?}", world.checker, report.advice());
        report.exchanges().iter().for_each(|exchange| shown += &exchange.to_string());
        shown += &report.advice().reply().unwrap().to_string();
        assert!(!shown.to_ascii_lowercase().contains("secretkey"), "{shown}");
        world.clock.advance(100 * SECOND);
    }
}

#[test]
fn a_checker_needs_sensible_limits() {
    let world = World::new(DNS, lists([]));
    let mut limits = rdnsbl::checker::Limits::default();
    limits.per_zone = 0;
    let error = Checker::builder_with(world.dns.clone(), world.clock.clone()).limits(limits).build().unwrap_err();
    assert_eq!(error.to_string(), "limit per_zone must not be zero");
}

/// Records what each question is asked for.
struct Noting(Scripted, Mutex<Vec<(String, Option<u32>)>>);

impl Resolve for Noting {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        self.1.lock().unwrap().push((question.to_string(), question.chooser()));
        self.0.resolve(question)
    }
}

#[test]
fn the_resolver_is_told_which_names_a_client_chose() {
    let clock = ManualClock::new();
    let dns = Arc::new(Noting(Scripted::table(DNS, clock.clone()).unwrap(), Mutex::default()));
    let lists = lists(["bl.test"]);
    let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).build().unwrap();
    clock.run(checker.check(Dialogue::from(LISTED).helo("mail.client.test").mail_from("<a@sender.test>")));
    let noted = dns.1.lock().unwrap();
    let by = |wanted: &str| {
        let found = noted.iter().find(|(asked, _)| asked == wanted);
        found.unwrap_or_else(|| panic!("{wanted}: {noted:?}")).1
    };
    let client = by("14.77.66.45.in-addr.arpa PTR");
    assert!(client.is_some());
    for theirs in ["listed.client.test A", "mail.client.test A", "sender.test MX"] {
        assert_eq!(by(theirs), client, "{theirs}");
    }
    for ours in ["14.77.66.45.bl.test A", "14.77.66.45.bl.test TXT", "1.0.0.127.bl.test A"] {
        assert_eq!(by(ours), None, "{ours}");
    }
}

#[test]
fn silent_names_of_clients_leave_places_for_lists() {
    let mut limits = rdnsbl::checker::Limits::default();
    limits.in_flight = 8;
    let world = World::with(DNS, |builder| builder.lists(lists(["bl.test"])).limits(limits));
    // Each says HELO with a name of its own that is never answered.
    let names = (0..50_u8).map(|number| (IpAddr::from([45, 66, 78, number]), format!("h{number}.silent.test")));
    let mut strangers: Vec<_> =
        names.map(|(client, name)| start(world.checker.check(Dialogue::from(client).helo(name)))).collect();
    strangers.iter_mut().for_each(poll_once);
    let report = world.check(rdnsbl::name::Name::parse("good.example").unwrap());
    assert_eq!(verdicts(&report), ["not_listed"]);
    drop(strangers);
}

#[test]
fn verdicts_as_they_come() {
    use rdnsbl::report::Update;

    let world = World::new(DNS, lists(["late.test", "bl.test"]));
    let mut updates = world.checker.check(Dialogue::from(LISTED).mail_from("<>")).within(2 * SECOND).updates();
    let begun = world.clock.now();
    let mut seen = Vec::new();
    while let Some(update) = world.clock.run(updates.next()) {
        let word = match update {
            Update::Iprev(iprev) => iprev.rfc8601().to_owned(),
            Update::Sender(sender) => sender.verdict().word().to_owned(),
            Update::List(row) => format!("{} {}", row.list(), row.verdict().word()),
            Update::Report(report) => format!("{} lists", report.lists().len()),
            other => panic!("{other:?}"),
        };
        seen.push((word, (world.clock.now() - begun).as_secs()));
    }
    let at = |word: &str, seconds| (word.to_owned(), seconds);
    assert_eq!(seen, [at("null_sender", 0), at("pass", 0), at("bl.test listed", 0), at("2 lists", 2)]);
    // Dropped midway, the check is cancelled.
    let mut updates = world.checker.check(CLEAN).updates();
    world.clock.run(updates.next());
    drop(updates);
    assert_eq!(world.checker.stats().in_flight, 0);
}

#[test]
fn a_check_alone_has_a_budget_of_its_own() {
    let world = World::new("* TIMEOUT", lists([]));
    let begun = world.clock.now();
    let iprev = world.clock.run(world.checker.iprev(CLEAN).within(SECOND));
    assert_eq!((iprev.rfc8601(), world.clock.now() - begun), ("temperror", SECOND));
    let joined = join_all([world.checker.helo("a.test", None).within(SECOND), world.checker.helo("b.test", None)]);
    let reports = world.clock.run(joined);
    assert!(reports.iter().all(|report| report.verdict().word() == "unknown"));
}

//! Other clients ("strangers") change nothing for a client: its report, the health of lists, their circuit breakers and the
//! resolver's state are the same whether strangers send mail in between, or only the controls that they cause are asked.
//!
//! `RDNSBL_CASES=10` makes it ten times as many worlds, `RDNSBL_WORLD=34` runs one alone.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::future::{Either, join, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use rdnsbl::check::iprev::Iprev;
use rdnsbl::checker::Limits;
use rdnsbl::clock::Clock;
use rdnsbl::{Checker, Dialogue, Event, Events, ListSet, ManualClock, Report, UnknownReason, Verdict};

use crate::kit::cases::cases;
use crate::kit::random_worlds::chance::Chance;
use crate::kit::random_worlds::strange::{Asked, Strange};
use crate::kit::random_worlds::{Mood, RandomWorld};
use crate::kit::world::{SECOND, set};

/// Enough that every kind of outcome occurs.
const WORLDS: u32 = 75;

/// What must be the same in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    first: Vec<String>,
    last: Vec<String>,
    /// For each list: are its hits ignored, is it not asked?
    lists: Vec<String>,
    fault: String,
}

/// What happened in the run with strangers, by the time since its start.
#[derive(Default)]
struct Timeline {
    /// When strangers came and went.
    strangers: Vec<Duration>,
    /// What was asked of our own meanwhile, and when: lists by their number, `None` for the resolver.
    controls: BTreeMap<Duration, Vec<Option<usize>>>,
    last: Duration,
    /// What was asked of our own by the client's last check.
    at_last: Vec<Option<usize>>,
}

/// A checker in a world.
struct Run<'a> {
    world: &'a RandomWorld,
    clock: ManualClock,
    start: Instant,
    dns: Strange,
    checker: Checker,
    events: Events,
}

impl<'a> Run<'a> {
    fn new(world: &'a RandomWorld) -> Self {
        Self::with(world, Limits::default())
    }

    fn with(world: &'a RandomWorld, limits: Limits) -> Self {
        let clock = ManualClock::new();
        let dns = Strange::new(world.clone(), clock.clone());
        let lists = set(world.specs());
        let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).limits(limits).build().unwrap();
        let events = checker.events();
        Self { world, start: clock.now(), clock, dns, checker, events }
    }

    fn now(&self) -> Duration {
        self.clock.now() - self.start
    }

    fn check(&self, dialogue: Dialogue) -> Report {
        self.clock.run(self.checker.check(dialogue))
    }

    /// A check without lists and subjects: it only drives what is in flight.
    fn look(&self) -> impl Future<Output = Report> + use<> {
        self.checker.with_lists(ListSet::none()).check(Dialogue::new()).into_future()
    }

    /// The first client comes, in a world that may have been probed before.
    fn open(&self) -> Vec<String> {
        if self.world.probed {
            self.clock.run(self.checker.probe());
        }
        self.clock.advance(SECOND);
        facts(&self.check(self.world.client()))
    }

    /// All open questions end.
    fn settle(&mut self) -> (Vec<String>, String) {
        for _ in 0..3 {
            self.clock.advance(5 * SECOND);
            self.clock.run(self.look());
        }
        let health = self.checker.health();
        let lists = health.iter().map(|report| {
            let word = report.health().word();
            let alone = if word == "unreachable" { ", left alone" } else { "" };
            format!("{}: hits taken away {}{alone}", report.list(), report.health().takes_hits_away())
        });
        let lists = lists.collect();
        let mut fault = "none";
        while let Some(event) = self.events.try_next() {
            match event {
                Event::ResolverFault(found) => fault = found.word(),
                Event::ResolverRecovered(_) => fault = "none",
                _ => {}
            }
        }
        (lists, fault.to_owned())
    }
}

/// Everything in a client's report, except times, counts and texts.
fn facts(report: &Report) -> Vec<String> {
    let mut facts = vec![
        format!("iprev {}", report.iprev().map_or("none", Iprev::rfc8601)),
        format!("helo {}", report.helo().map_or("none", |helo| helo.verdict().word())),
        format!("sender {}", report.sender().map_or("none", |sender| sender.verdict().word())),
        format!("fault {}", report.resolver_fault().map_or("none", |fault| fault.word())),
        format!("score {}..{}", report.score().low(), report.score().high()),
        format!("outcome {}", report.score().outcome()),
        format!("action {}", report.advice().action().word()),
        format!("reply {:?}", report.advice().reply().map(|reply| (reply.code(), reply.enhanced().to_string()))),
        format!("findings {:?}", report.summary().findings().collect::<Vec<_>>()),
    ];
    facts.extend(report.lists().iter().map(|row| {
        let codes = match row.verdict() {
            Verdict::Listed(..) | Verdict::Excluded(_) => row.verdict().codes(),
            _ => &[],
        };
        format!("{} {} {codes:?}", row.list(), row.verdict().word())
    }));
    facts
}

/// The client, many strangers, the client again.
fn with_strangers(world: &RandomWorld) -> (Outcome, Timeline) {
    let mut run = Run::new(world);
    let mut chance = Chance::new(world.seed ^ 0x5eed);
    let first = run.open();
    run.dns.forget();
    let mut timeline = Timeline::default();
    for number in 0..chance.below(world.strangers) + 1 {
        run.clock.advance(chance.pause());
        timeline.strangers.push(run.now());
        let strangers: Vec<Dialogue> = (0..chance.crowd()).map(|_| world.stranger(number, &mut chance)).collect();
        run.clock.run(join_all(strangers.into_iter().map(|stranger| {
            let check = run.checker.check(stranger);
            match chance.below(4) {
                0 => check.within(SECOND / 2),
                1 => check.stop_when_settled(),
                _ => check,
            }
            .into_future()
        })));
        timeline.strangers.push(run.now());
    }
    run.clock.advance(chance.pause());
    timeline.last = run.now();
    let last = facts(&run.check(world.client()));
    // A probe asks for all entries of a list, so that it stands for what shows as much. The last check follows suspicions that
    // strangers left behind.
    for Asked { at, list, .. } in run.dns.controls().into_iter().filter(|asked| asked.shows) {
        let at = at - run.start;
        let lists = if at < timeline.last { timeline.controls.entry(at).or_default() } else { &mut timeline.at_last };
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    let (lists, fault) = run.settle();
    (Outcome { first, last, lists, fault }, timeline)
}

type Probe = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The client, the controls that the strangers caused, the client again.
fn with_probes(world: &RandomWorld, timeline: &Timeline) -> Outcome {
    let mut run = Run::new(world);
    let first = run.open();
    let clock = run.clock.clone();
    let start = run.start;
    let mut moments: BTreeMap<Duration, Vec<Option<usize>>> = timeline.controls.clone();
    for at in &timeline.strangers {
        moments.entry(*at).or_default();
    }
    let mut under_way: FuturesUnordered<Probe> = FuturesUnordered::new();
    let specs = world.specs();
    let probe = |controls: &[Option<usize>]| -> Probe {
        let prober = run.checker.with_lists(set(controls.iter().flatten().map(|index| specs[*index].clone())));
        Box::pin(async move { drop(prober.probe().await) })
    };
    let last = clock.run(async {
        for (at, controls) in &moments {
            drive(&mut under_way, &clock, start + *at).await;
            run.look().await;
            if !controls.is_empty() {
                under_way.push(probe(controls));
                drive(&mut under_way, &clock, start + *at).await;
            }
        }
        drive(&mut under_way, &clock, start + timeline.last).await;
        let rest = async { while under_way.next().await.is_some() {} };
        let last = join(run.checker.check(world.client()).into_future(), rest).await.0;
        if !timeline.at_last.is_empty() {
            probe(&timeline.at_last).await;
        }
        last
    });
    let last = facts(&last);
    let (lists, fault) = run.settle();
    Outcome { first, last, lists, fault }
}

/// Drives probes until that moment.
async fn drive(under_way: &mut FuturesUnordered<Probe>, clock: &ManualClock, until: Instant) {
    let mut alarm = clock.sleep_until(until);
    while !under_way.is_empty() {
        match select(under_way.next(), &mut alarm).await {
            Either::Left(_) => {}
            Either::Right(_) => return,
        }
    }
    alarm.await;
}

/// Ordinary clients change nothing either; a difference here is not caused by strangers.
#[test]
fn neighbours_change_nothing_for_others() {
    let mut wrong = Vec::new();
    for seed in 0..u64::from(cases(WORLDS)) / 6 {
        let mut world = RandomWorld::new(seed);
        world.tame = true;
        let (with, timeline) = with_strangers(&world);
        let without = with_probes(&world, &timeline);
        if with != without {
            wrong.push(difference(&world, &with, &without));
        }
    }
    assert!(wrong.is_empty(), "{} worlds differ\n{}", wrong.len(), wrong.iter().take(10).cloned().collect::<String>());
}

#[test]
fn strangers_change_nothing_for_others() {
    let worlds = u64::from(cases(WORLDS));
    let one: Option<u64> = std::env::var("RDNSBL_WORLD").ok().map(|text| text.parse().unwrap());
    let seeds = one.map_or(0..worlds, |seed| seed..seed + 1);
    let mut wrong: Vec<String> = Vec::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in seeds.clone() {
        let world = RandomWorld::new(seed);
        let (with, timeline) = with_strangers(&world);
        let without = with_probes(&world, &timeline);
        for line in with.last.iter().chain(&with.lists).chain([&format!("stands {}", with.fault)]) {
            let kind = line.split_once(": ").map_or(line.as_str(), |(_, kind)| kind);
            *seen.entry(kind.to_owned()).or_default() += 1;
        }
        if with != without {
            wrong.push(difference(&world, &with, &without));
        }
    }
    let shown: String = wrong.iter().take(10).cloned().collect();
    assert!(wrong.is_empty(), "{} of {} worlds differ\n{shown}", wrong.len(), seeds.end - seeds.start);
    if one.is_none() {
        // The property holds for a checker that never finds anything, too. This one does.
        for kind in [
            "hits taken away true",
            "hits taken away false, left alone",
            "outcome listed",
            "outcome allowed",
            "outcome undecided",
            "stands rewrites_nxdomain",
            "stands unreachable",
            "stands refused",
            "stands strips_127",
            "stands none",
        ] {
            assert!(seen.contains_key(kind), "no world in which {kind}: {seen:#?}");
        }
    }
}

fn difference(world: &RandomWorld, with: &Outcome, without: &Outcome) -> String {
    let lines = |facts: &Outcome| {
        let first = facts.first.iter().map(|line| format!("first {line}"));
        let last = facts.last.iter().map(|line| format!("last {line}"));
        let rest = facts.lists.iter().cloned().chain([format!("stands {}", facts.fault)]);
        first.chain(last).chain(rest).collect::<Vec<_>>()
    };
    let (with, without) = (lines(with), lines(without));
    let mut text = format!("world {}: {world}\n", world.seed);
    for (one, other) in with.iter().zip(&without).filter(|(one, other)| one != other) {
        text += &format!("    with strangers {one}; without {other}\n");
    }
    text
}

/// If there are more questions than permits, a client's report may be incomplete; what it says is right.
#[test]
fn strangers_beyond_capacity_cost_an_answer_and_never_a_fact() {
    let worlds = u64::from(cases(WORLDS)) / 5;
    let mut limits = Limits::default();
    (limits.in_flight, limits.per_zone) = (8, 4);
    let mut unheard = 0;
    for seed in 0..worlds {
        let mut world = RandomWorld::new(seed);
        world.mood = Mood::Honest;
        let alone = {
            let run = Run::with(&world, limits);
            run.open();
            run.clock.advance(7_200 * SECOND);
            run.check(world.client())
        };
        let run = Run::with(&world, limits);
        run.open();
        run.clock.advance(7_200 * SECOND);
        let mut chance = Chance::new(seed);
        let mut crowd = FuturesUnordered::new();
        for number in 0..60 {
            crowd.push(run.checker.check(world.stranger(number, &mut chance)).within(60 * SECOND).into_future());
        }
        run.dns.silence_strangers();
        let clock = run.clock.clone();
        let report = clock.run(async {
            // The strangers come first, and hold all permits.
            let until = clock.now() + SECOND / 10;
            let mut alarm = clock.sleep_until(until);
            while let Either::Left((Some(_), _)) = select(crowd.next(), &mut alarm).await {}
            let rest = async { while crowd.next().await.is_some() {} };
            join(run.checker.check(world.client()).into_future(), rest).await.0
        });
        unheard += compare(&world, &alone, &report);
        // After them everything is as before.
        run.clock.advance(7_200 * SECOND);
        assert_eq!(facts(&run.check(world.client())), facts(&alone), "world {seed}: {world}");
    }
    assert!(unheard > 0, "there was room for all");
}

/// The number of unknown verdicts; everything else must be equal.
fn compare(world: &RandomWorld, alone: &Report, crowded: &Report) -> usize {
    let excused = |why: UnknownReason| {
        use rdnsbl::Failure::{Deadline, Shed};
        matches!(why, UnknownReason::Failed(Deadline | Shed) | UnknownReason::Unproven)
    };
    let mut unheard = 0;
    for (one, other) in alone.lists().iter().zip(crowded.lists()) {
        if one.verdict().word() == other.verdict().word() {
            continue;
        }
        let Verdict::Unknown(unknown) = other.verdict() else {
            panic!("world {}: {world}\nalone:\n{alone}crowded:\n{crowded}", world.seed)
        };
        assert!(excused(*unknown.why()), "world {}: {world}\nalone:\n{alone}crowded:\n{crowded}", world.seed);
        unheard += 1;
    }
    let words = |report: &Report| {
        let iprev = report.iprev().map_or("none", Iprev::rfc8601);
        [iprev, report.sender().map_or("none", |sender| sender.verdict().word())]
    };
    for (one, other) in words(alone).into_iter().zip(words(crowded)) {
        if one != other {
            assert!(
                ["unknown", "temperror"].contains(&other),
                "world {}: {world}\nalone:\n{alone}crowded:\n{crowded}",
                world.seed
            );
            unheard += 1;
        }
    }
    // A missing answer makes no list broken.
    let fault = crowded.resolver_fault();
    assert!(fault.is_none() || fault == alone.resolver_fault(), "world {}: {world}\n{crowded}", world.seed);
    unheard
}

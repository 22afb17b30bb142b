//! Asks each list, within one budget: does it hold the test entries that it must hold, and not those that it must not?

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use rdnsbl::dnsxl::{Health, Refusing};
use rdnsbl::lists::{Knowledge, Retired};
use rdnsbl::report::ResolverFault;
use rdnsbl::{Checker, Event, HealthReport, ListSet, ListSpec, Name};

use crate::finding::{self, Finding};
use crate::public;
use crate::servers::Servers;

/// Lists that are asked at the same time. All at once would flood a small resolver.
const AT_ONCE: usize = 32;

/// What the answers show.
#[derive(Default)]
pub(crate) struct Answers {
    /// By zone, with its key.
    healths: HashMap<String, HealthReport>,
    pub(crate) fault: Option<ResolverFault>,
    /// Lists that did not answer in time, or were not asked in time.
    pub(crate) silent: Vec<Name>,
    pub(crate) asked: usize,
}

/// Asks the lists, each zone once.
pub(crate) async fn ask(servers: &Servers, lists: Vec<ListSpec>, knowledge: &Knowledge, budget: Duration) -> Answers {
    let mut answers = Answers::default();
    let mut zones = HashSet::new();
    let is_new = |spec: &ListSpec| zones.insert(spec.zone().expose().to_owned());
    let mut waiting: VecDeque<ListSpec> = lists.into_iter().filter(is_new).collect();
    // The settings are those of the program, and the lists come from a set.
    let Ok(checker) = Checker::builder(servers.direct().clone()).budget(budget).build() else { return answers };
    let mut events = checker.events();
    let deadline = Instant::now() + budget;
    let mut running = tokio::task::JoinSet::new();
    loop {
        while running.len() < AT_ONCE {
            let Some(spec) = waiting.pop_front() else { break };
            let zone = spec.zone().clone();
            let set = ListSet::builder().knowledge(knowledge.clone()).retired(Retired::Ask).list(spec).build();
            let checker = checker.with_lists(set.unwrap_or_else(|_| ListSet::none()));
            running.spawn(async move { (zone, checker.probe().await) });
            answers.asked += 1;
        }
        match tokio::time::timeout_at(deadline.into(), running.join_next()).await {
            Ok(Some(Ok((zone, reports)))) => answers.take(zone, reports),
            Ok(Some(Err(_))) => {}
            Ok(None) => break,
            Err(_) => {
                answers.silent.extend(waiting.drain(..).map(|spec| spec.zone().clone()));
                break;
            }
        }
    }
    while let Some(event) = events.try_next() {
        if let Event::ResolverFault(fault) = event {
            answers.fault = Some(fault);
        }
    }
    answers
}

impl Answers {
    /// Keeps the worst of what was found for IPv4, IPv6 and domains.
    fn take(&mut self, zone: Name, reports: Vec<HealthReport>) {
        let badness = |health: Health| match health {
            Health::ListsEverything | Health::Parked => 4,
            Health::Refusing(_) | Health::Gone => 3,
            Health::Unreachable | Health::Emptied => 2,
            Health::Sound | Health::NoTestEntries => 1,
            _ => 0,
        };
        // The first of several: IPv4, whose names are short.
        match reports.into_iter().rev().max_by_key(|report| badness(report.health())) {
            Some(report) if badness(report.health()) > 0 => drop(self.healths.insert(zone.expose().to_owned(), report)),
            _ => self.silent.push(zone),
        }
    }

    /// Did at least one list answer?
    pub(crate) fn any_answered(&self) -> bool {
        !self.healths.is_empty()
    }

    /// The finding about a list, if its answers show one.
    pub(crate) fn about(&self, zone: &Name, at: usize) -> Option<Finding> {
        // While the resolver changes answers, they show nothing about lists.
        if self.fault.is_some() {
            return None;
        }
        let report = self.healths.get(zone.expose())?;
        let zone = zone.without_key();
        let made = |rule, message: String| Finding::new(rule, at, message).about(zone.clone());
        let finding = match report.health() {
            Health::ListsEverything => made(finding::LISTS_ALL, format!("{zone} lists every address")),
            Health::Parked => {
                made(finding::PARKED, format!("{zone} belongs to somebody else: it answers outside 127.0.0.0/8"))
            }
            Health::Gone => made(finding::GONE, format!("the domain of {zone} does not exist")),
            Health::Refusing(Refusing::ZoneTypo) => {
                made(finding::REFUSES, format!("{zone} refuses to answer: its name is misspelt"))
            }
            // Said once, about the resolver.
            Health::Refusing(Refusing::PublicResolver) if self.refusing_as_public() > 1 => return None,
            Health::Refusing(Refusing::PublicResolver) => {
                made(finding::REFUSES, format!("{zone} refuses to answer this resolver, since it is public"))
            }
            Health::Refusing(Refusing::OverQuota) => {
                made(finding::REFUSES, format!("{zone} refuses to answer: too many questions, or not registered"))
            }
            Health::Refusing(_) => made(finding::REFUSES, format!("{zone} refuses to answer")),
            Health::Emptied => made(finding::EMPTIED, format!("{zone} lacks its test entry, and may be empty")),
            Health::Unreachable => made(finding::SILENT, format!("{zone} does not answer, while others do")),
            _ => return None,
        };
        let finding = match report.evidence().first() {
            Some(evidence) => finding.source(format!("DNS: {evidence}")),
            None => finding,
        };
        Some(finding.advice(report.advice()))
    }

    /// How many lists refuse the resolver as a public one.
    fn refusing_as_public(&self) -> usize {
        self.healths.values().filter(|report| report.health() == Health::Refusing(Refusing::PublicResolver)).count()
    }

    /// The finding about the resolver, with the lists that refuse it as a public one.
    pub(crate) fn resolver(&self, servers: &Servers) -> Option<Finding> {
        let made = |message: String| Finding::new(finding::RESOLVER, 0, message);
        if self.fault == Some(ResolverFault::Unreachable) {
            return None;
        }
        if let Some(fault) = self.fault {
            return Some(made(format!("{fault}: {servers}")).advice("ask through a resolver of your own"));
        }
        let refuses = |report: &&HealthReport| report.health() == Health::Refusing(Refusing::PublicResolver);
        // Names in reports hold no key.
        let mut refusing: Vec<String> =
            self.healths.values().filter(refuses).map(|report| report.list().as_str().to_owned()).collect();
        refusing.sort_unstable();
        let known = public::find(servers);
        (known.is_some() || refusing.len() > 1).then(|| {
            let which = known.map_or_else(|| servers.to_string(), |server| server.to_string());
            let finding = made(format!("{which} is a public resolver, which many lists refuse"))
                .advice("ask through a resolver of your own on the mail server, for example unbound");
            if refusing.is_empty() { finding } else { finding.detail(format!("refused by {}", refusing.join(", "))) }
        })
    }
}

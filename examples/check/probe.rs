//! `--probe`: do lists hold the entries that they must hold, and not those that they must not? It asks about no client.

use std::io::{self, Write};
use std::time::SystemTime;

use rdnsbl::dnsxl::{Health, SubjectKind};
use rdnsbl::lists::catalogue::{Access, Catalogue, Date, Entry, Speaks, Status};
use rdnsbl::lists::{Knowledge, Retired};
use rdnsbl::report::ResolverFault;
use rdnsbl::{Checker, Event, HealthReport, ListSet, ListSpec};
use serde_json::{Map, Value, json};

use crate::args::{Form, Options};
use crate::demo::BANNER;
use crate::exit::Exit;
use crate::lists::Lists;
use crate::servers::Servers;
use crate::usage::Usage;
use crate::{lists, people, print_error};

/// Lists that are probed at the same time. All at once would flood a small resolver, and lists would be blamed for it.
const AT_ONCE: usize = 32;
/// A list must time out this often, while others answer, before the table says that it does not answer.
const ROUNDS: usize = 5;

/// The lists to probe, and what is known about them.
pub(crate) struct Probe {
    pub(crate) lists: ListSet,
    knowledge: Knowledge,
    /// Today, to see which statements of the catalogue are old. The made-up world has its own date.
    today: Option<Date>,
}

impl Probe {
    /// The lists of the command line, closed ones too; with `--all`, all known lists.
    /// Returned with the set to ask, and messages about the command line.
    pub(crate) fn read(options: &Options) -> Result<(Self, Lists), Usage> {
        let knowledge = lists::knowledge(options)?;
        let today = match (options.demo, catalogue(&knowledge)) {
            (true, catalogue) => catalogue.map(Catalogue::as_of),
            (false, _) => Some(Date::from(SystemTime::now())),
        };
        let given = if options.all && options.lists.is_empty() {
            Lists { set: ListSet::none(), notes: Vec::new(), mistakes: Vec::new() }
        } else {
            lists::read(options, Retired::Ask)?
        };
        let Some(catalogue) = catalogue(&knowledge).filter(|_| options.all) else {
            return Ok((Self { lists: given.set.clone(), knowledge, today }, given));
        };
        let mut specs: Vec<ListSpec> = given.set.iter().cloned().collect();
        let (mut keyed, mut hashes) = (0_usize, 0_usize);
        for entry in catalogue.iter().filter(|entry| *entry.status() != Status::NeverAList) {
            let zone = entry.zone().to_string();
            if given.set.iter().any(|spec| spec.zone() == entry.zone()) {
                continue;
            } else if entry.kinds().is_empty() {
                hashes += 1;
                continue;
            } else if entry.access() == Access::KeyNeeded {
                keyed += 1;
                continue;
            }
            let spec = if entry.speaks() == Speaks::For { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) };
            specs.push(spec.map_err(|error| Usage::new(format!("{zone}: {error}")))?);
        }
        print_error(&format!("left out: {keyed} lists that want a key, {hashes} of hashes"));
        let set = ListSet::builder().knowledge(knowledge.clone()).retired(Retired::Ask).lists(specs);
        let lists = set.build().map_err(|error| Usage::new(error.to_string()))?;
        Ok((Self { lists: lists.clone(), knowledge, today }, Lists { set: lists, ..given }))
    }

    /// Probes them and prints the result.
    pub(crate) async fn run(&self, options: &Options, checker: &Checker, servers: &Servers) -> io::Result<Exit> {
        let mut events = checker.events();
        let rows: Vec<Row> = self.ask(checker).await.into_iter().map(|report| self.row(report)).collect();
        let fault = std::iter::from_fn(|| events.try_next()).fold(None, |fault, event| match event {
            Event::ResolverFault(fault) => Some(fault),
            Event::ResolverRecovered(_) => None,
            _ => fault,
        });
        let at_fault = fault.filter(|fault| *fault != ResolverFault::Unreachable);
        if let Some(fault) = at_fault {
            print_error(&format!("{fault}: {servers}"));
        } else if rows.iter().all(|row| row.outcome() == Outcome::Unknown) && !rows.is_empty() {
            print_error(&format!("no list could be told; asked {servers}"));
        }
        let unprobed = if at_fault.is_some() { "the resolver is at fault" } else { "no answer" };
        let text = match options.form {
            Some(Form::JsonLines) => rows.iter().map(|row| format!("{}\n", row.line(options.demo))).collect(),
            Some(_) => document(&rows, options.demo),
            None => format!("{}\n{}", people::header(servers, options.demo), table(&rows, unprobed)),
        };
        if options.demo && options.form.is_some() {
            print_error(&format!("{BANNER}: the answers are made up"));
        }
        io::stdout().write_all(text.as_bytes())?;
        Ok(rows.iter().map(|row| row.outcome().exit()).max().unwrap_or(Exit::CouldNotTell))
    }

    async fn ask(&self, checker: &Checker) -> Vec<HealthReport> {
        let specs: Vec<&ListSpec> = self.lists.iter().collect();
        for chunk in specs.chunks(AT_ONCE) {
            let _ = checker.with_lists(self.some(chunk)).probe().await;
        }
        // Only lists that did not answer are asked again.
        let mut reports = checker.health();
        for _ in 1..ROUNDS {
            let unheard = |spec: &&&ListSpec| {
                reports.iter().any(|report| *report.list() == spec.id() && report.health() == Health::Unprobed)
            };
            let silent: Vec<&ListSpec> = specs.iter().filter(unheard).copied().collect();
            if silent.is_empty() {
                break;
            }
            for chunk in silent.chunks(AT_ONCE) {
                let _ = checker.with_lists(self.some(chunk)).probe().await;
            }
            reports = checker.health();
        }
        reports
    }

    /// A subset of the lists. It can be built, since the whole set could.
    fn some(&self, specs: &[&ListSpec]) -> ListSet {
        let specs = specs.iter().map(|spec| (*spec).clone());
        let set = ListSet::builder().knowledge(Knowledge::None).lists(specs).build();
        set.unwrap_or_else(|_| ListSet::none())
    }

    fn row(&self, report: HealthReport) -> Row {
        let zone = self.lists.iter().find(|spec| spec.id() == *report.list()).map(ListSpec::zone);
        let entry = zone.and_then(|zone| catalogue(&self.knowledge)?.get(zone));
        let mut remarks = Vec::new();
        if let Some(entry) = entry {
            remarks.extend(self.remark(entry, report.health()));
            remarks.extend(entry.note().filter(|_| !entry.status().is_gone()).map(str::to_owned));
        }
        let closed = entry.is_some_and(|entry| entry.status().is_gone());
        Row { report, closed, status: entry.map(|entry| entry.status().word()), remarks }
    }

    /// Where the result differs from what the catalogue says.
    fn remark(&self, entry: &Entry, health: Health) -> Option<String> {
        match entry.status() {
            status if status.is_gone() && health == Health::Sound => Some("marked closed, answers soundly".to_owned()),
            status if status.is_gone() => Some(format!("marked closed: {entry}")),
            status if self.today.is_some_and(|today| entry.status_at(today) != status) => {
                Some(match entry.newest_source() {
                    Some(date) => format!("marked active; nobody has said so since {date}"),
                    None => "marked active; nobody has said when".to_owned(),
                })
            }
            _ => None,
        }
    }
}

fn catalogue(knowledge: &Knowledge) -> Option<&Catalogue> {
    match knowledge {
        Knowledge::Catalogue => Some(Catalogue::builtin()),
        Knowledge::Given(catalogue) => Some(catalogue),
        _ => None,
    }
}

/// The result for one list and one kind of subject.
struct Row {
    report: HealthReport,
    /// It has closed, according to the catalogue.
    closed: bool,
    /// What the catalogue says.
    status: Option<&'static str>,
    remarks: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Broken,
    Unknown,
    /// Nothing is wrong with it, but no entry shows that it holds anything.
    Untested,
    Sound,
}

impl Outcome {
    fn exit(self) -> Exit {
        match self {
            Self::Broken => Exit::Against,
            Self::Unknown => Exit::CouldNotTell,
            Self::Untested | Self::Sound => Exit::Clear,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Broken => "BROKEN",
            Self::Unknown => "unknown",
            Self::Untested => "untested",
            Self::Sound => "sound",
        }
    }
}

impl Row {
    fn outcome(&self) -> Outcome {
        match self.report.health() {
            Health::Sound => Outcome::Sound,
            // Many closed lists have left a zone that answers and holds nothing.
            Health::NoTestEntries if !self.closed => Outcome::Untested,
            Health::Unprobed => Outcome::Unknown,
            _ => Outcome::Broken,
        }
    }

    fn advice(&self) -> Option<&'static str> {
        let health = match self.report.health() {
            Health::NoTestEntries if self.closed => Health::Retired,
            health => health,
        };
        Some(health.advice()).filter(|advice| !advice.is_empty())
    }

    fn kind(&self) -> &'static str {
        match self.report.subject_kind() {
            SubjectKind::Ipv4 => "ipv4",
            SubjectKind::Ipv6 => "ipv6",
            SubjectKind::Domain => "domain",
        }
    }

    /// A line of `--jsonl`.
    fn line(&self, demo: bool) -> Value {
        let mut line = self.json();
        if let (true, Some(fields)) = (demo, line.as_object_mut()) {
            mark(fields);
        }
        line
    }

    fn json(&self) -> Value {
        let report = &self.report;
        let evidence: Vec<String> = report.evidence().iter().map(ToString::to_string).collect();
        json!({
            "list": report.list().as_str(),
            "kind": self.kind(),
            "health": report.health().word(),
            "advice": self.advice(),
            "evidence": evidence,
            "status": self.status,
            "remarks": self.remarks,
        })
    }
}

/// Marks what `--demo` prints.
fn mark(fields: &mut Map<String, Value>) {
    fields.insert("demo".to_owned(), json!(true));
    fields.insert("note".to_owned(), json!(BANNER));
}

/// One JSON document.
fn document(rows: &[Row], demo: bool) -> String {
    let mut document = Map::new();
    document.insert("version".to_owned(), json!(1));
    document.insert("demo".to_owned(), json!(demo));
    if demo {
        mark(&mut document);
    }
    document.insert("lists".to_owned(), rows.iter().map(Row::json).collect());
    format!("{}\n", Value::Object(document))
}

/// The table for people, broken lists first. `unprobed` says why nothing is known about a list.
fn table(rows: &[Row], unprobed: &str) -> String {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| row.outcome());
    let mut text = String::new();
    for row in sorted {
        let health = row.report.health();
        let head = format!("  {:<8} {} ({})", row.outcome().word(), row.report.list(), row.kind());
        let said = match health {
            Health::Sound => String::new(),
            Health::Unprobed => format!(": {unprobed}"),
            health => format!(": {health}"),
        };
        text.push_str(&people::wrapped(&format!("{head}{said}"), 0, INDENT));
        text.push('\n');
        let evidence = row.report.evidence().iter().filter(|_| row.outcome() == Outcome::Broken);
        let advice = row.advice().map(|advice| format!("-> {advice}"));
        for line in evidence.map(ToString::to_string).chain(advice).chain(row.remarks.iter().cloned()) {
            text.push_str(&" ".repeat(INDENT));
            text.push_str(&people::wrapped(&line, INDENT, INDENT));
            text.push('\n');
        }
    }
    text
}

/// The column where the text about a list continues.
const INDENT: usize = 11;

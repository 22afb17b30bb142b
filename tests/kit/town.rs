//! A checker with its DNS and its clock, and what it knows about its lists and its resolver.

use std::cell::Cell;
use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::lists::Knowledge;
use rdnsbl::{
    Checker, CheckerBuilder, Dialogue, Event, Events, ListSet, ListSpec, ManualClock, Question, Report, Scripted,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Clients that no list holds, with senders whose domains accept mail.
const QUIET: &str = "
    $SOA in-addr.arpa 3600 600
    $SOA quiet.test 3600 600
    *.quiet.test MX 10 mx.quiet.test
    mx.quiet.test A 45.66.78.25
";

/// A checker in a scripted world.
pub(crate) struct Town {
    pub(crate) clock: ManualClock,
    pub(crate) dns: Scripted,
    pub(crate) checker: Checker,
    events: Events,
    quiet: Cell<u8>,
}

impl Town {
    pub(crate) fn new(table: &str, lists: impl IntoIterator<Item = ListSpec>) -> Self {
        let lists = set(lists);
        Self::built(table, |builder| builder.lists(lists))
    }

    pub(crate) fn built(table: &str, build: impl FnOnce(CheckerBuilder) -> CheckerBuilder) -> Self {
        let clock = ManualClock::new();
        let dns = Scripted::table(&format!("{QUIET}{table}"), clock.clone()).unwrap();
        let checker = build(Checker::builder_with(dns.clone(), clock.clone())).build().unwrap();
        let events = checker.events();
        Self { clock, dns, checker, events, quiet: Cell::new(0) }
    }

    pub(crate) fn set(&self, table: &str) {
        self.dns.set(table).unwrap();
    }

    pub(crate) fn check(&self, dialogue: impl Into<Dialogue>) -> Report {
        self.clock.run(self.checker.check(dialogue))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The next client that no list holds, a second later.
    pub(crate) fn quiet(&self) -> Report {
        self.pass(1);
        let number = self.quiet.get();
        self.quiet.set(number.wrapping_add(1));
        self.check(client(78, number).mail_from(format!("<a@n{number}.quiet.test>")))
    }

    /// Some seconds with ordinary clients, in which all open questions end.
    pub(crate) fn settle(&self) -> Report {
        (0..5).for_each(|_| drop(self.quiet()));
        self.quiet()
    }

    /// The health of every list, in words.
    pub(crate) fn health(&self) -> Vec<&'static str> {
        self.checker.health().iter().map(|report| report.health().word()).collect()
    }

    /// Is no list broken or suspected?
    pub(crate) fn lists_are_well(&self) -> bool {
        self.health().iter().all(|word| ["unprobed", "sound", "no_test_entries"].contains(word))
    }

    /// The events since the last call.
    pub(crate) fn events(&mut self) -> Vec<String> {
        said_of_events(&mut self.events)
    }

    /// How many questions so far were about this name.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.dns.asked().iter().filter(|question| question.name.to_string() == name).count()
    }

    /// How many questions so far tried the zone: by a label nobody can guess, or by this entry.
    pub(crate) fn controls(&self, zone: &str, entry: &str) -> usize {
        let entry = format!("{entry}.{zone}");
        let is_control = |question: &Question| question.name.to_string() == entry || random_label(question, zone);
        self.dns.asked().iter().filter(|question| is_control(question)).count()
    }
}

/// Is the question about a label in this zone that nobody can guess?
pub(crate) fn random_label(question: &Question, zone: &str) -> bool {
    let name = question.name.to_string();
    name.strip_suffix(zone).and_then(|rest| rest.strip_suffix('.')).is_some_and(is_random)
}

fn is_random(label: &str) -> bool {
    label.len() == 20 && !label.contains('.') && label.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

pub(crate) fn set(lists: impl IntoIterator<Item = ListSpec>) -> ListSet {
    // No catalogue knows them.
    ListSet::builder().lists(lists).knowledge(Knowledge::None).build().unwrap()
}

pub(crate) fn address(third: u8, last: u8) -> IpAddr {
    [45, 66, third, last].into()
}

pub(crate) fn client(third: u8, last: u8) -> Dialogue {
    address(third, last).into()
}

/// The address as an entry of a list.
pub(crate) fn entry(third: u8, last: u8, zone: &str) -> String {
    format!("{last}.{third}.66.45.{zone}")
}

/// What a mail server does about the client: the code of its reply, 250 where there is none.
pub(crate) fn reply(report: &Report) -> u16 {
    report.advice().reply().map_or(250, |reply| reply.code())
}

/// The events since the last call, in a few words each.
pub(crate) fn said_of_events(events: &mut Events) -> Vec<String> {
    std::iter::from_fn(|| events.try_next())
        .map(|event| match event {
            Event::HealthChanged { list, from, to, .. } => format!("{list} {} -> {}", from.word(), to.word()),
            Event::ResolverFault(fault) => format!("fault {}", fault.word()),
            Event::ResolverRecovered(fault) => format!("recovered {}", fault.word()),
            other => other.to_string(),
        })
        .collect()
}

/// What every list says, in words.
pub(crate) fn said(report: &Report) -> Vec<&'static str> {
    report.lists().iter().map(|row| row.verdict().word()).collect()
}

/// The fault of the resolver in the report.
pub(crate) fn fault(report: &Report) -> &'static str {
    report.resolver_fault().map_or("none", |fault| fault.word())
}

//! A checker, its DNS and its clock.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::future::{MaybeDone, maybe_done};
use rdnsbl::lists::Knowledge;
use rdnsbl::{
    Checker, CheckerBuilder, Dialogue, Event, Events, ListSet, ListSpec, ManualClock, Question, Report, Scripted,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) const CLEAN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(45, 66, 77, 7));
pub(crate) const LISTED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(45, 66, 77, 14));
/// How long answers take in a slow world.
pub(crate) const DELAY: Duration = Duration::from_millis(100);

/// Clients that no list holds, with senders whose domains accept mail.
const UNLISTED: &str = "
    $SOA in-addr.arpa 3600 600
    $SOA unlisted.test 3600 600
    *.unlisted.test MX 10 mx.unlisted.test
    mx.unlisted.test A 45.66.78.25
";

/// A checker, with the DNS that it asks, its clock and its events.
pub(crate) struct World {
    pub(crate) checker: Checker,
    pub(crate) dns: Scripted,
    pub(crate) clock: ManualClock,
    events: Events,
    /// How many unlisted clients were checked.
    unlisted: Cell<u8>,
}

impl World {
    pub(crate) fn new(dns: &str, lists: ListSet) -> Self {
        Self::with(dns, |builder| builder.lists(lists))
    }

    /// Every answer takes a while.
    pub(crate) fn slow(dns: &str, lists: ListSet) -> Self {
        Self::new(&Self::slowly(dns), lists)
    }

    pub(crate) fn slowly(dns: &str) -> String {
        format!("{dns}\n* after={}ms", DELAY.as_millis())
    }

    pub(crate) fn with(dns: &str, build: impl FnOnce(CheckerBuilder) -> CheckerBuilder) -> Self {
        let clock = ManualClock::new();
        let dns = Scripted::table(dns, clock.clone()).unwrap();
        let checker = build(Checker::builder_with(dns.clone(), clock.clone())).build().unwrap();
        let events = checker.events();
        Self { checker, dns, clock, events, unlisted: Cell::new(0) }
    }

    /// With lists that no catalogue knows, and with clients that no list holds: see [`check_unlisted`](Self::check_unlisted).
    pub(crate) fn with_unlisted(dns: &str, lists: impl IntoIterator<Item = ListSpec>) -> Self {
        let lists = set(lists);
        Self::built_with_unlisted(dns, |builder| builder.lists(lists))
    }

    pub(crate) fn built_with_unlisted(dns: &str, build: impl FnOnce(CheckerBuilder) -> CheckerBuilder) -> Self {
        Self::with(&format!("{UNLISTED}{dns}"), build)
    }

    /// Other answers from now on.
    pub(crate) fn set(&self, dns: &str) {
        self.dns.set(dns).unwrap();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn check(&self, dialogue: impl Into<Dialogue>) -> Report {
        self.clock.run(self.checker.check(dialogue))
    }

    pub(crate) fn check_within(&self, client: IpAddr, budget: Duration) -> Report {
        self.clock.run(self.checker.check(client).within(budget))
    }

    /// Checks the next client that no list holds, a second later.
    pub(crate) fn check_unlisted(&self) -> Report {
        self.pass(1);
        let number = self.unlisted.get();
        self.unlisted.set(number.wrapping_add(1));
        self.check(client(78, number).mail_from(format!("<a@n{number}.unlisted.test>")))
    }

    /// Some seconds with unlisted clients, in which all open questions end.
    pub(crate) fn settle(&self) -> Report {
        (0..5).for_each(|_| drop(self.check_unlisted()));
        self.check_unlisted()
    }

    /// The health of every list, in words.
    pub(crate) fn health(&self) -> Vec<&'static str> {
        self.checker.health().iter().map(|report| report.health().word()).collect()
    }

    /// Is no list broken or suspected?
    pub(crate) fn lists_are_well(&self) -> bool {
        self.health().iter().all(|word| ["unprobed", "sound", "no_test_entries"].contains(word))
    }

    /// The events since the last call, in a few words each.
    pub(crate) fn events(&mut self) -> Vec<String> {
        events(&mut self.events)
    }

    /// The questions so far; a label nobody can guess is a question mark.
    pub(crate) fn asked(&self) -> Vec<String> {
        let tests_the_resolver = ["?.com A", "?.net A", "?.org A", ". NS"];
        self.all_asked().into_iter().filter(|question| !tests_the_resolver.contains(&&**question)).collect()
    }

    /// The same, with what tests the resolver.
    pub(crate) fn all_asked(&self) -> Vec<String> {
        let shown = |question: &Question| {
            let text = question.to_string();
            match text.split_once('.') {
                Some((label, rest)) if is_random(label) => format!("?.{rest}"),
                _ => text,
            }
        };
        self.dns.asked().iter().map(shown).collect()
    }

    /// How many questions so far were about this name.
    pub(crate) fn times_asked(&self, name: &str) -> usize {
        self.dns.asked().iter().filter(|question| question.name.to_string() == name).count()
    }

    /// How many questions so far were controls of the zone: about a label nobody can guess, or about this entry.
    pub(crate) fn controls_asked(&self, zone: &str, entry: &str) -> usize {
        let entry = format!("{entry}.{zone}");
        let is_control = |question: &Question| question.name.to_string() == entry || random_label(question, zone);
        self.dns.asked().iter().filter(|question| is_control(question)).count()
    }
}

pub(crate) fn lists<'a>(zones: impl IntoIterator<Item = &'a str>) -> ListSet {
    zones.into_iter().fold(ListSet::builder(), |builder, zone| builder.deny(zone)).build().unwrap()
}

/// Is the question about a label in this zone that nobody can guess?
pub(crate) fn random_label(question: &Question, zone: &str) -> bool {
    let name = question.name.to_string();
    name.strip_suffix(zone).and_then(|rest| rest.strip_suffix('.')).is_some_and(is_random)
}

fn is_random(label: &str) -> bool {
    label.len() == 20 && !label.contains('.') && label.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// A set of lists that no catalogue knows.
pub(crate) fn set(lists: impl IntoIterator<Item = ListSpec>) -> ListSet {
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
pub(crate) fn events(events: &mut Events) -> Vec<String> {
    std::iter::from_fn(|| events.try_next())
        .map(|event| match event {
            Event::HealthChanged { list, from, to, .. } => format!("{list} {} -> {}", from.word(), to.word()),
            Event::ResolverFault(fault) => format!("fault {}", fault.word()),
            Event::ResolverRecovered(fault) => format!("recovered {}", fault.word()),
            other => other.to_string(),
        })
        .collect()
}

/// The verdict of every list, in words.
pub(crate) fn verdicts(report: &Report) -> Vec<&'static str> {
    report.lists().iter().map(|row| row.verdict().word()).collect()
}

/// The fault of the resolver in the report.
pub(crate) fn fault(report: &Report) -> &'static str {
    report.resolver_fault().map_or("none", |fault| fault.word())
}

/// A future that can be polled when it is done.
pub(crate) type Started<F> = Pin<Box<MaybeDone<F>>>;

pub(crate) fn start<F: IntoFuture>(future: F) -> Started<F::IntoFuture> {
    Box::pin(maybe_done(future.into_future()))
}

pub(crate) fn poll_once<F: Future>(future: &mut Started<F>) {
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

//! A checker, its DNS and its clock.

use std::future::{Future, IntoFuture};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::future::{MaybeDone, maybe_done};
use rdnsbl::{Checker, CheckerBuilder, Dialogue, ListSet, ManualClock, Question, Report, Scripted};

pub(crate) const CLEAN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(45, 66, 77, 7));
pub(crate) const LISTED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(45, 66, 77, 14));
/// How long answers take in a slow world.
pub(crate) const DELAY: Duration = Duration::from_millis(100);

pub(crate) struct World {
    pub(crate) checker: Checker,
    pub(crate) dns: Scripted,
    pub(crate) clock: ManualClock,
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
        Self { checker, dns, clock }
    }

    pub(crate) fn check(&self, dialogue: impl Into<Dialogue>) -> Report {
        self.clock.run(self.checker.check(dialogue))
    }

    pub(crate) fn check_within(&self, client: IpAddr, budget: Duration) -> Report {
        self.clock.run(self.checker.check(client).within(budget))
    }

    /// The questions so far; a label nobody can guess is a question mark.
    pub(crate) fn asked(&self) -> Vec<String> {
        let tries_the_resolver = ["?.com A", "?.net A", "?.org A", ". NS"];
        self.all_asked().into_iter().filter(|question| !tries_the_resolver.contains(&&**question)).collect()
    }

    /// The same, with what tries the resolver.
    pub(crate) fn all_asked(&self) -> Vec<String> {
        let shown = |question: &Question| {
            let text = question.to_string();
            match text.split_once('.') {
                Some((label, rest)) if label.len() == 20 => format!("?.{rest}"),
                _ => text,
            }
        };
        self.dns.asked().iter().map(shown).collect()
    }
}

pub(crate) fn lists<'a>(zones: impl IntoIterator<Item = &'a str>) -> ListSet {
    zones.into_iter().fold(ListSet::builder(), |builder, zone| builder.deny(zone)).build().unwrap()
}

pub(crate) fn said(report: &Report) -> Vec<&'static str> {
    report.lists().iter().map(|row| row.verdict().word()).collect()
}

/// A future that can be polled when it is done.
pub(crate) type Started<F> = Pin<Box<MaybeDone<F>>>;

pub(crate) fn start<F: IntoFuture>(future: F) -> Started<F::IntoFuture> {
    Box::pin(maybe_done(future.into_future()))
}

pub(crate) fn poll_once<F: Future>(future: &mut Started<F>) {
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

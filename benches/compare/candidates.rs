//! The candidates for the same check: this crate's checker, the same questions by hand, and a simple program with hickory.
//!
//! One check is 16 questions about a client and a sender: 12 lists, PTR and its address, MX and its address; a hit's text
//! is one more.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures::future::{join_all, join3};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType as WireType;
use rdnsbl::dns::{AnswerKind, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Resolve};
use rdnsbl::{Checker, CheckerBuilder, Dialogue, ListKind, ListSet, Report, Subject, Verdict};
use tokio::runtime::Runtime;

use super::load::{self, AtOnce, Load};
use super::world::{self, LISTS, zone};

pub(crate) enum Candidate {
    /// A [`Checker`], with what it rests on, and how long a check may take.
    Ours(Checker, Option<Duration>),
    /// [`Direct`] and `join_all`: what the transport alone costs.
    ByHand(Direct),
    /// Hickory's `TokioResolver` and `join_all`, no proof, no memory.
    Naive(TokioResolver),
}

/// What one check found; of lists, one bit each.
pub(crate) struct Seen {
    listed: u16,
    unheard: u16,
    /// Reverse DNS and the sender were found to be in order.
    rest: bool,
}

/// What many checks found, beside the rule.
#[derive(Default)]
pub(crate) struct Tally {
    /// Listings that were not told of.
    pub(crate) missed: Cell<u64>,
    /// Listings that are none.
    pub(crate) invented: Cell<u64>,
    /// Lists, and other parts, about which nothing could be told.
    pub(crate) unheard: Cell<u64>,
    pub(crate) hits: Cell<u64>,
}

impl Tally {
    fn add(&self, client: Ipv4Addr, seen: &Seen) {
        let expected = world::listed(client);
        let add = |to: &Cell<u64>, more: u32| to.set(to.get() + u64::from(more));
        add(&self.missed, (expected & !seen.listed).count_ones());
        add(&self.invented, (seen.listed & !expected).count_ones());
        add(&self.unheard, seen.unheard.count_ones() + u32::from(!seen.rest));
        add(&self.hits, expected.count_ones());
    }

    /// A line for what should not be, if there is any.
    pub(crate) fn complain(&self, about: &str) {
        let [missed, invented, unheard] = [&self.missed, &self.invented, &self.unheard].map(Cell::get);
        if missed + invented + unheard > 0 {
            println!("# {about}: {missed} listings missed, {invented} invented, {unheard} not heard");
        }
    }
}

/// Makes checks of clients from this number on.
pub(crate) fn check(
    runtime: &Runtime,
    candidate: &Rc<Candidate>,
    at_once: impl Into<AtOnce>,
    first: u64,
    count: u64,
) -> (Load, Rc<Tally>) {
    let (candidate, tally) = (Rc::clone(candidate), Rc::new(Tally::default()));
    let all = Rc::clone(&tally);
    let load = load::run(runtime, at_once, first, count, move |number| {
        let (candidate, tally) = (Rc::clone(&candidate), Rc::clone(&all));
        async move {
            let number = number as u32;
            let seen = match &*candidate {
                Candidate::Ours(checker, budget) => seen(&ours(checker, number, *budget).await),
                Candidate::ByHand(direct) => by_hand(direct, number).await,
                Candidate::Naive(resolver) => naive(resolver, number).await,
            };
            tally.add(world::client(number), &seen);
        }
    });
    (load, tally)
}

pub(crate) fn checker(resolver: impl Resolve + 'static) -> CheckerBuilder {
    checker_of(LISTS, resolver)
}

pub(crate) fn checker_of(lists: usize, resolver: impl Resolve + 'static) -> CheckerBuilder {
    let lists = (0..lists).fold(ListSet::builder(), |set, list| set.deny(&zone(list))).build().unwrap();
    Checker::builder(resolver).lists(lists)
}

pub(crate) fn dialogue(number: u32) -> Dialogue {
    Dialogue::from(IpAddr::V4(world::client(number))).mail_from(format!("<a@s{number}.mail.test>"))
}

async fn ours(checker: &Checker, number: u32, budget: Option<Duration>) -> Report {
    let check = checker.check(dialogue(number));
    match budget {
        Some(budget) => check.within(budget).await,
        None => check.await,
    }
}

fn seen(report: &Report) -> Seen {
    let (mut listed, mut unheard) = (0, 0);
    for (list, row) in report.lists().iter().enumerate() {
        match row.verdict() {
            Verdict::Listed(ListKind::Deny, _) => listed |= 1 << list,
            Verdict::NotListed(_) => {}
            _ => unheard |= 1 << list,
        }
    }
    let confirmed = report.iprev().is_some_and(|iprev| iprev.rfc8601() == "pass");
    Seen { listed, unheard, rest: confirmed && report.sender().is_some_and(|sender| sender.verdict().word() == "ok") }
}

/// Bits of lists: what they said, `None` for nothing.
fn bits(lists: &[Option<bool>]) -> (u16, u16) {
    let of = |what| lists.iter().enumerate().filter(|(_, said)| **said == what).fold(0, |all, (at, _)| all | 1 << at);
    (of(Some(true)), of(None))
}

async fn by_hand(direct: &Direct, number: u32) -> Seen {
    let address = world::client(number);
    let ask = async |name: Name, kind| direct.resolve(Question::new(name, kind)).await;
    let lists = join_all((0..LISTS).map(async |list| {
        let name = Subject::from(IpAddr::V4(address)).name_under(&Name::parse(&zone(list)).unwrap()).unwrap();
        match ask(name.clone(), RecordType::A).await.kind() {
            AnswerKind::Records(_) => {
                ask(name, RecordType::Txt).await;
                Some(true)
            }
            AnswerKind::NxDomain(_) | AnswerKind::NoData(_) => Some(false),
            AnswerKind::Failed(_) => None,
        }
    }));
    let address_of = async |name: Name, kind| {
        let first = match ask(name, kind).await.kind() {
            AnswerKind::Records(records) => records.iter().next().map(ToString::to_string),
            _ => None,
        };
        let Some(first) = first else { return false };
        let host = first.split_once(' ').map_or(first.as_str(), |(_, host)| host);
        matches!(ask(Name::parse(host).unwrap(), RecordType::A).await.kind(), AnswerKind::Records(_))
    };
    let reverse = address_of(Name::reverse_of(address.into()), RecordType::Ptr);
    let sender = address_of(Name::parse(&format!("s{number}.mail.test")).unwrap(), RecordType::Mx);
    let (lists, reverse, sender) = join3(lists, reverse, sender).await;
    let (listed, unheard) = bits(&lists);
    Seen { listed, unheard, rest: reverse && sender }
}

/// With everything as it comes, except that nothing is remembered and no hosts file is read.
pub(crate) fn resolver(servers: &[SocketAddr], remembered: u64) -> TokioResolver {
    let server = |server: &SocketAddr| {
        let mut udp = ConnectionConfig::udp();
        udp.port = server.port();
        NameServerConfig::new(server.ip(), true, vec![udp])
    };
    let config = ResolverConfig::from_parts(None, vec![], servers.iter().map(server).collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = remembered;
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build().unwrap()
}

async fn naive(resolver: &TokioResolver, number: u32) -> Seen {
    let [a, b, c, d] = world::client(number).octets();
    let lists = join_all((0..LISTS).map(|list| async move {
        let name = format!("{d}.{c}.{b}.{a}.{}.", zone(list));
        match resolver.lookup(name.as_str(), WireType::A).await {
            Ok(_) => {
                let _ = resolver.lookup(name, WireType::TXT).await;
                Some(true)
            }
            Err(error) if error.is_no_records_found() => Some(false),
            Err(_) => None,
        }
    }));
    let address_of = async |name: String, kind| {
        let Ok(names) = resolver.lookup(name, kind).await else { return false };
        let Some(first) = names.answers().first().map(|record| record.data.to_string()) else { return false };
        let host = first.split_once(' ').map_or(first.as_str(), |(_, host)| host);
        resolver.lookup(host, WireType::A).await.is_ok()
    };
    let reverse = address_of(format!("{d}.{c}.{b}.{a}.in-addr.arpa."), WireType::PTR);
    let sender = address_of(format!("s{number}.mail.test."), WireType::MX);
    let (lists, reverse, sender) = join3(lists, reverse, sender).await;
    let (listed, unheard) = bits(&lists);
    Seen { listed, unheard, rest: reverse && sender }
}

//! Random worlds: lists, a resolver and a client whose names have fixed answers, and other clients ("strangers"), whose names may
//! have any answer.

pub(crate) mod chance;
mod lists;
pub(crate) mod strange;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rdnsbl::dns::{AnswerKind, Target};
use rdnsbl::{Answer, Dialogue, Failure, ListSpec, Name, Question, Record, RecordType, Soa};

use chance::Chance;
use lists::{Does, List, is_random};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Honest,
    /// It invents addresses, but not in the lists' zones.
    Invents,
    InventsInLists,
    Strips,
    Silent,
    Refuses,
}

/// Everything that does not change.
#[derive(Clone, Debug)]
pub(crate) struct RandomWorld {
    pub(crate) seed: u64,
    pub(crate) mood: Mood,
    pub(crate) probed: bool,
    /// Strangers' names answer by the table as well.
    pub(crate) tame: bool,
    /// How many messages of strangers, at most.
    pub(crate) strangers: u64,
    lists: Vec<List>,
    reverse: Reverse,
    sender: Sends,
    ttl: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Reverse {
    Confirmed,
    Absent,
    Fails,
}

#[derive(Clone, Copy, Debug)]
enum Sends {
    Mx,
    ImplicitMx,
    NoSuchDomain,
    Fails,
}

const ADDRESS_ZONES: [&str; 4] = ["a0.lists.example", "a1.lists.example", "a2.operator.example", "a3.other.example"];
const DOMAIN_ZONES: [&str; 2] = ["d0.lists.example", "d1.operator.example"];
/// A code that some lists document as a refusal.
const REFUSAL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 250);
const LISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const ODD: [Ipv4Addr; 5] = [
    Ipv4Addr::new(10, 0, 0, 1),
    Ipv4Addr::UNSPECIFIED,
    Ipv4Addr::new(198, 51, 100, 7),
    Ipv4Addr::new(127, 255, 255, 252),
    Ipv4Addr::new(127, 255, 255, 254),
];
/// How a stranger's server can answer a question.
const FAILURES: [Failure; 11] = [
    Failure::ServFail,
    Failure::ServFail,
    Failure::Timeout,
    Failure::Timeout,
    Failure::Refused,
    Failure::Rcode(1),
    Failure::Truncated,
    Failure::Malformed,
    Failure::CnameLoop,
    Failure::Contradiction,
    Failure::Unrelated,
];
/// What a list's server does when it is out of order.
const OUTAGES: [Failure; 4] = [Failure::ServFail, Failure::Timeout, Failure::Rcode(1), Failure::Refused];

const CLIENT: Ipv4Addr = Ipv4Addr::new(45, 66, 77, 7);
const HOST: &str = "c.client.example";
const SENDER: &str = "sender.example";

impl RandomWorld {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mood = match chance.below(12) {
            0 => Mood::Invents,
            1 => Mood::InventsInLists,
            2 => Mood::Strips,
            3 => Mood::Silent,
            4 => Mood::Refuses,
            _ => Mood::Honest,
        };
        let probed = chance.below(2) == 0;
        let (addresses, domains) = (chance.below(5), chance.below(3));
        let zones = (ADDRESS_ZONES.iter().take(addresses as usize).map(|zone| (*zone, false)))
            .chain(DOMAIN_ZONES.iter().take(domains as usize).map(|zone| (*zone, true)));
        let mut lists: Vec<List> = zones
            .map(|(zone, of_domains)| List {
                zone,
                of_domains,
                allows: chance.below(4) == 0,
                // What is not probed at first must be asked for at first use, so that later probes find nothing new.
                documented: !probed || chance.below(2) == 0,
                does: Does::any(&mut chance),
            })
            .collect();
        // Where an empty answer may be the resolver's doing, no probe may clear it by an answer in 127.0.0.0/8.
        if lists.iter().any(|list| list.does == Does::Nothing) {
            lists.retain(|list| !list.does.shows_loopback());
        }
        Self {
            seed,
            mood,
            probed,
            tame: false,
            strangers: chance.pick(&[1, 5, 10]),
            lists,
            reverse: chance.pick(&[Reverse::Confirmed, Reverse::Confirmed, Reverse::Absent, Reverse::Fails]),
            sender: chance.pick(&[Sends::Mx, Sends::Mx, Sends::ImplicitMx, Sends::NoSuchDomain, Sends::Fails]),
            ttl: Duration::from_secs(chance.pick(&[5, 60, 3_600])),
        }
    }

    pub(crate) fn specs(&self) -> Vec<ListSpec> {
        self.lists.iter().map(List::spec).collect()
    }

    /// Whose report must not change.
    pub(crate) fn client(&self) -> Dialogue {
        Dialogue::from(IpAddr::V4(CLIENT)).helo(HOST).mail_from(format!("<a@{SENDER}>"))
    }

    /// A message of a stranger; the number keeps most of them apart.
    pub(crate) fn stranger(&self, number: u64, chance: &mut Chance) -> Dialogue {
        let address: IpAddr = match chance.below(8) {
            0 => IpAddr::from([0x2a00, 0x77, 0, 0, 0, 0, 0, chance.below(9) as u16]),
            _ => IpAddr::from([45, 67, (number % 250) as u8, chance.below(250) as u8]),
        };
        let name = |chance: &mut Chance| match chance.below(8) {
            0 => chance.pick(&["ns1", "www", "mail", "localhost"]).to_owned(),
            1 => "mail.cluster".to_owned(),
            _ => format!("h{}.s{number}.strange.example", chance.below(40)),
        };
        let mut dialogue = Dialogue::from(address);
        if chance.below(3) > 0 {
            dialogue = dialogue.helo(name(chance));
        }
        if chance.below(4) > 0 {
            dialogue = dialogue.mail_from(format!("<a@{}>", name(chance)));
        }
        if chance.below(4) == 0 {
            dialogue = dialogue.rcpt_to(format!("<a@{}>", name(chance)));
        }
        dialogue
    }

    /// The list in whose zone a name is, and the labels in front.
    fn in_list<'a>(&self, name: &'a str) -> Option<(usize, &'a str)> {
        self.lists.iter().enumerate().find_map(|(index, list)| {
            let labels = name.strip_suffix(list.zone)?;
            match labels.strip_suffix('.') {
                Some(labels) => Some((index, labels)),
                None => labels.is_empty().then_some((index, "")),
            }
        })
    }

    /// Is this what we ask of our own, and of which list?
    fn control(&self, question: &Question) -> Option<Option<usize>> {
        let name = question.name.expose().trim_end_matches('.');
        if let Some((index, labels)) = self.in_list(name) {
            return self.lists[index].is_own(labels).then_some(Some(index));
        }
        tries_resolver(name).then_some(None)
    }

    /// Would a probe of the list show no more than this question does? A list that fails shows it by its controls alone.
    fn shows(&self, question: &Question) -> bool {
        let name = question.name.expose().trim_end_matches('.');
        let Some((index, labels)) = self.in_list(name) else { return true };
        let is_entry = labels.is_empty() || ["test", "2.0.0.127"].contains(&labels);
        !(is_entry && matches!(self.lists[index].does, Does::Fails(_)))
    }

    /// Is it about a stranger?
    fn is_strange(&self, name: &str) -> bool {
        if let Some((index, labels)) = self.in_list(name) {
            let list = &self.lists[index];
            return !list.is_own(labels) && !list.is_client(labels);
        }
        let strange = ["67.45.in-addr.arpa", "ip6.arpa", "strange.example", "cluster"];
        strange.iter().any(|zone| name.ends_with(zone)) || !name.is_empty() && !name.contains('.')
    }

    /// The table, through the resolver.
    fn fixed(&self, question: &Question) -> Answer {
        let name = question.name.expose().trim_end_matches('.');
        let in_list = self.in_list(name);
        let answer = match in_list {
            Some((index, labels)) => self.lists[index].answer(labels, question.record_type),
            None => self.outside(name, question.record_type),
        };
        match (self.mood, answer.kind()) {
            (Mood::Silent, _) => Answer::failed(Failure::Timeout),
            (Mood::Refuses, _) => Answer::failed(Failure::Refused),
            (Mood::Invents, AnswerKind::NxDomain(_)) if in_list.is_none() && question.record_type == RecordType::A => {
                invented()
            }
            (Mood::InventsInLists, AnswerKind::NxDomain(_)) if question.record_type == RecordType::A => invented(),
            (Mood::Strips, AnswerKind::Records(set)) if set.iter().any(is_listing) => Answer::no_data(None),
            _ => answer,
        }
    }

    fn outside(&self, name: &str, kind: RecordType) -> Answer {
        let ttl = self.ttl;
        let no = |zone: &str| Some(soa(zone, ttl));
        match (name, kind) {
            ("7.77.66.45.in-addr.arpa", RecordType::Ptr) => match self.reverse {
                Reverse::Confirmed => Answer::records([Record::Ptr(Target::from_text(HOST))], ttl),
                Reverse::Absent => Answer::nx_domain(no("in-addr.arpa")),
                Reverse::Fails => Answer::failed(Failure::ServFail),
            },
            (HOST, RecordType::A) => Answer::records([Record::A(CLIENT)], ttl),
            ("mx.client.example", RecordType::A) => Answer::records([Record::A(CLIENT)], ttl),
            (HOST | "mx.client.example", _) => Answer::no_data(no("client.example")),
            (SENDER, kind) => match (self.sender, kind) {
                (Sends::Mx, RecordType::Mx) => Answer::records(
                    [Record::Mx { preference: 10, exchange: Target::from_text("mx.client.example") }],
                    ttl,
                ),
                (Sends::ImplicitMx, RecordType::A) => Answer::records([Record::A(CLIENT)], ttl),
                (Sends::Mx | Sends::ImplicitMx, _) => Answer::no_data(no(SENDER)),
                (Sends::NoSuchDomain, _) => Answer::nx_domain(no("example")),
                (Sends::Fails, _) => Answer::failed(Failure::ServFail),
            },
            ("", _) => Answer::no_data(Some(Soa::new(Name::root(), ttl))),
            _ => match self.above_lists(name) {
                Some(domain) if domain == name => Answer::no_data(no(domain)),
                Some(domain) => Answer::nx_domain(no(domain)),
                None => Answer::nx_domain(no(name.rsplit('.').next().unwrap_or_default())),
            },
        }
    }

    /// The operator's domain in which a name is, where there is one.
    fn above_lists(&self, name: &str) -> Option<&'static str> {
        let there = self.lists.iter().filter(|list| list.does != Does::Gone);
        let mut domains = there.filter_map(|list| Some(list.zone.split_once('.')?.1));
        domains.find(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

impl fmt::Display for RandomWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}, probed {}, {:?}, {:?}, ttl {:?}",
            self.mood, self.probed, self.reverse, self.sender, self.ttl
        )?;
        self.lists.iter().try_for_each(|list| write!(f, "\n      {list:?}"))
    }
}

fn soa(zone: &str, ttl: Duration) -> Soa {
    Soa::new(Name::parse(zone).unwrap(), ttl)
}

fn invented() -> Answer {
    Answer::records([Record::A([203, 0, 113, 99].into())], Duration::from_secs(60))
}

fn is_listing(record: &Record) -> bool {
    matches!(record, Record::A(code) if code.is_loopback())
}

/// The root, or a label that nobody can guess.
fn tries_resolver(name: &str) -> bool {
    name.is_empty() || name.split_once('.').is_some_and(|(first, _)| is_random(first))
}

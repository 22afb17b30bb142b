//! Random worlds: lists, a resolver and a client whose names have fixed answers, and other clients ("strangers"), whose names may
//! have any answer.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdnsbl::clock::Clock;
use rdnsbl::dns::{AnswerKind, Target};
use rdnsbl::dnsxl::{Disposition, Part, Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::resolve::BoxFuture;
use rdnsbl::{Answer, Dialogue, Failure, ListSpec, ManualClock, Name, Question, Record, RecordType, Resolve, Soa};

/// How long a resolver waits for a silent server.
const SILENCE: Duration = Duration::from_secs(4);

/// A sequence that looks random and is the same for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }

    /// Between two messages: mostly seconds, now and then a while.
    pub(crate) fn pause(&mut self) -> Duration {
        Duration::from_millis(match self.below(8) {
            0 => 0,
            1 => 60_000 + self.below(60_000),
            2 => 1_000 + self.below(30_000),
            _ => 500 + self.below(3_000),
        })
    }

    /// Messages at one time.
    pub(crate) fn crowd(&mut self) -> u64 {
        if self.below(6) == 0 { 2 + self.below(6) } else { 1 }
    }
}

/// What a list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// It works; the client is in it, or is not.
    Works(bool),
    /// It works, but it answers this about the client.
    SaysOfClient(Ipv4Addr),
    /// It works, but it fails in this way about the client.
    FailsForClient(Failure),
    /// It answers this to everything.
    Everything(Ipv4Addr),
    /// The same, but only to names that are addresses.
    EveryAddress(Ipv4Addr),
    Fails(Failure),
    /// Not even its test entry is in it.
    Empty,
    /// Its operator's domain does not exist.
    Gone,
    /// An empty NOERROR that nobody signs, to everything.
    Nothing,
}

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

#[derive(Clone, Debug)]
pub(crate) struct List {
    zone: &'static str,
    of_domains: bool,
    allows: bool,
    documented: bool,
    does: Does,
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

    /// What a stranger's name answers this time.
    fn strange(&self, question: &Question, chance: &mut Chance) -> Answer {
        let name = question.name.expose().trim_end_matches('.');
        let ttl = Duration::from_secs(chance.pick(&[0, 30, 3_600]));
        if let Some((index, _)) = self.in_list(name) {
            // Only a resolver that works lets an answer in 127.0.0.0/8 through, so that it clears the resolver.
            let honest = self.mood == Mood::Honest && self.lists.iter().all(|list| list.does != Does::Nothing);
            let list = &self.lists[index];
            // Any answer of a list ends "does not answer": one that is out of order answers nobody.
            if matches!(list.does, Does::Fails(_)) {
                return self.fixed(question);
            }
            return match (chance.below(10), question.record_type) {
                (0..3, _) => Answer::failed(chance.pick(&FAILURES)),
                (3, _) => Answer::nx_domain(chance.pick(&[None, Some(soa(list.zone, ttl)), Some(soa("example", ttl))])),
                (4, _) => Answer::no_data(chance.pick(&[None, Some(soa(list.zone, ttl))])),
                (5..7, RecordType::A) => {
                    let code = chance.pick(&ODD);
                    let code = if code.is_loopback() && !honest { ODD[0] } else { code };
                    Answer::records([Record::A(code)], ttl)
                }
                (7, RecordType::A) if honest => {
                    Answer::records([Record::A(chance.pick(&[LISTED, REFUSAL, Ipv4Addr::LOCALHOST]))], ttl)
                }
                _ => self.fixed(question),
            };
        }
        let host = || Target::from_text(&format!("h{}.strange.example", ttl.as_secs()));
        match (chance.below(8), question.record_type) {
            (0..4, _) => Answer::failed(chance.pick(&FAILURES)),
            (4, _) => Answer::nx_domain(chance.pick(&[None, Some(soa("strange.example", ttl))])),
            (5, _) => Answer::no_data(chance.pick(&[None, Some(soa("strange.example", ttl))])),
            (_, RecordType::A) => Answer::records([Record::A(chance.pick(&[CLIENT, ODD[0], ODD[2], LISTED]))], ttl),
            (_, RecordType::Ptr) => Answer::records([Record::Ptr(host())], ttl),
            (_, RecordType::Mx) => Answer::records(
                [Record::Mx {
                    preference: 5,
                    exchange: chance.pick(&[host(), Target::Root, Target::from_text("1.2.3.4")]),
                }],
                ttl,
            ),
            _ => Answer::failed(Failure::ServFail),
        }
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

impl Does {
    fn any(chance: &mut Chance) -> Self {
        match chance.below(20) {
            0..4 => Self::Works(false),
            4..8 => Self::Works(true),
            8 => Self::SaysOfClient(chance.pick(&ODD)),
            9 => Self::FailsForClient(chance.pick(&FAILURES)),
            10 => Self::Everything(LISTED),
            11 => Self::Everything(chance.pick(&ODD)),
            12 => Self::Everything(REFUSAL),
            13 => Self::EveryAddress(chance.pick(&[LISTED, ODD[2], ODD[4]])),
            14..17 => Self::Fails(chance.pick(&OUTAGES)),
            17 => Self::Empty,
            18 => Self::Gone,
            _ => Self::Nothing,
        }
    }

    /// Does it ever answer in 127.0.0.0/8?
    fn shows_loopback(self) -> bool {
        match self {
            Self::Works(_) | Self::SaysOfClient(_) | Self::FailsForClient(_) => true,
            Self::Everything(code) | Self::EveryAddress(code) => code.is_loopback(),
            Self::Fails(_) | Self::Empty | Self::Gone | Self::Nothing => false,
        }
    }
}

impl List {
    fn spec(&self) -> ListSpec {
        let (kind, entry) = if self.of_domains {
            (SubjectKind::Domain, TestEntry::Domain(Name::parse("test").unwrap()))
        } else {
            (SubjectKind::Ipv4, TestEntry::Address([127, 0, 0, 2].into()))
        };
        let mut profile = Profile::new().lists([kind]);
        if self.documented {
            profile = profile.test_points(kind, TestPoints::documented(entry));
        }
        if self.does == Does::Everything(REFUSAL) {
            profile = profile.code(REFUSAL.to_string().parse().unwrap(), Disposition::Refusal, "not for you");
        }
        let spec = if self.allows { ListSpec::allow(self.zone) } else { ListSpec::deny(self.zone) };
        let spec = spec.unwrap().with_profile(profile);
        if self.of_domains { spec.with_parts([Part::Helo, Part::Sender]) } else { spec }
    }

    /// Is it a question of our own?
    fn is_own(&self, labels: &str) -> bool {
        let entries = if self.of_domains { ["test", "invalid"] } else { ["2.0.0.127", "1.0.0.127"] };
        labels.is_empty() || entries.contains(&labels) || is_random(labels)
    }

    fn is_client(&self, labels: &str) -> bool {
        if self.of_domains { [HOST, SENDER].contains(&labels) } else { labels == "7.77.66.45" }
    }

    fn answer(&self, labels: &str, kind: RecordType) -> Answer {
        let ttl = Duration::from_secs(60);
        let is = |code: Ipv4Addr| match kind {
            RecordType::A => Answer::records([Record::A(code)], ttl),
            _ => Answer::no_data(Some(soa(self.zone, ttl))),
        };
        let no = || match labels {
            "" => Answer::no_data(Some(soa(self.zone, ttl))),
            _ => Answer::nx_domain(Some(soa(self.zone, ttl))),
        };
        let works = |about_client: Option<Answer>| match labels {
            "test" if self.of_domains => is(LISTED),
            "2.0.0.127" if !self.of_domains => is(LISTED),
            _ if self.is_client(labels) => about_client.unwrap_or_else(no),
            _ => no(),
        };
        match self.does {
            Does::Works(holds) => works(holds.then(|| is(LISTED))),
            Does::SaysOfClient(code) => works(Some(is(code))),
            Does::FailsForClient(failure) => works(Some(Answer::failed(failure))),
            Does::Everything(code) => is(code),
            Does::EveryAddress(code) if !labels.is_empty() && labels.split('.').all(is_octet) => is(code),
            Does::EveryAddress(_) | Does::Empty => no(),
            Does::Fails(failure) => Answer::failed(failure),
            Does::Gone => Answer::nx_domain(Some(soa("example", ttl))),
            Does::Nothing => Answer::no_data(None),
        }
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

fn is_octet(label: &str) -> bool {
    label.parse::<u8>().is_ok()
}

fn is_random(label: &str) -> bool {
    label.len() == 20 && label.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// A question of our own.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    /// To which list; `None` where it tries the resolver.
    pub(crate) list: Option<usize>,
    /// It shows whether the list answers: an entry that must not exist, or any question to a list that works.
    pub(crate) shows: bool,
}

/// The resolver of a world.
#[derive(Clone)]
pub(crate) struct Strange {
    world: RandomWorld,
    clock: ManualClock,
    state: Arc<Mutex<State>>,
}

struct State {
    chance: Chance,
    asked: Vec<Asked>,
    silent: bool,
}

impl Strange {
    pub(crate) fn new(world: RandomWorld, clock: ManualClock) -> Self {
        let state = State { chance: Chance::new(!world.seed), asked: Vec::new(), silent: false };
        Self { world, clock, state: Arc::new(Mutex::new(state)) }
    }

    /// The questions of our own since the last time.
    pub(crate) fn controls(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().asked.clear();
    }

    /// From now on no name of a stranger is answered.
    pub(crate) fn silence_strangers(&self) {
        self.state.lock().unwrap().silent = true;
    }

    fn answer(&self, question: &Question) -> Answer {
        let mut state = self.state.lock().unwrap();
        if let Some(list) = self.world.control(question) {
            let shows = self.world.shows(question);
            state.asked.push(Asked { at: self.clock.now(), list, shows });
        }
        let name = question.name.expose().trim_end_matches('.');
        match self.world.is_strange(name) {
            true if state.silent => Answer::failed(Failure::Timeout),
            true if self.world.tame => self.world.fixed(question),
            true => self.world.strange(question, &mut state.chance),
            false => self.world.fixed(question),
        }
    }
}

impl Resolve for Strange {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let (answer, clock) = (self.answer(&question), self.clock.clone());
        Box::pin(async move {
            if matches!(answer.kind(), AnswerKind::Failed(Failure::Timeout)) {
                clock.sleep_until(clock.now() + SILENCE).await;
            }
            answer
        })
    }
}

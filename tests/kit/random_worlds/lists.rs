//! The lists of a random world, and what each answers.

use std::net::Ipv4Addr;
use std::time::Duration;

use rdnsbl::dnsxl::{Disposition, Part, Profile, SubjectKind, TestEntry, TestPoints};
use rdnsbl::{Answer, Failure, ListSpec, Name, Record, RecordType};

use super::chance::Chance;
use super::{FAILURES, HOST, LISTED, ODD, OUTAGES, REFUSAL, SENDER, soa};

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

#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(super) zone: &'static str,
    pub(super) of_domains: bool,
    pub(super) allows: bool,
    pub(super) documented: bool,
    pub(super) does: Does,
}

impl Does {
    pub(super) fn any(chance: &mut Chance) -> Self {
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
    pub(super) fn shows_loopback(self) -> bool {
        match self {
            Self::Works(_) | Self::SaysOfClient(_) | Self::FailsForClient(_) => true,
            Self::Everything(code) | Self::EveryAddress(code) => code.is_loopback(),
            Self::Fails(_) | Self::Empty | Self::Gone | Self::Nothing => false,
        }
    }
}

impl List {
    pub(super) fn spec(&self) -> ListSpec {
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
    pub(super) fn is_own(&self, labels: &str) -> bool {
        let entries = if self.of_domains { ["test", "invalid"] } else { ["2.0.0.127", "1.0.0.127"] };
        labels.is_empty() || entries.contains(&labels) || is_random(labels)
    }

    pub(super) fn is_client(&self, labels: &str) -> bool {
        if self.of_domains { [HOST, SENDER].contains(&labels) } else { labels == "7.77.66.45" }
    }

    pub(super) fn answer(&self, labels: &str, kind: RecordType) -> Answer {
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

fn is_octet(label: &str) -> bool {
    label.parse::<u8>().is_ok()
}

pub(super) fn is_random(label: &str) -> bool {
    label.len() == 20 && label.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

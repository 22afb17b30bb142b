//! Random answers: the same question always gets the same one.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rdnsbl::check::{Check, Slot, Step};
use rdnsbl::dns::{Failure, Record, Soa, Target};
use rdnsbl::{Answer, Name, Question, RecordType};

pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(45, 66, 77, 14);

const FAILURES: [Failure; 5] =
    [Failure::Timeout, Failure::ServFail, Failure::Refused, Failure::Rcode(9), Failure::Malformed];
const HOSTS: [&str; 14] = [
    "a.test.",
    "b.test.",
    "c.test.",
    "d.test.",
    "e.test.",
    "f.test.",
    "g.test.",
    "h.test.",
    "i.test.",
    "j.test.",
    "k.test.",
    "l.test.",
    ".",
    "evil\\013.test.",
];

/// Random answers; some of them are failures.
#[derive(Clone, Debug)]
pub(crate) struct RandomAnswers {
    pub(crate) seed: u64,
    /// Of 16 answers, this many fail whatever the seed says.
    pub(crate) failing: u64,
    /// A name that does not exist has records of no type. The DNS promises that, and does not always keep it.
    pub(crate) honest: bool,
}

impl RandomAnswers {
    pub(crate) fn answer(&self, question: &Question) -> Answer {
        let chance = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            (self.seed, salt, question).hash(&mut hasher);
            hasher.finish()
        };
        let pick = |salt: u64, of: usize| usize::try_from(chance(salt) % of as u64).unwrap();
        if chance(0) % 16 < self.failing {
            return Answer::failed(FAILURES[pick(1, FAILURES.len())]);
        }
        let soa =
            (chance(2) % 3 > 0).then(|| Soa::new(Name::parse("test").unwrap(), Duration::from_secs(chance(3) % 100)));
        let exists = if self.honest {
            let mut hasher = DefaultHasher::new();
            (self.seed, &question.name).hash(&mut hasher);
            !hasher.finish().is_multiple_of(8)
        } else {
            chance(8) % 8 > 0
        };
        match chance(4) % 7 {
            _ if !exists => Answer::nx_domain(soa),
            0 => Answer::no_data(soa),
            1 => Answer::failed(FAILURES[pick(1, FAILURES.len())]),
            _ => {
                let records = (0..=chance(5) % 5).map(|n| self.record(question.record_type, chance(10 + n)));
                Answer::records(records, Duration::from_secs(chance(6) % 1000))
            }
        }
    }

    fn record(&self, kind: RecordType, chance: u64) -> Record {
        let pick = |of: usize| usize::try_from(chance % of as u64).unwrap();
        let target = || Target::from_text(HOSTS[pick(HOSTS.len())]);
        match kind {
            RecordType::A => Record::A(
                [
                    CLIENT,
                    Ipv4Addr::new(127, 0, 0, 2),
                    Ipv4Addr::new(127, 0, 0, 4),
                    Ipv4Addr::LOCALHOST,
                    Ipv4Addr::new(127, 255, 255, 254),
                    Ipv4Addr::new(203, 0, 113, 9),
                    Ipv4Addr::new(127, 0, 0, 2),
                    Ipv4Addr::new(127, 0, 0, 3),
                ][pick(8)],
            ),
            RecordType::Aaaa => {
                Record::Aaaa([Ipv6Addr::LOCALHOST, Ipv6Addr::new(0x2a00, 0, 0, 0, 0, 0, 0, 7)][pick(2)])
            }
            RecordType::Ptr => Record::Ptr(target()),
            RecordType::Mx => Record::Mx { preference: u16::from(chance.is_multiple_of(3)), exchange: target() },
            _ => Record::Txt(rdnsbl::remote_text::RemoteText::clean(format!("text {}", chance % 3).as_bytes())),
        }
    }
}

/// Answers what is needed in the order that `picks` choose, at most `most` answers. Did it come to its end?
pub(crate) fn drive<U: Check>(unit: &mut U, world: &RandomAnswers, picks: &[usize], most: usize) -> Option<U::Verdict> {
    for turn in 0..=most {
        let slots: Vec<Slot> = match unit.step() {
            Step::Done(verdict) => return Some(verdict),
            Step::Need(slots) => slots.collect(),
        };
        if turn == most {
            break;
        }
        let slot = slots[picks.get(turn % picks.len().max(1)).copied().unwrap_or(0) % slots.len()];
        let question = unit.question(slot).expect("a needed slot has a question");
        unit.supply(slot, world.answer(&question));
    }
    None
}

/// Every slot a kind of check has, as far as many worlds show.
pub(crate) fn all_slots<U: Check>(make: impl Fn() -> U) -> BTreeSet<Slot> {
    let mut slots = BTreeSet::new();
    for seed in 0..400 {
        let world = RandomAnswers { seed, failing: 0, honest: false };
        let mut unit = make();
        while let Step::Need(needed) = unit.step() {
            for slot in needed {
                slots.insert(slot);
                let question = unit.question(slot).expect("a needed slot has a question");
                unit.supply(slot, world.answer(&question));
            }
        }
    }
    slots
}

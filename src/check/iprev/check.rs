//! The check of a client's reverse DNS, step by step.

use std::net::IpAddr;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::base::small_list::SmallList;
use crate::check::generic_name;
use crate::check::iprev::verdict::{Absence, ClientName, Forward, Iprev, LookupDirection, Names, TempError};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::{Answer, AnswerKind, Failure, Question, Record, RecordType, RrSet};

/// The maximum number of names of one address that are looked up (RFC 8601 §3 and RFC 7208 §4.6.4: 10).
pub const MAX_NAMES: usize = 10;

const REVERSE: Slot = Slot(0);
const SLOTS: usize = 1 + MAX_NAMES;

/// The check of one client: at most 11 questions, two round trips.
///
/// ```
/// use rdnsbl::check::iprev::IprevCheck;
/// use rdnsbl::check::{Check, Step};
/// use rdnsbl::dns::Target;
/// use rdnsbl::{Answer, Iprev, Record, RecordType};
/// use std::net::Ipv4Addr;
/// use std::time::Duration;
///
/// let client = Ipv4Addr::new(203, 0, 113, 14);
/// let mut check = IprevCheck::new(client.into());
/// let verdict = loop {
///     match check.step() {
///         Step::Done(verdict) => break verdict,
///         Step::Need(slots) => slots.for_each(|slot| {
///             // Here: ask a resolver.
///             let record = match check.question(slot).map(|question| question.record_type) {
///                 Some(RecordType::Ptr) => Record::Ptr(Target::from_text("mail.example.org")),
///                 _ => Record::A(client),
///             };
///             check.supply(slot, Answer::records([record], Duration::from_secs(300)));
///         }),
///     }
/// };
/// assert!(matches!(verdict, Iprev::Confirmed(_)));
/// ```
#[derive(Clone, Debug)]
pub struct IprevCheck {
    client: IpAddr,
    answers: Answers,
    /// The names to look up, once the reverse answer has arrived: slot n+1 belongs to name n.
    hosts: SmallList<Name>,
}

impl IprevCheck {
    /// A check of this client. An IPv4-mapped IPv6 address is the IPv4 client it stands for.
    #[must_use]
    pub fn new(client: IpAddr) -> Self {
        Self { client: client.to_canonical(), answers: Answers::default(), hosts: SmallList::default() }
    }

    fn forward_slots(&self) -> impl Iterator<Item = (Slot, &Name)> {
        (1_u8..).map(Slot).zip(self.hosts.iter())
    }

    /// The result for each name, in the order of the names.
    fn names(&self, reverse: &RrSet) -> Names {
        let mut unusable: Vec<RemoteText> = Vec::new();
        let mut legal = 0;
        for record in reverse {
            if let Record::Ptr(target) = record {
                if target.host().is_some() { legal += 1 } else { unusable.push(target.shown()) }
            }
        }
        unusable.truncate(MAX_NAMES);
        let mut ttl = reverse.ttl();
        let names = self
            .forward_slots()
            .map(|(slot, name)| {
                let forward = match self.answers.get(slot).map(Answer::kind) {
                    Some(AnswerKind::Records(set)) if set.addresses().any(|address| address == self.client) => {
                        Forward::LeadsBack
                    }
                    // The client's address may be among those that were not kept.
                    Some(AnswerKind::Records(set)) if set.truncated() => Forward::Failed(Failure::Truncated),
                    Some(AnswerKind::Records(_)) => Forward::Elsewhere,
                    Some(AnswerKind::NoData(_)) => Forward::NoAddress,
                    Some(AnswerKind::NxDomain(_)) => Forward::NoSuchName,
                    Some(AnswerKind::Failed(failure)) => Forward::Failed(failure),
                    None => Forward::Failed(Failure::Deadline),
                };
                if let Some(least) = self.answers.get(slot).and_then(Answer::ttl) {
                    ttl = ttl.min(least);
                }
                ClientName { name: name.clone(), shape: generic_name::of(name, self.client), forward }
            })
            .collect();
        Names { names, unusable, truncated: legal > MAX_NAMES || reverse.truncated(), ttl: Some(ttl) }
    }

    /// All names have a result: applies the precedence described above.
    fn conclude(&self, reverse: &RrSet) -> Iprev {
        let names = self.names(reverse);
        if names.confirmed().next().is_some() {
            return Iprev::Confirmed(names); // RFC 8601 §3: pass if the address is among those of any name
        }
        // The first in the order of names, so that the reason does not depend on the order of the answers.
        let failed = names.names.iter().find_map(|name| match name.forward {
            Forward::Failed(failure) => Some(failure),
            _ => None,
        });
        match failed {
            Some(failure) => Iprev::TempError(TempError {
                why: failure.into(),
                extended_error: self.answers.extended_error(failure),
                stage: LookupDirection::Forward,
                names,
            }),
            // RFC 8601 §3: fail, also when the forward look-up found nothing.
            None => {
                let unsigned = |(slot, _)| self.answers.get(slot).is_some_and(Answer::is_unsigned_no);
                let ttl = names.ttl.filter(|_| !self.forward_slots().any(unsigned));
                Iprev::Forged(Names { ttl, ..names })
            }
        }
    }
}

impl Check for IprevCheck {
    type Verdict = Iprev;

    fn step(&self) -> Step<Iprev> {
        let Some(reverse) = self.answers.get(REVERSE) else { return Step::Need(Slots::one(REVERSE)) };
        match reverse.kind() {
            // RFC 8601 §3: permerror when no PTR is published, NXDOMAIN and NODATA alike.
            AnswerKind::NxDomain(_) => Step::Done(Iprev::NoName(Absence { exists: false, ttl: reverse.ttl() })),
            AnswerKind::NoData(_) => Step::Done(Iprev::NoName(Absence { exists: true, ttl: reverse.ttl() })),
            AnswerKind::Failed(failure) => Step::Done(Iprev::TempError(TempError {
                why: failure.into(),
                extended_error: self.answers.extended_error(failure),
                stage: LookupDirection::Reverse,
                names: Names::default(),
            })),
            AnswerKind::Records(set) => {
                let mut missing = Slots::EMPTY;
                self.forward_slots()
                    .filter(|(slot, _)| self.answers.get(*slot).is_none())
                    .for_each(|(slot, _)| missing.insert(slot));
                if missing.is_empty() { Step::Done(self.conclude(set)) } else { Step::Need(missing) }
            }
        }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        if slot == REVERSE {
            return Some(Question::new(Name::reverse_of(self.client), RecordType::Ptr));
        }
        let name = self.hosts.get(usize::from(slot.0).checked_sub(1)?)?;
        let kind = if self.client.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        Some(Question::new(name.clone(), kind))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, SLOTS);
        if slot == REVERSE
            && self.hosts.is_empty()
            && let Some(AnswerKind::Records(set)) = self.answers.get(REVERSE).map(Answer::kind)
        {
            let host = |record: &Record| match record {
                Record::Ptr(target) => target.host().cloned(),
                _ => None,
            };
            set.iter().filter_map(host).take(MAX_NAMES).for_each(|host| self.hosts.push(host));
        }
    }
}

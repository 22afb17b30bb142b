//! Reverse DNS with forward confirmation: RFC 8601 §3, "iprev".
//!
//! The names of the client's address are looked up, then the addresses of those names, in the client's own family. If one of
//! them leads back, the client is [`Iprev::Confirmed`].
//!
//! Precedence where names differ (RFC 8601 leaves it open): a confirmation beats an error, an error beats a mismatch. So
//! one slow name cannot make a good client bad, and "could not tell" never ends as "forged".

use std::net::IpAddr;
use std::time::Duration;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::check::generic_name::{self, Shape};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, ExtendedError, Failure, Question, Record, RecordType, RrSet};

/// Names of one address whose addresses are looked up (RFC 8601 §3 and RFC 7208 §4.6.4: 10).
pub const MAX_NAMES: usize = 10;

const REVERSE: Slot = Slot(0);
const SLOTS: usize = 1 + MAX_NAMES;

/// The verdict of RFC 8601 §3. There is no "none".
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8601 §3 has these four and says there is no other")]
pub enum Iprev {
    /// `pass`: a name of the address leads back to it.
    Confirmed(Names),
    /// `fail`: there are names, and none leads back.
    Forged(Names),
    /// `permerror`: no name is published.
    NoName(Absence),
    /// `temperror`: the check could not be completed.
    TempError(TempError),
}

impl Iprev {
    /// The word of RFC 8601 §3: `pass`, `fail`, `permerror` or `temperror`.
    #[must_use]
    pub fn rfc8601(&self) -> &'static str {
        match self {
            Self::Confirmed(_) => "pass",
            Self::Forged(_) => "fail",
            Self::NoName(_) => "permerror",
            Self::TempError(_) => "temperror",
        }
    }

    /// The word of sendmail's `${client_resolve}`: `OK`, `FORGED`, `FAIL` or `TEMP`.
    #[must_use]
    pub fn client_resolve(&self) -> &'static str {
        match self {
            Self::Confirmed(_) => "OK",
            Self::Forged(_) => "FORGED",
            Self::NoName(_) => "FAIL",
            Self::TempError(_) => "TEMP",
        }
    }

    /// The names that were found, confirmed or not.
    #[must_use]
    pub fn names(&self) -> Option<&Names> {
        match self {
            Self::Confirmed(names) | Self::Forged(names) => Some(names),
            Self::TempError(error) => Some(&error.names),
            Self::NoName(_) => None,
        }
    }

    /// Applies when the resolver cannot be trusted about what exists. A confirmed name stays: a false answer would not
    /// contain exactly the client's address.
    pub(crate) fn doubt(&mut self) {
        let (stage, names) = match self {
            Self::Confirmed(_) | Self::TempError(_) => return,
            Self::NoName(_) => (LookupDirection::Reverse, Names::default()),
            Self::Forged(names) => (LookupDirection::Forward, std::mem::take(names)),
        };
        *self = Self::TempError(TempError { why: UnknownReason::Resolver, extended_error: None, stage, names });
    }

    /// How long the verdict is valid: the smallest TTL of the answers behind it. `None` where no answer gives a TTL, for
    /// instance a negative answer without SOA.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match self {
            Self::Confirmed(names) | Self::Forged(names) => names.ttl,
            Self::NoName(absence) => absence.ttl,
            Self::TempError(_) => None,
        }
    }
}

/// The names of an address, sorted, with the result for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<ClientName>,
    unusable: Vec<RemoteText>,
    truncated: bool,
    ttl: Option<Duration>,
}

impl Names {
    /// Every name whose addresses were looked up.
    #[must_use]
    pub fn all(&self) -> &[ClientName] {
        &self.names
    }

    /// The names that lead back to the address.
    pub fn confirmed(&self) -> impl Iterator<Item = &ClientName> {
        self.names.iter().filter(|name| name.forward == Forward::LeadsBack)
    }

    /// The names that do not lead back to it, or for which this is unknown.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &ClientName> {
        self.names.iter().filter(|name| name.forward != Forward::LeadsBack)
    }

    /// The targets of PTR records that cannot be host names. They are not looked up.
    #[must_use]
    pub fn unusable(&self) -> &[RemoteText] {
        &self.unusable
    }

    /// Whether there were more names than the 10 that are looked up.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

/// One name of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName {
    name: Name,
    shape: Shape,
    forward: Forward,
}

impl ClientName {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether the name looks chosen for a server or generated from the address. A hint for scoring, never a verdict.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Where the name leads.
    #[must_use]
    pub fn forward(&self) -> Forward {
        self.forward
    }
}

/// Where a name of an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forward {
    /// Back to the address.
    LeadsBack,
    /// To other addresses.
    Elsewhere,
    /// To none: the name exists, without an address of this family.
    NoAddress,
    /// To none: the name does not exist.
    NoSuchName,
    /// Unknown: the look-up failed.
    Failed(Failure),
}

/// No name is published for the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    exists: bool,
    ttl: Option<Duration>,
}

impl Absence {
    /// Whether the reverse name exists with other records (NODATA) or does not exist (NXDOMAIN).
    #[must_use]
    pub fn reverse_name_exists(&self) -> bool {
        self.exists
    }
}

/// The check could not be completed, with the step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TempError {
    why: UnknownReason,
    extended_error: Option<ExtendedError>,
    stage: LookupDirection,
    names: Names,
}

impl TempError {
    /// Why.
    #[must_use]
    pub fn why(&self) -> &UnknownReason {
        &self.why
    }

    /// The extended DNS error that came with the failure (RFC 8914).
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        self.extended_error
    }

    /// At which step.
    #[must_use]
    pub fn at(&self) -> LookupDirection {
        self.stage
    }
}

/// The two steps of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the check has these two steps")]
pub enum LookupDirection {
    /// From the address to its names.
    Reverse,
    /// From a name to its addresses.
    Forward,
}

/// The check of one client: at most 11 questions, two round trips.
#[derive(Clone, Debug)]
pub struct IprevCheck {
    client: IpAddr,
    answers: Answers,
    /// The names to look up, once the reverse answer has arrived: slot n+1 belongs to name n.
    hosts: Vec<Name>,
}

impl IprevCheck {
    /// A check of this client. An IPv4-mapped IPv6 address is the IPv4 client it stands for.
    #[must_use]
    pub fn new(client: IpAddr) -> Self {
        Self { client: client.to_canonical(), answers: Answers::default(), hosts: Vec::new() }
    }

    fn forward_slots(&self) -> impl Iterator<Item = (Slot, &Name)> {
        (1_u8..).map(Slot).zip(&self.hosts)
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
        // By the order of names, so that the reason does not depend on arrival.
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
            self.hosts = set.iter().filter_map(host).take(MAX_NAMES).collect();
        }
    }
}

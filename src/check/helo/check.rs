//! The check of the argument of HELO or EHLO.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::mail_path::address_literal;
use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::check::helo::verdict::{Helo, HeloReport};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType};

const A: Slot = Slot(0);
const AAAA: Slot = Slot(1);
const MX: Slot = Slot(2);
const SLOTS: usize = 3;

/// The maximum number of addresses kept as evidence.
const MAX_ADDRESSES: usize = 8;

/// Our own host names and addresses, which no other client may use.
///
/// ```
/// use rdnsbl::{Name, OwnIdentity};
///
/// let mut ourselves = OwnIdentity::default();
/// ourselves.names.push(Name::parse("mx.example.org")?);
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OwnIdentity {
    /// Our host names.
    pub names: Vec<Name>,
    /// Our addresses.
    pub addresses: Vec<IpAddr>,
}

impl OwnIdentity {
    fn is_named(&self, name: &Name) -> bool {
        self.names.contains(name)
    }

    fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|own| own.to_canonical() == address.to_canonical())
    }
}

/// The check of one argument: 0, 2 or 3 questions, one or two round trips.
///
/// ```
/// use rdnsbl::check::helo::HeloCheck;
/// use rdnsbl::check::{Check, Step};
/// use rdnsbl::{Answer, Helo, OwnIdentity, Record};
/// use std::net::Ipv4Addr;
/// use std::time::Duration;
///
/// let client = Ipv4Addr::new(203, 0, 113, 14);
/// let mut check = HeloCheck::new("mail.example.org", Some(client.into()), &OwnIdentity::default());
/// let report = loop {
///     match check.step() {
///         Step::Done(report) => break report,
///         Step::Need(slots) => slots.for_each(|slot| {
///             // Here: ask a resolver for check.question(slot).
///             check.supply(slot, Answer::records([Record::A(client)], Duration::from_secs(300)));
///         }),
///     }
/// };
/// assert_eq!(report.verdict(), Helo::ResolvesToClient);
/// ```
#[derive(Clone, Debug)]
pub struct HeloCheck {
    argument: RemoteText,
    parsed: ParsedArgument,
    client: Option<IpAddr>,
    answers: Answers,
}

/// The result of parsing the argument.
#[derive(Clone, Debug)]
enum ParsedArgument {
    Done(Helo),
    Ask(Name),
}

impl HeloCheck {
    /// A check of the text after HELO or EHLO. Accepts any text: an invalid argument is a verdict, not an error.
    #[must_use]
    pub fn new(argument: &str, client: Option<IpAddr>, own: &OwnIdentity) -> Self {
        let client = client.map(|address| address.to_canonical());
        // From one of our own addresses, our own name is correct.
        let is_other = client.is_none_or(|address| !own.has(address));
        let read = read(argument);
        let shown = match &read {
            // The name may contain a key; its `Display` hides it.
            Argument::Name(name) if name.secret().is_some() => RemoteText::clean(name.to_string().as_bytes()),
            _ => RemoteText::clean(argument.as_bytes()),
        };
        let parsed = match read {
            Argument::Literal(address) if is_other && own.has(address) => ParsedArgument::Done(Helo::ClaimsUs),
            Argument::Literal(address) if Some(address.to_canonical()) == client => {
                ParsedArgument::Done(Helo::LiteralMatches)
            }
            Argument::Literal(_) => ParsedArgument::Done(Helo::LiteralDiffers),
            Argument::Name(name) if is_other && own.is_named(&name) => ParsedArgument::Done(Helo::ClaimsUs),
            Argument::Name(name) if name.label_count() < 2 => ParsedArgument::Done(Helo::NotFqdn),
            Argument::Name(name) => ParsedArgument::Ask(name),
            Argument::Number => ParsedArgument::Done(Helo::NotFqdn),
            Argument::Malformed => ParsedArgument::Done(Helo::Malformed),
        };
        Self { argument: shown, parsed, client, answers: Answers::default() }
    }

    fn name(&self) -> Option<&Name> {
        match &self.parsed {
            ParsedArgument::Ask(name) => Some(name),
            ParsedArgument::Done(_) => None,
        }
    }

    fn report(&self, verdict: Helo) -> Step<HeloReport> {
        let slots: &[Slot] = match (&self.parsed, verdict) {
            (ParsedArgument::Done(_), _) => &[],
            (ParsedArgument::Ask(_), Helo::MxOnly | Helo::NoAddress) => &[A, AAAA, MX],
            (ParsedArgument::Ask(_), _) => &[A, AAAA],
        };
        let used = || slots.iter().filter_map(|slot| self.answers.get(*slot));
        let mut addresses = Vec::new();
        let mut ttl: Option<Duration> = None;
        for answer in used() {
            if let AnswerKind::Records(set) = answer.kind() {
                addresses.extend(set.addresses());
            }
            ttl = [ttl, answer.ttl()].into_iter().flatten().min();
        }
        addresses.truncate(MAX_ADDRESSES);
        // `ResolvesToClient` depends on one address only; every other verdict also depends on negative answers.
        let may_change = verdict != Helo::ResolvesToClient && used().any(Answer::is_unsigned_no);
        if may_change || matches!(verdict, Helo::Unknown(_)) {
            ttl = None;
        }
        Step::Done(HeloReport {
            argument: self.argument.clone(),
            verdict,
            name: self.name().cloned(),
            addresses,
            is_client_name: None,
            ttl,
            extended_error: match verdict {
                Helo::Unknown(UnknownReason::Failed(failure)) => self.answers.extended_error(failure),
                _ => None,
            },
        })
    }

    /// Combines the answers once both address families have one.
    fn addresses(&self, a: &Answer, aaaa: &Answer) -> Addresses {
        let (own, other) = match self.client {
            Some(IpAddr::V6(_)) => (aaaa, a),
            _ => (a, aaaa),
        };
        let found = |answer: &Answer| matches!(answer.kind(), AnswerKind::Records(_));
        let matches = [own, other].into_iter().any(|answer| match answer.kind() {
            AnswerKind::Records(set) => set.addresses().any(|address| Some(address) == self.client),
            _ => false,
        });
        // The client's address may be among those that were not kept.
        let cut = matches!(own.kind(), AnswerKind::Records(set) if set.truncated()).then_some(Failure::Truncated);
        match (own.failure().or(cut), other.failure()) {
            _ if matches => Addresses::Client,
            // The client's own family decides whether the name could lead to it.
            (Some(failure), _) if self.client.is_some() => Addresses::Unknown(failure),
            _ if found(own) || found(other) => Addresses::Others,
            // RFC 8020: NXDOMAIN for one type means that the name does not exist.
            _ if [own, other].into_iter().any(|answer| matches!(answer.kind(), AnswerKind::NxDomain(_))) => {
                Addresses::NoSuchName
            }
            // No address in one family and a failure in the other is not "no address".
            (Some(failure), _) | (None, Some(failure)) => Addresses::Unknown(failure),
            (None, None) => Addresses::None,
        }
    }
}

/// The combined result of A and AAAA.
enum Addresses {
    Client,
    Others,
    None,
    NoSuchName,
    Unknown(Failure),
}

/// The kind of argument.
enum Argument {
    Literal(IpAddr),
    Name(Name),
    /// One label, all digits.
    Number,
    Malformed,
}

/// Parses the argument. A host gives its name in A-labels (RFC 6531 §3.2 changes nothing here), so other octets
/// are malformed.
fn read(argument: &str) -> Argument {
    if argument.starts_with('[') {
        return address_literal(argument).map_or(Argument::Malformed, Argument::Literal);
    }
    if !argument.is_ascii() {
        return Argument::Malformed;
    }
    match Name::parse(argument) {
        Ok(name) if name.is_host() => Argument::Name(name),
        Ok(name)
            if name.label_count() == 1
                && name.expose().bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') =>
        {
            Argument::Number
        }
        _ => Argument::Malformed,
    }
}

impl Check for HeloCheck {
    type Verdict = HeloReport;

    fn step(&self) -> Step<HeloReport> {
        if let ParsedArgument::Done(verdict) = &self.parsed {
            return self.report(*verdict);
        }
        let (Some(a), Some(aaaa)) = (self.answers.get(A), self.answers.get(AAAA)) else {
            let mut missing = Slots::EMPTY;
            [A, AAAA]
                .into_iter()
                .filter(|slot| self.answers.get(*slot).is_none())
                .for_each(|slot| missing.insert(slot));
            return Step::Need(missing);
        };
        match self.addresses(a, aaaa) {
            Addresses::Client => self.report(Helo::ResolvesToClient),
            Addresses::Others => self.report(Helo::ResolvesElsewhere),
            Addresses::NoSuchName => self.report(Helo::NoSuchName),
            Addresses::Unknown(failure) => self.report(Helo::Unknown(failure.into())),
            Addresses::None => match self.answers.get(MX).map(Answer::kind) {
                None => Step::Need(Slots::one(MX)),
                Some(AnswerKind::Records(_)) => self.report(Helo::MxOnly),
                Some(AnswerKind::NoData(_) | AnswerKind::NxDomain(_)) => self.report(Helo::NoAddress),
                Some(AnswerKind::Failed(failure)) => self.report(Helo::Unknown(failure.into())),
            },
        }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        let kind = match slot {
            A => RecordType::A,
            AAAA => RecordType::Aaaa,
            MX => RecordType::Mx,
            _ => return None,
        };
        Some(Question::new(self.name()?.clone(), kind))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, SLOTS);
    }
}

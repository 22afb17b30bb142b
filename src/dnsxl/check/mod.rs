//! The check of one list and one subject.

mod conclude;
mod controls;
mod purpose;

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::{MAX_WIRE_LENGTH, Name};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::Evidence;
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType};
pub(crate) use crate::dnsxl::check::controls::is_denied_from_above;
pub(crate) use crate::dnsxl::check::purpose::{Entry, Probe, Purpose, Word};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::kind::SubjectKind;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::problem::Breakage;
use crate::dnsxl::proof::{Control, Proof, State, Trial};
use crate::dnsxl::subject::Subject;
use crate::dnsxl::verdict::{NotListed, Skipped, Unknown, Verdict};

const A: Slot = Slot(0);
const TXT: Slot = Slot(1);
const FIXED: Slot = Slot(2);
const RANDOM: Slot = Slot(3);
const MUST_EXIST: Slot = Slot(4);
/// Does the zone that tells why hold the subject, too?
const CONFIRM: Slot = Slot(5);
/// Does the list's own zone exist?
const APEX: Slot = Slot(6);
const SLOTS: usize = 7;

/// Room that control questions need in front of a zone: 32 nibbles, each with its length octet, and the root label.
const CONTROL_OCTETS: usize = 65;

/// One list and one subject: 1 question for a miss; TXT and, unless proof is fresh, two control questions more for a hit,
/// all three at once; a fourth where another zone tells why, which must hold the subject, too.
///
/// Precedence: a subject the list cannot know is skipped; the gate comes before the filter; what the filter does not want is
/// excluded; a hit counts when both controls are absent.
#[derive(Clone, Debug)]
pub struct ListCheck {
    spec: Arc<ListSpec>,
    kind: SubjectKind,
    name: Result<Name, Skipped>,
    /// Where the reason stands, if in another zone.
    reason_name: Option<Name>,
    control: Control,
    access: Access,
    first_use: bool,
    answers: Answers,
    /// Slots whose answers were remembered: good for a verdict, no word about the resolver of today.
    remembered: Slots,
}

/// May the list be asked at all?
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// As ever.
    Open,
    /// The list was broken or silent: its controls go first, and only when both are absent the subject.
    Trial,
    /// The list is known to be broken, and left alone for a while.
    Broken(Box<Breakage>),
    /// The list does not answer, and is left alone for a while.
    Silent,
    /// Nobody asks about a subject: only these of the list's own entries are looked at.
    Probe(Probe),
}

/// What a check of one list ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFinding {
    verdict: Verdict,
}

impl ListFinding {
    /// Nothing that this list says could change anything.
    pub(crate) fn not_awaited() -> Self {
        Self { verdict: Verdict::not_awaited() }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What to ask about could not be told, so the list could not be heard.
    pub(crate) fn unknown(why: UnknownReason) -> Self {
        Self { verdict: Verdict::Unknown(Unknown::because(why)) }
    }

    pub(crate) fn into_verdict(self) -> Verdict {
        self.verdict
    }
}

impl ListCheck {
    /// A check. `control` says whether the zone is proven sane at this moment.
    #[must_use]
    pub fn new(spec: impl Into<Arc<ListSpec>>, subject: &Subject, control: Control) -> Self {
        let spec = spec.into();
        let kind = subject.kind();
        let subject = subject.in_form(spec.knowledge().domain_form());
        let name = if spec.is_retired() {
            Err(Skipped::Retired)
        } else if !spec.knowledge().is_about(kind) {
            Err(Skipped::Family)
        } else if spec.zone().expose().len() + CONTROL_OCTETS > MAX_WIRE_LENGTH {
            Err(Skipped::NameTooLong)
        } else if subject.is_single_label() {
            Err(Skipped::SingleLabel)
        } else {
            subject.name_under(spec.zone()).map_err(|_| Skipped::NameTooLong)
        };
        let reason_name = spec.reason_zone().and_then(|zone| subject.name_under(zone).ok());
        Self { reason_name, ..Self::with(spec, kind, name, control, Access::Open) }
    }

    /// A check that is settled before it starts.
    #[must_use]
    pub(crate) fn skipped(spec: Arc<ListSpec>, kind: SubjectKind, why: Skipped, control: Control) -> Self {
        Self::with(spec, kind, Err(why), control, Access::Open)
    }

    /// A look at a list's own entries alone.
    #[must_use]
    pub(crate) fn probe(spec: Arc<ListSpec>, kind: SubjectKind, control: Control, probe: Probe) -> Self {
        let name = Ok(spec.zone().clone());
        Self::with(spec, kind, name, control, Access::Probe(probe))
    }

    fn with(
        spec: Arc<ListSpec>,
        kind: SubjectKind,
        name: Result<Name, Skipped>,
        control: Control,
        access: Access,
    ) -> Self {
        let (answers, remembered) = (Answers::default(), Slots::EMPTY);
        Self { spec, kind, name, reason_name: None, control, access, first_use: false, answers, remembered }
    }

    /// The zone is asked for the first time: its must-exist entry is asked along with the subject, so that a resolver that
    /// takes answers in 127.0.0.0/8 away is noticed although it shows no hits. For zones whose operator documents the entry.
    #[must_use]
    pub fn first_use(mut self) -> Self {
        self.first_use = true;
        self
    }

    /// The check of a list that was broken or silent not long ago.
    #[must_use]
    pub(crate) fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Does the profile name an entry whose absence would mean something?
    pub(crate) fn has_documented_entry(&self) -> bool {
        self.name.is_ok() && self.spec.knowledge().points(self.kind).documented_entry().is_some()
    }

    /// Would proof that another check obtained spare this one its controls?
    pub(crate) fn takes_proof(&self) -> bool {
        matches!(self.access, Access::Open)
    }

    pub(crate) fn spec(&self) -> &Arc<ListSpec> {
        &self.spec
    }

    pub(crate) fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The answer that this slot gets was remembered.
    pub(crate) fn mark_remembered(&mut self, slot: Slot) {
        self.remembered.insert(slot);
    }

    /// The proof came in meanwhile, by another check's controls.
    pub(crate) fn prove(&mut self, proof: Proof) {
        self.control = Control::fresh(proof);
    }

    pub(crate) fn purpose(slot: Slot) -> Purpose {
        match slot {
            A => Purpose::Subject,
            TXT | CONFIRM => Purpose::Reason,
            MUST_EXIST => Purpose::MustExist,
            RANDOM => Purpose::RandomLabel,
            APEX => Purpose::Apex,
            _ => Purpose::Control,
        }
    }

    /// The slots that stand between a hit and its verdict.
    fn hit_slots(&self) -> impl Iterator<Item = Slot> {
        let controls = match self.control.0 {
            State::Fresh(_) => &[][..],
            State::HalfStale(..) => &[FIXED],
            State::Stale(_) => &[FIXED, RANDOM],
        };
        let confirm = self.reason_name.as_ref().map(|_| CONFIRM);
        [TXT].into_iter().chain(confirm).chain(controls.iter().copied())
    }

    /// Is the must-exist entry wanted, seeing what the subject's answer was? At first use where the profile documents one;
    /// else only for a NODATA that nobody signed with a SOA record, or a referral, as a stripped listing looks.
    fn wants_must_exist(&self) -> bool {
        if self.first_use {
            return true;
        }
        self.answers.get(A).is_some_and(looks_stripped)
    }

    fn evidence(&self, slot: Slot) -> Option<Evidence> {
        let answer = self.answers.get(slot)?;
        Some(Evidence::new(self.question(slot)?, answer.clone()))
    }

    /// An ordinary "no", signed and from the list itself, and nothing else to look at: what nearly every check comes to.
    fn plain_miss(&self) -> Option<NotListed> {
        if !matches!(self.access, Access::Open) || self.first_use || self.name.is_err() {
            return None;
        }
        let answer = self.answers.only(A)?;
        match answer.kind() {
            AnswerKind::NxDomain(Some(soa)) | AnswerKind::NoData(Some(soa)) if !soa.owner().is_top() => {
                Some(NotListed { ttl: answer.ttl() })
            }
            _ => None,
        }
    }

    /// Every slot that the answers so far call for. What else may have been supplied is not looked at.
    fn wanted(&self) -> Slots {
        let controls = || [FIXED, RANDOM].into_iter().collect();
        match &self.access {
            Access::Open => {}
            Access::Broken(..) | Access::Silent => return Slots::EMPTY,
            Access::Probe(probe) => return self.probed(*probe),
            Access::Trial if !matches!(self.tried(), Some(Trial::Sane(_))) => return controls(),
            Access::Trial => {}
        }
        let mut wanted = Slots::one(A);
        if matches!(self.access, Access::Trial) {
            [FIXED, RANDOM].into_iter().for_each(|slot| wanted.insert(slot));
        }
        if self.wants_must_exist() {
            wanted.insert(MUST_EXIST);
        }
        if let Some(AnswerKind::Records(set)) = self.answers.get(A).map(Answer::kind) {
            let codes: Vec<Ipv4Addr> = set.v4().collect();
            if matches!(classify(&self.spec, &codes), Class::Hit(_)) {
                self.hit_slots().for_each(|slot| wanted.insert(slot));
            }
        }
        wanted
    }
}

impl Check for ListCheck {
    type Verdict = ListFinding;

    fn step(&self) -> Step<ListFinding> {
        if let Err(why) = self.name {
            return Step::Done(ListFinding { verdict: Verdict::Skipped(why) });
        }
        if let Some(miss) = self.plain_miss() {
            return Step::Done(ListFinding { verdict: Verdict::NotListed(miss) });
        }
        let missing: Slots = self.wanted().filter(|slot| self.answers.get(*slot).is_none()).collect();
        if missing.is_empty() { Step::Done(ListFinding { verdict: self.verdict() }) } else { Step::Need(missing) }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        let name = self.name.as_ref().ok()?;
        let entry = |labels: &str| Name::join(labels, self.spec.zone()).ok();
        let points = || self.spec.knowledge().points(self.kind);
        let (name, kind) = match (slot, &self.control.0) {
            (A, _) => (name.clone(), RecordType::A),
            (TXT, _) => (self.reason_name.as_ref().unwrap_or(name).clone(), RecordType::Txt),
            (CONFIRM, _) => (self.reason_name.as_ref()?.clone(), RecordType::A),
            (FIXED, _) => (entry(&points().must_not_exist(self.kind))?, RecordType::A),
            (RANDOM, State::Stale(label)) => (entry(&format!("{}.", label.as_str()))?, RecordType::A),
            (MUST_EXIST, _) => (entry(&points().must_exist(self.kind))?, RecordType::A),
            (APEX, _) => (self.spec.zone().clone(), RecordType::Soa),
            _ => return None,
        };
        Some(Question::new(name, kind))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.answers.put(slot, answer, SLOTS);
    }
}

/// Is it what is left when something takes addresses away: an empty NOERROR without SOA record, or with name servers only, as a
/// referral (RFC 2308 §2.2)?
fn looks_stripped(answer: &Answer) -> bool {
    matches!(answer.kind(), AnswerKind::NoData(None) | AnswerKind::Failed(Failure::Unrelated))
}

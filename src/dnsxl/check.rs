//! The check of one list and one subject.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::{MAX_WIRE_LENGTH, Name};
use crate::base::remote_text::RemoteText;
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::Evidence;
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType, RrSet};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::kind::SubjectKind;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::problem::{Breakage, ProblemKind};
use crate::dnsxl::proof::{Control, Proof, State, Trial, trial};
use crate::dnsxl::subject::Subject;
use crate::dnsxl::verdict::{
    ExcludedDetails, ListingDetails, NotListed, ProblemDetails, Skipped, Unknown, UnknownDetails, Verdict,
};

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

/// What another zone says of a hit that it has to confirm.
enum Confirmation {
    Given,
    Denied,
    Broken(ProblemKind),
    Failed(Failure),
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

/// Which questions of our own are put to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Probe {
    /// Does it hold what no list may hold?
    Controls,
    /// Does it hold the entry that it must hold?
    Entry,
    /// Does its zone exist, and the entry that it must hold?
    Existence,
    /// All of them.
    Everything,
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

/// What became of an entry that must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is there.
    Present,
    /// An empty NOERROR: something took its address away.
    Stripped,
    /// NXDOMAIN: a word about the list, not about the resolver.
    Missing,
    /// Nobody could tell.
    Failed,
}

/// What an answer about a subject says of the list that gave it. A client chose the subject, so that none of it is evidence
/// about the list: an odd word makes it suspect, and questions of our own decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing: it was not asked, the answer was remembered, or the question failed for reasons of our own.
    #[default]
    Nothing,
    /// An ordinary no.
    Miss,
    /// An answer in 127.0.0.0/8 that is no refusal.
    Hit,
    /// An answer that no working list gives.
    Odd,
    /// A zone above the list's own denied the name.
    DeniedFromAbove,
    /// It did not answer, or not with an answer.
    Failed,
}

/// What a list's question is for: controls must be asked anew, whatever is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// No list's question: iprev, HELO, sender, recipient.
    Dialogue,
    /// Is the subject listed?
    Subject,
    /// Why?
    Reason,
    /// Does the list hold the entry that no list may hold?
    Control,
    /// Does it hold a name that nobody can guess?
    RandomLabel,
    /// Does it hold what it must?
    MustExist,
    /// Does its zone exist?
    Apex,
    /// Does the resolver tell the truth?
    Resolver,
}

impl Purpose {
    /// Is it a question of our own, about a name that no client chose? Its answer has to be new, and may say something about
    /// what all clients share.
    pub(crate) fn is_own(self) -> bool {
        !matches!(self, Self::Dialogue | Self::Subject | Self::Reason)
    }

    /// Is it a question that proves a list?
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Control | Self::RandomLabel)
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

    /// What the zone that tells why says of the subject, where it is another: any code in 127.0.0.0/8 will do (Exim's lists
    /// of two domains), but for refusals.
    fn confirmation(&self) -> Confirmation {
        if self.reason_name.is_none() {
            return Confirmation::Given;
        }
        match self.answers.get(CONFIRM).map(Answer::kind) {
            Some(AnswerKind::Records(set)) if set.v4().any(|code| !code.is_loopback()) => {
                Confirmation::Broken(ProblemKind::Outside127)
            }
            Some(AnswerKind::Records(set)) if set.v4().any(|code| code.octets().starts_with(&[127, 255, 255])) => {
                Confirmation::Broken(ProblemKind::Refused)
            }
            Some(AnswerKind::Records(set)) if set.v4().next().is_some() => Confirmation::Given,
            Some(AnswerKind::Records(_) | AnswerKind::NxDomain(_) | AnswerKind::NoData(_)) => Confirmation::Denied,
            Some(AnswerKind::Failed(failure)) => Confirmation::Failed(failure),
            None => Confirmation::Failed(Failure::Shed),
        }
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

    /// The list's own words, without a key that they might quote.
    fn reason(&self) -> Option<RemoteText> {
        let Some(AnswerKind::Records(set)) = self.answers.get(TXT).map(Answer::kind) else { return None };
        let text = RemoteText::join(set.texts())?;
        let zones = [Some(self.spec.zone()), self.spec.reason_zone()];
        Some(zones.into_iter().flatten().filter_map(Name::secret).fold(text, |text, secret| text.without(secret)))
    }

    /// All answers are in.
    fn conclude(&self, answer: &Answer) -> Verdict {
        match answer.kind() {
            // A no that nobody signs looks as a stripped listing does. The entry that must exist tells: if it is as empty,
            // something takes answers away here, whatever others may get through; if it failed, nobody can tell.
            AnswerKind::NoData(None) => match self.answers.get(MUST_EXIST).map(Answer::kind) {
                Some(_) if self.answers.get(MUST_EXIST).is_some_and(looks_stripped) => {
                    Verdict::Unknown(Unknown::resolver_at_fault())
                }
                Some(AnswerKind::Failed(failure)) => unknown(failure, self.evidence(MUST_EXIST).into_iter().collect()),
                _ => Verdict::NotListed(NotListed { ttl: None }),
            },
            AnswerKind::NxDomain(_) | AnswerKind::NoData(_) => Verdict::NotListed(NotListed { ttl: answer.ttl() }),
            AnswerKind::Failed(Failure::Unrelated) if self.answers.get(MUST_EXIST).is_some_and(looks_stripped) => {
                Verdict::Unknown(Unknown::resolver_at_fault())
            }
            AnswerKind::Failed(failure) => unknown(failure, self.evidence(A).into_iter().collect()),
            AnswerKind::Records(set) => self.conclude_records(set),
        }
    }

    fn conclude_records(&self, set: &RrSet) -> Verdict {
        let codes: Arc<[Ipv4Addr]> = set.v4().collect();
        let ttl = set.ttl();
        let problem = |kind, evidence, reason| {
            Verdict::Problem(ProblemDetails { kind, codes: codes.clone(), reason, evidence, ttl: Some(ttl) }.into())
        };
        let meanings = match classify(&self.spec, &codes) {
            Class::Problem(kind) => return problem(kind, self.evidence(A).into_iter().collect(), None),
            Class::Excluded => {
                return Verdict::Excluded(ExcludedDetails { codes, truncated: set.truncated(), ttl }.into());
            }
            Class::Hit(meanings) => meanings,
        };
        let tried = match &self.control.0 {
            State::Fresh(proof) => Trial::Sane(proof.clone()),
            State::Stale(_) | State::HalfStale(..) => self.tried().unwrap_or(Trial::Failed(Vec::new())),
        };
        match tried {
            Trial::Sane(proof) => match self.confirmation() {
                Confirmation::Given => {
                    let ttl = self.answers.get(CONFIRM).and_then(Answer::ttl).map_or(ttl, |other| ttl.min(other));
                    let reason = self.reason();
                    let truncated = set.truncated();
                    Verdict::Listed(
                        self.spec.kind(),
                        ListingDetails { codes, truncated, meanings, reason, proof, ttl }.into(),
                    )
                }
                Confirmation::Denied => {
                    // A no that nobody signs lasts no time.
                    let other = self.answers.get(CONFIRM).and_then(Answer::ttl).unwrap_or_default();
                    Verdict::Excluded(ExcludedDetails { codes, truncated: set.truncated(), ttl: ttl.min(other) }.into())
                }
                Confirmation::Broken(kind) => problem(kind, self.evidence(CONFIRM).into_iter().collect(), None),
                Confirmation::Failed(failure) => {
                    let evidence = self.evidence(CONFIRM).into_iter().collect();
                    Verdict::Unknown(
                        UnknownDetails { why: failure.into(), codes, reason: None, evidence, ttl: Some(ttl) }.into(),
                    )
                }
            },
            Trial::Broken(kind, evidence) => problem(kind, evidence, self.reason()),
            Trial::Failed(evidence) => Verdict::Unknown(
                UnknownDetails { why: UnknownReason::Unproven, codes, reason: self.reason(), evidence, ttl: Some(ttl) }
                    .into(),
            ),
        }
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

    /// What the answer about the subject says of the list.
    pub(crate) fn word(&self) -> Word {
        if self.remembered.contains(A) || !self.asks_about_the_subject() {
            return Word::Nothing;
        }
        match self.answers.get(A).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => {
                let codes: Vec<Ipv4Addr> = set.v4().collect();
                match classify(&self.spec, &codes) {
                    Class::Problem(ProblemKind::Ambiguous) | Class::Excluded | Class::Hit(_) => Word::Hit,
                    Class::Problem(_) => Word::Odd,
                }
            }
            Some(AnswerKind::NxDomain(Some(soa))) if self.is_denied_from_above(soa.owner()) => Word::DeniedFromAbove,
            Some(AnswerKind::NxDomain(_) | AnswerKind::NoData(_)) => Word::Miss,
            Some(AnswerKind::Failed(failure)) if failure.may_be_the_servers() => Word::Failed,
            Some(AnswerKind::Failed(_)) | None => Word::Nothing,
        }
    }

    /// Does the check, as far as it has come, ask about its subject?
    fn asks_about_the_subject(&self) -> bool {
        match self.access {
            Access::Open => self.name.is_ok(),
            Access::Trial => matches!(self.tried(), Some(Trial::Sane(_))),
            Access::Broken(_) | Access::Silent | Access::Probe(_) => false,
        }
    }

    /// Did a control get an answer that no working list gives?
    pub(crate) fn is_accused(&self) -> bool {
        [FIXED, RANDOM]
            .into_iter()
            .any(|slot| matches!(self.answers.get(slot).map(Answer::kind), Some(AnswerKind::Records(_))))
    }

    /// The list's own words, where its controls showed it to be broken.
    pub(crate) fn reason_for_breakage(&self) -> Option<RemoteText> {
        self.reason().filter(|_| matches!(self.tried(), Some(Trial::Broken(..))))
    }

    fn is_denied_from_above(&self, owner: &Name) -> bool {
        is_denied_from_above(self.spec.zone(), owner)
    }

    /// Did an answer in 127.0.0.0/8 come through the resolver just now? Then it does not take such answers away.
    pub(crate) fn saw_loopback(&self) -> bool {
        if self.plain_miss().is_some() {
            return false;
        }
        self.wanted().without(self.remembered).any(|slot| match self.answers.get(slot).map(Answer::kind) {
            Some(AnswerKind::Records(set)) => set.v4().any(|code| code.is_loopback()),
            _ => false,
        })
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

    /// The questions of a probe. Whether the zone exists is asked where something above it denied an entry of the list.
    fn probed(&self, probe: Probe) -> Slots {
        let denied_from_above = || {
            [FIXED, RANDOM, MUST_EXIST].into_iter().any(|slot| match self.answers.get(slot).map(Answer::kind) {
                Some(AnswerKind::NxDomain(Some(soa))) => self.is_denied_from_above(soa.owner()),
                _ => false,
            })
        };
        match probe {
            Probe::Controls => [FIXED, RANDOM].into_iter().collect(),
            Probe::Entry => Slots::one(MUST_EXIST),
            Probe::Existence => [MUST_EXIST, APEX].into_iter().collect(),
            Probe::Everything if denied_from_above() => [FIXED, RANDOM, MUST_EXIST, APEX].into_iter().collect(),
            Probe::Everything => [FIXED, RANDOM, MUST_EXIST].into_iter().collect(),
        }
    }

    /// What the controls said, once both are in.
    fn tried(&self) -> Option<Trial> {
        // Nearly always there is nothing to judge; no question is built to find that out.
        self.answers.get(FIXED)?;
        let known = self.spec.knowledge();
        if let State::HalfStale(random, age) = &self.control.0 {
            return Some(match trial(known, self.evidence(FIXED)?, (**random).clone()) {
                Trial::Sane(proof) => Trial::Sane(proof.aged(*age)),
                other => other,
            });
        }
        self.answers.get(RANDOM)?;
        Some(trial(known, self.evidence(FIXED)?, self.evidence(RANDOM)?))
    }

    /// The verdict when everything wanted is in.
    fn verdict(&self) -> Verdict {
        let broken = |kind, evidence, reason| {
            Verdict::Problem(ProblemDetails { kind, codes: Arc::new([]), reason, evidence, ttl: None }.into())
        };
        match &self.access {
            Access::Broken(known) => return broken(known.kind, known.evidence.clone(), known.reason.clone()),
            Access::Silent => return unknown(Failure::Shed, Vec::new()),
            Access::Probe(_) => return Verdict::NotListed(NotListed { ttl: None }),
            Access::Trial => match self.tried() {
                Some(Trial::Broken(kind, evidence)) => return broken(kind, evidence, None),
                Some(Trial::Failed(evidence)) => {
                    let failure = evidence.iter().find_map(|evidence| evidence.answer().failure());
                    return unknown(failure.unwrap_or(Failure::Shed), evidence);
                }
                Some(Trial::Sane(_)) | None => {}
            },
            Access::Open => {}
        }
        match self.answers.get(A) {
            Some(answer) => self.conclude(answer),
            None => unknown(Failure::Shed, Vec::new()),
        }
    }
}

/// A top-level domain, or the root, says that there is no such name: then the operator's own domain may not exist.
pub(crate) fn is_denied_from_above(zone: &Name, owner: &Name) -> bool {
    owner.is_top() && !zone.is_top() && zone.is_within(owner)
}

/// Could not tell, for this reason.
fn unknown(failure: Failure, evidence: Vec<Evidence>) -> Verdict {
    Verdict::Unknown(
        UnknownDetails { why: failure.into(), codes: Arc::new([]), reason: None, evidence, ttl: None }.into(),
    )
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

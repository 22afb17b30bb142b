//! The check of one list and one subject.

mod conclude;
mod controls;
mod purpose;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::{MAX_WIRE_LENGTH, Name, NameError};
use crate::check::{Answers, Check, Slot, Slots, Step};
use crate::dns::Evidence;
use crate::dns::{Answer, AnswerKind, Failure, Question, RecordType};
pub(crate) use crate::dnsxl::check::controls::is_denied_from_above;
pub(crate) use crate::dnsxl::check::purpose::{Probe, Purpose, SubjectAnswer, TestEntryState};
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::kind::SubjectKind;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::problem::Breakage;
use crate::dnsxl::proof::{Control, ControlOutcome, Freshness, Proof};
use crate::dnsxl::skipped::Skipped;
use crate::dnsxl::subject::Subject;
use crate::dnsxl::verdict::{NotListed, Verdict};

const A: Slot = Slot(0);
const TXT: Slot = Slot(1);
const FIXED: Slot = Slot(2);
const RANDOM: Slot = Slot(3);
const MUST_EXIST: Slot = Slot(4);
/// Whether the zone with the reasons also contains the subject.
const CONFIRM: Slot = Slot(5);
/// Whether the zone of the list exists.
const APEX: Slot = Slot(6);
const SLOTS: usize = 7;

/// The octets that a control query needs in front of a zone: 32 nibbles, each with a length octet, and the root label.
const CONTROL_OCTETS: usize = 65;

/// The check of one list and one subject, without I/O.
///
/// A miss needs one query. A hit needs TXT and, without fresh proof, two control queries, all sent together; and one more
/// if the reason is in another zone, which must contain the subject too.
///
/// Precedence: a subject that the list cannot contain is skipped; a refusal or a code outside 127.0.0.0/8 is a problem,
/// whatever the filter; codes that the filter does not select are excluded; a hit counts if both control entries are absent.
///
/// ```
/// use rdnsbl::dns::{Answer, Failure, Randomness};
/// use rdnsbl::dnsxl::{Control, Label, ListCheck, ListSpec, Subject, Verdict};
/// use rdnsbl::check::{Check, Step};
/// use std::net::IpAddr;
///
/// let subject = Subject::from("203.0.113.14".parse::<IpAddr>()?);
/// let control = Control::stale(Label::from_random(Randomness::new()));
/// let mut check = ListCheck::new(ListSpec::deny("bl.example")?, &subject, control);
/// while let Step::Need(slots) = check.step() {
///     for slot in slots {
///         let question = check.question(slot).expect("the check needs it");
///         assert_eq!(question.to_string(), "14.113.0.203.bl.example A");
///         check.supply(slot, Answer::nx_domain(None)); // here: ask a resolver
///     }
/// }
/// let Step::Done(finding) = check.step() else { unreachable!("nothing more is needed") };
/// assert!(matches!(finding.verdict(), Verdict::NotListed(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ListCheck {
    spec: Arc<ListSpec>,
    kind: SubjectKind,
    name: Result<Name, Skipped>,
    control: Control,
    /// The slots whose answers came from the cache: valid for the verdict, but no evidence about the resolver now.
    remembered: Slots,
    /// The verdict of the usual case. Nothing else is kept of its answer.
    plain_miss: Option<NotListed>,
    /// `None` in the usual case, so that a check has hundreds of lists in little memory.
    details: Option<Box<Details>>,
}

/// What a check needs unless the list is asked as usual and says "not listed".
#[derive(Clone, Debug, Default)]
struct Details {
    /// The query name for the reason, if it is in another zone.
    reason_name: Option<Name>,
    mode: AskMode,
    first_use: bool,
    answers: Answers,
}

/// Whether and how the list is asked.
#[derive(Clone, Debug, Default)]
pub(crate) enum AskMode {
    /// As usual.
    #[default]
    Normal,
    /// The list was broken or did not answer: the control queries are sent first, and the subject only if both are absent.
    ControlsFirst,
    /// The list is broken and is not asked for some time.
    Broken(Box<Breakage>),
    /// The list does not answer and is not asked for some time.
    Silent,
    /// No subject: only these test entries of the list are looked up.
    Probe(Probe),
}

/// The result of the check of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFinding {
    verdict: Verdict,
}

impl ListFinding {
    /// The result for a list whose answer could no longer change the outcome.
    pub(crate) fn not_awaited() -> Self {
        Self { verdict: Verdict::not_awaited() }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    pub(crate) fn into_verdict(self) -> Verdict {
        self.verdict
    }
}

impl ListCheck {
    /// A check. `control` contains the proof for the zone, if there is one.
    #[must_use]
    pub fn new(spec: impl Into<Arc<ListSpec>>, subject: &Subject, control: Control) -> Self {
        let spec = spec.into();
        let name = subject.in_form(spec.knowledge().domain_form()).name_under(spec.zone());
        Self::named(spec, subject, control, name)
    }

    /// The same, where the name to ask for is known: the subject under the zone.
    pub(crate) fn named(
        spec: Arc<ListSpec>,
        subject: &Subject,
        control: Control,
        name: Result<Name, NameError>,
    ) -> Self {
        let kind = subject.kind();
        let name = match reason_to_skip(&spec, subject) {
            Some(why) => Err(why),
            None => name.map_err(|_| Skipped::NameTooLong),
        };
        let in_reason_zone = |zone| subject.in_form(spec.knowledge().domain_form()).name_under(zone).ok();
        let reason_name = spec.reason_zone().and_then(in_reason_zone);
        let mut check = Self::with(spec, kind, name, control);
        if reason_name.is_some() {
            check.details_mut().reason_name = reason_name;
        }
        check
    }

    /// A check of the test entries of a list, without a subject.
    #[must_use]
    pub(crate) fn probe(spec: Arc<ListSpec>, kind: SubjectKind, control: Control, probe: Probe) -> Self {
        let name = Ok(spec.zone().clone());
        let mut check = Self::with(spec, kind, name, control);
        check.set_mode(AskMode::Probe(probe));
        check
    }

    fn with(spec: Arc<ListSpec>, kind: SubjectKind, name: Result<Name, Skipped>, control: Control) -> Self {
        Self { spec, kind, name, control, remembered: Slots::EMPTY, plain_miss: None, details: None }
    }

    fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// Also looks up the test entry that must exist, together with the subject. This detects a resolver that removes
    /// answers in 127.0.0.0/8, even without a hit. For the first use of a zone whose operator documents the entry.
    #[must_use]
    pub fn first_use(mut self) -> Self {
        self.details_mut().first_use = true;
        self
    }

    /// Sets how the list is asked; [`AskMode::Normal`] by default.
    pub(crate) fn set_mode(&mut self, mode: AskMode) {
        if self.details.is_some() || !matches!(mode, AskMode::Normal) {
            self.details_mut().mode = mode;
        }
    }

    /// Does the profile contain a test entry that must exist?
    pub(crate) fn has_documented_entry(&self) -> bool {
        self.name.is_ok() && self.spec.knowledge().points(self.kind).documented_entry().is_some()
    }

    /// Can proof from another check replace the control queries of this one?
    pub(crate) fn takes_proof(&self) -> bool {
        matches!(self.ask_mode(), AskMode::Normal)
    }

    pub(crate) fn spec(&self) -> &Arc<ListSpec> {
        &self.spec
    }

    pub(crate) fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// Records that the answer for this slot comes from the cache.
    pub(crate) fn mark_remembered(&mut self, slot: Slot) {
        self.remembered.insert(slot);
    }

    /// Applies proof that another check has obtained meanwhile.
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

    /// The slots that a hit needs before its verdict.
    fn hit_slots(&self) -> impl Iterator<Item = Slot> {
        let controls = match self.control.0 {
            Freshness::Fresh(_) => &[][..],
            Freshness::HalfStale(..) => &[FIXED],
            Freshness::Stale(_) => &[FIXED, RANDOM],
        };
        let confirm = self.reason_name().map(|_| CONFIRM);
        [TXT].into_iter().chain(confirm).chain(controls.iter().copied())
    }

    /// Is the must-exist entry needed? At first use, and if the answer about the subject looks as if the resolver had
    /// removed an address from it.
    fn wants_must_exist(&self) -> bool {
        self.is_first_use() || self.answer(A).is_some_and(looks_stripped)
    }

    /// An answer, except that of a plain miss.
    fn answer(&self, slot: Slot) -> Option<&Answer> {
        self.details.as_ref()?.answers.get(slot)
    }

    fn ask_mode(&self) -> &AskMode {
        self.details.as_ref().map_or(&AskMode::Normal, |details| &details.mode)
    }

    fn is_first_use(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.first_use)
    }

    fn reason_name(&self) -> Option<&Name> {
        self.details.as_ref()?.reason_name.as_ref()
    }

    fn evidence(&self, slot: Slot) -> Option<Evidence> {
        let answer = self.answer(slot)?;
        Some(Evidence::new(self.question(slot)?, answer.clone()))
    }

    /// Fills a slot, like [`supply`](Check::supply). A plain "not listed" decides: then neither this answer nor later ones are
    /// kept.
    pub(crate) fn supply_ref(&mut self, slot: Slot, answer: &Answer) {
        if slot == A && self.takes_plain_miss() && self.plain_miss.is_none() {
            self.plain_miss = plain_miss(answer);
        }
        if self.plain_miss.is_none() {
            self.details_mut().answers.put(slot, answer.clone(), SLOTS);
        }
    }

    /// The verdict that this cached answer about the subject gives, if it is a plain "not listed" and a check would ask the list
    /// about this subject. The caller knows that the list is asked as usual.
    pub(crate) fn known_miss(spec: &ListSpec, subject: &Subject, answer: &Answer) -> Option<Verdict> {
        let miss = plain_miss(answer).filter(|_| reason_to_skip(spec, subject).is_none())?;
        Some(Verdict::NotListed(miss))
    }

    /// Does a plain miss decide, whatever the other answers are?
    fn takes_plain_miss(&self) -> bool {
        let is_unanswered = |details: &Details| !details.first_use && details.answers.get(A).is_none();
        self.name.is_ok() && self.takes_proof() && self.details.as_deref().is_none_or(is_unanswered)
    }

    /// The slots that are needed with the answers so far. Answers for other slots are ignored.
    fn wanted(&self) -> Slots {
        let controls = || [FIXED, RANDOM].into_iter().collect();
        match self.ask_mode() {
            AskMode::Normal => {}
            AskMode::Broken(..) | AskMode::Silent => return Slots::EMPTY,
            AskMode::Probe(probe) => return self.probed(*probe),
            AskMode::ControlsFirst if !matches!(self.control_outcome(), Some(ControlOutcome::Sane(_))) => {
                return controls();
            }
            AskMode::ControlsFirst => {}
        }
        let mut wanted = Slots::one(A);
        if matches!(self.ask_mode(), AskMode::ControlsFirst) {
            [FIXED, RANDOM].into_iter().for_each(|slot| wanted.insert(slot));
        }
        if self.wants_must_exist() {
            wanted.insert(MUST_EXIST);
        }
        if let Some(AnswerKind::Records(set)) = self.answer(A).map(Answer::kind) {
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
        if let Some(miss) = self.plain_miss {
            return Step::Done(ListFinding { verdict: Verdict::NotListed(miss) });
        }
        let missing: Slots = self.wanted().filter(|slot| self.answer(*slot).is_none()).collect();
        if missing.is_empty() { Step::Done(ListFinding { verdict: self.verdict() }) } else { Step::Need(missing) }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        let name = self.name.as_ref().ok()?;
        let entry = |labels: &str| Name::join(labels, self.spec.zone()).ok();
        let points = || self.spec.knowledge().points(self.kind);
        let (name, kind) = match (slot, &self.control.0) {
            (A, _) => (name.clone(), RecordType::A),
            (TXT, _) => (self.reason_name().unwrap_or(name).clone(), RecordType::Txt),
            (CONFIRM, _) => (self.reason_name()?.clone(), RecordType::A),
            (FIXED, _) => (entry(&points().must_not_exist(self.kind))?, RecordType::A),
            (RANDOM, Freshness::Stale(label)) => (entry(&format!("{}.", label.as_str()))?, RecordType::A),
            (MUST_EXIST, _) => (entry(&points().must_exist(self.kind))?, RecordType::A),
            (APEX, _) => (self.spec.zone().clone(), RecordType::Soa),
            _ => return None,
        };
        Some(Question::new(name, kind))
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.supply_ref(slot, &answer);
    }
}

/// Why this list is not asked about this subject, if it is not.
fn reason_to_skip(spec: &ListSpec, subject: &Subject) -> Option<Skipped> {
    let known = spec.knowledge();
    if spec.is_retired() {
        Some(Skipped::Retired)
    } else if !known.is_about(subject.kind()) {
        Some(Skipped::Family)
    } else if spec.zone().expose().len() + CONTROL_OCTETS > MAX_WIRE_LENGTH {
        Some(Skipped::NameTooLong)
    } else {
        subject.in_form(known.domain_form()).is_single_label().then_some(Skipped::SingleLabel)
    }
}

/// The verdict that a negative answer leads to if its SOA record is not that of a top-level domain or the root. Nothing else is
/// needed then.
fn plain_miss(answer: &Answer) -> Option<NotListed> {
    match answer.kind() {
        AnswerKind::NxDomain(Some(soa)) | AnswerKind::NoData(Some(soa)) if !soa.owner().is_top() => {
            Some(NotListed::after(answer))
        }
        _ => None,
    }
}

/// Does the answer look as if addresses had been removed from it? Such an answer is an empty NOERROR without an SOA record,
/// or with NS records only, like a referral (RFC 2308 §2.2).
fn looks_stripped(answer: &Answer) -> bool {
    matches!(answer.kind(), AnswerKind::NoData(None) | AnswerKind::Failed(Failure::Unrelated))
}

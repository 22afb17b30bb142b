//! A whole dialogue as one value: many checks, equal questions handed out once, answers routed to whoever asked.
//!
//! This is the crate without I/O. A host with an event loop of its own takes questions out, puts answers in, and finishes:
//!
//! ```
//! use rdnsbl::{Dialogue, Inquiry, Settings, Standing, dns::{Answer, Failure, RecordType}};
//! use std::{net::IpAddr, sync::Arc, time::Instant};
//!
//! let mut standing = Standing::default(); // kept from one dialogue to the next
//! let client: IpAddr = "203.0.113.14".parse()?;
//! let settings = Arc::new(Settings::default());
//! let mut inquiry = Inquiry::new(&Dialogue::from(client), &settings, &mut standing, Instant::now(), [7; 16]);
//! while let Some((ticket, question)) = inquiry.next_question() {
//!     assert_eq!(question.kind, RecordType::Ptr);
//!     inquiry.supply(ticket, Answer::nx_domain(None)); // from the network, whenever it comes
//! }
//! let report = inquiry.finish(Failure::Deadline); // always ends with a verdict
//! assert_eq!(report.iprev().map(|iprev| iprev.rfc8601()), Some("permerror"));
//! standing.learn(&report, Instant::now());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod names;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ask::Sent;
use crate::dialogue::Dialogue;
use crate::dns::{Answer, Failure, Is, Question, RecordType};
use crate::dnsxl::{
    About, Control, HealthState, Kind, Label, ListCheck, ListFinding, ListSpec, Loopback, Observation, Part,
    ProblemKind, Proof, Purpose, Skipped, Subject, SubjectKind, Verdict,
};
use crate::domain::{MailDomainCheck, Side};
use crate::helo::HeloCheck;
use crate::iprev::IprevCheck;
use crate::name::Name;
use crate::path::{self, Path};
use crate::report::{Exchange, Findings, ListRow, Report, Source};
use crate::score::{self, Outcome, Row};
use crate::settings::Settings;
use crate::standing::{Admission, Lesson, Standing};
use crate::step::{Slot, Slots, Step, Unit};
use crate::trial::ResolverTrial;

/// One question of an inquiry that is waiting for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(usize);

/// The checks of one dialogue.
#[derive(Debug)]
pub struct Inquiry {
    dialogue: Dialogue,
    settings: Arc<Settings>,
    iprev: Option<Running<IprevCheck>>,
    helo: Option<Running<HeloCheck>>,
    sender: Option<Running<MailDomainCheck>>,
    recipient: Option<Running<MailDomainCheck>>,
    lists: Vec<ListRun>,
    /// Lists about the client's names.
    waiting: Vec<names::Waiting>,
    asked: Vec<Asked>,
    /// Proof must be new, so what tries a list is not the same question as one that may be answered from memory.
    by_question: HashMap<(Question, bool), usize>,
    handed_out: usize,
    trial: Option<Running<ResolverTrial>>,
    label: Label,
    /// What earlier checks know about the resolver: does it strip, does it rewrite?
    loopback: Loopback,
    rewrites: Option<bool>,
    /// Some lists were let be, since they could not change the outcome.
    stopped_early: bool,
    started: Instant,
}

/// A question to ask, and what for.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) ticket: Ticket,
    pub(crate) question: Question,
    pub(crate) purpose: Purpose,
    /// The list, for a list's question.
    pub(crate) list: Option<AskedList>,
}

/// The list that a question is put to.
#[derive(Debug)]
pub(crate) struct AskedList {
    pub(crate) zone: Name,
    pub(crate) kind: SubjectKind,
    /// What it is asked about; `None` in a probe.
    pub(crate) subject: Option<Subject>,
    /// Questions a day.
    pub(crate) limit: Option<u32>,
    /// Would proof by another check spare it the question?
    pub(crate) takes_proof: bool,
}

/// A check and, in the end, its verdict.
#[derive(Debug)]
struct Running<U: Unit> {
    unit: U,
    verdict: Option<U::Verdict>,
}

#[derive(Debug)]
struct ListRun {
    run: Running<ListCheck>,
    subject: Option<Subject>,
    part: Option<Part>,
    /// Rows of one list about one part of the dialogue: they count once.
    group: usize,
    was_fresh: bool,
    health: HealthState,
}

/// A question, who wants its answer, and the answer.
#[derive(Debug)]
struct Asked {
    question: Question,
    purpose: Purpose,
    /// The list that wanted it first.
    list: Option<usize>,
    /// No longer wanted, and not handed out.
    moot: bool,
    wanted_by: Vec<(UnitId, Slot)>,
    answer: Option<Answer>,
    source: Source,
    took: Duration,
    /// When it was put to the resolver, by whoever did so first.
    sent: Option<Sent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnitId {
    Iprev,
    Helo,
    Sender,
    Recipient,
    Trial,
    List(usize),
}

impl Inquiry {
    /// The checks of this dialogue. `standing` says which zones are proven at `now`; `random` (16 octets nobody can guess,
    /// new for each inquiry) makes the labels by which the others are tried.
    #[must_use]
    pub fn new(
        dialogue: &Dialogue,
        settings: &Arc<Settings>,
        standing: &mut Standing,
        now: Instant,
        random: [u8; 16],
    ) -> Self {
        let client = dialogue.client.map(|address| address.to_canonical());
        let mail_domain = |side, path: &str| {
            let mut check = MailDomainCheck::new(side, path);
            if check.domain().is_some_and(|domain| settings.is_local(domain)) {
                check.skip();
            }
            Running::new(check)
        };
        let sender = match (&dialogue.mail_from, &dialogue.domain) {
            (Some(path), _) => Some(mail_domain(Side::Sender, path)),
            (None, Some(domain)) => Some(Running::new(MailDomainCheck::of_domain(domain.clone()))),
            (None, None) => None,
        };
        let mut inquiry = Self {
            iprev: client.map(|address| Running::new(IprevCheck::new(address))),
            helo: dialogue
                .helo
                .as_deref()
                .map(|argument| Running::new(HeloCheck::new(argument, client, &settings.ourselves))),
            sender,
            recipient: dialogue.rcpt_to.as_deref().map(|path| mail_domain(Side::Recipient, path)),
            lists: Vec::new(),
            waiting: Vec::new(),
            asked: Vec::new(),
            by_question: HashMap::new(),
            handed_out: 0,
            trial: None,
            label: Label::from_random(random),
            loopback: standing.strips(now),
            rewrites: standing.rewrites(now),
            stopped_early: false,
            started: now,
            dialogue: dialogue.clone(),
            settings: Arc::clone(settings),
        };
        for spec in settings.lists.shared() {
            for about in spec.about() {
                inquiry.add_list(spec, about, standing, now, random);
            }
        }
        if standing.must_try_resolver(now) {
            inquiry.trial = Some(Running::new(ResolverTrial::new(inquiry.label)));
            inquiry.advance(UnitId::Trial);
        }
        for id in inquiry.unit_ids() {
            inquiry.advance(id);
        }
        inquiry
    }

    /// A look at the test entries of lists, and at the resolver, about no dialogue.
    pub(crate) fn probe(
        lists: impl Iterator<Item = (Arc<ListSpec>, SubjectKind)>,
        settings: &Arc<Settings>,
        standing: &mut Standing,
        now: Instant,
        random: [u8; 16],
    ) -> Self {
        let mut inquiry = Self::new(&Dialogue::new(), &Arc::default(), standing, now, random);
        inquiry.settings = Arc::clone(settings);
        for (spec, kind) in lists {
            let health = standing.health(spec.zone(), kind).cloned().unwrap_or_default();
            let unit = ListCheck::probe(spec, kind, Control::stale(inquiry.label));
            inquiry.lists.push(ListRun {
                run: Running::new(unit),
                subject: None,
                part: None,
                group: inquiry.lists.len(),
                was_fresh: false,
                health,
            });
        }
        inquiry.trial = Some(Running::new(ResolverTrial::new(inquiry.label)));
        for id in inquiry.unit_ids().into_iter().chain([UnitId::Trial]) {
            inquiry.advance(id);
        }
        inquiry
    }

    /// The next question to ask; each is handed out once. `None` when all are on their way.
    pub fn next_question(&mut self) -> Option<(Ticket, Question)> {
        self.next_ask().map(|ask| (ask.ticket, ask.question))
    }

    /// The next question with what it is for.
    pub(crate) fn next_ask(&mut self) -> Option<Ask> {
        loop {
            let ticket = Ticket(self.handed_out);
            let asked = self.asked.get(self.handed_out)?;
            self.handed_out += 1;
            if asked.moot {
                continue;
            }
            let list = asked.list.and_then(|index| self.lists.get(index));
            let list = list.map(|list| AskedList {
                zone: list.run.unit.spec().zone().clone(),
                kind: list.run.unit.kind(),
                subject: list.subject.clone(),
                limit: list.run.unit.spec().question_limit(),
                takes_proof: list.run.unit.takes_proof(),
            });
            return Some(Ask { ticket, question: asked.question.clone(), purpose: asked.purpose, list });
        }
    }

    /// Puts an answer in. The first one for a ticket counts.
    pub fn supply(&mut self, ticket: Ticket, answer: Answer) {
        self.supply_from(ticket, answer, Source::Network, Duration::ZERO);
    }

    /// A question is on its way.
    pub(crate) fn sent(&mut self, ticket: Ticket, sent: Sent) {
        if let Some(asked) = self.asked.get_mut(ticket.0) {
            asked.sent = Some(sent);
        }
    }

    /// Does nobody want this answer any more?
    pub(crate) fn is_moot(&self, ticket: Ticket) -> bool {
        self.asked.get(ticket.0).is_none_or(|asked| asked.moot)
    }

    /// Puts an answer in, and says where it came from.
    pub(crate) fn supply_from(&mut self, ticket: Ticket, answer: Answer, source: Source, took: Duration) {
        let Some(asked) = self.asked.get_mut(ticket.0).filter(|asked| asked.answer.is_none()) else { return };
        let answer = answer.without_key(&asked.question.name);
        asked.answer = Some(answer.clone());
        asked.source = source;
        asked.took = took;
        for (id, slot) in std::mem::take(&mut asked.wanted_by) {
            self.give(id, slot, &answer, source);
            self.advance(id);
        }
        self.suspect_resolver();
    }

    /// Lists that answer as if they were parked, or several that list everything: the resolver may be the one that lies. It
    /// is tried once, unless that was done not long ago, or a denial of its own has just cleared it.
    fn suspect_resolver(&mut self) {
        // Answers that are still on their way may clear it without a question more.
        let waiting = self.asked.iter().any(|asked| asked.answer.is_none() && !asked.moot);
        if waiting || self.trial.is_some() || self.rewrites.is_some() || self.saw_denial() {
            return;
        }
        let mut listing_everything: Vec<&Name> = Vec::new();
        let mut parked = false;
        for list in &self.lists {
            if let Some(Verdict::Problem(problem)) = list.run.verdict.as_ref().map(ListFinding::verdict) {
                match problem.kind() {
                    ProblemKind::Parked => parked = true,
                    // An invented answer is all invented.
                    ProblemKind::Outside127 => parked |= !problem.codes().iter().any(Ipv4Addr::is_loopback),
                    ProblemKind::ListsEverything | ProblemKind::Ambiguous => {
                        let zone = list.run.unit.spec().zone();
                        if !listing_everything.contains(&zone) {
                            listing_everything.push(zone);
                        }
                    }
                    ProblemKind::Refused => {}
                }
            }
        }
        if parked || listing_everything.len() > 1 {
            self.trial = Some(Running::new(ResolverTrial::new(self.label)));
            self.advance(UnitId::Trial);
        }
    }

    /// Was a name denied its address, just now and over the network? A resolver that invents answers does not do that.
    fn saw_denial(&self) -> bool {
        self.asked.iter().any(|asked| {
            asked.question.kind == RecordType::A
                && asked.source != Source::Memory
                && matches!(asked.answer.as_ref().map(Answer::is), Some(Is::NxDomain(_)))
        })
    }

    /// Is every verdict there?
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.iprev.as_ref().is_none_or(Running::is_done)
            && self.helo.as_ref().is_none_or(Running::is_done)
            && self.sender.as_ref().is_none_or(Running::is_done)
            && self.recipient.as_ref().is_none_or(Running::is_done)
            && self.trial.as_ref().is_none_or(Running::is_done)
            && self.lists.iter().all(|list| list.run.is_done())
            && self.waiting.is_empty()
    }

    /// Has a list been silent for so long that it counts? A caller in a hurry, or a question that waited for a place, says
    /// nothing about a list.
    fn waited_for(&self, index: usize, now: Instant) -> bool {
        let silent = |asked: &Asked| {
            let sent = asked.sent.as_ref().and_then(|sent| sent.get());
            !asked.moot
                && asked.answer.is_none()
                && asked.wanted_by.iter().any(|(id, _)| *id == UnitId::List(index))
                && sent.is_some_and(|sent| now.saturating_duration_since(*sent) >= PATIENT)
        };
        self.asked.iter().take(self.handed_out).any(silent)
    }

    /// When the earlier of a list's controls was sent; perhaps by another check, before this one began.
    fn controls_sent(&self, list: &ListRun) -> Option<Instant> {
        let zone = list.run.unit.spec().zone();
        let controls =
            self.asked.iter().filter(|it| it.purpose == Purpose::Control && it.question.name.is_within(zone));
        controls.filter_map(|asked| asked.sent.as_ref()?.get().copied()).min()
    }

    /// Lets the lists be that cannot change the outcome any more. What they were asked is no longer waited for.
    ///
    /// A hit counts only with its proof and its text, so that lists which decide are never among those let be.
    pub(crate) fn settle_lists(&mut self) {
        if !self.waiting.is_empty() || self.lists.iter().all(|list| list.run.is_done()) {
            return;
        }
        let unheard = Verdict::not_awaited();
        let rows = self.lists.iter().map(|list| {
            let spec = list.run.unit.spec();
            Row {
                verdict: list.run.verdict.as_ref().map_or(&unheard, ListFinding::verdict),
                kind: spec.kind(),
                weight: spec.weight(),
                operator: spec.operator(),
                group: list.group,
            }
        });
        let outcome = score::add_up(rows, self.settings.lists.thresholds()).outcome();
        let allow_list_missing =
            self.lists.iter().any(|list| !list.run.is_done() && list.run.unit.spec().kind() == Kind::Allow);
        let settled = match outcome {
            Outcome::Allowed => true,
            Outcome::Listed | Outcome::NotListed => !allow_list_missing,
            Outcome::Undecided => false,
        };
        if !settled {
            return;
        }
        for (index, list) in self.lists.iter_mut().enumerate() {
            if !list.run.is_done() {
                list.run.verdict = Some(ListFinding::not_awaited());
                self.stopped_early = true;
                let id = UnitId::List(index);
                for asked in &mut self.asked {
                    asked.wanted_by.retain(|(wanting, _)| *wanting != id);
                }
            }
        }
        // What is on the wire was asked, and is told as such.
        for asked in self.asked.iter_mut().skip(self.handed_out) {
            asked.moot |= asked.wanted_by.is_empty();
        }
    }

    /// Ends: whatever is still missing has failed for this reason. The verdicts that are there stay.
    #[must_use]
    pub fn finish(self, failure: Failure) -> Report {
        // Without a clock nothing is known of how long anyone was silent.
        let started = self.started;
        self.finish_after(failure, started, started, &Standing::default())
    }

    /// Ends, by a driver that knows how long it took, and what became of the zones meanwhile.
    pub(crate) fn finish_after(
        mut self,
        failure: Failure,
        started: Instant,
        now: Instant,
        standing: &Standing,
    ) -> Report {
        let cut = !self.is_done();
        let elapsed = now.saturating_duration_since(started);
        let mut lessons = Vec::with_capacity(self.lists.len());
        for (index, list) in self.lists.iter().enumerate() {
            lessons.extend(list.lesson(self.waited_for(index, now), self.controls_sent(list)));
        }
        self.stop_waiting_for_names(failure);
        let exchanges = self
            .asked
            .into_iter()
            .take(self.handed_out)
            .filter(|asked| !asked.moot)
            .map(|asked| Exchange {
                question: asked.question,
                answer: asked.answer.unwrap_or_else(|| Answer::failed(failure)),
                source: asked.source,
                took: asked.took,
            })
            .collect();
        let mut rows = Vec::with_capacity(self.lists.len());
        for list in self.lists {
            let spec = list.run.unit.spec().clone();
            let kind = list.run.unit.kind();
            let (mut verdict, word) = list.run.finish(failure).into_parts();
            let mut health = list.health;
            if let Some(bad) = standing.turned_bad(spec.zone(), kind, self.started) {
                verdict = verdict.voided(bad);
                health = bad.clone();
            }
            rows.push(ListRow {
                spec,
                subject: list.subject,
                part: list.part,
                group: list.group,
                kind,
                loopback: word,
                verdict,
                health,
            });
        }
        let findings = Findings {
            iprev: self.iprev.map(|running| running.finish(failure)),
            helo: self.helo.map(|running| running.finish(failure)),
            sender: self.sender.map(|running| running.finish(failure)),
            recipient: self.recipient.map(|running| running.finish(failure)),
            honesty: self.trial.map(|running| running.finish(failure)),
            rewrites: self.rewrites == Some(true),
            rows,
            loopback: self.loopback,
            exchanges,
            lessons,
            cut,
            stopped_early: self.stopped_early,
            elapsed,
            started: self.started,
        };
        Report::assemble(&self.dialogue, &self.settings, findings)
    }

    /// Proof of a zone has come in by another inquiry: the controls that are not asked yet need not be.
    pub(crate) fn prove(&mut self, zone: &Name, kind: SubjectKind, proof: &Proof) {
        for index in 0..self.lists.len() {
            let Some(list) = self.lists.get_mut(index) else { return };
            let unit = &mut list.run.unit;
            let concerns = unit.spec().zone() == zone && unit.kind() == kind && unit.takes_proof();
            if list.was_fresh || list.run.verdict.is_some() || !concerns {
                continue;
            }
            unit.prove(proof.clone());
            list.was_fresh = true;
            for asked in &mut self.asked {
                if asked.purpose == Purpose::Control && asked.answer.is_none() {
                    asked.wanted_by.retain(|(id, _)| *id != UnitId::List(index));
                    if asked.wanted_by.is_empty() {
                        asked.moot = true;
                        self.by_question.remove(&(asked.question.clone(), true));
                    }
                }
            }
            self.advance(UnitId::List(index));
        }
    }

    /// One list about one subject.
    fn add_list(
        &mut self,
        spec: &Arc<ListSpec>,
        about: About<'_>,
        standing: &mut Standing,
        now: Instant,
        random: [u8; 16],
    ) {
        let group = self.lists.len() + self.waiting.len();
        let (subject, skip, part) = match about {
            About::Fixed(subject) => (Some(subject.clone()), None, None),
            About::Part(part) => {
                let (subject, skip) = subject_of(part, &self.dialogue, &self.settings);
                (subject, skip, Some(part))
            }
        };
        // That there is no list to ask goes before whom it would be asked about.
        let skip = if spec.is_retired() { Some(Skipped::Retired) } else { skip };
        let names = matches!(part, Some(Part::ConfirmedName | Part::ReverseName)) && skip.is_none();
        let kind = subject.as_ref().map_or(SubjectKind::Domain, Subject::kind);
        if (subject.is_none() && !names) || skip.is_some() {
            let control = Control::stale(Label::from_random(random));
            let unit = ListCheck::skipped(spec.clone(), kind, skip.unwrap_or(Skipped::NoClient), control);
            let health = if spec.is_retired() { HealthState::retired() } else { HealthState::default() };
            self.lists.push(ListRun { run: Running::new(unit), subject, part, group, was_fresh: false, health });
            return;
        }
        let admission = standing.admit(spec.zone(), kind, now, random);
        match (subject, part) {
            (None, Some(part)) => {
                let spec = spec.clone();
                self.waiting.push(names::Waiting { group, spec, part, admission });
            }
            (subject, part) => {
                let Some(about) = &subject else { return };
                self.lists.push(list_run(spec, about.clone(), part, group, &admission));
            }
        }
    }

    fn unit_ids(&self) -> Vec<UnitId> {
        [UnitId::Iprev, UnitId::Helo, UnitId::Sender, UnitId::Recipient]
            .into_iter()
            .chain((0..self.lists.len()).map(UnitId::List))
            .collect()
    }

    /// The check with this number.
    fn unit(&mut self, id: UnitId) -> Option<&mut dyn Asking> {
        Some(match id {
            UnitId::Iprev => self.iprev.as_mut()?,
            UnitId::Helo => self.helo.as_mut()?,
            UnitId::Sender => self.sender.as_mut()?,
            UnitId::Recipient => self.recipient.as_mut()?,
            UnitId::Trial => self.trial.as_mut()?,
            UnitId::List(index) => &mut self.lists.get_mut(index)?.run,
        })
    }

    /// Puts an answer where it was wanted.
    fn give(&mut self, id: UnitId, slot: Slot, answer: &Answer, source: Source) {
        if let (UnitId::List(index), Source::Memory) = (id, source)
            && let Some(list) = self.lists.get_mut(index)
        {
            list.run.unit.mark_remembered(slot);
        }
        if let Some(unit) = self.unit(id) {
            unit.supply(slot, answer.clone());
        }
    }

    /// Steps one check until it waits or is done, and notes what it waits for.
    fn advance(&mut self, id: UnitId) {
        loop {
            let Some(unit) = self.unit(id) else { return };
            let needed: Vec<(Slot, Option<Question>)> =
                unit.advance().map(|slot| (slot, unit.question(slot))).collect();
            let mut answered = false;
            for (slot, question) in needed {
                let known = match question {
                    Some(question) => self.want(question, id, slot),
                    // A slot without a question cannot be answered, and must not be waited for.
                    None => Some((Answer::failed(Failure::Shed), Source::Network)),
                };
                if let Some((answer, source)) = known {
                    self.give(id, slot, &answer, source);
                    answered = true;
                }
            }
            if !answered {
                if id == UnitId::Iprev {
                    self.ask_about_names();
                }
                return;
            }
        }
    }

    /// Notes who wants the answer of a question; gives it if it is there already.
    fn want(&mut self, question: Question, id: UnitId, slot: Slot) -> Option<(Answer, Source)> {
        let purpose = match id {
            UnitId::List(_) => ListCheck::purpose(slot),
            // What tries the resolver must not come from memory.
            UnitId::Trial => Purpose::Control,
            UnitId::Iprev | UnitId::Helo | UnitId::Sender | UnitId::Recipient => Purpose::Dialogue,
        };
        let key = (question, purpose.is_trial());
        if let Some(index) = self.by_question.get(&key) {
            let asked = self.asked.get_mut(*index)?;
            if asked.answer.is_none() && !asked.wanted_by.contains(&(id, slot)) {
                asked.wanted_by.push((id, slot));
            }
            return Some((asked.answer.clone()?, asked.source));
        }
        let question = key.0.clone();
        self.by_question.insert(key, self.asked.len());
        self.asked.push(Asked {
            question,
            purpose,
            list: match id {
                UnitId::List(index) => Some(index),
                _ => None,
            },
            moot: false,
            wanted_by: vec![(id, slot)],
            answer: None,
            source: Source::Network,
            took: Duration::ZERO,
            sent: None,
        });
        None
    }
}

/// What all checks have in common, whatever their verdict.
trait Asking {
    /// Steps, and says which slots it waits for; none once it is done.
    fn advance(&mut self) -> Slots;
    fn question(&self, slot: Slot) -> Option<Question>;
    fn supply(&mut self, slot: Slot, answer: Answer);
}

impl<U: Unit> Asking for Running<U> {
    fn advance(&mut self) -> Slots {
        if self.verdict.is_some() {
            return Slots::EMPTY;
        }
        match self.unit.step() {
            Step::Need(slots) => slots,
            Step::Done(verdict) => {
                self.verdict = Some(verdict);
                Slots::EMPTY
            }
        }
    }

    fn question(&self, slot: Slot) -> Option<Question> {
        self.unit.question(slot)
    }

    fn supply(&mut self, slot: Slot, answer: Answer) {
        self.unit.supply(slot, answer);
    }
}

impl<U: Unit> Running<U> {
    fn new(unit: U) -> Self {
        Self { unit, verdict: None }
    }

    fn is_done(&self) -> bool {
        self.verdict.is_some()
    }

    fn finish(mut self, failure: Failure) -> U::Verdict {
        match self.verdict {
            Some(verdict) => verdict,
            None => self.unit.expire(failure),
        }
    }
}

impl ListRun {
    /// What was learned about the zone from answers that came; and from silence, where there was time to speak.
    fn lesson(&self, patient: bool, sent: Option<Instant>) -> Option<Lesson> {
        let unit = &self.run.unit;
        let mut observations = unit.observations();
        if self.run.verdict.is_none() {
            observations.extend(unit.unanswered().filter(|_| patient).map(Observation::Silent));
        }
        let proof = unit.new_proof();
        let must_exist = unit.must_exist_entry();
        let loopback = unit.loopback();
        if observations.is_empty() && must_exist.is_none() && loopback == Loopback::NoWord {
            return None;
        }
        let (spec, kind) = (unit.spec(), unit.kind());
        Some(Lesson {
            zone: spec.zone().clone(),
            kind,
            list: spec.id(),
            proof,
            sent,
            must_exist,
            loopback,
            observations,
            alone: None,
        })
    }
}

/// How long a list may take before its silence counts against it.
const PATIENT: Duration = Duration::from_secs(1);

/// One list about one subject.
fn list_run(
    spec: &Arc<ListSpec>,
    subject: Subject,
    part: Option<Part>,
    group: usize,
    admission: &Admission,
) -> ListRun {
    let mut unit = ListCheck::new(spec.clone(), &subject, admission.control.clone()).access(admission.access.clone());
    if admission.wants_must_exist && (admission.suspects_resolver || unit.has_documented_entry()) {
        unit = unit.first_use();
    }
    let (was_fresh, health) = (admission.is_proven, admission.health.clone());
    ListRun { run: Running::new(unit), subject: Some(subject), part, group, was_fresh, health }
}

/// What a list is asked about, or why it is not.
fn subject_of(part: Part, dialogue: &Dialogue, settings: &Settings) -> (Option<Subject>, Option<Skipped>) {
    let of_path = |path: Option<&String>| match path.map(|path| path::read(path)) {
        Some(Path::Domain(name)) => (Some(Subject::Domain(name)), None),
        Some(Path::Literal(_)) => (None, Some(Skipped::Literal)),
        _ => (None, Some(Skipped::NoClient)),
    };
    match part {
        Part::Address => match (dialogue.client, &dialogue.domain) {
            (Some(address), _) => (Some(Subject::from(address)), settings.skips(address)),
            (None, Some(domain)) => (Some(Subject::Domain(domain.clone())), None),
            (None, None) => (None, Some(Skipped::NoClient)),
        },
        // What they are is known later; here only whether they are asked about at all.
        Part::ConfirmedName | Part::ReverseName => match dialogue.client {
            Some(address) => (None, settings.skips(address)),
            None => (None, Some(Skipped::NoClient)),
        },
        Part::Helo => match dialogue.helo.as_deref() {
            Some(literal) if path::address_literal(literal).is_some() => (None, Some(Skipped::Literal)),
            argument => match argument.and_then(path::host_name) {
                Some(name) => (Some(Subject::Domain(name)), None),
                None => (None, Some(Skipped::NoClient)),
            },
        },
        Part::Sender => of_path(dialogue.mail_from.as_ref()),
        Part::Recipient => of_path(dialogue.rcpt_to.as_ref()),
    }
}

//! All checks of one dialogue as one value: equal questions are handed out once, and each answer goes to every check that
//! wants it.
//!
//! There is no I/O here. A host with its own event loop takes out questions, puts in answers, and finishes:
//!
//! ```
//! use rdnsbl::{Dialogue, Inquiry, Randomness, Settings, SharedState, dns::{Answer, Failure}};
//! use std::{net::IpAddr, sync::Arc, time::Instant};
//!
//! let mut shared = SharedState::default(); // kept from one dialogue to the next
//! let client: IpAddr = "203.0.113.14".parse()?;
//! let settings = Arc::new(Settings::default());
//! let mut inquiry = Inquiry::new(&Dialogue::from(client), &settings, &mut shared, Instant::now(), Randomness::new());
//! while let Some((ticket, _question)) = inquiry.next_question() {
//!     // Ask the network here; answers may come at any time. The last four questions are not about the client: they test
//!     // the resolver, at first use and every half hour.
//!     inquiry.supply(ticket, Answer::nx_domain(None));
//! }
//! let report = inquiry.finish(Failure::Deadline); // always ends with a verdict
//! assert_eq!(report.iprev().map(|iprev| iprev.rfc8601()), Some("permerror"));
//! shared.learn(&report, Instant::now());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! A server checks an SMTP session at its stages: [`StagedInquiry`].

mod advance;
mod asking;
mod assemble;
mod begin;
mod decided;
pub mod dialogue;
mod early_stop;
mod finish;
mod lists;
mod question_index;
mod questions;
mod running;
mod session_facts;
mod session_memory;
pub mod settings;
mod settings_finding;
#[cfg(feature = "serde")]
mod settings_serde;
mod staged;
mod suspicion;
mod under_way;
mod workspace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::inquiry::lists::run::{self, ListRun, WaitingList};
use crate::inquiry::questions::{CheckId, Questions};
use crate::inquiry::running::{Reported, Running};
pub(crate) use crate::inquiry::workspace::Workspace;

use crate::base::client_number;
use crate::check::helo::HeloCheck;
use crate::check::iprev::IprevCheck;
use crate::check::mail_domain::MailDomainCheck;
use crate::check::resolver::ResolverCheck;
use crate::dns::{Answer, Question};
use crate::dnsxl::{Label, ListCheck, ListSpec, Proof, Purpose, Subject, SubjectKind};
pub(crate) use crate::inquiry::asking::{Asker, WaitFor};
use crate::inquiry::dialogue::Dialogue;
pub(crate) use crate::inquiry::early_stop::Awaited;
pub(crate) use crate::inquiry::lists::known::{KnownLists, ListOfClient, NothingKnown};
pub use crate::inquiry::questions::QuestionId;
pub(crate) use crate::inquiry::session_facts::SessionFacts;
pub(crate) use crate::inquiry::session_memory::{SessionMemory, is_given_up, stage_end};
use crate::inquiry::settings::Settings;
pub use crate::inquiry::settings_finding::SettingsFinding;
pub use crate::inquiry::staged::{StageGoal, StageResult, StagedInquiry};
pub(crate) use crate::inquiry::suspicion::TrialWait;
use crate::report::learned::ZoneHint;
use crate::report::{Exchange, ListReport, ResolverFault, Source};
use crate::state::SharedState;

/// A check that is made alone.
#[derive(Debug)]
pub(crate) enum SingleCheck {
    Iprev(IprevCheck),
    Helo(HeloCheck),
    /// A sender's domain or a recipient's.
    MailDomain(MailDomainCheck),
}

/// The checks of one dialogue.
#[derive(Debug)]
pub struct Inquiry {
    dialogue: Dialogue,
    settings: Arc<Settings>,
    iprev: Option<Running<IprevCheck>>,
    helo: Option<Running<HeloCheck>>,
    sender: Option<Running<MailDomainCheck>>,
    recipient: Option<Running<MailDomainCheck>>,
    /// The rows of the report: each list and each of its subjects. Those that have no check in `lists` have their verdict.
    rows: Vec<ListReport>,
    /// The checks of lists.
    lists: Vec<ListRun>,
    /// Lists about the client's names.
    waiting: Vec<WaitingList>,
    /// All lists before this index are done. Later ones may be done too.
    lists_done: usize,
    questions: Questions,
    /// Suspected lists that are asked about themselves. No check waits for them.
    probes: Vec<Running<ListCheck>>,
    /// The trial of the resolver, at the regular time or because of a suspicion.
    trial: Option<Running<ResolverCheck>>,
    /// A trial was begun or already under way when the check began.
    trial_from_the_start: bool,
    /// Another check makes the trial of the resolver, and asks its questions.
    trial_elsewhere: bool,
    /// May this check begin a trial of the resolver, if something looks wrong?
    may_suspect_resolver: bool,
    /// The resolver was found to be silent, or to refuse.
    resolver_is_silent: bool,
    /// The resolver's fault when the check began.
    known_fault: Option<ResolverFault>,
    label: Label,
    /// What is known about the resolver, for an inquiry without a driver.
    known: Option<Box<SharedState>>,
    /// The state's health epoch when the check began: see [`SharedState::health_epoch`].
    health_epoch: u64,
    /// The tables that are in use at the beginning or the end only.
    workspace: Workspace,
    /// The verdicts that were reported as updates.
    reported: Reported,
    /// Some lists were abandoned, since they could not change the outcome.
    stopped_early: bool,
    started: Instant,
}

/// A question to ask, and its purpose.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) ticket: QuestionId,
    pub(crate) question: Question,
    pub(crate) purpose: Purpose,
    /// The list, for a question to a list.
    pub(crate) list: Option<AskedList>,
    /// The label of the resolver's trial, for a question of that trial.
    pub(crate) trial: Option<Label>,
}

/// The list that a question is put to.
#[derive(Clone, Debug)]
pub(crate) struct AskedList {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) kind: SubjectKind,
    /// What it is asked about, in the form in which the list stores domains; `None` in a probe.
    pub(crate) subject: Option<Subject>,
    /// The number of the client of the dialogue, if it has one.
    pub(crate) client: Option<u32>,
    /// Would another check's proof make the question unnecessary?
    pub(crate) takes_proof: bool,
    /// The question is asked because the list is suspected.
    pub(crate) is_suspicion: bool,
    /// Where to look for its zone.
    pub(crate) hint: ZoneHint,
}

impl Inquiry {
    /// The next question to ask; each is handed out once. `None` when all have been handed out.
    pub fn next_question(&mut self) -> Option<(QuestionId, Question)> {
        self.next_ask().map(|ask| (ask.ticket, ask.question))
    }

    /// The next question with its purpose.
    pub(crate) fn next_ask(&mut self) -> Option<Ask> {
        let (ticket, question, asked) = self.questions.next()?;
        let run = match asked.wanted_first {
            CheckId::List(number) => run::of_row(&self.lists, number).map(|list| (&list.run.unit, Some(list))),
            CheckId::Probe(index) => self.probes.get(index).map(|probe| (&probe.unit, None)),
            _ => None,
        };
        let list = run.map(|(unit, list)| {
            let spec = unit.spec();
            let row = list.and_then(|list| self.rows.get(list.number));
            let in_form = |subject: &Subject| subject.in_form(spec.knowledge().domain_form()).into_owned();
            AskedList {
                spec: Arc::clone(spec),
                kind: unit.kind(),
                subject: row.and_then(ListReport::subject).map(in_form),
                client: self.dialogue.client.map(client_number::of_address),
                takes_proof: unit.takes_proof(),
                is_suspicion: matches!(asked.wanted_first, CheckId::Probe(_)),
                hint: list.map(|list| list.hint).unwrap_or_default(),
            }
        });
        let purpose = asked.purpose;
        let trial = self.trial.as_ref().filter(|_| purpose == Purpose::Resolver).map(|trial| trial.unit.label());
        Some(Ask { ticket, question: question.clone(), purpose, list, trial })
    }

    /// When it began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Puts in an answer. Only the first one for a ticket counts.
    pub fn supply(&mut self, ticket: QuestionId, answer: Answer) {
        self.supply_from(ticket, answer, Source::Network, Duration::ZERO, None);
    }

    /// A question that has no answer was sent to the resolver.
    pub(crate) fn sent(&mut self, ticket: QuestionId) {
        self.questions.sent(ticket);
    }

    /// The number of questions so far.
    pub(crate) fn question_count(&self) -> usize {
        self.questions.len()
    }

    /// The question with this id.
    pub(crate) fn question(&self, ticket: QuestionId) -> Option<&Question> {
        self.questions.exchange(ticket).map(Exchange::question)
    }

    /// Does some check still want the answer to a question that was handed out?
    pub(crate) fn is_wanted(&self, ticket: QuestionId) -> bool {
        self.questions.is_wanted(ticket)
    }

    /// A question that was handed out is not sent after all.
    pub(crate) fn cancel(&mut self, ticket: QuestionId) {
        self.questions.cancel(ticket);
    }

    /// Does no check want this answer any more?
    pub(crate) fn is_cancelled(&self, ticket: QuestionId) -> bool {
        self.questions.is_cancelled(ticket)
    }

    /// Puts in an answer, and records when it came and from where.
    pub(crate) fn supply_from(
        &mut self,
        ticket: QuestionId,
        answer: Answer,
        source: Source,
        took: Duration,
        now: Option<Instant>,
    ) {
        let after = now.map(|now| now.saturating_duration_since(self.started));
        let Some(wanted_by) = self.questions.answer(ticket, answer, source, took, after) else { return };
        wanted_by.for_each(|(id, slot)| {
            self.deliver(id, slot, ticket);
            self.advance(id);
            if let CheckId::List(number) = id {
                self.suspect_list(number);
            }
        });
        self.suspect_resolver();
    }

    /// Is every verdict there? Questions asked for the sake of later checks may still be under way: their answers are accepted
    /// until the end, but need not be waited for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.has_every_verdict() && self.waits_for_trial() == TrialWait::No
    }

    fn has_every_verdict(&self) -> bool {
        self.dialogue_is_done() && self.lists.iter().skip(self.lists_done).all(|list| list.run.is_done())
    }

    /// Is every verdict there? For a driver that asks after every answer: lists that are done are not looked at again.
    pub(crate) fn is_done_mut(&mut self) -> bool {
        let undone = |list: &ListRun| !list.run.is_done();
        let more = self.lists.iter().skip(self.lists_done).position(undone);
        self.lists_done = more.map_or(self.lists.len(), |more| self.lists_done + more);
        more.is_none() && self.dialogue_is_done()
    }

    fn dialogue_is_done(&self) -> bool {
        self.iprev.as_ref().is_none_or(Running::is_done)
            && self.helo.as_ref().is_none_or(Running::is_done)
            && self.sender.as_ref().is_none_or(Running::is_done)
            && self.recipient.as_ref().is_none_or(Running::is_done)
            && self.waiting.is_empty()
    }

    /// Another inquiry has proved a zone: the controls that are not answered yet are no longer needed.
    pub(crate) fn prove(&mut self, spec: &ListSpec, kind: SubjectKind, proof: &Proof) {
        self.prove_where(spec, kind, proof, |_| true);
    }

    /// The same for what a list says about one subject.
    pub(crate) fn prove_about(&mut self, spec: &ListSpec, subject: &Subject, proof: &Proof) {
        self.prove_where(spec, subject.kind(), proof, |row| row.subject.as_ref() == Some(subject));
    }

    fn prove_where(&mut self, spec: &ListSpec, kind: SubjectKind, proof: &Proof, wanted: impl Fn(&ListReport) -> bool) {
        for index in 0..self.lists.len() {
            let Some(list) = self.lists.get_mut(index) else { return };
            let is_wanted = self.rows.get(list.number).is_some_and(&wanted);
            let unit = &mut list.run.unit;
            let is_same = |other: &ListSpec| {
                other.zone() == spec.zone() && other.knowledge().has_same_controls(spec.knowledge(), kind)
            };
            let concerns = unit.kind() == kind && unit.takes_proof() && is_same(unit.spec());
            if list.is_proven || list.run.verdict.is_some() || !concerns || !is_wanted {
                continue;
            }
            unit.prove(proof.clone());
            list.is_proven = true;
            let check = CheckId::List(list.number);
            self.questions.cancel_controls(check);
            self.advance(check);
        }
    }
}

//! The end of an inquiry: it applies what was learned to the state, and builds the report.

use std::sync::Arc;
use std::time::Instant;

use crate::base::name::Name;
use crate::dns::Failure;
use crate::dnsxl::{Subject, SubjectAnswer, SubjectKind};
use crate::inquiry::assemble::{CheckResults, assemble};
use crate::inquiry::lists::run;
use crate::inquiry::questions::Questions;
use crate::inquiry::{CheckId, Inquiry, ListRun, Workspace};
use crate::report::learned::{Learned, ListSigns, QueuedAnswer, queued_answer};
use crate::report::{ListReport, Report, ResolverFault};
use crate::state::event::Event;
use crate::state::{Invalidated, SharedState};

/// An inquiry whose checks have ended.
pub(crate) struct Ended {
    inquiry: Box<Inquiry>,
    failure: Failure,
    rows: Vec<ListReport>,
    list_signs: Vec<ListSigns>,
    cut: bool,
}

/// What the state says after an inquiry was applied to it.
pub(crate) struct Applied {
    pub(crate) events: Vec<Event>,
    pub(crate) invalidated: Invalidated,
    resolver_fault: Option<ResolverFault>,
    lets_loopback_through: bool,
}

impl Inquiry {
    /// Ends the inquiry: every question without an answer has failed for this reason. Verdicts already reached are kept.
    #[must_use]
    pub fn finish(mut self, failure: Failure) -> Report {
        // There is no clock here: all questions count as sent and answered at the start.
        let started = self.started;
        let mut shared = self.known.take().map_or_else(SharedState::default, |known| *known);
        self.health_epoch = shared.health_epoch();
        for list in &self.lists {
            if let Some(row) = self.rows.get(list.number) {
                shared.set_health(&row.spec, list.run.unit.kind(), Arc::clone(&row.health), started);
            }
        }
        // Lists that wait for the client's names may have been asked about themselves.
        for probe in &self.probes {
            let (spec, kind) = (probe.unit.spec(), probe.unit.kind());
            if shared.health(spec, kind).is_none() {
                shared.set_health(spec, kind, Arc::default(), started);
            }
        }
        let trial = self.trial.as_ref().map(|trial| trial.unit.label());
        if let Some(label) = trial {
            shared.begin_trial(started, label);
        }
        let (own_answers, signs) = (self.own_answers(), self.questions.signs());
        let mut ended = Box::new(self).end(failure);
        let applied = ended.apply(&mut shared, own_answers.clone(), started);
        let (mut report, workspace) = ended.into_report(&applied, started);
        report.learned = Some(Box::new(Learned { list_signs: workspace.list_signs, signs, own_answers, trial }));
        *report
    }

    /// Ends every check.
    pub(crate) fn end(mut self: Box<Self>, failure: Failure) -> Ended {
        let cut = !self.has_every_verdict() || self.questions.were_cut();
        self.stop_waiting_for_names(failure);
        let mut list_signs = std::mem::take(&mut self.workspace.list_signs);
        self.end_lists(failure, &mut list_signs);
        self.sort_rows(&mut list_signs);
        let rows = std::mem::take(&mut self.rows);
        self.compare_with_others(&mut list_signs, &rows);
        Ended { inquiry: self, failure, rows, list_signs, cut }
    }

    /// Ends every list. Adds what the answers of lists show about them.
    fn end_lists(&mut self, failure: Failure, list_signs: &mut Vec<ListSigns>) {
        for list in self.lists.drain(..) {
            let Some(row) = self.rows.get_mut(list.number) else { continue };
            let signs = signs_of(&list, row.subject.is_some(), &self.questions);
            list_signs.extend(Some(signs).filter(ListSigns::is_any));
            row.verdict = list.run.finish(failure).into_verdict();
        }
    }

    /// Notes which of the lists that gave a new answer stand alone with it. A client that comes again counts once, as long as its
    /// answers are cached.
    fn compare_with_others(&mut self, list_signs: &mut [ListSigns], rows: &[ListReport]) {
        let is_new = |signs: &&mut ListSigns| signs.subject_answer != SubjectAnswer::Nothing;
        let mut new = list_signs.iter_mut().filter(is_new).peekable();
        if new.peek().is_some() {
            let operators = &mut self.workspace.operators;
            operators.collect(rows, self.settings.lists.operator_count());
            new.for_each(|signs| signs.alone = rows.get(signs.row).and_then(|row| operators.is_alone(rows, row)));
        }
    }

    /// The answers to our own questions.
    fn own_answers(&self) -> Vec<QueuedAnswer> {
        let list_of = |check| -> Option<(Name, SubjectKind)> {
            let unit = match check {
                CheckId::List(number) => &run::of_row(&self.lists, number)?.run.unit,
                CheckId::Probe(index) => &self.probes.get(index)?.unit,
                _ => return None,
            };
            Some((unit.spec().zone().clone(), unit.kind()))
        };
        let queued = |(exchange, asked): (&crate::report::Exchange, &crate::inquiry::questions::AskedQuestion)| {
            let list = list_of(asked.wanted_first);
            queued_answer(list, asked.purpose, exchange.question.clone(), exchange.answer.clone(), self.started)
        };
        self.questions.own_answers().map(queued).collect()
    }
}

impl Ended {
    /// Applies what was learned to the state. The driver says what time it is, and brings the answers to our own questions that
    /// have arrived meanwhile, whichever check asked them.
    pub(crate) fn apply(&mut self, shared: &mut SharedState, own_answers: Vec<QueuedAnswer>, now: Instant) -> Applied {
        let Self { inquiry, rows, list_signs, .. } = self;
        let (events, invalidated) = shared.apply(rows, list_signs, inquiry.questions.signs(), own_answers, now);
        // Rows are looked up again only if some list's health has changed since the check began, which is rare.
        if shared.health_epoch() != inquiry.health_epoch {
            rows.iter_mut().for_each(|row| refresh_health(row, shared, inquiry.started));
        }
        Applied {
            events,
            invalidated,
            resolver_fault: shared.resolver_fault(now),
            lets_loopback_through: shared.lets_loopback_through(now),
        }
    }

    /// The report, and the tables for reuse.
    pub(crate) fn into_report(self, applied: &Applied, now: Instant) -> (Box<Report>, Workspace) {
        let Self { inquiry, failure, rows, list_signs, cut } = self;
        let signs = inquiry.questions.signs();
        let (asking, asked, index) = inquiry.questions.into_exchanges(failure);
        let findings = CheckResults {
            iprev: inquiry.iprev.map(|running| running.finish(failure)),
            helo: inquiry.helo.map(|running| running.finish(failure)),
            sender: inquiry.sender.map(|running| running.finish(failure)),
            recipient: inquiry.recipient.map(|running| running.finish(failure)),
            resolver_fault: applied.resolver_fault,
            lets_loopback_through: applied.lets_loopback_through,
            signs,
            rows,
            asking,
            cut,
            stopped_early: inquiry.stopped_early,
            elapsed: now.saturating_duration_since(inquiry.started),
            started: inquiry.started,
        };
        let report = Box::new(assemble(&inquiry.dialogue, &inquiry.settings, findings));
        (report, Workspace { lists: inquiry.lists, asked, index, list_signs, ..inquiry.workspace })
    }
}

/// What one list's answers show about it. A question that was abandoned without an answer counts as failed: that makes the
/// list suspect. Then its controls decide, which are not cut short.
fn signs_of(list: &ListRun, has_subject: bool, questions: &Questions) -> ListSigns {
    let (unit, row, hint) = (&list.run.unit, list.number, list.hint);
    let kind = unit.kind();
    if let Some(subject_answer) = unit.plain_subject_answer() {
        return ListSigns { row, kind, hint, subject_answer, saw_loopback: false, reason: None, alone: None };
    }
    let mut subject_answer = unit.subject_answer();
    let left = || list.was_left_unanswered || questions.left_unanswered(CheckId::List(list.number));
    if subject_answer == SubjectAnswer::Nothing && has_subject && left() {
        subject_answer = SubjectAnswer::Failed;
    }
    ListSigns {
        row,
        kind,
        hint,
        subject_answer,
        saw_loopback: unit.saw_loopback(),
        reason: unit.reason_for_breakage(),
        alone: None,
    }
}

/// Takes the list's current health. Hits of a zone that was found broken during the check are discarded.
fn refresh_health(row: &mut ListReport, shared: &SharedState, begun: Instant) {
    let Some(kind) = row.subject.as_ref().map(Subject::kind) else { return };
    if let Some(bad) = shared.broken_since(&row.spec, kind, begun) {
        let verdict = std::mem::replace(&mut row.verdict, crate::dnsxl::Verdict::not_awaited());
        row.verdict = verdict.voided(bad.breakage.as_ref());
    }
    if !row.spec.is_retired()
        && let Some(health) = shared.health(&row.spec, kind)
    {
        row.health = health.clone();
    }
}

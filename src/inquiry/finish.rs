//! The end of an inquiry: verdicts, what was learned about lists, and the report.

use std::time::{Duration, Instant};

use super::questions::Questions;
use super::{Inquiry, ListRun, UnitId, Workspace};
use crate::dns::Failure;
use crate::dnsxl::{Loopback, Observation, Purpose};
use crate::report::{Findings, ListRow, Report};
use crate::standing::{Lesson, Standing};

/// How long a list may take before its silence counts against it.
const PATIENT: Duration = Duration::from_secs(1);

impl Inquiry {
    /// Ends: whatever is still missing has failed for this reason. The verdicts that are there stay.
    #[must_use]
    pub fn finish(self, failure: Failure) -> Report {
        // Without a clock nothing is known of how long anyone was silent.
        let started = self.started;
        self.finish_after(failure, started, started, &Standing::default()).0
    }

    /// Ends, by a driver that knows how long it took, and what became of the zones meanwhile. With the tables, to be used
    /// again.
    pub(crate) fn finish_after(
        mut self,
        failure: Failure,
        started: Instant,
        now: Instant,
        standing: &Standing,
    ) -> (Report, Workspace) {
        let cut = !self.is_done();
        self.stop_waiting_for_names(failure);
        let (begun, questions) = (self.started, &self.questions);
        let row = |list: ListRun| {
            let lesson = lesson(&list, questions, now);
            list.row(lesson, failure, begun, standing)
        };
        let mut rows = self.rows;
        rows.extend(self.lists.drain(..).map(row));
        let (exchanges, asked, by_question) = self.questions.into_exchanges(failure);
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
            cut,
            stopped_early: self.stopped_early,
            elapsed: now.saturating_duration_since(started),
            started: begun,
        };
        let (report, rows) = Report::assemble(&self.dialogue, &self.settings, findings);
        (report, Workspace { lists: self.lists, asked, by_question, rows })
    }
}

/// What was learned about the zone from answers that came; and from silence, where there was time to speak.
fn lesson(list: &ListRun, questions: &Questions, now: Instant) -> Option<Lesson> {
    let unit = &list.run.unit;
    let mut observations = unit.observations();
    if list.run.verdict.is_none()
        && let Some(question) = unit.unanswered()
        && waited_for(list, questions, now)
    {
        observations.others.push(Observation::Silent(question));
    }
    let must_exist = unit.must_exist_entry();
    let loopback = unit.loopback();
    if observations.is_empty() && must_exist.is_none() && loopback == Loopback::NoWord {
        return None;
    }
    let proof = unit.new_proof();
    let sent = proof.as_ref().and_then(|_| controls_sent(list, questions));
    let (spec, kind) = (unit.spec().clone(), unit.kind());
    Some(Lesson { spec, kind, proof, sent, must_exist, loopback, observations, alone: None })
}

/// Has a list been silent for so long that it counts? A caller in a hurry, or a question that waited for a place, says
/// nothing about a list.
fn waited_for(list: &ListRun, questions: &Questions, now: Instant) -> bool {
    questions.handed_out().any(|(_, asked)| {
        asked.is_open()
            && asked.is_wanted_by(UnitId::List(list.index))
            && asked.sent().is_some_and(|sent| now.saturating_duration_since(sent) >= PATIENT)
    })
}

/// When the earlier of a list's controls was sent; perhaps by another check, before this one began.
fn controls_sent(list: &ListRun, questions: &Questions) -> Option<Instant> {
    let zone = list.run.unit.spec().zone();
    let controls =
        questions.handed_out().filter(|(question, it)| it.purpose == Purpose::Control && question.name.is_within(zone));
    controls.filter_map(|(_, asked)| asked.sent()).min()
}

impl ListRun {
    /// The list's row. Hits of a zone that was found broken meanwhile are void.
    fn row(self, lesson: Option<Lesson>, failure: Failure, begun: Instant, standing: &Standing) -> ListRow {
        let spec = self.run.unit.spec().clone();
        let kind = self.run.unit.kind();
        let (mut verdict, loopback) = self.run.finish(failure).into_parts();
        let mut health = self.health;
        if let Some(bad) = standing.turned_bad(spec.zone(), kind, begun) {
            verdict = verdict.voided(bad);
            health = bad.clone();
        }
        ListRow {
            spec,
            subject: self.subject,
            part: self.part,
            group: self.group,
            kind,
            loopback,
            verdict,
            health,
            lesson,
        }
    }
}

//! The rows of an inquiry: what each list is asked about, and which need not be asked.

use std::sync::Arc;

use crate::base::address::reversed_labels;
use crate::base::mail_path::{self, Path};
use crate::base::name::{Name, NameError, NamesUnder};
use crate::base::small_list::SmallList;
use crate::dns::{Answer, Question, RecordType};
use crate::dnsxl::{About, HealthState, ListCheck, ListFinding, Part, Skipped, Subject, SubjectKind, Verdict};
use crate::inquiry::Inquiry;
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::lists::known::{KnownLists, lists_about};
use crate::inquiry::lists::run::{self, ListRun, WaitingList};
use crate::inquiry::lists::subjects::Subjects;
use crate::inquiry::questions::CheckId;
use crate::inquiry::settings::Settings;
use crate::lists::RowSpec;
use crate::report::ListReport;
use crate::state::{AskPlan, SharedState};

/// Stands in a row until the check of its list ends. Until then, [`Inquiry::verdict_of`] gives the verdict.
pub(crate) const PLACEHOLDER: Verdict = Verdict::Skipped(Skipped::NoClient);

/// One row of the set of lists, with what the inquiry knows about it.
struct NewRow<'a> {
    of: &'a RowSpec,
    /// Its number in the set.
    group: usize,
    /// The name to ask for, if it is made already.
    name: Option<Result<Name, NameError>>,
    /// What the list is known to have answered.
    known_answer: Option<Answer>,
}

impl Inquiry {
    /// Adds the rows of all lists, in order.
    pub(crate) fn add_rows(
        &mut self,
        dialogue: &Dialogue,
        settings: &Settings,
        known_lists: &dyn KnownLists,
        shared: &mut SharedState,
    ) {
        let rows = settings.lists.rows();
        self.rows.reserve_exact(rows.len());
        self.lists.reserve_exact(rows.len());
        // One question per row, and those of the other checks.
        self.questions.reserve(rows.len() + 5);
        let mut subjects = Subjects { dialogue, settings, computed: SmallList::default() };
        let client = dialogue.client.map(|address| address.to_canonical());
        let mut names = client.map(|client| {
            let zones = rows.iter().filter(|of| of.is_about_client()).map(|of| of.spec.zone());
            NamesUnder::new(reversed_labels(client), zones, &mut self.workspace.text)
        });
        let mut known = std::mem::take(&mut self.workspace.known);
        if client.is_some()
            && let (Some(subject), None) = subjects.of(Part::Address)
        {
            known_lists.look_up(&subject, &mut lists_about(subject.kind(), rows, shared), &mut known);
        }
        let mut answers = known.drain(..).peekable();
        for (group, of) in rows.iter().enumerate() {
            let name = names.as_mut().filter(|_| of.is_about_client()).map(|names| names.next(of.spec.zone()));
            let known_answer = answers.next_if(|(at, _)| *at == group).map(|(_, answer)| answer);
            self.add_row(NewRow { of, group, name, known_answer }, &mut subjects, shared);
        }
        drop(answers);
        self.workspace.known = known;
    }

    fn add_row(&mut self, new: NewRow<'_>, subjects: &mut Subjects<'_>, shared: &mut SharedState) {
        let NewRow { of, group, name, known_answer } = new;
        let spec = &of.spec;
        let (subject, skip) = match &of.about {
            About::Fixed(subject) => (Some(subject.clone()), None),
            About::Part(part) => subjects.of(*part),
        };
        // "Retired" is the reason that counts, whatever the list would have been asked about.
        let is_null = |path: &String| mail_path::read(path) == Path::Null;
        let applies = !spec.only_null_sender() || subjects.dialogue.mail_from.as_ref().is_some_and(is_null);
        let skip = match (spec.is_retired(), applies) {
            (true, _) => Some(Skipped::Retired),
            (false, false) => Some(Skipped::Condition),
            (false, true) => skip,
        };
        let waits_for_names =
            matches!(of.about, About::Part(Part::ConfirmedName | Part::ReverseName)) && skip.is_none();
        if skip.is_some() || (subject.is_none() && !waits_for_names) {
            let known = subject.as_ref().and_then(|subject| shared.health(spec, subject.kind()));
            let health = match spec.is_retired() {
                true => Arc::new(HealthState::retired()),
                false => known.cloned().unwrap_or_default(),
            };
            self.add_decided(of, group, subject, Verdict::Skipped(skip.unwrap_or(Skipped::NoClient)), health);
            return;
        }
        let kind = subject.as_ref().map_or(SubjectKind::Domain, Subject::kind);
        if let (Some(subject), Some(Ok(name)), Some(answer)) = (&subject, &name, known_answer)
            && let Some(verdict) = ListCheck::known_miss(spec, subject, &answer)
            && let Some(health) = shared.health_if_usual(spec, group, kind, self.started)
        {
            let question = Question::new(name.clone(), RecordType::A);
            let check = self.add_decided(of, group, Some(subject.clone()), verdict, health);
            self.questions.add_known(question, answer, check);
            return;
        }
        let plan = shared.plan(spec, group, kind, self.started, self.label);
        match subject {
            Some(subject) => drop(self.add_asked(of, group, subject, name, plan)),
            None => self.waiting.push(WaitingList { group, plan }),
        }
    }

    /// Adds a row that has its verdict. Returns the id that questions use for it; there is no check.
    pub(super) fn add_decided(
        &mut self,
        of: &RowSpec,
        group: usize,
        subject: Option<Subject>,
        verdict: Verdict,
        health: Arc<HealthState>,
    ) -> CheckId {
        let number = self.rows.len();
        self.rows.push(row(of, group, subject, number, verdict, health));
        CheckId::List(number)
    }

    /// Adds a row with the check of its list. Returns the check.
    pub(super) fn add_asked(
        &mut self,
        of: &RowSpec,
        group: usize,
        subject: Subject,
        name: Option<Result<Name, NameError>>,
        plan: AskPlan,
    ) -> CheckId {
        let number = self.rows.len();
        let (list, health) = ListRun::planned(&of.spec, &subject, name, number, plan);
        self.lists.push(list);
        self.rows.push(row(of, group, Some(subject), number, PLACEHOLDER, health));
        CheckId::List(number)
    }

    /// The verdict of a row, if it is there.
    pub(crate) fn verdict_of<'a>(&'a self, row: &'a ListReport) -> Option<&'a Verdict> {
        match run::of_row(&self.lists, row.number) {
            Some(list) => list.run.verdict.as_ref().map(ListFinding::verdict),
            None => Some(&row.verdict),
        }
    }
}

fn row(
    of: &RowSpec,
    group: usize,
    subject: Option<Subject>,
    number: usize,
    verdict: Verdict,
    health: Arc<HealthState>,
) -> ListReport {
    let (part, operator, spec) = (of.part(), of.operator, Arc::clone(&of.spec));
    ListReport { subject, part, group, operator, number, verdict, health, spec }
}

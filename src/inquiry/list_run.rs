//! One list of an inquiry.

use std::sync::Arc;

use crate::dnsxl::{HealthState, Label, ListCheck, ListSpec, Part, Subject};
use crate::inquiry::running::Running;
use crate::state::Admission;

/// One list about one subject, on its way to a verdict.
#[derive(Debug)]
pub(super) struct ListRun {
    pub(super) run: Running<ListCheck>,
    pub(super) subject: Option<Subject>,
    pub(super) part: Option<Part>,
    /// Rows of one list about one part of the dialogue have the same number, and count once in the score.
    pub(super) group: usize,
    pub(super) was_fresh: bool,
    pub(super) health: Arc<HealthState>,
    /// Several questions to it failed in a row: its controls are asked along with this one.
    pub(super) is_failing: bool,
    /// The label for its random control, should an odd answer make it suspect. `None` if its controls were asked a short
    /// while ago.
    pub(super) suspicion: Option<Label>,
    /// Its question was abandoned without an answer, since the list could not change the outcome.
    pub(super) was_left_unanswered: bool,
    /// Its index among the lists, which questions refer to. It stays the same when rows are sorted.
    pub(super) index: usize,
}

/// A list that waits for the client's names.
#[derive(Debug)]
pub(super) struct WaitingList {
    pub(super) group: usize,
    pub(super) spec: Arc<ListSpec>,
    pub(super) part: Part,
    pub(super) admission: Admission,
}

/// One list about one subject.
pub(super) fn list_run(
    spec: &Arc<ListSpec>,
    subject: Subject,
    part: Option<Part>,
    group: usize,
    admission: Admission,
) -> ListRun {
    let Admission { control, access, is_proven, wants_must_exist, suspects_resolver, is_failing, suspicion, health } =
        admission;
    let mut unit = ListCheck::new(spec.clone(), &subject, control).access(access);
    if wants_must_exist && (suspects_resolver || unit.has_documented_entry()) {
        unit = unit.first_use();
    }
    ListRun {
        subject: Some(subject),
        part,
        group,
        was_fresh: is_proven,
        health,
        is_failing,
        suspicion,
        ..ListRun::about_nobody(unit)
    }
}

impl ListRun {
    /// A list without a subject: skipped, or asked for its test entries only.
    pub(super) fn about_nobody(unit: ListCheck) -> Self {
        Self {
            run: Running::new(unit),
            subject: None,
            part: None,
            group: 0,
            was_fresh: false,
            health: Arc::default(),
            is_failing: false,
            suspicion: None,
            was_left_unanswered: false,
            index: 0,
        }
    }
}

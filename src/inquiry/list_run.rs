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
    /// Rows of one list about one part of the dialogue: they count once.
    pub(super) group: usize,
    pub(super) was_fresh: bool,
    pub(super) health: Arc<HealthState>,
    /// So many questions to it failed in a row that its controls go out with this one.
    pub(super) is_failing: bool,
    /// The label to try it by, if an odd answer makes it suspect; `None` where its controls went out not long ago.
    pub(super) suspicion: Option<Label>,
    /// Its question was left unanswered, since the list could not change the outcome.
    pub(super) was_left_unanswered: bool,
    /// Its place among the lists, by which questions know it.
    pub(super) index: usize,
}

/// A list that waits for names.
#[derive(Debug)]
pub(super) struct Waiting {
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
    /// A list that is asked about no part of the dialogue.
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

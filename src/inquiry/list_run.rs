//! One list of an inquiry.

use std::sync::Arc;

use crate::base::name::{Name, NameError};
use crate::dnsxl::{HealthState, Label, ListCheck, ListSpec, Part, Subject};
use crate::inquiry::running::Running;
use crate::report::learned::ZoneHint;
use crate::state::AskPlan;

/// One list about one subject, on its way to a verdict.
#[derive(Debug)]
pub(super) struct ListRun {
    pub(super) run: Running<ListCheck>,
    pub(super) subject: Option<Subject>,
    pub(super) part: Option<Part>,
    /// Rows of one list about one part of the dialogue have the same number, and count once in the score.
    pub(super) group: usize,
    /// The number of its operator in the set.
    pub(super) operator: usize,
    pub(super) was_fresh: bool,
    pub(super) health: Arc<HealthState>,
    /// Where to look for its zone.
    pub(super) hint: ZoneHint,
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
    pub(super) operator: usize,
    pub(super) spec: Arc<ListSpec>,
    pub(super) part: Part,
    pub(super) plan: AskPlan,
}

/// One list about one subject; `name` is the name to ask for, if it was made together with others.
pub(super) fn list_run(
    spec: &Arc<ListSpec>,
    subject: Subject,
    name: Option<Result<Name, NameError>>,
    part: Option<Part>,
    group: usize,
    operator: usize,
    plan: AskPlan,
) -> ListRun {
    let AskPlan { control, mode, is_proven, wants_must_exist, suspects_resolver, is_failing, suspicion, health, hint } =
        plan;
    let mut unit = match name {
        Some(name) => ListCheck::named(Arc::clone(spec), &subject, control, name),
        None => ListCheck::new(Arc::clone(spec), &subject, control),
    };
    unit.set_mode(mode);
    if wants_must_exist && (suspects_resolver || unit.has_documented_entry()) {
        unit = unit.first_use();
    }
    ListRun {
        subject: Some(subject),
        part,
        group,
        operator,
        was_fresh: is_proven,
        is_failing,
        suspicion,
        hint,
        ..ListRun::about_nobody(unit, health)
    }
}

impl ListRun {
    /// A list without a subject: skipped, or asked for its test entries only.
    pub(super) fn about_nobody(unit: ListCheck, health: Arc<HealthState>) -> Self {
        Self {
            run: Running::new(unit),
            subject: None,
            part: None,
            group: 0,
            operator: 0,
            was_fresh: false,
            health,
            hint: ZoneHint::default(),
            is_failing: false,
            suspicion: None,
            was_left_unanswered: false,
            index: 0,
        }
    }
}

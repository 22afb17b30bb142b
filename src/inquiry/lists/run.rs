//! The check of one list in an inquiry.

use std::sync::Arc;

use crate::base::name::{Name, NameError};
use crate::dnsxl::{HealthState, Label, ListCheck, ListSpec, Subject};
use crate::inquiry::running::Running;
use crate::report::learned::ZoneHint;
use crate::state::AskPlan;

/// One list about one subject, on its way to a verdict.
#[derive(Debug)]
pub(crate) struct ListRun {
    pub(crate) run: Running<ListCheck>,
    /// The number of its row. Lists are in the order of their numbers.
    pub(crate) number: usize,
    /// The list was proven when the check began, or has been proven since by another check.
    pub(crate) is_proven: bool,
    /// Where to look for its zone.
    pub(crate) hint: ZoneHint,
    /// Several questions to it failed in a row: its controls are asked along with this one.
    pub(crate) is_failing: bool,
    /// The label for its random control, if an odd answer makes it suspect. `None` if its controls were asked a short while
    /// ago.
    pub(crate) suspicion: Option<Label>,
    /// Its question was abandoned without an answer, since the list could not change the outcome.
    pub(crate) was_left_unanswered: bool,
}

/// A list that waits for the client's names.
#[derive(Debug)]
pub(crate) struct WaitingList {
    /// The number of its row in the set of lists.
    pub(crate) group: usize,
    pub(crate) plan: AskPlan,
}

impl ListRun {
    /// A check of a list of which nothing is known.
    pub(crate) fn new(unit: ListCheck, number: usize) -> Self {
        Self {
            run: Running::new(unit),
            number,
            is_proven: false,
            hint: ZoneHint::default(),
            is_failing: false,
            suspicion: None,
            was_left_unanswered: false,
        }
    }

    /// A list that is asked about a subject according to a plan, and its health. `name` is the name to ask for, if it was made
    /// together with others.
    pub(crate) fn planned(
        spec: &Arc<ListSpec>,
        subject: &Subject,
        name: Option<Result<Name, NameError>>,
        number: usize,
        plan: AskPlan,
    ) -> (Self, Arc<HealthState>) {
        let AskPlan {
            control,
            mode,
            is_proven,
            wants_must_exist,
            suspects_resolver,
            is_failing,
            suspicion,
            health,
            hint,
        } = plan;
        let mut unit = match name {
            Some(name) => ListCheck::named(Arc::clone(spec), subject, control, name),
            None => ListCheck::new(Arc::clone(spec), subject, control),
        };
        unit.set_mode(mode);
        if wants_must_exist && (suspects_resolver || unit.has_documented_entry()) {
            unit = unit.first_use();
        }
        (Self { is_proven, hint, is_failing, suspicion, ..Self::new(unit, number) }, health)
    }
}

/// The check of the list with this row, if there is one.
pub(crate) fn of_row(lists: &[ListRun], number: usize) -> Option<&ListRun> {
    place_of(lists, number).and_then(|place| lists.get(place))
}

/// The same, to change it.
pub(crate) fn of_row_mut(lists: &mut [ListRun], number: usize) -> Option<&mut ListRun> {
    place_of(lists, number).and_then(|place| lists.get_mut(place))
}

fn place_of(lists: &[ListRun], number: usize) -> Option<usize> {
    // Where every list is asked, its place is its number.
    match lists.get(number) {
        Some(list) if list.number == number => Some(number),
        _ => lists.binary_search_by_key(&number, |list| list.number).ok(),
    }
}

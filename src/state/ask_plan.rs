//! How a check that starts now asks a list, and how long that remains true.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::clock::later;
use crate::dnsxl::{AskMode, Control, HealthState, Label};
use crate::report::learned::ZoneHint;

/// How often a zone whose must-exist entry gave no clear answer is asked for it again, and a suspected zone for its controls.
pub(super) const RECHECK: Duration = Duration::from_secs(60);
/// Checks that start within this time use the same random label for a zone, so that their controls are one question.
pub(super) const SAME_LABEL: Duration = Duration::from_secs(1);

/// How a check that starts now asks the list of a zone.
#[derive(Clone, Debug)]
pub(crate) struct AskPlan {
    pub(crate) control: Control,
    pub(crate) mode: AskMode,
    pub(crate) is_proven: bool,
    pub(crate) wants_must_exist: bool,
    /// The must-exist entry of some list came back empty, and no answer in 127.0.0.0/8 was seen lately. Every list is then
    /// asked for its entry, so that one emptied list does not repeatedly make the resolver look faulty.
    pub(crate) suspects_resolver: bool,
    /// Several questions about subjects failed in a row: the controls are asked together with the next one.
    pub(crate) is_failing: bool,
    /// The label for the random control, if a strange answer makes the list suspect. `None` if its controls were asked a short
    /// time ago.
    pub(crate) suspicion: Option<Label>,
    pub(crate) health: Arc<HealthState>,
    /// Where to look for the zone.
    pub(crate) hint: ZoneHint,
}

/// Was it less than `RECHECK` ago?
pub(super) fn is_recent(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now < later(at, RECHECK))
}

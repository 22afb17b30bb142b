//! How a check may treat a list at this moment, and for how long things hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dnsxl::{Access, Control, HealthState, Label};

/// How often a zone without a clear word is asked for its must-exist entry, and a suspected one for its controls.
pub(super) const RECHECK: Duration = Duration::from_secs(60);
/// Checks that start within this time try a zone by the same label, so that their controls are one question.
pub(super) const SAME_LABEL: Duration = Duration::from_secs(1);

/// How a check may treat a zone at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) control: Control,
    pub(crate) access: Access,
    pub(crate) is_proven: bool,
    pub(crate) wants_must_exist: bool,
    /// Some list's entry came back empty, and no answer in 127/8 was seen for a while: every list is asked for its entry, so
    /// that one list that has emptied itself does not convict the resolver again and again.
    pub(crate) suspects_resolver: bool,
    /// So many questions about subjects failed in a row that its controls go out with the next one.
    pub(crate) is_failing: bool,
    /// The label to try it by, if an odd answer makes it suspect; `None` where its controls went out not long ago.
    pub(crate) suspicion: Option<Label>,
    pub(crate) health: Arc<HealthState>,
}

/// Was it not long ago?
pub(super) fn is_recent(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < RECHECK)
}

//! The health of one list, for hosts.

use std::time::Duration;

use crate::dnsxl::{Evidence, Health, ListId, SubjectKind};

/// The health of one list, for one kind of subject.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// for report in clock.run(checker.probe()) {
///     println!("{}: {}; {}", report.list(), report.health(), report.advice());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    pub(crate) list: ListId,
    pub(crate) kind: SubjectKind,
    pub(crate) health: Health,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) since: Option<Duration>,
    pub(crate) last_good: Option<Duration>,
}

impl HealthReport {
    /// The list's name.
    #[must_use]
    pub fn list(&self) -> &ListId {
        &self.list
    }

    /// For which kind of subject.
    #[must_use]
    pub fn subject_kind(&self) -> SubjectKind {
        self.kind
    }

    /// Its health.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health
    }

    /// The evidence for it.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// How long it has had this health.
    #[must_use]
    pub fn since(&self) -> Option<Duration> {
        self.since
    }

    /// How long ago both controls were last absent, which proves that the list does not list everything.
    #[must_use]
    pub fn last_good(&self) -> Option<Duration> {
        self.last_good
    }

    /// What to do about it; empty if there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        crate::dnsxl::health_advice::of_health(self.health, &self.evidence)
    }
}

/// One line: the list, its kind of subjects, its health, and what to do.
impl std::fmt::Display for HealthReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.list, self.kind.word(), self.health)?;
        if self.advice().is_empty() { Ok(()) } else { write!(f, "; {}", self.advice()) }
    }
}

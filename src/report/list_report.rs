//! The report on one list about one subject.

use std::sync::Arc;
use std::time::Duration;

use crate::dnsxl::{
    Evidence, Health, HealthState, ListId, ListKind, ListSpec, OnNoAnswer, Part, Subject, Verdict, health_advice,
};

/// One list, one subject, one verdict.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let report = clock.run(checker.check(client));
/// let row = &report.lists()[0];
/// assert_eq!((row.list().as_str(), row.verdict().word(), row.weight()), ("bl.test", "listed", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    pub(crate) subject: Option<Subject>,
    pub(crate) part: Option<Part>,
    /// The number of its row in the set of lists. Several rows have the same where a list is asked about each of the client's
    /// names; they count once in the score.
    pub(crate) group: usize,
    /// The number of its operator in the set.
    pub(crate) operator: usize,
    /// Rows are numbered in the order in which they are made. Questions refer to this number.
    pub(crate) number: usize,
    pub(crate) verdict: Verdict,
    pub(crate) health: Arc<HealthState>,
    pub(crate) spec: Arc<ListSpec>,
}

impl ListReport {
    /// The list's name.
    #[must_use]
    pub fn list(&self) -> &ListId {
        self.spec.name()
    }

    /// Deny or allow.
    #[must_use]
    pub fn kind(&self) -> ListKind {
        self.spec.kind()
    }

    /// What users of the list should know, from its [`Profile`](crate::dnsxl::Profile::note): for example that it requires
    /// registration, is for scoring only, or holds whole networks.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.spec.knowledge().note()
    }

    /// What it was asked about; `None` where the dialogue has no such part.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The part of the dialogue it was asked about; `None` for a subject written in the configuration.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        self.part
    }

    /// The context in which it decides, if there are several: see [`Report::contexts`](crate::Report::contexts).
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.spec.context()
    }

    /// Whether the list is only observed and never decides: see [`ListSpec::with_only_observed`].
    #[must_use]
    pub fn only_observed(&self) -> bool {
        self.spec.only_observed()
    }

    /// The rule for when the list does not answer.
    #[must_use]
    pub fn on_no_answer(&self) -> OnNoAnswer {
        self.spec.on_no_answer()
    }

    /// The list as it was configured.
    #[must_use]
    pub fn spec(&self) -> &ListSpec {
        &self.spec
    }

    /// Rows with the same number are one list about one part of the dialogue, and count once in the score.
    pub(crate) fn group(&self) -> usize {
        self.group
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What a hit adds to the score.
    #[must_use]
    pub fn weight(&self) -> i32 {
        self.spec.weight()
    }

    /// How long the list's answer may be cached. `None` if nothing says so.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.verdict.ttl()
    }

    /// The list's health, as far as is known after this check.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.health
    }

    /// What to do about the list, given its health and this answer; empty if there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        health_advice::of_verdict(&self.verdict, self.health(), self.health_evidence())
    }

    /// Did a filter on the way answer in the list's place, with 0.0.0.0 or a private address?
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        health_advice::is_filtered(&self.verdict)
    }

    /// What the codes mean according to the operator, if known; also for codes that are not wanted.
    pub fn meanings(&self) -> impl Iterator<Item = &str> {
        let listed: &[Arc<str>] = match &self.verdict {
            Verdict::Listed(_, listing) => listing.meanings(),
            _ => &[],
        };
        let excluded = match &self.verdict {
            Verdict::Excluded(excluded) => excluded.codes(),
            _ => &[],
        };
        let excluded =
            excluded.iter().flat_map(|code| self.spec.knowledge().meanings(*code)).map(|(_, meaning)| meaning);
        listed.iter().map(|meaning| &**meaning).chain(excluded)
    }

    /// The evidence for its health.
    #[must_use]
    pub fn health_evidence(&self) -> &[Evidence] {
        &self.health.evidence
    }
}

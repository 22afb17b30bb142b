//! One list about one subject, as it is reported.

use std::sync::Arc;
use std::time::Duration;

use crate::dnsxl::{Evidence, Health, HealthState, Kind, ListId, ListSpec, Part, Subject, Unheard, Verdict, advice};

/// One list, one subject, one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    pub(crate) subject: Option<Subject>,
    pub(crate) part: Option<Part>,
    pub(crate) group: usize,
    pub(crate) verdict: Verdict,
    pub(crate) health: Arc<HealthState>,
    pub(crate) spec: Arc<ListSpec>,
}

impl ListReport {
    /// What the list is called.
    #[must_use]
    pub fn list(&self) -> &ListId {
        self.spec.called()
    }

    /// Deny or allow.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.spec.kind()
    }

    /// What those should know who use the list, as its [`Profile`](crate::dnsxl::Profile::note) says: that it wants
    /// registration, is for scoring only, holds whole networks.
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

    /// With which lists it decides, where they do so in several contexts: see [`Report::contexts`](crate::Report::contexts).
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.spec.context()
    }

    /// What is done when the list could not be heard.
    #[must_use]
    pub fn unheard(&self) -> Unheard {
        self.spec.unheard()
    }

    /// The list as it was configured.
    #[must_use]
    pub fn spec(&self) -> &ListSpec {
        &self.spec
    }

    /// Rows with the same number are one list about one part of the dialogue, and count once.
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

    /// How long the list's answer may be believed. `None` where nothing says so.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.verdict.ttl()
    }

    /// How the list is doing, as far as is known after this check.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.health
    }

    /// What to do about the list, by its health and by this answer; empty where there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        advice::of_verdict(&self.verdict, self.health(), self.health_evidence())
    }

    /// Is it not the list that answered, but a filter on the way to it: with 0.0.0.0, or an address of a private network?
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        advice::is_filtered(&self.verdict)
    }

    /// What the operator says the codes mean, where that is known; of codes that are not wanted, too.
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

    /// What shows its health.
    #[must_use]
    pub fn health_evidence(&self) -> &[Evidence] {
        &self.health.evidence
    }
}

//! The result of a check, without the reasons.

use crate::base::words::words;
use crate::dnsxl::score::{Counts, Score};
use crate::report::action::Action;
use crate::report::finding::Finding;
use crate::report::resolver_fault::ResolverFault;

/// The result of a check, without the reasons: small, `Copy`, made without allocating. The [`Report`](crate::Report) has the
/// reasons and the evidence.
///
/// ```
/// # use rdnsbl::{Action, Finding, Summary};
/// fn log(summary: Summary) {
///     let why: Vec<&str> = summary.findings().map(Finding::word).collect();
///     println!("{} {} {}", summary.action().word(), summary.score().outcome(), why.join(","));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Summary {
    pub(crate) score: Score,
    pub(crate) counts: Counts,
    pub(crate) findings: FindingSet,
    pub(crate) action: Action,
    pub(crate) resolver_fault: Option<ResolverFault>,
    pub(crate) completeness: Completeness,
}

impl Summary {
    /// The lists' joint score.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// How many lists ended with each verdict.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Is this finding present?
    #[must_use]
    pub fn has(&self, finding: Finding) -> bool {
        self.findings.contains(finding)
    }

    /// Every finding against the client, whatever the policy says, in the order of [`Finding::ALL`].
    pub fn findings(&self) -> impl Iterator<Item = Finding> + use<> {
        let findings = self.findings;
        Finding::ALL.iter().copied().filter(move |finding| findings.contains(*finding))
    }

    /// What the policy advises: the same as [`Advice::action`](crate::policy::Advice::action) of the report.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// Is the resolver itself at fault?
    #[must_use]
    pub fn resolver_fault(&self) -> Option<ResolverFault> {
        self.resolver_fault
    }

    /// Was everything answered, or was the check cut short?
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }
}

/// Was everything answered, or was the check cut short?
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::report::Completeness;
///
/// assert_eq!(clock.run(checker.check(client)).completeness(), Completeness::Complete);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completeness {
    /// Every question was answered, or failed before the deadline.
    Complete,
    /// The deadline came first; whatever was missing is unknown.
    CutByDeadline,
    /// The check did not wait for lists that could no longer change the outcome.
    StoppedEarly,
}

words!("completeness", Completeness: Display {
    Complete = "complete",
    CutByDeadline = "cut_by_deadline",
    StoppedEarly = "stopped_early",
});

/// A set of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FindingSet(u64);

impl FindingSet {
    pub(crate) fn contains(self, finding: Finding) -> bool {
        self.0 & Self::bit(finding) != 0
    }

    pub(crate) fn insert(&mut self, finding: Finding) {
        self.0 |= Self::bit(finding);
    }

    fn bit(finding: Finding) -> u64 {
        1 << (finding as u64 % 64)
    }
}

impl FromIterator<Finding> for FindingSet {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut set = Self::default();
        findings.into_iter().for_each(|finding| set.insert(finding));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_a_bit_of_its_own() {
        const { assert!(Finding::ALL.len() <= 64) }
        for finding in Finding::ALL {
            let set: FindingSet = [finding].into_iter().collect();
            let held: Vec<_> = Finding::ALL.iter().filter(|other| set.contains(**other)).collect();
            assert_eq!(held, [&finding]);
        }
    }
}

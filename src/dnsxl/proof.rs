//! Proof that a list does not list everything, made at the moment of a hit.
//!
//! Two entries that no working list contains are looked up: the one of RFC 5782 §5 (127.0.0.1, `::FFFF:7F00:1`, INVALID)
//! and a random label. Both are needed: a wildcard for numbers only does not match the label, and a resolver may still have
//! a cached negative answer for 127.0.0.1.

use std::sync::Arc;
use std::time::Duration;

use crate::dns::{AnswerKind, Evidence, Label, Record};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::profile::Profile;

/// Proof that both control entries of a zone are absent. It can be made only from two negative answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    controls: Arc<[Evidence; 2]>,
    age: Duration,
}

impl Proof {
    /// The two questions and their negative answers.
    #[must_use]
    pub fn controls(&self) -> &[Evidence] {
        &*self.controls
    }

    /// The time since the older of the two questions was sent; zero if they were sent for this listing.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The same proof with this age.
    pub(crate) fn aged(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }
}

/// The result of the two control queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ControlOutcome {
    /// Both entries are absent.
    Sane(Proof),
    /// One of them exists: no answer of this list counts.
    Broken(ProblemKind, Vec<Evidence>),
    /// One of the queries failed.
    Failed(Vec<Evidence>),
}

/// Combines the two control answers. The worst decides, so their order does not matter: a listing is worse than an address
/// of a parked domain, that is worse than a refusal, and each of them is worse than a failure.
pub(crate) fn control_outcome(known: &Profile, fixed: Evidence, random: Evidence) -> ControlOutcome {
    let found =
        [&fixed, &random].into_iter().filter_map(|evidence| present(known, evidence)).min_by_key(|kind| match kind {
            ProblemKind::ListsEverything => 0,
            ProblemKind::Parked => 1,
            _ => 2,
        });
    let failed = [&fixed, &random].iter().any(|evidence| evidence.answer().failure().is_some());
    match found {
        Some(kind) => ControlOutcome::Broken(kind, vec![fixed, random]),
        None if failed => ControlOutcome::Failed(vec![fixed, random]),
        None => ControlOutcome::Sane(Proof { controls: Arc::new([fixed, random]), age: Duration::ZERO }),
    }
}

/// The problem shown by a control entry, if it exists.
pub(crate) fn present(known: &Profile, evidence: &Evidence) -> Option<ProblemKind> {
    let AnswerKind::Records(set) = evidence.answer().kind() else { return None };
    let outside = set.iter().any(|record| !matches!(record, Record::A(address) if address.is_loopback()));
    let refusal = set.v4().any(|code| known.is_refusal(code));
    Some(match (outside, refusal) {
        (true, _) => ProblemKind::Parked,
        (_, true) => ProblemKind::Refused,
        _ => ProblemKind::ListsEverything,
    })
}

/// The proof that is known for a zone when a check starts. The caller provides the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control(pub(super) Freshness);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh(Proof),
    Stale(Label),
    /// The random label is known to be absent; with the time since that question was sent.
    HalfStale(Arc<Evidence>, Duration),
}

impl Control {
    /// Fresh proof: a hit needs no control query.
    #[must_use]
    pub fn fresh(proof: Proof) -> Self {
        Self(Freshness::Fresh(proof))
    }

    /// Half of a proof: the random label is known to be absent, asked for `age` ago. A hit needs only the other control query.
    pub(crate) fn half_stale(random: Arc<Evidence>, age: Duration) -> Self {
        Self(Freshness::HalfStale(random, age))
    }

    /// No proof: a hit needs both control queries, the second one with this label.
    #[must_use]
    pub fn stale(label: Label) -> Self {
        Self(Freshness::Stale(label))
    }
}

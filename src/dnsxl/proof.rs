//! Proof that a list does not list everything, made at the moment of a hit.
//!
//! Two entries that no sane list holds are looked up: the one of RFC 5782 §5 (127.0.0.1, `::FFFF:7F00:1`, INVALID) and a
//! label that nobody can guess. Both are needed: a wildcard over numbers only misses the label, and a resolver may still
//! remember that 127.0.0.1 was absent yesterday.

use std::sync::Arc;
use std::time::Duration;

use crate::dns::{AnswerKind, Evidence, Label, Record};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::profile::Profile;

/// Both control entries of a zone were seen absent. It can only be made from answers that say so.
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

    /// How long ago the older of the two questions was sent; zero when they were sent for this very listing.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The same proof, some time later.
    pub(crate) fn aged(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }
}

/// What the controls of a zone said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// Both absent.
    Sane(Proof),
    /// One of them is there: no word of this list counts.
    Broken(ProblemKind, Vec<Evidence>),
    /// One of them could not be asked.
    Failed(Vec<Evidence>),
}

/// Judges both controls. The worst decides, so their order does not matter: a control that is listed says more than one that
/// is parked, that more than a refusal, and any of them more than a failure.
pub(crate) fn trial(known: &Profile, fixed: Evidence, random: Evidence) -> Trial {
    let found =
        [&fixed, &random].into_iter().filter_map(|evidence| present(known, evidence)).min_by_key(|kind| match kind {
            ProblemKind::ListsEverything => 0,
            ProblemKind::Parked => 1,
            _ => 2,
        });
    let failed = [&fixed, &random].iter().any(|evidence| evidence.answer().failure().is_some());
    match found {
        Some(kind) => Trial::Broken(kind, vec![fixed, random]),
        None if failed => Trial::Failed(vec![fixed, random]),
        None => Trial::Sane(Proof { controls: Arc::new([fixed, random]), age: Duration::ZERO }),
    }
}

/// What the presence of a control entry means.
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

/// What is known about a zone's sanity when a check starts. Made by whoever owns the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control(pub(super) State);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Fresh(Proof),
    Stale(Label),
    /// The label is known to be absent already; so long ago was that asked.
    HalfStale(Arc<Evidence>, Duration),
}

impl Control {
    /// The proof is fresh: a hit counts at once.
    #[must_use]
    pub fn fresh(proof: Proof) -> Self {
        Self(State::Fresh(proof))
    }

    /// The entry that must not exist has to be asked for; a label that nobody can guess is known to be absent, since so long
    /// ago.
    pub(crate) fn half_stale(random: Arc<Evidence>, age: Duration) -> Self {
        Self(State::HalfStale(random, age))
    }

    /// Nothing is proven: a hit asks for both controls, the second one by this label.
    #[must_use]
    pub fn stale(label: Label) -> Self {
        Self(State::Stale(label))
    }
}

//! A zone, as seen by the lists whose profiles have the same controls: what its test entries showed, its proof, its health.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Failure, Soa};
use crate::dnsxl::{
    Breakage, ControlOutcome, Evidence, Health, HealthState, ListSpec, Observation, ProblemKind, Proof, SubjectKind,
    TestEntryState, control_outcome, is_denied_from_above, present,
};
use crate::report::learned::OwnAnswer;
use crate::state::ask_plan::is_recent;
use crate::state::event::Event;
use crate::state::resolver::ResolverState;

/// The longest time between two control queries that are judged together. It is longer than a resolver tries one query.
const MAX_APART: Duration = Duration::from_secs(10);

/// A zone, as seen by the lists whose profiles have the same controls.
#[derive(Clone, Debug)]
pub(crate) struct ZoneView {
    pub(super) spec: Arc<ListSpec>,
    /// The answer for the entry that must not exist, and when the question was sent.
    pub(super) fixed: Option<(Arc<Evidence>, Instant)>,
    pub(super) must_exist: Option<(TestEntryState, Instant)>,
    /// A zone above denied the entry that must exist: is the entry missing, or the domain? Kept until it is known whether the
    /// domain exists.
    denied: Option<Observation>,
    pub(super) proof: Option<(Proof, Instant)>,
    /// Shared, since every check of the zone has a copy.
    pub(crate) health: Arc<HealthState>,
    pub(super) used: Instant,
}

/// What changed in a zone.
#[derive(Debug, Default)]
pub(crate) struct ZoneChange {
    pub(crate) events: Vec<Event>,
    /// Something that summaries of cached answers rest on has changed.
    pub(crate) summaries: bool,
    /// The list broke or has recovered: its answers until now must not be used.
    pub(crate) invalidated: bool,
    /// Some view found the zone broken.
    pub(crate) broken: bool,
    /// Some view's must-exist entry came back as an empty NOERROR.
    pub(crate) stripped: bool,
    /// The must-exist entry was asked for.
    pub(crate) asked_for_entry: bool,
}

impl ZoneChange {
    /// Did anything change? Usually not, because most answers are misses from sound lists.
    pub(crate) fn is_news(&self) -> bool {
        self.summaries || !self.events.is_empty()
    }
}

impl ZoneView {
    pub(super) fn new(spec: Arc<ListSpec>, now: Instant) -> Self {
        Self { spec, fixed: None, must_exist: None, denied: None, proof: None, health: Arc::default(), used: now }
    }

    pub(super) fn is_of(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        self.spec.knowledge().has_same_controls(spec.knowledge(), kind)
    }

    /// Should the must-exist entry be asked along with the subject? At first use, again if it gave no clear answer, and when
    /// another zone's empty entry makes the resolver suspect.
    pub(super) fn wants_must_exist(&self, suspect: bool, now: Instant) -> bool {
        match self.must_exist {
            None => true,
            Some((TestEntryState::Stripped | TestEntryState::Failed, at)) => !is_recent(Some(at), now),
            Some((TestEntryState::Present | TestEntryState::Missing, at)) => suspect && !is_recent(Some(at), now),
        }
    }

    /// Does a check of this list need no answer but that about its subject?
    pub(super) fn needs_only_the_subject(&self, kind: SubjectKind) -> bool {
        let entry = match self.must_exist {
            None | Some((TestEntryState::Stripped | TestEntryState::Failed, _)) => {
                self.spec.knowledge().points(kind).documented_entry().is_none()
            }
            Some((TestEntryState::Present | TestEntryState::Missing, _)) => true,
        };
        entry && self.health.retry.is_none() && !self.health.health.takes_hits_away()
    }

    /// Did the must-exist entry come back as an empty NOERROR when it was last asked for?
    pub(super) fn is_stripped(&self) -> bool {
        matches!(self.must_exist, Some((TestEntryState::Stripped, _)))
    }

    /// Did the must-exist entry exist when it was last asked for, and do checks still ask this list? Then asking for it again
    /// may show that the resolver works.
    pub(super) fn may_clear_resolver(&self, now: Instant) -> bool {
        matches!(self.must_exist, Some((TestEntryState::Present, _))) && is_recent(Some(self.used), now)
    }

    pub(super) fn fresh(&self, window: Duration, now: Instant) -> Option<Proof> {
        let (proof, sent) = self.proof.as_ref()?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| proof.clone().aged(age))
    }

    /// Judges the control answers. One entry that exists is enough to call the list broken; absence or failure counts only if
    /// both controls show it. Returns true if both failed and it is unclear whether the list or the resolver is the cause.
    pub(super) fn judge_controls(
        &mut self,
        random: Option<&(Arc<Evidence>, Instant)>,
        resolver: &ResolverState,
        seen: &mut Vec<Observation>,
        since: &mut Option<Instant>,
    ) -> bool {
        let known = self.spec.knowledge();
        let newest = [self.fixed.as_ref(), random].into_iter().flatten().max_by_key(|(_, sent)| *sent);
        let Some((newest, newest_sent)) = newest else { return false };
        let newest_alone = || present(known, newest).map(|kind| (kind, vec![(**newest).clone()]));
        let broken = match (&self.fixed, random) {
            (Some(fixed), Some(random)) if !belong_together(fixed, random) => {
                *since = Some(*newest_sent);
                newest_alone()
            }
            (Some((fixed, fixed_sent)), Some((random, random_sent))) => {
                let (first, last) = (*fixed_sent.min(random_sent), *newest_sent);
                *since = Some(first);
                match control_outcome(known, (**fixed).clone(), (**random).clone()) {
                    ControlOutcome::Broken(kind, evidence) => Some((kind, evidence)),
                    ControlOutcome::Sane(proof) => {
                        // Answers to questions sent before the list was last found broken prove nothing.
                        let outdated = self.health.takes_hits_away_since(first);
                        if !outdated && self.proof.as_ref().is_none_or(|(_, at)| *at < first) {
                            self.proof = Some((proof.clone(), first));
                        }
                        seen.push(Observation::Sane(proof.controls().to_vec()));
                        None
                    }
                    // The failures are the list's own if the resolver answered another question of ours meanwhile, or if the
                    // list was already in a state in which it is not asked.
                    ControlOutcome::Failed(evidence) => {
                        if evidence.iter().all(may_be_the_servers) {
                            if !resolver.was_alive_since(last) && self.health.retry.is_none() {
                                return true;
                            }
                            seen.extend(evidence.into_iter().take(1).map(Observation::Unanswered));
                        }
                        None
                    }
                }
            }
            _ => newest_alone().inspect(|_| *since = Some(*newest_sent)),
        };
        seen.extend(broken.map(|(kind, evidence)| Observation::Broken(Breakage { kind, evidence, reason: None })));
        false
    }

    /// Judges the must-exist entry.
    pub(super) fn judge_entry(
        &mut self,
        answer: &OwnAnswer,
        kind: SubjectKind,
        resolver: &ResolverState,
        seen: &mut Vec<Observation>,
        change: &mut ZoneChange,
        now: Instant,
    ) {
        let evidence = || answer.evidence.clone();
        let entry = match answer.evidence.answer().kind() {
            AnswerKind::Records(set) if set.v4().any(|code| code.is_loopback()) => TestEntryState::Present,
            AnswerKind::NoData(None) if resolver.lets_loopback_through(now) => TestEntryState::Missing,
            AnswerKind::NoData(_) => TestEntryState::Stripped,
            AnswerKind::Failed(Failure::Unrelated) if !resolver.lets_loopback_through(now) => TestEntryState::Stripped,
            AnswerKind::NxDomain(_) => TestEntryState::Missing,
            AnswerKind::Records(_) | AnswerKind::Failed(_) => TestEntryState::Failed,
        };
        change.asked_for_entry = true;
        change.stripped |= entry == TestEntryState::Stripped;
        change.summaries |= self.must_exist.is_none_or(|(known, _)| known != entry);
        self.must_exist = Some((entry, now));
        match answer.evidence.answer().kind() {
            AnswerKind::Records(_) => match present(self.spec.knowledge(), &answer.evidence) {
                Some(problem @ (ProblemKind::Refused | ProblemKind::Parked)) => {
                    let kind = if problem == ProblemKind::Parked { ProblemKind::Outside127 } else { problem };
                    seen.push(Observation::Broken(Breakage { kind, evidence: vec![evidence()], reason: None }));
                }
                _ => seen.push(Observation::Entry(evidence())),
            },
            // An empty answer without SOA comes from the resolver, unless the resolver has just passed other hits.
            AnswerKind::NoData(None) if entry != TestEntryState::Missing => {}
            AnswerKind::NxDomain(soa) | AnswerKind::NoData(soa) => {
                // A zone of the operator's own domain denied it.
                let owner = soa.map(Soa::owner);
                if owner.is_some_and(|owner| !owner.is_top() && self.spec.zone().is_within(owner)) {
                    seen.push(Observation::ZoneExists);
                }
                let documented = self.spec.knowledge().points(kind).documented_entry().is_some();
                seen.push(Observation::EntryMissing { documented, evidence: evidence() });
            }
            AnswerKind::Failed(_) => {}
        }
    }

    /// Does the list's own zone exist? If any of its entries is present, it does. Until that is known, an entry that a zone
    /// above denied is not called missing: the domain of the list may be.
    pub(super) fn judge_apex(
        &mut self,
        zone: &Name,
        apex: Option<&OwnAnswer>,
        has_entry: bool,
        seen: &mut Vec<Observation>,
    ) {
        let is_denied = |observation: &Observation| match observation {
            Observation::EntryMissing { evidence, .. } => match evidence.answer().kind() {
                AnswerKind::NxDomain(Some(soa)) => is_denied_from_above(zone, soa.owner()),
                _ => false,
            },
            _ => false,
        };
        if let Some(at) = seen.iter().position(is_denied) {
            self.denied = Some(seen.remove(at));
        } else if seen.iter().any(|it| matches!(it, Observation::Entry(_) | Observation::EntryMissing { .. })) {
            self.denied = None;
        }
        let Some(apex) = apex else { return };
        seen.extend(self.denied.take());
        match apex.evidence.answer().kind() {
            AnswerKind::Records(_) | AnswerKind::NoData(_) => seen.push(Observation::ZoneExists),
            AnswerKind::NxDomain(Some(soa)) if is_denied_from_above(zone, soa.owner()) => {
                if !has_entry && self.entry_seen_at().is_none() {
                    seen.push(Observation::NoSuchZone(apex.evidence.clone()));
                }
            }
            AnswerKind::NxDomain(_) | AnswerKind::Failed(_) => {}
        }
    }

    /// When the must-exist entry was asked for last, if it existed then.
    pub(super) fn entry_seen_at(&self) -> Option<Instant> {
        self.must_exist.filter(|(state, _)| *state == TestEntryState::Present).map(|(_, at)| at)
    }

    /// Records the list's own text that explains why it is broken.
    pub(super) fn note_reason(&mut self, reason: &crate::base::remote_text::RemoteText) {
        self.health = Arc::clone(&self.health).with_reason(reason);
    }

    /// Applies observations to the health, and records what changed. `sent`: when the questions behind them were sent.
    pub(super) fn observe(
        &mut self,
        mut seen: Vec<Observation>,
        kind: SubjectKind,
        sent: Option<Instant>,
        change: &mut ZoneChange,
        now: Instant,
    ) {
        // An answer to a question sent before the list was last found broken does not show a recovery, even if it comes late.
        let outdated = sent.is_some_and(|sent| self.health.takes_hits_away_since(sent));
        let before = Arc::clone(&self.health);
        seen.retain(|observation| !outdated || matches!(observation, Observation::Broken(_)));
        self.health = Arc::clone(&before).after_all(&seen, now);
        let is_bad = self.health.health.takes_hits_away();
        if is_bad {
            // Earlier proof is no longer valid.
            self.proof = None;
        }
        if Arc::ptr_eq(&before, &self.health) {
            return;
        }
        change.summaries = true;
        change.broken |= is_bad;
        // Invalidate on both transitions: answers in flight during either one are unreliable.
        change.invalidated |= before.health.takes_hits_away() != is_bad;
        if is_reported(&before, &self.health) {
            change.events.push(Event::HealthChanged {
                list: self.spec.id(),
                kind,
                from: before.health,
                to: self.health.health,
                evidence: self.health.evidence.to_vec(),
                last_good: before.last_good.map(|at| now.saturating_duration_since(at)),
            });
        }
    }
}

/// Can both control answers be judged together? Two negative answers can: they stay valid until the proof of the older one
/// expires. Two failures can, however old: a check may have joined a question that was sent long before. An entry that existed
/// some time ago shows nothing about now.
fn belong_together(fixed: &(Arc<Evidence>, Instant), random: &(Arc<Evidence>, Instant)) -> bool {
    let both = |is: fn(&Answer) -> bool| is(fixed.0.answer()) && is(random.0.answer());
    let apart = fixed.1.max(random.1).saturating_duration_since(fixed.1.min(random.1));
    both(Answer::is_no) || both(|answer| answer.failure().is_some()) || apart <= MAX_APART
}

/// Did the query fail in a way that the servers of the list can cause?
fn may_be_the_servers(evidence: &Evidence) -> bool {
    evidence.answer().failure().is_some_and(Failure::may_be_the_servers)
}

/// Is the change worth an event? Not if a new list is sound or has no test entries, as many lists; but if a broken list
/// recovers.
fn is_reported(before: &HealthState, after: &HealthState) -> bool {
    let ordinary = matches!(after.health, Health::Sound | Health::NoTestEntries);
    before.health != after.health && !(before.health == Health::Unprobed && ordinary)
}

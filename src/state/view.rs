//! A zone as lists see it whose profiles have the same controls: what its entries showed, its proof, its health.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::name::Name;
use crate::dns::{Answer, Failure, Is};
use crate::dnsxl::{
    Breakage, Entry, Evidence, Health, HealthState, ListSpec, Observation, ProblemKind, Proof, SubjectKind, Trial,
    is_denied_from_above, present, trial,
};
use crate::report::learned::OwnAnswer;
use crate::state::admission::is_recent;
use crate::state::event::Event;
use crate::state::resolver::ResolverState;

/// How far apart both controls may be sent to be judged together: a resolver gives up on each sooner.
const TOGETHER: Duration = Duration::from_secs(10);
/// The zone as lists see it whose profiles have the same controls.
#[derive(Clone, Debug)]
pub(crate) struct ZoneView {
    pub(super) spec: Arc<ListSpec>,
    /// The entry that must not exist.
    pub(super) fixed: Option<(Evidence, Instant)>,
    pub(super) must_exist: Option<(Entry, Instant)>,
    pub(super) proof: Option<(Proof, Instant)>,
    /// Shared: every check of the zone carries it.
    pub(crate) health: Arc<HealthState>,
    pub(super) used: Instant,
}

/// What changed in a zone.
#[derive(Debug, Default)]
pub(crate) struct ZoneChange {
    pub(crate) events: Vec<Event>,
    /// What summaries of remembered answers rest on has changed.
    pub(crate) summaries: bool,
    /// The list fell ill, or has recovered: what it said until now is void.
    pub(crate) invalidated: bool,
    /// Some view has found it broken.
    pub(crate) broken: bool,
    /// Some entry that must exist came back as an empty NOERROR.
    pub(crate) stripped: bool,
    /// The entry that must exist was asked.
    pub(crate) asked_for_entry: bool,
}

impl ZoneChange {
    /// Did anything change at all? Nearly every answer is a miss from a list that is well.
    pub(crate) fn is_news(&self) -> bool {
        self.summaries || !self.events.is_empty()
    }
}

impl ZoneView {
    pub(super) fn new(spec: Arc<ListSpec>, now: Instant) -> Self {
        Self { spec, fixed: None, must_exist: None, proof: None, health: Arc::default(), used: now }
    }

    pub(super) fn is_of(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        self.spec.knowledge().has_same_controls(spec.knowledge(), kind)
    }

    /// Should the documented must-exist entry be asked along with the subject? At first use; again where it gave no clear
    /// word; and when another zone's missing entry makes the resolver a suspect.
    pub(super) fn wants_must_exist(&self, suspect: bool, now: Instant) -> bool {
        match self.must_exist {
            None => true,
            Some((Entry::Stripped | Entry::Failed, at)) => !is_recent(Some(at), now),
            Some((Entry::Present | Entry::Missing, at)) => suspect && !is_recent(Some(at), now),
        }
    }

    /// The entry that must exist came back as an empty NOERROR when it was last asked for.
    pub(super) fn is_stripped(&self) -> bool {
        matches!(self.must_exist, Some((Entry::Stripped, _)))
    }

    /// The entry that must exist was there when it was last asked for, and checks still ask this list.
    pub(super) fn may_acquit(&self, now: Instant) -> bool {
        matches!(self.must_exist, Some((Entry::Present, _))) && is_recent(Some(self.used), now)
    }

    pub(super) fn fresh(&self, window: Duration, now: Instant) -> Option<Proof> {
        let (proof, sent) = self.proof.as_ref()?;
        let age = now.saturating_duration_since(*sent);
        (age < window).then(|| proof.clone().aged(age))
    }

    /// What both controls say. One that is there convicts alone; absence and silence take both. Says so where they failed, and
    /// nothing shows whether that was the list's doing or the resolver's.
    pub(super) fn judge_controls(
        &mut self,
        random: Option<&(Evidence, Instant)>,
        resolver: &ResolverState,
        seen: &mut Vec<Observation>,
        since: &mut Option<Instant>,
    ) -> bool {
        let known = self.spec.knowledge();
        let (Some((fixed, fixed_sent)), Some((random, random_sent))) = (&self.fixed, random) else {
            let alone = self.fixed.as_ref().or(random);
            if let Some((evidence, sent)) = alone
                && let Some(kind) = present(known, evidence)
            {
                *since = Some(*sent);
                seen.push(Observation::Broken(Breakage { kind, evidence: vec![evidence.clone()], reason: None }));
            }
            return false;
        };
        let (first, last) = (*fixed_sent.min(random_sent), *fixed_sent.max(random_sent));
        *since = Some(first);
        // Absence holds as long as the older of both does, and a failure until the next answer: a question that nobody drove on
        // may have been joined long after it was sent. What was there a while ago says nothing about now.
        let are_alike = |is: fn(&Answer) -> bool| is(fixed.answer()) && is(random.answer());
        let may_be_old = are_alike(Answer::is_no) || are_alike(|answer| answer.failure().is_some());
        if !may_be_old && last.saturating_duration_since(first) > TOGETHER {
            let newest = if fixed_sent > random_sent { fixed } else { random };
            *since = Some(last);
            if let Some(kind) = present(known, newest) {
                seen.push(Observation::Broken(Breakage { kind, evidence: vec![newest.clone()], reason: None }));
            }
            return false;
        }
        match trial(known, fixed.clone(), random.clone()) {
            Trial::Sane(proof) => {
                // What was heard before the list was last found broken proves nothing.
                let outdated = self.health.takes_hits_away_since(first);
                if !outdated && self.proof.as_ref().is_none_or(|(_, at)| *at < first) {
                    self.proof = Some((proof.clone(), first));
                }
                seen.push(Observation::Sane(proof.controls().to_vec()));
            }
            Trial::Broken(kind, evidence) => {
                seen.push(Observation::Broken(Breakage { kind, evidence, reason: None }));
            }
            // Only where neither control was answered, and the resolver answered another question of our own meanwhile.
            Trial::Failed(evidence) => {
                let failed = |evidence: &Evidence| {
                    evidence.answer().failure().is_some_and(crate::dns::Failure::may_be_the_servers)
                };
                let is_its_own = resolver.was_alive_since(last) || self.health.retry.is_some();
                if evidence.iter().all(failed) {
                    if !is_its_own {
                        return true;
                    }
                    seen.extend(evidence.into_iter().take(1).map(Observation::Unanswered));
                }
            }
        }
        false
    }

    /// What the entry that must exist says.
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
        let entry = match answer.evidence.answer().is() {
            Is::Records(set) if set.v4().any(|code| code.is_loopback()) => Entry::Present,
            Is::NoData(None) if resolver.lets_loopback_through(now) => Entry::Missing,
            Is::NoData(_) => Entry::Stripped,
            Is::Failed(Failure::Unrelated) if !resolver.lets_loopback_through(now) => Entry::Stripped,
            Is::NxDomain(_) => Entry::Missing,
            Is::Records(_) | Is::Failed(_) => Entry::Failed,
        };
        change.asked_for_entry = true;
        change.stripped |= entry == Entry::Stripped;
        change.summaries |= self.must_exist.is_none_or(|(known, _)| known != entry);
        self.must_exist = Some((entry, now));
        match answer.evidence.answer().is() {
            Is::Records(_) => match present(self.spec.knowledge(), &answer.evidence) {
                Some(problem @ (ProblemKind::Refused | ProblemKind::Parked)) => {
                    let kind = if problem == ProblemKind::Parked { ProblemKind::Outside127 } else { problem };
                    seen.push(Observation::Broken(Breakage { kind, evidence: vec![evidence()], reason: None }));
                }
                _ => seen.push(Observation::Entry(evidence())),
            },
            Is::NxDomain(_) | Is::NoData(Some(_)) => {
                let documented = self.spec.knowledge().points(kind).documented_entry().is_some();
                seen.push(Observation::EntryMissing { documented, evidence: evidence() });
            }
            // An empty entry that nobody signed is a word about the resolver, unless it was just seen to let others through.
            Is::NoData(None) if entry == Entry::Missing => {
                let documented = self.spec.knowledge().points(kind).documented_entry().is_some();
                seen.push(Observation::EntryMissing { documented, evidence: evidence() });
            }
            Is::NoData(None) | Is::Failed(_) => {}
        }
    }

    /// Does the list's own zone exist? It does wherever an entry of it is there.
    pub(super) fn judge_apex(&self, zone: &Name, apex: &OwnAnswer) -> Option<Observation> {
        match apex.evidence.answer().is() {
            Is::Records(_) | Is::NoData(_) => Some(Observation::ZoneExists),
            Is::NxDomain(Some(soa)) if is_denied_from_above(zone, soa.owner()) => {
                let has_entry = matches!(self.must_exist, Some((Entry::Present, _)));
                (!has_entry).then(|| Observation::NoSuchZone(apex.evidence.clone()))
            }
            Is::NxDomain(_) | Is::Failed(_) => None,
        }
    }

    /// The list's own words about itself, where it is broken.
    pub(super) fn note_reason(&mut self, reason: &crate::base::remote_text::RemoteText) {
        self.health = Arc::clone(&self.health).with_reason(reason);
    }

    /// Goes from one state of health to the next, and says what changed. `sent`: when the questions were sent that show it.
    pub(super) fn observe(
        &mut self,
        mut seen: Vec<Observation>,
        kind: SubjectKind,
        sent: Option<Instant>,
        change: &mut ZoneChange,
        now: Instant,
    ) {
        // What was heard before the list was last found broken is no recovery, however late it is told.
        let outdated = sent.is_some_and(|sent| self.health.takes_hits_away_since(sent));
        let before = Arc::clone(&self.health);
        seen.retain(|observation| !outdated || matches!(observation, Observation::Broken(_)));
        self.health = Arc::clone(&before).after_all(&seen, now);
        let is_bad = self.health.health.takes_hits_away();
        if is_bad {
            // A new epoch: what was proven before is worth nothing now.
            self.proof = None;
        }
        if Arc::ptr_eq(&before, &self.health) {
            return;
        }
        change.summaries = true;
        change.broken |= is_bad;
        // Both when a list falls ill and when it recovers: what was on its way meanwhile is no better.
        change.invalidated |= before.health.takes_hits_away() != is_bad;
        if is_told(&before, &self.health) {
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

/// Is it worth telling? That a new list turns out sound, or to lack test entries as many do, is not news; that a sick one
/// recovers is.
fn is_told(before: &HealthState, after: &HealthState) -> bool {
    let ordinary = matches!(after.health, Health::Sound | Health::NoTestEntries);
    before.health != after.health && !(before.health == Health::Unprobed && ordinary)
}

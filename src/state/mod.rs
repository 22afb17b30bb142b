//! What is known about lists and the resolver from one check to the next: proofs, health, which lists are not asked for now.
//! Plain values: the caller gives the time and random octets.
//!
//! All checks share this state, so only our own questions can turn it against a list or the resolver: test entries, random
//! labels, the test of the resolver. What a client can choose, such as names and zones, only raises suspicion.
//!
//! The path of an answer:
//!
//! 1. A question of our own is answered; the engine queues the answer, whichever check asked.
//! 2. The end of any check takes the queue and calls `SharedState::apply`, with what its own answers about subjects showed.
//! 3. Answers that an earlier call held back are added.
//! 4. The resolver comes first: every answer is given to its test, the trial (`ResolverState::apply_own_answer`).
//! 5. An answer in 127.0.0.0/8 from any list shows that the resolver lets hits through.
//! 6. Lists are next (`apply_to_lists`): if the resolver invents answers, their answers are dropped; early in its trial,
//!    answers that accuse a list are held back.
//! 7. Each zone draws conclusions from its answers (`Zone::apply_own_answers`): proof, a health observation, or nothing.
//! 8. Subjects last (`Zone::apply_subject_answer`): they end "does not answer", or count failures in a row.
//! 9. If a must-exist entry came back empty and no list can show the opposite, the resolver removes hits.
//! 10. The result is events for listeners, and what the cache must invalidate.

mod apply;
mod ask_plan;
mod domain_exists;
pub(crate) mod event;
mod invalidate;
mod resolver;
#[cfg(test)]
mod tests;
mod validity;
mod view;
mod zone;
mod zone_table;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use crate::state::ask_plan::AskPlan;
use crate::state::ask_plan::SAME_LABEL;
use crate::state::resolver::ResolverState;
pub(crate) use crate::state::resolver::{ACCUSATIONS_HELD, TrialState};
use crate::state::validity::Invalidations;
pub(crate) use crate::state::validity::{Invalidated, ZoneValidity};
use crate::state::zone::Zone;
use crate::state::zone_table::ZoneTable;

use crate::base::name::Name;
use crate::dns::Randomness;
use crate::dnsxl::{HealthState, Label, ListSpec, Proof, SubjectKind};
use crate::report::learned::{QueuedAnswer, ZoneHint};
use crate::report::{Report, ResolverFault};

/// What is known about lists and the resolver between checks: proof, health, faults.
///
/// A [`Checker`](crate::Checker) has one. A program that drives an [`Inquiry`](crate::Inquiry) itself keeps one and gives it
/// every report: see [`learn`](Self::learn).
///
/// ```
/// use rdnsbl::{Dialogue, Inquiry, Randomness, Settings, SharedState, dns::{Answer, Failure}};
/// use std::{net::IpAddr, sync::Arc, time::Instant};
///
/// let mut shared = SharedState::default(); // one for the whole server
/// let settings = Arc::new(Settings::default());
/// for client in [[203, 0, 113, 14], [203, 0, 113, 15]] {
///     let dialogue = Dialogue::from(IpAddr::from(client));
///     let random = Randomness::new();
///     let mut inquiry = Inquiry::new(&dialogue, &settings, &mut shared, Instant::now(), random);
///     while let Some((ticket, _question)) = inquiry.next_question() {
///         inquiry.supply(ticket, Answer::nx_domain(None));
///     }
///     let report = inquiry.finish(Failure::Deadline);
///     shared.learn(&report, Instant::now());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SharedState {
    window: Duration,
    zones: ZoneTable,
    /// Where the zones of the lists of a set stood when they were last looked for.
    hints: Vec<ZoneHint>,
    resolver: ResolverState,
    /// The fault by which the resolver changed answers when a check last ended. It may end by time, between two checks.
    last_distortion: Option<ResolverFault>,
    /// Some zone's must-exist entry came back as an empty NOERROR when it was last asked for.
    any_entry_stripped: bool,
    /// When any zone was last found broken. Usually that was before a check began, and then no zone has to be looked up.
    last_breakage: Option<Instant>,
    /// The octets that labels are made from, and when they were drawn.
    label_seed: Option<(Randomness, Instant)>,
    /// Counts every time that the health of some list may have changed.
    health_epoch: u64,
    /// A zone was evicted since the last [`Invalidated`].
    evicted: bool,
    /// Answers that accuse a list, held back while the resolver is on trial.
    held_back: Vec<QueuedAnswer>,
    invalidations: Invalidations,
}

impl SharedState {
    /// How long a proof is fresh by default: 60 seconds.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(60);

    /// A state without any knowledge. Proof is valid for `window` after the control queries were sent; with a window of zero
    /// every hit needs new control queries.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            zones: ZoneTable::default(),
            hints: Vec::new(),
            resolver: ResolverState::default(),
            last_distortion: None,
            any_entry_stripped: false,
            last_breakage: None,
            label_seed: None,
            health_epoch: 0,
            evicted: false,
            held_back: Vec::new(),
            invalidations: Invalidations::default(),
        }
    }

    /// The octets that the labels of a check that starts now are made from. They are new every second, like the zones' labels.
    pub(crate) fn random(&mut self, now: Instant, unguessable: fn() -> Randomness) -> Randomness {
        match self.label_seed {
            Some((random, made)) if now.saturating_duration_since(made) < SAME_LABEL => random,
            _ => self.label_seed.insert((unguessable(), now)).0,
        }
    }

    /// How a check that starts now asks a list; `group` is the number of its row in the set. `label` is for its random control,
    /// unless another check has just chosen one.
    pub(crate) fn plan(
        &mut self,
        spec: &Arc<ListSpec>,
        group: usize,
        kind: SubjectKind,
        now: Instant,
        label: Label,
    ) -> AskPlan {
        let window = self.window;
        let suspects_resolver = self.suspects_resolver(now);
        let (last, mut hint) = (place_of_hint(group, kind), self.hint(group, kind));
        let zone = self.zone_at(&mut hint, spec.zone(), kind, now);
        let plan = AskPlan { hint, ..zone.plan(spec, kind, window, suspects_resolver, now, label) };
        if self.hints.len() <= last {
            self.hints.resize(last + 1, ZoneHint::default());
        }
        if let Some(known) = self.hints.get_mut(last) {
            *known = hint;
        }
        plan
    }

    /// The health of a list that a check which starts now asks only about its subject. `None` if the check may do more: then it
    /// needs a [plan](Self::plan).
    pub(crate) fn health_if_usual(
        &mut self,
        spec: &ListSpec,
        group: usize,
        kind: SubjectKind,
        now: Instant,
    ) -> Option<Arc<HealthState>> {
        if self.suspects_resolver(now) {
            return None;
        }
        let hint = self.hint(group, kind);
        self.zones.find(hint, spec.zone(), kind)?.health_if_usual(spec, kind, now)
    }

    /// Where to look for the zone of a list; `group` is the number of its row in the set. Most checks are about the same set.
    pub(crate) fn hint(&self, group: usize, kind: SubjectKind) -> ZoneHint {
        self.hints.get(place_of_hint(group, kind)).copied().unwrap_or_default()
    }

    /// Does an empty must-exist entry look as if the resolver removed addresses?
    fn suspects_resolver(&self, now: Instant) -> bool {
        self.any_entry_stripped && !self.resolver.lets_loopback_through(now)
    }

    /// The label for the random control of a probe.
    pub(crate) fn label(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant, label: Label) -> Label {
        let zone = self.zone(spec.zone(), kind, now);
        zone.view_mut(spec, kind, now);
        zone.label(now, label)
    }

    /// A check asks the controls of a broken list to see whether it has recovered: other checks do not ask it meanwhile.
    pub(crate) fn claim_probe(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant) {
        let health = &mut self.zone(spec.zone(), kind, now).view_mut(spec, kind, now).health;
        if health.retry.is_some_and(|retry| now >= retry) {
            Arc::make_mut(health).claim_probe(now);
        }
    }

    /// Returns whether the controls of a suspected list may be asked now. If so, they count as asked.
    pub(crate) fn claim_suspicion(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> bool {
        self.zone(zone, kind, now).claim_suspicion(now)
    }

    /// What a check that begins now does about the resolver's trial. `sooner`: it has reason not to wait for the regular one.
    /// If it begins a trial, it uses this label.
    pub(crate) fn trial(&mut self, now: Instant, label: Label, sooner: bool) -> TrialState {
        self.resolver.trial(now, label, sooner)
    }

    /// A check has begun a trial of the resolver with this label.
    pub(crate) fn begin_trial(&mut self, now: Instant, label: Label) {
        self.resolver.begin(now, label);
    }

    /// May a check that suspects the resolver begin a trial?
    pub(crate) fn may_suspect_resolver(&self, now: Instant) -> bool {
        self.resolver.may_suspect(now)
    }

    /// Was the resolver found to be silent, or to refuse?
    pub(crate) fn is_resolver_silent(&self) -> bool {
        self.resolver.is_silent()
    }

    /// When the next trial of the resolver is due; `None`: at once.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        self.resolver.next_trial()
    }

    /// A zone's proof, if it is still fresh; it may have come since a check started.
    pub(crate) fn fresh(&self, spec: &ListSpec, kind: SubjectKind, now: Instant) -> Option<Proof> {
        self.zones.get(spec.zone(), kind)?.view(spec, kind)?.fresh(self.window, now)
    }

    /// The health of a zone that was found broken after a check had begun: the check's hits are discarded, even with proof.
    pub(crate) fn broken_since(
        &self,
        spec: &ListSpec,
        kind: SubjectKind,
        started: Instant,
    ) -> Option<&Arc<HealthState>> {
        self.last_breakage.filter(|at| *at >= started)?;
        self.health(spec, kind).filter(|health| health.takes_hits_away_since(started))
    }

    /// The health of a list.
    pub(crate) fn health(&self, spec: &ListSpec, kind: SubjectKind) -> Option<&Arc<HealthState>> {
        let zone = self.zones.get(spec.zone(), kind)?;
        zone.view(spec, kind).map(|view| &view.health)
    }

    /// A counter that grows whenever the health of some list may have changed.
    pub(crate) fn health_epoch(&self) -> u64 {
        self.health_epoch
    }

    /// Sets a list's health, where it is known from elsewhere.
    pub(crate) fn set_health(
        &mut self,
        spec: &Arc<ListSpec>,
        kind: SubjectKind,
        health: Arc<HealthState>,
        now: Instant,
    ) {
        self.zone(spec.zone(), kind, now).view_mut(spec, kind, now).health = health;
    }

    /// The kinds of subjects about which a zone has been asked.
    pub(crate) fn kinds(&self, zone: &Name) -> Vec<SubjectKind> {
        SubjectKind::ALL.into_iter().filter(|kind| self.zones.get(zone, *kind).is_some()).collect()
    }

    /// What is wrong with the resolver, as far as our own questions have shown.
    pub(crate) fn resolver_fault(&self, now: Instant) -> Option<ResolverFault> {
        self.resolver.fault(now)
    }

    /// Did an answer in 127.0.0.0/8 come through the resolver within the last minute?
    pub(crate) fn lets_loopback_through(&self, now: Instant) -> bool {
        self.resolver.lets_loopback_through(now)
    }

    /// A copy with what is known about the resolver only, for an inquiry that runs without this state.
    pub(crate) fn of_resolver(&self) -> Self {
        Self { resolver: self.resolver.clone(), ..Self::new(self.window) }
    }

    /// Applies what a check learned. Its proof is as old as the check's start.
    pub fn learn(&mut self, report: &Report, now: Instant) {
        let Some(learned) = &report.learned else { return };
        if let Some(label) = learned.trial {
            self.begin_trial(report.started(), label);
        }
        self.apply(&report.lists, &learned.list_signs, learned.signs, learned.own_answers.clone(), now);
    }

    /// The fault by which the resolver changes answers, if it has one.
    fn distortion(&self, now: Instant) -> Option<ResolverFault> {
        let fault = self.resolver.fault(now);
        fault.filter(|fault| matches!(fault, ResolverFault::RewritesNxdomain | ResolverFault::Strips127))
    }

    /// Is there no suspicion against the resolver, so that a cached miss can be used?
    pub(crate) fn has_no_suspicion(&self) -> bool {
        !self.any_entry_stripped && self.resolver.is_trusted()
    }

    /// Would the next check ask this list, or the cache, only about its subject?
    pub(crate) fn needs_only_the_subject(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        match self.zones.get(spec.zone(), kind) {
            Some(zone) => zone.needs_only_the_subject(spec, kind),
            None => spec.knowledge().points(kind).documented_entry().is_none(),
        }
    }

    fn zone(&mut self, name: &Name, kind: SubjectKind, now: Instant) -> &mut Zone {
        self.zone_at(&mut ZoneHint::default(), name, kind, now)
    }

    /// The same, where a hint says where to look first. Afterwards the hint is right.
    fn zone_at(&mut self, hint: &mut ZoneHint, name: &Name, kind: SubjectKind, now: Instant) -> &mut Zone {
        let invalidated = self.invalidations.all;
        let (zone, has_evicted) = self.zones.find_or_add(hint, name, kind, || Zone::new(now, invalidated));
        self.evicted |= has_evicted;
        zone.used = now;
        zone
    }
}

/// Where the hint of a list stands among all hints.
fn place_of_hint(group: usize, kind: SubjectKind) -> usize {
    SubjectKind::ALL.len() * group + kind as usize
}

impl Default for SharedState {
    fn default() -> Self {
        Self::new(Self::DEFAULT_WINDOW)
    }
}

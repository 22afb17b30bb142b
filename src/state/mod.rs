//! What is known about lists and about the resolver, from one check to the next: proofs, health, who is left alone. Values
//! and arithmetic on time that the caller gives; no clock, no randomness of its own.
//!
//! All clients share it, so that it rests on questions of our own alone: a list's test entries, random labels, the trial of
//! the resolver. What a client chose - his names, his own zones - makes somebody suspect, and never more than that.

mod admission;
pub(crate) mod event;
mod resolver;
mod view;
mod zone;

use std::collections::hash_map::Entry as Place;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use crate::state::admission::Admission;
use crate::state::admission::SAME_LABEL;
use crate::state::resolver::ResolverState;
pub(crate) use crate::state::resolver::{ACCUSATIONS_HELD, TrialState};
use crate::state::view::{ZoneChange, ZoneView};
use crate::state::zone::Zone;

use crate::base::hash_map::Table;
use crate::base::name::Name;
use crate::dnsxl::{HealthState, Label, ListSpec, Proof, SubjectKind};
use crate::report::learned::{Lesson, OwnAnswer, OwnWord, ResolverSigns};
use crate::report::{Report, ResolverFault};
use crate::state::event::Event;

/// Zones that are kept in mind; beyond that the longest unused are forgotten, which costs a proof.
const MAX_ZONES: usize = 4_096;
/// The standing of lists and of the resolver: proven, doubtful, broken, left alone.
#[derive(Clone, Debug)]
pub struct Standing {
    window: Duration,
    zones: Table<(Name, SubjectKind), Zone>,
    resolver: ResolverState,
    /// Some zone's must-exist entry came back empty when it was last asked for.
    any_entry_stripped: bool,
    /// When any zone was last found broken: nearly always long before a check began.
    last_breakage: Option<Instant>,
    /// What labels are made of, and since when.
    label_seed: Option<([u8; 16], Instant)>,
    /// How often the health of any list may have changed.
    health_epoch: u64,
    /// A zone was forgotten since changes were last told.
    evicted: bool,
    /// Answers that accuse a list while the resolver is on trial.
    held_back: Vec<OwnWord>,
}

/// What is remembered and void.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidated {
    /// The resolver lied, or has stopped lying.
    pub(crate) everything: bool,
    /// Lists that fell ill, or have recovered.
    pub(crate) zones: Vec<Name>,
    /// Something changed on which summaries of what is remembered rest.
    pub(crate) summaries: bool,
}

impl Standing {
    /// How long a proof is fresh unless said: 60 seconds.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(60);

    /// Nothing is proven. A hit is believed for `window` after its zone's controls were sent; with a window of zero every
    /// hit asks for them.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            zones: Table::default(),
            resolver: ResolverState::default(),
            any_entry_stripped: false,
            last_breakage: None,
            label_seed: None,
            health_epoch: 0,
            evicted: false,
            held_back: Vec::new(),
        }
    }

    /// What the labels of a check that starts now are made of: new octets every second, as the labels of zones are.
    pub(crate) fn random(&mut self, now: Instant, unguessable: fn() -> [u8; 16]) -> [u8; 16] {
        match self.label_seed {
            Some((random, made)) if now.saturating_duration_since(made) < SAME_LABEL => random,
            _ => self.label_seed.insert((unguessable(), now)).0,
        }
    }

    /// How a check that starts now may treat a list. `label` is to try it by, unless another check is at that already.
    pub(crate) fn admit(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant, label: Label) -> Admission {
        let window = self.window;
        let suspects_resolver = self.any_entry_stripped && !self.resolver.lets_loopback_through(now);
        self.zone(spec.zone(), kind, now).admit(spec, kind, window, suspects_resolver, now, label)
    }

    /// The label by which a probe tries a zone.
    pub(crate) fn label(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant, label: Label) -> Label {
        let zone = self.zone(spec.zone(), kind, now);
        zone.view_mut(spec, kind, now);
        zone.label(now, label)
    }

    /// A check really asks the controls of a list that was left alone: others leave it alone meanwhile.
    pub(crate) fn claim_trial(&mut self, spec: &Arc<ListSpec>, kind: SubjectKind, now: Instant) {
        let health = &mut self.zone(spec.zone(), kind, now).view_mut(spec, kind, now).health;
        if health.retry.is_some_and(|retry| now >= retry) {
            Arc::make_mut(health).claim_trial(now);
        }
    }

    /// The controls of a suspected list go out; says whether they may.
    pub(crate) fn claim_suspicion(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> bool {
        self.zone(zone, kind, now).claim_suspicion(now)
    }

    /// What a check that begins now has to do with the resolver's trial: `sooner` where it has reason not to wait for the
    /// regular one. A trial that it begins is by this label.
    pub(crate) fn trial(&mut self, now: Instant, label: Label, sooner: bool) -> TrialState {
        self.resolver.trial(now, label, sooner)
    }

    /// A check has begun a trial of the resolver by this label.
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

    /// When the resolver has to be tried again; `None`: at once.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        self.resolver.next_trial()
    }

    /// Proof that came in since a check started, if it is still fresh.
    pub(crate) fn fresh(&self, spec: &ListSpec, kind: SubjectKind, now: Instant) -> Option<Proof> {
        self.zones.get(&(spec.zone().clone(), kind))?.view(spec, kind)?.fresh(self.window, now)
    }

    /// A zone that was found broken after a check had begun: the check's hits are void, whatever proof it has.
    pub(crate) fn turned_bad(&self, spec: &ListSpec, kind: SubjectKind, started: Instant) -> Option<&Arc<HealthState>> {
        self.last_breakage.filter(|at| *at >= started)?;
        self.health(spec, kind).filter(|health| health.takes_hits_away_since(started))
    }

    /// The health of a list.
    pub(crate) fn health(&self, spec: &ListSpec, kind: SubjectKind) -> Option<&Arc<HealthState>> {
        let zone = self.zones.get(&(spec.zone().clone(), kind))?;
        zone.view(spec, kind).map(|view| &view.health)
    }

    /// How often the health of any list may have changed.
    pub(crate) fn health_epoch(&self) -> u64 {
        self.health_epoch
    }

    /// What is known of a list's health from elsewhere.
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
        let all = [SubjectKind::Ipv4, SubjectKind::Ipv6, SubjectKind::Domain];
        all.into_iter().filter(|kind| self.zones.contains_key(&(zone.clone(), *kind))).collect()
    }

    /// What is wrong with the resolver, as far as questions of our own have shown.
    pub(crate) fn resolver_fault(&self, now: Instant) -> Option<ResolverFault> {
        self.resolver.fault(now)
    }

    /// Did an answer in 127.0.0.0/8 come through the resolver not long ago?
    pub(crate) fn lets_loopback_through(&self, now: Instant) -> bool {
        self.resolver.lets_loopback_through(now)
    }

    /// What is known about the resolver alone, for a check that is driven without this standing.
    pub(crate) fn of_resolver(&self) -> Self {
        Self { resolver: self.resolver.clone(), ..Self::new(self.window) }
    }

    /// Takes in what a check learned. Proof is as old as the check's first question.
    pub fn learn(&mut self, report: &Report, now: Instant) {
        let Some(learned) = &report.learned else { return };
        if let Some(label) = learned.trial {
            self.begin_trial(report.started(), label);
        }
        self.apply(&learned.lessons, learned.signs, learned.own_words.clone(), now);
    }

    /// Takes in what a check learned and what came of questions of our own, whoever asked them. Says what changed, and of
    /// which zones everything remembered is void.
    pub(crate) fn apply(
        &mut self,
        lessons: &[Lesson],
        signs: ResolverSigns,
        mut words: Vec<OwnWord>,
        now: Instant,
    ) -> (Vec<Event>, Invalidated) {
        let (calm, lied) = (self.has_no_suspicion(), self.distorts(now));
        let (mut events, mut invalidated) = (Vec::new(), Invalidated::default());
        words.append(&mut self.held_back);
        for word in &words {
            self.resolver.apply_own_answer(
                word.answer.evidence.question(),
                word.answer.evidence.answer(),
                word.answer.sent,
            );
        }
        self.resolver.note_check(signs);
        // One answer in 127/8 clears the resolver, whichever list it came from.
        let seen =
            |word: &OwnWord| word.list.is_some() && crate::state::zone::is_loopback(word.answer.evidence.answer());
        if !self.resolver.rewrites() && (lessons.iter().any(|lesson| lesson.saw_loopback) || words.iter().any(seen)) {
            self.resolver.note_loopback(now);
        }
        let mut changes = self.apply_to_lists(words, now);
        for lesson in lessons {
            let mut change = ZoneChange::default();
            let zone = self.zone(lesson.spec.zone(), lesson.kind, now);
            zone.apply_subject_answer(lesson.word, &mut change, lesson.kind, now);
            if let Some(alone) = lesson.alone {
                zone.compare(&lesson.spec, alone, &mut change);
            }
            if let Some(reason) = &lesson.reason {
                zone.view_mut(&lesson.spec, lesson.kind, now).note_reason(reason);
            }
            if change.is_news() {
                changes.push((lesson.spec.zone().clone(), change));
            }
        }
        self.health_epoch += u64::from(changes.iter().any(|(_, change)| change.is_news()));
        let mut stripped = false;
        for (zone, change) in changes {
            events.extend(change.events);
            invalidated.summaries |= change.summaries;
            if change.invalidated {
                invalidated.zones.push(zone);
            }
            if change.broken {
                self.last_breakage = Some(now);
            }
            if change.asked_for_entry {
                self.any_entry_stripped =
                    self.zones.values().any(|zone| zone.views.iter().any(crate::state::ZoneView::is_stripped));
            }
            stripped |= change.stripped;
        }
        // An entry of another list that was there is asked for again first: it may acquit.
        let is_there = |zone: &Zone| zone.views.iter().any(|view| view.may_acquit(now));
        if stripped && !self.zones.values().any(is_there) {
            self.resolver.note_stripping(now);
        }
        if let Some((before, found)) = self.resolver.take_change(now) {
            let told = before.map(Event::ResolverRecovered).into_iter().chain(found.map(Event::ResolverFault));
            events.splice(0..0, told);
        }
        invalidated.everything = lied != self.distorts(now);
        invalidated.summaries |=
            calm != self.has_no_suspicion() || !events.is_empty() || std::mem::take(&mut self.evicted);
        (events, invalidated)
    }

    /// Hands the answers to the lists that they are about. While the resolver is on trial, those that accuse a list wait; what
    /// comes through one that was found to lie says nothing about any list.
    fn apply_to_lists(&mut self, words: Vec<OwnWord>, now: Instant) -> Vec<(Name, ZoneChange)> {
        let mut of_lists: Vec<((Name, SubjectKind), Vec<OwnAnswer>)> = Vec::new();
        for word in words {
            let Some(list) = word.list else { continue };
            match of_lists.iter_mut().find(|(known, _)| *known == list) {
                Some((_, answers)) => answers.push(word.answer),
                None => of_lists.push((list, vec![word.answer])),
            }
        }
        let mut changes = Vec::new();
        for (list, answers) in of_lists {
            if self.resolver.rewrites() {
                continue;
            }
            if answers.iter().any(crate::state::zone::accuses) && self.resolver.holds_accusations(now) {
                let held = answers.into_iter().map(|answer| OwnWord { list: Some(list.clone()), answer });
                self.held_back.extend(held);
                continue;
            }
            let Place::Occupied(mut place) = self.zones.entry(list.clone()) else { continue };
            if answers.iter().any(|answer| answer.purpose.is_control()) {
                // What has been seen absent once may be remembered as absent, and proves nothing again.
                self.label_seed = None;
            }
            let change = place.get_mut().apply_own_answers(&list.0, list.1, &answers, &self.resolver, now);
            changes.push((list.0, change));
        }
        changes
    }

    /// Does the resolver change what answers say?
    fn distorts(&self, now: Instant) -> Option<ResolverFault> {
        let fault = self.resolver.fault(now);
        fault.filter(|fault| matches!(fault, ResolverFault::RewritesNxdomain | ResolverFault::Strips127))
    }

    /// Is there nothing to hold against the resolver, so that a remembered "no" is one?
    pub(crate) fn has_no_suspicion(&self) -> bool {
        !self.any_entry_stripped && self.resolver.is_trusted()
    }

    /// Would this list be asked about its next subject, or its memory, and nothing more?
    pub(crate) fn needs_only_the_subject(&self, spec: &ListSpec, kind: SubjectKind) -> bool {
        match self.zones.get(&(spec.zone().clone(), kind)) {
            Some(zone) => zone.needs_only_the_subject(spec, kind),
            None => spec.knowledge().points(kind).documented_entry().is_none(),
        }
    }

    fn zone(&mut self, zone: &Name, kind: SubjectKind, now: Instant) -> &mut Zone {
        if self.zones.len() >= MAX_ZONES && !self.zones.contains_key(&(zone.clone(), kind)) {
            let oldest = self.zones.iter().min_by_key(|(_, state)| state.used).map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                self.zones.remove(&key);
                self.evicted = true;
            }
        }
        let state = self.zones.entry((zone.clone(), kind)).or_insert_with(|| Zone::new(now));
        state.used = now;
        state
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self::new(Self::DEFAULT_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zone that is forgotten is asked for its entry again, so that no summary may rest on what was known of it.
    #[test]
    fn a_zone_that_is_forgotten_is_a_change() {
        let (mut standing, now, label) = (Standing::default(), Instant::now(), Label::from_random([7; 16]));
        let mut changes = |zones: std::ops::Range<usize>| {
            for zone in zones {
                let spec = Arc::new(ListSpec::deny(&format!("l{zone}.example")).unwrap());
                standing.admit(&spec, SubjectKind::Ipv4, now, label);
            }
            standing.apply(&[], ResolverSigns::default(), Vec::new(), now).1.summaries
        };
        assert!(!changes(0..MAX_ZONES));
        assert!(changes(MAX_ZONES..MAX_ZONES + 1));
        assert!(!changes(MAX_ZONES..MAX_ZONES + 1));
    }
}

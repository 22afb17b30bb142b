//! Applies what a check learned to the state.

use std::time::Instant;

use crate::base::name::Name;
use crate::report::ListReport;
use crate::report::learned::{ListSigns, QueuedAnswer, ResolverSigns};
use crate::state::SharedState;
use crate::state::domain_exists::{self, AnswersByList};
use crate::state::event::Event;
use crate::state::validity::Invalidated;
use crate::state::view::{ZoneChange, ZoneView};
use crate::state::zone::{Zone, accuses, is_loopback};

impl SharedState {
    /// Applies what a check learned, and the answers to our own questions, whichever check asked them. Returns the events, and
    /// what the cache must invalidate.
    pub(crate) fn apply(
        &mut self,
        rows: &[ListReport],
        list_signs: &[ListSigns],
        signs: ResolverSigns,
        mut answers: Vec<QueuedAnswer>,
        now: Instant,
    ) -> (Vec<Event>, Invalidated) {
        let trusted_before = self.has_no_suspicion();
        let (mut events, mut invalidated) = (Vec::new(), Invalidated::default());
        answers.append(&mut self.held_back);
        for QueuedAnswer { answer, .. } in &answers {
            self.resolver.apply_own_answer(answer.evidence.question(), answer.evidence.answer(), answer.sent);
        }
        self.resolver.note_check(signs);
        // One answer in 127.0.0.0/8 clears the resolver, whichever list it came from.
        let shows_loopback = |own: &QueuedAnswer| own.list.is_some() && is_loopback(own.answer.evidence.answer());
        if !self.resolver.rewrites()
            && (list_signs.iter().any(|signs| signs.saw_loopback) || answers.iter().any(shows_loopback))
        {
            self.resolver.note_loopback(now);
        }
        let mut changes = self.apply_to_lists(answers, now);
        for signs in list_signs {
            debug_assert!(signs.row < rows.len(), "signs of a row that the report does not have");
            let Some(spec) = rows.get(signs.row).map(|row| &row.spec) else { continue };
            let mut change = ZoneChange::default();
            let zone = self.zone_at(&mut signs.hint.clone(), spec.zone(), signs.kind, now);
            zone.apply_subject_answer(signs.subject_answer, &mut change, signs.kind, now);
            if let Some(alone) = signs.alone {
                zone.compare(spec, alone, &mut change);
            }
            if let Some(reason) = &signs.reason {
                zone.view_mut(spec, signs.kind, now).note_reason(reason);
            }
            if change.is_news() {
                changes.push((spec.zone().clone(), change));
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
                self.any_entry_stripped = self.zones.iter().any(|zone| zone.views.iter().any(ZoneView::is_stripped));
            }
            stripped |= change.stripped;
        }
        // If the entry of another list existed before, ask that list first: its entry would show that the resolver works.
        let may_clear = |zone: &Zone| zone.views.iter().any(|view| view.may_clear_resolver(now));
        if stripped && !self.zones.iter().any(may_clear) {
            self.resolver.note_stripping(now);
        }
        if let Some((before, found)) = self.resolver.take_change(now) {
            let changed = before.map(Event::ResolverRecovered).into_iter().chain(found.map(Event::ResolverFault));
            events.splice(0..0, changed);
        }
        let distortion = self.distortion(now);
        invalidated.everything = std::mem::replace(&mut self.last_distortion, distortion) != distortion;
        invalidated.summaries |=
            trusted_before != self.has_no_suspicion() || !events.is_empty() || std::mem::take(&mut self.evicted);
        self.invalidate(&invalidated);
        (events, invalidated)
    }

    /// Applies the answers to the lists that they are about. Early in a trial of the resolver, answers that accuse a list are
    /// held back. If the resolver invents answers, they show nothing about any list and are dropped.
    fn apply_to_lists(&mut self, own_answers: Vec<QueuedAnswer>, now: Instant) -> Vec<(Name, ZoneChange)> {
        if self.resolver.rewrites() {
            return Vec::new();
        }
        let mut by_list = AnswersByList::default();
        for QueuedAnswer { list, answer } in own_answers {
            if let Some(list) = list {
                by_list.push(list, answer);
            }
        }
        let mut existing = domain_exists::share(&mut by_list, &self.zones);
        existing.retain(|zone| domain_exists::has_entry(zone, &by_list, &self.zones, now));
        let mut returned = Vec::new();
        let mut changes = Vec::new();
        for (list, answers) in by_list.lists {
            if answers.iter().any(accuses) && self.resolver.holds_accusations(now) {
                let held = answers.into_iter().map(|answer| QueuedAnswer { list: Some(list.clone()), answer });
                self.held_back.extend(held);
                continue;
            }
            let Some(zone) = self.zones.get_mut(&list.0, list.1) else { continue };
            if answers.iter().any(|answer| answer.purpose.is_control()) {
                // The resolver may now have the label's absence in its cache, so a new check needs a new label.
                self.label_seed = None;
            }
            let has_entry = existing.contains(&list.0);
            let mut change = zone.apply_own_answers(&list.0, list.1, &answers, has_entry, &self.resolver, now);
            domain_exists::report_once(&list, &mut change, &self.zones, &mut returned);
            changes.push((list.0, change));
        }
        changes
    }
}

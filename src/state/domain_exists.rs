//! Does the domain of a list exist? Its answer is about the whole zone, although what is known of a zone is kept for each kind
//! of subject: the question about its own name is asked once for all of them.

use std::time::Instant;

use crate::base::hash_map::FastMap;
use crate::base::name::Name;
use crate::dnsxl::{Health, Purpose, SubjectKind};
use crate::report::learned::OwnAnswer;
use crate::state::ask_plan::is_recent;
use crate::state::event::Event;
use crate::state::view::{ZoneChange, ZoneView};
use crate::state::zone::{is_loopback, latest};
use crate::state::zone_table::ZoneTable;

/// Answers to our own questions, each list with its own, in the order in which the lists' first answers came.
#[derive(Default)]
pub(super) struct AnswersByList {
    pub(super) lists: Vec<((Name, SubjectKind), Vec<OwnAnswer>)>,
    places: FastMap<(Name, SubjectKind), usize>,
}

impl AnswersByList {
    pub(super) fn push(&mut self, list: (Name, SubjectKind), answer: OwnAnswer) {
        let next = self.lists.len();
        let at = *self.places.entry(list.clone()).or_insert(next);
        match self.lists.get_mut(at) {
            Some((_, answers)) => answers.push(answer),
            None => self.lists.push((list, vec![answer])),
        }
    }

    fn of(&self, name: &Name, kind: SubjectKind) -> &[OwnAnswer] {
        let at = self.places.get(&(name.clone(), kind));
        at.and_then(|at| self.lists.get(*at)).map_or(&[], |(_, answers)| answers)
    }
}

/// Gives the answer about a zone's own name to every kind of subject for which something is known of the zone. Returns the
/// zones with such an answer.
pub(super) fn share(answers: &mut AnswersByList, zones: &ZoneTable) -> Vec<Name> {
    let is_apex = |answer: &OwnAnswer| answer.purpose == Purpose::Apex;
    let of_list = |(list, answers): &((Name, SubjectKind), Vec<OwnAnswer>)| {
        Some((list.clone(), latest(answers, is_apex)?.clone()))
    };
    let apexes: Vec<((Name, SubjectKind), OwnAnswer)> = answers.lists.iter().filter_map(of_list).collect();
    for ((name, kind), apex) in &apexes {
        for other in SubjectKind::ALL.into_iter().filter(|other| other != kind) {
            if zones.get(name, other).is_some() && !answers.of(name, other).iter().any(is_apex) {
                answers.push((name.clone(), other), apex.clone());
            }
        }
    }
    apexes.into_iter().map(|((name, _), _)| name).collect()
}

/// Does an entry of the zone exist, for any kind of subject? Newer answers come before what was known.
pub(super) fn has_entry(name: &Name, answers: &AnswersByList, zones: &ZoneTable, now: Instant) -> bool {
    SubjectKind::ALL.into_iter().any(|kind| {
        let mut asked = answers.of(name, kind).iter().filter(|answer| answer.purpose == Purpose::MustExist).peekable();
        if asked.peek().is_some() {
            return asked.any(|answer| is_loopback(answer.evidence.answer()));
        }
        let is_recently_seen = |view: &ZoneView| is_recent(view.entry_seen_at(), now);
        zones.get(name, kind).is_some_and(|zone| zone.views.iter().any(is_recently_seen))
    })
}

/// That a domain does not exist, or exists again, is one event and not one for each kind of subject. `known` holds the zones
/// whose return was reported already.
pub(super) fn report_once(
    list: &(Name, SubjectKind),
    change: &mut ZoneChange,
    zones: &ZoneTable,
    known: &mut Vec<Name>,
) {
    let (name, kind) = list;
    let is_gone = |event: &Event| matches!(event, Event::HealthChanged { to: Health::Gone, .. });
    let is_back = |event: &Event| {
        use Health::{Gone, NoTestEntries, Sound, Unprobed};
        matches!(event, Event::HealthChanged { from: Gone, to: Unprobed | Sound | NoTestEntries, .. })
    };
    if change.events.iter().any(is_gone) {
        let mut others = SubjectKind::ALL.into_iter().filter(|other| other != kind);
        let is_known = |other| {
            zones.get(name, other).is_some_and(|zone| zone.views.iter().any(|it| it.health.health == Health::Gone))
        };
        if others.any(is_known) {
            change.events.retain(|event| !is_gone(event));
        }
    }
    if change.events.iter().any(is_back) {
        if known.contains(name) {
            change.events.retain(|event| !is_back(event));
        } else {
            known.push(name.clone());
        }
    }
}

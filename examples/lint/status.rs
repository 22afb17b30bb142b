//! Whether a list still exists, what it is called now, and who says so.

use rdnsbl::lists::catalogue::{Access, Catalogue, Shutdown, ShutdownSign};
use rdnsbl::lists::{Knowledge, ZoneFinding, ZoneFindingKind};
use rdnsbl::{ListSet, ListSpec, Name};

use crate::finding::{self, Finding};

/// The findings about lists that are only named: whether they still exist.
pub(crate) fn named(mentions: &mut [(usize, ListSpec)], knowledge: &Knowledge) -> Vec<Finding> {
    let mut findings = Vec::new();
    for chunk in mentions.chunks_mut(rdnsbl::lists::MAX_LISTS) {
        let set = ListSet::builder().knowledge(knowledge.clone()).lists(chunk.iter().map(|(_, spec)| spec.clone()));
        let Ok(set) = set.build() else { continue };
        for finding in set.findings() {
            let at = chunk.get(finding.index()).map_or(0, |(at, _)| *at);
            findings.extend(of(finding, at, knowledge));
        }
        for ((_, spec), known) in chunk.iter_mut().zip(set.iter()) {
            *spec = known.clone();
        }
    }
    findings
}

/// Can the list be asked: does it exist, and is there a key if it needs one?
pub(crate) fn can_be_asked(spec: &ListSpec, knowledge: &Knowledge) -> bool {
    let has_key = *spec.zone() != spec.zone().without_key();
    catalogue(knowledge).and_then(|catalogue| catalogue.get(spec.zone())).is_none_or(|entry| {
        let is_open = has_key || entry.access() != Access::KeyNeeded;
        is_open && !entry.kinds().is_empty() && !entry.status().is_gone()
    })
}

/// The catalogue that is used, if one is.
pub(crate) fn catalogue(knowledge: &Knowledge) -> Option<&Catalogue> {
    match knowledge {
        Knowledge::Catalogue => Some(Catalogue::builtin()),
        Knowledge::Given(catalogue) => Some(catalogue),
        _ => None,
    }
}

/// Whether a list still exists, and under which name.
pub(crate) fn of(finding: &ZoneFinding, at: usize, knowledge: &Knowledge) -> Option<Finding> {
    let zone = finding.zone();
    let made = |rule, message: String| Finding::new(rule, at, message).about(zone.clone());
    let or_remove = |successor: &Option<Name>| match successor {
        Some(successor) => format!("write {successor}"),
        None => "remove it".to_owned(),
    };
    let made = match finding.kind() {
        ZoneFindingKind::Retired(shutdown) => {
            let finding = made(finding::DEAD, dead(zone, shutdown)).advice(or_remove(&shutdown.successor().cloned()));
            let how: Vec<String> = shutdown.how().iter().map(ToString::to_string).collect();
            if how.is_empty() { finding } else { finding.detail(format!("it {}", how.join(", then "))) }
        }
        ZoneFindingKind::NeverAList { meant } => {
            made(finding::NEVER, format!("{zone} never was a list")).advice(or_remove(meant))
        }
        ZoneFindingKind::Misspelled { meant } => {
            return Some(
                made(finding::MISSPELT, format!("{zone} is no known list; {meant} is"))
                    .advice(format!("write {meant}")),
            );
        }
        ZoneFindingKind::Renamed { successor } => {
            made(finding::RENAMED, format!("{zone} has another name now")).advice(or_remove(successor))
        }
        ZoneFindingKind::Merged { successor } => {
            made(finding::RENAMED, format!("{zone} is part of another list now")).advice(or_remove(successor))
        }
        ZoneFindingKind::Restricted { since, successor } => {
            let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
            let advice = match successor {
                Some(successor) => format!("subscribers write {successor}; others remove it"),
                None => "register with its operator, or remove it".to_owned(),
            };
            made(finding::RESTRICTED, format!("{zone} answers subscribers or registered users only{since}"))
                .advice(advice)
        }
        ZoneFindingKind::Suspect { why } => {
            made(finding::SUSPECT, format!("there is reason to distrust {zone}")).detail(why.clone())
        }
        _ => return None,
    };
    Some(with_source(made, zone, knowledge))
}

/// Adds who says so, and when.
pub(crate) fn with_source(finding: Finding, zone: &Name, knowledge: &Knowledge) -> Finding {
    let entry = catalogue(knowledge).and_then(|catalogue| catalogue.get(zone));
    match entry.and_then(|entry| entry.dated_sources().next()) {
        Some((Some(date), source)) => finding.source(format!("{date}, {source}")),
        Some((None, source)) => finding.source(source),
        None => finding,
    }
}

/// `cn-kr.blackholes.us is dead since 2007 and lists every address`
fn dead(zone: &Name, shutdown: &Shutdown) -> String {
    let lists_all = shutdown.how().iter().any(|sign| {
        use ShutdownSign::{Wildcard, WildcardNsReassigned, WildcardOperator, WildcardParked, WildcardSquatter};
        matches!(sign, Wildcard | WildcardNsReassigned | WildcardOperator | WildcardParked | WildcardSquatter)
    });
    let since = shutdown.since().map(|since| format!(" since {since}")).unwrap_or_default();
    let and = if lists_all { " and lists every address" } else { "" };
    format!("{zone} is dead{since}{and}")
}

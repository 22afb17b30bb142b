//! Thresholds that the lists of a configuration can never reach.

use std::sync::Arc;

use rdnsbl::ListSet;
use rdnsbl::lists::notation::Thresholds;
use rdnsbl::lists::{Knowledge, MAX_LISTS, Unreachable};

use crate::collect::Found;
use crate::finding::{self, Finding};
use crate::source::Source;

/// The findings about thresholds. Only postscreen's are read.
pub(crate) fn unreachable(
    source: &Source,
    lists: &[Found],
    thresholds: &[(Option<Arc<str>>, Thresholds)],
    knowledge: &Knowledge,
) -> Vec<Finding> {
    if lists.len() > MAX_LISTS {
        return Vec::new();
    }
    let mut set = ListSet::builder().knowledge(knowledge.clone());
    for found in lists {
        set = set.context(found.context.as_deref()).list(found.spec.clone());
    }
    for (context, Thresholds { listed, allowed, .. }) in thresholds {
        set = set.context(context.as_deref());
        if let Some(listed) = listed {
            set = set.threshold(*listed);
        }
        if let Some(allowed) = allowed {
            set = set.allow_threshold(*allowed);
        }
    }
    // Thresholds that contradict each other are no finding of this rule.
    let Ok(set) = set.build() else { return Vec::new() };
    set.unreachable().iter().filter_map(|unreachable| explain(source, lists, unreachable)).collect()
}

fn explain(source: &Source, lists: &[Found], unreachable: &Unreachable) -> Option<Finding> {
    let names: &[&str] = match unreachable.setting() {
        "threshold" => &["postscreen_dnsbl_threshold"],
        _ => &["postscreen_dnsbl_allowlist_threshold", "postscreen_dnsbl_whitelist_threshold"],
    };
    let (name, at) = names.iter().find_map(|name| Some((name, position(source, name)?)))?;
    let text = unreachable.to_string();
    let (_, what) = text.split_once(unreachable.setting())?;
    let (what, advice) = what.split_once("; ")?;
    // A file in which postscreen asks no list uses no threshold.
    lists
        .iter()
        .any(|found| found.context.as_deref() == Some("postscreen"))
        .then(|| Finding::new(finding::UNREACHABLE, at, format!("{name}{what}")).advice(advice))
}

/// Where the last definition of a parameter begins.
fn position(source: &Source, name: &str) -> Option<usize> {
    let is_name = |at: &usize| {
        let before = source.text.get(..*at).unwrap_or_default();
        let after = source.text.get(at + name.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with('\n')) && after.trim_start().starts_with('=')
    };
    source.text.match_indices(name).map(|(at, _)| at).filter(is_name).last()
}

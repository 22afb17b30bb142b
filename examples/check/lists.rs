//! Which lists are asked, and what is known about them.

use std::sync::Arc;

use rdnsbl::dnsxl::{Kind, ListSpec, SpecError};
use rdnsbl::lists::Retired;
use rdnsbl::syntax::{self, Notation};
use rdnsbl::{ListSet, ListSetError, lists};

use crate::args::{Knowledge, Options};
use crate::demo;
use crate::target::Target;
use crate::tell;
use crate::usage::Usage;

/// The lists that are asked unless others are named: long-lived, free for small users, with documented codes. More than the
/// library recommends to a mail server: nobody is turned away here.
const DEFAULT: &[(Kind, &str)] = &[
    (Kind::Deny, "zen.spamhaus.org"),
    (Kind::Deny, "bl.spamcop.net"),
    (Kind::Deny, "b.barracudacentral.org"),
    (Kind::Deny, "psbl.surriel.com"),
    (Kind::Deny, "bl.mailspike.net"),
    (Kind::Deny, "dbl.spamhaus.org"),
    (Kind::Deny, "multi.surbl.org"),
    (Kind::Deny, "multi.uribl.com"),
    (Kind::Allow, "list.dnswl.org"),
];

/// The lists of the command line, or the default set.
pub(crate) fn read(options: &Options, retired: Retired) -> Result<ListSet, Usage> {
    let mut set = ListSet::builder().knowledge(knowledge(options)?).retired(retired);
    if let Some(threshold) = options.threshold {
        set = set.threshold(threshold);
    }
    if let Some(threshold) = options.allow_threshold {
        set = set.allow_threshold(threshold);
    }
    let default = if options.demo { demo::LISTS } else { DEFAULT };
    // Where there is nothing to ask lists about, only lists that were named are worth a line.
    let nothing = !options.probe && options.targets.iter().all(|target| matches!(target, Target::Nothing));
    let given: Vec<(Kind, &str)> = if options.no_lists || (options.lists.is_empty() && nothing) {
        Vec::new()
    } else if options.lists.is_empty() {
        default.to_vec()
    } else {
        options.lists.iter().map(|(kind, text)| (*kind, text.as_str())).collect()
    };
    let (mut mistakes, mut notes) = (Vec::new(), Vec::new());
    for (kind, text) in given {
        let specs = specs(kind, text);
        let is_empty = specs.iter().all(|spec| spec.as_ref().is_err_and(SpecError::is_left_out));
        if specs.is_empty() {
            mistakes.push(Usage::at(format!("{}: no list is in this", option(kind)), text, 0..text.len()));
        }
        for spec in specs {
            match spec {
                Ok(spec) => {
                    notes.extend(pair(kind, text, &spec));
                    set = set.list(spec);
                }
                Err(error) if error.is_left_out() && !is_empty => notes.push(mistake(kind, text, &error)),
                Err(error) => mistakes.push(mistake(kind, text, &error)),
            }
        }
        // What the command line says goes first.
        let said = syntax::thresholds(text);
        if let (Some(threshold), None) = (said.listed, options.threshold) {
            set = set.threshold(threshold);
        }
        if let (Some(threshold), None) = (said.allowed, options.allow_threshold) {
            set = set.allow_threshold(threshold);
        }
    }
    if !mistakes.is_empty() {
        return Err(Usage::all(&mistakes));
    }
    notes.iter().for_each(|note| tell(&note.to_string()));
    set.build().map_err(|error| match error {
        ListSetError::Thresholds => Usage::new("--allow-threshold must be below --threshold"),
        other => Usage::new(format!("--list: {other}")),
    })
}

/// The lists of one SPEC, whatever its notation.
fn specs(kind: Kind, text: &str) -> Vec<Result<ListSpec, SpecError>> {
    let plain = || match kind {
        Kind::Deny => ListSpec::deny(text),
        Kind::Allow => ListSpec::allow(text),
    };
    if Notation::detect(text) == Notation::Postscreen && !holds_several(text) && !text.contains("postscreen_") {
        return vec![plain()];
    }
    syntax::read_as(kind, text).map(|(_, spec)| spec).collect()
}

/// Says how a pair was understood that might have been meant as two lists.
fn pair(kind: Kind, text: &str, spec: &ListSpec) -> Option<Usage> {
    let reason = spec.reason_zone().filter(|_| !text.contains("dnslists"))?;
    Some(Usage::new(format!(
        "{}: read as Exim's pair: {reason} tells why, {} decides; for two lists write a blank behind the comma",
        option(kind),
        spec.zone()
    )))
}

/// Is a plain text meant as several lists? Commas and lines say so; blanks do only between what looks like zones, since a
/// blank may be a slip of the pen in one.
fn holds_several(text: &str) -> bool {
    let zones = |word: &str| word.contains('.');
    text.contains([',', '\n']) || (text.contains('.') && text.split_ascii_whitespace().all(zones))
}

/// What is wrong with a SPEC, and where.
fn mistake(kind: Kind, text: &str, error: &SpecError) -> Usage {
    Usage::pointed(format!("{}: {error}", option(kind)), &error.point_at(text))
}

/// Where lists of this kind are named.
fn option(kind: Kind) -> &'static str {
    match kind {
        Kind::Deny => "--list",
        Kind::Allow => "--allow",
    }
}

/// Where knowledge about lists comes from.
pub(crate) fn knowledge(options: &Options) -> Result<lists::Knowledge, Usage> {
    Ok(match options.knowledge {
        Knowledge::None => lists::Knowledge::None,
        Knowledge::Catalogue if options.demo => {
            // A mistake in the text; the tests read it.
            let demo = demo::catalogue().map_err(|error| Usage::new(format!("demo.lists: {error}")))?;
            lists::Knowledge::Given(Arc::new(demo))
        }
        Knowledge::Catalogue => lists::Knowledge::Catalogue,
    })
}

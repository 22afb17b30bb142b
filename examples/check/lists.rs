//! Which lists are asked, and what is known about them.

use std::sync::Arc;

use rdnsbl::dnsxl::{ListKind, ListSpec, SpecError, SpecErrorKind};
use rdnsbl::lists::Retired;
use rdnsbl::lists::notation::{self, Context, Notation};
use rdnsbl::{ListSet, ListSetError, lists};

use crate::args::{Knowledge, Options};
use crate::demo;
use crate::target::Target;
use crate::usage::Usage;

/// The default lists: long-lived, free for small users, with documented codes. These are more than the
/// library recommends to a mail server, because nobody is rejected here.
const DEFAULT: &[(ListKind, &str)] = &[
    (ListKind::Deny, "zen.spamhaus.org"),
    (ListKind::Deny, "bl.spamcop.net"),
    (ListKind::Deny, "b.barracudacentral.org"),
    (ListKind::Deny, "psbl.surriel.com"),
    (ListKind::Deny, "bl.mailspike.net"),
    (ListKind::Deny, "dbl.spamhaus.org"),
    (ListKind::Deny, "multi.surbl.org"),
    (ListKind::Deny, "multi.uribl.com"),
    (ListKind::Allow, "list.dnswl.org"),
];

/// How many mistakes of one text are printed; the others are counted.
const MAX_MISTAKES: usize = 100;

/// The lists to ask, and messages about the configurations that they come from.
pub(crate) struct Lists {
    pub(crate) set: ListSet,
    /// Messages, each of one or several lines.
    pub(crate) notes: Vec<Usage>,
    /// Parts that could not be read, beside others that could.
    pub(crate) mistakes: Vec<Usage>,
}

/// The lists of the command line, or the default set. A text without any readable part is a command-line error.
pub(crate) fn read(options: &Options, retired: Retired) -> Result<Lists, Usage> {
    let mut set = ListSet::builder().knowledge(knowledge(options)?).retired(retired);
    let default = if options.demo { demo::LISTS } else { DEFAULT };
    // Without a subject to ask lists about, only lists that were named get a line in the report.
    let nothing = !options.probe && options.targets.iter().all(|target| matches!(target, Target::Nothing));
    let given: Vec<(ListKind, &str)> = if options.no_lists || (options.lists.is_empty() && nothing) {
        Vec::new()
    } else if options.lists.is_empty() {
        default.to_vec()
    } else {
        options.lists.iter().map(|(kind, text)| (*kind, text.as_str())).collect()
    };
    let (mut unreadable, mut mistakes, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut names = vec![None];
    for (kind, text) in given {
        let contexts = contexts(kind, text);
        // A mistake in a single word is a command-line error; in a configuration the other lists are used.
        let is_configuration = text.trim().contains(char::is_whitespace);
        let wrong = if is_configuration && contexts.iter().any(|context| context.lists().next().is_some()) {
            &mut mistakes
        } else {
            &mut unreadable
        };
        let count = contexts.iter().flat_map(Context::mistakes).count();
        let first = contexts.iter().flat_map(Context::mistakes).take(MAX_MISTAKES);
        wrong.extend(first.map(|error| mistake(kind, text, error)));
        if count > MAX_MISTAKES {
            wrong.push(Usage::new(format!("{}: {} mistakes more", option(kind), count - MAX_MISTAKES)));
        }
        let mut items = contexts.iter().flat_map(|context| &context.items);
        if items.all(|(_, item)| item.as_ref().is_err_and(|error| !error.is_mistake())) {
            wrong.push(nothing_in(kind, text, &contexts));
        } else {
            notes.extend(left_out(kind, text, &contexts, options.verbose));
        }
        notes.extend(contexts.iter().flat_map(Context::remarks).map(|error| mistake(kind, text, error)));
        for context in contexts {
            set = set.context(context.name.as_deref());
            if !names.contains(&context.name) {
                names.push(context.name.clone());
            }
            for list in context.lists() {
                notes.extend(pair(kind, text, list));
                set = set.list(list.clone());
            }
            if let Some(threshold) = context.thresholds.listed {
                set = set.threshold(threshold);
            }
            if let Some(threshold) = context.thresholds.allowed {
                set = set.allow_threshold(threshold);
            }
        }
    }
    if !unreadable.is_empty() {
        unreadable.append(&mut mistakes);
        return Err(Usage::all(&unreadable));
    }
    // The command line takes precedence.
    for name in names {
        set = set.context(name.as_deref());
        if let Some(threshold) = options.threshold {
            set = set.threshold(threshold);
        }
        if let Some(threshold) = options.allow_threshold {
            set = set.allow_threshold(threshold);
        }
    }
    let set = set.build().map_err(|error| match error {
        ListSetError::Thresholds => Usage::new("--allow-threshold must be below --threshold"),
        other => Usage::new(format!("--list: {other}")),
    })?;
    Ok(Lists { set, notes, mistakes })
}

/// The contexts of one SPEC, whatever its notation.
fn contexts(kind: ListKind, text: &str) -> Vec<Context> {
    if Notation::detect(text) == Notation::Postscreen && !holds_several(text) && !text.contains("postscreen_") {
        let plain = match kind {
            ListKind::Deny => ListSpec::deny(text),
            ListKind::Allow => ListSpec::allow(text),
        };
        return vec![Context::alone(vec![(0..text.len(), plain)])];
    }
    notation::contexts_as(kind, text)
}

/// The message that a text names no list, and what it holds instead.
fn nothing_in(kind: ListKind, text: &str, contexts: &[Context]) -> Usage {
    let message = format!("{}: no list is in this", option(kind));
    match contexts.iter().flat_map(Context::left_out).next() {
        Some(first) => {
            let reasons = reasons(contexts);
            Usage::pointed(format!("{message}; left out: {reasons}"), &first.point_at(text))
        }
        None => Usage::at(message, text, 0..text.len()),
    }
}

/// Messages about parts that query no list: one line, or each with its position.
fn left_out(kind: ListKind, text: &str, contexts: &[Context], each: bool) -> Vec<Usage> {
    if each {
        return contexts.iter().flat_map(Context::left_out).map(|error| mistake(kind, text, error)).collect();
    }
    let count = contexts.iter().flat_map(Context::left_out).count();
    match count {
        0 => Vec::new(),
        1 => contexts.iter().flat_map(Context::left_out).map(|error| mistake(kind, text, error)).collect(),
        _ => {
            let reasons = reasons(contexts);
            vec![Usage::new(format!("{}: left out, {count} in all (--verbose shows each): {reasons}", option(kind)))]
        }
    }
}

/// Why parts are left out: each reason with its count, in the order of the text.
fn reasons(contexts: &[Context]) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for error in contexts.iter().flat_map(Context::left_out) {
        let why = match error.kind() {
            SpecErrorKind::LeftOut(why) => why.to_owned(),
            SpecErrorKind::NotCounted(why) => why.to_string(),
            _ => continue,
        };
        match counted.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => counted.push((why, 1)),
        }
    }
    counted.iter().map(|(why, count)| format!("{count} x {why}")).collect::<Vec<_>>().join("; ")
}

/// The message how a pair of zones was read that might have been meant as two lists.
fn pair(kind: ListKind, text: &str, spec: &ListSpec) -> Option<Usage> {
    let reason = spec.reason_zone().filter(|_| !text.contains("dnslists"))?;
    Some(Usage::new(format!(
        "{}: read as Exim's pair: {reason} tells why, {} decides; for two lists write a blank behind the comma",
        option(kind),
        spec.zone()
    )))
}

/// Is a plain text meant as several lists? Commas and line breaks separate; blanks only between words that look like
/// zones, since a blank may be a typing error inside one.
fn holds_several(text: &str) -> bool {
    let zones = |word: &str| word.contains('.');
    text.contains([',', '\n']) || (text.contains('.') && text.split_ascii_whitespace().all(zones))
}

/// What is wrong with a SPEC, and where.
fn mistake(kind: ListKind, text: &str, error: &SpecError) -> Usage {
    Usage::pointed(format!("{}: {error}", option(kind)), &error.point_at(text))
}

/// Where lists of this kind are named.
fn option(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Deny => "--list",
        ListKind::Allow => "--allow",
    }
}

/// Where knowledge about lists comes from.
pub(crate) fn knowledge(options: &Options) -> Result<lists::Knowledge, Usage> {
    Ok(match options.knowledge {
        Knowledge::None => lists::Knowledge::None,
        Knowledge::Catalogue if options.demo => {
            // Tests parse this text, so that this cannot happen.
            let demo = demo::catalogue().map_err(|error| Usage::new(format!("demo.lists: {error}")))?;
            lists::Knowledge::Given(Arc::new(demo))
        }
        Knowledge::Catalogue => lists::Knowledge::Catalogue,
    })
}

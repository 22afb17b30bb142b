//! Postfix's `main.cf` and `master.cf`: parameters, lines that continue, comments, variables.

pub(crate) mod lines;
pub(crate) mod parameter;
pub(crate) mod wrapped;

use crate::dnsxl::{ListKind, ListSpec, NotCounted, SpecError, SpecErrorKind};
use crate::lists::notation::context::{Contexts, Item, Thresholds};
use crate::lists::notation::main_cf::lines::{LogicalLine, lines};
use crate::lists::notation::main_cf::parameter::Parameters;
use crate::lists::notation::main_cf::wrapped::unwrapped;
use crate::lists::notation::word::{Word, words};
use crate::lists::notation::{postfix, postscreen, restriction};

/// Reads a text that stands without the name of a parameter.
type Bare = for<'a> fn(Word<'a>, &Parameters<'a>) -> Vec<Item>;

const SMTPD: &str = "smtpd";
const POSTSCREEN: &str = "postscreen";

/// A text of smtpd's restrictions.
pub(crate) fn read_postfix(text: &str) -> Contexts {
    read(text, |value, parameters| postfix::restrictions(value, parameters, false), SMTPD)
}

/// A text of postscreen's sites.
pub(crate) fn read_postscreen(text: &str) -> Contexts {
    read(text, postscreen::sites, POSTSCREEN)
}

/// Every list of a text that may contain parameters, grouped by the lists that decide together.
fn read(text: &str, bare: Bare, bare_context: &'static str) -> Contexts {
    let text = &unwrapped(text);
    let lines = lines(text);
    let parameters = Parameters::new(&lines);
    let mut contexts = Contexts::default();
    // A text with parameters describes a server, so its lists get a named context; lists alone get none.
    let alone = !lines.iter().any(|line| matches!(line, LogicalLine::Parameter { .. }));
    for (index, line) in lines.iter().enumerate() {
        match line {
            LogicalLine::Bare(value) => {
                let name = if alone { None } else { Some(bare_context) };
                contexts.with(name, |context| context.items.extend(bare(*value, &parameters)));
            }
            LogicalLine::Parameter { name, value, service, unindented } => {
                let is_postscreen = name.text.to_ascii_lowercase().starts_with("postscreen_");
                let server = if is_postscreen { POSTSCREEN } else { service.unwrap_or(SMTPD) };
                contexts.with(Some(server), |context| {
                    let items = match parameters.is_last(index, *name, *service) {
                        true => parameter(*name, *value, &parameters, &mut context.thresholds),
                        false => vec![given_again(*name, *value)],
                    };
                    let holds_lists = items.iter().any(|(_, list)| list.is_ok());
                    context.items.extend(items);
                    for word in unindented.iter().filter(|_| holds_lists) {
                        let error = SpecError::new(SpecErrorKind::NotContinued, word.span());
                        context.items.push((word.span(), Err(error)));
                    }
                });
            }
        }
    }
    contexts
}

/// An item for a parameter that is defined again below.
fn given_again(name: Word<'_>, value: Word<'_>) -> Item {
    (whole(name, value), Err(name.not_counted(NotCounted::GivenAgain)))
}

/// The range of a parameter with its value.
fn whole(name: Word<'_>, value: Word<'_>) -> std::ops::Range<usize> {
    name.at..value.trim().end().max(name.end())
}

/// The items in a parameter.
fn parameter<'a>(
    name: Word<'a>,
    value: Word<'a>,
    parameters: &Parameters<'a>,
    thresholds: &mut Thresholds,
) -> Vec<Item> {
    let lower = name.text.to_ascii_lowercase();
    if restriction::holds_list(name.text) {
        return vec![(name.span(), Err(name.expected("a blank behind the restriction, not \"=\"")))];
    }
    let is_restrictions = lower.ends_with("_restrictions");
    if !is_restrictions && parameters.is_used(name) {
        // It is read at the place where it is used.
        return Vec::new();
    }
    if is_restrictions || restriction::holds_list(value.text) {
        let mut items = postfix::restrictions(value, parameters, is_restrictions);
        if parameters.is_class(name) {
            let why = "which clients a class of restrictions is for stands elsewhere";
            items.push((name.span(), Err(name.read_anyway(why))));
        }
        return items;
    }
    if lower.ends_with("_sites") {
        return postscreen::sites(value, parameters);
    }
    match lower.as_str() {
        "maps_rbl_domains" => {
            let zones = parameters.words(words(value, &[',']));
            zones.into_iter().map(|word| (word.span(), deny(word, parameters))).collect()
        }
        THRESHOLD | ALLOW_THRESHOLD | OLD_ALLOW_THRESHOLD => match threshold(&lower, value, parameters) {
            Ok(number) => {
                let place = if lower == THRESHOLD { &mut thresholds.listed } else { &mut thresholds.allowed };
                *place = Some(number);
                Vec::new()
            }
            Err(error) => vec![(value.trim().span(), Err(error))],
        },
        _ => vec![(whole(name, value), Err(name.left_out("a parameter that holds no list")))],
    }
}

fn deny(word: Word<'_>, parameters: &Parameters<'_>) -> Result<ListSpec, SpecError> {
    parameters.resolved(word, |word| ListSpec::read(ListKind::Deny, word.text).map_err(|error| error.shifted(word.at)))
}

const THRESHOLD: &str = "postscreen_dnsbl_threshold";
const ALLOW_THRESHOLD: &str = "postscreen_dnsbl_allowlist_threshold";
const OLD_ALLOW_THRESHOLD: &str = "postscreen_dnsbl_whitelist_threshold";

/// Is this a parameter of `main.cf`, judged by its first line?
pub(crate) fn looks_like(text: &str) -> bool {
    let starts = |line: &LogicalLine<'_>| match line {
        LogicalLine::Parameter { name, service, .. } => service.is_some() || name.text.contains('_'),
        LogicalLine::Bare(_) => false,
    };
    let lines = lines(text);
    lines.len() > 1
        && lines.iter().all(|line| matches!(line, LogicalLine::Parameter { .. }))
        && lines.iter().any(starts)
}

fn threshold(name: &str, value: Word<'_>, parameters: &Parameters<'_>) -> Result<i32, SpecError> {
    let wanted = |word: Word<'_>, what| SpecError::new(SpecErrorKind::Expected(what), word.span());
    // A comment may follow it, on a separate line.
    let words = parameters.words(words(value, &[]));
    let (value, number) = match words.as_slice() {
        [word] => (*word, word.text.parse::<i32>().ok()),
        [] => (value.trim(), None),
        [_, more, ..] => (*more, None),
    };
    match (name, number) {
        (THRESHOLD, Some(number)) if number >= 1 => Ok(number),
        (THRESHOLD, _) => Err(wanted(value, "a whole number from 1 on")),
        (_, Some(0)) => Ok(i32::MIN),
        (_, Some(number)) if number < 0 => Ok(number),
        _ => Err(wanted(value, "a negative number, or 0 for none")),
    }
}

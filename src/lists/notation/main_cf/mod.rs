//! Postfix's `main.cf` and `master.cf`: parameters, lines that continue, comments, variables.

pub(crate) mod lines;
pub(crate) mod parameter;
pub(crate) mod wrapped;

use crate::dnsxl::{ListKind, ListSpec, NotCounted, SpecError, SpecErrorKind};
use crate::lists::notation::context::{Contexts, Items};
use crate::lists::notation::main_cf::lines::{LogicalLine, lines};
use crate::lists::notation::main_cf::parameter::Parameters;
use crate::lists::notation::main_cf::wrapped::unwrapped;
use crate::lists::notation::word::{Word, words};
use crate::lists::notation::{postfix, postscreen, restriction};

/// Reads a text that stands without the name of a parameter.
type Bare = for<'a> fn(Word<'a>, &Parameters<'a>, &mut Items<'_>);

const SMTPD: &str = "smtpd";
const POSTSCREEN: &str = "postscreen";

/// A text of smtpd's restrictions.
pub(crate) fn read_postfix(text: &str, contexts: &mut Contexts) {
    let bare: Bare = |value, parameters, items| postfix::restrictions(value, parameters, false, items);
    read(text, bare, SMTPD, contexts);
}

/// A text of postscreen's sites.
pub(crate) fn read_postscreen(text: &str, contexts: &mut Contexts) {
    read(text, postscreen::sites, POSTSCREEN, contexts);
}

/// Every list of a text that may contain parameters, grouped by the lists that decide together.
fn read(text: &str, bare: Bare, bare_context: &'static str, contexts: &mut Contexts) {
    let text = &unwrapped(text);
    let parameters = Parameters::new(|| lines(text));
    // A text with parameters describes a server, so its lists get a named context; lists alone get none.
    let alone = parameters.is_empty();
    for line in lines(text) {
        match line {
            LogicalLine::Bare(value) => {
                let name = if alone { None } else { Some(bare_context) };
                bare(value, &parameters, &mut contexts.of(name));
            }
            LogicalLine::Parameter(line) => {
                let is_postscreen = line.name.text.to_ascii_lowercase().starts_with("postscreen_");
                let server = if is_postscreen { POSTSCREEN } else { line.service.unwrap_or(SMTPD) };
                let mut items = contexts.of(Some(server));
                match parameters.is_last(&line) {
                    true => parameter(line.name, line.value, &parameters, &mut items),
                    false => items.refuse(whole(line.name, line.value), line.name.not_counted(NotCounted::GivenAgain)),
                }
                if items.lists() > 0 {
                    for word in line.unindented() {
                        items.refuse(word.span(), SpecError::new(SpecErrorKind::NotContinued, word.span()));
                    }
                }
            }
        }
    }
    if let Some(name) = parameters.forgotten() {
        let error = name.unsupported("more than 100,000 parameters; from here on, variables are not known");
        contexts.of(Some(bare_context)).refuse(name.span(), error);
    }
}

/// The range of a parameter with its value.
fn whole(name: Word<'_>, value: Word<'_>) -> std::ops::Range<usize> {
    name.at..value.trim().end().max(name.end())
}

/// The items in a parameter.
fn parameter<'a>(name: Word<'a>, value: Word<'a>, parameters: &Parameters<'a>, items: &mut Items<'_>) {
    let lower = name.text.to_ascii_lowercase();
    if restriction::holds_list(name.text) {
        return items.refuse(name.span(), name.expected("a blank behind the restriction, not \"=\""));
    }
    let is_restrictions = lower.ends_with("_restrictions");
    if !is_restrictions && parameters.is_used(name) {
        // It is read at the place where it is used.
        return;
    }
    if is_restrictions || restriction::holds_list(value.text) {
        postfix::restrictions(value, parameters, is_restrictions, items);
        if parameters.is_class(name) {
            let why = "which clients a class of restrictions is for stands elsewhere";
            items.refuse(name.span(), name.read_anyway(why));
        }
        return;
    }
    if lower.ends_with("_sites") {
        return postscreen::sites(value, parameters, items);
    }
    match lower.as_str() {
        "maps_rbl_domains" => {
            for word in parameters.words(words(value, &[','])) {
                items.push((word.span(), deny(word, parameters)));
            }
        }
        THRESHOLD | ALLOW_THRESHOLD | OLD_ALLOW_THRESHOLD => match threshold(&lower, value, parameters) {
            Ok(number) => {
                if let Some(thresholds) = items.thresholds() {
                    let place = if lower == THRESHOLD { &mut thresholds.listed } else { &mut thresholds.allowed };
                    *place = Some(number);
                }
            }
            Err(error) => items.refuse(value.trim().span(), error),
        },
        _ => items.refuse(whole(name, value), name.left_out("a parameter that holds no list")),
    }
}

fn deny(word: Word<'_>, parameters: &Parameters<'_>) -> Result<ListSpec, SpecError> {
    parameters.resolved(word, |word| ListSpec::read(ListKind::Deny, word.text).map_err(|error| error.shifted(word.at)))
}

const THRESHOLD: &str = "postscreen_dnsbl_threshold";
const ALLOW_THRESHOLD: &str = "postscreen_dnsbl_allowlist_threshold";
const OLD_ALLOW_THRESHOLD: &str = "postscreen_dnsbl_whitelist_threshold";

/// Does the text consist of parameters of `main.cf`, more than one?
pub(crate) fn looks_like(text: &str) -> bool {
    let (mut count, mut is_sure) = (0, false);
    for line in lines(text) {
        let Some(parameter) = line.parameter() else { return false };
        count += 1;
        is_sure |= parameter.service.is_some() || parameter.name.text.contains('_');
    }
    count > 1 && is_sure
}

fn threshold(name: &str, value: Word<'_>, parameters: &Parameters<'_>) -> Result<i32, SpecError> {
    let wanted = |word: Word<'_>, what| SpecError::new(SpecErrorKind::Expected(what), word.span());
    // A comment may follow it, on a separate line.
    let mut words = parameters.words(words(value, &[]));
    let (value, number) = match (words.next(), words.next()) {
        (Some(word), None) => (word, word.text.parse::<i32>().ok()),
        (None, _) => (value.trim(), None),
        (_, Some(more)) => (more, None),
    };
    match (name, number) {
        (THRESHOLD, Some(number)) if number >= 1 => Ok(number),
        (THRESHOLD, _) => Err(wanted(value, "a whole number from 1 on")),
        (_, Some(0)) => Ok(i32::MIN),
        (_, Some(number)) if number < 0 => Ok(number),
        _ => Err(wanted(value, "a negative number, or 0 for none")),
    }
}

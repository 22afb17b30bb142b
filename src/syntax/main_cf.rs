//! Postfix's `main.cf`: parameters, lines that continue, comments.

use super::{Item, Word, postfix, postscreen, words};
use crate::dnsxl::{Kind, ListSpec, SpecError, SpecErrorKind};

/// What stands without the name of a parameter is read so.
type Bare = fn(Word<'_>) -> Vec<Item>;

/// Every list of a text that may hold parameters, in order.
pub(super) fn read(text: &str, bare: Bare) -> Vec<Item> {
    logical_lines(text).into_iter().flat_map(|line| parameter(line, bare)).collect()
}

/// A line and those that continue it: they start with a blank (postconf(5)). Comments may stand between them.
fn logical_lines(text: &str) -> Vec<Word<'_>> {
    let mut lines: Vec<Word<'_>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let is_comment = line.trim_start().starts_with('#') || line.trim().is_empty();
        let continues = is_comment || line.starts_with([' ', '\t']);
        match lines.last_mut() {
            Some(last) if continues => *last = Word::new(text.get(last.at..start).unwrap_or_default(), last.at),
            None if is_comment => {}
            _ => lines.push(Word::new(line, at)),
        }
    }
    lines
}

fn parameter(line: Word<'_>, bare: Bare) -> Vec<Item> {
    let Some((name, value)) = named(line) else { return bare(line) };
    let lower = name.text.to_ascii_lowercase();
    let left_out = |what| vec![(name.at..value.trim().end().max(name.end()), Err(name.left_out(what)))];
    if postfix::holds_list(name.text) {
        return vec![(name.span(), Err(name.expected("a blank behind the restriction, not \"=\"")))];
    }
    if lower.ends_with("_restrictions") || postfix::holds_list(value.text) {
        return postfix::restrictions(value);
    }
    if lower.ends_with("_sites") {
        return postscreen::sites(value);
    }
    match lower.as_str() {
        "maps_rbl_domains" => words(value, &[',']).into_iter().map(|word| (word.span(), deny(word))).collect(),
        THRESHOLD | ALLOW_THRESHOLD | OLD_ALLOW_THRESHOLD => match threshold(&lower, value) {
            Ok(_) => Vec::new(),
            Err(error) => vec![(value.trim().span(), Err(error))],
        },
        _ => left_out("a parameter that holds no list"),
    }
}

/// Name and value, where the line is a parameter and no list with codes.
fn named(line: Word<'_>) -> Option<(Word<'_>, Word<'_>)> {
    let equals = line.text.find('=')?;
    let (name, value) = line.split(equals);
    let name = name.trim();
    // In master.cf, parameters stand behind `-o`.
    let name = match name.text.strip_prefix("-o") {
        Some(rest) => Word::new(rest, name.at + 2).trim(),
        None => name,
    };
    let is_name =
        !name.text.is_empty() && name.text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    let is_codes = value.text.starts_with(|c: char| c.is_ascii_digit() || c == '[');
    let is_known = ["smtpd_", "postscreen_", "maps_rbl_"].iter().any(|start| name.text.starts_with(start));
    (is_name && (is_known || !is_codes)).then_some((name, value))
}

fn deny(word: Word<'_>) -> Result<ListSpec, SpecError> {
    ListSpec::read(Kind::Deny, word.text).map_err(|error| error.shifted(word.at))
}

const THRESHOLD: &str = "postscreen_dnsbl_threshold";
const ALLOW_THRESHOLD: &str = "postscreen_dnsbl_allowlist_threshold";
const OLD_ALLOW_THRESHOLD: &str = "postscreen_dnsbl_whitelist_threshold";

/// What a text says about the scores of its lists: postscreen's thresholds.
///
/// ```
/// use rdnsbl::syntax;
///
/// let text = "postscreen_dnsbl_sites = a.example*2 b.example\npostscreen_dnsbl_threshold = 3";
/// assert_eq!(syntax::thresholds(text).listed, Some(3));
/// assert_eq!(syntax::read_any(text).count(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thresholds {
    /// The score from which on the outcome is "listed": `postscreen_dnsbl_threshold`.
    pub listed: Option<i32>,
    /// The score up to which the sum means "allowed": `postscreen_dnsbl_allowlist_threshold`. Zero turns that off, which is
    /// [`i32::MIN`] here.
    pub allowed: Option<i32>,
}

/// Postscreen's thresholds in a text; the last of several counts, as in Postfix. What is wrong with one is among the items
/// of [`read`](super::read).
#[must_use]
pub fn thresholds(text: &str) -> Thresholds {
    let mut found = Thresholds::default();
    for (name, value) in logical_lines(text).into_iter().filter_map(named) {
        let name = name.text.to_ascii_lowercase();
        match (name.as_str(), threshold(&name, value)) {
            (THRESHOLD, Ok(number)) => found.listed = Some(number),
            (ALLOW_THRESHOLD | OLD_ALLOW_THRESHOLD, Ok(number)) => found.allowed = Some(number),
            _ => {}
        }
    }
    found
}

fn threshold(name: &str, value: Word<'_>) -> Result<i32, SpecError> {
    let value = value.trim();
    let wanted = |what| SpecError::new(SpecErrorKind::Expected(what), value.span());
    match (name, value.text.parse::<i32>()) {
        (THRESHOLD, Ok(number)) if number >= 1 => Ok(number),
        (THRESHOLD, _) => Err(wanted("a whole number from 1 on")),
        (_, Ok(0)) => Ok(i32::MIN),
        (_, Ok(number)) if number < 0 => Ok(number),
        _ => Err(wanted("a negative number, or 0 for none")),
    }
}

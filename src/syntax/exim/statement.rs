//! Statements of an ACL: a verb, conditions of which `dnslists` is one, modifiers.

use super::list;
use crate::dnsxl::Kind;
use crate::syntax::{Item, Word};

/// What an ACL does when its conditions hold.
const VERBS: [&str; 7] = ["accept", "defer", "deny", "discard", "drop", "require", "warn"];

/// What stands in a statement and narrows nothing.
const MODIFIERS: [&str; 13] = [
    "add_header",
    "continue",
    "control",
    "delay",
    "endpass",
    "log_message",
    "log_reject_target",
    "logwrite",
    "message",
    "queue",
    "remove_header",
    "set",
    "udpsend",
];

/// Does the condition stand in this text, with or without a statement around it?
pub(in crate::syntax) fn is_condition(text: &str) -> bool {
    named(text).any(|after| after.trim_start().starts_with('='))
}

/// What stands behind each mention of the condition.
fn named(text: &str) -> impl Iterator<Item = &str> {
    const NAME: &str = "dnslists";
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '{' | '}' | '$');
    text.match_indices(NAME).filter_map(move |(at, _)| {
        let after = text.get(at + NAME.len()..)?;
        let apart = !text.get(..at)?.ends_with(inside) && !after.starts_with(inside);
        apart.then_some(after)
    })
}

/// Does a verb say whether the lists deny or allow?
pub(in crate::syntax) fn has_verb(text: &str) -> bool {
    is_condition(text) && logical_lines(text).into_iter().any(|line| verb(line).is_some())
}

pub(in crate::syntax) fn read(text: &str) -> Vec<Item> {
    if named(text).next().is_none() {
        return list(Kind::Deny, Word::new(text, 0));
    }
    // Comments may stand between lines that continue: blanks of the same length leave everything else in place.
    let text = without_comments(text);
    let mut current: Option<Word<'_>> = None;
    let mut asked = false;
    let mut items = Vec::new();
    for line in logical_lines(&text) {
        let line = match verb(line) {
            Some((verb, rest)) => {
                (current, asked) = (Some(verb), false);
                rest
            }
            None => line,
        };
        if line.text.is_empty() {
            continue;
        }
        let asks = line.text.strip_prefix("dnslists").is_some_and(|rest| rest.trim_start().starts_with('='));
        if asks && std::mem::replace(&mut asked, true) {
            // Conditions of one statement must all hold: as lists of their own they would be wider.
            let (name, _) = line.split("dnslists".len());
            items
                .push((line.span(), Err(name.unsupported("a second dnslists in one statement, since both must hold"))));
            continue;
        }
        items.extend(condition(current, line));
    }
    items
}

/// Blanks in place of lines that are comments.
fn without_comments(text: &str) -> String {
    let blank = |line: &str| match line.trim_start().starts_with('#') {
        true => line.chars().map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) }).collect(),
        false => line.to_owned(),
    };
    text.split_inclusive('\n').map(blank).collect()
}

/// Lines, each with those behind it that a backslash at its end joins to it; blank ones left out.
fn logical_lines(text: &str) -> Vec<Word<'_>> {
    let mut lines = Vec::new();
    let (mut start, mut from) = (0, 0);
    // Blank lines inside are those that were comments.
    let mut open = false;
    for line in text.split_inclusive('\n') {
        start += line.len();
        open = line.trim_end().ends_with('\\') || (open && line.trim().is_empty());
        if !open {
            lines.push(Word::new(text.get(from..start).unwrap_or_default(), from).trim());
            from = start;
        }
    }
    lines.push(Word::new(text.get(from..).unwrap_or_default(), from).trim());
    lines.retain(|line| !line.text.is_empty());
    lines
}

/// The verb that starts a statement, and the rest of its line.
fn verb(line: Word<'_>) -> Option<(Word<'_>, Word<'_>)> {
    let end = line.text.find(char::is_whitespace).unwrap_or(line.text.len());
    let (verb, _) = line.split(end);
    let rest = Word::new(line.text.get(end..).unwrap_or_default(), line.at + end).trim();
    VERBS.contains(&verb.text).then_some((verb, rest))
}

/// One condition or modifier of a statement.
fn condition(verb: Option<Word<'_>>, line: Word<'_>) -> Vec<Item> {
    let refused = |word: Word<'_>, error| vec![(word.span(), Err(error))];
    let Some(equals) = line.text.find('=') else {
        return match line.text {
            "endpass" => refused(line, line.left_out("a modifier, which asks no list")),
            text if text.ends_with(':') => refused(line, line.left_out("the name of an ACL")),
            text if text.contains("dnslists") => {
                let end = Word::new("", line.end());
                refused(end, end.expected("\"=\""))
            }
            _ => refused(line, line.expected("a condition or modifier of an ACL")),
        };
    };
    let (name, value) = line.split(equals);
    let name = name.trim();
    let first = name.text.split_ascii_whitespace().next().unwrap_or_default();
    if MODIFIERS.contains(&first) {
        return refused(line, name.left_out("a modifier, which asks no list"));
    }
    match name.text {
        "dnslists" => {}
        text if text.starts_with('!') && text.trim_start_matches('!').trim() == "dnslists" => {
            return refused(line, name.unsupported("a negated condition"));
        }
        _ => return refused(line, name.unsupported("other conditions beside dnslists")),
    }
    match verb.map(|verb| (verb.text, verb)) {
        None | Some(("deny" | "drop", _)) => list(Kind::Deny, value),
        Some(("accept", _)) => list(Kind::Allow, value),
        Some(("warn", verb)) => refused(line, verb.left_out("warn, and its lists, which refuse nothing")),
        Some((_, verb)) => refused(line, verb.unsupported("this verb")),
    }
}

//! Statements of an ACL: a verb, conditions (`dnslists` is one of them), and modifiers.

use crate::dnsxl::{ListKind, NotCounted};
use crate::lists::notation::context::{Contexts, Item};
use crate::lists::notation::exim::list;
use crate::lists::notation::exim::macros::{Macros, is_macro};
use crate::lists::notation::word::{Word, without_comments};

/// The result of an ACL statement when its conditions are true.
const VERBS: [&str; 7] = ["accept", "defer", "deny", "discard", "drop", "require", "warn"];

/// Modifiers and conditions that do not limit where the lists apply.
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

/// Does this text contain the condition, with or without a statement around it?
pub(crate) fn is_condition(text: &str) -> bool {
    named(text).any(|after| after.trim_start().starts_with('='))
}

/// The text after each mention of the condition.
fn named(text: &str) -> impl Iterator<Item = &str> {
    const NAME: &str = "dnslists";
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '{' | '}' | '$');
    text.match_indices(NAME).filter_map(move |(at, _)| {
        let after = text.get(at + NAME.len()..)?;
        let apart = !text.get(..at)?.ends_with(inside) && !after.starts_with(inside);
        apart.then_some(after)
    })
}

/// Is there a verb, so that the text says whether the lists deny or allow?
pub(crate) fn has_verb(text: &str) -> bool {
    is_condition(text) && logical_lines(text).into_iter().any(|line| verb(line).is_some())
}

pub(crate) fn read(text: &str) -> Contexts {
    let mut contexts = Contexts::default();
    if named(text).next().is_none() {
        let macros = Macros::default();
        contexts.with(None, |context| context.items = list(ListKind::Deny, Word::new(text, 0), &macros));
        return contexts;
    }
    // Comments may stand between continuation lines: they are replaced by blanks of the same length, so that
    // positions stay correct.
    let text = without_comments(text);
    let lines = logical_lines(&text);
    let macros = Macros::new(&lines);
    let mut acl: Option<Word<'_>> = None;
    let mut statement = Statement::default();
    let mut finish = |statement: &mut Statement<'_>, acl: Option<Word<'_>>| {
        let statement = std::mem::take(statement);
        if !statement.lines.is_empty() {
            let name = acl.map(|acl| acl.text).or(statement.verb.map(|_| "acl"));
            contexts.with(name, |context| context.items.extend(statement.items(&macros)));
        }
    };
    for line in lines {
        if is_label(line.text) {
            finish(&mut statement, acl);
            acl = Some(Word::new(line.text.trim_end_matches(':').trim_end(), line.at));
            statement.lines.push(line);
            finish(&mut statement, acl);
        } else if let Some((verb, rest)) = verb(line) {
            finish(&mut statement, acl);
            statement.verb = Some(verb);
            if !rest.text.is_empty() {
                statement.lines.push(rest);
            }
        } else if line.text.starts_with("begin ") {
            // Another section of the configuration.
            finish(&mut statement, acl);
            acl = None;
            statement.lines.push(line);
            finish(&mut statement, acl);
        } else {
            statement.lines.push(line);
        }
    }
    finish(&mut statement, acl);
    contexts
}

/// A verb with its conditions and modifiers; or the lines outside any statement.
#[derive(Debug, Default)]
struct Statement<'a> {
    verb: Option<Word<'a>>,
    lines: Vec<Word<'a>>,
}

impl Statement<'_> {
    fn items(&self, macros: &Macros<'_>) -> Vec<Item> {
        let asks = |line: &&Word<'_>| {
            let name = line.text.trim_start_matches('!').trim_start();
            name.strip_prefix("dnslists").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let asking = self.lines.iter().filter(asks).count();
        let mut asked = false;
        let mut items = Vec::new();
        for line in &self.lines {
            if !asks(&line) && line.text.contains("dnslists") && asking == 0 {
                // In the middle of a line that is not understood.
                items.extend(condition(self.verb, *line, macros, true));
                continue;
            }
            if asks(&line) && !line.text.starts_with('!') && std::mem::replace(&mut asked, true) {
                // All conditions of one statement must be true: read as separate lists they would match more.
                let (name, _) = line.split("dnslists".len());
                let why = "a second dnslists in one statement, since both must hold";
                items.push((line.span(), Err(name.unsupported(why))));
                continue;
            }
            items.extend(condition(self.verb, *line, macros, asking > 0));
        }
        items
    }
}

/// `acl_check_rcpt:`
fn is_label(line: &str) -> bool {
    let name = line.strip_suffix(':').map(str::trim_end).unwrap_or_default();
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
}

/// Lines, each joined with the following lines if it ends in a backslash; blank lines are skipped.
fn logical_lines(text: &str) -> Vec<Word<'_>> {
    let mut lines = Vec::new();
    let (mut start, mut from) = (0, 0);
    // Blank lines inside are replaced comments.
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

/// One condition or modifier of a statement. The result says whether the statement asks lists.
fn condition(verb: Option<Word<'_>>, line: Word<'_>, macros: &Macros<'_>, asks: bool) -> Vec<Item> {
    let refused = |word: Word<'_>, error| vec![(word.span(), Err(error))];
    if line.text.starts_with('.') {
        return refused(line, line.left_out("a preprocessor line, such as .ifdef and .include"));
    }
    let Some(equals) = line.text.find('=') else {
        return match line.text {
            "endpass" => refused(line, line.left_out("a modifier, which asks no list")),
            text if text.ends_with(':') => refused(line, line.left_out("the name of an ACL")),
            text if text.contains("dnslists") => {
                let end = Word::new("", line.end());
                refused(end, end.expected("\"=\""))
            }
            _ if !asks => refused(line, line.left_out("a line that asks no list")),
            _ => refused(line, line.expected("a condition or modifier of an ACL")),
        };
    };
    let (name, value) = line.split(equals);
    let name = name.trim();
    if is_macro(name.text) {
        return refused(line, name.left_out("the definition of a macro"));
    }
    let first = name.text.split_ascii_whitespace().next().unwrap_or_default();
    if MODIFIERS.contains(&first) {
        return refused(line, name.left_out("a modifier, which asks no list"));
    }
    match name.text {
        "dnslists" => {}
        text if text.starts_with('!') && text.trim_start_matches('!').trim() == "dnslists" => {
            return refused(line, name.unsupported("a negated condition"));
        }
        _ if !asks => return refused(line, name.left_out("a condition of a statement that asks no list")),
        _ if verb.is_some_and(|verb| verb.text == "warn") => {
            return refused(line, name.left_out("a condition of warn, which refuses nothing"));
        }
        _ => return refused(line, name.unsupported("other conditions beside dnslists")),
    }
    match verb.map(|verb| (verb.text, verb)) {
        None | Some(("deny" | "drop", _)) => list(ListKind::Deny, value, macros),
        Some(("accept", _)) => list(ListKind::Allow, value, macros),
        Some(("warn", verb)) => refused(line, verb.not_counted(NotCounted::Warn)),
        Some((_, verb)) => refused(line, verb.unsupported("this verb")),
    }
}

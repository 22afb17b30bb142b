//! Statements of an ACL: a verb, conditions (`dnslists` is one of them), and modifiers.

use crate::dnsxl::{ListKind, NotCounted};
use crate::lists::notation::context::{Contexts, Items};
use crate::lists::notation::exim::list;
use crate::lists::notation::exim::macros::{Macros, is_macro};
use crate::lists::notation::word::{Word, lines_with_positions, without_comments};

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
    is_condition(text) && logical_lines(Word::new(text, 0)).any(|line| verb(line).is_some())
}

pub(crate) fn read(text: &str, contexts: &mut Contexts) {
    if named(text).next().is_none() {
        return list(ListKind::Deny, Word::new(text, 0), &Macros::default(), &mut contexts.of(None));
    }
    // Comments may stand between continuation lines: they are replaced by blanks of the same length, so that
    // positions stay correct.
    let text = without_comments(text);
    let lines = || logical_lines(Word::new(&text, 0));
    let macros = Macros::new(lines());
    let mut acl: Option<Word<'_>> = None;
    let mut statement = Statement::default();
    let mut finish = |statement: &mut Statement<'_>, acl: Option<Word<'_>>| {
        let statement = std::mem::take(statement);
        if statement.first.is_some() {
            let name = acl.map(|acl| acl.text).or(statement.verb.map(|_| "acl"));
            statement.read(&text, &macros, &mut contexts.of(name));
        }
    };
    for line in lines() {
        if is_label(line.text) {
            finish(&mut statement, acl);
            acl = Some(Word::new(line.text.trim_end_matches(':').trim_end(), line.at));
            statement.add(line);
            finish(&mut statement, acl);
        } else if let Some((verb, rest)) = verb(line) {
            finish(&mut statement, acl);
            statement.verb = Some(verb);
            if !rest.text.is_empty() {
                statement.add(rest);
            }
        } else if line.text.starts_with("begin ") {
            // Another section of the configuration.
            finish(&mut statement, acl);
            acl = None;
            statement.add(line);
            finish(&mut statement, acl);
        } else {
            statement.add(line);
        }
    }
    finish(&mut statement, acl);
    if let Some(name) = macros.forgotten() {
        contexts
            .of(None)
            .refuse(name.span(), name.unsupported("more than 100,000 macros; from here on, they are not known"));
    }
}

/// A verb with its conditions and modifiers; or the lines outside any statement.
#[derive(Debug, Default)]
struct Statement<'a> {
    verb: Option<Word<'a>>,
    /// Where its lines begin and end.
    first: Option<usize>,
    end: usize,
}

impl<'a> Statement<'a> {
    fn add(&mut self, line: Word<'_>) {
        self.first.get_or_insert(line.at);
        self.end = line.end();
    }

    fn read(&self, text: &'a str, macros: &Macros<'_>, items: &mut Items<'_>) {
        let from = self.first.unwrap_or(self.end);
        let lines = || logical_lines(Word::new(text.get(from..self.end).unwrap_or_default(), from));
        let asks = |line: &Word<'_>| {
            let name = line.text.trim_start_matches('!').trim_start();
            name.strip_prefix("dnslists").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let is_asking = lines().any(|line| asks(&line));
        let mut asked = false;
        for line in lines() {
            if !is_asking && line.text.contains("dnslists") {
                // In the middle of a line that is not understood.
                condition(self.verb, line, macros, true, items);
            } else if asks(&line) && !line.text.starts_with('!') && std::mem::replace(&mut asked, true) {
                // All conditions of one statement must be true: read as separate lists they would match more.
                let (name, _) = line.split("dnslists".len());
                items.refuse(line.span(), name.unsupported("a second dnslists in one statement, since both must hold"));
            } else {
                condition(self.verb, line, macros, is_asking, items);
            }
        }
    }
}

/// `acl_check_rcpt:`
fn is_label(line: &str) -> bool {
    let name = line.strip_suffix(':').map(str::trim_end).unwrap_or_default();
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
}

/// Lines, each joined with the following lines if it ends in a backslash; blank lines are skipped.
fn logical_lines(text: Word<'_>) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    let lines = std::iter::from_fn(move || {
        if rest.text.is_empty() {
            return None;
        }
        // Blank lines inside are replaced comments.
        let mut open = false;
        let closed = lines_with_positions(rest.text).find(|line| {
            open = line.text.trim_end().ends_with('\\') || (open && line.text.trim().is_empty());
            !open
        });
        let end = closed.map_or(rest.text.len(), |line| line.end());
        let line = rest.before(end).trim();
        rest = rest.after(end);
        Some(line)
    });
    lines.filter(|line| !line.text.is_empty())
}

/// The verb that starts a statement, and the rest of its line.
fn verb(line: Word<'_>) -> Option<(Word<'_>, Word<'_>)> {
    let end = line.text.find(char::is_whitespace).unwrap_or(line.text.len());
    let (verb, _) = line.split(end);
    let rest = Word::new(line.text.get(end..).unwrap_or_default(), line.at + end).trim();
    VERBS.contains(&verb.text).then_some((verb, rest))
}

/// One condition or modifier of a statement, which `asks` lists or not.
fn condition(verb: Option<Word<'_>>, line: Word<'_>, macros: &Macros<'_>, asks: bool, items: &mut Items<'_>) {
    let whole = line.span();
    if line.text.starts_with('.') {
        return items.refuse(whole, line.left_out("a preprocessor line, such as .ifdef and .include"));
    }
    let Some(equals) = line.text.find('=') else {
        return match line.text {
            "endpass" => items.refuse(whole, line.left_out("a modifier, which asks no list")),
            text if text.ends_with(':') => items.refuse(whole, line.left_out("the name of an ACL")),
            text if text.contains("dnslists") => {
                let end = Word::new("", line.end());
                items.refuse(end.span(), end.expected("\"=\""));
            }
            _ if !asks => items.refuse(whole, line.left_out("a line that asks no list")),
            _ => items.refuse(whole, line.expected("a condition or modifier of an ACL")),
        };
    };
    let (name, value) = line.split(equals);
    let name = name.trim();
    if is_macro(name.text) {
        return items.refuse(whole, name.left_out("the definition of a macro"));
    }
    let first = name.text.split_ascii_whitespace().next().unwrap_or_default();
    if MODIFIERS.contains(&first) {
        return items.refuse(whole, name.left_out("a modifier, which asks no list"));
    }
    match name.text {
        "dnslists" => {}
        text if text.starts_with('!') && text.trim_start_matches('!').trim() == "dnslists" => {
            return items.refuse(whole, name.unsupported("a negated condition"));
        }
        _ if !asks => return items.refuse(whole, name.left_out("a condition of a statement that asks no list")),
        _ if verb.is_some_and(|verb| verb.text == "warn") => {
            return items.refuse(whole, name.left_out("a condition of warn, which refuses nothing"));
        }
        _ => return items.refuse(whole, name.unsupported("other conditions beside dnslists")),
    }
    match verb.map(|verb| (verb.text, verb)) {
        None | Some(("deny" | "drop", _)) => list(ListKind::Deny, value, macros, items),
        Some(("accept", _)) => list(ListKind::Allow, value, macros, items),
        Some(("warn", verb)) => items.refuse(whole, verb.not_counted(NotCounted::Warn)),
        Some((_, verb)) => items.refuse(whole, verb.unsupported("this verb")),
    }
}

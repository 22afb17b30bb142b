//! Parameters inside other text: `postconf -e 'name = value'`, and values in quotation marks as in shell scripts and
//! Nix.

use std::borrow::Cow;

use crate::lists::notation::restriction;

/// The command that sets parameters; the shell removes the quotation marks of its arguments.
const COMMAND: &str = "postconf -e";

/// The text with blanks in place of everything that is not Postfix syntax; every other octet keeps its position.
pub(crate) fn unwrapped(text: &str) -> Cow<'_, str> {
    if !text.contains(['"', '\'']) && !text.contains(COMMAND) {
        return Cow::Borrowed(text);
    }
    let mut octets = text.as_bytes().to_vec();
    let mut blank = |at: usize| {
        if let Some(octet) = octets.get_mut(at) {
            *octet = b' ';
        }
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        // Only a command at the start of a line is replaced. Lines that start with blanks continue the line before.
        let is_command = line.trim_start().starts_with(COMMAND);
        if let Some(at) = line.find(COMMAND).filter(|_| is_command) {
            (at..at + COMMAND.len()).for_each(|at| blank(start + at));
        }
        start += line.len();
    }
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find(['"', '\''])).map(|found| at + found) {
        let (before, from) = text.split_at_checked(open).unwrap_or_default();
        let quote = from.chars().next().unwrap_or_default();
        let inner = from.get(1..).unwrap_or_default();
        let Some(length) = inner.find(quote).filter(|_| opens(before, inner)) else {
            at = open + 1;
            continue;
        };
        let close = open + 1 + length;
        let inside = inner.get(..length).unwrap_or_default();
        let ends = inside.match_indices("\\\n").map(|(at, _)| open + 1 + at);
        [open, close].into_iter().chain(ends).for_each(&mut blank);
        // The text around the value: `[ "..." ];`
        let trimmed = before.trim_end();
        if trimmed.ends_with('[') {
            blank(trimmed.len() - 1);
        }
        let after = text.get(close + 1..).unwrap_or_default();
        let closing = after.len() - after.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ']').len();
        let ends_here = after.get(closing..).is_some_and(|rest| rest.starts_with(';'));
        for (offset, character) in after.char_indices().take_while(|(offset, _)| ends_here && *offset <= closing) {
            if matches!(character, ']' | ';') {
                blank(close + 1 + offset);
            }
        }
        at = close + 1;
    }
    String::from_utf8(octets).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The longest name of a parameter that is sought behind a quotation mark, in characters.
const MAX_NAME: usize = 64;

/// Does a quotation mark open a value, a parameter, or a restriction with its arguments?
fn opens(before: &str, inner: &str) -> bool {
    let before = before.trim_end();
    // No name is longer, and a text may hold millions of quotation marks.
    let start = inner.char_indices().nth(MAX_NAME).map_or(Some(inner), |(at, _)| inner.get(..at)).unwrap_or_default();
    let first = start.split([' ', '\t', '=', ',', '\n']).next().unwrap_or_default();
    let is_name = first.starts_with("smtpd_") || first.starts_with("postscreen_");
    let more = inner.len() > first.len() && !inner.get(first.len()..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    before.ends_with('=') || before.ends_with(COMMAND) || is_name || (restriction::is_restriction(first) && more)
}

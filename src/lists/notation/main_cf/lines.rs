//! Lines of `main.cf` and `master.cf`, each joined with its continuation lines.

use crate::lists::notation::restriction;
use crate::lists::notation::word::Word;

/// The content of one logical line.
#[derive(Clone, Debug)]
pub(crate) enum LogicalLine<'a> {
    /// `name = value`; in `master.cf`, `-o name=value` of a service.
    Parameter {
        name: Word<'a>,
        value: Word<'a>,
        service: Option<&'a str>,
        /// Starts of lines that continue the value but have lost their indentation.
        unindented: Vec<Word<'a>>,
    },
    /// Lists without a name.
    Bare(Word<'a>),
}

/// The lines of a text. A line that starts with a blank continues the line before (postconf(5)); comments may stand
/// between them. If the whole text is indented, only a line with more indentation continues another.
pub(crate) fn lines(text: &str) -> Vec<LogicalLine<'_>> {
    let mut logical: Vec<Word<'_>> = Vec::new();
    let mut start = 0;
    let mut indented = None;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let is_comment = line.trim_start().starts_with('#') || line.trim().is_empty();
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        let least = match is_comment {
            true => 0,
            false => *indented.get_or_insert(indentation),
        };
        match logical.last_mut() {
            Some(last) if is_comment || indentation > least => {
                *last = Word::new(text.get(last.at..start).unwrap_or_default(), last.at);
            }
            None if is_comment => {}
            _ => logical.push(Word::new(line, at)),
        }
    }
    let mut found: Vec<LogicalLine<'_>> = Vec::new();
    for line in logical {
        if let Some((service, options)) = service(line) {
            found.extend(options.into_iter().filter_map(|option| parameter(option, Some(service))));
            continue;
        }
        if let Some(parameter) = parameter(line, None) {
            found.push(parameter);
            continue;
        }
        match found.last_mut() {
            // The author meant these lines as one value.
            Some(LogicalLine::Parameter { name, value, service: None, unindented })
                if may_hold_lists(*name, *value) =>
            {
                let length = line.end() - value.at;
                *value = Word::new(text.get(value.at..value.at + length).unwrap_or_default(), value.at);
                let first = line.trim();
                let end = first.text.find([' ', '\t', ',', '\n']).unwrap_or(first.text.len());
                unindented.push(Word::new(first.text.get(..end).unwrap_or_default(), first.at));
            }
            Some(LogicalLine::Bare(before)) => {
                let length = line.end() - before.at;
                *before = Word::new(text.get(before.at..before.at + length).unwrap_or_default(), before.at);
            }
            _ => found.push(LogicalLine::Bare(line)),
        }
    }
    found
}

fn may_hold_lists(name: Word<'_>, value: Word<'_>) -> bool {
    let name = name.text.to_ascii_lowercase();
    name.ends_with("_restrictions")
        || name.ends_with("_sites")
        || name == "maps_rbl_domains"
        || restriction::holds_list(value.text)
}

/// A service of `master.cf` and its `-o name=value`.
fn service(line: Word<'_>) -> Option<(&str, Vec<Word<'_>>)> {
    let mut fields = line.text.split_ascii_whitespace();
    let name = fields.next()?;
    let is_service = matches!(fields.next()?, "inet" | "unix" | "fifo" | "pass" | "unix-dgram");
    let command = fields.nth(5)?;
    if !is_service || name.contains('=') || command.contains('=') {
        return None;
    }
    let mut options: Vec<Word<'_>> = Vec::new();
    let mut start = line.at;
    for part in line.text.split_inclusive('\n') {
        let at = start;
        start += part.len();
        if part.trim_start().starts_with('#') {
            continue;
        }
        let mut rest = Word::new(part, at);
        while let Some(found) = option_start(rest.text) {
            let (_, after) = rest.split(found + 2);
            let end = option_start(after.text).unwrap_or(after.text.len());
            options.push(unbraced(Word::new(after.text.get(..end).unwrap_or_default(), after.at).trim()));
            rest = Word::new(after.text.get(end..).unwrap_or_default(), after.at + end);
        }
    }
    Some((name, options))
}

/// `{ name = value with blanks }`.
fn unbraced(word: Word<'_>) -> Word<'_> {
    match word.text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(inner) => Word::new(inner, word.at + 1),
        None => word,
    }
}

/// The position of the next `-o`, with a blank before and after it.
fn option_start(text: &str) -> Option<usize> {
    text.match_indices("-o").map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).is_none_or(|before| before.is_empty() || before.ends_with([' ', '\t']));
        let after = text.get(at + 2..).is_some_and(|after| after.starts_with([' ', '\t', '{']));
        before && after
    })
}

/// Name and value, if the line is a parameter and not a list with codes.
fn parameter<'a>(line: Word<'a>, service: Option<&'a str>) -> Option<LogicalLine<'a>> {
    let equals = line.text.find('=')?;
    let (name, value) = line.split(equals);
    let name = name.trim();
    // `submission/inet/name = value`, as `postconf -P` prints them.
    let (name, service) = match name.text.rfind('/') {
        Some(slash) if service.is_none() => {
            let (of, name) = name.split(slash);
            (name, Some(of.text.split('/').next().unwrap_or_default()))
        }
        _ => (name, service),
    };
    // In master.cf, parameters follow `-o`.
    let name = match name.text.strip_prefix("-o") {
        Some(rest) if rest.starts_with([' ', '\t']) => Word::new(rest, name.at + 2).trim(),
        _ => name,
    };
    let character = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
    let is_name = name.text.starts_with(|c: char| c.is_ascii_alphabetic()) && name.text.bytes().all(character);
    // A zone of one label is followed by codes; names of parameters are followed by words.
    let is_parameter = name.text.contains('_') || !is_codes(value.text);
    (is_name && is_parameter).then(|| LogicalLine::Parameter { name, value, service, unindented: Vec::new() })
}

/// `127.0.0.[2..11]`, with or without a weight or more lists after it; or the start of that, with a mistake in it.
fn is_codes(value: &str) -> bool {
    let first = value.split([',', ' ', '\t', '\n', '*']).next().unwrap_or_default();
    let like_codes = |c: char| c.is_ascii_digit() || matches!(c, '.' | '[' | ']' | ';');
    value.starts_with(|c: char| c.is_ascii_digit() || c == '[')
        && first.chars().all(like_codes)
        && first.contains('.')
        && first.matches('.').count() >= 3
}

//! Lines of `main.cf` and `master.cf`, each joined with its continuation lines.

use crate::lists::notation::restriction;
use crate::lists::notation::word::{Word, lines_with_positions};

/// The content of one logical line.
#[derive(Clone, Debug)]
pub(crate) enum LogicalLine<'a> {
    /// `name = value`; in `master.cf`, `-o name=value` of a service.
    Parameter(Parameter<'a>),
    /// Lists without a name.
    Bare(Word<'a>),
}

#[derive(Clone, Debug)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: Word<'a>,
    pub(crate) value: Word<'a>,
    pub(crate) service: Option<&'a str>,
    /// Where the first line of the value ends that continues it and has lost its indentation.
    lost: Option<usize>,
    /// The indentation of lines that continue nothing.
    least: usize,
}

impl<'a> Parameter<'a> {
    /// The first words of lines that continue the value but have lost their indentation.
    pub(crate) fn unindented(&self) -> impl Iterator<Item = Word<'a>> + use<'a> {
        let (least, value) = (self.least, self.value);
        let from = self.lost.map_or(value.text.len(), |lost| lost - value.at);
        let lines = lines_with_positions(value.after(from).text);
        let lost = lines.filter(move |line| !is_comment(line.text) && indentation(line.text) <= least);
        lost.map(move |line| {
            let first = Word::new(line.text, value.at + from + line.at).trim();
            first.before(first.text.find([' ', '\t', ',', '\n']).unwrap_or(first.text.len()))
        })
    }
}

fn is_comment(line: &str) -> bool {
    let start = line.trim_start();
    start.is_empty() || start.starts_with('#')
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The lines of a text. A line that starts with a blank continues the line before (postconf(5)); comments may stand
/// between them. If the whole text is indented, only a line with more indentation continues another.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = LogicalLine<'_>> {
    let mut joined = Joined { text, at: 0, least: None };
    let mut options: Option<(&str, Box<dyn Iterator<Item = Word<'_>> + '_>)> = None;
    // The line whose value may go on.
    let mut open: Option<LogicalLine<'_>> = None;
    std::iter::from_fn(move || {
        loop {
            if let Some((service, left)) = &mut options {
                match left.find_map(|option| parameter(option, Some(service), 0)) {
                    Some(parameter) => return Some(LogicalLine::Parameter(parameter)),
                    None => options = None,
                }
            }
            let Some(line) = joined.next() else { return open.take() };
            let next = if let Some((service, found)) = service(line) {
                options = Some((service, Box::new(found)));
                None
            } else if let Some(parameter) = parameter(line, None, joined.least.unwrap_or_default()) {
                Some(LogicalLine::Parameter(parameter))
            } else if open.as_mut().is_some_and(|open| open.goes_on(text, line)) {
                continue;
            } else {
                Some(LogicalLine::Bare(line))
            };
            if let Some(done) = std::mem::replace(&mut open, next) {
                return Some(done);
            }
        }
    })
}

impl<'a> LogicalLine<'a> {
    pub(crate) fn parameter(self) -> Option<Parameter<'a>> {
        match self {
            Self::Parameter(parameter) => Some(parameter),
            Self::Bare(_) => None,
        }
    }

    /// Adds a line that the author meant as a part of this value.
    fn goes_on(&mut self, text: &'a str, line: Word<'a>) -> bool {
        let longer = |value: Word<'a>| Word::new(text.get(value.at..line.end()).unwrap_or_default(), value.at);
        match self {
            Self::Parameter(parameter) if parameter.service.is_none() && parameter.may_hold_lists() => {
                parameter.value = longer(parameter.value);
                parameter.lost.get_or_insert(line.at);
                true
            }
            Self::Parameter(_) => false,
            Self::Bare(before) => {
                *before = longer(*before);
                true
            }
        }
    }
}

impl Parameter<'_> {
    fn may_hold_lists(&self) -> bool {
        let name = self.name.text.to_ascii_lowercase();
        // What goes on already may.
        self.lost.is_some()
            || name.ends_with("_restrictions")
            || name.ends_with("_sites")
            || name == "maps_rbl_domains"
            || restriction::holds_list(self.value.text)
    }
}

/// Lines, each with those that continue it, and with comments.
struct Joined<'a> {
    text: &'a str,
    at: usize,
    /// The indentation of the first line.
    least: Option<usize>,
}

impl<'a> Iterator for Joined<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let mut start = None;
        for line in lines_with_positions(self.text.get(self.at..)?) {
            if !is_comment(line.text) {
                let indentation = indentation(line.text);
                let least = *self.least.get_or_insert(indentation);
                if start.is_none() {
                    start = Some(self.at);
                } else if indentation <= least {
                    break;
                }
            }
            self.at += line.text.len();
        }
        let start = start?;
        Some(Word::new(self.text.get(start..self.at)?, start))
    }
}

/// A service of `master.cf` and its `-o name=value`.
fn service(line: Word<'_>) -> Option<(&str, impl Iterator<Item = Word<'_>>)> {
    let mut fields = line.text.split_ascii_whitespace();
    let name = fields.next()?;
    if !matches!(fields.next()?, "inet" | "unix" | "fifo" | "pass" | "unix-dgram") {
        return None;
    }
    let command = fields.nth(5)?;
    if name.contains('=') || command.contains('=') {
        return None;
    }
    let parts = lines_with_positions(line.text).filter(|part| !part.text.trim_start().starts_with('#'));
    let options = parts.flat_map(move |part| {
        let mut rest = Word::new(part.text, line.at + part.at);
        std::iter::from_fn(move || {
            let after = rest.after(option_start(rest.text)? + "-o".len());
            let end = option_start(after.text).unwrap_or(after.text.len());
            rest = after.after(end);
            Some(unbraced(after.before(end).trim()))
        })
    });
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
fn parameter<'a>(line: Word<'a>, service: Option<&'a str>, least: usize) -> Option<Parameter<'a>> {
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
    (is_name && is_parameter).then_some(Parameter { name, value, service, lost: None, least })
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

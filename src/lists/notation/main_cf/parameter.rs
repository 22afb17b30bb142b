//! The parameters of a text, and where they are used: `$name`.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::dnsxl::SpecError;
use crate::lists::notation::main_cf::lines::LogicalLine;
use crate::lists::notation::restriction;
use crate::lists::notation::word::{Word, words};

/// The maximum depth of nested variables.
const MAX_DEPTH: usize = 8;
/// The maximum octets for the values of all variables of a text together, against texts that expand without end.
const MAX_OCTETS: usize = 200_000;

/// The parameters of a text by their names; if a name is defined twice, the last definition.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a> {
    values: HashMap<(Option<&'a str>, &'a str), Value<'a>>,
    /// How often each is used by others.
    used: HashMap<&'a str, usize>,
    classes: HashSet<&'a str>,
    /// Octets of variable values so far.
    spent: Cell<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Value<'a> {
    /// The line of the definition.
    line: usize,
    text: Word<'a>,
    holds_list: bool,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(lines: &[LogicalLine<'a>]) -> Self {
        let mut all = Self::default();
        for (index, line) in lines.iter().enumerate() {
            if let LogicalLine::Parameter { name, value, service, .. } = line {
                let value = Value { line: index, text: *value, holds_list: restriction::holds_list(value.text) };
                all.values.insert((*service, name.text), value);
            }
        }
        for line in lines {
            let (LogicalLine::Parameter { value, .. } | LogicalLine::Bare(value)) = line;
            for word in words(*value, &[',']) {
                let name = match variable(word.text) {
                    Some(name) => Some(name),
                    None => all.lists_of(word.text).map(|_| word.text),
                };
                if let Some(name) = name {
                    *all.used.entry(name).or_default() += 1;
                }
            }
        }
        if let Some(value) = all.value("smtpd_restriction_classes") {
            for class in words(value, &[',']) {
                // Being named in the list of classes does not count as a use.
                if let Some(count) = all.used.get_mut(class.text) {
                    *count = count.saturating_sub(1);
                }
                all.classes.insert(class.text);
            }
        }
        all
    }

    /// Is this the last definition of the parameter?
    pub(crate) fn is_last(&self, index: usize, name: Word<'_>, service: Option<&'a str>) -> bool {
        self.values.get(&(service, name.text)).is_none_or(|value| value.line == index)
    }

    /// Does another parameter of the text use the value of this one?
    pub(crate) fn is_used(&self, name: Word<'_>) -> bool {
        self.used.get(name.text).is_some_and(|count| *count > 0)
    }

    /// Is it a restriction class?
    pub(crate) fn is_class(&self, name: Word<'_>) -> bool {
        self.classes.contains(name.text)
    }

    /// Does the text define this parameter of `main.cf`?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<Word<'a>> {
        self.values.get(&(None, name)).map(|value| value.text)
    }

    /// The restrictions of the class with this name.
    fn lists_of(&self, name: &str) -> Option<Word<'a>> {
        let value = self.values.get(&(None, name)).filter(|value| value.holds_list)?;
        (!restriction::is_restriction(name)).then_some(value.text)
    }

    /// Words, with each variable and each restriction class replaced by its value.
    pub(crate) fn words(&self, words: Vec<Word<'a>>) -> Vec<Word<'a>> {
        let mut found = Vec::new();
        self.add(words, 0, &mut found);
        found
    }

    fn add(&self, all: Vec<Word<'a>>, depth: usize, found: &mut Vec<Word<'a>>) {
        for word in all {
            let value = match variable(word.text) {
                Some(name) => self.value(name),
                None => self.lists_of(word.text),
            };
            match value {
                Some(value) if depth < MAX_DEPTH && self.spent.get() < MAX_OCTETS => {
                    self.spent.set(self.spent.get() + value.text.len() + 1);
                    self.add(words(value, &[',']), depth + 1, found);
                }
                _ => found.push(word),
            }
        }
    }

    /// Reads a word after the variables inside it are replaced by their values.
    pub(crate) fn resolved<T>(
        &self,
        word: Word<'_>,
        read: impl FnOnce(Word<'_>) -> Result<T, SpecError>,
    ) -> Result<T, SpecError> {
        if !word.text.contains('$') {
            return read(word);
        }
        let mut text = String::new();
        let mut rest = word;
        while let Some(at) = rest.text.find('$') {
            let (before, _) = rest.split(at);
            text.push_str(before.text);
            let from = Word::new(rest.text.get(at..).unwrap_or_default(), rest.at + at);
            let (length, name) =
                leading_variable(from.text).ok_or_else(|| from.unsupported("this use of a variable"))?;
            let named = Word::new(from.text.get(..length).unwrap_or_default(), from.at);
            let value = self.value(name).map(|value| words(value, &[]));
            match value.as_deref() {
                None => return Err(named.undefined("the variable", named.text)),
                Some([value]) if !value.text.contains('$') && value.text.len() <= MAX_NAME => text.push_str(value.text),
                Some(_) => return Err(named.unsupported("a variable inside a word that is more than one word")),
            }
            rest = Word::new(from.text.get(length..).unwrap_or_default(), from.at + length);
        }
        text.push_str(rest.text);
        // Positions in the expanded text do not exist in the original text, so they are not reported.
        read(Word::new(&text, 0)).map_err(|error| SpecError::new(error.kind(), word.span()))
    }
}

/// No part of a list is longer than this (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// The name in `$name`, `${name}` or `$(name)`, if the word contains nothing else.
pub(crate) fn variable(word: &str) -> Option<&str> {
    leading_variable(word).filter(|(length, _)| *length == word.len()).map(|(_, name)| name)
}

/// The length and the name of the variable at the start of a text.
fn leading_variable(text: &str) -> Option<(usize, &str)> {
    let rest = text.strip_prefix('$')?;
    let named = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    for (open, close) in [('{', '}'), ('(', ')')] {
        if let Some(inner) = rest.strip_prefix(open) {
            let length = named(inner);
            let name = inner.get(..length).filter(|name| !name.is_empty())?;
            return inner.get(length..)?.starts_with(close).then_some((length + 3, name));
        }
    }
    let length = named(rest);
    rest.get(..length).filter(|name| !name.is_empty()).map(|name| (length + 1, name))
}

//! The parameters of a text, and where they are used: `$name`.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::dnsxl::SpecError;
use crate::lists::notation::context::MAX_NAMES;
use crate::lists::notation::main_cf::lines::{LogicalLine, Parameter};
use crate::lists::notation::restriction;
use crate::lists::notation::word::{Word, Words, words};

/// The maximum depth of nested variables.
const MAX_DEPTH: usize = 8;
/// The maximum octets for the values of all variables of a text together, against texts that expand without end.
const MAX_OCTETS: usize = 200_000;

/// The parameters of a text by their names; if a name is defined twice, the last definition.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a> {
    values: HashMap<(Option<&'a str>, &'a str), Value<'a>>,
    /// The first parameter that is not remembered, since there are too many.
    forgotten: Option<Word<'a>>,
    /// Octets of variable values so far.
    spent: Cell<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Value<'a> {
    text: Word<'a>,
    holds_list: bool,
    /// How often others use it.
    used: usize,
    is_class: bool,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new<L: Iterator<Item = LogicalLine<'a>>>(lines: impl Fn() -> L) -> Self {
        let mut all = Self::default();
        for parameter in lines().filter_map(LogicalLine::parameter) {
            let Parameter { name, value: text, service, .. } = parameter;
            let full = all.values.len() >= MAX_NAMES;
            let place = match all.values.entry((service, name.text)) {
                Entry::Vacant(_) if full => {
                    all.forgotten.get_or_insert(name);
                    continue;
                }
                place => place,
            };
            let holds_list = restriction::holds_list(text.text);
            place.insert_entry(Value { text, holds_list, used: 0, is_class: false });
        }
        if all.is_empty() {
            return all;
        }
        for line in lines() {
            let (LogicalLine::Parameter(Parameter { value, .. }) | LogicalLine::Bare(value)) = line;
            for word in words(value, &[',']) {
                let name = variable(word.text);
                let used = all.values.get_mut(&(None, name.unwrap_or(word.text)));
                if let Some(value) = used.filter(|value| name.is_some() || value.is_class_named(word.text)) {
                    value.used += 1;
                }
            }
        }
        if let Some(value) = all.value("smtpd_restriction_classes") {
            for class in words(value, &[',']) {
                if let Some(class) = all.values.get_mut(&(None, class.text)) {
                    // Being named in the list of classes does not count as a use.
                    class.used = class.used.saturating_sub(1);
                    class.is_class = true;
                }
            }
        }
        all
    }

    /// Are there none?
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Where more parameters begin than are remembered: variables of these have no value, and the last definition of a
    /// name does not replace those before.
    pub(crate) fn forgotten(&self) -> Option<Word<'a>> {
        self.forgotten
    }

    /// Is this the last definition of the parameter?
    pub(crate) fn is_last(&self, parameter: &Parameter<'a>) -> bool {
        let last = self.values.get(&(parameter.service, parameter.name.text));
        last.is_none_or(|last| last.text.at == parameter.value.at)
    }

    /// Does another parameter of the text use the value of this one?
    pub(crate) fn is_used(&self, name: Word<'_>) -> bool {
        self.values.get(&(None, name.text)).is_some_and(|value| value.used > 0)
    }

    /// Is it a restriction class?
    pub(crate) fn is_class(&self, name: Word<'_>) -> bool {
        self.values.get(&(None, name.text)).is_some_and(|value| value.is_class)
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
        self.values.get(&(None, name)).filter(|value| value.is_class_named(name)).map(|value| value.text)
    }

    /// Words, with each variable and each restriction class replaced by its value.
    pub(crate) fn words(&self, words: Words<'a>) -> Expanded<'_, 'a> {
        Expanded { parameters: self, open: vec![words] }
    }

    /// Is this true for the words? They are expanded again when they are read, so this must not use up what variables may
    /// add.
    pub(crate) fn look_ahead(&self, words: &Words<'a>, is_so: impl FnOnce(Expanded<'_, 'a>) -> bool) -> bool {
        let spent = self.spent.get();
        let found = is_so(self.words(words.clone()));
        self.spent.set(spent);
        found
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
            let Some(value) = self.value(name) else { return Err(named.undefined("the variable", named.text)) };
            let mut values = words(value, &[]);
            match (values.next(), values.next()) {
                (Some(value), None) if !value.text.contains('$') && value.text.len() <= MAX_NAME => {
                    text.push_str(value.text);
                }
                _ => return Err(named.unsupported("a variable inside a word that is more than one word")),
            }
            rest = Word::new(from.text.get(length..).unwrap_or_default(), from.at + length);
        }
        text.push_str(rest.text);
        // Positions in the expanded text do not exist in the original text, so they are not reported.
        read(Word::new(&text, 0)).map_err(|error| SpecError::new(error.kind(), word.span()))
    }
}

impl Value<'_> {
    /// Is it a restriction class with this name, which other restrictions may name?
    fn is_class_named(&self, name: &str) -> bool {
        self.holds_list && !restriction::is_restriction(name)
    }
}

/// The words of a value, and of the values that it names.
#[derive(Debug)]
pub(crate) struct Expanded<'p, 'a> {
    parameters: &'p Parameters<'a>,
    /// The values that are being read: each is named in the one before.
    open: Vec<Words<'a>>,
}

impl<'a> Iterator for Expanded<'_, 'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        loop {
            let Some(word) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            let parameters = self.parameters;
            let value = match variable(word.text) {
                Some(name) => parameters.value(name),
                None => parameters.lists_of(word.text),
            };
            match value {
                Some(value) if self.open.len() <= MAX_DEPTH && parameters.spent.get() < MAX_OCTETS => {
                    parameters.spent.set(parameters.spent.get() + value.text.len() + 1);
                    self.open.push(words(value, &[',']));
                }
                _ => return Some(word),
            }
        }
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

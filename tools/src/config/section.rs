//! The tables of the file, read key by key: one mistake hides no other, and messages are for administrators.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;

use rdnsbl::policy::Rule;
use rdnsbl::template::TemplateError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::place::{self, Mistake};

/// The text of the file, and its mistakes.
pub(super) struct Reader<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, mistakes: RefCell::default() }
    }

    pub(super) fn mistake_at(&self, span: &Range<usize>, message: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake::at(self.text, span, message));
    }

    /// What is no mistake, but is told beside mistakes.
    pub(super) fn note_at(&self, span: &Range<usize>, message: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake::note(self.text, span, message));
    }

    /// The number of a line.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        place::place(self.text, span).0
    }

    /// How many there are so far.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.borrow().len()
    }

    /// A mistake of the file as a whole.
    pub(super) fn mistake_anywhere(&self, message: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake::new(message));
    }

    /// All mistakes in their order. Further mistakes in a line with a syntax error are not reported.
    pub(super) fn finish(self, syntax: &[toml::de::Error]) -> Vec<Mistake> {
        let mut all: Vec<Mistake> = syntax.iter().map(|error| Mistake::of_syntax(self.text, error)).collect();
        let lines: Vec<usize> = all.iter().filter_map(Mistake::line).collect();
        let others = self.mistakes.into_inner().into_iter();
        all.extend(others.filter(|mistake| mistake.line().is_none_or(|line| !lines.contains(&line))));
        all.sort_by_key(Mistake::order);
        all
    }
}

/// One table.
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    /// What precedes its keys in messages: `lists.`, or nothing.
    path: String,
    /// Its position.
    span: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(reader: &'a Reader<'a>, table: &'a DeTable<'a>) -> Self {
        Self { reader, path: String::new(), span: 0..0, table: Some(table), known: Vec::new() }
    }

    pub(super) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    /// A mistake about the value of this key.
    pub(super) fn mistake<T>(&self, key: &str, value: &Spanned<T>, message: impl Display) {
        self.reader.mistake_at(&value.span(), format!("{}{key}: {message}", self.path));
    }

    /// Where a part of a text stands in the file. Unknown in a text with escapes.
    pub(super) fn inside(&self, text: &Spanned<String>, part: &Range<usize>) -> Range<usize> {
        let span = text.span();
        let source = self.reader.text.get(span.clone()).unwrap_or_default();
        match source.find(text.get_ref()) {
            Some(start) => span.start + start + part.start..span.start + start + part.end,
            None => span,
        }
    }

    /// A mistake about the table as a whole.
    pub(super) fn mistake_here(&self, message: impl Display) {
        self.reader.mistake_at(&self.span, format!("{}: {message}", self.path.trim_end_matches('.')));
    }

    /// The value of a key, of any type.
    fn any(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table?.get(key)
    }

    /// A value, or a mistake that says what is expected.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let value = self.any(key)?;
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            self.mistake(key, value, format_args!("expected {expected}"));
        }
        parsed.map(|parsed| Spanned::new(value.span(), parsed))
    }

    /// A value in quotes that this can read.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        self.value(key, expected, |value| parse(value.as_str()?))
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        self.parsed(key, TEXT, |text| Some(text.to_owned()))
    }

    /// A rule in quotes.
    pub(super) fn rule(&mut self, key: &'static str) -> Option<Rule> {
        let text = self.text(key)?;
        rule(text.get_ref()).map_err(|error| self.mistake(key, &text, error)).ok()
    }

    pub(super) fn flag(&mut self, key: &'static str, usual: bool) -> bool {
        self.value(key, "true or false", DeValue::as_bool).map_or(usual, Spanned::into_inner)
    }

    /// A whole number within some bounds.
    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        expected: &str,
        in_bounds: impl Fn(&T) -> bool,
    ) -> Option<T> {
        self.value(key, expected, |value| integer(value).filter(in_bounds)).map(Spanned::into_inner)
    }

    /// The values of a list, of any type; empty if there is none.
    pub(super) fn items(&mut self, key: &'static str) -> &'a [Spanned<DeValue<'a>>] {
        self.value(key, "a list in [ ]", |value| value.as_array()).map_or(&[], |list| list.into_inner())
    }

    /// A list of values in quotes that this can read; `None` if there is none.
    pub(super) fn parsed_list<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<Spanned<T>> {
        let mut list = Vec::new();
        for item in self.items(key) {
            match item.get_ref().as_str().and_then(&parse) {
                Some(parsed) => list.push(Spanned::new(item.span(), parsed)),
                None => self.mistake(key, item, format_args!("expected {expected}")),
            }
        }
        list
    }

    /// The same without the places.
    pub(super) fn list<T>(&mut self, key: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.parsed_list(key, expected, parse).into_iter().map(Spanned::into_inner).collect()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        self.parsed_list(key, TEXT, |text| Some(text.to_owned()))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// A table in this one; without keys if there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        match self.any(key) {
            Some(value) => self.named(key, value),
            None => self.below(key, 0..0, None),
        }
    }

    /// A table in this one with this name.
    pub(super) fn named(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Section<'a> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mistake(key, value, format_args!("expected a table: [{}{key}]", self.path));
        }
        self.below(key, value.span(), table)
    }

    /// Each `[[KEY]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.any(key) else { return Vec::new() };
        let tables = value.get_ref().as_array().map_or(&[][..], |tables| tables);
        if tables.is_empty() || tables.iter().any(|table| !table.get_ref().is_table()) {
            self.mistake(key, value, format_args!("expected tables: [[{}{key}]]", self.path));
        }
        tables.iter().map(|table| self.below(key, table.span(), table.get_ref().as_table())).collect()
    }

    fn below(&self, key: &str, span: Range<usize>, table: Option<&'a DeTable<'a>>) -> Section<'a> {
        Section { reader: self.reader, path: format!("{}{key}.", self.path), span, table, known: Vec::new() }
    }

    /// The keys that were not read, each with its value.
    pub(super) fn others(&self) -> Vec<(&'a str, Range<usize>, &'a Spanned<DeValue<'a>>)> {
        let all = self.table.into_iter().flat_map(DeTable::iter);
        let others = all.filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref()));
        others.map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect()
    }

    /// Keys that do not exist are mistakes.
    pub(super) fn end(mut self) {
        self.known.sort_unstable();
        for (key, span, _) in self.others() {
            let keys = self.known.join(", ");
            // By mistake it may be a zone with a key.
            let key = rdnsbl::remote_text::hide_keys(key);
            self.reader.mistake_at(&span, format!("{}{key}: no such key; the keys here are {keys}", self.path));
        }
    }
}

/// Reads a rule; the error says what a rule is.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let form = "a rule is pass, defer, reject, or a reply such as \"550 5.7.1 text\"";
    text.parse().map_err(|error: TemplateError| format!("{error}; {form}"))
}

/// A whole number that fits.
pub(super) fn integer<T: TryFrom<i64>>(value: &DeValue<'_>) -> Option<T> {
    let number = value.as_integer()?;
    T::try_from(i64::from_str_radix(number.as_str(), number.radix()).ok()?).ok()
}

/// What a value in quotes is called.
const TEXT: &str = "a text in quotes";

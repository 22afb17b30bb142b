//! The part of the UCL syntax that rules need: `name { key = "value"; other = [1, 2]; inner { ... } }`.

use crate::dnsxl::SpecError;
use crate::lists::notation::word::Word;

/// The maximum depth of nested objects; a rule needs four.
const MAX_DEPTH: usize = 8;

/// The value of a key.
#[derive(Debug)]
pub(crate) enum TreeValue<'a> {
    Scalar(Word<'a>),
    Array(Vec<Word<'a>>),
    Object(Vec<TreeEntry<'a>>),
}

/// A key and its value, and the position where the value ends.
#[derive(Debug)]
pub(crate) struct TreeEntry<'a> {
    pub(crate) key: Word<'a>,
    pub(crate) value: TreeValue<'a>,
    pub(crate) end: usize,
}

impl<'a> TreeValue<'a> {
    /// One text or several.
    pub(crate) fn texts(&self) -> Option<&[Word<'a>]> {
        match self {
            Self::Scalar(word) => Some(std::slice::from_ref(word)),
            Self::Array(words) => Some(words),
            Self::Object(_) => None,
        }
    }
}

/// Entries of one object, and values of one array, beyond these are not kept.
const MAX_ENTRIES: usize = 10_000;

/// What one call of the reader returns.
pub(crate) enum TreeItem<'a> {
    /// A value, which ends here.
    Value(TreeEntry<'a>),
    /// An object begins: the next entry is its first one. It has this key.
    Object(Word<'a>),
    /// The object, or the text, ends here.
    End,
}

/// Reads a text, one entry after the other.
#[derive(Clone, Debug)]
pub(crate) struct TreeReader<'a> {
    text: &'a str,
    at: usize,
    /// How many objects are open.
    depth: usize,
    /// The first entry that was not kept.
    forgotten: Option<Word<'a>>,
}

impl<'a> TreeReader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, forgotten: None }
    }

    /// Where what was read ends, without blanks behind it.
    pub(crate) fn end(&self) -> usize {
        self.text.get(..self.at).unwrap_or_default().trim_end().len()
    }

    /// Where an object has more entries than are kept.
    pub(crate) fn forgotten(&self) -> Option<Word<'a>> {
        self.forgotten
    }

    /// Reads one entry; an object is entered, not read.
    pub(crate) fn step(&mut self) -> Result<TreeItem<'a>, SpecError> {
        self.skip(&[';', ',']);
        match self.peek() {
            None if self.depth == 0 => return Ok(TreeItem::End),
            None => return Err(self.here().expected("\"}\"")),
            Some('}') if self.depth > 0 => {
                self.at += 1;
                self.depth -= 1;
                return Ok(TreeItem::End);
            }
            Some(_) => {}
        }
        let key = self.word("a key")?;
        if key.text.starts_with('.') {
            // A macro of UCL, such as `.include(try=true) "file"`: skipped up to the end of its line.
            let length = self.rest().find('\n').unwrap_or(self.rest().len());
            let value = TreeValue::Scalar(Word::new(self.rest().get(..length).unwrap_or_default(), self.at));
            self.at += length;
            return Ok(TreeItem::Value(TreeEntry { key, value, end: self.at }));
        }
        self.skip(&['=', ':']);
        if self.peek() == Some('{') {
            return self.enter(key);
        }
        let value = self.value()?;
        let end = self.at;
        self.skip(&[]);
        match (&value, self.peek()) {
            // `worker "normal" { ... }`: an object with a name.
            (TreeValue::Scalar(name), Some('{')) => self.enter(*name),
            _ => Ok(TreeItem::Value(TreeEntry { key, value, end })),
        }
    }

    fn enter(&mut self, key: Word<'a>) -> Result<TreeItem<'a>, SpecError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.here().unsupported("objects nested this deeply"));
        }
        self.at += 1;
        self.depth += 1;
        Ok(TreeItem::Object(key))
    }

    /// The entries of the object that is open, with all that they hold.
    pub(crate) fn entries(&mut self) -> Result<Vec<TreeEntry<'a>>, SpecError> {
        let mut entries = Vec::new();
        loop {
            let entry = match self.step()? {
                TreeItem::End => return Ok(entries),
                TreeItem::Value(entry) => entry,
                TreeItem::Object(key) => {
                    let value = TreeValue::Object(self.entries()?);
                    TreeEntry { key, value, end: self.at }
                }
            };
            self.keep(entry.key, entry, &mut entries);
        }
    }

    fn keep<T>(&mut self, place: Word<'a>, value: T, all: &mut Vec<T>) {
        if all.len() < MAX_ENTRIES {
            all.push(value);
        } else {
            self.forgotten.get_or_insert(place);
        }
    }

    fn value(&mut self) -> Result<TreeValue<'a>, SpecError> {
        match self.peek() {
            Some('[') => self.array(self.depth),
            Some('<') => Err(self.here().unsupported("a text of several lines")),
            _ => Ok(TreeValue::Scalar(self.word("a value")?)),
        }
    }

    /// The words of an array. Settings with objects or arrays in it are not among those read here.
    fn array(&mut self, depth: usize) -> Result<TreeValue<'a>, SpecError> {
        if depth >= MAX_DEPTH {
            return Err(self.here().unsupported("arrays nested this deeply"));
        }
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.skip(&[',']);
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(TreeValue::Array(words));
                }
                None => return Err(self.here().expected("\"]\"")),
                Some('[') => drop(self.array(depth + 1)?),
                Some('{') => {
                    let outer = self.depth;
                    self.depth = depth + 1;
                    self.enter(self.here())?;
                    self.skip_object()?;
                    self.depth = outer;
                }
                Some(_) => {
                    let word = self.word("a value")?;
                    self.keep(word, word, &mut words);
                }
            }
        }
    }

    /// Reads the object that is open, and keeps nothing.
    fn skip_object(&mut self) -> Result<(), SpecError> {
        let outer = self.depth - 1;
        while self.depth > outer {
            self.step()?;
        }
        Ok(())
    }

    /// Does the object that is open hold a key with a value? Nothing is read.
    pub(crate) fn holds(&self, key: &str) -> bool {
        let mut ahead = self.clone();
        loop {
            match ahead.step() {
                Ok(TreeItem::Value(entry)) if ahead.depth == self.depth && entry.key.text == key => return true,
                Ok(TreeItem::End) if ahead.depth < self.depth || self.depth == 0 && ahead.rest().is_empty() => {
                    return false;
                }
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// A text in quotation marks, without them, or a bare word.
    fn word(&mut self, what: &'static str) -> Result<Word<'a>, SpecError> {
        let rest = self.rest();
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            let inner = rest.get(1..).unwrap_or_default();
            let end = Word::new("", self.text.len());
            let length = inner.find(quote).ok_or_else(|| end.expected("a closing quotation mark"))?;
            let word = Word::new(inner.get(..length).unwrap_or_default(), self.at + 1);
            self.at += length + 2;
            return Ok(word);
        }
        let stops = |c: char| c.is_whitespace() || matches!(c, '=' | ';' | ',' | '{' | '}' | '[' | ']' | '"' | '#');
        let length = rest.find(stops).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.here().expected(what));
        }
        let word = Word::new(rest.get(..length).unwrap_or_default(), self.at);
        self.at += length;
        Ok(word)
    }

    /// Skips blanks, comments and these characters.
    fn skip(&mut self, others: &[char]) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || others.contains(&c));
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with('#') {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.at += trimmed.find("*/").map_or(trimmed.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn here(&self) -> Word<'a> {
        let length = self.peek().map_or(0, char::len_utf8);
        Word::new(self.rest().get(..length).unwrap_or_default(), self.at)
    }
}

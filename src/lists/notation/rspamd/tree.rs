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

/// The entries of a text.
pub(crate) fn read(text: &str) -> Result<Vec<TreeEntry<'_>>, SpecError> {
    TreeReader { text, at: 0 }.entries(0)
}

struct TreeReader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> TreeReader<'a> {
    /// Reads entries up to the end, or to the brace that closes the object.
    fn entries(&mut self, depth: usize) -> Result<Vec<TreeEntry<'a>>, SpecError> {
        let mut entries = Vec::new();
        loop {
            self.skip(&[';', ',']);
            match self.peek() {
                None if depth == 0 => return Ok(entries),
                None => return Err(self.here().expected("\"}\"")),
                Some('}') if depth > 0 => {
                    self.at += 1;
                    return Ok(entries);
                }
                Some(_) => {}
            }
            let key = self.word("a key")?;
            if key.text.starts_with('.') {
                // A macro of UCL, such as `.include(try=true) "file"`: skipped up to the end of its line.
                let length = self.rest().find('\n').unwrap_or(self.rest().len());
                let value = Word::new(self.rest().get(..length).unwrap_or_default(), self.at);
                self.at += length;
                entries.push(TreeEntry { key, value: TreeValue::Scalar(value), end: self.at });
                continue;
            }
            self.skip(&['=', ':']);
            let mut value = self.value(depth)?;
            self.skip(&[]);
            if let (TreeValue::Scalar(name), Some('{')) = (&value, self.peek()) {
                // `worker "normal" { ... }`: an object with a name.
                let (key, inner) = (*name, self.value(depth + 1)?);
                value = TreeValue::Object(vec![TreeEntry { key, value: inner, end: self.at }]);
            }
            entries.push(TreeEntry { key, value, end: self.at });
        }
    }

    fn value(&mut self, depth: usize) -> Result<TreeValue<'a>, SpecError> {
        match self.peek() {
            Some('{') if depth >= MAX_DEPTH => Err(self.here().unsupported("objects nested this deeply")),
            Some('{') => {
                self.at += 1;
                Ok(TreeValue::Object(self.entries(depth + 1)?))
            }
            Some('[') if depth >= MAX_DEPTH => Err(self.here().unsupported("arrays nested this deeply")),
            Some('[') => {
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
                        // Settings with objects in an array are not among those read here.
                        Some('{' | '[') => drop(self.value(depth + 1)?),
                        Some(_) => words.push(self.word("a value")?),
                    }
                }
            }
            Some('<') => Err(self.here().unsupported("a text of several lines")),
            _ => Ok(TreeValue::Scalar(self.word("a value")?)),
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

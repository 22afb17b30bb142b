//! Pieces of a configuration's text with their positions, and what all notations refuse to print.

use std::borrow::Cow;
use std::ops::Range;

use crate::dnsxl::{ListKind, ListSpec, NotCounted, OnNoAnswer, Part, SpecError, SpecErrorKind};

/// What a notation cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the notation cannot express: {0}")]
pub struct NotExpressible(pub(super) &'static str);

/// A piece of the text and the position where it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Word<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    pub(super) fn end(&self) -> usize {
        self.span().end
    }

    /// Without blanks, line ends and line continuations at both ends.
    pub(super) fn trim(self) -> Self {
        let blank = |c: char| c.is_ascii_whitespace() || c == '\\';
        let start = self.text.len() - self.text.trim_start_matches(blank).len();
        Self { text: self.text.trim_matches(blank), at: self.at + start }
    }

    /// The text before an octet.
    pub(super) fn before(self, index: usize) -> Self {
        Self::new(self.text.get(..index).unwrap_or_default(), self.at)
    }

    /// The text from an octet on.
    pub(super) fn after(self, index: usize) -> Self {
        Self::new(self.text.get(index..).unwrap_or_default(), self.at + index)
    }

    /// The text before and after the octet at `index`.
    pub(super) fn split(self, index: usize) -> (Self, Self) {
        let before = self.text.get(..index).unwrap_or_default();
        let after = self.text.get(index + 1..).unwrap_or_default();
        (Self::new(before, self.at), Self::new(after, self.at + index + 1))
    }

    pub(super) fn expected(&self, what: &'static str) -> SpecError {
        SpecError::new(SpecErrorKind::Expected(what), self.span())
    }

    pub(super) fn unsupported(&self, what: &'static str) -> SpecError {
        SpecError::new(SpecErrorKind::NotSupported(what), self.span())
    }

    /// A character that looks like a blank, for example copied from a web page. No software accepts it as a blank.
    pub(super) fn odd_blank(&self) -> Option<SpecError> {
        let (at, blank) = self.text.char_indices().find(|(_, c)| c.is_whitespace() && !c.is_ascii())?;
        let blank = self.text.get(at..at + blank.len_utf8()).unwrap_or_default();
        Some(Word::new(blank, self.at + at).expected("an ordinary blank; this one only looks like it"))
    }

    pub(super) fn read_anyway(&self, what: &'static str) -> SpecError {
        SpecError::new(SpecErrorKind::ReadAnyway(what), self.span())
    }

    /// This refers to something that the text does not define.
    pub(super) fn undefined(&self, what: &'static str, name: &str) -> SpecError {
        SpecError::new(SpecErrorKind::Undefined(what), self.span()).about(name)
    }

    pub(super) fn not_counted(&self, why: NotCounted) -> SpecError {
        SpecError::new(SpecErrorKind::NotCounted(why), self.span())
    }

    pub(super) fn left_out(&self, what: &'static str) -> SpecError {
        SpecError::new(SpecErrorKind::LeftOut(what), self.span())
    }

    /// Postfix's `zone[=codes][*weight]`.
    pub(super) fn spec(&self, kind: ListKind) -> Result<ListSpec, SpecError> {
        ListSpec::read(kind, self.text).map_err(|error| error.shifted(self.at))
    }

    /// A zone without anything else.
    pub(super) fn zone(&self, kind: ListKind) -> Result<ListSpec, SpecError> {
        if self.text.is_empty() {
            return Err(self.expected("a list domain"));
        }
        if self.text.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(self.expected("a list domain, not a number; a port is not possible here"));
        }
        match self.text.find(['*', '=', '&', '!']) {
            Some(at) => {
                Err(Word::new(self.text.get(at..=at).unwrap_or_default(), self.at + at).expected("a list domain"))
            }
            None => self.spec(kind),
        }
    }

    /// An address of four octets.
    pub(super) fn address(&self) -> Result<std::net::Ipv4Addr, SpecError> {
        self.text.parse().map_err(|_| {
            let leading = |octet: &str| octet.len() > 1 && octet.starts_with('0');
            match self.text.split('.').count() == 4 && self.text.split('.').any(leading) {
                true => self.expected("an address of four octets, without zeros in front"),
                false => self.expected("an address of four octets"),
            }
        })
    }
}

/// Words separated by blanks and by any of these characters; comment lines are skipped.
pub(super) fn words<'a>(text: Word<'a>, separators: &'static [char]) -> Words<'a> {
    Words { rest: text, separators, in_line: false }
}

/// The words of a text, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a> {
    rest: Word<'a>,
    separators: &'static [char],
    /// Is the start of this line behind us?
    in_line: bool,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        loop {
            let text = self.rest.text;
            let is_blank = |c: char| c.is_whitespace() && c != '\n';
            if !self.in_line && text.trim_start_matches(is_blank).starts_with('#') {
                self.rest = self.rest.after(text.find('\n')? + 1);
                continue;
            }
            let first = text.chars().next()?;
            self.in_line = first != '\n';
            let is_between = |c: char| c.is_ascii_whitespace() || self.separators.contains(&c);
            if is_between(first) {
                self.rest = self.rest.after(first.len_utf8());
                continue;
            }
            let end = text.find(is_between).unwrap_or(text.len());
            let word = self.rest.before(end);
            self.rest = self.rest.after(end);
            return Some(word);
        }
    }
}

/// The one part that a list is asked about, for notations that can express only one.
pub(super) fn only_part(list: &ListSpec) -> Result<Part, NotExpressible> {
    match (list.parts(), list.fixed_subjects()) {
        ([part], []) => Ok(*part),
        ([], [_, ..]) => Err(NotExpressible("subjects written in the configuration")),
        _ => Err(NotExpressible("several subjects")),
    }
}

/// Refuses what nearly no notation can express.
pub(super) fn no_more_than_codes(list: &ListSpec) -> Result<(), NotExpressible> {
    if list.reason_zone().is_some() {
        return Err(NotExpressible("reasons from another zone"));
    }
    if list.reply_template().is_some() {
        return Err(NotExpressible("a reply of its own"));
    }
    if list.only_null_sender() {
        return Err(NotExpressible("a list for the null sender only"));
    }
    if list.only_observed() {
        return Err(NotExpressible("a list that is only observed"));
    }
    Ok(())
}

/// Refuses a rule for lists that did not answer, unless it is the default.
pub(super) fn usual_on_no_answer(list: &ListSpec) -> Result<(), NotExpressible> {
    match list.on_no_answer() == OnNoAnswer::default_for(list.kind()) {
        true => Ok(()),
        false => Err(NotExpressible("a rule for a list that does not answer")),
    }
}

/// Replaces comment lines by blanks; every other octet keeps its position.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    let comments = lines_with_positions(text).filter(|line| line.text.trim_start().starts_with('#'));
    blanked(text, comments.map(|line| line.before(line.text.trim_end_matches('\n').len()).span()))
}

/// The lines of a text with their ends, and where each begins.
pub(super) fn lines_with_positions(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let word = Word::new(line, start);
        start = word.end();
        word
    })
}

/// The text with blanks in place of the characters in these ranges.
pub(super) fn blanked(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> Cow<'_, str> {
    let mut octets = Cow::Borrowed(text.as_bytes());
    for range in ranges {
        if let Some(part) = octets.to_mut().get_mut(range) {
            part.fill(b' ');
        }
    }
    match octets {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Whole characters were replaced, so it is text; if not, nothing is.
        Cow::Owned(octets) => String::from_utf8(octets).map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

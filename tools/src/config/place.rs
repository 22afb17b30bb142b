//! Mistakes and notes about the configuration file, with their place. The value itself is never shown: it may hold the key of a list.

use std::fmt;
use std::ops::Range;

/// One mistake: where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Line and column, both from 1.
    place: Option<(usize, usize)>,
    message: String,
    /// It keeps no configuration from being used, and is only told beside mistakes that do.
    is_note: bool,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), is_note: false }
    }

    pub(crate) fn at(text: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self { place: Some(place(text, span)), message: message.into(), is_note: false }
    }

    /// No mistake, but what an administrator who edits the file should know.
    pub(super) fn note(text: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self { is_note: true, ..Self::at(text, span, message) }
    }

    pub(crate) fn is_note(&self) -> bool {
        self.is_note
    }

    /// A mistake in the syntax.
    pub(super) fn of_syntax(text: &str, error: &toml::de::Error) -> Self {
        let message = match error.message() {
            message if message.starts_with("string values must be quoted") => "a text must stand in quotes",
            message if message.starts_with("unexpected leading zero") => {
                "a number has no zeros in front; a mode is a text in quotes"
            }
            message if message.starts_with("duplicate key") => "this key or table stands twice",
            message => message.split(", expected").next().unwrap_or(message),
        };
        match error.span() {
            Some(span) => Self::at(text, &span, message),
            None => Self::new(message),
        }
    }

    pub(super) fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// As they stand in the file, those of the whole file behind them, and notes last.
    pub(super) fn order(&self) -> (bool, (usize, usize)) {
        (self.is_note, self.place.unwrap_or((usize::MAX, 0)))
    }
}

/// Line and column, both from 1.
pub(super) fn place(text: &str, span: &Range<usize>) -> (usize, usize) {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// `LINE:COLUMN: message`, or `LINE:COLUMN: note: message`; the caller writes the file's name before it.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}{}", if self.is_note { "note: " } else { "" }, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let text = "a = 1\n\u{e9} = x";
        assert_eq!(Mistake::at(text, &(0..1), "m").to_string(), "1:1: m");
        assert_eq!(Mistake::at(text, &(text.len() - 1..text.len()), "m").to_string(), "2:5: m");
        assert_eq!(Mistake::at(text, &(900..901), "m").to_string(), "2:6: m");
    }
}

//! Mistakes in the configuration file, with their place. The value itself is never shown: it may hold the key of a list.

use std::fmt;
use std::ops::Range;

/// One mistake: where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Line and column, both from 1.
    place: Option<(usize, usize)>,
    message: String,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }

    pub(crate) fn at(text: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { place: Some((line, column)), message: message.into() }
    }

    /// A mistake in the syntax or in the kind of a value.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let (message, of_value) = without_value(error.message());
        match error.span() {
            Some(span) if of_value => Self::at(text, &span, key_before(text, span.start) + &message),
            Some(span) => Self::at(text, &span, message),
            None => Self::new(message),
        }
    }
}

/// `LINE:COLUMN: message`; the caller writes the file's name before it.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{line}:{column}: {}", self.message),
            None => write!(f, " {}", self.message),
        }
    }
}

/// serde quotes the wrong value: `invalid type: string "...", expected a boolean`. The message without it, and whether it was
/// about a value.
fn without_value(message: &str) -> (String, bool) {
    let of_value =
        ["invalid type: ", "invalid value: ", "unknown variant "].iter().any(|start| message.starts_with(start));
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if of_value => (format!("expected {expected}"), true),
        _ => (message.to_owned(), false),
    }
}

/// The key whose value stands there, with its table: `lists.deny: `; empty where none is found.
fn key_before(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let is_key = |key: &str| {
        !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_-.".contains(&octet))
    };
    let mut lines = before.lines().rev().map(str::trim);
    let key = lines.by_ref().find_map(|line| Some(line.split_once('=')?.0.trim()).filter(|key| is_key(key)));
    let table = lines.find_map(|line| line.strip_prefix('[')?.split(']').next());
    let table = table.map(|table| table.trim_matches(['[', ' '])).filter(|table| is_key(table));
    match (table, key) {
        (Some(table), Some(key)) => format!("{table}.{key}: "),
        (None, Some(key)) => format!("{key}: "),
        (_, None) => String::new(),
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

    #[test]
    fn values_are_not_repeated() {
        let message = r#"invalid type: string "KEY.zen.example, expected x", expected a boolean"#;
        assert_eq!(without_value(message), ("expected a boolean".to_owned(), true));
        let unknown = "unknown field `x`, expected `y`";
        assert_eq!(without_value(unknown), (unknown.to_owned(), false));
    }
}

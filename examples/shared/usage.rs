//! A command line that cannot be read: what is wrong with it, and where.

use std::fmt;
use std::ops::Range;

use rdnsbl::remote_text::hide_keys;

/// Longer texts are not repeated.
const MAX_SHOWN: usize = 200;

/// The message, in lines for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage(String);

impl Usage {
    /// A mistake without a position.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A mistake in `text`, with a mark under its octets `span`.
    pub(crate) fn at(message: impl fmt::Display, text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or_default().chars().count();
        let marked = text.get(span).unwrap_or_default().chars().count().max(1);
        Self::pointed(message, &format!("{}\n{}{}", one_line(text), " ".repeat(before), "^".repeat(marked)))
    }

    /// A mistake whose position is already drawn: a line of text and a line of marks.
    pub(crate) fn pointed(message: impl fmt::Display, drawing: &str) -> Self {
        let mut lines = message.to_string();
        let drawing = hide_keys(drawing);
        let is_empty = drawing.lines().next().is_none_or(str::is_empty);
        if !is_empty && drawing.lines().all(|line| line.chars().count() <= MAX_SHOWN) {
            for line in drawing.lines() {
                lines.push_str("\n    ");
                lines.push_str(line);
            }
        }
        Self(lines)
    }

    /// The error of the reader of arguments in our words: its own text would repeat values, which may hold keys.
    pub(crate) fn of_parser(error: &lexopt::Error) -> Self {
        Self::new(match error {
            lexopt::Error::MissingValue { option: Some(option) } => format!("{} needs a value", echo(option)),
            lexopt::Error::UnexpectedValue { option, .. } => format!("{} takes no value", echo(option)),
            lexopt::Error::UnexpectedOption(option) => {
                format!("there is no option {} (--help lists them)", echo(option))
            }
            _ => "the command line cannot be read (--help tells more)".to_owned(),
        })
    }

    /// Several mistakes at once.
    pub(crate) fn all(mistakes: &[Self]) -> Self {
        Self(mistakes.iter().map(|mistake| mistake.0.as_str()).collect::<Vec<_>>().join("\ncheck: "))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text of the command line, made safe to repeat: one line, no control characters, no keys.
pub(crate) fn echo(text: &str) -> String {
    if text.chars().count() > MAX_SHOWN { "...".to_owned() } else { hide_keys(&one_line(text)) }
}

/// Character by character, so that marks stay in place: what is neither letter, digit, visible ASCII nor blank becomes `?`.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

//! The answer to Postfix: an action of access(5).

use std::fmt;

use rdnsbl::Action;

use crate::config::{Judgement, OnTrouble};

/// The longest value of a header: with its name and `PREPEND ` the line stays below 998 octets (RFC 5322 §2.1.1).
const MAX_HEADER: usize = 900;

/// One action. None of them accepts mail: `OK`, `permit` and bare numbers, which mean OK, cannot be made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing against it; the restrictions that follow decide.
    Dunno,
    /// A reply that defers or rejects.
    Reply(Action, String),
    /// A restriction class of `main.cf`.
    Class(String),
    /// A header field.
    Prepend { name: String, value: String },
    /// The daemon failed, and the configuration says to defer.
    Trouble,
}

impl Answer {
    /// `mark` follows the text of a reply.
    pub(crate) fn of(judgement: &Judgement, mark: &str) -> Self {
        match (&judgement.class, judgement.action()) {
            (Some(class), _) => Self::Class(class.as_str().to_owned()),
            (None, Action::Pass) => Self::Dunno,
            (None, action) => Self::Reply(action, judgement.advice.postfix_action() + mark),
        }
    }

    pub(crate) fn trouble(on_trouble: OnTrouble) -> Self {
        match on_trouble {
            OnTrouble::Dunno => Self::Dunno,
            OnTrouble::Defer => Self::Trouble,
        }
    }
}

/// The line after `action=`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dunno => f.write_str("DUNNO"),
            Self::Reply(_, action) => f.write_str(action),
            Self::Class(name) => f.write_str(name),
            Self::Prepend { name, value } => {
                let printable = |letter: char| if letter == ' ' || letter.is_ascii_graphic() { letter } else { '?' };
                let value: String = value.chars().map(printable).take(MAX_HEADER).collect();
                write!(f, "PREPEND {name}: {value}")
            }
            Self::Trouble => f.write_str("DEFER_IF_PERMIT 4.3.0 Mail policy service failed; try again later"),
        }
    }
}

#[cfg(test)]
#[path = "answer_property.rs"]
mod property;

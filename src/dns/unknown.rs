//! Why a verdict is unknown.

use std::fmt;

use crate::dns::{ExtendedError, Failure};

/// Why a verdict is unknown.
///
/// ```
/// use rdnsbl::{Failure, UnknownReason};
///
/// assert_eq!(UnknownReason::from(Failure::Timeout).word(), "timeout");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UnknownReason {
    /// The question could not be answered.
    Failed(Failure),
    /// A list said "listed", but did not prove at that time that it is sane.
    Unproven,
    /// The check did not wait for the answer, because it could not change the outcome any more.
    NotAwaited,
    /// The resolver is at fault, so its answers about this are not believed.
    Resolver,
}

impl UnknownReason {
    /// One lower-case word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed(failure) => failure.word(),
            Self::Unproven => "unproven",
            Self::NotAwaited => "not_awaited",
            Self::Resolver => "resolver",
        }
    }
}

/// The reason, with the extended DNS error of the resolver, for people.
pub(crate) fn with_extended_error(why: &UnknownReason, error: Option<ExtendedError>) -> String {
    match error {
        Some(error) => format!("{why}: {error}"),
        None => why.to_string(),
    }
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Unproven => f.write_str("the list could not be shown to be sane"),
            Self::NotAwaited => f.write_str("not waited for"),
            Self::Resolver => f.write_str("the resolver is at fault"),
        }
    }
}

impl From<Failure> for UnknownReason {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

//! Why a text is no list.

use std::ops::Range;

use crate::dnsxl::codes::PatternErrorKind;
use crate::name::NameErrorKind;
use crate::template::TemplateErrorKind;
use crate::text::hide_keys;

/// Why a text is no list, and where. It never repeats the text, which may hold a key: [`point_at`](Self::point_at) draws.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {}", span.start + 1)]
pub struct SpecError {
    kind: SpecErrorKind,
    span: Range<usize>,
}

impl SpecError {
    pub(crate) fn new(kind: SpecErrorKind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// The same mistake in a text in which this one starts at `offset`.
    pub(crate) fn shifted(self, offset: usize) -> Self {
        Self { kind: self.kind, span: offset + self.span.start..offset + self.span.end }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> SpecErrorKind {
        self.kind
    }

    /// Which octets of the text are wrong; an empty range stands where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text with a mark under the part that is wrong: two lines. What may be a key is
    /// hidden ([`hide_keys`]).
    #[must_use]
    pub fn point_at(&self, source: &str) -> String {
        let mask = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
        };
        let before = mask(source.get(..self.span.start).unwrap_or(source));
        let marked = source.get(self.span.clone()).unwrap_or_default().chars().count().max(1);
        let line = hide_keys(&mask(source));
        format!("{line}\n{}{}", " ".repeat(before.chars().count()), "^".repeat(marked))
    }
}

/// What can be wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SpecErrorKind {
    /// The zone is no domain name.
    #[error("zone: {0}")]
    Zone(NameErrorKind),
    /// The codes are no pattern.
    #[error("codes: {0}")]
    Codes(PatternErrorKind),
    /// The weight is no whole number of 32 bits.
    #[error("weight: need a whole number")]
    Weight,
    /// Something else should stand here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The notation can say this, and nothing here can.
    #[error("not supported: {0}")]
    NotSupported(&'static str),
    /// The reply's text is no template.
    #[error("reply: {0}")]
    Reply(TemplateErrorKind),
}

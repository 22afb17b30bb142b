//! Why a text is not a list.

use std::fmt;
use std::ops::Range;

use crate::base::name::NameErrorKind;
use crate::base::remote_text::{RemoteText, hide_keys};
use crate::base::template::TemplateErrorKind;
use crate::dnsxl::code_pattern::PatternErrorKind;

/// Why a text is not a list, and where. Its message never repeats the text, which may contain a key:
/// [`point_at`](Self::point_at) shows the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{} at octet {}", Named(named.as_deref()), span.start + 1)]
pub struct SpecError {
    kind: SpecErrorKind,
    span: Range<usize>,
    /// A name that completes the message, made printable.
    named: Option<Box<str>>,
}

/// Prints a name after a message, if there is one.
struct Named<'a>(Option<&'a str>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

impl SpecError {
    pub(crate) fn new(kind: SpecErrorKind, span: Range<usize>) -> Self {
        Self { kind, span, named: None }
    }

    /// Adds the name that the error is about. It is made printable; what looks like a key is hidden.
    pub(crate) fn about(self, name: &str) -> Self {
        let named = hide_keys(RemoteText::clean(name.as_bytes()).as_str()).into_boxed_str();
        Self { named: Some(named), ..self }
    }

    /// The same error in a longer text, in which the first text starts at `offset`.
    pub(crate) fn shifted(self, offset: usize) -> Self {
        Self { span: offset + self.span.start..offset + self.span.end, ..self }
    }

    /// Replaces the error by a more helpful one for common mistakes, such as syntax of other notations.
    pub(crate) fn explained(self, text: &str) -> Self {
        use {NameErrorKind as Name, PatternErrorKind as Codes, SpecErrorKind as Kind};
        let here = text.get(self.span.start..).unwrap_or_default();
        let next = here.chars().next();
        let expected = |what, span: Range<usize>| Self::new(Kind::Expected(what), span);
        if let Some((at, blank)) = text.char_indices().find(|(_, c)| c.is_whitespace() && !c.is_ascii()) {
            return expected("an ordinary blank; this one only looks like it", at..at + blank.len_utf8());
        }
        if let Some(at) = text.find("://") {
            return expected("a list domain, not a URL", 0..at + 3);
        }
        match (self.kind, next) {
            (Kind::Zone(Name::BadCharacter), Some(c)) if c.is_whitespace() => {
                expected("no blank inside a list; lists are separated by commas", self.span)
            }
            (Kind::Zone(Name::BadCharacter), Some(';' | '|' | '\u{3001}' | '\u{ff0c}' | '\u{ff1b}')) => {
                expected("one list; lists are separated by commas", self.span)
            }
            (Kind::Weight, _) if text.starts_with('*') => expected("a list domain, without wildcard", 0..1),
            (Kind::Zone(Name::BadCharacter), Some(':')) if is_port(here) => {
                Self::new(Kind::NotSupported("a port; lists are asked through the resolver"), self.span)
            }
            (Kind::Zone(Name::BadCharacter), Some('"' | '\'' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')) => {
                expected("a list domain without quotation marks", self.span)
            }
            (Kind::Codes(Codes::NeedSeparator), Some('-')) => expected("\"..\" in a range, as in [2..11]", self.span),
            (Kind::Codes(Codes::NeedSeparator), Some(',')) => {
                expected("\";\" between numbers, as in [2;11]", self.span)
            }
            (Kind::Codes(Codes::Garbage), Some('-')) => {
                let what = "a range of whole codes; 127.0.0.[2..11] is a range of one octet";
                Self::new(Kind::NotSupported(what), self.span)
            }
            (Kind::Codes(Codes::Garbage), Some('/')) => {
                Self::new(Kind::NotSupported("a prefix length; [0..255] stands for every number"), self.span)
            }
            (Kind::Codes(Codes::NeedOctet | Codes::NeedDot | Codes::Garbage), Some(c)) if c.is_whitespace() => {
                expected("no blank inside a list; lists are separated by commas", self.span)
            }
            (Kind::Weight, _) if text.get(..self.span.start).is_some_and(|before| before.ends_with(".*")) => {
                expected("a number, or [0..255] for every one", self.span.start - 1..self.span.start)
            }
            _ => self,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> SpecErrorKind {
        self.kind
    }

    /// The octets of the text that are wrong; an empty range where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether this is not a mistake, but a part of a configuration that asks no list, such as `permit_mynetworks`. Show it
    /// to the author of the text, because this crate does not apply it.
    ///
    /// ```
    /// use rdnsbl::lists::notation;
    ///
    /// let text = "smtpd_client_restrictions = permit_mynetworks, reject_rbl_client zen.example";
    /// let read: Vec<_> = notation::read_any(text).map(|(_, list)| list).collect();
    /// assert!(read[0].as_ref().is_err_and(|error| error.is_left_out()));
    /// assert!(read[1].is_ok());
    /// ```
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        matches!(self.kind, SpecErrorKind::LeftOut(_) | SpecErrorKind::NotCounted(_))
    }

    /// Whether the list was read, although the software for which the text was written would read it differently or not at
    /// all. This is neither a mistake nor [left out](Self::is_left_out).
    #[must_use]
    pub fn is_remark(&self) -> bool {
        matches!(self.kind, SpecErrorKind::ReadAnyway(_) | SpecErrorKind::NotContinued)
    }

    /// Whether this is neither [left out](Self::is_left_out) nor a [remark](Self::is_remark).
    #[must_use]
    pub fn is_mistake(&self) -> bool {
        !self.is_left_out() && !self.is_remark()
    }

    /// Two lines: the text, and a mark under the part that is wrong. What may be a key is hidden ([`hide_keys`]).
    ///
    /// ```
    /// let text = "bl.example=127.0.0.256";
    /// let error = rdnsbl::ListSpec::deny(text).unwrap_err();
    /// eprintln!("{error}\n{}", error.point_at(text));
    /// # let pointed = error.point_at(text);
    /// # assert!(pointed.starts_with(text) && pointed.lines().nth(1).is_some_and(|mark| mark.contains('^')), "{pointed}");
    /// ```
    #[must_use]
    pub fn point_at(&self, source: &str) -> String {
        let start = source.get(..self.span.start).unwrap_or(source).rfind('\n').map_or(0, |at| at + 1);
        let end = source.get(start..).and_then(|rest| rest.find('\n')).map_or(source.len(), |at| start + at);
        let span = self.span.start.saturating_sub(start)..self.span.end.min(end).saturating_sub(start);
        Self { span, ..self.clone() }.mark(source.get(start..end).unwrap_or_default())
    }

    fn mark(&self, source: &str) -> String {
        let mask = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
        };
        let before = mask(source.get(..self.span.start).unwrap_or(source));
        let marked = source.get(self.span.clone()).unwrap_or_default().chars().count().max(1);
        let line = hide_keys(&mask(source));
        format!("{line}\n{}{}", " ".repeat(before.chars().count()), "^".repeat(marked))
    }
}

/// Does the text start with a port, `:53`, up to its end, codes or weight?
fn is_port(text: &str) -> bool {
    let digits = text.get(1..).unwrap_or_default().split(['=', '*']).next().unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
}

/// What can be wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SpecErrorKind {
    /// The zone is not a domain name.
    #[error("zone: {0}")]
    Zone(NameErrorKind),
    /// The codes are not a valid pattern.
    #[error("codes: {0}")]
    Codes(PatternErrorKind),
    /// The weight is not an integer of 32 bits.
    #[error("weight: need a whole number behind \"*\"")]
    Weight,
    /// Something else was expected here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The notation allows this, but this crate does not support it.
    #[error("not supported: {0}")]
    NotSupported(&'static str),
    /// This part asks no list, or none that counts. The lists beside it are read. See [`SpecError::is_left_out`].
    #[error("left out: {0}")]
    LeftOut(&'static str),
    /// This names lists that do not count. It is [left out](SpecError::is_left_out).
    #[error("left out: {0}")]
    NotCounted(NotCounted),
    /// This line was meant to continue a value, and does not start with a blank: Postfix stops there. It is read all
    /// the same, a [remark](SpecError::is_remark).
    #[error("read all the same: a continuation line starts with a blank; Postfix stops at this line")]
    NotContinued,
    /// The lists are read, but the software for which the text was written does something else. See
    /// [`SpecError::is_remark`].
    #[error("read all the same: {0}")]
    ReadAnyway(&'static str),
    /// This refers to a definition that the text does not contain. The message contains its name.
    #[error("this text does not define {0}")]
    Undefined(&'static str),
    /// The reply is not a valid template.
    #[error("reply: {0}")]
    Reply(TemplateErrorKind),
}

/// Why lists that a configuration names do not count there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotCounted {
    /// They stand behind an unconditional permit, reject or defer.
    NeverReached,
    /// Postfix's `warn_if_reject` stands before them: they refuse nothing.
    WarnIfReject,
    /// They stand in a `warn` statement of Exim: they refuse nothing.
    Warn,
    /// The parameter is given again below, and the last one counts.
    GivenAgain,
    /// The rule is given again below, and the last one counts.
    RuleGivenAgain,
    /// The score of the rule is 0.
    SwitchedOff,
}

impl fmt::Display for NotCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverReached => "a list that is never asked, behind an unconditional permit, reject or defer",
            Self::WarnIfReject => "warn_if_reject, and the list behind it, which refuses nothing",
            Self::Warn => "warn, and its lists, which refuse nothing",
            Self::GivenAgain => "a parameter that is given again below; the last one counts",
            Self::RuleGivenAgain => "a rule that is given again below; the last one counts",
            Self::SwitchedOff => "a rule that is switched off, since its score is 0",
        })
    }
}

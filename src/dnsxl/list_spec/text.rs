//! A list in Postfix's notation: read and written.

use std::fmt;
use std::str::FromStr;

use crate::base::name::{Name, NameErrorKind};
use crate::dnsxl::code_filter::CodeFilter;
use crate::dnsxl::code_pattern::CodePattern;
use crate::dnsxl::kind::ListKind;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::list_spec::error::{SpecError, SpecErrorKind};

impl ListSpec {
    pub(crate) fn read(kind: ListKind, text: &str) -> Result<Self, SpecError> {
        Self::parse(kind, text).map_err(|error| error.explained(text))
    }

    fn parse(kind: ListKind, text: &str) -> Result<Self, SpecError> {
        let (rest, weight) = match text.rfind('*') {
            Some(star) => {
                let number = text.get(star + 1..).unwrap_or_default();
                let weight = number.parse().map_err(|_| SpecError::new(SpecErrorKind::Weight, star + 1..text.len()))?;
                (text.get(..star).unwrap_or_default(), weight)
            }
            None => (text, 1),
        };
        let (zone, codes) = match rest.find('=') {
            Some(equals) => {
                let pattern = rest.get(equals + 1..).unwrap_or_default();
                let codes = pattern.parse::<CodePattern>().map_err(|error| {
                    let span = error.span();
                    SpecError::new(SpecErrorKind::Codes(error.kind()), equals + 1 + span.start..equals + 1 + span.end)
                })?;
                (rest.get(..equals).unwrap_or_default(), Some(codes))
            }
            None => (rest, None),
        };
        // Text copied from a web page may contain typographic quotes or commas, which UTS 46 would accept in a label.
        let mark = |c: &char| {
            matches!(c, '\u{2010}'..='\u{205e}' | '\u{ab}' | '\u{bb}' | '\u{3001}' | '\u{ff0c}' | '\u{ff1b}')
        };
        if let Some((at, c)) = zone.char_indices().find(|(_, c)| mark(c)) {
            return Err(SpecError::new(SpecErrorKind::Zone(NameErrorKind::BadCharacter), at..at + c.len_utf8()));
        }
        let name =
            Name::parse(zone).map_err(|error| SpecError::new(SpecErrorKind::Zone(error.kind()), error.span()))?;
        if !name.is_host() {
            let kind = if name.labels().all(crate::base::name::is_host_label) && !name.is_root() {
                NameErrorKind::Numeric
            } else {
                NameErrorKind::BadCharacter
            };
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let first = zone.char_indices().find(|(_, c)| c.is_ascii() && !allowed(*c)).map(|(at, _)| at..at + 1);
            return Err(SpecError::new(SpecErrorKind::Zone(kind), first.unwrap_or(0..zone.len())));
        }
        Ok(Self { codes: codes.map(CodeFilter::from), weight, ..Self::of_zone(kind, name) })
    }
}

impl FromStr for ListSpec {
    type Err = SpecError;

    /// A deny list in Postfix's notation.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        Self::deny(text)
    }
}

/// Postfix's notation, with the zone without its key.
impl fmt::Display for ListSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.named())?;
        if let Some(codes) = &self.codes {
            write!(f, "{codes}")?;
        }
        if self.weight != 1 {
            write!(f, "*{}", self.weight)?;
        }
        Ok(())
    }
}

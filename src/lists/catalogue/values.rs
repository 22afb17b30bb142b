//! Reads the values of a catalogue's lines.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::{CodePattern, CodeTest, Disposition, DomainForm, ListSpec, Part, SubjectKind};
use crate::lists::catalogue::date::Date;
use crate::lists::catalogue::entry::{Access, Speaks};
use crate::lists::catalogue::error::CatalogueErrorKind as Wrong;
use crate::lists::catalogue::shutdown::ShutdownSign;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusWord {
    Active,
    Restricted,
    Unverified,
    Suspect,
    Renamed,
    Merged,
    Retired,
    Never,
}

/// The value, or the error for a missing value.
pub(super) fn needed(value: &str) -> Result<&str, Wrong> {
    if value.is_empty() { Err(Wrong::Empty) } else { Ok(value) }
}

/// The first word, and what follows it.
pub(super) fn word_and_rest(text: &str) -> (&str, &str) {
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

pub(super) fn zone_name(text: &str) -> Result<Name, Wrong> {
    let name = Name::parse(text).map_err(|error| Wrong::Name(error.kind()))?;
    match name.secret() {
        Some(_) => Err(Wrong::Key),
        None if name.is_host() => Ok(name),
        None => Err(Wrong::NotAHost),
    }
}

pub(super) fn zone_and_access(value: &str) -> Result<(Name, Access), Wrong> {
    let (name, rest) = word_and_rest(value);
    let access = match rest {
        "" => Access::Open,
        "key" => Access::KeyNeeded,
        "key-accepted" => Access::KeyAccepted,
        _ => return Err(Wrong::Word("key or key-accepted, or nothing, after the name")),
    };
    Ok((zone_name(name)?, access))
}

pub(super) fn read_codes(text: &str) -> Result<CodePattern, Wrong> {
    let codes: CodePattern = text.parse().map_err(|error: crate::dnsxl::PatternError| Wrong::Codes(error.kind()))?;
    if codes.is_within_loopback() { Ok(codes) } else { Err(Wrong::Outside127) }
}

pub(super) fn read_bit(text: &str) -> Result<u8, Wrong> {
    text.parse::<u8>().ok().filter(|bit| bit.is_power_of_two()).ok_or(Wrong::Bit)
}

/// `NAME [CODES | bit N]`.
pub(super) fn read_part_of(value: &str) -> Result<(Name, Option<CodeTest>), Wrong> {
    let (name, rest) = word_and_rest(value);
    let part_codes = match word_and_rest(rest) {
        ("", _) => None,
        ("bit", bit) => Some(CodeTest::any_bit(Ipv4Addr::new(0, 0, 0, read_bit(bit)?))),
        (codes, "") => Some(CodeTest::pattern(read_codes(codes)?)),
        _ => return Err(Wrong::Garbage),
    };
    Ok((zone_name(name)?, part_codes))
}

/// `[DATE|undated] TEXT`. A text without a date must not begin like one.
pub(super) fn read_source(value: &str) -> Result<(Option<Date>, Arc<str>), Wrong> {
    let (word, rest) = word_and_rest(value);
    match word.parse() {
        Ok(date) => Ok((Some(date), needed(rest)?.into())),
        Err(_) if word == "undated" => Ok((None, needed(rest)?.into())),
        Err(_) => Ok((None, value.into())),
    }
}

pub(super) fn read_kind(word: &str) -> Result<SubjectKind, Wrong> {
    word.parse().map_err(|_| Wrong::SubjectKind)
}

pub(super) fn read_speaks(word: &str) -> Result<Speaks, Wrong> {
    match word {
        "against" => Ok(Speaks::Against),
        "for" => Ok(Speaks::For),
        "both" => Ok(Speaks::Both),
        _ => Err(Wrong::Word("against, for or both")),
    }
}

pub(super) fn read_form(word: &str) -> Result<DomainForm, Wrong> {
    match word {
        "full" => Ok(DomainForm::Full),
        "registrable" => Ok(DomainForm::Registrable),
        _ => Err(Wrong::Word("full or registrable")),
    }
}

pub(super) fn read_disposition(word: &str) -> Result<Disposition, Wrong> {
    match word {
        "deny" => Ok(Disposition::Deny),
        "allow" => Ok(Disposition::Allow),
        "neutral" => Ok(Disposition::Neutral),
        "test" => Ok(Disposition::Test),
        "refusal" => Ok(Disposition::Refusal),
        _ => Err(Wrong::Disposition),
    }
}

/// `WORD [DATE] [DEATH...]`.
pub(super) fn read_status(value: &str) -> Result<(StatusWord, Option<Date>, Vec<ShutdownSign>), Wrong> {
    let mut words = value.split_whitespace().peekable();
    let word = match words.next() {
        Some("active") => StatusWord::Active,
        Some("restricted") => StatusWord::Restricted,
        Some("unverified") => StatusWord::Unverified,
        Some("suspect") => StatusWord::Suspect,
        Some("renamed") => StatusWord::Renamed,
        Some("merged") => StatusWord::Merged,
        Some("retired") => StatusWord::Retired,
        Some("never") => StatusWord::Never,
        _ => return Err(Wrong::Status),
    };
    let dated = words.peek().is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let since = if dated { words.next().map(str::parse).transpose()? } else { None };
    let how =
        words.map(|word| word.parse::<ShutdownSign>().map_err(|_| Wrong::ShutdownSign)).collect::<Result<_, _>>()?;
    Ok((word, since, how))
}

/// `DATE deny|allow SPEC [PART...]`.
pub(super) fn read_recommended(value: &str) -> Result<(Date, ListSpec), Wrong> {
    let (date, rest) = word_and_rest(value);
    let (kind, rest) = word_and_rest(rest);
    let (spec, parts) = word_and_rest(rest);
    let spec = match kind {
        "deny" => ListSpec::deny(spec),
        "allow" => ListSpec::allow(spec),
        _ => return Err(Wrong::Word("deny or allow")),
    }
    .map_err(|error| Wrong::Spec(error.kind()))?;
    let parts = parts
        .split_whitespace()
        .map(|part| match part.parse() {
            Ok(part @ (Part::Address | Part::Helo | Part::Sender | Part::Recipient)) => Ok(part),
            _ => Err(Wrong::Word("address, helo, sender or recipient")),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let spec = if parts.is_empty() { spec } else { spec.with_parts(parts) };
    Ok((date.parse()?, spec))
}

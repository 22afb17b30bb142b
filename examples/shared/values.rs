//! The values of options.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rdnsbl::policy::Rule;
use rdnsbl::template::TemplateErrorKind;
use rdnsbl::{Action, Name, Policy};

use crate::usage::{Usage, echo};

/// The port of DNS (RFC 1035 §4.2).
const PORT: u16 = 53;

/// A whole number.
pub(crate) fn number(option: &str, text: &str) -> Result<i32, Usage> {
    text.parse().map_err(|_| Usage::at(format!("{option}: need a whole number"), text, 0..text.len()))
}

/// A duration with its unit: `300ms`, `2s`, `1.5s`, `1m`. Zero needs no unit.
pub(crate) fn duration(option: &str, text: &str) -> Result<Duration, Usage> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let wrong = |what: &str, from: usize, to: usize| {
        Usage::at(format!("{option}: {what}, as in 300ms, 2s, 1.5s"), text, from..to)
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let number: f64 = match digits.parse() {
        Ok(number) if digits.starts_with(|c: char| c.is_ascii_digit()) => number,
        _ => return Err(wrong("need a number with its unit", 0, end)),
    };
    let seconds = match unit {
        "us" => number / 1_000_000.0,
        "ms" => number / 1_000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3_600.0,
        _ => return Err(wrong("need a unit", end, text.len())),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong("too long", 0, text.len()))
}

/// An address with or without port: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`, `fe80::1%2`.
pub(crate) fn resolver(text: &str) -> Result<SocketAddr, Usage> {
    let bare = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT));
    let bracketed = || if text.starts_with('[') { format!("{text}:{PORT}") } else { format!("[{text}]:{PORT}") };
    let found = bare.or_else(|_| text.parse()).or_else(|_| bracketed().parse()).ok();
    found
        .filter(|server: &SocketAddr| server.port() != 0)
        .ok_or_else(|| Usage::at("--resolver: need IP or IP:PORT, [IPV6]:PORT", text, 0..text.len()))
}

/// A domain name.
pub(crate) fn name(option: &str, text: &str) -> Result<Name, Usage> {
    Name::parse(text).map_err(|error| {
        // The error's position counts in the A-label form, which differs from the text that was typed.
        let span = if text.is_ascii() { error.span() } else { 0..text.len() };
        Usage::at(format!("{option}: {}", error.kind()), text, span)
    })
}

/// The name of a policy; the suffix `-strict` makes it stricter.
pub(crate) fn preset(option: &str, text: &str) -> Result<Policy, Usage> {
    const WORDS: &[(&str, bool)] = &[
        ("rfc", false),
        ("postfix", false),
        ("sendmail", false),
        ("rfc-strict", true),
        ("postfix-strict", true),
        ("sendmail-strict", true),
        ("observe", false),
    ];
    let is_strict = word(option, text, WORDS)?;
    let name = text.strip_suffix("-strict").unwrap_or(text);
    let policy = Policy::named(name).ok_or_else(|| Usage::new(format!("{option}: {name} does not exist")))?;
    Ok(if is_strict { policy.strict() } else { policy })
}

/// A reply line with variables.
pub(crate) fn template(option: &str, text: &str) -> Result<Rule, Usage> {
    let rule = text.parse::<Rule>().map_err(|error| Usage::at(format!("{option}: {error}"), text, error.span()))?;
    // The library accepts these words as rules, too; here only a reply line makes sense.
    if [Action::Pass, Action::Defer, Action::Reject].iter().any(|action| action.word() == text) {
        return Err(Usage::at(format!("{option}: {}", TemplateErrorKind::NeedCode), text, 0..text.len()));
    }
    Ok(rule)
}

/// One of these words.
pub(crate) fn word<T: Copy>(option: &str, text: &str, words: &[(&str, T)]) -> Result<T, Usage> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Usage::new(format!("{option}: \"{}\" is not one of: {}", echo(text), words.join(", ")))
    })
}

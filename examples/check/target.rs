//! What is to be checked: an address or a domain, and nothing that only looks like one.
//!
//! `1.2.3`, `0x7f.1` and the like are addresses to some programs (`inet_aton`) and names to others. They are rejected,
//! since a guess might check something else than was meant.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use rdnsbl::{Dialogue, Name};

use crate::usage::Usage;
use crate::values;

/// One thing to check.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Address(IpAddr),
    Domain(Name),
    /// Only HELO, sender or recipient.
    Nothing,
}

impl Target {
    /// Reads an argument.
    pub(crate) fn parse(text: &str) -> Result<Self, Usage> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        if let Some((what, span)) = mistaken_address(text) {
            return Err(Usage::at(format!("TARGET: {what}"), text, span));
        }
        host("TARGET", text).map(Self::Domain)
    }

    /// The dialogue to check for it.
    pub(crate) fn dialogue(&self) -> Dialogue {
        match self {
            Self::Address(address) => Dialogue::from(*address),
            Self::Domain(name) => Dialogue::from(name.clone()),
            Self::Nothing => Dialogue::new(),
        }
    }
}

/// A domain name that hosts or mail can have.
pub(crate) fn host(option: &str, text: &str) -> Result<Name, Usage> {
    let name = values::name(option, text)?;
    if name.is_host() {
        return Ok(name);
    }
    let span = odd_label(text).unwrap_or(0..text.len());
    Err(Usage::at(format!("{option}: no domain name: labels are letters, digits and hyphens inside"), text, span))
}

/// What is wrong with a text that was meant as an address, and where.
fn mistaken_address(text: &str) -> Option<(&'static str, Range<usize>)> {
    let end = text.len();
    let is_v4 = |part: &str| part.parse::<Ipv4Addr>().is_ok();
    let is_v6 = |part: &str| part.parse::<Ipv6Addr>().is_ok();
    if text.is_empty() {
        return Some(("need an address or a domain name", 0..0));
    }
    // Word processors and web pages turn two hyphens into a dash.
    if let Some(dash) = text.chars().next().filter(|first| matches!(first, '\u{2010}'..='\u{2015}' | '\u{2212}')) {
        return Some(("a dash; options start with two hyphens", 0..dash.len_utf8()));
    }
    if let Some(at) = text.find("://") {
        return Some(("an address of the Web; need the name of its host alone", 0..at + 3));
    }
    if let Some(at) = text.find('@') {
        return Some(("a mail address: give it to --from or --rcpt, or its domain here", at..at + 1));
    }
    if let Some(at) = text.find('%').filter(|at| text.get(..*at).is_some_and(is_v6)) {
        return Some(("a scope has a meaning on this host only", at..end));
    }
    if let Some(at) = text.find('/').filter(|at| text.get(..*at).is_some_and(|front| is_v4(front) || is_v6(front))) {
        return Some(("a network; need a single address", at..end));
    }
    if text.starts_with('[') {
        return Some(("need the address without brackets and port", 0..1));
    }
    if let Some((front, _)) = text.split_once(':') {
        let port = text.rfind(':').filter(|at| *at == front.len());
        return Some(match port {
            Some(at) if is_v4(front) || front.contains('.') => ("no port here", at..end),
            _ => ("no IPv6 address", wrong_group(text)),
        });
    }
    is_all_numbers(text).then_some(("all labels are numbers, and yet no IPv4 address d.d.d.d", 0..end))
}

/// The first invalid group of an IPv6 address; the whole text if only the number of groups is wrong.
fn wrong_group(text: &str) -> Range<usize> {
    let mut start = 0;
    for group in text.split(':') {
        let end = start + group.len();
        let fine = group.len() <= 4 && group.bytes().all(|octet| octet.is_ascii_hexdigit());
        if !fine && group.parse::<Ipv4Addr>().is_err() {
            return start..end;
        }
        start = end + 1;
    }
    0..text.len()
}

/// Is every label a decimal or hexadecimal number, as `inet_aton` takes them?
fn is_all_numbers(text: &str) -> bool {
    text.strip_suffix('.').unwrap_or(text).split('.').all(|label| {
        let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
        match hexadecimal {
            Some(digits) => digits.bytes().all(|octet| octet.is_ascii_hexdigit()),
            None => !label.is_empty() && label.bytes().all(|octet| octet.is_ascii_digit()),
        }
    })
}

/// The first label that is invalid in a host name.
fn odd_label(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for label in text.split('.') {
        let end = start + label.len();
        if !label.is_empty() && !Name::parse(&format!("{label}.x")).is_ok_and(|name| name.is_host()) {
            return Some(start..end);
        }
        start = end + 1;
    }
    None
}

//! What to do about a list that has another name now, or is part of another list.

use std::net::Ipv4Addr;

use rdnsbl::dnsxl::{CodePattern, Disposition};
use rdnsbl::lists::ZoneFindingKind;
use rdnsbl::lists::catalogue::{Catalogue, Entry};
use rdnsbl::{ListSpec, Name};

use crate::collect::Found;

/// The list that replaces another one.
pub(crate) struct Successor<'a> {
    pub(crate) name: &'a Name,
    /// A list of the same context that holds all of it already.
    pub(crate) asked: Option<&'a Found>,
}

/// The list that replaces this one, if the catalogue names one.
pub(crate) fn of<'a>(
    found: &Found,
    kind: &'a ZoneFindingKind,
    lists: &'a [Found],
    catalogue: Option<&Catalogue>,
) -> Option<Successor<'a>> {
    let (name, is_merged) = match kind {
        ZoneFindingKind::Merged { successor } => (successor.as_ref()?, true),
        ZoneFindingKind::Renamed { successor } => (successor.as_ref()?, false),
        _ => return None,
    };
    let known = |zone: &Name| catalogue.and_then(|catalogue| catalogue.get(zone));
    let (Some(old), Some(new)) = (known(found.spec.zone()), known(name)) else {
        return Some(Successor { name, asked: None });
    };
    let holds = |other: &&Found| {
        let spec = &other.spec;
        let zone = spec.zone().without_key();
        if zone == *new.zone() && is_merged {
            // Also one of its codes: the same data would count twice.
            listing_codes(new).any(|code| counts(spec, code))
        } else if zone == *new.zone() {
            listing_codes(old).all(|code| counts(spec, code))
        } else {
            new.part_of() == Some(&zone) && part_codes(new).any(|code| counts(spec, code))
        }
    };
    let asked = lists.iter().filter(|other| decide_together(found, other)).find(holds);
    Some(Successor { name, asked })
}

/// Do both decide about a common subject, and in the same way?
fn decide_together(one: &Found, other: &Found) -> bool {
    let (a, b) = (&one.spec, &other.spec);
    one.context == other.context
        && a.kind() == b.kind()
        && a.weight().signum() == b.weight().signum()
        && a.parts().iter().any(|part| b.parts().contains(part))
}

/// Does the filter of the list select this code?
fn counts(spec: &ListSpec, code: Ipv4Addr) -> bool {
    spec.codes().is_none_or(|filter| filter.picks(&[code]))
}

/// The codes in 127.0.0.0/24 that mean a listing.
fn listing_codes(entry: &Entry) -> impl Iterator<Item = Ipv4Addr> {
    last_octets().filter(|code| {
        let mut meanings = entry.profile().meanings(*code);
        meanings.any(|(disposition, _)| matches!(disposition, Disposition::Deny | Disposition::Allow))
    })
}

/// The same as one pattern; `None` if the catalogue does not know.
pub(crate) fn listing_pattern(entry: &Entry) -> Option<CodePattern> {
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for [.., octet] in listing_codes(entry).map(|code| code.octets()) {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(octet) => *last = octet,
            _ => ranges.push((octet, octet)),
        }
    }
    let shown = |(first, last): &(u8, u8)| if first == last { first.to_string() } else { format!("{first}..{last}") };
    let ranges: Vec<String> = ranges.iter().map(shown).collect();
    if ranges.is_empty() { None } else { format!("127.0.0.[{}]", ranges.join(";")).parse().ok() }
}

/// The codes by which the list that contains this one reports it.
fn part_codes(entry: &Entry) -> impl Iterator<Item = Ipv4Addr> {
    last_octets().filter(|code| entry.part_codes().is_some_and(|part_codes| part_codes.passes(*code)))
}

fn last_octets() -> impl Iterator<Item = Ipv4Addr> {
    (0..=u8::MAX).map(|last| Ipv4Addr::new(127, 0, 0, last))
}

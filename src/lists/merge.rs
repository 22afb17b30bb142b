//! Lists of a set that are parts of another list: which of them a single query can answer, and which count twice.
//!
//! `zen.spamhaus.org` contains the data of `sbl`, `xbl` and `pbl`, and its codes distinguish them: a configuration
//! that names all four sends four queries for one answer. Lists are merged by the zone that is asked, including its
//! key. So a zone with a key is never merged with a public zone, nor with a zone with another key.

use std::net::Ipv4Addr;

use crate::base::name::{Key, Name};
use crate::dnsxl::{CodePattern, CodeTest, ListSpec, Profile};
use crate::lists::catalogue::{Access, Catalogue, Entry, Status};
use crate::lists::finding::ZoneFindingKind;

/// Whether one list is asked in place of several lists that are parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Merge {
    /// Every list is asked in its own zone; the [findings](crate::lists::ListSet::findings) report where one query
    /// would be enough.
    #[default]
    Never,
    /// If several lists of the set are parts of a working list whose codes distinguish them, only that list is asked,
    /// once. Each list keeps its name, weight, codes, subjects, and its row in the report; the returned codes, text,
    /// proof and health come from the zone asked. A row whose codes are not in the answer is
    /// [`Excluded`](crate::dnsxl::Excluded).
    ///
    /// Not merged are: lists for which a profile or a daily limit is set on the list itself or on the list that
    /// contains it; copies under other names; and zones with a key beside zones with another key or none.
    WhereCodesTell,
}

/// A list of the set that is part of another list.
struct Member<'a> {
    index: usize,
    /// The zone that contains it, with the key of this list.
    whole: Name,
    known: &'a Profile,
    part_codes: Option<&'a CodeTest>,
}

/// Returns the findings, with the positions of their lists; merges the lists if `merge` says so.
pub(super) fn plan(
    specs: &mut [ListSpec],
    catalogue: Option<&Catalogue>,
    merge: Merge,
) -> Vec<(usize, ZoneFindingKind)> {
    let mut found = named_twice(specs);
    let Some(catalogue) = catalogue else { return found };
    let members: Vec<Member<'_>> = specs
        .iter()
        .enumerate()
        .filter_map(|(index, spec)| part_of(spec, catalogue).map(|member| Member { index, ..member }))
        .collect();
    let mut merged = Vec::new();
    for member in &members {
        let Some(spec) = specs.get(member.index) else { continue };
        let within = member.part_codes.map(|part_codes| within(spec, member, part_codes));
        let overlaps = |other: &ListSpec| shares_subject(spec, other) && !other.is_retired();
        let whole = |other: &ListSpec| *other.zone() == member.whole && other.original().is_none() && overlaps(other);
        // A limit applies to one zone: queries sent to another zone would bypass it.
        let unlimited = |other: &ListSpec| merge == Merge::Never || other.question_limit().is_none();
        let twice = specs.iter().any(|other| whole(other) && counts_too(within.as_ref(), member, spec, other));
        if twice {
            found.push((member.index, ZoneFindingKind::CountedTwice { whole: member.whole.without_key() }));
        }
        let is_sibling = |other: &Member<'_>| {
            let is_part = other.whole == member.whole && other.part_codes.is_some();
            let other = specs.get(other.index).filter(|_| is_part);
            other.is_some_and(|other| other.zone() != spec.zone() && overlaps(other) && unlimited(other))
        };
        let several = specs.iter().any(whole) || members.iter().any(is_sibling);
        let limited = !unlimited(spec) || specs.iter().any(|other| *other.zone() == member.whole && !unlimited(other));
        let Some(within) = within.filter(|_| several && !limited) else { continue };
        match merge {
            Merge::WhereCodesTell => merged.push((member.index, within)),
            Merge::Never if twice => {}
            Merge::Never => {
                let instead = one_line(spec, member, &within).map(Box::new);
                found.extend(instead.map(|instead| (member.index, ZoneFindingKind::OneQuestion { instead })));
            }
        }
    }
    for (index, within) in merged {
        if let Some(spec) = specs.get_mut(index) {
            *spec = within;
        }
    }
    found
}

/// Lists that occur earlier in the set, with the same codes and about the same subject.
fn named_twice(specs: &[ListSpec]) -> Vec<(usize, ZoneFindingKind)> {
    let same = |one: &ListSpec, other: &ListSpec| {
        one.kind() == other.kind()
            && one.zone() == other.zone()
            && one.codes() == other.codes()
            && one.only_null_sender() == other.only_null_sender()
            && one.only_observed() == other.only_observed()
            && shares_subject(one, other)
    };
    let named = |(index, spec): (usize, &ListSpec)| {
        let before = specs.iter().take(index).any(|other| same(spec, other));
        (before && !spec.is_retired()).then_some((index, ZoneFindingKind::NamedTwice))
    };
    specs.iter().enumerate().filter_map(named).collect()
}

/// The list that contains this one, if both work and the same key is valid for both.
fn part_of<'a>(spec: &ListSpec, catalogue: &'a Catalogue) -> Option<Member<'a>> {
    let works = |entry: &Entry| *entry.status() == Status::Active;
    let entry =
        catalogue.get(spec.zone()).filter(|entry| works(entry) && *entry.zone() == spec.zone().without_key())?;
    let holder = catalogue.get(entry.part_of()?).filter(|holder| works(holder))?;
    // A profile given in the configuration has priority over the catalogue.
    if spec.original().is_some()
        || spec.is_retired()
        || spec.only_null_sender()
        || spec.only_observed()
        || spec.knowledge() != &**entry.profile()
    {
        return None;
    }
    let whole = match (spec.zone().secret(), holder.access()) {
        (Some(key), Access::KeyNeeded | Access::KeyAccepted) => holder.zone().with_key(&Key::new(key).ok()?).ok()?,
        (None, Access::Open | Access::KeyAccepted) => holder.zone().clone(),
        (Some(_), Access::Open) | (None, Access::KeyNeeded) => return None,
    };
    Some(Member { index: 0, whole, known: holder.profile(), part_codes: entry.part_codes() })
}

/// The list in the form needed when the containing list is asked.
fn within(spec: &ListSpec, member: &Member<'_>, part_codes: &CodeTest) -> ListSpec {
    spec.clone().asked_within(member.whole.clone(), part_codes.clone(), member.known)
}

/// Do both ask about a common subject, and do they decide together?
fn shares_subject(one: &ListSpec, other: &ListSpec) -> bool {
    one.context() == other.context() && shares_part(one, other)
}

fn shares_part(one: &ListSpec, other: &ListSpec) -> bool {
    one.parts().iter().any(|part| other.parts().contains(part))
        || one.fixed_subjects().iter().any(|subject| other.fixed_subjects().contains(subject))
}

/// Does a listing on the part also count as a listing on the whole?
fn counts_too(within: Option<&ListSpec>, member: &Member<'_>, part: &ListSpec, whole: &ListSpec) -> bool {
    let counts = |spec: &ListSpec| spec.weight() != 0 && !spec.only_observed();
    if part.kind() != whole.kind() || !counts(part) || !counts(whole) {
        return false;
    }
    match (within, member.part_codes) {
        (Some(within), Some(part_codes)) => {
            codes(part_codes, member.known).iter().any(|code| within.lists(*code) && whole.lists(*code))
        }
        _ => whole.codes().is_none(),
    }
}

/// Every code by which the containing list reports the part.
fn codes(part_codes: &CodeTest, known: &Profile) -> Vec<Ipv4Addr> {
    match (part_codes.as_pattern(), part_codes.as_any_bit()) {
        (Some(pattern), _) => pattern.written_out().unwrap_or_default(),
        (None, Some(mask)) => {
            let [.., mask] = mask.octets();
            known.sums_with(mask).map(|sum| Ipv4Addr::new(127, 0, 0, sum)).collect()
        }
        (None, None) => Vec::new(),
    }
}

/// The configuration line that asks the containing list for the same data, if one pattern of codes can express it.
fn one_line(spec: &ListSpec, member: &Member<'_>, within: &ListSpec) -> Option<ListSpec> {
    let codes: Vec<Ipv4Addr> =
        codes(member.part_codes?, member.known).into_iter().filter(|code| within.lists(*code)).collect();
    let octet = |place: usize| codes.iter().filter_map(|code| code.octets().get(place).copied()).collect();
    let pattern = CodePattern::of_sets([octet(0), octet(1), octet(2), octet(3)]);
    // Exactly all combinations of the octets.
    if codes.is_empty() || pattern.written_out()?.len() != codes.len() {
        return None;
    }
    Some(ListSpec::of_zone(spec.kind(), member.whole.clone()).with_weight(spec.weight()).with_codes(pattern))
}

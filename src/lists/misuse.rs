//! Finds lists that are asked in an unintended way: about subjects they do not contain, for codes they do not return, or
//! so that refusals count as listings.

use crate::dnsxl::{ListKind, ListSpec, Part, SubjectKind};
use crate::lists::catalogue::{Entry, Recommendation};
use crate::lists::finding::ZoneFindingKind;

/// The findings about how a list is asked.
pub(super) fn findings(spec: &ListSpec, entry: &Entry) -> Vec<ZoneFindingKind> {
    let mut found = Vec::new();
    found.extend(wrong_subject(spec, entry));
    let refusal = believed_refusal(spec, entry);
    // A filter of refusals only has both faults; the worse one is reported.
    found.extend(refusal.or_else(|| codes_not_returned(spec, entry)));
    found
}

/// A list of addresses that is asked about names, or the reverse.
fn wrong_subject(spec: &ListSpec, entry: &Entry) -> Option<ZoneFindingKind> {
    let holds = |part: Part| match part {
        // If the configuration does not say that this subject is a client, it may be a domain.
        Part::Address if spec.written_for().is_none() => true,
        Part::Address => entry.kinds().iter().any(|kind| *kind != SubjectKind::Domain),
        _ => entry.kinds().contains(&SubjectKind::Domain),
    };
    if entry.kinds().is_empty() || !spec.fixed_subjects().is_empty() || spec.parts().iter().any(|part| holds(*part)) {
        return None;
    }
    spec.parts().first().map(|part| ZoneFindingKind::WrongSubject { part: *part })
}

/// A filter without any code that the list returns for a listing, where all its codes are known.
fn codes_not_returned(spec: &ListSpec, entry: &Entry) -> Option<ZoneFindingKind> {
    let filter = spec.codes()?;
    // A profile given in the configuration has priority over the catalogue.
    if !entry.knows_all_codes() || spec.knowledge() != &**entry.profile() || !filter.can_list() {
        return None;
    }
    // If no code alone is a listing, no answer with several codes is one.
    if spec.knowledge().all_codes()?.into_iter().any(|code| filter.picks(&[code]) && spec.lists(code)) {
        return None;
    }
    let kind = if spec.weight() < 0 { ListKind::Allow } else { spec.kind() };
    Some(ZoneFindingKind::CodesNotReturned { known: spec.knowledge().listings(kind) })
}

/// A list whose refusal counts as a listing in the software for which the line was written. In this crate it never
/// does.
fn believed_refusal(spec: &ListSpec, entry: &Entry) -> Option<ZoneFindingKind> {
    let software = spec.written_for()?;
    let picks =
        |code: &std::net::Ipv4Addr| spec.codes().is_none_or(|filter| filter.can_list() && filter.picks(&[*code]));
    // According to what Spamhaus documents about keys, a zone without one never answers.
    let is_possible = |code: &std::net::Ipv4Addr| {
        spec.zone().secret().is_some() || !matches!(code.octets(), [127, 255, 255, 250 | 251])
    };
    let code = entry.profile().refusals().into_iter().filter(is_possible).find(picks)?;
    let allows = match spec.kind() {
        ListKind::Allow => true,
        ListKind::Deny => spec.weight() < 0,
    };
    let kind = if allows { ListKind::Allow } else { ListKind::Deny };
    let recommended = || {
        let spec = entry.recommendation().map(Recommendation::spec).filter(|spec| spec.kind() == kind)?;
        spec.codes()?.as_pattern().cloned()
    };
    let all = spec.codes().is_none().then(|| entry.profile().listings(kind)).flatten();
    let instead = all.or_else(recommended);
    Some(match allows {
        true => ZoneFindingKind::AllowsWhenRefused { code, software, instead },
        false => ZoneFindingKind::NoCodeFilter { code, software, instead },
    })
}

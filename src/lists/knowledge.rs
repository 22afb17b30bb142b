//! Adds data of the catalogue to the lists of a configuration: profiles and findings.

use std::sync::Arc;

use crate::dnsxl::{ListKind, ListSpec};
use crate::lists::catalogue::{Access, Catalogue, CatalogueMatch, Entry, Status};
use crate::lists::finding::ZoneFindingKind;
use crate::lists::misuse;

/// The source of knowledge about lists.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Knowledge {
    /// None: only the configuration and RFC 5782 are used.
    None,
    /// The built-in catalogue of this version of the crate.
    #[default]
    Catalogue,
    /// This catalogue.
    Given(Arc<Catalogue>),
}

impl Knowledge {
    pub(super) fn catalogue(&self) -> Option<&Catalogue> {
        match self {
            Self::None => None,
            Self::Catalogue => Some(Catalogue::builtin()),
            Self::Given(catalogue) => Some(catalogue),
        }
    }
}

/// How to treat lists that have closed down or never existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Retired {
    /// They stay in the set, are never asked, and their verdict is `Skipped`. So a mail server still starts if its
    /// configuration names a list that has closed.
    #[default]
    Skip,
    /// They are errors.
    Refuse,
    /// They are asked like any other list, for example because somebody has reopened one.
    Ask,
}

/// Adds what the catalogue knows to a list, and returns the findings.
pub(super) fn apply_catalogue(
    spec: &mut ListSpec,
    catalogue: Option<&Catalogue>,
    retired: Retired,
) -> Vec<ZoneFindingKind> {
    let mut found = Vec::new();
    if spec.codes().is_some_and(|filter| !filter.can_list()) {
        found.push(ZoneFindingKind::CodesNeverMatch);
    }
    if spec.kind() == ListKind::Deny && spec.weight() == 0 {
        found.push(ZoneFindingKind::NoWeight);
    }
    let Some(catalogue) = catalogue else { return found };
    // A copy under a local name has the codes of the original list, but its own status.
    if let Some(original) = spec.original() {
        if let Some(entry) = catalogue.get(original) {
            describe(spec, entry);
        }
        return found;
    }
    if spec.zone().secret().is_some() && catalogue.holds_as_it_stands(spec.zone()) {
        spec.show_zone();
    }
    let meant = || catalogue.meant(spec.zone()).cloned();
    let Some(known) = catalogue.look_up(spec.zone()) else {
        found.extend(meant().map(|meant| ZoneFindingKind::Misspelled { meant }));
        return found;
    };
    if known.access == Access::Open && spec.zone().secret().is_some() {
        found.extend(meant().map(|meant| ZoneFindingKind::TakesNoKey { meant }));
    }
    if known.unmarked_key {
        spec.hide_first_label();
    }
    describe(spec, known.entry);
    if known.entry.status().is_gone() && retired != Retired::Ask {
        spec.retire();
    }
    stands_out(spec, &known, &mut found);
    found
}

/// Adds what the configuration does not set: codes, test entries and the operator of the list.
fn describe(spec: &mut ListSpec, entry: &Entry) {
    if !spec.has_profile() {
        *spec = spec.clone().with_profile(Arc::clone(entry.profile()));
    }
    if !spec.has_operator() && entry.is_grouped() {
        *spec = spec.clone().with_operator(&entry.group());
    }
}

/// The findings about a list that is in the catalogue.
fn stands_out(spec: &ListSpec, known: &CatalogueMatch<'_>, found: &mut Vec<ZoneFindingKind>) {
    let entry = known.entry;
    let successor = || entry.successor().cloned();
    found.extend(match entry.status() {
        Status::Retired(shutdown) => Some(ZoneFindingKind::Retired(shutdown.clone())),
        Status::NeverAList => Some(ZoneFindingKind::NeverAList { meant: successor() }),
        Status::Renamed => Some(ZoneFindingKind::Renamed { successor: successor() }),
        Status::Merged => Some(ZoneFindingKind::Merged { successor: successor() }),
        Status::Restricted => Some(ZoneFindingKind::Restricted { since: entry.since(), successor: successor() }),
        Status::Suspect => {
            let why = entry.note().or_else(|| entry.sources().next()).unwrap_or_default().to_owned();
            Some(ZoneFindingKind::Suspect { why })
        }
        Status::Unverified => Some(ZoneFindingKind::Unverified),
        Status::Active => None,
    });
    if entry.status().is_gone() {
        return;
    }
    if known.access == Access::KeyNeeded && spec.zone().secret().is_none() {
        found.push(ZoneFindingKind::NeedsKey);
    }
    if entry.kinds().is_empty() {
        found.push(ZoneFindingKind::NothingToAsk);
    }
    // A negative weight reverses the effect of a list, as in postscreen.
    let used = match (spec.kind(), spec.weight() < 0) {
        (ListKind::Deny, false) | (ListKind::Allow, true) => ListKind::Deny,
        (ListKind::Deny, true) | (ListKind::Allow, false) => ListKind::Allow,
    };
    if spec.weight() != 0 && !entry.speaks().fits(used) {
        found.push(ZoneFindingKind::WrongSide { used });
    }
    found.extend(misuse::findings(spec, entry));
    if entry.is_partly_read() {
        found.push(ZoneFindingKind::PartlyRead);
    }
    found.extend(entry.note().map(|note| ZoneFindingKind::Note(note.into())));
}

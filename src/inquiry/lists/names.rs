//! Lists that are asked about the client's names: they wait until reverse DNS has given those names.

use std::sync::Arc;

use crate::base::name::Name;
use crate::check::Check;
use crate::check::iprev::{ClientName, Iprev};
use crate::dns::Failure;
use crate::dnsxl::{Part, Skipped, Subject, Unknown, Verdict};
use crate::inquiry::Inquiry;
use crate::inquiry::lists::run::WaitingList;
use crate::report::learned::ListSigns;

impl Inquiry {
    /// Starts the waiting lists, once the names are known.
    pub(crate) fn ask_about_names(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(iprev) = self.iprev.as_ref().and_then(|running| running.verdict.clone()) else { return };
        let settings = Arc::clone(&self.settings);
        for WaitingList { group, plan } in std::mem::take(&mut self.waiting) {
            let Some(of) = settings.lists.rows().get(group) else { continue };
            let names: Vec<Name> = match (iprev.names(), of.part()) {
                (Some(names), Some(Part::ConfirmedName)) => names.confirmed().map(ClientName::name).cloned().collect(),
                (Some(names), _) => names.all().iter().map(ClientName::name).cloned().collect(),
                (None, _) => Vec::new(),
            };
            if names.is_empty() {
                self.add_decided(of, group, None, without_names(&iprev), Arc::clone(&plan.health));
            }
            for name in names {
                let check = self.add_asked(of, group, Subject::Domain(name), None, plan.clone());
                self.advance(check);
            }
        }
    }

    /// If reverse DNS is not done, ends it, and starts the waiting lists with the names known by now.
    pub(crate) fn stop_waiting_for_names(&mut self, failure: Failure) {
        if let Some(iprev) = self.iprev.as_mut().filter(|iprev| !iprev.is_done()) {
            iprev.verdict = Some(iprev.unit.expire(failure));
            self.ask_about_names();
        }
    }

    /// Sorts the rows into the order of the configuration: those about the client's names were added last. `list_signs` refer to
    /// rows by number; afterwards they refer to the sorted rows, and are sorted likewise.
    pub(crate) fn sort_rows(&mut self, list_signs: &mut [ListSigns]) {
        if self.rows.is_sorted_by_key(|row| row.group) {
            return;
        }
        self.rows.sort_by_key(|row| row.group);
        let mut places = vec![0; self.rows.len()];
        for (place, row) in self.rows.iter().enumerate() {
            if let Some(of_number) = places.get_mut(row.number) {
                *of_number = place;
            }
        }
        for signs in list_signs.iter_mut() {
            signs.row = places.get(signs.row).copied().unwrap_or_default();
        }
        list_signs.sort_by_key(|signs| signs.row);
    }
}

/// The verdict of a list about the client's names, where there is none: the list is skipped. If reverse DNS is undecided, so is
/// the list.
fn without_names(iprev: &Iprev) -> Verdict {
    match iprev {
        Iprev::TempError(error) => Verdict::Unknown(Unknown::because(*error.why())),
        _ => Verdict::Skipped(Skipped::NoClient),
    }
}

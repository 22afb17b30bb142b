//! Counts what is invalidated, for hosts that keep answers themselves.

use crate::base::name::Name;
use crate::dnsxl::SubjectKind;
use crate::state::SharedState;
use crate::state::validity::{Invalidated, ZoneValidity};

impl SharedState {
    /// Of a question that is asked now; `list` is the list that it is put to.
    pub(crate) fn validity(&self, list: Option<&(Name, SubjectKind)>) -> ZoneValidity {
        let zone = list
            .and_then(|list| self.zones.get(&list.0, list.1))
            .map_or(self.invalidations.all, |zone| zone.invalidated);
        ZoneValidity { everything: self.invalidations.everything, zone }
    }

    pub(super) fn invalidate(&mut self, invalidated: &Invalidated) {
        self.invalidations.everything += u64::from(invalidated.everything);
        for zone in &invalidated.zones {
            self.invalidations.all += 1;
            for kind in self.kinds(zone) {
                if let Some(state) = self.zones.get_mut(zone, kind) {
                    state.invalidated = self.invalidations.all;
                }
            }
        }
    }
}

//! Which answers from before a change must no longer be used.

use crate::base::name::Name;
use crate::dnsxl::SubjectKind;
use crate::state::SharedState;

/// What the cache must no longer use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidated {
    /// Everything: the resolver began to change answers, or stopped.
    pub(crate) everything: bool,
    /// Answers of these zones, whose lists broke or have recovered.
    pub(crate) zones: Vec<Name>,
    /// Summaries of cached answers: something that they rest on has changed.
    pub(crate) summaries: bool,
}

/// How often everything was invalidated, and a count of all invalidations.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Invalidations {
    pub(super) all: u64,
    everything: u64,
}

/// What an answer depends on besides its TTL. It can be used as long as this is the same as when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    everything: u64,
    zone: u64,
}

impl SharedState {
    /// Of a question that is asked now; `list` is the list that it is put to.
    pub(crate) fn validity(&self, list: Option<&(Name, SubjectKind)>) -> Validity {
        let zone = list.and_then(|list| self.zones.get(list)).map_or(self.invalidations.all, |zone| zone.invalidated);
        Validity { everything: self.invalidations.everything, zone }
    }

    pub(super) fn invalidate(&mut self, invalidated: &Invalidated) {
        self.invalidations.everything += u64::from(invalidated.everything);
        for zone in &invalidated.zones {
            self.invalidations.all += 1;
            for kind in self.kinds(zone) {
                if let Some(state) = self.zones.get_mut(&(zone.clone(), kind)) {
                    state.invalidated = self.invalidations.all;
                }
            }
        }
    }
}

//! Lists that are asked about the client's names: they wait until reverse DNS has given those names.

use crate::base::name::Name;
use crate::check::Check;
use crate::check::iprev::{ClientName, Iprev};
use crate::dns::Failure;
use crate::dnsxl::{ListCheck, ListFinding, Part, Skipped, Subject, SubjectKind};
use crate::inquiry::Inquiry;
use crate::inquiry::list_run::{ListRun, WaitingList, list_run};
use crate::inquiry::questions::CheckId;

impl Inquiry {
    /// Starts the waiting lists, once the names are known.
    pub(super) fn ask_about_names(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(iprev) = self.iprev.as_ref().and_then(|running| running.verdict.clone()) else { return };
        for waiting in std::mem::take(&mut self.waiting) {
            let names: Vec<Name> = match (iprev.names(), waiting.part) {
                (Some(names), Part::ConfirmedName) => names.confirmed().map(ClientName::name).cloned().collect(),
                (Some(names), _) => names.all().iter().map(ClientName::name).cloned().collect(),
                (None, _) => Vec::new(),
            };
            if names.is_empty() {
                let index = self.push_list(waiting.about_nothing(&iprev));
                self.advance(CheckId::List(index));
            }
            for name in names {
                let WaitingList { group, operator, spec, part, plan } = &waiting;
                let run = list_run(spec, Subject::Domain(name), None, Some(*part), *group, *operator, plan.clone());
                let index = self.push_list(run);
                self.advance(CheckId::List(index));
            }
        }
    }

    /// Time is up: starts the waiting lists with the names known by now. Then sorts all rows into the order of the
    /// configuration.
    pub(super) fn stop_waiting_for_names(&mut self, failure: Failure) {
        if let Some(iprev) = self.iprev.as_mut().filter(|iprev| !iprev.is_done()) {
            iprev.verdict = Some(iprev.unit.expire(failure));
            self.ask_about_names();
        }
        self.lists.sort_by_key(|list| list.group);
    }
}

impl WaitingList {
    /// The client has no name: the list is skipped. If reverse DNS is undecided, so is the list.
    fn about_nothing(&self, iprev: &Iprev) -> ListRun {
        let control = self.plan.control.clone();
        let unit = ListCheck::skipped(self.spec.clone(), SubjectKind::Domain, Skipped::NoClient, control);
        let health = self.plan.health.clone();
        let mut list = ListRun { part: Some(self.part), group: self.group, ..ListRun::about_nobody(unit, health) };
        if let Iprev::TempError(error) = iprev {
            list.run.verdict = Some(ListFinding::unknown(*error.why()));
        }
        list
    }
}

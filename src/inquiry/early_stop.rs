//! Lists that can no longer change the outcome are not waited for.

use std::sync::Arc;

use crate::dnsxl::score::{self, Outcome, Row};
use crate::dnsxl::{ListFinding, ListKind, Verdict};
use crate::inquiry::Inquiry;
use crate::inquiry::questions::UnitId;

impl Inquiry {
    /// Stops waiting for lists that can no longer change the outcome.
    ///
    /// A hit counts only once its proof and its text are there, so a list that decides is always done before it could be
    /// dropped.
    pub(crate) fn drop_irrelevant_lists(&mut self) {
        if !self.waiting.is_empty() || self.lists.iter().all(|list| list.run.is_done()) {
            return;
        }
        let no_answer = Verdict::not_awaited();
        let rows = || {
            self.lists.iter().map(|list| {
                let spec = list.run.unit.spec();
                Row {
                    verdict: list.run.verdict.as_ref().map_or(&no_answer, ListFinding::verdict),
                    kind: spec.kind(),
                    weight: spec.weight(),
                    operator: spec.operator(),
                    group: list.group,
                    context: spec.context(),
                }
            })
        };
        let (score, contexts) = score::of_contexts(rows, self.settings.lists.all_contexts());
        let outcome_of = |name: Option<&str>| {
            let named = contexts.iter().find(|context| Some(&*context.name) == name);
            named.map_or(score, |context| context.score).outcome()
        };
        let is_decided = |name: Option<&str>| {
            // An allow list that has not answered yet could still override the deny lists.
            let awaits_allow_list = self.lists.iter().any(|list| {
                let spec = list.run.unit.spec();
                !list.run.is_done() && spec.kind() == ListKind::Allow && spec.context() == name
            });
            match outcome_of(name) {
                Outcome::Allowed => true,
                Outcome::Listed | Outcome::NotListed => !awaits_allow_list,
                Outcome::Undecided => false,
            }
        };
        let mut decided: Vec<Option<Arc<str>>> = Vec::new();
        match contexts.as_slice() {
            [] => decided.extend(is_decided(None).then_some(None)),
            several => {
                let names = several.iter().map(|context| &context.name).filter(|name| is_decided(Some(name)));
                decided.extend(names.map(|name| Some(Arc::clone(name))));
            }
        }
        if decided.is_empty() {
            return;
        }
        let mut abandoned = Vec::new();
        for (index, list) in self.lists.iter_mut().enumerate() {
            let context = list.run.unit.spec().context();
            if !list.run.is_done() && decided.iter().any(|name| name.as_deref() == context) {
                list.was_left_unanswered = self.questions.left_unanswered(UnitId::List(index));
                list.run.verdict = Some(ListFinding::not_awaited());
                self.stopped_early = true;
                abandoned.push(index);
            }
        }
        self.questions.abandon(|id| matches!(id, UnitId::List(index) if abandoned.binary_search(&index).is_ok()));
    }
}

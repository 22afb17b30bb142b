//! What can no longer change the result is not waited for: lists that cannot change their outcome, and at a stage of an SMTP
//! session everything that cannot change the action or the code of the advice.

use std::borrow::Cow;
use std::sync::Arc;

use crate::check::Check;
use crate::check::helo::HeloReport;
use crate::check::iprev::Iprev;
use crate::check::mail_domain::MailDomainReport;
use crate::dnsxl::score::{self, ContextScore, Contribution, Outcome, Score};
use crate::dnsxl::{ListFinding, ListKind, ListSpec, OnNoAnswer, Part, Verdict};
use crate::inquiry::Inquiry;
use crate::inquiry::assemble::corrected;
use crate::inquiry::questions::CheckId;
use crate::inquiry::running::Running;
use crate::policy::{Finding, Policy, Stage};
use crate::report::{ListReport, ResolverFault};

/// What a stage of a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) stage: Stage,
    /// Findings of earlier stages are acted on from this stage on.
    pub(crate) act_from: Stage,
    /// An earlier stage has acted on "listed": another list about what has become known since must still be waited for.
    pub(crate) is_listed_before: bool,
}

/// What the resolver is taken to say about names that do not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existence {
    Believed,
    /// It rewrites NXDOMAIN: what rests on the existence of a name will be unknown.
    Doubted,
}

impl Inquiry {
    /// Stops waiting for whatever can no longer change the action or the code of the advice. A check that is dropped is not in
    /// the report.
    pub(crate) fn drop_what_cannot_change_advice(&mut self, awaited: Awaited) {
        let settings = Arc::clone(&self.settings);
        let policy = &settings.policy;
        let acts = |finding: &Finding| policy.acts_on(*finding);
        let is_judged = !self.is_exempt();
        if !(is_judged && self.list_findings().iter().any(acts)) {
            self.drop_lists(|_| true);
        } else if awaited.is_listed_before {
            // Earlier stages have acted on the lists about what was known then.
            self.drop_lists(|part| Stage::of_part(part).max(awaited.act_from) < awaited.stage);
        } else if !self.has_list_replies() {
            self.drop_irrelevant_lists();
        }
        let by_policy = policy.replies_with_the_worst() && !self.has_list_replies();
        let rejected = self.earliest_rejection(awaited).filter(|_| by_policy);
        // Only a finding that goes before a rejection can change its code.
        let matters = |finding: &Finding| acts(finding) && rejected.is_none_or(|rejected| *finding < rejected);
        // A fault of the resolver is a finding only where some check could not tell: each of them matters then.
        let by_fault = matters(&Finding::ResolverFault) && (self.known_fault.is_some() || self.may_find_rewriting());
        let needed = |stage| {
            let of_stage = |finding: &&Finding| Stage::of(**finding) == stage && !is_about_lists(**finding);
            is_judged && (by_fault || Finding::ALL.iter().filter(of_stage).any(matters))
        };
        // Lists about the client's names need iprev.
        let iprev = self.waiting.is_empty() && drop_check(&mut self.iprev, || needed(Stage::Connect));
        let helo = drop_check(&mut self.helo, || needed(Stage::Helo));
        let sender = drop_check(&mut self.sender, || needed(Stage::Mail));
        let recipient = drop_check(&mut self.recipient, || needed(Stage::Rcpt));
        if !(iprev || helo || sender || recipient) {
            return;
        }
        self.stopped_early = true;
        self.questions.abandon(|id| match id {
            CheckId::Iprev => iprev,
            CheckId::Helo => helo,
            CheckId::Sender => sender,
            CheckId::Recipient => recipient,
            CheckId::Trial | CheckId::List(_) | CheckId::Probe(_) => false,
        });
    }

    /// The first of the findings so far that this stage rejects for, in the order of findings. It must stand even if the
    /// resolver turns out to rewrite NXDOMAIN.
    fn earliest_rejection(&self, awaited: Awaited) -> Option<Finding> {
        let rejection = self.rejection(awaited, Existence::Believed)?;
        let stands = !self.may_find_rewriting() || self.rejection(awaited, Existence::Doubted) == Some(rejection);
        stands.then_some(rejection)
    }

    fn rejection(&self, awaited: Awaited, existence: Existence) -> Option<Finding> {
        let rejects = |finding: &Finding| self.settings.policy.rule(*finding).rejects();
        let is_current = |finding: &Finding| Stage::of(*finding).max(awaited.act_from) == awaited.stage;
        let done = [
            verdict(self.iprev.as_ref(), existence, Iprev::doubt).and_then(|iprev| Policy::finding_of_iprev(&iprev)),
            verdict(self.helo.as_ref(), existence, HeloReport::doubt).and_then(|helo| Policy::finding_of_helo(&helo)),
            verdict(self.sender.as_ref(), existence, MailDomainReport::doubt)
                .and_then(|sender| Policy::finding_of_sender(&sender)),
        ];
        let is_listed =
            !awaited.is_listed_before && self.are_lists_done() && self.lists_say(Outcome::Listed, existence);
        let listed = is_listed.then_some(Finding::Listed).filter(rejects);
        listed.or_else(|| done.into_iter().flatten().filter(rejects).filter(is_current).min())
    }

    /// The lists' score so far, and that of each context.
    fn joint_score(&self, existence: Existence) -> (Score, Vec<ContextScore>) {
        let no_answer = Verdict::not_awaited();
        let fault = (existence == Existence::Doubted).then_some(ResolverFault::RewritesNxdomain);
        let rows = || {
            self.rows.iter().filter_map(|row| {
                let verdict = self.verdict_of(row).unwrap_or(&no_answer);
                let stands = corrected(verdict, fault, false).is_none();
                Contribution::of(&row.spec, if stands { verdict } else { &no_answer }, row.group)
            })
        };
        score::of_contexts(rows, self.settings.lists.all_contexts())
    }

    /// Do the lists of some context end so?
    fn lists_say(&self, outcome: Outcome, existence: Existence) -> bool {
        let (score, contexts) = self.joint_score(existence);
        score.outcome() == outcome || contexts.iter().any(|context| context.score.outcome() == outcome)
    }

    /// Is the client not judged?
    fn is_exempt(&self) -> bool {
        self.settings.is_exempt(&self.dialogue)
    }

    /// May the policy advise anything but to pass?
    pub(crate) fn may_be_advised(&self) -> bool {
        !self.is_exempt() && Finding::ALL.iter().any(|finding| self.settings.policy.acts_on(*finding))
    }

    /// What these lists together can show.
    fn list_findings(&self) -> Vec<Finding> {
        let defers = self.deciding_lists().any(|spec| spec.on_no_answer() == OnNoAnswer::Defer);
        let saves = self.deciding_lists().any(|spec| spec.kind() == ListKind::Allow || spec.weight() < 0);
        let findings = [
            (Finding::Listed, true),
            (Finding::DenyListUnknown, defers),
            (Finding::AllowListUnknown, saves),
            (Finding::ListsUndecided, true),
            (Finding::ResolverFault, true),
        ];
        findings.into_iter().filter(|(_, possible)| *possible).map(|(finding, _)| finding).collect()
    }

    /// Has a list a reply of its own? Which lists answer then decides on the code.
    fn has_list_replies(&self) -> bool {
        self.deciding_lists().any(|spec| spec.reply_template().is_some())
    }

    fn deciding_lists(&self) -> impl Iterator<Item = &ListSpec> {
        self.settings.lists.iter().filter(|spec| !spec.only_observed())
    }

    fn are_lists_done(&self) -> bool {
        self.waiting.is_empty() && self.lists.iter().all(|list| list.run.is_done())
    }

    /// Stops waiting for the lists about these parts of the dialogue.
    fn drop_lists(&mut self, dropped: impl Fn(Option<Part>) -> bool) {
        let settings = Arc::clone(&self.settings);
        let rows = settings.lists.rows();
        self.waiting.retain(|list| !rows.get(list.group).is_some_and(|of| dropped(of.part())));
        self.abandon_lists(|row| dropped(row.part));
    }

    /// Gives these lists the verdict "not awaited", if they have none yet.
    fn abandon_lists(&mut self, unwanted: impl Fn(&ListReport) -> bool) {
        let mut abandoned = Vec::new();
        for list in &mut self.lists {
            if !list.run.is_done() && self.rows.get(list.number).is_some_and(&unwanted) {
                list.was_left_unanswered = self.questions.left_unanswered(CheckId::List(list.number));
                list.run.verdict = Some(ListFinding::not_awaited());
                self.stopped_early = true;
                abandoned.push(list.number);
            }
        }
        self.questions.abandon(|id| matches!(id, CheckId::List(number) if abandoned.binary_search(&number).is_ok()));
    }

    /// Stops waiting for lists that can no longer change the outcome.
    ///
    /// A hit counts only once its proof and its text are there, so a list that decides is always done before it could be
    /// dropped.
    pub(crate) fn drop_irrelevant_lists(&mut self) {
        if !self.waiting.is_empty() || self.lists.iter().all(|list| list.run.is_done()) {
            return;
        }
        let mut decided = self.decided_contexts(Existence::Believed);
        if self.may_find_rewriting() {
            let doubted = self.decided_contexts(Existence::Doubted);
            decided.retain(|name| doubted.contains(name));
        }
        if decided.is_empty() {
            return;
        }
        self.abandon_lists(|row| decided.iter().any(|name| name.as_deref() == row.context()));
    }

    /// The contexts whose outcome the lists that have not answered can no longer change.
    fn decided_contexts(&self, existence: Existence) -> Vec<Option<Arc<str>>> {
        let (score, contexts) = self.joint_score(existence);
        let is_decided = |name: Option<&str>| {
            let named = contexts.iter().find(|context| Some(&*context.name) == name);
            let score = named.map_or(score, |context| context.score);
            let awaited = || {
                let specs = self.lists.iter().filter(|list| !list.run.is_done()).map(|list| list.run.unit.spec());
                specs.filter(|spec| spec.context() == name && !spec.only_observed())
            };
            // An allow list that has not answered yet could still override the deny lists.
            let awaits_allow_list = || awaited().any(|spec| spec.kind() == ListKind::Allow);
            match score.outcome() {
                Outcome::Allowed => true,
                Outcome::Listed => !awaits_allow_list(),
                // The highest possible sum could still fall to "allowed": a hit of a list with a negative weight lowers it, and a
                // miss of any other list, whose weight it contains until then.
                Outcome::NotListed => {
                    let may_fall_by: i64 = awaited().map(|spec| i64::from(spec.weight()).abs()).sum();
                    !awaits_allow_list() && i64::from(score.high()) - may_fall_by > score.thresholds().allowed.into()
                }
                Outcome::Undecided => false,
            }
        };
        match contexts.as_slice() {
            [] => is_decided(None).then_some(None).into_iter().collect(),
            several => {
                let names = several.iter().map(|context| &context.name).filter(|name| is_decided(Some(name)));
                names.map(|name| Some(Arc::clone(name))).collect()
            }
        }
    }
}

/// Is the finding about the lists together?
fn is_about_lists(finding: Finding) -> bool {
    matches!(finding, Finding::Listed | Finding::DenyListUnknown | Finding::AllowListUnknown | Finding::ListsUndecided)
}

/// Drops a check that has no verdict yet and is not needed. `true` if it did.
fn drop_check<U: Check>(check: &mut Option<Running<U>>, is_needed: impl Fn() -> bool) -> bool {
    check.take_if(|running| !running.is_done() && !is_needed()).is_some()
}

/// The verdict so far, as it will be.
fn verdict<U: Check<Verdict: Clone>>(
    check: Option<&Running<U>>,
    existence: Existence,
    doubt: impl FnOnce(&mut U::Verdict),
) -> Option<Cow<'_, U::Verdict>> {
    let mut verdict = Cow::Borrowed(check?.verdict.as_ref()?);
    if existence == Existence::Doubted {
        doubt(verdict.to_mut());
    }
    Some(verdict)
}

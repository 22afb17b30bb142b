//! Rules that can never apply with the lists and names of a configuration.

use std::fmt;

use crate::check::helo::OwnIdentity;
use crate::dnsxl::{ListKind, ListSpec, OnNoAnswer};
use crate::lists::ListSet;
use crate::policy::{Finding, Policy};
use crate::report::stage::Stage;

/// A rule of a policy that can never apply with these settings. `Display` is one line that says why, and what to change.
///
/// ```
/// use rdnsbl::{Action, Finding, ListSet, Policy, Settings, inquiry::SettingsFinding};
///
/// let policy = Policy::rfc().on(Finding::DenyListUnknown, Action::Defer);
/// let lists = ListSet::builder().deny("bl.example").build()?; // does not say that it defers
/// let findings = Settings::default().with_lists(lists).with_policy(policy).findings();
/// let [SettingsFinding::Rule(rule)] = findings.as_slice() else { panic!("one rule") };
/// assert_eq!(rule.findings(), [Finding::DenyListUnknown]);
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnusedRule {
    findings: Vec<Finding>,
    why: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reason {
    /// Nothing in the settings can lead to this finding.
    Never(Finding, &'static str),
    /// One check gives only one of these findings.
    Exclusive(Finding, Finding),
}

impl UnusedRule {
    /// The finding of the rule; several for a rule about findings that are there at once.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for UnusedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.findings.iter().map(|finding| finding.word()).collect();
        write!(f, "the rule for {} never applies: ", words.join(" and "))?;
        match self.why {
            Reason::Never(finding, why) if self.findings.len() > 1 => write!(f, "{finding} needs {why}"),
            Reason::Never(_, why) => write!(f, "it needs {why}"),
            Reason::Exclusive(one, other) => {
                write!(f, "{one} and {other} are never there at once; write one rule for each")
            }
        }
    }
}

impl Policy {
    /// The rules that can never apply with these lists and this identity. Rules of the preset and of its strict variant are
    /// not mentioned: nobody wrote them.
    pub(crate) fn unused(&self, lists: &ListSet, ourselves: &OwnIdentity) -> Vec<UnusedRule> {
        let never = |finding: Finding| Some(Reason::Never(finding, missing(finding, lists, ourselves)?));
        let presets = [Self::of(self.preset), Self::of(self.preset).strict()];
        let is_own = |finding: Finding| presets.iter().all(|preset| preset.rule(finding) != self.rule(finding));
        let alone = Finding::ALL.iter().copied().filter(|finding| is_own(*finding) && !self.rule(*finding).is_pass());
        let alone = alone.filter_map(|finding| Some(UnusedRule { findings: vec![finding], why: never(finding)? }));
        let together = self.combined.iter().filter(|combined| !combined.rule.is_pass()).filter_map(|combined| {
            let findings = &combined.findings;
            let why = findings.iter().copied().find_map(never).or_else(|| exclusive(findings))?;
            Some(UnusedRule { findings: findings.clone(), why })
        });
        alone.chain(together).collect()
    }
}

/// What the settings lack for this finding.
fn missing(finding: Finding, lists: &ListSet, ourselves: &OwnIdentity) -> Option<&'static str> {
    let has = |wanted: &dyn Fn(&ListSpec) -> bool| lists.iter().any(|list| !list.is_retired() && wanted(list));
    let denies = |list: &ListSpec| list.kind() == ListKind::Deny && list.weight() > 0;
    let allows = |list: &ListSpec| list.kind() == ListKind::Allow || list.weight() < 0;
    let defers = |list: &ListSpec| matches!(list.on_no_answer(), OnNoAnswer::Defer | OnNoAnswer::DeferIfReject);
    let (is_possible, needs) = match finding {
        Finding::Listed => (has(&denies), "a deny list with a weight above 0"),
        Finding::DenyListUnknown => (
            has(&|list| denies(list) && list.on_no_answer() == OnNoAnswer::Defer),
            "a deny list that defers if it does not answer (unheard = \"defer\")",
        ),
        Finding::AllowListUnknown => (
            has(&|list| allows(list) && defers(list)),
            "an allow list, or one with a negative weight, that defers if it does not answer (unheard = \"defer\")",
        ),
        Finding::ListsUndecided => (has(&|list| denies(list) || allows(list)), "a list"),
        Finding::HeloClaimsUs => {
            (!ourselves.names.is_empty() || !ourselves.addresses.is_empty(), "your own names or addresses")
        }
        _ => return None,
    };
    (!is_possible).then_some(needs)
}

/// Two of these findings that exclude each other: one check gives both, and only one at a time.
fn exclusive(findings: &[Finding]) -> Option<Reason> {
    let others = |at: usize| findings.iter().skip(at + 1).copied();
    let excludes = |one: Finding, other: Finding| {
        one != other && check_of(one).is_some_and(|check| Some(check) == check_of(other))
    };
    findings.iter().enumerate().find_map(|(at, one)| {
        let other = others(at).find(|other| excludes(*one, *other))?;
        Some(Reason::Exclusive(*one, other))
    })
}

/// The check that gives this finding and no other at the same time: its stage, and whether it is that of the lists.
fn check_of(finding: Finding) -> Option<(Stage, bool)> {
    match finding {
        Finding::ResolverFault | Finding::ListsUndecided => None,
        Finding::Listed | Finding::DenyListUnknown | Finding::AllowListUnknown => Some((Stage::Connect, true)),
        _ => Some((Stage::of(finding), false)),
    }
}

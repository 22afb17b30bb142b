//! What the host is advised to do: a policy is a table from findings to rules, and a preset is such a table.
//!
//! Verdicts are facts; a host may judge them with its own function instead. No preset ever rejects because of something
//! unknown or truncated: it defers. A HELO name that resolves to another address is no reason to refuse (RFC 5321 §4.1.4) and
//! not even a [`Finding`]. Your own rules may reject because of something unknown, but not because of something truncated.
//!
//! A client that has [logged in](crate::inquiry::dialogue::ClientTrust::Authenticated) or is in an [exempt](crate::Settings::exempt)
//! network is not judged. "Allowed" only means that the lists say nothing against the client: it does not override the
//! host's own rules.
//!
//! ```
//! use rdnsbl::{Action, Finding, Policy, policy::Rule};
//!
//! let policy = Policy::postfix()
//!     .on(Finding::IprevForged, Action::Reject) // with the usual reply
//!     .on(Finding::Listed, Action::Pass) // dry run for lists
//!     .on(Finding::IprevNoName, "450 4.7.1 Access denied. Cannot resolve PTR record for $client".parse::<Rule>()?);
//! println!("{policy}");
//! # Ok::<(), rdnsbl::template::TemplateError>(())
//! ```

mod facts;
mod moment;
mod presets;
mod rule;
#[cfg(feature = "serde")]
mod serde;
mod unused;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::base::template::{Expansion, Template, Variable};
use crate::check::helo::HeloReport;
use crate::check::iprev::Iprev;
use crate::check::mail_domain::MailDomainReport;
use crate::policy::facts::{Fact, facts};
pub(crate) use crate::policy::moment::{Moment, Told};
use crate::policy::presets::Preset;
use crate::policy::rule::RuleText;
use crate::report::Report;
use crate::report::summary::FindingSet;

pub use crate::policy::rule::Rule;
pub use crate::policy::unused::UnusedRule;
pub use crate::report::action::Action;
pub use crate::report::advice::{Advice, Cause};
pub use crate::report::finding::Finding;
pub use crate::report::reply::Reply;
pub use crate::report::stage::Stage;

/// A table from findings to rules. What is not in it passes.
///
/// ```
/// use rdnsbl::{Action, Finding, Policy};
///
/// let policy = Policy::rfc().on(Finding::IprevForged, Action::Reject);
/// assert_eq!(policy.rule(Finding::IprevForged).to_string(), "reject");
/// assert_eq!(policy.rule(Finding::IprevNoName).to_string(), "pass"); // not in the table
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Policy {
    preset: Preset,
    rules: Arc<BTreeMap<Finding, Rule>>,
    /// The rule for several rejections at once; it replaces the reply of the worst.
    several: Rule,
    combined: Arc<Vec<Combined>>,
}

/// A rule for several findings that are there at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Combined {
    findings: Vec<Finding>,
    rule: Rule,
}

impl Policy {
    /// The replies of the RFCs: listed clients 550 5.7.1, null MX 550 5.7.27 (sender) and 556 5.1.10 (recipient), sender
    /// domains that cannot take mail 550 5.1.8, domains of either that do not answer 451 4.4.3. Of several rejections at once,
    /// the worst one's reply is given: 5.7.26 is only for several failed authentication checks (RFC 7372 §3.4).
    #[must_use]
    pub fn rfc() -> Self {
        Self::of(Preset::Rfc)
    }

    /// The replies of Postfix with `reject_rbl_client`, `reject_unknown_client_hostname`, `reject_unknown_helo_hostname`,
    /// `reject_unknown_sender_domain` and similar restrictions, with its default codes and in its words.
    #[must_use]
    pub fn postfix() -> Self {
        Self::of(Preset::Postfix)
    }

    /// The replies of sendmail with `FEATURE(dnsbl)`, `FEATURE(require_rdns)` and its sender checks, in its words.
    #[must_use]
    pub fn sendmail() -> Self {
        Self::of(Preset::Sendmail)
    }

    /// Refuses nothing: for monitoring only.
    #[must_use]
    pub fn observe() -> Self {
        Self { preset: Preset::Rfc, rules: Arc::default(), several: Rule::PASS, combined: Arc::default() }
    }

    /// The preset with this name: `rfc`, `postfix`, `sendmail` or `observe`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let preset = Preset::ALL.iter().find(|(_, word)| *word == name).map(|(preset, _)| match preset {
            Preset::Rfc => Self::rfc(),
            Preset::Postfix => Self::postfix(),
            Preset::Sendmail => Self::sendmail(),
        });
        preset.or_else(|| (name == "observe").then(Self::observe))
    }

    fn of(preset: Preset) -> Self {
        let rules = preset.lines().iter().map(|(finding, line)| (*finding, rule(line))).collect();
        Self { preset, rules: Arc::new(rules), several: Rule::PASS, combined: Arc::default() }
    }

    /// The strict variant: a client without confirmed reverse DNS is rejected with 550 5.7.25 (RFC 7372 §3.3). In Postfix's
    /// terms, `unknown_client_reject_code`, `unknown_hostname_reject_code` and `unknown_address_reject_code` are all 550.
    /// Whatever is unknown is deferred, undecided lists and faults of the resolver too.
    #[must_use]
    pub fn strict(self) -> Self {
        let lines = self.preset.strict();
        let strict = lines.iter().fold(self, |policy, (finding, line)| policy.on(*finding, rule(line)));
        strict.on(Finding::ListsUndecided, Action::Defer).on(Finding::ResolverFault, Action::Defer)
    }

    /// Sets the rule for this finding: an [`Action`] with the usual reply, or a [`Rule`].
    #[must_use]
    pub fn on(mut self, finding: Finding, rule: impl Into<Rule>) -> Self {
        Arc::make_mut(&mut self.rules).insert(finding, rule.into());
        self
    }

    /// Adds a rule for findings that are there at once, such as a notification from a client without a name. The reply's
    /// variables are those of the first finding. Where one of the findings means that something
    /// [could not be checked](Finding::is_unknown), the rule defers instead of rejecting. Without findings it never applies.
    ///
    /// ```
    /// use rdnsbl::{Action, Finding, Policy, policy::Rule};
    ///
    /// let rule: Rule = "550 5.7.1 No notifications from $helo_name".parse()?;
    /// let policy = Policy::rfc().all([Finding::HeloNotFqdn, Finding::NullSender, Finding::IprevNoName], rule);
    /// # let _ = policy;
    /// # Ok::<(), rdnsbl::template::TemplateError>(())
    /// ```
    #[must_use]
    pub fn all(mut self, findings: impl IntoIterator<Item = Finding>, rule: impl Into<Rule>) -> Self {
        let combined = Combined { findings: findings.into_iter().collect(), rule: rule.into() };
        Arc::make_mut(&mut self.combined).push(combined);
        self
    }

    /// Does any rule act on this finding, alone or together with others?
    pub(crate) fn acts_on(&self, finding: Finding) -> bool {
        !self.rule(finding).is_pass() || self.combined.iter().any(|combined| combined.findings.contains(&finding))
    }

    /// Sets the rule for several rejections at once, such as `550 5.7.1 $causes`. With [`Action::Pass`], the default, the worst
    /// one's reply is given.
    #[must_use]
    pub fn several(mut self, rule: impl Into<Rule>) -> Self {
        self.several = rule.into();
        self
    }

    /// The rule for a finding.
    #[must_use]
    pub fn rule(&self, finding: Finding) -> &Rule {
        self.rules.get(&finding).unwrap_or(&Rule::PASS)
    }

    /// Does the reply depend on one finding alone? Otherwise it quotes several, or several decide together.
    pub(crate) fn replies_with_the_worst(&self) -> bool {
        self.several.is_pass() && self.combined.is_empty()
    }

    /// What an iprev verdict shows against the client.
    pub(crate) fn finding_of_iprev(verdict: &Iprev) -> Option<Finding> {
        facts::iprev(verdict).filter(|fact| !fact.truncated).map(|fact| fact.finding)
    }

    /// What a HELO argument shows against the client.
    pub(crate) fn finding_of_helo(report: &HeloReport) -> Option<Finding> {
        facts::helo(report).map(|fact| fact.finding)
    }

    /// What the sender's domain shows against the client.
    pub(crate) fn finding_of_sender(report: &MailDomainReport) -> Option<Finding> {
        facts::mail_domain(report, &facts::SENDER).map(|fact| fact.finding)
    }

    /// Every finding against the client, whatever rule it has, and the advice.
    pub(crate) fn findings_and_advice(&self, report: &Report) -> (FindingSet, Advice) {
        let facts = facts(report, None);
        (facts.iter().map(|fact| fact.finding).collect(), self.judge_facts(&facts, report))
    }

    /// Every finding with its rule.
    pub fn table(&self) -> impl Iterator<Item = (Finding, &Rule)> {
        Finding::ALL.iter().map(|finding| (*finding, self.rule(*finding)))
    }

    /// This policy's advice on a report: always to pass if the client has
    /// [logged in](crate::inquiry::dialogue::ClientTrust::Authenticated) or is in an [exempt](crate::Settings::exempt) network.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Advice {
        self.judge_facts(&facts(report, None), report)
    }

    fn judge_facts(&self, facts: &[Fact<'_>], report: &Report) -> Advice {
        if report.is_exempt() {
            return Advice::default();
        }
        self.advise(facts, report, |_, _| true, |_| true)
    }

    /// The advice of one stage of a session: the causes that this stage acts on.
    pub(crate) fn judge_at(&self, report: &Report, moment: &mut Moment<'_>) -> Advice {
        if report.is_exempt() {
            return Advice::default();
        }
        let facts = facts(report, Some(moment));
        let (stage, act_from) = (moment.stage, moment.act_from);
        self.advise(&facts, report, |finding, of| moment.acts_on(finding, of), |of| of.max(act_from) == stage)
    }

    /// The advice on these facts: on those alone that `acts_on` accepts, and on combinations that belong to the stages that
    /// `is_current` accepts.
    fn advise(
        &self,
        facts: &[Fact<'_>],
        report: &Report,
        mut acts_on: impl FnMut(Finding, Stage) -> bool,
        is_current: impl Fn(Stage) -> bool,
    ) -> Advice {
        // Nothing is deferred to learn what would pass either way.
        let matters = |fact: &Fact<'_>| fact.at_worst.is_none_or(|finding| self.acts_on(finding));
        let alone = |fact: &&Fact<'_>| matters(fact) && acts_on(fact.finding, fact.stage);
        let cause = |fact: &Fact<'_>| {
            let reply = self.reply(self.rule(fact.finding), fact, report)?;
            Some(Cause { finding: fact.finding, reply, stage: fact.stage, others: Vec::new() })
        };
        let mut causes: Vec<Cause> = facts.iter().filter(alone).filter_map(cause).collect();
        let together = self.combined.iter().filter_map(|combined| self.together(combined, facts, report));
        causes.extend(together.filter(|cause| is_current(cause.stage)));
        // Worst first; equal ones in the order of findings.
        causes.sort_by_key(|cause| (std::cmp::Reverse(cause.reply.action()), cause.finding));
        let rejects = causes.iter().filter(|cause| cause.reply.action() == Action::Reject).count();
        let several = match (&self.several.0, causes.as_slice()) {
            (RuleText::Line(template), [first, second, ..]) if rejects > 1 => {
                let causes = format!("{}; {}", first.reply.text(), second.reply.text());
                let value = |variable| match variable {
                    Variable::Causes => causes.clone(),
                    Variable::RblCode => first.reply.code().to_string(),
                    _ => String::new(),
                };
                Some(Reply::from_expansion(&template.expand(&value)).unwrap_or_else(Reply::safe))
            }
            (RuleText::Usual(action), [first, ..]) if rejects > 1 => first.reply.as_action(*action),
            _ => None,
        };
        Advice { reply: several.or_else(|| causes.first().map(|cause| cause.reply.clone())), causes }
    }

    /// The cause by a combined rule, if all its findings are there.
    fn together(&self, combined: &Combined, facts: &[Fact<'_>], report: &Report) -> Option<Cause> {
        let find = |finding: &Finding| facts.iter().find(|fact| fact.finding == *finding);
        let found: Vec<&Fact<'_>> = combined.findings.iter().map(find).collect::<Option<_>>()?;
        let (first, rest) = found.split_first()?;
        let is_certain = found.iter().all(|fact| !fact.finding.is_unknown() && !fact.truncated);
        let reply = self.reply(&combined.rule, first, report)?;
        let reply = if is_certain { reply } else { reply.as_action(Action::Defer)? };
        let stage = found.iter().map(|fact| fact.stage).max()?;
        Some(Cause { finding: first.finding, reply, stage, others: rest.iter().map(|fact| fact.finding).collect() })
    }

    /// The reply to one fact by this rule, if there is one.
    fn reply(&self, rule: &Rule, fact: &Fact<'_>, report: &Report) -> Option<Reply> {
        let usual = || -> Option<Reply> { self.expand(&self.preset.usual(fact.finding)?.parse().ok()?, fact, report) };
        let reply = match &rule.0 {
            RuleText::Usual(Action::Pass) => return None,
            RuleText::Usual(action) => usual().and_then(|reply| reply.as_action(*action)),
            RuleText::Line(template) => self.expand(template, fact, report),
        };
        let reply =
            match fact.row.filter(|_| fact.finding == Finding::Listed).and_then(|row| row.spec().reply_template()) {
                Some(template) => reply.and_then(|reply| self.in_lists_words(&reply, template, fact, report)),
                None => reply,
            };
        let reply = report
            .lists()
            .iter()
            .flat_map(|row| [Some(row.spec().zone()), row.spec().reason_zone()])
            .filter_map(|zone| zone?.secret())
            .fold(reply.unwrap_or_else(Reply::safe), Reply::without);
        if fact.truncated { reply.as_action(Action::Defer) } else { Some(reply) }
    }

    /// The reply by the list's own template, with the codes of the policy's reply unless the template states others.
    fn in_lists_words(&self, reply: &Reply, template: &Template, fact: &Fact<'_>, report: &Report) -> Option<Reply> {
        let Expansion { text, own } = template.expand(&|variable| fact.value(variable, report, reply.code()));
        if crate::report::reply::read_code(text.get(..own).unwrap_or_default()).is_some() {
            return Reply::from_expansion(&Expansion { text, own });
        }
        Reply::new(reply.code(), reply.enhanced(), &text)
    }

    fn expand(&self, template: &Template, fact: &Fact<'_>, report: &Report) -> Option<Reply> {
        let code = self.usual_code(fact.finding);
        Reply::from_expansion(&template.expand(&|variable| fact.value(variable, report, code)))
    }

    /// The code of the preset's reply.
    fn usual_code(&self, finding: Finding) -> u16 {
        self.preset.usual(finding).and_then(crate::report::reply::read_code).unwrap_or(450)
    }
}

/// [`Policy::rfc`].
impl Default for Policy {
    fn default() -> Self {
        Self::rfc()
    }
}

/// Reads the name of a preset: see [`Policy::named`].
impl std::str::FromStr for Policy {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        Self::named(name).ok_or(UnknownPreset)
    }
}

/// There is no such preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected rfc, postfix, sendmail or observe")]
pub struct UnknownPreset;

/// A preset's line as a rule. A test shows that all lines are correct; an incorrect one would pass.
fn rule(line: &str) -> Rule {
    line.parse().unwrap_or(Rule::PASS)
}

/// The table, one finding per line.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (finding, rule) in self.table() {
            writeln!(f, "{finding:<25}{rule}")?;
        }
        for combined in &*self.combined {
            let words: Vec<&str> = combined.findings.iter().map(|finding| finding.word()).collect();
            writeln!(f, "{} {}", words.join(" and "), combined.rule)?;
        }
        writeln!(f, "{:<25}{}", "several", self.several)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("rules", &self.rules)
            .field("combined", &self.combined)
            .field("several", &self.several)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_preset_is_a_rule() {
        for (preset, name) in Preset::ALL {
            for (finding, line) in preset.lines().iter().chain(preset.strict()) {
                let rule: Rule = line.parse().unwrap();
                assert_eq!(rule.to_string(), *line, "{name} {finding}");
                let code = crate::report::reply::read_code(line).unwrap();
                // A preset never rejects because of something unknown.
                assert!(code < 500 || !finding.is_unknown(), "{name} {finding}");
            }
            for finding in Finding::ALL {
                assert!(preset.usual(finding).is_some(), "{name} {finding}");
            }
        }
    }
}

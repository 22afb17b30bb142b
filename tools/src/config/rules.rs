//! From findings to what is done: `[policy]`, with combined rules, classes of Postfix, and findings that are only observed.

use std::collections::BTreeMap;
use std::str::FromStr;

use rdnsbl::policy::{Advice, Reply, Rule};
use rdnsbl::{Action, Finding, Policy, Report};
use toml::Spanned;

use crate::config::For;
use crate::config::score::Score;
use crate::config::section::{self, Section};

/// Actions of access(5), which are no names of classes: some of them accept.
const ACTIONS: [&str; 15] = [
    "ok",
    "relay",
    "accept",
    "reject",
    "defer",
    "defer_if_reject",
    "defer_if_permit",
    "discard",
    "dunno",
    "filter",
    "hold",
    "bcc",
    "prepend",
    "redirect",
    "warn",
];

/// What is done about findings.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Every rule.
    policy: Policy,
    /// Without the findings that are only observed.
    acting: Policy,
    observed: Vec<Finding>,
    classes: BTreeMap<Finding, ClassName>,
    /// For people: rules about several findings, with their reply.
    combined: Vec<String>,
}

/// A restriction class of `main.cf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassName(String);

impl ClassName {
    fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let is_name = lower.starts_with(|first: char| first.is_ascii_alphabetic())
            && lower.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'));
        let is_action = ACTIONS.contains(&lower.as_str()) || lower.starts_with("permit");
        (is_name && !is_action).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the rules say about one report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    pub(crate) advice: Advice,
    /// Postfix decides by this class of its own, instead of the advice.
    pub(crate) class: Option<ClassName>,
}

impl Judgement {
    /// The finding that decided.
    pub(crate) fn finding(&self) -> Option<Finding> {
        self.advice.because().first().map(rdnsbl::policy::Cause::finding)
    }

    /// The reply, unless a class of Postfix decides.
    pub(crate) fn reply(&self) -> Option<&Reply> {
        self.advice.reply().filter(|_| self.class.is_none())
    }

    pub(crate) fn action(&self) -> Action {
        self.advice.action()
    }
}

impl Rules {
    /// Reads `[policy]`.
    pub(super) fn read(mut section: Section<'_>, program: For) -> Self {
        let usual = if program == For::Milter { "sendmail" } else { "postfix" };
        let preset = section.parsed("preset", "rfc, postfix, sendmail or observe", Policy::named);
        let mut policy = preset.map(Spanned::into_inner).or_else(|| Policy::named(usual)).unwrap_or_default();
        if section.flag("strict", false) {
            policy = policy.strict();
        }
        let several = section.rule("several");
        let observed = findings(&mut section, "observe").unwrap_or_default();
        let allowed = section.parsed_list("allowed_classes", "names of smtpd_restriction_classes", ClassName::parse);
        if let (For::Milter, Some(class)) = (program, allowed.first()) {
            section.mistake("allowed_classes", class, "only rdnsbl-policyd can answer with a class");
        }
        let (classes, combined) = Default::default();
        let mut rules = Self { acting: Policy::observe(), policy, observed, classes, combined };
        let (all, scores) = (section.sections("all"), section.sections("score"));
        rules.set_all(&section, &allowed);
        if let Some(rule) = several {
            rules.policy = rules.policy.several(rule);
        }
        rules.acting =
            rules.observed.iter().fold(rules.policy.clone(), |policy, finding| policy.on(*finding, Action::Pass));
        for section in all {
            rules.add_all(section);
        }
        for score in scores.into_iter().filter_map(|section| Score::read(section, finding)) {
            rules.combined.push(score.text);
            score.sets.into_iter().for_each(|set| rules.add(set, &score.rule));
        }
        rules
    }

    /// Adds a rule for findings that are all there.
    fn add(&mut self, findings: Vec<Finding>, rule: &Rule) {
        if !findings.iter().any(|finding| self.observed.contains(finding)) {
            self.acting = self.acting.clone().all(findings.iter().copied(), rule.clone());
        }
        self.policy = self.policy.clone().all(findings, rule.clone());
    }

    /// The same from `[[policy.all]]`.
    fn add_all(&mut self, mut section: Section<'_>) {
        let (findings, rule) = (findings(&mut section, "findings"), section.rule("reply"));
        if findings.as_ref().is_some_and(Vec::is_empty) || !section.has("reply") {
            section.mistake_here("expected findings = [\"...\"] with at least one finding, and reply = \"...\"");
        } else if let (Some(findings), Some(rule)) = (findings, rule) {
            let words: Vec<&str> = findings.iter().map(|finding| finding.word()).collect();
            self.combined.push(format!("{}  {rule}", words.join(" + ")));
            self.add(findings, &rule);
        }
        section.end();
    }

    /// The rules of single findings: all other keys.
    fn set_all(&mut self, section: &Section<'_>, allowed: &[Spanned<ClassName>]) {
        for (word, span, value) in section.others() {
            let finding = match finding(word) {
                Ok(finding) => finding,
                Err(error) => {
                    section.mistake(&rdnsbl::remote_text::hide_keys(word), &Spanned::new(span, ()), error);
                    continue;
                }
            };
            let Some(text) = value.get_ref().as_str() else {
                section.mistake(word, value, "expected a rule in quotes, such as \"550 5.7.1 text\" or \"pass\"");
                continue;
            };
            let change = |policy: &Policy, rule: Rule| policy.clone().on(finding, rule);
            match text.strip_prefix("class ") {
                Some(name) => match allowed.iter().find(|class| class.get_ref().as_str() == name.trim()) {
                    // A deferral comes after every rejection.
                    Some(class) => {
                        self.policy = change(&self.policy, Action::Defer.into());
                        self.classes.insert(finding, class.get_ref().clone());
                    }
                    None => section.mistake(word, value, "this class is not in policy.allowed_classes"),
                },
                None => match section::rule(text) {
                    Ok(rule) => self.policy = change(&self.policy, rule),
                    Err(error) => section.mistake(word, value, error),
                },
            }
        }
    }

    /// Every rule, those for findings that are only observed too.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every finding with a rule that does not pass, and that rule.
    pub(crate) fn table(&self) -> impl Iterator<Item = String> {
        let one = self.policy.table().filter_map(|(finding, rule)| {
            let rule = match self.classes.get(&finding) {
                Some(class) => format!("class {}", class.as_str()),
                None => rule.to_string(),
            };
            let observed = if self.observed.contains(&finding) { " (observed only)" } else { "" };
            (rule != Action::Pass.word()).then(|| format!("{finding:<25}{rule}{observed}"))
        });
        one.chain(self.combined.iter().cloned()).collect::<Vec<_>>().into_iter()
    }

    /// The action of all rules, and the action without the findings that are only observed.
    pub(crate) fn judge(&self, report: &Report) -> (Judgement, Judgement) {
        let judgement = |policy: &Policy| {
            let advice = policy.judge(report);
            let decided_by = advice.because().first().filter(|cause| cause.findings().count() == 1);
            let class = decided_by.filter(|_| advice.action() == Action::Defer);
            let class = class.and_then(|cause| self.classes.get(&cause.finding())).cloned();
            Judgement { advice, class }
        };
        (judgement(&self.policy), judgement(&self.acting))
    }
}

fn finding(word: &str) -> Result<Finding, String> {
    // No finding has a dot; a zone has, perhaps with a key.
    if word.contains('.') {
        return Err("this is no finding".to_owned());
    }
    Finding::from_str(word).map_err(|error| error.to_string())
}

/// A list of findings; `None` where something is wrong with it.
fn findings(section: &mut Section<'_>, key: &'static str) -> Option<Vec<Finding>> {
    let before = section.reader().mistakes();
    let mut findings = Vec::new();
    for text in section.texts(key) {
        match finding(text.get_ref()) {
            Ok(finding) => findings.push(finding),
            Err(error) => section.mistake(key, &text, error),
        }
    }
    (section.reader().mistakes() == before).then_some(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_never_actions() {
        for wrong in ["OK", "ok", "permit", "permit_mynetworks", "Reject", "250", "", "two words", "a\nb", "DUNNO"] {
            assert_eq!(ClassName::parse(wrong), None, "{wrong}");
        }
        assert_eq!(ClassName::parse("greylist").unwrap().as_str(), "greylist");
    }
}

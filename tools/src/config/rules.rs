//! From findings to what is done: `[policy]`, with combined rules, classes of Postfix, and findings that are only observed.

use std::collections::BTreeMap;
use std::fmt;

use rdnsbl::policy::{Advice, Reply, Rule};
use rdnsbl::{Action, Finding, Policy, Report};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::config::{For, Reader};

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

/// `[policy]` as it stands in the file: known keys, and findings with their rules.
#[derive(Debug, Default)]
pub(super) struct PolicySection {
    preset: Option<Spanned<String>>,
    strict: bool,
    several: Option<Spanned<String>>,
    observe: Vec<Spanned<String>>,
    allowed_classes: Vec<Spanned<String>>,
    all: Vec<AllSection>,
    rules: Vec<(String, Spanned<String>)>,
}

/// `[[policy.all]]`: a reply for findings that are all there.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AllSection {
    findings: Vec<Spanned<String>>,
    reply: Spanned<String>,
}

impl<'de> Deserialize<'de> for PolicySection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = PolicySection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of findings and their replies")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PolicySection, A::Error> {
                let mut section = PolicySection::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "preset" => section.preset = Some(map.next_value()?),
                        "strict" => section.strict = map.next_value()?,
                        "several" => section.several = Some(map.next_value()?),
                        "observe" => section.observe = map.next_value()?,
                        "allowed_classes" => section.allowed_classes = map.next_value()?,
                        "all" => section.all = map.next_value()?,
                        _ => section.rules.push((key, map.next_value()?)),
                    }
                }
                Ok(section)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// What is done about findings.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Every rule.
    policy: Policy,
    /// Without the findings that are only observed.
    acting: Policy,
    observed: Vec<Finding>,
    classes: BTreeMap<Finding, ClassName>,
    /// For people: findings that are all there, with their reply.
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
    pub(super) fn read(section: &PolicySection, program: For, reader: &mut Reader<'_>) -> Self {
        let preset = section.preset.as_ref();
        let usual = if program == For::Milter { "sendmail" } else { "postfix" };
        let named = Policy::named(preset.map_or(usual, |preset| preset.get_ref()));
        if let (None, Some(preset)) = (&named, preset) {
            reader.mistake(preset, "policy.preset: expected rfc, postfix, sendmail or observe");
        }
        let mut policy = named.unwrap_or_else(Policy::observe);
        if section.strict {
            policy = policy.strict();
        }
        let observed = section.observe.iter().filter_map(|text| finding(text, "policy.observe", reader)).collect();
        let (classes, combined) = Default::default();
        let mut rules = Self { acting: policy.clone(), policy, observed, classes, combined };
        let mut allowed = Vec::new();
        for text in &section.allowed_classes {
            if program == For::Milter {
                reader.mistake(text, "policy.allowed_classes: only rdnsbl-policyd can answer with a class");
            }
            match ClassName::parse(text.get_ref()) {
                Some(class) => allowed.push(class),
                None => reader.mistake(text, "policy.allowed_classes: expected names of smtpd_restriction_classes"),
            }
        }
        for (word, text) in &section.rules {
            match word.parse::<Finding>() {
                Ok(finding) => rules.set(finding, text, &allowed, reader),
                Err(error) => reader.mistake(text, format!("policy.{word}: {error}")),
            }
        }
        if let Some(text) = &section.several
            && let Some(rule) = rule(text, "several", reader)
        {
            rules.policy = rules.policy.several(rule);
        }
        rules.acting =
            rules.observed.iter().fold(rules.policy.clone(), |policy, finding| policy.on(*finding, Action::Pass));
        for all in &section.all {
            rules.add(all, reader);
        }
        rules
    }

    /// Adds a rule for findings that are all there.
    fn add(&mut self, all: &AllSection, reader: &mut Reader<'_>) {
        let read = |text: &Spanned<String>| finding(text, "policy.all.findings", reader);
        let Some(findings) = all.findings.iter().map(read).collect::<Option<Vec<Finding>>>() else { return };
        let Some(rule) = rule(&all.reply, "all.reply", reader) else { return };
        if findings.is_empty() {
            return reader.mistake(&all.reply, "policy.all: expected at least one finding");
        }
        let words: Vec<&str> = findings.iter().map(|finding| finding.word()).collect();
        self.combined.push(format!("{}  {rule}", words.join(" + ")));
        if !findings.iter().any(|finding| self.observed.contains(finding)) {
            self.acting = self.acting.clone().all(findings.iter().copied(), rule.clone());
        }
        self.policy = self.policy.clone().all(findings, rule);
    }

    fn set(&mut self, finding: Finding, text: &Spanned<String>, allowed: &[ClassName], reader: &mut Reader<'_>) {
        let change = |policy: &Policy, rule: Rule| policy.clone().on(finding, rule);
        match text.get_ref().strip_prefix("class ") {
            Some(name) => match allowed.iter().find(|class| class.as_str() == name.trim()) {
                // As a deferral it stands behind every rejection.
                Some(class) => {
                    self.policy = change(&self.policy, Action::Defer.into());
                    self.classes.insert(finding, class.clone());
                }
                None => reader.mistake(text, format!("policy.{finding}: this class is not in policy.allowed_classes")),
            },
            None => {
                if let Some(rule) = rule(text, finding.word(), reader) {
                    self.policy = change(&self.policy, rule);
                }
            }
        }
    }

    /// Every rule, those for findings that are only observed too.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every finding that is not simply let pass, with its rule.
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

    /// What the rules say, and what is left of it without the findings that are only observed.
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

fn rule(text: &Spanned<String>, key: &str, reader: &mut Reader<'_>) -> Option<Rule> {
    text.get_ref().parse().map_err(|error| reader.mistake(text, format!("policy.{key}: {error}"))).ok()
}

fn finding(text: &Spanned<String>, key: &str, reader: &mut Reader<'_>) -> Option<Finding> {
    text.get_ref().parse().map_err(|error| reader.mistake(text, format!("{key}: {error}"))).ok()
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

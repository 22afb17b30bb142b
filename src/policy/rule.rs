//! The rule for one finding.

use std::fmt;
use std::str::FromStr;

use crate::base::template::{Template, TemplateError, TemplateErrorKind};
use crate::policy::Action;
use crate::report::reply::{read_code, read_enhanced};

/// The rule for one finding: pass, or a reply whose code says what to do.
///
/// ```
/// use rdnsbl::{Action, policy::Rule};
///
/// let rule: Rule = "450 4.7.1 Access denied. Cannot resolve PTR record for $client".parse()?;
/// assert_eq!(rule.to_string(), "450 4.7.1 Access denied. Cannot resolve PTR record for $client");
/// assert_eq!(Rule::from(Action::Reject).to_string(), "reject"); // with the usual reply
/// assert!("450 5.7.1 a rejecting 450".parse::<Rule>().is_err());
/// # Ok::<(), rdnsbl::template::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule(pub(super) RuleText);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RuleText {
    /// The usual reply for the finding, with this action.
    Usual(Action),
    Line(Template),
}

impl Rule {
    /// The finding passes.
    pub(super) const PASS: Self = Self(RuleText::Usual(Action::Pass));

    /// Does the finding pass?
    pub(crate) fn is_pass(&self) -> bool {
        *self == Self::PASS
    }

    /// Does it reject for certain? A line that begins with a variable or a condition is not certain.
    pub(crate) fn rejects(&self) -> bool {
        match &self.0 {
            RuleText::Usual(action) => *action == Action::Reject,
            RuleText::Line(template) => read_code(template.literal_start()).is_some_and(|code| code >= 500),
        }
    }
}

impl From<Action> for Rule {
    fn from(action: Action) -> Self {
        Self(RuleText::Usual(action))
    }
}

/// Reads a reply line, or one of the words `pass`, `defer` and `reject` for the usual reply. The line starts with a code, with
/// `$rbl_code` (the preset's code), or with a condition.
impl FromStr for Rule {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        if let Ok(action) = text.parse() {
            return Ok(Self(RuleText::Usual(action)));
        }
        let template: Template = text.parse()?;
        check(text, &template)?;
        Ok(Self(RuleText::Line(template)))
    }
}

/// Finds the mistakes that can be found without a report.
fn check(text: &str, template: &Template) -> Result<(), TemplateError> {
    let start = template.literal_start();
    if start.is_empty() {
        // A condition may contain the code. A value may not: it comes from outside.
        let may_hold_code = template.starts_with_code() || template.starts_with_condition();
        let kind = if text.is_empty() { TemplateErrorKind::NeedText } else { TemplateErrorKind::NeedCode };
        return if may_hold_code { Ok(()) } else { Err(TemplateError::new(kind, 0..0)) };
    }
    if read_code(start).is_none() {
        let end = start.find(' ').unwrap_or(start.len());
        return Err(TemplateError::new(TemplateErrorKind::NeedCode, 0..end));
    }
    let after = start.get(4..).unwrap_or_default();
    let mut rest = after;
    if let Some(length) = read_enhanced(after) {
        if after.get(..1) != start.get(..1) {
            return Err(TemplateError::new(TemplateErrorKind::CodesDiffer, 4..4 + length));
        }
        rest = after.get(length..).unwrap_or_default();
    }
    if rest.trim().is_empty() && start.len() == text.len() {
        return Err(TemplateError::new(TemplateErrorKind::NeedText, text.len()..text.len()));
    }
    Ok(())
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RuleText::Usual(action) => f.pad(action.word()),
            RuleText::Line(template) => template.fmt(f),
        }
    }
}

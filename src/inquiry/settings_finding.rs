//! What an administrator should know about settings.

use std::fmt;

use crate::inquiry::settings::Settings;
use crate::lists::{Unreachable, ZoneFinding};
use crate::policy::{Finding, UnusedRule};

/// One thing that an administrator should know about settings. `Display` is one printable line without a key.
///
/// ```
/// use rdnsbl::{ListSet, Settings};
///
/// let lists = ListSet::builder().deny("a.example").deny("b.example").min_operators(3).build()?;
/// for finding in Settings::default().with_lists(lists).findings() {
///     println!("{finding}"); // min_operators 3 is never reached: ...
/// }
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsFinding {
    /// About one list.
    List(ZoneFinding),
    /// A threshold that the lists can never reach.
    Threshold(Unreachable),
    /// A rule of the policy that can never apply.
    Rule(UnusedRule),
    /// A rule that rejects permanently because something could not be checked: a timeout would then reject legitimate mail.
    RejectsUnknown(Finding),
}

impl fmt::Display for SettingsFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(finding) => finding.fmt(f),
            Self::Threshold(unreachable) => unreachable.fmt(f),
            Self::Rule(rule) => rule.fmt(f),
            Self::RejectsUnknown(finding) => {
                write!(f, "{finding} rejects mail for good although something could not be checked: defer it")
            }
        }
    }
}

impl Settings {
    /// What an administrator should know about these settings: the findings about each list, thresholds that can never be
    /// reached, rules of the policy that can never apply, and rules that reject because something could not be checked. A
    /// finding never stops anything.
    #[must_use]
    pub fn findings(&self) -> Vec<SettingsFinding> {
        let lists = self.lists.findings().iter().cloned().map(SettingsFinding::List);
        let thresholds = self.lists.unreachable().iter().cloned().map(SettingsFinding::Threshold);
        let rules = self.policy.unused(&self.lists, &self.ourselves).into_iter().map(SettingsFinding::Rule);
        let rejects = |finding: &Finding| finding.is_unknown() && self.policy.rule(*finding).rejects();
        let unknown = Finding::ALL.iter().copied().filter(rejects).map(SettingsFinding::RejectsUnknown);
        lists.chain(thresholds).chain(rules).chain(unknown).collect()
    }
}

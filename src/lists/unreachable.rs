//! Thresholds that a set of lists can never reach.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::dnsxl::score::{ContextThresholds, ScoreThresholds};
use crate::dnsxl::{ListKind, ListSpec};
use crate::lists::finding::ZoneFinding;

/// A threshold that decides nothing, because the lists can never reach it. `Display` is one line that says what to change.
///
/// ```
/// use rdnsbl::ListSet;
///
/// let lists = ListSet::builder().deny("a.example*2").deny("b.example").threshold(5).build()?;
/// let [unreachable] = lists.unreachable() else { panic!("one threshold") };
/// assert_eq!((unreachable.setting(), unreachable.value(), unreachable.reachable()), ("threshold", 5, 3));
/// assert!(unreachable.to_string().starts_with("threshold 5 is never reached: "));
/// # Ok::<(), rdnsbl::ListSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unreachable {
    context: Option<Arc<str>>,
    kind: Kind,
    value: i64,
    reachable: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Threshold,
    AllowThreshold,
    MinOperators,
}

impl Unreachable {
    /// The context whose threshold it is, if several [contexts](crate::ListSet::contexts) decide separately.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The setting: `threshold`, `allow_threshold` or `min_operators`.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self.kind {
            Kind::Threshold => "threshold",
            Kind::AllowThreshold => "allow_threshold",
            Kind::MinOperators => "min_operators",
        }
    }

    /// The value of the setting.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.value
    }

    /// The nearest value that the lists can reach: the highest sum of weights, the lowest, or the number of operators.
    #[must_use]
    pub fn reachable(&self) -> i64 {
        self.reachable
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context}: ")?;
        }
        let reachable = self.reachable;
        write!(f, "{} {} is never reached: ", self.setting(), self.value)?;
        match self.kind {
            Kind::Threshold => write!(f, "the weights add up to {reachable} at most; lower it, or raise the weights"),
            Kind::AllowThreshold if reachable == 0 => {
                f.write_str("no list has a negative weight; remove it, or give a list a negative weight")
            }
            Kind::AllowThreshold => {
                write!(f, "the negative weights add up to {reachable}; raise it, or lower the weights")
            }
            Kind::MinOperators => {
                let operators = if reachable == 1 { "operator" } else { "operators" };
                write!(f, "the lists that can add to the score have {reachable} {operators}; ")?;
                f.write_str("lower it, or add lists of other operators")
            }
        }
    }
}

/// The thresholds that cannot be reached. Those with their default value are not mentioned: nobody set them.
pub(super) fn find(
    lists: &[Arc<ListSpec>],
    contexts: &[ContextThresholds],
    findings: &[ZoneFinding],
) -> Vec<Unreachable> {
    let idle: HashSet<usize> =
        findings.iter().filter(|finding| finding.kind().never_counts()).map(ZoneFinding::index).collect();
    let counting: Vec<&ListSpec> = lists
        .iter()
        .enumerate()
        .filter(|(index, list)| list.kind() == ListKind::Deny && !list.is_retired() && !idle.contains(index))
        .map(|(_, list)| &**list)
        .collect();
    // An empty set has no thresholds to reach.
    if lists.is_empty() {
        return Vec::new();
    }
    let several = contexts.len() > 1;
    contexts
        .iter()
        .flat_map(|context| {
            let own = counting.iter().copied().filter(|list| list.context() == several.then_some(&*context.name));
            of_context(&own.collect::<Vec<_>>(), context.thresholds, several.then(|| Arc::clone(&context.name)))
        })
        .collect()
}

fn of_context(lists: &[&ListSpec], thresholds: ScoreThresholds, context: Option<Arc<str>>) -> Vec<Unreachable> {
    let default = ScoreThresholds::default();
    let weights = || lists.iter().map(|list| i64::from(list.weight()));
    let highest = weights().filter(|weight| *weight > 0).sum::<i64>();
    let lowest = weights().filter(|weight| *weight < 0).sum::<i64>();
    let operators: HashSet<&str> = lists.iter().filter(|list| list.weight() > 0).map(|list| list.operator()).collect();
    let operators = i64::try_from(operators.len()).unwrap_or(i64::MAX);
    let (listed, allowed) = (i64::from(thresholds.listed), i64::from(thresholds.allowed));
    let wanted = i64::try_from(thresholds.operators).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    let mut add = |is_unreachable, kind, value, reachable| {
        if is_unreachable {
            found.push(Unreachable { context: context.clone(), kind, value, reachable });
        }
    };
    add(thresholds.listed != default.listed && listed > highest.max(0), Kind::Threshold, listed, highest);
    // The lowest number turns the allow threshold off.
    let is_set = thresholds.allowed != default.allowed && thresholds.allowed != i32::MIN;
    add(is_set && allowed < lowest, Kind::AllowThreshold, allowed, lowest);
    add(thresholds.operators > 1 && wanted > operators, Kind::MinOperators, wanted, operators);
    found
}

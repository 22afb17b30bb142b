//! `[[policy.score]]`: findings with weights, and a reply from a sum on. Each set of findings that is just enough is a combined
//! rule of the library, so what could not be checked never rejects.

use rdnsbl::Finding;
use rdnsbl::policy::Rule;

use crate::config::section::{Section, integer};

/// So many sets at most; with weights far below the threshold there would be thousands.
const MAX_SETS: usize = 500;

/// The sets of findings that are just enough, and their reply.
pub(super) struct Score {
    pub(super) sets: Vec<Vec<Finding>>,
    pub(super) rule: Rule,
    /// For people.
    pub(super) text: String,
}

impl Score {
    /// Reads one table; `None` where something is wrong with it.
    pub(super) fn read(mut section: Section<'_>, finding: impl Fn(&str) -> Result<Finding, String>) -> Option<Self> {
        let is_whole = section.has("findings") && section.has("threshold") && section.has("reply");
        let weights = weights(section.section("findings"), finding);
        let threshold = section.number("threshold", "a whole number from 1 on", |threshold| *threshold > 0_u32);
        let rule = section.rule("reply");
        let mut score = None;
        if !is_whole {
            section
                .mistake_here("expected findings = { FINDING = WEIGHT, ... }, threshold = NUMBER and reply = \"...\"");
        } else if let (Some(mut weights), Some(threshold), Some(rule)) = (weights, threshold, rule) {
            let shown: Vec<String> = weights.iter().map(|(finding, weight)| format!("{finding} {weight}")).collect();
            let text = format!("{} >= {threshold}  {rule}", shown.join(" + "));
            // With the smallest last, a set that reaches the threshold does so by its last finding alone.
            weights.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
            let mut sets = Vec::new();
            collect(&weights, threshold, &mut Vec::new(), &mut sets);
            match sets.len() {
                0 => section.mistake_here(format_args!("these findings never add up to {threshold}")),
                1..=MAX_SETS => score = Some(Self { sets, rule, text }),
                _ => section
                    .mistake_here("too many sets of findings reach this threshold: write larger weights, or fewer"),
            }
        }
        section.end();
        score
    }
}

/// Each finding with its weight; `None` where one is wrong.
fn weights(section: Section<'_>, finding: impl Fn(&str) -> Result<Finding, String>) -> Option<Vec<(Finding, u32)>> {
    let mut weights = Some(Vec::new());
    for (word, _, value) in section.others() {
        let weight = integer::<u32>(value.get_ref()).filter(|weight| (1..=1_000).contains(weight));
        let weight = weight.ok_or_else(|| "expected a weight, a whole number from 1 to 1000".to_owned());
        match finding(word).and_then(|finding| Ok((finding, weight?))) {
            Ok(weighed) => weights = weights.map(|weights| [weights, vec![weighed]].concat()),
            Err(error) => {
                section.mistake(&rdnsbl::remote_text::hide_keys(word), value, error);
                weights = None;
            }
        }
    }
    weights
}

/// Adds every set that begins with `chosen`, goes on with some of `rest`, and just reaches what is `missing`.
fn collect(rest: &[(Finding, u32)], missing: u32, chosen: &mut Vec<Finding>, sets: &mut Vec<Vec<Finding>>) {
    for (at, (finding, weight)) in rest.iter().enumerate() {
        if sets.len() > MAX_SETS {
            return;
        }
        if chosen.iter().any(|other| check(*other) == check(*finding)) {
            continue;
        }
        chosen.push(*finding);
        match missing.checked_sub(*weight) {
            None | Some(0) => sets.push(chosen.clone()),
            Some(missing) => collect(rest.get(at + 1..).unwrap_or_default(), missing, chosen, sets),
        }
        chosen.pop();
    }
}

/// The check that gives this finding: one check gives one finding at a time.
fn check(finding: Finding) -> &'static str {
    match finding {
        Finding::Listed | Finding::DenyListUnknown | Finding::AllowListUnknown => "list",
        Finding::NullSender => "sender",
        other => other.word().split('_').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_just_enough() {
        let sets = |weights: &[(Finding, u32)], threshold| {
            let mut sets = Vec::new();
            collect(weights, threshold, &mut Vec::new(), &mut sets);
            sets
        };
        use Finding::{HeloNotFqdn, IprevForged, IprevNoName, Listed, NullSender, SenderUnknown};
        let weights =
            [(Listed, 4), (IprevNoName, 2), (IprevForged, 2), (HeloNotFqdn, 1), (NullSender, 1), (SenderUnknown, 1)];
        let expected = vec![
            vec![Listed],
            vec![IprevNoName, HeloNotFqdn, NullSender],
            vec![IprevNoName, HeloNotFqdn, SenderUnknown],
            vec![IprevForged, HeloNotFqdn, NullSender],
            vec![IprevForged, HeloNotFqdn, SenderUnknown],
        ];
        assert_eq!(sets(&weights, 4), expected);
        assert_eq!(sets(&weights, 9), Vec::<Vec<Finding>>::new());
        assert_eq!(sets(&[], 1), Vec::<Vec<Finding>>::new());
    }
}

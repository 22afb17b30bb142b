//! Interprets the return codes of an answer, before the list itself is tested. Pure: the result is the same for an
//! answer from the network and from the cache.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::dnsxl::kind::ListKind;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::profile::Disposition;

/// The meaning of all return codes of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// No statement about the client: the list is broken or refuses.
    Problem(ProblemKind),
    /// Listed, but only with codes that this spec does not select.
    Excluded,
    /// Listed, if the list passes its control queries. Contains the meanings of the codes that count.
    Hit(Vec<Arc<str>>),
}

/// Classifies the codes of one answer: first [`problem_in`], then the filter of the spec.
pub(crate) fn classify(spec: &ListSpec, codes: &[Ipv4Addr]) -> Class {
    if let Some(problem) = problem_in(spec, codes) {
        return Class::Problem(problem);
    }
    // If the zone that is asked contains several lists, only the codes of this one matter.
    let codes = &*spec.own_codes(codes);
    if codes.is_empty() {
        return Class::Excluded;
    }
    let asked_for_loopback = may_list_loopback(spec);
    let counted: Vec<Ipv4Addr> =
        codes.iter().copied().filter(|code| *code != Ipv4Addr::LOCALHOST || asked_for_loopback).collect();
    if counted.is_empty() {
        return Class::Problem(ProblemKind::Ambiguous);
    }
    // A filter tests all codes at once: 127.0.0.1 matters for "every" and "no", although it is no reason to list.
    let picked = spec.codes().map(|filter| filter.holds(codes, &counted));
    let mut hit = picked == Some(true);
    let mut meanings: Vec<Arc<str>> = Vec::new();
    for code in counted {
        let counts = match (spec.codes(), picked) {
            (Some(filter), Some(true)) => filter.is_reason(code),
            (Some(_), _) => false,
            (None, _) => counts(spec, code),
        };
        if !counts {
            continue;
        }
        hit = true;
        for (_, meaning) in spec.knowledge().explain(code) {
            if !meanings.contains(meaning) {
                meanings.push(meaning.clone());
            }
        }
    }
    if hit { Class::Hit(meanings) } else { Class::Excluded }
}

/// The problem, if the answer contains a code that no working list returns for a client. No filter overrides this.
fn problem_in(spec: &ListSpec, codes: &[Ipv4Addr]) -> Option<ProblemKind> {
    // RFC 5782 §2.3 and RFC 6471 §3.3: a list that answers outside 127.0.0.0/8 does not work.
    if codes.iter().any(|code| !code.is_loopback()) {
        return Some(ProblemKind::Outside127);
    }
    codes.iter().any(|code| spec.knowledge().is_refusal(*code)).then_some(ProblemKind::Refused)
}

/// 127.0.0.1 has no common meaning. It counts only if the filter or the profile contains exactly this code.
fn may_list_loopback(spec: &ListSpec) -> bool {
    spec.codes().is_some_and(|filter| filter.names(Ipv4Addr::LOCALHOST)) || spec.knowledge().names(Ipv4Addr::LOCALHOST)
}

/// Does this code count for a spec without a filter? Decided by the profile.
fn counts(spec: &ListSpec, code: Ipv4Addr) -> bool {
    let mut known = spec.knowledge().explain(code).peekable();
    if known.peek().is_none() {
        return !spec.knowledge().is_closed();
    }
    known.any(|(disposition, _)| disposition.speaks_for(spec.kind()) || tests_as_deny(disposition, spec.kind()))
}

/// A test entry is a listing of the test address, and a query for that address must show it.
fn tests_as_deny(disposition: Disposition, kind: ListKind) -> bool {
    disposition == Disposition::Test && kind == ListKind::Deny
}

impl ListSpec {
    /// Does this code alone count as a listing?
    pub(crate) fn lists(&self, code: Ipv4Addr) -> bool {
        matches!(classify(self, &[code]), Class::Hit(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dnsxl::code_filter::{CodeFilter, CodeTest};
    use crate::dnsxl::{CodePattern, Profile};

    fn codes(texts: &[&str]) -> Vec<Ipv4Addr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn class(spec: &str, answer: &[&str]) -> Class {
        classify(&ListSpec::deny(spec).unwrap(), &codes(answer))
    }

    const HIT: Class = Class::Hit(Vec::new());
    const OUTSIDE: Class = Class::Problem(ProblemKind::Outside127);
    const REFUSED: Class = Class::Problem(ProblemKind::Refused);
    const AMBIGUOUS: Class = Class::Problem(ProblemKind::Ambiguous);

    #[test]
    fn truth_table_without_profile() {
        for (spec, answer, wanted) in [
            ("z.example", &["127.0.0.2"][..], HIT),
            ("z.example", &["127.0.0.2", "127.0.0.4"], HIT),
            ("z.example=127.0.0.4", &["127.0.0.2", "127.0.0.4"], HIT), // any record, not the first
            ("z.example=127.0.0.4", &["127.0.0.2"], Class::Excluded),
            ("z.example", &["203.0.113.9"], OUTSIDE),
            ("z.example", &["127.0.0.2", "203.0.113.9"], OUTSIDE), // one foreign record invalidates the answer
            ("z.example=203.0.113.9", &["203.0.113.9"], OUTSIDE),  // no filter selects it
            ("z.example=[0..255].[0..255].[0..255].[0..255]", &["128.0.0.2"], OUTSIDE),
            ("z.example", &["127.255.255.254"], REFUSED),
            ("z.example=127.255.255.254", &["127.255.255.254"], REFUSED),
            ("z.example", &["127.0.0.2", "127.255.255.255"], REFUSED),
            ("z.example", &["127.255.254.1"], HIT),
            ("z.example", &["127.0.0.1"], AMBIGUOUS),
            ("z.example=127.0.0.1", &["127.0.0.1"], HIT),
            ("z.example=127.0.0.[1;4]", &["127.0.0.1"], HIT),
            ("z.example=127.0.0.[0..255]", &["127.0.0.1"], AMBIGUOUS), // a range does not select it
            ("z.example=127.0.0.2", &["127.0.0.1"], AMBIGUOUS),
            ("z.example", &["127.0.0.1", "127.0.0.2"], HIT),
            ("z.example=127.0.0.[0..9]", &["127.0.0.1", "127.0.0.20"], Class::Excluded),
        ] {
            assert_eq!(class(spec, answer), wanted, "{spec} {answer:?}");
        }
    }

    /// The eight operators of Exim on answers of one and two codes. The rules for 127.0.0.1 are at the end.
    #[test]
    fn filters_over_all_records() {
        let equal = |last: &[u8]| -> Vec<CodeTest> {
            last.iter().map(|n| CodePattern::exactly(Ipv4Addr::new(127, 0, 0, *n)).into()).collect()
        };
        let bits = |mask: u8| vec![CodeTest::all_bits(Ipv4Addr::new(0, 0, 0, mask))];
        let class = |filter: CodeFilter, answer: &[u8]| {
            let codes: Vec<Ipv4Addr> = answer.iter().map(|n| Ipv4Addr::new(127, 0, 0, *n)).collect();
            classify(&ListSpec::deny("z.example").unwrap().with_codes(filter), &codes)
        };
        // answer, `=2,3`, `==2,3`, `!=2,3`, `!==2,3`, `&6`, `=&6`, `!&6`, `!=&6`
        for (answer, wanted) in [
            (&[2][..], [true, true, false, false, false, false, true, true]),
            (&[2, 3], [true, true, false, false, false, false, true, true]),
            (&[4], [false, false, true, true, false, false, true, true]),
            (&[6], [false, false, true, true, true, true, false, false]),
            (&[2, 6], [true, false, false, true, true, false, false, true]),
            (&[6, 7], [false, false, true, true, true, true, false, false]),
            (&[9, 14], [false, false, true, true, true, false, false, true]),
        ] {
            let filters = [
                CodeFilter::any(equal(&[2, 3])),
                CodeFilter::all(equal(&[2, 3])),
                CodeFilter::none(equal(&[2, 3])),
                CodeFilter::not_all(equal(&[2, 3])),
                CodeFilter::any(bits(6)),
                CodeFilter::all(bits(6)),
                CodeFilter::none(bits(6)),
                CodeFilter::not_all(bits(6)),
            ];
            for (filter, wanted) in filters.into_iter().zip(wanted) {
                let wanted = if wanted { HIT } else { Class::Excluded };
                assert_eq!(class(filter.clone(), answer), wanted, "{filter} {answer:?}");
            }
        }
        // 127.0.0.1 alone counts only if it is written out; a complement of it excludes it.
        assert_eq!(class(CodeFilter::any(equal(&[1])), &[1]), HIT);
        assert_eq!(class(CodeFilter::all(equal(&[1, 2])), &[1]), HIT);
        assert_eq!(class(CodeFilter::none(equal(&[1])), &[1]), Class::Excluded);
        assert_eq!(class(CodeFilter::none(equal(&[2])), &[1]), AMBIGUOUS);
        assert_eq!(class(CodeFilter::any(bits(1)), &[1]), AMBIGUOUS);
        // With other codes it is no reason to list, but matters for "every" and "no".
        assert_eq!(class(CodeFilter::any(bits(1)), &[1, 4]), Class::Excluded);
        assert_eq!(class(CodeFilter::all(equal(&[2])), &[1, 2]), Class::Excluded);
        assert_eq!(class(CodeFilter::none(equal(&[1])), &[1, 2]), Class::Excluded);
        assert_eq!(class(CodeFilter::none(equal(&[2])), &[1, 4]), HIT);
        assert_eq!(class(CodeFilter::not_all(equal(&[2])), &[1, 2]), HIT);
        // No complement selects a refusal or a code outside 127.0.0.0/8.
        for (answer, problem) in [("203.0.113.9", OUTSIDE), ("127.255.255.1", REFUSED)] {
            for filter in [CodeFilter::none(equal(&[1])), CodeFilter::not_all(equal(&[1]))] {
                let spec = ListSpec::deny("z.example").unwrap().with_codes(filter);
                assert_eq!(classify(&spec, &[answer.parse().unwrap()]), problem);
            }
        }
    }

    fn known() -> Profile {
        let pattern = |text: &str| text.parse().unwrap();
        Profile::new()
            .code(pattern("127.0.0.1"), Disposition::Allow, "trusted")
            .code(pattern("127.0.0.2"), Disposition::Deny, "spam source")
            .code(pattern("127.0.0.3"), Disposition::Neutral, "mixed")
            .code(pattern("127.0.0.255"), Disposition::Refusal, "over quota")
    }

    fn profiled(spec: ListSpec, profile: Profile, answer: &[&str]) -> Class {
        classify(&spec.with_profile(profile), &codes(answer))
    }

    #[test]
    fn truth_table_with_profile() {
        let deny = || ListSpec::deny("z.example").unwrap();
        let allow = || ListSpec::allow("z.example").unwrap();
        let hit = |meaning: &str| Class::Hit(vec![meaning.into()]);
        assert_eq!(profiled(deny(), known(), &["127.0.0.1"]), Class::Excluded);
        assert_eq!(profiled(allow(), known(), &["127.0.0.1"]), hit("trusted"));
        assert_eq!(profiled(deny(), known(), &["127.0.0.2"]), hit("spam source"));
        assert_eq!(profiled(allow(), known(), &["127.0.0.2"]), Class::Excluded);
        assert_eq!(profiled(deny(), known(), &["127.0.0.3"]), Class::Excluded);
        assert_eq!(profiled(allow(), known(), &["127.0.0.255"]), REFUSED);
        assert_eq!(profiled(allow(), known(), &["127.0.0.1", "127.0.0.255"]), REFUSED);
        // Codes that are not documented: listings on open lists, not on closed lists.
        assert_eq!(profiled(deny(), known(), &["127.0.0.77"]), HIT);
        assert_eq!(profiled(deny(), known().closed(), &["127.0.0.77"]), Class::Excluded);
        // A code that the spec selects counts, whatever the profile says, except for refusals.
        let picks = |text: &str| ListSpec::deny(text).unwrap();
        assert_eq!(profiled(picks("z.example=127.0.0.3"), known(), &["127.0.0.3"]), hit("mixed"));
        assert_eq!(profiled(picks("z.example=127.0.0.255"), known(), &["127.0.0.255"]), REFUSED);
    }

    #[test]
    fn a_range_in_a_profile_does_not_mean_127_0_0_1() {
        let profile = |codes: &str| Profile::new().code(codes.parse().unwrap(), Disposition::Deny, "bad");
        let deny = || ListSpec::deny("z.example").unwrap();
        assert_eq!(profiled(deny(), profile("127.0.0.[0..9]"), &["127.0.0.1"]), AMBIGUOUS);
        assert_eq!(profiled(deny(), profile("127.0.0.[1;9]"), &["127.0.0.1"]), Class::Hit(vec!["bad".into()]));
    }

    #[test]
    fn sums_of_bits() {
        let profile = || {
            Profile::new()
                .code("127.0.0.1".parse().unwrap(), Disposition::Refusal, "query refused")
                .bit(2, Disposition::Deny, "black")
                .bit(4, Disposition::Neutral, "grey")
        };
        let deny = || ListSpec::deny("z.example").unwrap();
        assert_eq!(profiled(deny(), profile(), &["127.0.0.1"]), REFUSED);
        assert_eq!(profiled(deny(), profile(), &["127.0.0.6"]), Class::Hit(vec!["black".into(), "grey".into()]));
        assert_eq!(profiled(deny(), profile(), &["127.0.0.4"]), Class::Excluded);
        assert_eq!(profiled(deny(), profile(), &["127.0.0.64"]), HIT, "a bit not known yet, on an open list");
    }
}

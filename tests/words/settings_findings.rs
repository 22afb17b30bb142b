//! Settings that can never act: thresholds out of reach, lists without weight, rules without a case.

use rdnsbl::dnsxl::OnNoAnswer;
use rdnsbl::inquiry::SettingsFinding;
use rdnsbl::lists::{ListSetBuilder, Retired};
use rdnsbl::policy::Rule;
use rdnsbl::{Action, Finding, ListSet, ListSpec, Name, Policy, Settings};

fn unreachable(lists: ListSetBuilder) -> Vec<String> {
    lists.build().unwrap().unreachable().iter().map(ToString::to_string).collect()
}

/// What is found about a policy with these lists.
fn rules(lists: ListSetBuilder, policy: Policy) -> Vec<String> {
    let settings = Settings::default().with_lists(lists.build().unwrap()).with_policy(policy);
    settings
        .findings()
        .iter()
        .filter(|finding| matches!(finding, SettingsFinding::Rule(_)))
        .map(ToString::to_string)
        .collect()
}

fn two() -> ListSetBuilder {
    ListSet::builder().deny("a.example*2").deny("b.example").deny("good.example*-2")
}

#[test]
fn thresholds() {
    let nothing: [&str; 0] = [];
    for threshold in [0, 1, 3] {
        assert_eq!(unreachable(two().threshold(threshold)), nothing, "{threshold}");
    }
    assert_eq!(
        unreachable(two().threshold(4)),
        ["threshold 4 is never reached: the weights add up to 3 at most; lower it, or raise the weights"]
    );
    assert_eq!(unreachable(two().allow_threshold(-2)), nothing);
    assert_eq!(
        unreachable(two().allow_threshold(-3)),
        ["allow_threshold -3 is never reached: the negative weights add up to -2; raise it, or lower the weights"]
    );
    assert_eq!(
        unreachable(ListSet::builder().deny("a.example").allow_threshold(-3)),
        [
            "allow_threshold -3 is never reached: no list has a negative weight; remove it, or give a list a negative weight"
        ]
    );
    assert_eq!(unreachable(two().min_operators(2)), nothing);
    assert_eq!(
        unreachable(two().min_operators(3)),
        [
            "min_operators 3 is never reached: the lists that can add to the score have 2 operators; lower it, or add lists of \
          other operators"
        ]
    );
    let two_of_one = ListSet::builder().deny("a.bl.example").deny("b.bl.example");
    assert_eq!(unreachable(two_of_one.min_operators(2)).len(), 1);
    // These are defaults, or nothing can reach them.
    assert_eq!(unreachable(ListSet::builder().allow("good.example")), nothing);
    assert_eq!(unreachable(ListSet::builder().threshold(9).allow_threshold(-9).min_operators(9)), nothing);
    assert!(ListSet::recommended().unreachable().is_empty());
}

#[test]
fn lists_that_cannot_list_reach_no_threshold() {
    let lists = |dead: &str| ListSet::builder().deny("a.example*2").deny(dead).threshold(3);
    assert_eq!(unreachable(lists("b.example")).len(), 0);
    for dead in ["relays.ordb.org", "b.example=127.255.255.254"] {
        assert_eq!(unreachable(lists(dead)).len(), 1, "{dead}");
    }
    assert_eq!(unreachable(lists("relays.ordb.org").retired(Retired::Ask)).len(), 0);
    // An allow list allows outright, whatever its weight.
    assert_eq!(unreachable(ListSet::builder().deny("a.example*2").allow("b.example*9").threshold(3)).len(), 1);
}

#[test]
fn each_context_has_its_thresholds() {
    let lists = two().context(Some("more")).deny("d.example").context(Some("other")).deny("c.example").threshold(2);
    assert_eq!(
        unreachable(lists.clone()),
        ["other: threshold 2 is never reached: the weights add up to 1 at most; lower it, or raise the weights"]
    );
    let built = lists.min_operators(2).build().unwrap();
    let found: Vec<_> =
        built.unreachable().iter().map(|it| (it.context(), it.setting(), it.value(), it.reachable())).collect();
    assert_eq!(
        found,
        [
            (Some("more"), "min_operators", 2, 1),
            (Some("other"), "threshold", 2, 1),
            (Some("other"), "min_operators", 2, 1)
        ]
    );
}

#[test]
fn a_list_without_weight() {
    let lists = ListSet::builder().deny("a.example*0").deny("b.example").allow("c.example*0").build().unwrap();
    let found: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["a.example: has weight 0: a listing is reported, but never counts; give it another weight if it should count"]
    );
    assert_eq!(lists.findings()[0].kind().word(), "no_weight");
}

#[test]
fn rules_that_never_apply() {
    let none: [&str; 0] = [];
    let defers = || {
        let spec = ListSpec::deny("a.example").unwrap();
        ListSet::builder().list(spec.with_on_no_answer(OnNoAnswer::Defer))
    };
    let rule: Rule = "450 4.7.1 Not now".parse().unwrap();
    let with = |finding| Policy::rfc().on(finding, rule.clone());
    for (finding, lists, needs) in [
        (Finding::Listed, ListSet::builder().allow("a.example"), "a deny list with a weight above 0"),
        (
            Finding::DenyListUnknown,
            ListSet::builder().deny("a.example"),
            "a deny list that defers if it does not answer (unheard = \"defer\")",
        ),
        (
            Finding::AllowListUnknown,
            defers(),
            "an allow list, or one with a negative weight, that defers if it does not answer (unheard = \"defer\")",
        ),
        (Finding::ListsUndecided, ListSet::builder(), "a list"),
        (Finding::HeloClaimsUs, defers(), "your own names or addresses"),
    ] {
        assert_eq!(rules(lists, with(finding)), [format!("the rule for {finding} never applies: it needs {needs}")]);
    }
    for (finding, lists) in [
        (Finding::Listed, ListSet::builder().deny("a.example")),
        (Finding::DenyListUnknown, defers()),
        (Finding::AllowListUnknown, ListSet::builder().allow("a.example")),
        (Finding::ListsUndecided, ListSet::builder().allow("a.example")),
        (Finding::IprevForged, ListSet::builder()),
    ] {
        assert_eq!(rules(lists, with(finding)), none, "{finding}");
    }
    let mut settings = Settings::default().with_policy(with(Finding::HeloClaimsUs));
    settings.ourselves.names.push(Name::parse("mx.example").unwrap());
    assert_eq!(settings.findings(), []);
    // The rules of a preset are not the administrator's.
    for policy in [Policy::rfc(), Policy::postfix(), Policy::sendmail(), Policy::observe()] {
        assert_eq!(rules(ListSet::builder(), policy.clone()), none);
        assert_eq!(rules(ListSet::builder(), policy.strict()), none);
    }
}

#[test]
fn combined_rules_that_never_apply() {
    let all = |findings: &[Finding], action| rules(two(), Policy::rfc().all(findings.iter().copied(), action));
    assert_eq!(
        all(&[Finding::Listed, Finding::IprevForged, Finding::IprevNoName], Action::Reject),
        [
            "the rule for listed and iprev_forged and iprev_no_name never applies: iprev_forged and iprev_no_name are never \
          there at once; write one rule for each"
        ]
    );
    assert_eq!(
        all(&[Finding::HeloClaimsUs, Finding::Listed], Action::Reject),
        ["the rule for helo_claims_us and listed never applies: helo_claims_us needs your own names or addresses"]
    );
    let none: [&str; 0] = [];
    assert_eq!(all(&[Finding::NullSender, Finding::SenderMalformed], Action::Pass), none);
    for possible in [
        &[Finding::Listed, Finding::IprevForged, Finding::NullSender, Finding::HeloNotFqdn][..],
        &[Finding::Listed, Finding::ListsUndecided],
        &[Finding::ResolverFault, Finding::ListsUndecided],
        &[Finding::Listed, Finding::Listed],
    ] {
        assert_eq!(all(possible, Action::Reject), none, "{possible:?}");
    }
}

#[test]
fn a_rule_that_rejects_because_of_what_could_not_be_checked() {
    let shown = |policy: Policy| -> Vec<String> {
        let findings = Settings::default().with_policy(policy).findings();
        findings.iter().map(ToString::to_string).filter(|text| text.contains("rejects mail for good")).collect()
    };
    for finding in Finding::ALL.iter().filter(|finding| finding.is_unknown()) {
        let expected = [format!("{finding} rejects mail for good although something could not be checked: defer it")];
        assert_eq!(shown(Policy::observe().on(*finding, Action::Reject)), expected);
        assert_eq!(shown(Policy::observe().on(*finding, "550 5.7.1 No".parse::<Rule>().unwrap())), expected);
        assert!(shown(Policy::observe().on(*finding, Action::Defer)).is_empty());
        assert!(shown(Policy::observe().on(*finding, "450 4.7.1 Later".parse::<Rule>().unwrap())).is_empty());
    }
    for policy in [Policy::rfc(), Policy::postfix(), Policy::sendmail()] {
        assert!(shown(policy.clone()).is_empty() && shown(policy.strict()).is_empty());
    }
}

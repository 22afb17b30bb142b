//! Findings that exist only for policies, and rules about several findings.

use rdnsbl::policy::{Rule, Stage};
use rdnsbl::{Action, Dialogue, Finding, ListSet, Policy, Report};

use crate::kit::world::{CLEAN, World, lists};

const DNS: &str = "
    $SOA bl.test 300 60
    $SOA in-addr.arpa 3600 600
    7.77.66.45.in-addr.arpa PTR adsl-45-66-77-7.pool.client.test
    adsl-45-66-77-7.pool.client.test A 45.66.77.7
    *.silent.test TIMEOUT
    quiet.test TIMEOUT
    *.twos.test TIMEOUT
    * NXDOMAIN
";

fn report(policy: Policy, lists: ListSet, dialogue: Dialogue) -> Report {
    let world = World::with(DNS, |builder| builder.lists(lists).policy(policy));
    world.check(dialogue)
}

fn advised(report: &Report) -> Vec<(Vec<&'static str>, u16)> {
    let cause = |cause: &rdnsbl::policy::Cause| (cause.findings().map(Finding::word).collect(), cause.reply().code());
    report.advice().because().iter().map(cause).collect()
}

#[test]
fn rules_for_several_findings() {
    let rule: Rule = "550 5.7.1 No notifications from $helo_name".parse().unwrap();
    let policy = Policy::observe().all([Finding::HeloNotFqdn, Finding::NullSender], rule);
    let client = Dialogue::from(CLEAN);
    let both = report(policy.clone(), lists([]), client.clone().helo("oemcomputer").mail_from("<>"));
    assert_eq!(advised(&both), [(vec!["helo_not_fqdn", "null_sender"], 550)]);
    assert_eq!(both.advice().reply().unwrap().text(), "No notifications from oemcomputer");
    assert_eq!(both.advice().because()[0].stage(), Stage::Mail);
    for alone in
        [client.clone().helo("oemcomputer").mail_from("<a@b.test>"), client.clone().helo("a.test").mail_from("<>")]
    {
        assert_eq!(advised(&report(policy.clone(), lists([]), alone)), []);
    }
    // A finding about something unknown defers.
    let policy = Policy::observe().all([Finding::HeloNotFqdn, Finding::SenderUnknown], Action::Reject);
    let unknown = report(policy, lists([]), client.clone().helo("oemcomputer").mail_from("<a@quiet.test>"));
    assert_eq!(unknown.advice().action(), Action::Defer);
    assert!(!unknown.advice().rests_on_facts());
    // No findings: never.
    let never = report(Policy::observe().all([], Action::Reject), lists([]), client);
    assert_eq!(never.advice().action(), Action::Pass);
}

#[test]
fn a_combined_rule_acts_at_its_stage() {
    let policy = Policy::observe().all([Finding::IprevGeneric, Finding::NullSender], Action::Reject);
    let world = World::with(DNS, |builder| builder.policy(policy));
    let mut session = world.checker.session(CLEAN).act_from(Stage::Connect);
    assert_eq!(world.clock.run(session.advice()).action(), Action::Pass);
    assert_eq!(world.clock.run(session.mail_from("<>").advice()).action(), Action::Reject);
    assert_eq!(world.clock.run(session.rcpt_to("<a@b.test>").advice()).action(), Action::Pass);
    assert_eq!(world.clock.run(session.reset().mail_from("<a@b.test>").advice()).action(), Action::Pass);
}

#[test]
fn a_threshold_of_zero_rejects_no_client() {
    for lists in [ListSet::builder().threshold(0), ListSet::builder().deny("bl.test").threshold(0)] {
        let report = report(Policy::rfc(), lists.build().unwrap(), CLEAN.into());
        assert_eq!(report.advice().action(), Action::Pass, "{report}");
    }
}

#[test]
fn lists_that_are_undecided() {
    let silent = || lists(["silent.test"]);
    for (policy, code) in [(Policy::rfc(), None), (Policy::rfc().strict(), Some(451)), (Policy::postfix(), Some(451))] {
        let policy = if code == Some(451) { policy.on(Finding::ListsUndecided, Action::Defer) } else { policy };
        let report = report(policy.on(Finding::IprevTempError, Action::Pass), silent(), CLEAN.into());
        assert!(report.summary().has(Finding::ListsUndecided));
        assert_eq!(report.advice().reply().map(|reply| reply.code()), code);
    }
    let decided = report(
        Policy::rfc(),
        ListSet::builder().deny("silent.test").deny("bl.test").threshold(3).build().unwrap(),
        CLEAN.into(),
    );
    assert!(!decided.summary().has(Finding::ListsUndecided));
}

#[test]
fn a_resolver_at_fault_is_a_finding_where_it_left_something_undecided() {
    let world = World::with("* A 203.0.113.9", |builder| {
        builder.lists(lists(["bl.test"])).policy(Policy::rfc().on(Finding::ResolverFault, Action::Defer))
    });
    world.check(CLEAN);
    let report = world.check(Dialogue::from(CLEAN).mail_from("<a@b.test>"));
    assert!(report.resolver_fault().is_some() && report.summary().has(Finding::ResolverFault), "{report}");
    assert_eq!(report.advice().action(), Action::Defer);
    assert_eq!(
        Policy::rfc().judge(&report).because().iter().filter(|cause| cause.finding() == Finding::ResolverFault).count(),
        0
    );
}

#[test]
fn generic_names_are_remembered_as_such() {
    let world = World::with(DNS, |builder| builder.lists(lists(["bl.test"])));
    let full = world.check(CLEAN);
    assert!(full.summary().has(Finding::IprevGeneric));
    assert_eq!(full.iprev().unwrap().verified_name().unwrap().to_string(), "adsl-45-66-77-7.pool.client.test");
    assert_eq!(world.checker.remembered(&CLEAN.into()), Some(full.summary()));
    let acting = world.checker.with_policy(Policy::observe().all([Finding::IprevGeneric], Action::Defer));
    assert_eq!(acting.remembered(&CLEAN.into()), None);
    let null = Dialogue::from(CLEAN).mail_from("<>");
    assert_eq!(world.checker.remembered(&null), Some(world.check(null.clone()).summary()));
}

#[cfg(feature = "serde")]
#[test]
fn a_policy_in_a_configuration() {
    let read = |json: &str| serde_json::from_str::<Policy>(json).map_err(|error| error.to_string());
    assert_eq!(read(r#""postfix""#), Ok(Policy::postfix()));
    let combined = r#"{"all": [{"findings": ["null_sender", "helo_not_fqdn"], "reply": "defer"}], "listed": "pass"}"#;
    let expected = Policy::rfc().all([Finding::NullSender, Finding::HeloNotFqdn], Action::Defer);
    let expected = expected.on(Finding::Listed, Action::Pass);
    assert_eq!(read(combined), Ok(expected.clone()));
    assert_eq!(read(&serde_json::to_string(&expected).unwrap()).unwrap().to_string(), expected.to_string());
    for (json, message) in [
        (r#"{"iprev_forgd": "pass"}"#, r#"no finding "iprev_forgd"; did you mean iprev_forged?"#),
        (r#"{"listed": "450 5.7.1 x"}"#, "listed: reply code and enhanced status code do not agree at octet 5"),
        (r#"{"listed": 3}"#, "expected a text, not a number"),
        (r#"{"preset": "postfx"}"#, "preset: expected rfc, postfix, sendmail or observe"),
        (r#"{"all": {"findings": []}}"#, "all: expected a list of maps with `findings` and `reply`"),
        (r#"{"all": [{"findings": [], "reply": "pass"}]}"#, "all.findings: expected at least one finding"),
        (r#"{"all": [{"findings": ["x"], "reply": "pass"}]}"#, r#"no finding "x""#),
    ] {
        let error = read(json).unwrap_err();
        assert!(error.contains(message), "{json}: {error}");
    }
}

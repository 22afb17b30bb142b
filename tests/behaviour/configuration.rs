//! Settings from a configuration, and their replacement while a host runs.

use std::time::Duration;

use rdnsbl::policy::Stage;
use rdnsbl::{Action, Dialogue, Finding, Policy, Settings};

use crate::kit::world::{CLEAN, LISTED, World, lists, poll_once, start, verdicts};

const DNS: &str = "
    $SOA bl.test 300 60
    $SOA other.test 300 60
    14.77.66.45.bl.test A 127.0.0.2
    * NXDOMAIN
";

#[cfg(feature = "serde")]
#[test]
fn the_documented_settings_are_read() {
    let settings: Settings = toml::from_str(include_str!("../../docs/settings.toml")).unwrap();
    let zones: Vec<String> = settings.lists.iter().map(|spec| spec.id().to_string()).collect();
    assert_eq!(
        zones,
        [
            "zen.spamhaus.org",
            "bl.spamcop.net",
            "dbl.spamhaus.org",
            "ips.backscatterer.org",
            "new.example.org",
            "list.dnswl.org"
        ]
    );
    let observed: Vec<bool> = settings.lists.iter().map(rdnsbl::ListSpec::only_observed).collect();
    assert_eq!(observed, [false, false, false, false, true, false]);
    assert_eq!(settings.lists.iter().map(rdnsbl::ListSpec::weight).collect::<Vec<_>>()[..2], [3, 2]);
    assert_eq!(settings.ourselves.names[0].to_string(), "mx.example.org");
    assert_eq!((settings.ourselves.addresses.len(), settings.local_domains.len(), settings.exempt.len()), (2, 1, 3));
    assert_eq!(settings.special_purpose, rdnsbl::SpecialPurpose::Skip);
    assert_eq!(settings.policy.rule(Finding::IprevForged).to_string(), "defer");
    let world = World::with(DNS, |builder| builder.settings(settings));
    let report = world.check(Dialogue::from(CLEAN).helo("oemcomputer").mail_from("<>"));
    assert_eq!(report.advice().reply().unwrap().text(), "No notifications from oemcomputer");
    assert_eq!(report.score().threshold(), 3);
}

#[cfg(feature = "serde")]
#[test]
fn mistakes_name_the_key() {
    for (text, message) in [
        ("polcy = 'rfc'", r#"unknown setting "polcy"; did you mean policy?"#),
        ("colour = 'red'", r#"unknown setting "colour"; expected one of lists, allow"#),
        ("threshold = 'three'", "threshold: expected a whole number"),
        ("exempt = ['192.0.2.0/24', '192.0.2.0/33']", "exempt: expected a network or an address as item 2"),
        ("own_names = ['a..b']", "own_names: "),
        ("lists = ['bl.example', 'bl..example']", "lists: item 2: "),
        ("allow = ['wl.example=300.0.0.1']", "allow: "),
        ("policy = { preset = 'exim' }", "preset: expected rfc, postfix, sendmail or observe"),
        (
            "lists = [{ zone = 'bl.example', weigth = 2 }]",
            r#"lists: item 1: unknown key "weigth"; did you mean weight?"#,
        ),
        ("lists = [{ zone = 'bl.example', colour = 2 }]", r#"unknown key "colour"; expected zone, kind, codes, "#),
        ("policy = { strict = 'yes' }", "strict: expected true or false"),
        ("policy = { strct = true }", r#"policy: unknown key "strct"; did you mean strict?"#),
        ("policy = { listed = true }", "listed: expected a text, not true or false"),
        ("policy = { listed = 554 }", "listed: expected a text, not a number"),
        ("policy = { several = 5.5 }", "several: expected a text, not a number"),
        ("policy = true", "policy: expected the name of a preset, or a map"),
        (
            "policy = 'postfix-strict'",
            "preset: expected rfc, postfix, sendmail or observe; its strict variant is strict = true",
        ),
        ("policy = { iprev_forgd = 'pass' }", r#"no finding "iprev_forgd"; did you mean iprev_forged?"#),
    ] {
        let error = toml::from_str::<Settings>(text).unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

/// As in the files of the daemons: `strict` changes the preset, and the rules that are given change the result.
#[cfg(feature = "serde")]
#[test]
fn a_policy_may_be_strict() {
    let policy = |text: &str| toml::from_str::<Settings>(text).unwrap().policy;
    for (name, preset) in [("rfc", Policy::rfc()), ("postfix", Policy::postfix()), ("sendmail", Policy::sendmail())] {
        let strict = policy(&format!("[policy]\nstrict = true\npreset = '{name}'"));
        assert_eq!(strict.to_string(), preset.clone().strict().to_string());
        assert_eq!(policy(&format!("[policy]\nstrict = false\npreset = '{name}'")).to_string(), preset.to_string());
    }
    let changed = policy("[policy]\niprev_forged = 'pass'\nstrict = true");
    assert_eq!(changed.to_string(), Policy::rfc().strict().on(Finding::IprevForged, Action::Pass).to_string());
}

/// serde would quote a wrong value, and a list may hold a key.
#[cfg(feature = "serde")]
#[test]
fn mistakes_quote_no_value() {
    for key in ["lists", "allow", "threshold", "policy", "own_names", "exempt", "ask_about_special_addresses"] {
        let json = format!(r#"{{"{key}": "abcdefghijklmnopqrstuvwxyz.zen.dq.spamhaus.net"}}"#);
        let error = serde_json::from_str::<Settings>(&json).unwrap_err().to_string();
        assert!(!error.contains("abcdefghij"), "{error}");
    }
    for json in [
        r#"{"KEY.zen.dq.spamhaus.net": 1}"#,
        r#"{"lists": [{"zone": "bl.example", "KEY.zen.dq.spamhaus.net": 1}]}"#,
        r#"{"policy": {"KEY.zen.dq.spamhaus.net": "pass"}}"#,
    ] {
        let json = json.replace("KEY", "abcdefghijklmnopqrstuvwxyz");
        let error = serde_json::from_str::<Settings>(&json).unwrap_err().to_string();
        assert!(!error.contains("abcdefghij"), "{error}");
    }
}

fn settings(zones: &[&str], policy: Policy) -> Settings {
    Settings::default().with_lists(lists(zones.iter().copied())).with_policy(policy)
}

#[test]
fn a_reload_changes_every_clone_and_keeps_what_was_learned() {
    let world = World::new(DNS, lists(["bl.test"]));
    let (clone, tenant) = (world.checker.clone(), world.checker.with_policy(Policy::observe()));
    let mut events = world.checker.events();
    assert_eq!(verdicts(&world.check(LISTED)), ["listed"]);
    let mut session = clone.session(LISTED).act_from(Stage::Connect);
    let pending = clone.check(LISTED);
    let asked = world.asked().len();

    world.checker.reload(settings(&["bl.test", "other.test"], Policy::rfc().on(Finding::Listed, Action::Defer)));
    let report = world.clock.run(clone.check(LISTED));
    assert_eq!((verdicts(&report), report.advice().action()), (vec!["listed", "not_listed"], Action::Defer));
    assert_eq!(world.asked()[asked..], ["14.77.66.45.other.test A"], "the cache and the proofs stay");
    // A session that began before keeps its settings, and a tenant keeps its own.
    let advice = world.clock.run(session.advice());
    assert_eq!(advice.action(), Action::Reject);
    assert_eq!(tenant.settings().lists.iter().count(), 1);
    // A check that was made but not started takes the new ones.
    assert_eq!(verdicts(&world.clock.run(pending)).len(), 2);
    assert!(events.try_next().is_none());
}

#[test]
fn a_watch_follows_the_new_lists_and_ends_at_shut_down() {
    let world = World::new(DNS, lists(["bl.test"]));
    let mut watch = start(world.checker.clone().watch(Duration::from_secs(60)));
    let mut events = start(async { world.checker.events().next().await });
    let settle = |watch: &mut _| {
        for _ in 0..20 {
            poll_once(watch);
            world.clock.advance(Duration::from_secs(10));
        }
    };
    settle(&mut watch);
    assert!(!world.asked().iter().any(|question| question.contains("other.test")));
    world.checker.reload(settings(&["other.test"], Policy::rfc()));
    settle(&mut watch);
    assert!(world.asked().iter().any(|question| question.contains("other.test")), "{:?}", world.asked());
    poll_once(&mut events);
    world.checker.shut_down();
    poll_once(&mut watch);
    poll_once(&mut events);
    assert!(watch.as_mut().output_mut().is_some(), "the watch has ended");
    assert_eq!(events.as_mut().take_output(), Some(None));
    let mut late = world.checker.events();
    assert!(late.try_next().is_none());
    assert_eq!(verdicts(&world.check(CLEAN)), ["not_listed"], "checks go on");
}

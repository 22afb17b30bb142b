//! Lists, dialogues and rules as data: what is written is read again, and a key never leaves.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use rdnsbl::dnsxl::{CodeFilter, CodePattern, CodeTest, ListSpec, OnNoAnswer, Part, Quantifier, Subject};
use rdnsbl::name::Key;
use rdnsbl::policy::Rule;
use rdnsbl::{Dialogue, Finding, Name, Policy};
use serde_json::json;

use crate::kit::cases::cases;

fn deny(text: &str) -> ListSpec {
    ListSpec::deny(text).unwrap()
}

#[test]
fn lists_as_text_or_map() {
    for (list, text) in [
        (deny("zen.example"), json!("zen.example")),
        (deny("zen.example=127.0.0.[2..11]*3"), json!("zen.example=127.0.0.[2..11]*3")),
        (deny("dbl.example").with_parts([Part::Sender]), json!("reject_rhsbl_sender dbl.example")),
        (ListSpec::allow("wl.example").unwrap(), json!("permit_dnswl_client wl.example")),
        (
            deny("zen.example*2").with_codes(CodeFilter::none([CodePattern::exactly(Ipv4Addr::new(127, 0, 0, 9))])),
            json!({"zone": "zen.example", "kind": "deny", "codes": {"none_of": ["127.0.0.9"]}, "weight": 2,
                   "asks": ["address"]}),
        ),
        (
            deny("zen.example")
                .with_label("mine")
                .with_on_no_answer(OnNoAnswer::Defer)
                .with_operator("me")
                .with_daily_limit(9),
            json!({"zone": "zen.example", "kind": "deny", "weight": 1, "asks": ["address"], "unheard": "defer",
                   "label": "mine", "run_by": "me", "daily_limit": 9}),
        ),
        (
            deny("new.example").with_only_observed(),
            json!({"zone": "new.example", "kind": "deny", "weight": 1, "asks": ["address"], "observe": true}),
        ),
        (
            deny("zen.local")
                .with_mirror_of(Name::parse("zen.spamhaus.org").unwrap())
                .with_reason_zone(Name::parse("sbl.example").unwrap())
                .with_reply_template("550 no, $client".parse().unwrap())
                .with_fixed_subjects([
                    Subject::from(IpAddr::from([192, 0, 2, 1])),
                    Subject::Domain(Name::parse("a.example").unwrap()),
                ]),
            json!({"zone": "zen.local", "kind": "deny", "weight": 1, "asks": [], "asks_about": ["192.0.2.1", "a.example"],
                   "explained_by": "sbl.example", "mirrors": "zen.spamhaus.org",
                   "reply": "550 no, $client"}),
        ),
    ] {
        assert_eq!(serde_json::to_value(&list).unwrap(), text);
        assert_eq!(serde_json::from_value::<ListSpec>(text).unwrap(), list);
    }
}

#[test]
fn any_notation_is_read_and_mistakes_are_not() {
    let read = |value: serde_json::Value| serde_json::from_value::<ListSpec>(value).map_err(|error| error.to_string());
    assert_eq!(read(json!("zen.example!=127.0.0.2")).unwrap().to_string(), "zen.example!=127.0.0.2");
    assert_eq!(read(json!({"zone": "zen.example"})).unwrap(), deny("zen.example"));
    for (bad, said) in [
        (json!("zen..example"), "empty label"),
        (json!("a.example, b.example"), "one list"),
        (json!(""), "one list"),
        (json!("permit_mynetworks"), "asks no list"),
        (json!(7), "a list"),
        (json!({"kind": "deny"}), "zone"),
        (json!({"zone": "zen.example=127.0.0.2"}), "alone"),
        (json!({"zone": "zen.example", "colour": "red"}), "expected zone"),
        (json!({"zone": "zen.example", "kind": "maybe"}), "kind: unknown word; expected one of deny, allow"),
        (json!({"zone": "zen.example", "observe": "yes"}), "observe: expected true or false"),
        (json!({"zone": "zen.example", "asks": ["colour"]}), "asks: unknown word; expected one of address, "),
        (json!({"zone": "zen.example", "codes": {"some": ["127.0.0.2"]}}), "any, all"),
        (json!({"zone": "zen.example", "codes": {"any": ["127.0.0"]}}), "127.0.0.[2..4]"),
        (json!({"zone": "zen.example", "asks_about": ["a b"]}), "domain name"),
        (json!({"zone": "zen.example", "reply": "550 ${"}), ""),
    ] {
        let error = read(bad.clone()).unwrap_err();
        assert!(error.contains(said), "{bad}: {error}");
    }
}

#[test]
fn a_key_is_not_written_and_what_hides_it_is_not_read() {
    const CANARY: &str = "canarykeycanary01";
    for list in [
        deny(&format!("{CANARY}.zen.dq.spamhaus.net=127.0.0.[2..11]*3")),
        deny(&format!("{CANARY}.zen.dq.spamhaus.net")).with_label("tenant").with_parts([Part::Helo, Part::Sender]),
        deny("bl.example").with_key(&Key::new(CANARY).unwrap()).unwrap(),
        deny("merged.example").with_reason_zone(format!("{CANARY}.sbl.dq.spamhaus.net").parse().unwrap()),
        deny("copy.example").with_mirror_of(format!("{CANARY}.sbl.dq.spamhaus.net").parse().unwrap()),
        deny(&format!("{CANARY}2345.zen.spamhaus.org=127.0.0.[2..11]")),
        deny(&format!("{CANARY}2345.zen.spamhaus.org"))
            .with_reply_template(format!("550 see {CANARY}2345").parse().unwrap()),
        deny("bl.example")
            .with_key(&Key::new(CANARY).unwrap())
            .unwrap()
            .with_reply_template("550 CanaryKeyCanary01.x".parse().unwrap()),
        deny("copy.example").with_mirror_of(format!("{CANARY}2345.bl.example").parse().unwrap()),
    ] {
        let text = serde_json::to_string(&list).unwrap();
        assert!(!text.to_ascii_lowercase().contains("canary"), "{text}");
        let error = serde_json::from_str::<ListSpec>(&text).unwrap_err().to_string();
        assert!(error.contains("hidden"), "{text}: {error}");
    }
    // Mistakes do not quote it either, wherever it stands.
    let zone = format!("\"{CANARY}.zen.dq.spamhaus.net\"");
    let mut texts =
        vec![format!("\"{CANARY}.zen.dq.spamhaus.net=127.0.0.[\""), format!("{{\"zone\": \"{CANARY}..x\"}}")];
    for key in [
        "kind",
        "codes",
        "weight",
        "asks",
        "asks_about",
        "unheard",
        "explained_by",
        "observe",
        "reply",
        "run_by",
        "daily_limit",
    ] {
        texts.push(format!("{{\"zone\": 7, \"{key}\": {zone}}}"));
        texts.push(format!("{{\"{key}\": {zone}, \"zone\": 7}}"));
        texts.push(format!("{{\"{key}\": [{zone}], \"zone\": [{zone}]}}"));
        texts.push(format!("{{\"{key}\": {{{zone}: {zone}}}}}"));
    }
    texts.extend([format!("{{{zone}: 1}}"), format!("[{zone}]"), format!("{{\"zone\": {{\"x\": {zone}}}}}")]);
    for text in texts {
        let error = serde_json::from_str::<ListSpec>(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
    }
    for error in
        [serde_json::from_str::<Policy>(&zone).unwrap_err(), serde_json::from_str::<Dialogue>(&zone).unwrap_err()]
    {
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    let dialogue = Dialogue::from(Name::parse(&format!("{CANARY}.zen.dq.spamhaus.net")).unwrap());
    assert!(!serde_json::to_string(&dialogue).unwrap().contains("canary"));
}

#[test]
fn dialogues() {
    let dialogue =
        Dialogue::from("2001:db8::1".parse::<IpAddr>().unwrap()).helo("mail.example").mail_from("<>").authenticated();
    let text = json!({"client": "2001:db8::1", "helo": "mail.example", "mail_from": "<>", "trust": "authenticated"});
    assert_eq!(serde_json::to_value(&dialogue).unwrap(), text);
    assert_eq!(serde_json::from_value::<Dialogue>(text).unwrap(), dialogue);
    let domain = json!({"domain": "a.example", "rcpt_to": "b@c.example", "client": null});
    let read = serde_json::from_value::<Dialogue>(domain).unwrap();
    assert_eq!(read, Dialogue::from(Name::parse("a.example").unwrap()).rcpt_to("b@c.example"));
    for bad in [json!({"client": "here"}), json!({"domain": "a..b"}), json!({"ip": "192.0.2.1"}), json!([])] {
        assert!(serde_json::from_value::<Dialogue>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn rules_and_findings() {
    let rule: Rule = serde_json::from_value(json!("450 4.7.1 later, $client")).unwrap();
    assert_eq!(serde_json::to_value(&rule).unwrap(), json!("450 4.7.1 later, $client"));
    assert!(serde_json::from_value::<Rule>(json!("250 OK")).is_err());
    assert_eq!(serde_json::from_value::<Finding>(json!("iprev_forged")).unwrap(), Finding::IprevForged);
    assert_eq!(serde_json::to_value(Finding::Listed).unwrap(), json!("listed"));
    assert!(serde_json::from_value::<Finding>(json!("helo_elsewhere")).is_err());
}

fn tests() -> impl Strategy<Value = CodeTest> {
    let number = any::<[u8; 4]>().prop_map(Ipv4Addr::from);
    prop_oneof![
        number.clone().prop_map(|code| CodePattern::exactly(code).into()),
        (any::<u8>(), 0_u8..=9, 10_u8..=255).prop_map(|(one, from, to)| CodeTest::pattern(
            format!("127.0.{one}.[{one};{from}..{to}]").parse().unwrap()
        )),
        (number.clone(), number.clone()).prop_map(|(one, other)| CodeTest::between(one, other)),
        number.clone().prop_map(CodeTest::any_bit),
        (number.clone(), number).prop_map(|(mask, value)| CodeTest::masked(mask, value)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(
        zone in "[a-z][a-z0-9-]{0,8}[a-z0-9]\\.example",
        quantifier in prop::sample::select(vec![Quantifier::Any, Quantifier::All, Quantifier::NoneOf, Quantifier::NotAll]),
        tests in prop::option::of(prop::collection::vec(tests(), 1..4)),
        weight in -5..5_i32,
        allow in any::<bool>(),
        parts in prop::sample::subsequence(vec![Part::Address, Part::ConfirmedName, Part::ReverseName, Part::Helo], 0..3),
        label in prop::option::of("[a-z ]{1,9}"),
    ) {
        let mut list = if allow { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) }.unwrap();
        list = list.with_weight(weight).with_parts(parts);
        if let Some(tests) = tests {
            list = list.with_codes(CodeFilter::new(quantifier, tests));
        }
        if let Some(label) = label {
            list = list.with_label(&label);
        }
        let text = serde_json::to_string(&list).unwrap();
        let read: ListSpec = serde_json::from_str(&text).unwrap();
        let (of_list, of_read) = (list.codes().map(ToString::to_string), read.codes().map(ToString::to_string));
        prop_assert_eq!(of_list, of_read);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
        prop_assert_eq!((read.kind(), read.weight(), read.parts(), read.id()), (list.kind(), list.weight(), list.parts(), list.id()));
    }
}

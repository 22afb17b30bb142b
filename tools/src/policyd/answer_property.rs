//! For any configuration, lists and clients: no action accepts mail, and every action is one line.

use proptest::prelude::*;
use rdnsbl::{Checker, Dialogue, Finding, ManualClock, Scripted};

use crate::config::{Config, For, OnTrouble};
use crate::decision::Decision;
use crate::id::Ids;
use crate::policyd::answer::Answer;

/// Rules as an administrator may write them, and any other text that is a rule.
fn rule() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "pass",
        "defer",
        "reject",
        "class greylist",
        "OK",
        "250 2.0.0 Ok",
        "permit",
        "200",
        "550",
        "$rbl_code",
        "550 5.7.1 $helo_name",
        "450 4.7.1 ${rbl_reason?$rbl_reason}",
        "${rbl_reason?550 5.7.1 $rbl_reason}",
        "$rbl_code $rbl_reason",
        "550 5.7.1 $sender $recipient $client_name",
        "554 $rbl_reason",
        "521 5.7.1 $$",
    ]);
    let texts = prop_oneof![3 => line.prop_map(str::to_owned), 1 => "[245][0-9]{2} ?[245]?[.$0-9a-z ]{0,12}", 1 => "\\PC{0,20}"];
    let is_rule = |text: &String| text == "class greylist" || text.parse::<rdnsbl::policy::Rule>().is_ok();
    texts.prop_map(move |text| if is_rule(&text) { text } else { "reject".to_owned() })
}

fn config() -> impl Strategy<Value = String> {
    let rules = prop::collection::btree_map(prop::sample::select(&Finding::ALL), rule(), 0..6);
    let preset = prop::sample::select(vec!["rfc", "postfix", "sendmail", "observe"]);
    let header = prop::sample::select(vec!["", "header = \"X-Rdnsbl\"\n", "id_in_replies = true\n"]);
    (preset, rules, rule().prop_filter("no class", |rule| !rule.starts_with("class")), any::<bool>(), header).prop_map(|(preset, rules, several, strict, header)| {
        let quoted = |text: &str| {
            let escaped = |letter: char| match letter {
                '"' | '\\' => format!("\\{letter}"),
                _ if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
                _ => letter.to_string(),
            };
            format!("\"{}\"", text.chars().map(escaped).collect::<String>())
        };
        let rules: String = rules.iter().map(|(finding, rule)| format!("{finding} = {}\n", quoted(rule))).collect();
        format!(
            "mode = \"enforce\"\n{header}[lists]\ndeny = [\"bl.example\", \"dbl.example\"]\nask_about_special_addresses = \
             true\n[policy]\npreset = \"{preset}\"\nstrict = {strict}\nallowed_classes = [\"greylist\"]\nseveral = {}\n{rules}",
            quoted(&several)
        )
    })
}

/// Clients and senders choose these.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "OK",
            "250",
            "a@bad.example",
            "a@good.example",
            "x\r\naction=OK\n\naction=",
            "\0"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
        "(?s).{0,30}",
    ]
}

const DNS: &str = r#"
$SOA bl.example 300 60
14.113.0.203.bl.example A 127.0.0.2
14.113.0.203.bl.example TXT "OK\010action=OK\010\010250 2.0.0 $client_name"
14.113.0.203.in-addr.arpa PTR spam.example
spam.example A 203.0.113.14
10.113.0.203.in-addr.arpa SERVFAIL
bad.example MX 0 .
slow.example SERVFAIL
* NXDOMAIN
"#;

fn is_harmless(action: &str) -> bool {
    let form = r"^(DUNNO|greylist|DEFER_IF_PERMIT 4\.\d{1,3}\.\d{1,3} [ -~]*[!-~][ -~]*|[45]\d\d [45]\.\d{1,3}\.\d{1,3} [ -~]*[!-~][ -~]*|PREPEND X-Rdnsbl: [ -~]+)$";
    regex_lite::Regex::new(form).is_ok_and(|form| form.is_match(action)) && action.len() < 998
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_action_accepts(config in config(), helo in text(), sender in text(), client in 7_u8..16, value in text()) {
        let config = Config::read(&config, For::Policyd).map_err(|mistakes| TestCaseError::fail(format!("{mistakes:?}")))?;
        let clock = ManualClock::new();
        let checker = Checker::builder_with(Scripted::table(DNS, clock.clone()).unwrap(), clock.clone()).build().unwrap();
        checker.reload(config.settings.clone());
        let client = std::net::IpAddr::from([203, 0, 113, client]);
        let report = clock.run(async { checker.check(Dialogue::from(client).helo(helo).mail_from_address(&sender)).await });
        let decision = Decision::of(Ids::default().next(), &config.exempt, config.profile(""), &report);
        let action = Answer::of(&decision.done, &decision.mark(&config)).to_string();
        prop_assert!(is_harmless(&action), "{action:?}");
        let header = Answer::Prepend { name: "X-Rdnsbl".to_owned(), value: decision.header() + &value };
        prop_assert!(is_harmless(&header.to_string()), "{header}");
    }
}

#[test]
fn trouble_accepts_nothing() {
    for on_trouble in [OnTrouble::Dunno, OnTrouble::Defer] {
        assert!(is_harmless(&Answer::trouble(on_trouble).to_string()));
    }
    for accepting in ["OK", "250", "200 OK", "permit", "DUNNO\nOK", "REJECT", "550 5.7.1 ", ""] {
        assert!(!is_harmless(accepting), "{accepting}");
    }
}

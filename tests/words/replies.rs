//! From verdicts to replies: presets, rules, templates.

use std::net::IpAddr;

use rdnsbl::lists::ListSetBuilder;
use rdnsbl::policy::Rule;
use rdnsbl::{Action, Checker, Dialogue, Finding, ListSet, ManualClock, Policy, Report, Scripted, SpecialPurpose};

const WORLD: &str = "
    $SOA bl.example 300 60
    $SOA wl.example 300 60
    7.113.0.203.in-addr.arpa   PTR mail.good.example.
    mail.good.example          A   203.0.113.7
    8.113.0.203.in-addr.arpa   PTR liar.example.
    liar.example               A   192.0.2.1
    10.113.0.203.in-addr.arpa  SERVFAIL
    11.113.0.203.in-addr.arpa  PTR gone.example.
    14.113.0.203.in-addr.arpa  PTR mail.listed.example.
    mail.listed.example        A   203.0.113.14
    14.113.0.203.bl.example    A   127.0.0.2
    14.113.0.203.bl.example    TXT \"see https://bl.example/\"
    14.113.0.203.bl2.example   A   127.0.0.2
    14.113.0.203.wl.example    A   127.0.10.3
    14.113.0.203.special.example A 127.0.0.2
    14.113.0.203.parked.example A 198.51.100.1
    14.113.0.203.special.example TXT \"the special list says why\"
    mail.listed.example.names.example A 127.0.0.2
    liar.example.names.example A 127.0.0.2
    good.example MX 10 mail.good.example.
    nullmx.example MX 0 .
    broken.example SERVFAIL
    *.silent.example SERVFAIL
    empty.example TXT \"nothing here\"
    dangling.example MX 10 nowhere.example.
    unsure.example MX 10 mx.silent.example.
";

pub(crate) fn ask_with(lists: ListSetBuilder, policy: Policy, dialogue: &Dialogue) -> Report {
    let clock = ManualClock::new();
    let dns = Scripted::table(WORLD, clock.clone()).unwrap();
    let checker = Checker::builder_with(dns, clock.clone())
        .lists(lists.build().unwrap())
        .policy(policy)
        .own_names(["mx.us.example"])
        .special_purpose(SpecialPurpose::Ask)
        .build()
        .unwrap();
    clock.run(checker.check(dialogue).into_future())
}

pub(crate) fn client(last: u8) -> Dialogue {
    Dialogue::from(IpAddr::from([203, 0, 113, last]))
}

pub(crate) fn sender(path: &str) -> Dialogue {
    client(7).mail_from(path)
}

pub(crate) fn reply(report: &Report) -> String {
    report.advice().reply().map_or_else(|| "none".to_owned(), ToString::to_string)
}

#[test]
fn presets_by_the_table() {
    let presets = || [Policy::rfc(), Policy::postfix(), Policy::sendmail()];
    let bl = || ListSet::builder().deny("bl.example");
    let unknown_allow = || bl().allow("silent.example");
    for (lists, dialogue, replies) in [
        (
            bl(),
            client(14),
            [
                "550 5.7.1 Service unavailable; [203.0.113.14] is listed by bl.example; see https://bl.example/",
                "554 5.7.1 Service unavailable; Client host [203.0.113.14] blocked using bl.example; see https://bl.example/",
                "550 5.7.1 Rejected: 203.0.113.14 listed at bl.example",
            ],
        ),
        (
            bl(),
            client(9),
            [
                "none",
                "450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.9]",
                "550 5.7.1 Fix reverse DNS for 203.0.113.9",
            ],
        ),
        (
            bl(),
            client(8),
            [
                "none",
                "450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.8]",
                "451 4.1.8 Possibly forged hostname for 203.0.113.8",
            ],
        ),
        (
            bl(),
            client(10),
            [
                "none",
                "450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.10]",
                "451 4.1.8 Client IP address 203.0.113.10 does not resolve",
            ],
        ),
        (
            bl(),
            sender("<a@nullmx.example>"),
            [
                "550 5.7.27 Sender domain nullmx.example takes no mail (null MX)",
                "550 5.7.27 <a@nullmx.example>: Sender address rejected: Domain nullmx.example does not accept mail (nullMX)",
                "none",
            ],
        ),
        (
            bl(),
            sender("a@nowhere.example"),
            [
                "550 5.1.8 Sender domain nowhere.example does not exist",
                "450 4.1.8 <a@nowhere.example>: Sender address rejected: Domain not found",
                "553 5.1.8 <a@nowhere.example>... Domain of sender address a@nowhere.example does not exist",
            ],
        ),
        (
            bl(),
            sender("a@empty.example"),
            [
                "550 5.1.8 Sender domain empty.example has no mail host",
                "450 4.1.8 <a@empty.example>: Sender address rejected: Domain not found",
                "553 5.1.8 <a@empty.example>... Domain of sender address a@empty.example does not exist",
            ],
        ),
        (
            bl(),
            sender("a@dangling.example"),
            [
                "550 5.1.8 Sender domain dangling.example: the mail exchanger nowhere.example has no address",
                "none",
                "none",
            ],
        ),
        // If an unusable mail exchanger passes, one that could not be looked up passes, too.
        (
            bl(),
            sender("a@unsure.example"),
            [
                "451 4.4.3 Sender domain unsure.example could not be checked: server failure (SERVFAIL); try again later",
                "none",
                "none",
            ],
        ),
        (
            bl(),
            sender("a@broken.example"),
            [
                "451 4.4.3 Sender domain broken.example could not be checked: server failure (SERVFAIL); try again later",
                "450 4.1.8 <a@broken.example>: Sender address rejected: Domain not found",
                "451 4.1.8 Domain of sender address a@broken.example does not resolve",
            ],
        ),
        (bl(), sender("<>"), ["none", "none", "none"]),
        (
            bl(),
            client(7).rcpt_to("b@nullmx.example"),
            [
                "556 5.1.10 Recipient domain nullmx.example takes no mail (null MX)",
                "556 5.1.10 <b@nullmx.example>: Recipient address rejected: Domain nullmx.example does not accept mail (nullMX)",
                "none",
            ],
        ),
        (
            bl(),
            client(7).rcpt_to("b@nowhere.example"),
            [
                "550 5.1.2 Recipient domain nowhere.example does not exist",
                "450 4.1.2 <b@nowhere.example>: Recipient address rejected: Domain not found",
                "550 5.1.2 Host unknown (Name server: nowhere.example: host not found)",
            ],
        ),
        (
            bl(),
            client(7).helo("not a name"),
            ["none", "501 5.5.2 <not a name>: Helo command rejected: Invalid name", "none"],
        ),
        (
            bl(),
            client(7).helo("oemcomputer"),
            ["none", "504 5.5.2 <oemcomputer>: Helo command rejected: need fully-qualified hostname", "none"],
        ),
        (
            bl(),
            client(7).helo("nowhere.example"),
            ["none", "450 4.7.1 <nowhere.example>: Helo command rejected: Host not found", "none"],
        ),
        (bl(), client(7).helo("liar.example"), ["none", "none", "none"]),
        (bl(), client(7).helo("mx.us.example"), ["none", "none", "none"]),
        (
            unknown_allow(),
            client(14),
            [
                "450 4.7.1 Service currently unavailable; silent.example could not be asked",
                "450 4.7.1 <203.0.113.14>: Client host rejected: Service unavailable",
                "450 4.7.1 Service currently unavailable; silent.example could not be asked",
            ],
        ),
    ] {
        for (policy, wanted) in presets().into_iter().zip(replies) {
            let report = ask_with(lists.clone(), policy, &dialogue);
            assert_eq!(reply(&report), wanted, "{dialogue:?}");
        }
        assert_eq!(reply(&ask_with(lists, Policy::observe(), &dialogue)), "none");
    }
}

#[test]
fn strict_variants() {
    for (last, code) in [(8, "550 5.7.25"), (9, "550 5.7.25"), (11, "550 5.7.25")] {
        for policy in [Policy::rfc(), Policy::postfix(), Policy::sendmail()] {
            let report = ask_with(ListSet::builder(), policy.strict(), &client(last));
            assert!(reply(&report).starts_with(code), "{}", reply(&report));
        }
    }
    for policy in [Policy::rfc(), Policy::postfix(), Policy::sendmail()] {
        let report = ask_with(ListSet::builder(), policy.strict(), &client(10));
        assert_eq!(report.advice().action(), Action::Defer, "could not tell");
    }
    let report = ask_with(ListSet::builder(), Policy::postfix().strict(), &sender("a@nowhere.example"));
    assert_eq!(reply(&report), "550 5.1.8 <a@nowhere.example>: Sender address rejected: Domain not found");
}

#[test]
fn several_refusals() {
    let dialogue = client(14).mail_from("a@nowhere.example");
    let codes = |policy| reply(&ask_with(ListSet::builder().deny("bl.example"), policy, &dialogue));
    let text = codes(Policy::rfc());
    // RFC 7372 §3.4: 5.7.26 is for checks of authentication.
    assert!(text.starts_with("550 5.7.1 Service unavailable; [203.0.113.14] is listed by bl.example"), "{text}");
    assert!(codes(Policy::postfix().strict()).starts_with("554 5.7.1 "));
    assert!(codes(Policy::sendmail()).starts_with("550 5.7.1 Rejected"));
    let several = "550 5.7.0 Several checks failed: $causes".parse::<Rule>().unwrap();
    let text = codes(Policy::rfc().several(several));
    assert!(text.starts_with("550 5.7.0 Several checks failed: Service unavailable; [203.0.113.14]"), "{text}");
    assert!(text.ends_with("; Sender domain nowhere.example does not exist"), "{text}");
}

#[test]
fn truncated_never_rejects_permanently() {
    let mut world = String::new();
    for number in 0..12 {
        world.push_str(&format!("9.113.0.203.in-addr.arpa PTR n{number}.example.\nn{number}.example A 192.0.2.1\n"));
    }
    let clock = ManualClock::new();
    let dns = Scripted::table(&world, clock.clone()).unwrap();
    let policy = Policy::rfc().strict();
    let checker = Checker::builder_with(dns, clock.clone()).policy(policy).build().unwrap();
    let report = clock.run(checker.check(client(9)).into_future());
    assert!(reply(&report).starts_with("450 4.7.25 "), "{}", reply(&report));
}

#[test]
fn rules_of_ones_own() {
    let rule = |text: &str| text.parse::<Rule>().unwrap();
    let lists = || ListSet::builder().deny("bl.example");
    let dialogue = client(14).helo("liar.example").mail_from("<a@good.example>").rcpt_to("b@good.example");
    for (template, wanted) in [
        (
            "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
            "554 5.7.1 Service unavailable; Client host [203.0.113.14] blocked using bl.example; see https://bl.example/",
        ),
        (
            "450 4.7.1 Access denied. Cannot resolve PTR record for $client",
            "450 4.7.1 Access denied. Cannot resolve PTR record for mail.listed.example[203.0.113.14]",
        ),
        (
            "550 $helo_name $sender $sender_name $sender_domain $recipient $recipient_name $recipient_domain",
            "550 5.7.1 liar.example a@good.example a good.example b@good.example b good.example",
        ),
        (
            "521 5.3.2 $client_name $reverse_client_name $client_address $$5 ${rbl_txt?{why}:{why not}}",
            "521 5.3.2 mail.listed.example mail.listed.example 203.0.113.14 $5 why",
        ),
        // Text from outside does not choose the code, and a template that makes no reply defers.
        ("${rbl_txt:550 }$rbl_txt", "450 4.7.1 Service unavailable"),
        ("${rbl_others?550 many}", "450 4.7.1 Service unavailable"),
        ("550 ${rbl_others?many}", "450 4.7.1 Service unavailable"),
        ("${rbl_reason?550 5.7.1 $rbl_reason}", "550 5.7.1 see https://bl.example/"),
    ] {
        let report = ask_with(lists(), Policy::postfix().on(Finding::Listed, rule(template)), &dialogue);
        assert_eq!(reply(&report), wanted, "{template}");
    }
    let forged = |action| reply(&ask_with(lists(), Policy::postfix().on(Finding::IprevForged, action), &client(8)));
    assert_eq!(forged(Action::Reject), "550 5.7.25 Client host rejected: cannot find your hostname, [203.0.113.8]");
    assert_eq!(forged(Action::Pass), "none");
    let report =
        ask_with(lists(), Policy::rfc().on(Finding::HeloClaimsUs, Action::Reject), &client(7).helo("mx.us.example"));
    assert_eq!(reply(&report), "550 5.7.1 HELO name mx.us.example is ours");
    // An unknown result may reject if a rule says so.
    let report =
        ask_with(lists(), Policy::rfc().on(Finding::SenderUnknown, rule("550 no")), &sender("a@broken.example"));
    assert_eq!(reply(&report), "550 5.7.1 no");
    for bad in [
        "",
        "Access denied",
        "250 OK",
        "650 x",
        "55 x",
        "550",
        "550 ",
        "550 5.7.1",
        "450 5.7.1 x",
        "$client",
        "550 $nobody",
    ] {
        assert!(bad.parse::<Rule>().is_err(), "{bad}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn policies_as_data() {
    let policy = Policy::postfix()
        .strict()
        .on(Finding::Listed, Action::Pass)
        .several("550 5.7.26 $causes".parse::<Rule>().unwrap());
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap().to_string(), policy.to_string());
    let read: Policy = serde_json::from_str(r#"{"preset": "postfix", "listed": "pass"}"#).unwrap();
    assert_eq!(read, Policy::postfix().on(Finding::Listed, Action::Pass));
    for bad in [r#"{"preset": "exim"}"#, r#"{"helo_elsewhere": "reject"}"#, r#"{"listed": "250 OK"}"#] {
        assert!(serde_json::from_str::<Policy>(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_exempt_client_is_not_judged() {
    for policy in [Policy::rfc().strict(), Policy::postfix().strict(), Policy::sendmail().strict()] {
        let clock = ManualClock::new();
        let exempt = |networks: &[&str]| {
            let networks = networks.iter().map(|network| network.parse::<ipnet::IpNet>().unwrap()).collect::<Vec<_>>();
            Checker::builder_with(Scripted::table(WORLD, clock.clone()).unwrap(), clock.clone())
                .lists(ListSet::builder().deny("bl.example").build().unwrap())
                .policy(policy.clone())
                .special_purpose(SpecialPurpose::Ask)
                .exempt(networks)
                .build()
                .unwrap()
        };
        let dialogue = client(8).helo("x y").mail_from("a@nullmx.example");
        let judged = clock.run(exempt(&["192.0.2.0/24"]).check(&dialogue).into_future());
        let exempted = clock.run(exempt(&["203.0.113.0/29", "203.0.113.8/32"]).check(&dialogue).into_future());
        assert_ne!(judged.advice().reply(), None);
        assert_eq!((exempted.advice().reply(), exempted.is_exempt()), (None, true));
        // The facts are still in the report.
        assert_eq!(exempted.iprev().unwrap().client_resolve(), "FORGED");
    }
}

#[test]
fn a_fact_behind_something_unknown_is_a_fact() {
    let judge = |dialogue: &Dialogue| ask_with(ListSet::builder(), Policy::postfix(), dialogue).advice().clone();
    // Both are deferrals; the reply is that of the first finding, the unknown one.
    let advice = judge(&client(10).mail_from("a@nowhere.example"));
    assert_eq!(
        advice.because().iter().map(|cause| cause.finding()).collect::<Vec<_>>(),
        [Finding::IprevTempError, Finding::SenderNoSuchDomain]
    );
    assert!(advice.rests_on_facts());
    assert!(!judge(&client(10)).rests_on_facts());
    assert!(!judge(&client(7)).rests_on_facts());
}

/// The table in the README says which presets act on HELO, and with which codes.
#[test]
fn the_readme_says_which_helo_is_refused() {
    let row = include_str!("../../README.md").lines().find(|line| line.starts_with("| HELO |")).unwrap();
    let codes = |policy: &Policy| -> Vec<String> {
        let helo = policy.table().filter(|(finding, _)| finding.word().starts_with("helo_"));
        helo.filter(|(_, rule)| rule.to_string() != "pass").map(|(_, rule)| rule.to_string()[..3].to_owned()).collect()
    };
    assert!(codes(&Policy::rfc()).is_empty() && codes(&Policy::sendmail()).is_empty());
    assert!(row.contains("the presets `rfc` and `sendmail` refuse for none"), "{row}");
    let mut of_postfix = codes(&Policy::postfix());
    of_postfix.sort_unstable();
    of_postfix.dedup();
    assert_eq!(of_postfix, ["450", "501", "504"]);
    for code in of_postfix {
        assert!(row.contains(&format!("({code})")), "{code}: {row}");
    }
}

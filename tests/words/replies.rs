//! From verdicts to texts: rules for lists that do not answer, presets, templates, replies, headers, the log line.

use std::net::IpAddr;

use rdnsbl::dnsxl::{ListSpec, OnNoAnswer, Part, Subject};
use rdnsbl::lists::ListSetBuilder;
use rdnsbl::policy::Rule;
use rdnsbl::report::authres;
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
fn lists_that_did_not_answer() {
    let spec = |text: &str, rule| ListSpec::deny(text).unwrap().with_on_no_answer(rule);
    let allow = |rule| ListSpec::allow("silent.example").unwrap().with_on_no_answer(rule);
    let set = || ListSet::builder().deny("bl.example");
    let silent = |rule| spec("silent.example", rule);
    let saves = |rule| spec("silent.example*-5", rule);
    let none = "none";
    for (lists, last, wanted) in [
        (set().list(silent(OnNoAnswer::Ignore)), 7, none),
        (set().list(silent(OnNoAnswer::Defer)), 7, "451 4.4.3"),
        (set().list(silent(OnNoAnswer::Listed)), 7, "550 5.7.1"),
        (set().list(silent(OnNoAnswer::DeferIfReject)), 7, none),
        (set().list(silent(OnNoAnswer::Defer)).threshold(2), 7, none), // it could not have decided
        (set().list(silent(OnNoAnswer::Defer)).threshold(2), 14, "451 4.4.3"),
        (set().list(silent(OnNoAnswer::Defer)), 14, "550 5.7.1"),
        (set().list(allow(OnNoAnswer::DeferIfReject)), 14, "450 4.7.1"),
        (set().list(allow(OnNoAnswer::DeferIfReject)), 7, none),
        (set().list(allow(OnNoAnswer::Ignore)), 14, "550 5.7.1"),
        (set().list(allow(OnNoAnswer::Defer)), 7, "450 4.7.1"),
        (set().list(allow(OnNoAnswer::Listed)), 14, none),
        // A negative weight that might have saved the client.
        (set().list(saves(OnNoAnswer::Ignore)), 14, none),
        (set().list(saves(OnNoAnswer::DeferIfReject)), 14, "450 4.7.1"),
        // A proven hit on an allow list cancels what lists say, and nothing else.
        (set().list(silent(OnNoAnswer::Listed)).allow("wl.example"), 14, none),
    ] {
        let report = ask_with(lists.clone(), Policy::rfc(), &client(last));
        let text = reply(&report);
        assert!(text.starts_with(wanted), "{lists:?} {last}: {text}");
    }
    let report =
        ask_with(ListSet::builder().allow("wl.example"), Policy::rfc(), &client(14).mail_from("a@nowhere.example"));
    assert!(reply(&report).starts_with("550 5.1.8 "));
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

#[test]
fn several_lists_name_the_heaviest() {
    let lists = ListSet::builder().deny("bl.example*2").deny("bl2.example*3").deny("wl.example*3");
    let report = ask_with(lists, Policy::rfc(), &client(14));
    assert_eq!(reply(&report), "550 5.7.1 Service unavailable; [203.0.113.14] is listed by bl2.example and 2 more");
}

#[test]
fn actions_for_postfix() {
    let action = |policy: Policy, last| {
        ask_with(ListSet::builder().deny("bl2.example"), policy, &client(last)).advice().postfix_action()
    };
    assert_eq!(action(Policy::postfix(), 7), "DUNNO");
    assert_eq!(action(Policy::postfix(), 9), "DEFER_IF_PERMIT 4.7.25 cannot find your hostname, [203.0.113.9]");
    assert_eq!(action(Policy::sendmail(), 14), "550 5.7.1 Rejected: 203.0.113.14 listed at bl2.example");
    // Postfix adds `<...>: Recipient address rejected: ` itself.
    let unknown = ask_with(ListSet::builder(), Policy::postfix(), &client(7).mail_from("<a@nosuch.example>"));
    assert_eq!(reply(&unknown), "450 4.1.8 <a@nosuch.example>: Sender address rejected: Domain not found");
    assert_eq!(unknown.advice().postfix_action(), "DEFER_IF_PERMIT 4.1.8 <a@nosuch.example>: Domain not found");
}

#[test]
fn lists_about_the_clients_names() {
    let list = |part| ListSpec::deny("names.example").unwrap().with_parts([part]);
    let verdicts = |part, last| -> Vec<String> {
        let report = ask_with(ListSet::builder().list(list(part)), Policy::postfix(), &client(last));
        report
            .lists()
            .iter()
            .map(|row| {
                format!("{} {}", row.subject().map_or("-".to_owned(), ToString::to_string), row.verdict().word())
            })
            .collect()
    };
    assert_eq!(verdicts(Part::ConfirmedName, 14), ["mail.listed.example listed"]);
    assert_eq!(verdicts(Part::ConfirmedName, 7), ["mail.good.example not_listed"]);
    assert_eq!(verdicts(Part::ConfirmedName, 8), ["- skipped"]); // nothing is confirmed
    assert_eq!(verdicts(Part::ReverseName, 8), ["liar.example listed"]);
    assert_eq!(verdicts(Part::ReverseName, 9), ["- skipped"]);
    assert_eq!(verdicts(Part::ReverseName, 10), ["- unknown"]);
    let report = ask_with(ListSet::builder().list(list(Part::ReverseName)), Policy::postfix(), &client(8));
    assert!(report.advice().because()[0].to_string().contains("Unverified Client host [liar.example] blocked"));
    // Without a client there is nothing to ask about.
    let report =
        ask_with(ListSet::builder().list(list(Part::ConfirmedName)), Policy::rfc(), &Dialogue::new().helo("x.example"));
    assert_eq!(report.lists()[0].verdict().word(), "skipped");
}

#[test]
fn several_names_count_once() {
    let world = "14.113.0.203.in-addr.arpa PTR a.example.\n14.113.0.203.in-addr.arpa PTR b.example.
        a.example A 203.0.113.14\nb.example A 203.0.113.14
        a.example.names.example A 127.0.0.2\nb.example.names.example A 127.0.0.2";
    let clock = ManualClock::new();
    let dns = Scripted::table(world, clock.clone()).unwrap();
    let spec = ListSpec::deny("names.example*2").unwrap().with_parts([Part::ConfirmedName]);
    let lists = ListSet::builder().list(spec).deny("other.example").threshold(3).build().unwrap();
    let checker =
        Checker::builder_with(dns, clock.clone()).lists(lists).special_purpose(SpecialPurpose::Ask).build().unwrap();
    let report = clock.run(checker.check(client(14)).into_future());
    let subjects: Vec<String> =
        report.lists().iter().filter_map(|row| row.subject().map(ToString::to_string)).collect();
    assert_eq!(subjects, ["a.example", "b.example", "203.0.113.14"]); // in the order of the configuration
    assert_eq!((report.score().low(), report.score().high()), (2, 2));
}

#[test]
fn fixed_subjects_and_reasons_from_another_zone() {
    let fixed =
        ListSpec::deny("bl.example").unwrap().with_fixed_subjects([Subject::from(IpAddr::from([203, 0, 113, 14]))]);
    let report = ask_with(ListSet::builder().list(fixed), Policy::rfc(), &Dialogue::new());
    assert_eq!(report.lists()[0].verdict().word(), "listed");
    let merged = |zone: &str| {
        let spec = ListSpec::deny("bl.example").unwrap().with_reason_zone(zone.parse().unwrap());
        ask_with(ListSet::builder().list(spec), Policy::rfc(), &client(14))
    };
    let report = merged("special.example");
    assert!(reply(&report).ends_with("is listed by bl.example; the special list says why"), "{}", reply(&report));
    // As long as anything is found there, says Exim: the special zone must hold the client, too.
    for (zone, verdict) in [("other.example", "excluded"), ("parked.example", "problem"), ("silent.example", "unknown")]
    {
        assert_eq!(merged(zone).lists()[0].verdict().word(), verdict, "{zone}");
    }
}

#[test]
fn lists_with_words_of_their_own() {
    let spec = |text: &str| ListSpec::deny("bl.example").unwrap().with_reply_template(text.parse().unwrap());
    let says = |text| reply(&ask_with(ListSet::builder().list(spec(text)), Policy::sendmail(), &client(14)));
    assert_eq!(says("554 Go away, $client_address"), "554 5.7.1 Go away, 203.0.113.14");
    assert_eq!(says("451 later"), "451 4.7.1 later");
    assert_eq!(says("Go away"), "550 5.7.1 Go away");
    assert_eq!(says("$rbl_txt"), "550 5.7.1 see https://bl.example/");
}

#[test]
fn results_for_headers() {
    let lists =
        || ListSet::builder().allow("wl.example").allow("silent.example").allow("other.example").deny("bl.example");
    let report = ask_with(lists(), Policy::rfc(), &client(14));
    assert_eq!(
        authres::results(&report),
        [
            "iprev=pass policy.iprev=203.0.113.14",
            "dnswl=pass dns.zone=wl.example policy.ip=127.0.10.3 dns.sec=na",
            "dnswl=temperror dns.zone=silent.example dns.sec=na",
            "dnswl=none dns.zone=other.example dns.sec=na",
        ]
    );
    assert_eq!(authres::received_comment(&report).unwrap(), "(mail.listed.example [203.0.113.14], client_resolve=OK)");
    let report = ask_with(lists(), Policy::rfc(), &client(8));
    assert_eq!(
        authres::received_comment(&report).unwrap(),
        "(liar.example [203.0.113.8], may be forged, client_resolve=FORGED)"
    );
    let six = Dialogue::from("2001:db8::1".parse::<IpAddr>().unwrap());
    let report = ask_with(lists(), Policy::rfc(), &six);
    assert_eq!(authres::iprev(&report).unwrap(), "iprev=permerror policy.iprev=\"2001:db8::1\"");
    assert_eq!(authres::received_comment(&report).unwrap(), "([IPv6:2001:db8::1], client_resolve=FAIL)");
}

#[test]
fn the_line_for_the_log() {
    let lists = ListSet::builder()
        .deny("bl.example")
        .deny("silent.example")
        .list(ListSpec::deny("bl2.example").unwrap().with_label("two words, one comma"));
    let report = ask_with(lists, Policy::postfix(), &client(14).helo("x\r\naction=pass").mail_from("<>"));
    assert_eq!(
        report.log_line().to_string(),
        "rdnsbl: client=203.0.113.14 action=reject code=554 enhanced=5.7.1 finding=listed iprev=OK \
         name=mail.listed.example helo=malformed sender=null_sender recipient=- lists=listed score=2..3 \
         listed=bl.example,two_words__one_comma allowed=- broken=- unheard=silent.example observed=-"
    );
    let report = ask_with(ListSet::builder(), Policy::rfc(), &Dialogue::new());
    assert_eq!(
        report.log_line().to_string(),
        "rdnsbl: client=- action=pass code=- enhanced=- finding=- iprev=- name=- helo=- sender=- recipient=- lists=- \
         score=0..0 listed=- allowed=- broken=- unheard=- observed=-"
    );
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

/// The world in which real servers were asked.
const RECORDED: &str = "
    7.113.0.203.in-addr.arpa  PTR mail.good.test
    mail.good.test            A   203.0.113.7
    good.test                 MX  10 mail.good.test
    8.113.0.203.in-addr.arpa  PTR liar.good.test
    liar.good.test            A   203.0.113.200
    10.113.0.203.in-addr.arpa SERVFAIL
    11.113.0.203.in-addr.arpa PTR ghost.good.test
    12.113.0.203.in-addr.arpa PTR slow.broken.test
    *.broken.test             SERVFAIL
    14.113.0.203.in-addr.arpa PTR spam.good.test
    spam.good.test            A   203.0.113.14
    14.113.0.203.bl.test      A   127.0.0.2
    14.113.0.203.bl.test      TXT \"listed, see https://bl.test/?ip=203.0.113.14\"
    nullmx.test               MX  0 .
    dangling.test             MX  10 nowhere.test
    unsure.test               MX  10 mx.broken.test
    empty.test                TXT \"nothing\"
";

#[test]
fn replies_of_real_servers() {
    let clock = ManualClock::new();
    let dns = std::sync::Arc::new(Scripted::table(RECORDED, clock.clone()).unwrap());
    let mut rows = 0;
    for line in include_str!("../data/replies.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [who, client, fact, wanted] = cells.as_slice() else { panic!("{line}") };
        let mut dialogue = self::client(client.parse().unwrap());
        match fact.split_once(' ') {
            Some(("from", path)) => dialogue = dialogue.mail_from(path),
            Some(("rcpt", path)) => dialogue = dialogue.rcpt_to(path),
            Some(("helo", argument)) => dialogue = dialogue.helo(argument),
            _ => {}
        }
        let checker = Checker::builder_with(dns.clone(), clock.clone())
            .lists(ListSet::builder().deny("bl.test=127.0.0.2").build().unwrap())
            .policy(Policy::named(who).unwrap())
            .special_purpose(SpecialPurpose::Ask)
            .build()
            .unwrap();
        let report = clock.run(checker.check(&dialogue).into_future());
        let said = report.advice().reply().map_or_else(|| "-".to_owned(), ToString::to_string);
        assert_eq!(said, *wanted, "{line}");
        rows += 1;
    }
    assert!(rows > 30, "{rows}");
}

#[test]
fn an_allow_list_that_is_silent_in_postfix_words() {
    // As Postfix 3.7 said with permit_dnswl_client in front of reject_rbl_client.
    let lists = ListSet::builder().read("permit_dnswl_client silent.example, reject_rbl_client bl.example");
    let report = ask_with(lists, Policy::postfix(), &client(14));
    assert_eq!(reply(&report), "450 4.7.1 <203.0.113.14>: Client host rejected: Service unavailable");
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
fn a_listed_sender_is_shown_whole() {
    let lists = || ListSet::builder().read("reject_rhsbl_sender names.example, reject_rhsbl_recipient names.example");
    let sender = ask_with(lists(), Policy::postfix(), &client(7).mail_from("<me@mail.listed.example>"));
    assert!(
        reply(&sender).starts_with(
            "554 5.7.1 Service unavailable; Sender address [me@mail.listed.example] blocked using names.example"
        ),
        "{}",
        reply(&sender)
    );
    let recipient = ask_with(lists(), Policy::postfix(), &client(7).rcpt_to("you@liar.example"));
    assert!(reply(&recipient).contains("Recipient address [you@liar.example] blocked"), "{}", reply(&recipient));
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

#[test]
fn any_notation_in_a_set() {
    let set = ListSet::builder()
        .read("reject_rbl_client zen.example=127.0.0.[2..11], permit_dnswl_client wl.example")
        .read("a.example!=127.0.0.9 : +defer_unknown : b.example")
        .read("FEATURE(`dnsbl', `c.example', `', `t')dnl")
        .build()
        .unwrap();
    let shown: Vec<String> = set.iter().map(|list| format!("{list} {}", list.on_no_answer().word())).collect();
    assert_eq!(
        shown,
        [
            "zen.example=127.0.0.[2..11] ignore",
            "wl.example defer_if_reject",
            "a.example!=127.0.0.9 ignore",
            "b.example defer",
            "c.example defer",
        ]
    );
    // Parts that ask no list are reported, and a text without any list is a mistake.
    let paste = "smtpd_x_restrictions = permit_mynetworks, reject_rbl_client a.example";
    let set = ListSet::builder().read(paste).build().unwrap();
    assert_eq!((set.iter().count(), set.left_out()[0].span()), (1, 23..40));
    assert!(ListSet::builder().read("smtpd_x_restrictions = permit_mynetworks").build().is_err());
    let error =
        ListSet::builder().deny("good.example").read("a.example=127.0.0.2,x.example").read("a..b").build().unwrap_err();
    assert_eq!(error.iter().map(|(index, _)| index).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_deadline_before_the_names_are_known() {
    let clock = ManualClock::new();
    let world = "14.113.0.203.in-addr.arpa PTR a.example. after=60s\na.example A 203.0.113.14";
    let dns = Scripted::table(world, clock.clone()).unwrap();
    let names = ListSpec::deny("names.example").unwrap().with_parts([Part::ConfirmedName]);
    let lists = ListSet::builder().list(names).deny("bl.example").build().unwrap();
    let checker =
        Checker::builder_with(dns, clock.clone()).lists(lists).special_purpose(SpecialPurpose::Ask).build().unwrap();
    let report = clock.run(checker.check(client(14)).within(std::time::Duration::from_secs(2)).into_future());
    let words: Vec<&str> = report.lists().iter().map(|row| row.verdict().word()).collect();
    assert_eq!(words, ["unknown", "not_listed"]);
    assert_eq!(report.completeness(), rdnsbl::report::Completeness::CutByDeadline);
}

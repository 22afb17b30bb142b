//! Replies about lists: lists that do not answer, the list that a reply names, lists with replies of their own, and lists about names
//! and domains.

use std::net::IpAddr;

use rdnsbl::dnsxl::{ListSpec, OnNoAnswer, Part, Subject};
use rdnsbl::{Checker, Dialogue, ListSet, ManualClock, Policy, Scripted, SpecialPurpose};

use crate::replies::{ask_with, client, reply};

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
fn several_lists_name_the_heaviest() {
    let lists = ListSet::builder().deny("bl.example*2").deny("bl2.example*3").deny("wl.example*3");
    let report = ask_with(lists, Policy::rfc(), &client(14));
    assert_eq!(reply(&report), "550 5.7.1 Service unavailable; [203.0.113.14] is listed by bl2.example and 2 more");
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
fn an_allow_list_that_is_silent_in_postfix_words() {
    // As Postfix 3.7 said with permit_dnswl_client in front of reject_rbl_client.
    let lists = ListSet::builder().read("permit_dnswl_client silent.example, reject_rbl_client bl.example");
    let report = ask_with(lists, Policy::postfix(), &client(14));
    assert_eq!(reply(&report), "450 4.7.1 <203.0.113.14>: Client host rejected: Service unavailable");
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

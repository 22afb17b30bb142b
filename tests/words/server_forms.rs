//! What a mail server takes from a report: Postfix's action, header fields, the log line.

use std::net::IpAddr;

use rdnsbl::dnsxl::ListSpec;
use rdnsbl::report::authres;
use rdnsbl::{Dialogue, ListSet, Policy};

use crate::replies::{ask_with, client, reply};

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

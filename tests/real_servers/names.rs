//! Reverse DNS, senders and HELO arguments.

use rdnsbl::check::mail_domain::Via;
use rdnsbl::dns::Failure;
use rdnsbl::{Action, Dialogue, MailDomain, PathRole, UnknownReason};

use crate::world::{CLEAN, World, ip};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn reverse_dns() {
    let world = World::start().await;
    let checker = world.checker(&[]);
    for (client, expected) in [
        ("203.0.113.7", "OK"),
        ("203.0.113.8", "FORGED"),  // leads to another address
        ("203.0.113.9", "FAIL"),    // no name
        ("203.0.113.10", "TEMP"),   // SERVFAIL for the name
        ("203.0.113.11", "FORGED"), // a name that does not exist
        ("203.0.113.12", "TEMP"),   // SERVFAIL for the address of the name
        ("203.0.113.13", "OK"),     // the second of two names leads back
        ("::ffff:203.0.113.7", "OK"),
    ] {
        assert_eq!(checker.iprev(ip(client)).await.client_resolve(), expected, "{client}");
        let report = checker.check(ip(client)).await;
        assert_eq!(report.iprev().unwrap().client_resolve(), expected, "{client}");
    }
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn senders() {
    let world = World::start().await;
    let checker = world.checker(&[]);
    for (path, expected, action) in [
        ("<a@usable.example>", MailDomain::Ok(Via::Mx), Action::Pass),
        ("<a@nullmx.example>", MailDomain::NullMx, Action::Reject),
        ("<a@gone.example>", MailDomain::NoSuchDomain, Action::Reject),
        ("<a@empty.example>", MailDomain::NoMailHost, Action::Reject),
        ("<a@broken.example>", MailDomain::Unknown(UnknownReason::Failed(Failure::ServFail)), Action::Defer),
        ("<>", MailDomain::NullSender, Action::Pass),
        ("<a@[203.0.113.7]>", MailDomain::AddressLiteral(ip("203.0.113.7")), Action::Pass),
        ("<a@oemcomputer..>", MailDomain::Malformed, Action::Reject),
    ] {
        assert_eq!(*checker.mail_domain(PathRole::Sender, path).await.verdict(), expected, "{path}");
        let report = checker.check(Dialogue::new().mail_from(path)).await;
        assert_eq!(*report.sender().unwrap().verdict(), expected, "{path}");
        assert_eq!(report.advice().action(), action, "{path}");
    }
    let word = async |path| checker.mail_domain(PathRole::Sender, path).await.verdict().word();
    assert_eq!(word("<a@aonly.example>").await, "ok");
    assert_eq!(word("<a@dangling.example>").await, "mx_unusable");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn helo_arguments() {
    let world = World::start().await;
    let checker = world.builder().own_names(["mx.us.example"]).build().unwrap();
    for (argument, expected) in [
        ("mail.good.example", "resolves_to_client"),
        ("liar.good.example", "resolves_elsewhere"),
        ("mxonly.example", "mx_only"),
        ("gone.example", "no_such_name"),
        ("empty.example", "no_address"),
        ("slow.broken.example", "unknown"),
        ("[203.0.113.7]", "literal_matches"),
        ("[203.0.113.8]", "literal_differs"),
        ("oemcomputer", "not_fqdn"),
        ("-", "malformed"),
        ("mx.us.example", "claims_us"),
    ] {
        assert_eq!(checker.helo(argument, Some(ip(CLEAN))).await.verdict().word(), expected, "{argument}");
        let report = checker.check(Dialogue::from(ip(CLEAN)).helo(argument)).await;
        assert_eq!(report.advice().action(), Action::Pass, "{argument}: no reason to refuse by itself");
    }
}

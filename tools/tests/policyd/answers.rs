//! Which action each client gets, and what the log says.

use crate::kit::{Daemon, POLICY, rcpt, request};

const ENFORCE: &str = "mode = \"enforce\"";

#[tokio::test(flavor = "multi_thread")]
async fn each_client_gets_its_action() {
    let mut daemon = Daemon::policyd(ENFORCE, POLICY).await;
    let mut client = daemon.connect();
    for (address, action) in [
        ("203.0.113.7", "DUNNO"),
        ("203.0.113.8", "DEFER_IF_PERMIT 4.7.1 Access denied. Reverse DNS of 203.0.113.8 is forged"),
        ("203.0.113.9", "DEFER_IF_PERMIT 4.7.1 Access denied. Cannot resolve PTR record for 203.0.113.9"),
        ("203.0.113.10", "DEFER_IF_PERMIT 4.7.25 cannot find your hostname, [203.0.113.10]"),
        (
            "203.0.113.14",
            "554 5.7.1 Service unavailable; Client host [203.0.113.14] blocked using bl.example; see https://bl.example/",
        ),
        ("::ffff:203.0.113.7", "DUNNO"),
        ("unknown", "DUNNO"),
    ] {
        // All on one connection.
        assert_eq!(client.ask(&rcpt(address)), action, "{address}");
    }
    let line = daemon.decision("client=203.0.113.14");
    let pattern = rdnsbl::report::LogLine::PATTERN.to_owned()
        + r" stage=rcpt instance=- queue_id=- from=a@good\.example to=b@mx\.example helo_name=mail\.good\.example sasl=- mode=enforce would=reject exempt=- id=[0-9a-z]{8}$";
    assert!(regex_lite::Regex::new(&pattern).unwrap().is_match(&line), "{line}");
    assert!(line.contains(" action=reject code=554 enhanced=5.7.1 finding=listed iprev=OK "), "{line}");
}

/// The id in a bounce, or in the header of a message, leads to its line in the log.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_the_reply_and_in_the_log() {
    let keys = "mode = \"enforce\"\nid_in_replies = true\nheader = \"X-RDNSBL\"";
    let mut daemon = Daemon::policyd(keys, POLICY).await;
    let id = |text: &str| {
        let form = regex_lite::Regex::new(r"\bid=([0-9a-z]{8})(?: |\)|$)").unwrap();
        form.captures(text).unwrap_or_else(|| panic!("no id: {text}"))[1].to_owned()
    };
    let mut ids = std::collections::HashSet::new();
    for (client, start) in
        [("203.0.113.14", "554 5.7.1 "), ("203.0.113.9", "DEFER_IF_PERMIT 4.7.1 "), ("203.0.113.7", "PREPEND ")]
    {
        let action = daemon.ask(&request("RCPT", client, &[("instance", client)]));
        assert!(action.starts_with(start), "{action}");
        assert_eq!(action.ends_with(')'), client != "203.0.113.7", "{action}");
        let line = daemon.decision(&format!(" id={}", id(&action)));
        assert!(line.contains(&format!(" client={client} ")), "{line}");
        // All recipients of a message share a decision, and its id.
        let again = daemon.ask(&request("RCPT", client, &[("instance", client), ("recipient", "c@mx.example")]));
        assert!(again == action || again == "DUNNO", "{again}");
        ids.insert(id(&action));
    }
    assert_eq!(ids.len(), 3);
    // An exempt client gets none.
    assert_eq!(daemon.ask(&request("RCPT", "203.0.113.9", &[("sasl_username", "ann")])), "DUNNO");
    id(&daemon.decision(" exempt=authenticated "));
}

#[tokio::test(flavor = "multi_thread")]
async fn observing_refuses_nobody() {
    let mut daemon = Daemon::policyd("", POLICY).await;
    assert_eq!(daemon.ask(&rcpt("203.0.113.14")), "DUNNO");
    let line = daemon.decision("client=203.0.113.14");
    assert!(
        line.contains(" action=pass code=- enhanced=- finding=listed ") && line.contains(" mode=observe would=reject ")
    );
    assert_eq!(daemon.ask(&rcpt("203.0.113.9")), "DUNNO");
    assert!(daemon.decision("client=203.0.113.9 ").contains(" would=defer "));
}

/// A finding that is only observed leaves the others as they are.
#[tokio::test(flavor = "multi_thread")]
async fn one_finding_is_observed() {
    let policy = format!("{POLICY}observe = [\"listed\"]\n");
    let mut daemon = Daemon::policyd(ENFORCE, &policy).await;
    assert_eq!(daemon.ask(&rcpt("203.0.113.14")), "DUNNO");
    assert!(daemon.decision("client=203.0.113.14").contains(" would=reject "));
    assert!(daemon.ask(&rcpt("203.0.113.9")).starts_with("DEFER_IF_PERMIT 4.7.1 "));
}

/// `finding` is the one that acted, also where another one that is only observed would have decided otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_the_finding_that_acted() {
    let policy = "[policy]\niprev_no_name = \"class greylist\"\nallowed_classes = [\"greylist\"]\nobserve = [\"helo_not_fqdn\"]\n";
    let mut daemon = Daemon::policyd(ENFORCE, policy).await;
    let cases = [
        (
            "203.0.113.10",
            "oemcomputer",
            "DEFER_IF_PERMIT 4.7.25 ",
            " action=defer code=450 enhanced=4.7.25 finding=iprev_temp_error ",
            " would_finding=helo_not_fqdn",
        ),
        ("203.0.113.10", "mail.good.example", "DEFER_IF_PERMIT 4.7.25 ", " finding=iprev_temp_error ", ""),
        // A class acts, too, although Postfix decides what it does.
        (
            "203.0.113.9",
            "oemcomputer",
            "greylist",
            " action=pass code=- enhanced=- finding=iprev_no_name ",
            " class=greylist would_finding=helo_not_fqdn",
        ),
        // Nothing was done: the finding is that of `would`.
        ("203.0.113.7", "oemcomputer", "DUNNO", " action=pass code=- enhanced=- finding=helo_not_fqdn ", ""),
    ];
    for (number, (client, helo, answer, in_line, end)) in cases.into_iter().enumerate() {
        let instance = format!("i{number}");
        let action = daemon.ask(&request("RCPT", client, &[("helo_name", helo), ("instance", &instance)]));
        assert!(action.starts_with(answer), "{action}");
        let line = daemon.decision(&format!(" instance={instance} "));
        assert!(line.contains(in_line), "{line}");
        assert!(line.ends_with(end) && (line.contains(" would_finding=") == end.contains("would_finding")), "{line}");
    }
}

/// A list that is only observed: the log has its hits, and no client is rejected because of them.
#[tokio::test(flavor = "multi_thread")]
async fn one_list_is_observed() {
    let policy = POLICY.replace("\"bl.example\"", "{ zone = \"bl.example\", observe = true }");
    let mut daemon = Daemon::policyd(ENFORCE, &policy).await;
    assert_eq!(daemon.ask(&rcpt("203.0.113.14")), "DUNNO");
    let line = daemon.decision("client=203.0.113.14");
    assert!(line.contains(" lists=not_listed ") && line.contains(" observed=bl.example "), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_exempt_or_has_logged_in_passes() {
    let exempt = "[exempt]\nnetworks = [\"203.0.113.8/31\"]\nnames = [\"spam.good.example\"]\nsenders = [\"@friend.example\"]\n\
                  recipients = [\"postmaster@\"]\n";
    let mut daemon = Daemon::policyd(ENFORCE, &format!("{exempt}{POLICY}")).await;
    for (client, changes, why) in [
        ("203.0.113.10", &[("sasl_username", "ann")][..], "authenticated"),
        ("203.0.113.9", &[], "network"),
        ("203.0.113.14", &[], "name"),
        ("203.0.113.10", &[("sender", "x@friend.example")], "sender"),
        ("203.0.113.10", &[("recipient", "postmaster@mx.example")], "recipient"),
    ] {
        daemon.dns.forget_asked();
        assert_eq!(daemon.ask(&request("RCPT", client, changes)), "DUNNO", "{why}");
        let line = daemon.decision(&format!(" exempt={why} "));
        assert!(line.contains(" action=pass ") && line.contains(" would=pass "), "{line}");
        let pattern = regex_lite::Regex::new(rdnsbl::report::LogLine::PATTERN).unwrap();
        assert!(pattern.is_match(&line), "{line}");
        let of_client = |question: &rdnsbl::Question| question.name.to_string().contains(".113.0.203.");
        assert_eq!(daemon.dns.asked().iter().any(of_client), why == "name", "{why}");
    }
    assert!(daemon.ask(&rcpt("203.0.113.10")).starts_with("DEFER_IF_PERMIT "));
}

/// No client has logged in at CONNECT: the answers there are kept until the stage that acts, which then asks nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_waits_for_its_stage() {
    let early = [("helo_name", ""), ("sender", ""), ("recipient", ""), ("instance", "1.2")];
    let daemon = Daemon::policyd(ENFORCE, POLICY).await;
    assert_eq!(daemon.ask(&request("CONNECT", "203.0.113.14", &early)), "DUNNO");
    assert_eq!(daemon.ask(&request("RCPT", "203.0.113.14", &[("instance", "1.2"), ("sasl_username", "ann")])), "DUNNO");
    assert!(daemon.ask(&request("RCPT", "203.0.113.14", &[("instance", "1.2")])).starts_with("554 5.7.1 "));

    let daemon = Daemon::policyd("mode = \"enforce\"\nact_from = \"connect\"", POLICY).await;
    assert!(daemon.ask(&request("CONNECT", "203.0.113.14", &early)).starts_with("554 5.7.1 "));
    for state in ["VRFY", "ETRN", "SOMETHING", ""] {
        assert_eq!(daemon.ask(&request(state, "203.0.113.14", &[])), "DUNNO", "{state}");
    }
}

/// Postfix sends the null sender as an empty one; other senders come without quotes and brackets.
#[tokio::test(flavor = "multi_thread")]
async fn senders_as_postfix_sends_them() {
    let policy = format!("{POLICY}sender_malformed = \"reject\"\nsender_null_mx = \"reject\"\n");
    let mut daemon = Daemon::policyd(ENFORCE, &policy).await;
    for (sender, word) in [
        ("", "null_sender"),
        ("root", "unqualified"),
        ("a b@good.example", "ok"),
        ("a@b@good.example", "ok"),
        ("a\"b@good.example", "ok"),
        ("\u{fc}@good.example", "ok"),
    ] {
        assert_eq!(daemon.ask(&request("RCPT", "203.0.113.7", &[("sender", sender), ("queue_id", word)])), "DUNNO");
        let line = daemon.decision(&format!("queue_id={word} "));
        assert!(line.contains(&format!(" sender={word} ")), "{sender}: {line}");
    }
    assert!(daemon.log().contains(" from=<> "));
    let refused = daemon.ask(&request("RCPT", "203.0.113.7", &[("sender", "a b@bad.good.example")]));
    assert!(refused.starts_with("550 5.7.27 "), "{refused}");
}

/// Recipients are not looked up unless the configuration says so.
#[tokio::test(flavor = "multi_thread")]
async fn recipient_checks_are_off() {
    let policy = format!("{POLICY}recipient_null_mx = \"reject\"\n");
    let to_nowhere = request("RCPT", "203.0.113.7", &[("recipient", "x@bad.good.example")]);
    assert_eq!(Daemon::policyd(ENFORCE, &policy).await.ask(&to_nowhere), "DUNNO");
    let daemon = Daemon::policyd("mode = \"enforce\"\nrecipient_checks = true", &policy).await;
    assert!(daemon.ask(&to_nowhere).starts_with("556 5.1.10 "));
}

/// One message, one header, and one check for all its recipients.
#[tokio::test(flavor = "multi_thread")]
async fn one_message_gets_one_header() {
    let mut daemon = Daemon::policyd("header = \"X-RDNSBL\"\nwatch = \"off\"", POLICY).await;
    let mut client = daemon.connect();
    let first = client.ask(&request("RCPT", "203.0.113.14", &[("instance", "1.a")]));
    assert!(first.starts_with("PREPEND X-RDNSBL: would=reject finding=listed iprev=OK "), "{first}");
    let asked = daemon.dns.asked().len();
    for number in 0..1_000 {
        let recipient = format!("r{number}@mx.example");
        let next = [("instance", "1.a"), ("recipient", recipient.as_str())];
        assert_eq!(client.ask(&request("RCPT", "203.0.113.14", &next)), "DUNNO");
    }
    daemon.wait_for_log("to=r999@");
    assert_eq!(daemon.dns.asked().len(), asked);
    // Another message; and another client under the same name is another message.
    assert!(client.ask(&request("RCPT", "203.0.113.14", &[("instance", "1.b")])).starts_with("PREPEND "));
    assert!(client.ask(&request("RCPT", "203.0.113.9", &[("instance", "1.b")])).starts_with("PREPEND "));
    assert_eq!(client.ask(&request("DATA", "203.0.113.14", &[("instance", "1.c")])), "DUNNO");
    // Without an instance there is none: it would come once for each recipient.
    assert_eq!(client.ask(&rcpt("203.0.113.14")), "DUNNO");
}

/// The third guide: HELO, sender and reverse DNS together cause a rejection that none of them causes alone.
#[tokio::test(flavor = "multi_thread")]
async fn combined_rules_and_classes() {
    let policy = "[policy]\npreset = \"observe\"\nallowed_classes = [\"greylist\"]\niprev_temp_error = \"class greylist\"\n\
                  [[policy.all]]\nfindings = [\"helo_not_fqdn\", \"null_sender\", \"iprev_no_name\"]\n\
                  reply = \"550 5.7.1 Access denied for $helo_name\"\n";
    let mut daemon = Daemon::policyd(ENFORCE, policy).await;
    let worm = [("helo_name", "oemcomputer"), ("sender", "")];
    assert_eq!(daemon.ask(&request("RCPT", "203.0.113.9", &worm)), "550 5.7.1 Access denied for oemcomputer");
    for (client, changes) in [("203.0.113.7", &worm[..]), ("203.0.113.9", &worm[..1]), ("203.0.113.9", &worm[1..])] {
        assert_eq!(daemon.ask(&request("RCPT", client, changes)), "DUNNO", "{client} {changes:?}");
    }
    assert_eq!(daemon.ask(&rcpt("203.0.113.10")), "greylist");
    assert!(daemon.decision("client=203.0.113.10 ").ends_with(" class=greylist"));
}

/// Weights of findings beside lists. What could not be checked adds up, too, but never to a permanent rejection.
#[tokio::test(flavor = "multi_thread")]
async fn weights_add_up() {
    let policy = POLICY.split("[policy]").next().unwrap().to_owned()
        + "[policy]\npreset = \"observe\"\nobserve = [\"sender_null_mx\"]\n[[policy.score]]\nfindings = { listed = 3, \
           iprev_no_name = 2, iprev_temp_error = 2, helo_not_fqdn = 1, null_sender = 1, sender_null_mx = 5 }\nthreshold = 3\n\
           reply = \"550 5.7.1 Access denied to $client_address\"\n";
    let mut daemon = Daemon::policyd(ENFORCE, &policy).await;
    let (helo, null) = (("helo_name", "oemcomputer"), ("sender", ""));
    for (client, changes, action) in [
        ("203.0.113.14", &[][..], "550 5.7.1 Access denied to 203.0.113.14"),
        ("203.0.113.9", &[], "DUNNO"),
        ("203.0.113.9", &[helo], "550 5.7.1 Access denied to 203.0.113.9"),
        ("203.0.113.9", &[null], "550 5.7.1 Access denied to 203.0.113.9"),
        ("203.0.113.10", &[helo], "DEFER_IF_PERMIT 4.7.1 Access denied to 203.0.113.10"),
        ("203.0.113.7", &[helo, null], "DUNNO"),
        ("203.0.113.7", &[("sender", "a@bad.good.example")], "DUNNO"),
    ] {
        assert_eq!(daemon.ask(&request("RCPT", client, changes)), action, "{client} {changes:?}");
    }
    assert!(daemon.decision(" from=a@bad.good.example ").contains(" would=reject "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_noticed() {
    let mut daemon = Daemon::policyd("", "").await;
    let mut client = daemon.connect();
    // Of one message, of users who have logged in, and of others between them: nothing odd.
    for number in 0..150 {
        client.ask(&request("RCPT", "172.17.0.1", &[("instance", "1")]));
        client.ask(&request("RCPT", "172.17.0.2", &[("sasl_username", "ann")]));
        client.ask(&rcpt(if number % 50 == 0 { "203.0.113.7" } else { "172.17.0.3" }));
    }
    daemon.decision("client=172.17.0.3 ");
    assert!(!daemon.log().contains("private address"));
    for _ in 0..100 {
        client.ask(&rcpt("172.17.0.4"));
    }
    daemon.wait_for_log("the last 100 messages all came from the private address 172.17.0.4");
}

/// Postfix's `policy_context` selects a profile: two lines of `main.cf` may differ, also about one message.
#[tokio::test(flavor = "multi_thread")]
async fn a_context_selects_a_profile() {
    let tables = format!("{POLICY}[profile.strict]\nmode = \"enforce\"\n[profile.soft.policy]\npreset = \"observe\"\n");
    let mut daemon = Daemon::policyd("mode = \"observe\"", &tables).await;
    for (context, refused) in [("", false), ("strict", true), ("soft", false), ("strict", true), ("nosuch", false)] {
        let changes = [("policy_context", context), ("instance", "1.2")];
        let action = daemon.ask(&request("RCPT", "203.0.113.14", &changes));
        assert_eq!(action.starts_with("554 5.7.1 "), refused, "{context}: {action}");
    }
    daemon.wait_for_log(" mode=enforce would=reject ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_can_name_nobody() {
    let mut daemon = Daemon::policyd("log_local_parts = false", POLICY).await;
    daemon.ask(&rcpt("203.0.113.14"));
    daemon.wait_for_log(" from=*@good.example to=*@mx.example ");
    daemon.ask(&request("RCPT", "203.0.113.14", &[("sender", ""), ("recipient", "root"), ("sasl_username", "ann")]));
    daemon.wait_for_log(" from=<> to=* ");
    daemon.wait_for_log(" sasl=* ");
    assert!(!daemon.log().contains("ann"), "{}", daemon.log());
}

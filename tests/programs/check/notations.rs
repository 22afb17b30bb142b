//! Lists in every notation, from the command line to the verdict.

use super::{ask, json, serve};

/// Codes: bl.example .2 and .10, one.example .3 alone, mask.example 127.0.0.6.
pub(super) const WORLD: &str = "
    7.113.0.203.in-addr.arpa         PTR  mail.good.example
    mail.good.example                A    203.0.113.7
    8.113.0.203.in-addr.arpa         PTR  liar.example
    liar.example                     A    192.0.2.1
    7.113.0.203.bl.example           A    127.0.0.2
    7.113.0.203.bl.example           A    127.0.0.10
    7.113.0.203.one.example          A    127.0.0.3
    7.113.0.203.special.example      A    127.0.0.2
    7.113.0.203.special.example      TXT  \"the special list says why\"
    7.113.0.203.mask.example         A    127.0.0.6
    7.113.0.203.wl.example           A    127.0.10.3
    7.113.0.203.parked.example       A    198.51.100.1
    7.113.0.203.refusing.example     A    127.255.255.254
    1.100.51.198.bl.example          A    127.0.0.2
    mail.good.example.names.example  A    127.0.0.2
    liar.example.names.example       A    127.0.0.2
    helo.example.names.example       A    127.0.0.2
    sender.example.names.example     A    127.0.0.2
    recipient.example.names.example  A    127.0.0.2
    fixed.example.names.example      A    127.0.0.2
    *.broken.example                 SERVFAIL";

/// SPECs under --list and the verdict of each list in them.
const SPECS: &[(&str, &[&str])] = &[
    // Postfix
    ("bl.example", &["listed"]),
    ("bl.example=127.0.0.2", &["listed"]),
    ("bl.example=127.0.0.[3..9]", &["excluded"]),
    ("bl.example=127.0.0.[1;10]", &["listed"]),
    ("reject_rbl_client bl.example", &["listed"]),
    ("reject_rbl_client bl.example=127.0.0.4", &["excluded"]),
    ("reject_rbl_client clean.example, reject_rbl_client bl.example,", &["not_listed", "listed"]),
    ("REJECT_RBL_CLIENT bl.example", &["listed"]),
    ("reject_rhsbl_client names.example", &["listed"]),
    ("reject_rhsbl_reverse_client names.example", &["listed"]),
    ("reject_rhsbl_helo names.example", &["listed"]),
    ("reject_rhsbl_sender names.example", &["listed"]),
    ("reject_rhsbl_recipient names.example", &["listed"]),
    ("permit_dnswl_client wl.example=127.0.[0..255].[1..3]", &["listed"]),
    ("permit_rhswl_client names.example", &["listed"]),
    (
        "smtpd_client_restrictions = reject_rbl_client bl.example\n    reject_rbl_client one.example",
        &["listed", "listed"],
    ),
    // postscreen
    ("bl.example*2", &["listed"]),
    ("bl.example=127.0.0.[2..11]*3", &["listed"]),
    ("bl.example=127.0.0.4*3, one.example*-2 clean.example*2", &["excluded", "listed", "not_listed"]),
    (
        "postscreen_dnsbl_sites = bl.example*2\n    one.example*1\n    # old.example*9\n    clean.example",
        &["listed", "listed", "not_listed"],
    ),
    // Exim
    ("bl.example=127.0.0.2,127.0.0.3", &["listed"]),
    ("bl.example==127.0.0.2,127.0.0.10", &["listed"]),
    ("bl.example==127.0.0.2", &["excluded"]),
    ("bl.example!=127.0.0.2", &["excluded"]),
    ("one.example!=127.0.0.2", &["listed"]),
    ("bl.example!==127.0.0.2", &["listed"]),
    ("mask.example&0.0.0.2", &["listed"]),
    ("mask.example&0.0.0.9", &["excluded"]),
    ("mask.example!&0.0.0.8", &["listed"]),
    ("bl.example=&0.0.0.8", &["excluded"]),
    ("bl.example!=&0.0.0.8", &["listed"]),
    ("parked.example!=127.0.0.1", &["problem/outside_127"]),
    ("refusing.example!=127.0.0.1", &["problem/refused"]),
    ("clean.example : bl.example=127.0.0.2 : one.example", &["not_listed", "listed", "listed"]),
    ("clean.example:bl.example", &["not_listed", "listed"]),
    ("<; clean.example ; bl.example", &["not_listed", "listed"]),
    ("special.example,bl.example=127.0.0.2", &["listed"]),
    ("special.example,bl.example=127.0.0.4,127.0.0.10", &["listed"]),
    ("clean.example,bl.example", &["not_listed", "listed"]),
    ("one.example=127.0.0.3,bl.example=127.0.0.4", &["listed", "excluded"]),
    ("names.example/$sender_address_domain", &["listed"]),
    ("names.example/$sender_helo_name", &["listed"]),
    ("names.example/$sender_host_name", &["listed"]),
    ("names.example/fixed.example", &["listed"]),
    ("bl.example/198.51.100.1", &["listed"]),
    ("deny dnslists = bl.example!=127.0.0.4", &["listed"]),
    ("accept dnslists = wl.example", &["listed"]),
    ("+include_unknown : broken.example", &["unknown/servfail"]),
    // rspamd
    ("bl { rbl = \"bl.example\"; }", &["listed"]),
    ("bl { rbl = \"bl.example\"; returncodes { A = \"127.0.0.[3-9]\"; } }", &["excluded"]),
    (
        "rbls { m { rbl = mask.example; returnbits { A = 2 } } wl { rbl = wl.example; is_whitelist = yes } }",
        &["listed"; 2],
    ),
    ("n { rbl = \"names.example\"; checks = [\"helo\", \"rdns\"]; }", &["listed"; 2]),
    // sendmail
    ("FEATURE(`dnsbl', `bl.example')dnl", &["listed"]),
    ("FEATURE(`dnsbl', `clean.example', `\"550 no: \" $&{client_addr}', `t')", &["not_listed"]),
    ("FEATURE(`enhdnsbl', `bl.example', `', `t', `127.0.0.2.', `127.0.0.4.')dnl", &["listed"]),
    ("FEATURE(`enhdnsbl', `bl.example', , , `127.0.0.4.')", &["excluded"]),
    ("FEATURE(`enhdnsbl', `bl.example', , , `127.0.0.$-.')", &["listed"]),
    ("FEATURE(`dnsbl', `clean.example')dnl\nFEATURE(`dnsbl', `bl.example')dnl", &["not_listed", "listed"]),
    // SpamAssassin
    ("check_rbl('bl', 'bl.example.')", &["listed"]),
    ("check_rbl('bl-lastexternal', 'bl.example.', '127.0.0.4')", &["excluded"]),
    ("check_rbl('bl', 'mask.example.', '2')", &["listed"]),
    ("check_rbl('bl', 'mask.example.', '0x08')", &["excluded"]),
    ("check_rbl('bl', 'mask.example.', '127.0.0.4-127.0.0.8')", &["listed"]),
    ("check_rbl('bl', 'mask.example.', '127.0.0.4/127.0.0.4')", &["listed"]),
    ("check_rbl('bl', 'bl.example.', '^127\\.0\\.0\\.(?:2|4)$')", &["listed"]),
    ("check_rbl_txt('bl', 'bl.example.')", &["listed"]),
    ("check_rbl_envfrom('ns', 'names.example.')", &["listed"]),
    (
        "header __A eval:check_rbl('bl', 'bl.example.')\nheader B eval:check_rbl_sub('bl', '127.0.0.4')\nheader C eval:check_rbl_sub('bl', '127.0.0.10')",
        &["excluded", "listed"],
    ),
];

const FACTS: [&str; 7] =
    ["--helo", "helo.example", "--from", "a@sender.example", "--rcpt", "b@recipient.example", "203.0.113.7"];

#[tokio::test]
async fn every_notation_from_spec_to_verdict() {
    let server = serve(WORLD).await;
    for (spec, verdicts) in SPECS {
        let run = ask(&server, &[&["--json", "--special", "--list", spec][..], &FACTS].concat()).await;
        assert_eq!(run.verdicts(), *verdicts, "{spec}: {}", run.err);
    }
    // The name that is asked about is the subject.
    let run =
        ask(&server, &["--json", "--special", "--list", "reject_rhsbl_reverse_client names.example", "203.0.113.8"]);
    assert_eq!(run.await.text("lists/0/subject"), "liar.example");
    let run =
        ask(&server, &["--json", "--special", "--list", "reject_rhsbl_client names.example", "203.0.113.8"]).await;
    assert!(run.verdicts().iter().all(|verdict| verdict.starts_with("skipped/")), "{:?}", run.verdicts());
}

#[tokio::test]
async fn several_lists_stand_in_order_with_weights() {
    let specs =
        ["--list", "bl.example*3, one.example*-2", "--allow", "wl.example", "--list", "clean.example:mask.example"];
    let run = json(WORLD, &[&specs[..], &["203.0.113.7"]].concat()).await;
    let entries: Vec<String> = (0..5)
        .map(|n| ["list", "kind", "weight"].map(|field| run.text(&format!("lists/{n}/{field}"))).join(" "))
        .collect();
    let wanted = [
        "bl.example deny 3",
        "one.example deny -2",
        "wl.example allow 1",
        "clean.example deny 1",
        "mask.example deny 1",
    ];
    assert_eq!(entries, wanted);
    assert_eq!((run.text("score/low"), run.text("score/outcome"), run.code), ("2".into(), "allowed".into(), 0));
}

#[tokio::test]
async fn deny_or_allow_is_what_the_spec_says_and_else_the_option() {
    for (option, spec, kind) in [
        ("--list", "wl.example", "deny"),
        ("--allow", "wl.example", "allow"),
        ("--list", "permit_dnswl_client wl.example", "allow"),
        ("--allow", "permit_dnswl_client wl.example", "allow"),
        ("--allow", "reject_rbl_client wl.example", "deny"),
        ("--list", "accept dnslists = wl.example", "allow"),
        ("--allow", "deny dnslists = wl.example", "deny"),
        ("--allow", "dnslists = wl.example", "allow"),
        ("--allow", "wl.example!=127.0.0.2", "allow"),
        ("--allow", "wl.example,wl.example", "allow"),
        ("--allow", "FEATURE(`dnsbl', `wl.example')", "deny"),
        ("--allow", "check_rbl('wl', 'wl.example.')", "allow"),
    ] {
        let run = json(WORLD, &[option, spec, "203.0.113.7"]).await;
        let outcome = if kind == "allow" { ("allowed", 0) } else { ("listed", 1) };
        assert_eq!(
            (run.text("lists/0/kind").as_str(), run.text("score/outcome").as_str(), run.code),
            (kind, outcome.0, outcome.1)
        );
    }
}

#[tokio::test]
async fn what_is_no_list_is_said_and_left_out() {
    let paste = "smtpd_client_restrictions =\n    permit_mynetworks,\n    reject_rbl_client bl.example,\n    \
        warn_if_reject reject_rbl_client one.example,\n    reject_rbl_client clean.example, permit";
    let run = json(WORLD, &["--list", paste, "203.0.113.7"]).await;
    assert_eq!((run.verdicts(), run.code), (vec!["listed".to_owned(), "not_listed".to_owned()], 1));
    for said in ["3 in all", "2 x a restriction that asks no list", "refuses nothing"] {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    // Each with its place.
    let run = json(WORLD, &["--verbose", "--list", paste, "203.0.113.7"]).await;
    for said in ["asks no list", "    permit_mynetworks,", "refuses nothing", "^"] {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    assert_eq!(run.err.matches("left out").count(), 3);
    // A pair might have been meant as two lists.
    let run = json(WORLD, &["--list", "special.example,bl.example=127.0.0.2", "203.0.113.7"]).await;
    assert!(run.err.contains("Exim's pair"), "{}", run.err);
    let run = json(WORLD, &["--list", "dnslists = special.example,bl.example=127.0.0.2", "203.0.113.7"]).await;
    assert_eq!(run.err, "");
}

#[tokio::test]
async fn one_mistake_withholds_nothing_else() {
    let paste = "smtpd_client_restrictions = reject_rbl_client bl.example, reject_rbl_client bad..example,\n    \
        reject_rbl_client dnsbl.njabl.org";
    let run = json(WORLD, &["--list", paste, "203.0.113.7"]).await;
    // The list that was read is asked, the dead one is named, and the mistake is shown with its position.
    assert_eq!((run.verdicts(), run.code), (vec!["listed".to_owned(), "skipped/retired".to_owned()], 2), "{}", run.err);
    for said in ["empty label at octet 81", "^", "dnsbl.njabl.org: closed"] {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    for spec in ["bl.example*2, bad..example", "bl.example : +defer"] {
        let run = json(WORLD, &["--list", spec, "203.0.113.7"]).await;
        assert_eq!((run.verdicts(), run.code), (vec!["listed".to_owned()], 2), "{spec}: {}", run.err);
    }
    let run = json(WORLD, &["--nagios", "--list", "bl.example : +defer", "203.0.113.9"]).await;
    assert_eq!(run.code, 2, "{}", run.said());
    // Where nothing was read there is nothing to ask.
    let run = json(WORLD, &["--list", "reject_rbl_client bad..example", "203.0.113.7"]).await;
    assert_eq!((run.out.as_str(), run.code), ("", 2));
}

#[tokio::test]
async fn reasons_may_stand_in_another_zone() {
    let run = json(WORLD, &["--list", "special.example,bl.example=127.0.0.2", "203.0.113.7"]).await;
    assert_eq!(
        (run.text("lists/0/list"), run.text("lists/0/reason")),
        ("bl.example".to_owned(), "the special list says why".to_owned())
    );
}

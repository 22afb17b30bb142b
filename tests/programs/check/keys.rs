//! Keys of lists are in no output, whatever the notation.

use super::{ask, serve};

#[tokio::test]
async fn keys_are_shown_in_no_notation() {
    const CANARY: &str = "CANARYKEYCANARY01";
    let zone = format!("{CANARY}.zen.dq.spamhaus.net");
    let server = serve(&format!(
        "7.113.0.203.{zone} A 127.0.0.2\n7.113.0.203.{zone} TXT \"see x/{CANARY}\"\n8.113.0.203.{zone} SERVFAIL"
    ))
    .await;
    let right = [
        format!("{zone}=127.0.0.[2..11]"),
        format!("reject_rbl_client {zone}"),
        format!("{zone}=127.0.0.2*2, bl.example*-1"),
        format!("{zone}!=127.0.0.10 : bl.example"),
        format!("{zone},{zone}=127.0.0.2"),
        format!("FEATURE(`enhdnsbl', `{zone}', `\"550 see \" $&{{client_addr}}', `t', `127.0.0.2.')dnl"),
        format!("check_rbl('zen-lastexternal', '{zone}.', '^127\\.0\\.0\\.2$')"),
        format!("FEATURE(`dnsbl', `{zone}', `\"550 5.7.1 see {zone} \" $&{{client_addr}}')"),
        format!("{CANARY}.dq.spamhaus.net"),
        format!("zen {{ rbl = \"{zone}\"; returncodes {{ A = \"127.0.0.2\"; }} }}"),
        format!("smtpd_client_restrictions = permit_mynetworks\n  reject_rbl_client {zone}\n  permit"),
        format!("key = {CANARY}\nsmtpd_client_restrictions = reject_rbl_client $key.zen.dq.spamhaus.net"),
        format!("acl_{CANARY}:\n  deny dnslists = {zone}\nacl_b:\n  deny dnslists = bl.example"),
    ];
    for (index, spec) in right.iter().enumerate() {
        let forms = [&[][..], &["--verbose"], &["--json"], &["--tsv"], &["--nagios"]];
        for (offset, form) in forms.into_iter().enumerate() {
            // Each preset with every list and every form.
            let preset = ["postfix", "sendmail", "rfc"][(index + offset) % 3];
            let template = "$rbl_code $rbl_domain $rbl_what $rbl_reason $rbl_txt";
            let more = ["--special", "--preset", preset, "--template", template, "--list", spec];
            let clients = ["203.0.113.7", "203.0.113.8", "203.0.113.9"];
            let run = ask(&server, &[form, &more, &clients].concat()).await;
            assert!(!run.out.is_empty(), "{spec}: {}", run.err);
            assert!(!run.said().to_ascii_lowercase().contains("canary"), "{form:?} {spec}: {}", run.said());
        }
    }
    for spec in [
        format!("{zone}=127.0.0.[2.."),
        format!("reject_rbl_client {zone}*2"),
        format!("reject_rbl_client{zone} x"),
        format!("{zone}=127.0.0.2*2, {zone}*x"),
        format!("{zone}!=127.0.0.300 : bl.example"),
        format!("{zone}/$nothing_{CANARY}"),
        format!("{zone},=127.0.0.2"),
        format!("FEATURE(`enhdnsbl', `{zone}', `\"550 see $x"),
        format!("FEATURE(`{zone}', `x')"),
        format!("check_rbl('zen', '{zone}.', '^(')"),
        format!("check_rbl('{CANARY}-untrusted', '{zone}.')"),
        format!("zen {{ rbl = \"{zone}\"; returncodes {{ {CANARY} = \"{CANARY}\"; }} }}"),
        format!("smtpd_client_restrictions = permit\n  reject_rbl_client {zone}"),
        format!("deny message = {CANARY}\n hosts = x\n dnslists = {zone}"),
        format!(
            "key = {CANARY}\nsmtpd_client_restrictions = reject_rbl_client ${CANARY}.x, reject_rbl_client ${CANARY}"
        ),
        format!("KEY = {CANARY}\ndeny dnslists = KEY_{CANARY}.zen.example : A{CANARY} : {zone}"),
    ] {
        let run = ask(&server, &["--list", &spec, "192.0.2.1"]).await;
        assert_eq!(run.code, 2, "{spec}: {}", run.err);
        assert!(!run.said().to_ascii_lowercase().contains("canary"), "{spec}: {}", run.said());
    }
    let facts = ["--helo", &zone, "--from", &format!("a@{zone}"), "--rcpt", &format!("a@{zone}")];
    let template = ["--list", &zone, "--template", &format!("550 5.7.1 see {zone}, ${{rbl_domain}}")];
    for preset in ["rfc", "postfix", "sendmail"] {
        let more = ["--json", "--special", "--preset", preset, "203.0.113.7"];
        let run = ask(&server, &[&more[..], &facts, &template].concat()).await;
        assert_eq!((run.code, run.text("score/outcome").as_str()), (1, "listed"), "{}", run.said());
        assert!(!run.said().to_ascii_lowercase().contains("canary"), "{preset}: {}", run.said());
    }
    let run = super::run(&["--template", &format!("550 5.7.1 see x/{CANARY} ${CANARY}"), "192.0.2.1"]).await;
    assert_eq!(run.code, 2);
    assert!(!run.said().to_ascii_lowercase().contains("canary"), "{}", run.said());
}

/// Some operators' keys are no longer than ordinary words.
#[tokio::test]
async fn short_keys_are_not_repeated_either() {
    for zone in ["canary.zen.dq.spamhaus.net", "canary.combined.mail.abusix.zone", "canary.dnsbl.httpbl.org"] {
        for arguments in [
            ["--list", &format!("{zone}=127.0.0")],
            ["--allow", &format!("reject_rbl_client {zone}*2")],
            ["--list", &format!("{zone}/$x")],
            ["--list", &format!("FEATURE(`dnsbl', `{zone}'")],
            ["--resolver", zone],
            ["--preset", zone],
            ["--timeout", zone],
            ["--template", zone],
            ["--no-lists", &format!("http://{zone}/")],
            ["--no-lists", &format!("--{zone}")],
        ] {
            let run = super::run(&[&arguments[..], &["192.0.2.1"]].concat()).await;
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.err);
            assert!(!run.err.contains("canary"), "{arguments:?}: {}", run.err);
        }
    }
}

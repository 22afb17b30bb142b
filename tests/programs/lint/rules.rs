//! Each rule: a text in which it finds something, and nearly the same text in which it does not.

use super::{run, text};

/// A key of the form that Spamhaus issues.
const KEYED: &str = "aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.net";

/// The rules that a text of Postfix breaks, each once, in order.
async fn postfix(lines: &str) -> Vec<String> {
    rules("postfix", lines).await
}

async fn rules(kind: &str, lines: &str) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    for finding in text(kind, lines).await.found() {
        let rule = finding.split(' ').nth(1).unwrap().to_owned();
        // Most lists are without IPv6, and most of these names are made up.
        if !rules.contains(&rule) && rule != "no-ipv6" {
            rules.push(rule);
        }
    }
    rules
}

#[tokio::test]
async fn each_rule_about_postfix() {
    for (breaks, rule, keeps) in [
        ("reject_rbl_client relays.ordb.org", "dead-list", "reject_rbl_client bl.spamcop.net"),
        ("reject_rbl_client dnsbl.habl.org", "never-a-list", "reject_rbl_client a.example"),
        ("reject_rbl_client bl.spamcop.org", "misspelt", "reject_rbl_client bl.spamcop.net"),
        (
            "reject_rbl_client zen.dq.spamhaus.net=127.0.0.2",
            "needs-key",
            "reject_rbl_client zen.spamhaus.org=127.0.0.2",
        ),
        ("reject_rbl_client list.dnswl.org=127.0.2.1", "wrong-side", "permit_dnswl_client list.dnswl.org=127.0.2.1"),
        ("permit_dnswl_client list.dnswl.org", "opens-when-refused", "permit_dnswl_client list.dnswl.org=127.0.2.1"),
        ("reject_rbl_client cbl.abuseat.org=127.0.0.2", "renamed", "reject_rbl_client xbl.spamhaus.org=127.0.0.4"),
        ("reject_rbl_client zen.spamhaus.org", "no-code-filter", "reject_rbl_client zen.spamhaus.org=127.0.0.2"),
        ("reject_rbl_client a.example=127.255.255.254", "codes-never-match", "reject_rbl_client a.example=127.0.0.2"),
        (
            "reject_rbl_client xbl.spamhaus.org=127.0.0.2",
            "codes-never-match",
            "reject_rbl_client xbl.spamhaus.org=127.0.0.4",
        ),
        ("reject_rhsbl_sender bl.spamcop.net", "wrong-subject", "reject_rbl_client bl.spamcop.net"),
        ("reject_rbl_client dnsbl-3.uceprotect.net", "whole-networks", "reject_rbl_client dnsbl-1.uceprotect.net"),
        ("reject_rbl_client a.example, reject_rbl_client a.example", "duplicate", "reject_rbl_client a.example"),
        (
            "reject_rbl_client zen.spamhaus.org=127.0.0.[2..11], reject_rbl_client pbl.spamhaus.org=127.0.0.10",
            "contained",
            "reject_rbl_client pbl.spamhaus.org=127.0.0.10",
        ),
        ("permit, reject_rbl_client a.example", "never-reached", "reject_rbl_client a.example, permit"),
        ("reject, reject_rbl_client a.example", "never-reached", "reject_rbl_client a.example, reject"),
        ("warn_if_reject reject_rbl_client a.example", "only-warns", "warn_if_reject reject_unknown_client"),
        ("reject_rbl_cilent a.example", "unreadable", "reject_rbl_client a.example"),
        ("reject_rbl_client", "unreadable", "reject_unknown_client"),
        ("reject_rbl_client a.unknown", "unknown-list", "reject_rbl_client a.local"),
        ("$mine", "unresolved", "reject_unknown_client"),
        (
            "check_policy_service inet:127.0.0.1:1 reject_unauth_destination",
            "policy-order",
            "reject_unauth_destination check_policy_service inet:127.0.0.1:1",
        ),
        (
            "permit_mynetworks, reject_rbl_client a.example, permit_sasl_authenticated",
            "before-log-in",
            "permit_sasl_authenticated, reject_rbl_client a.example\nsmtpd_data_restrictions = permit_sasl_authenticated",
        ),
        (
            "check_policy_service inet:127.0.0.1:1",
            "no-default-action",
            "check_policy_service { inet:127.0.0.1:1, timeout=10s, default_action=DUNNO }",
        ),
    ] {
        let parameter = |value: &str| format!("smtpd_recipient_restrictions = {value}\n");
        let found = postfix(&parameter(breaks)).await;
        assert!(found.iter().any(|found| found == rule), "{breaks}: {found:?}");
        let found = postfix(&parameter(keeps)).await;
        assert!(!found.iter().any(|found| found == rule), "{keeps}: {found:?}");
    }
}

#[tokio::test]
async fn a_key_that_replies_show() {
    let list = format!("smtpd_client_restrictions = reject_rbl_client {KEYED}=127.0.0.2\n");
    for (more, shown) in [
        ("", true),
        ("rbl_reply_maps = texthash:/etc/postfix/rbl_reply\n", false),
        ("default_rbl_reply = $rbl_code rejected\n", false),
        ("default_rbl_reply = $rbl_code blocked using $rbl_domain\n", true),
        ("postscreen_dnsbl_reply_map = texthash:/etc/postfix/rbl_reply\n", true),
    ] {
        let found = postfix(&format!("{list}{more}")).await;
        assert_eq!(found.contains(&"key-shown".to_owned()), shown, "{more}: {found:?}");
    }
    let sendmail = |message: &str| format!("FEATURE(`dnsbl', `{KEYED}'{message})dnl\n");
    assert!(rules("sendmail", &sendmail("")).await.contains(&"key-shown".to_owned()));
    assert!(!rules("sendmail", &sendmail(", `550 no')")).await.contains(&"key-shown".to_owned()));
}

/// A service of master.cf has restrictions of its own, in place of those of main.cf.
#[tokio::test]
async fn parameters_of_services_are_others() {
    let main = "smtpd_recipient_restrictions = check_policy_service { inet:127.0.0.1:1, default_action=DUNNO },\n \
                reject_rbl_client a.local\n";
    let service = "submission inet n - y - - smtpd\n -o smtpd_recipient_restrictions=permit_sasl_authenticated,\
                   reject_unauth_destination\n";
    assert_eq!(postfix(&format!("{main}{service}")).await, Vec::<String>::new());
}

/// The key itself appears nowhere, whatever the form, and wherever it stands.
#[tokio::test]
async fn no_key_in_any_output() {
    const KEY: &str = "aq2aaaaaaaaaaaaaaaaaaaaaai";
    // The zone of the key, and other zones in front of which it makes no sense.
    let zones = ["zen.dq.spamhaus.net", "zen.spamhaus.org", "relays.ordb.org"];
    let postfix = [
        "smtpd_client_restrictions = reject_rbl_client KEY.ZONE, reject_rbl_client KEY.ZONE=127.0.0.2",
        "smtpd_client_restrictions = reject_rbl_client KEY.ZONE*2, reject_rhsbl_sender KEY.ZONE=127.0.0.[2",
        "smtpd_client_restrictions = reject_rbl_cilent KEY.ZONE, KEY.ZONE, $KEY.ZONE, ${KEY}.ZONE",
        "smtpd_client_restrictions = permit, reject_rbl_client KEY.ZONE, warn_if_reject reject_rbl_client KEY.ZONE",
        "smtpd_client_restrictions = reject_rbl_client a.example\nreject_rbl_client KEY.ZONE",
        "# reject_rbl_client KEY.ZONE\nsmtpd_client_restrictions = reject_rbl_client relays.ordb.org # KEY.ZONE",
        "key = KEY\nsmtpd_client_restrictions = reject_rbl_client $key.ZONE",
        "postscreen_dnsbl_sites = KEY.ZONE*3 KEY.ZONE*3 KEY.ZONE=1*x\npostscreen_dnsbl_threshold = KEY.ZONE",
        "KEY.ZONE inet n - - - - smtpd\n -o smtpd_client_restrictions=reject_rbl_client,KEY.ZONE",
        "# lint: ignore KEY.ZONE\nsmtpd_client_restrictions = check_policy_service KEY.ZONE reject_unauth_destination",
    ];
    let exim = [
        "deny dnslists = KEY.ZONE : KEY.ZONE=127.0.0.2/KEY.ZONE : KEY.ZONE& : KEY.ZONE,KEY.ZONE : http://KEY.ZONE",
        "begin acl\nKEY:\n warn dnslists = KEY.ZONE\n deny dnslists = KEY.ZONE\n message = $dnslist_domain",
        "K = KEY\n.include /etc/KEY.ZONE\ndeny hosts = x\n dnslists = K.ZONE : KEY.ZONE",
    ];
    let sendmail = [
        "FEATURE(`dnsbl', `KEY.ZONE')dnl\nFEATURE(`enhdnsbl', `KEY.ZONE', `\"550 KEY.ZONE\"', `t', `127.0.0.2.')dnl",
        "dnl FEATURE(`dnsbl', `KEY.ZONE')\nKEY.ZONE dnsbl\nFEATURE(`KEY.ZONE', `dnsbl')\nFEATURE(`dnsbl', `KEY.ZONE",
    ];
    let spamassassin = [
        "header KEY eval:check_rbl('KEY', 'KEY.ZONE.', '127.0.0.KEY')\nheader KEY eval:check_rbl('KEY', 'KEY.ZONE.')",
        "urirhsbl A KEY.ZONE. A\ninclude KEY.ZONE\nheader A eval:check_rbl('KEY.ZONE.",
    ];
    let rspamd = [
        "rbls { KEY { rbl = \"KEY.ZONE\"; checks = [\"KEY\"]; } a { rbl = \"KEY.ZONE\"; KEY = 1; } }",
        ".include \"KEY.ZONE\"\nrbls { a { rbl = \"KEY.ZONE\"; returncodes { KEY = \"KEY.ZONE\" } } b { rbl = \"KEY.ZONE",
    ];
    let others = ["zones[]=KEY.ZONE", "- KEY.ZONE: 1", "x = \"KEY.ZONE.\""];
    let kinds: [(&str, &[&str]); 7] = [
        ("postfix", &postfix),
        ("exim", &exim),
        ("sendmail", &sendmail),
        ("spamassassin", &spamassassin),
        ("rspamd", &rspamd),
        ("list", &["KEY.ZONE\nKEY.ZONE=127.0.0.2*x\n# KEY.ZONE"]),
        ("other", &others),
    ];
    for (kind, texts) in kinds {
        for (text, zone) in texts.iter().flat_map(|text| zones.map(|zone| (text, zone))) {
            let lines = text.replace("KEY", KEY).replace("ZONE", zone);
            for form in ["--json", "--verbose", "--fix"] {
                let run = super::run_with(&["--offline", "--as", kind, form, "-"], lines.as_bytes()).await;
                assert!(!(run.out.clone() + &run.err).to_lowercase().contains(KEY), "{lines}\n{}{}", run.out, run.err);
                assert!(run.code < 2, "{lines}");
            }
        }
    }
}

/// A short key in a variable, and passwords, cannot be told from other values: no value of a setting is shown.
#[tokio::test]
async fn no_value_of_a_setting_is_shown() {
    for (kind, lines) in [
        ("postfix", "key = secret\nsmtpd_client_restrictions = reject_rbl_client $key.dnsbl.httpbl.org\n"),
        ("exim", "hide mysql_servers = localhost/db/user/secret\nK = secret\ndeny dnslists = a.example\n"),
        ("spamassassin", "bayes_sql_password secret\nheader A eval:check_rbl('a', 'a.example.')\n"),
        ("sendmail", "define(`confX', `secret')dnl\nFEATURE(`dnsbl', `a.example')dnl\n"),
        ("rspamd", "password = \"secret\";\nrbls { a { rbl = \"a.example\"; } }\n"),
    ] {
        let run = super::run_with(&["--offline", "--verbose", "--as", kind, "-"], lines.as_bytes()).await;
        assert!(run.out.contains("left out") && !run.out.contains("secret"), "{}", run.out);
    }
}

#[tokio::test]
async fn a_list_for_bounces_in_a_class_is_right() {
    let class = "smtpd_restriction_classes = bounces\nbounces = reject_rbl_client ips.backscatterer.org\n\
                 smtpd_data_restrictions = check_sender_access hash:/etc/postfix/null_sender\n";
    assert!(!postfix(class).await.contains(&"bounces-only".to_owned()));
    let all = "smtpd_data_restrictions = reject_rbl_client ips.backscatterer.org\n";
    assert!(postfix(all).await.contains(&"bounces-only".to_owned()));
}

#[tokio::test]
async fn lists_of_postscreen_need_an_action() {
    let with = |more: &str| format!("postscreen_dnsbl_sites = a.example\n{more}");
    for (more, found) in [
        ("postscreen_dnsbl_action = ignore\n", true),
        ("postscreen_dnsbl_action = enforce\n", false),
        // A paste, not a whole file.
        ("", false),
        ("myhostname = a.example\nmyorigin = a.example\nbiff = no\n", true),
    ] {
        assert_eq!(postfix(&with(more)).await.contains(&"no-action".to_owned()), found, "{more}");
    }
}

#[tokio::test]
async fn thresholds_of_postscreen() {
    let with = |more: &str| format!("postscreen_dnsbl_sites = a.local*2 b.local\n{more}\n");
    for (more, found) in [
        ("postscreen_dnsbl_threshold = 4", true),
        ("postscreen_dnsbl_threshold = 3", false),
        ("postscreen_dnsbl_allowlist_threshold = -2", true),
        ("postscreen_dnsbl_allowlist_threshold = 0", false),
    ] {
        let found_rules = postfix(&with(more)).await;
        assert_eq!(found_rules.contains(&"unreached-threshold".to_owned()), found, "{more}: {found_rules:?}");
    }
    assert!(postfix("postscreen_dnsbl_sites = a.local*0\n").await.contains(&"no-weight".to_owned()));
    assert!(!postfix("postscreen_dnsbl_threshold = 4\n").await.contains(&"unreached-threshold".to_owned()));
}

#[tokio::test]
async fn a_rule_that_tells_of_a_refusal_is_no_mistake() {
    let line = |name: &str| format!("header {name} eval:check_rbl('a', 'zen.spamhaus.org.', '127.255.255.254')\n");
    assert_eq!(rules("spamassassin", &line("RCVD_IN_ZEN_BLOCKED")).await, Vec::<String>::new());
    assert!(!rules("spamassassin", &line("RCVD_IN_ZEN")).await.is_empty());
}

/// A list that only warns, or is never reached, is checked, too.
#[tokio::test]
async fn dead_lists_that_do_not_count_are_found() {
    for lines in [
        "smtpd_client_restrictions = permit, reject_rbl_client relays.ordb.org",
        "smtpd_client_restrictions = warn_if_reject reject_rbl_client relays.ordb.org",
        "smtpd_client_restrictions = reject_rbl_client relays.ordb.org\nsmtpd_client_restrictions = permit",
        "smtpd_client_restrictions = reject_rbl_cilent relays.ordb.org",
        "mine = relays.ordb.org\nsmtpd_client_restrictions = reject_rbl_client $mine",
        "smtpd_restriction_classes = mine\nmine = reject_rbl_client relays.ordb.org",
    ] {
        let found = text("postfix", lines).await.rules_of("relays.ordb.org");
        assert_eq!(found.iter().filter(|rule| *rule == "dead-list").count(), 1, "{lines}: {found:?}");
    }
}

#[tokio::test]
async fn one_mistake_withholds_nothing() {
    let lines = "smtpd_client_restrictions = reject_rbl_client bad..example, reject_rbl_client relays.ordb.org\n\
                 garbage without an equals sign\nsmtpd_sender_restrictions = reject_rbl_client list.dsbl.org\n";
    let run = text("postfix", lines).await;
    for list in ["relays.ordb.org", "list.dsbl.org"] {
        assert_eq!(run.rules_of(list), ["dead-list"], "{}", run.out);
    }
    let broken = "rbls { a { rbl = \"relays.ordb.org\"; checks = [\"from\"; }\n b { rbl = 'list.dsbl.org'; }\n";
    let run = text("rspamd", broken).await;
    assert_eq!(run.rules_of("relays.ordb.org"), ["dead-list"], "{}", run.out);
    assert_eq!(run.rules_of("list.dsbl.org"), ["dead-list"]);
    assert!(run.found().iter().any(|found| found.contains("unreadable")));
}

/// The page about this program names every rule with its level.
#[tokio::test]
async fn every_rule_is_documented() {
    let page = include_str!("../../../docs/lint.md");
    let rules = run(&["--rules"]).await.out;
    assert!(rules.lines().count() > 40);
    for line in rules.lines() {
        let mut words = line.split_whitespace();
        let (level, id) = (words.next().unwrap(), words.next().unwrap());
        assert!(page.lines().any(|row| row.starts_with(&format!("| `{id}` | {level} |"))), "{id}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 2).count();
    assert_eq!(rows, rules.lines().count());
}

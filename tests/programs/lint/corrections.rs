//! `--fix`: the corrected lines as a diff.

use super::{run, run_with};

/// The diff of a text of Postfix.
async fn diff(kind: &str, text: &str) -> String {
    run_with(&["--offline", "--fix", "--as", kind, "-"], text.as_bytes()).await.out
}

#[tokio::test]
async fn what_is_corrected() {
    for (kind, text, wanted) in [
        (
            "postfix",
            "smtpd_client_restrictions =\n  permit_mynetworks,\n  reject_rbl_client relays.ordb.org,\n  reject_rbl_client \
             zen.spamhaus.org\n",
            "@@ -3 +2,0 @@\n-  reject_rbl_client relays.ordb.org,\n@@ -4 +3 @@\n-  reject_rbl_client \
             zen.spamhaus.org\n+  reject_rbl_client zen.spamhaus.org=127.0.0.[2..11;30]\n",
        ),
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client relays.ordb.org, reject_rbl_client zen.spamhous.org, permit\n",
            "@@ -1 +1 @@\n-smtpd_client_restrictions = reject_rbl_client relays.ordb.org, reject_rbl_client \
             zen.spamhous.org, permit\n+smtpd_client_restrictions = reject_rbl_client zen.spamhaus.org=127.0.0.[2..11;30], permit\n",
        ),
        (
            "sendmail",
            "FEATURE(`dnsbl', `relays.ordb.org')dnl\nMAILER(`smtp')dnl\n",
            "@@ -1 +0,0 @@\n-FEATURE(`dnsbl', `relays.ordb.org')dnl\n",
        ),
        ("list", "relays.ordb.org # old\n", "@@ -1 +1 @@\n-relays.ordb.org # old\n+# old\n"),
        (
            "list",
            "relays.ordb.org # old\r\nzen.spamhous.org\r\n",
            "@@ -1 +1 @@\n-relays.ordb.org # old\r\n+# old\r\n@@ -2 +2 @@\n-zen.spamhous.org\r\n+zen.spamhaus.org=127.0.0.[2..11;30]\r\n",
        ),
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client a.local\n reject_rbl_client a.local\n",
            "@@ -2 +1,0 @@\n- reject_rbl_client a.local\n",
        ),
        // In another parameter it may be reached by other clients.
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client a.local\nsmtpd_data_restrictions = reject_rbl_client a.local\n",
            "",
        ),
        // A program cannot decide what replaces a dead list, or which codes of another list were meant.
        (
            "postfix",
            "smtpd_client_restrictions =\n reject_rbl_client opm.blitzed.org,\n reject_rbl_client cbl.abuseat.org=127.0.0.2\n",
            "@@ -2 +1,0 @@\n- reject_rbl_client opm.blitzed.org,\n",
        ),
        // Without the codes that it has when it refuses.
        (
            "postfix",
            "smtpd_client_restrictions = permit_dnswl_client list.dnswl.org\n\
             postscreen_dnsbl_sites = list.dnswl.org=127.0.[0..255].[1..3]*-4\n",
            "@@ -1 +1 @@\n-smtpd_client_restrictions = permit_dnswl_client list.dnswl.org\n\
             +smtpd_client_restrictions = permit_dnswl_client list.dnswl.org=127.0.[1..9;11..255].[1..3]\n\
             @@ -2 +2 @@\n-postscreen_dnsbl_sites = list.dnswl.org=127.0.[0..255].[1..3]*-4\n\
             +postscreen_dnsbl_sites = list.dnswl.org=127.0.[1..9;11..255].[1..3]*-4\n",
        ),
        // The codes that were written are those that were meant.
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client zen.spamhous.org=127.0.0.4\n",
            "@@ -1 +1 @@\n-smtpd_client_restrictions = reject_rbl_client zen.spamhous.org=127.0.0.4\n\
             +smtpd_client_restrictions = reject_rbl_client zen.spamhaus.org=127.0.0.4\n",
        ),
        ("list", "bl.spamcop.net\n", ""),
        // No codes on a line that another finding wants to be removed or replaced.
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]\n reject_rbl_client \
             sbl.spamhaus.org\n reject_rbl_client cbl.abuseat.org\n",
            "",
        ),
        ("postfix", "smtpd_client_restrictions = reject_rbl_client cbl.abuseat.org\n", ""),
        (
            "postfix",
            "smtpd_client_restrictions = permit_mynetworks,\n reject_rbl_client sbl-xbl.spamhaus.org\n",
            "@@ -2 +2 @@\n- reject_rbl_client sbl-xbl.spamhaus.org\n\
             + reject_rbl_client zen.spamhaus.org=127.0.0.[2..11;30]\n",
        ),
        // The list that replaces another one is asked already.
        (
            "postfix",
            "smtpd_client_restrictions = reject_rbl_client zen.spamhaus.org=127.0.0.[2..11;30]\n \
             reject_rbl_client sbl-xbl.spamhaus.org\n",
            "@@ -2 +1,0 @@\n- reject_rbl_client sbl-xbl.spamhaus.org\n",
        ),
    ] {
        let wanted = if wanted.is_empty() { String::new() } else { format!("--- <stdin>\n+++ <stdin>\n{wanted}") };
        assert_eq!(diff(kind, text).await, wanted, "{text}");
    }
}

/// `patch` wants to know that the last line of a file has no end, also of one that is read together with another.
#[tokio::test]
async fn a_last_line_without_an_end() {
    let folder = super::folder("unended");
    let list = "smtpd_client_restrictions = reject_rbl_client relays.ordb.org";
    let (main, master) = (folder.join("main.cf"), folder.join("master.cf"));
    std::fs::write(&main, list).unwrap();
    std::fs::write(&master, format!("smtp inet n - y - - smtpd\n  -o {}", list.replace(' ', ""))).unwrap();
    let run = run(&["--offline", "--fix", main.to_str().unwrap(), master.to_str().unwrap()]).await;
    let wanted = "\n@@ -1 +1 @@\n-smtpd_client_restrictions = reject_rbl_client relays.ordb.org\n\\ No newline at end of file\n\
                  +smtpd_client_restrictions =\n\\ No newline at end of file\n";
    assert!(run.out.contains(wanted), "{}", run.out);
    assert_eq!(run.out.matches("No newline").count(), 2, "{}", run.out);
}

/// A line with a key is not printed, so it cannot be corrected.
#[tokio::test]
async fn lines_with_keys_are_left_alone() {
    let text = "reject_rbl_client aq2aaaaaaaaaaaaaaaaaaaaaai.zen.dq.spamhaus.net, reject_rbl_client relays.ordb.org\n";
    assert_eq!(diff("postfix", text).await, "");
}

/// A corrected file has no such finding.
#[tokio::test]
async fn corrected_files_are_right() {
    let diff = run(&["--offline", "--fix", "postfix/main.cf"]).await;
    let removed: Vec<&str> = diff.out.lines().filter_map(|line| line.strip_prefix('-')).collect();
    let mut text = String::from("\n") + &std::fs::read_to_string(super::data("postfix/main.cf")).unwrap();
    let mut hunks = diff.out.lines().peekable();
    while let Some(line) = hunks.next() {
        let (Some(old), false) = (line.strip_prefix('-'), line.starts_with("---")) else { continue };
        let new = hunks.peek().and_then(|next| next.strip_prefix('+')).map(|new| format!("\n{new}\n"));
        let old = format!("\n{old}\n");
        assert!(text.contains(&old), "{old}");
        text = text.replacen(&old, new.as_deref().unwrap_or("\n"), 1);
    }
    assert!(removed.len() > 8, "{}", diff.out);
    let found = super::text("postfix", &text).await.found().join("\n");
    for rule in ["dead-list cn-kr", "no-code-filter", "not-continued", "dead-list relays"] {
        assert!(!found.contains(rule), "{found}");
    }
}

#[tokio::test]
async fn an_empty_input_is_not_healthy() {
    let run = run_with(&["--offline", "--quiet", "-"], b"\n").await;
    assert_eq!((run.code, run.err.trim_end()), (3, "lint: <stdin>: it is empty"));
}

/// What to do about a list that is part of another one now.
#[tokio::test]
async fn the_list_that_holds_a_merged_one() {
    for (text, wanted) in [
        ("reject_rbl_client cbl.abuseat.org", "write xbl.spamhaus.org=127.0.0.[4..7]"),
        ("reject_rbl_client cbl.abuseat.org=127.0.0.2", "write xbl.spamhaus.org=127.0.0.[4..7]"),
        ("reject_rbl_client sbl-xbl.spamhaus.org", "write zen.spamhaus.org=127.0.0.[2..11;30]"),
        ("reject_rhsbl_sender ab.surbl.org", "write multi.surbl.org"),
        (
            "reject_rbl_client cbl.abuseat.org, reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]",
            "remove it: zen.spamhaus.org is asked too",
        ),
        (
            "reject_rbl_client xbl.spamhaus.org=127.0.0.4, reject_rbl_client cbl.abuseat.org",
            "remove it: xbl.spamhaus.org is asked too",
        ),
        // Without the codes of the part, about another subject, and to allow: not the same data.
        (
            "reject_rbl_client cbl.abuseat.org, reject_rbl_client zen.spamhaus.org=127.0.0.[2..3]",
            "write xbl.spamhaus.org=127.0.0.[4..7]",
        ),
        (
            "reject_rbl_client sbl-xbl.spamhaus.org, reject_rbl_client zen.spamhaus.org=127.0.0.[10..11]",
            "write zen.spamhaus.org=127.0.0.[2..11;30]",
        ),
        (
            "reject_rbl_client cbl.abuseat.org, reject_rhsbl_helo zen.spamhaus.org=127.0.0.[2..11]",
            "write xbl.spamhaus.org=127.0.0.[4..7]",
        ),
    ] {
        let text = format!("smtpd_client_restrictions = {text}\n");
        let run = super::text("postfix", &text).await;
        let document = run.json();
        let advice = |rule: &str, list: &str| {
            let all = document["findings"].as_array().unwrap().iter();
            let of = |it: &&serde_json::Value| it["rule"] == rule && (list.is_empty() || it["list"] == list);
            all.filter(of).map(|it| it["advice"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(advice("renamed", ""), [wanted], "{text}");
        // The advice of other findings does not contradict it.
        for list in ["cbl.abuseat.org", "sbl-xbl.spamhaus.org"] {
            assert!(advice("no-code-filter", list).iter().all(serde_json::Value::is_null), "{}", run.out);
        }
    }
    let exim = super::text("exim", "deny dnslists = cbl.abuseat.org\n").await;
    assert!(exim.out.contains("\"write xbl.spamhaus.org, and let only 127.0.0.[4..7] count\""), "{}", exim.out);
}

//! Input that cannot be read: exit code 2, nothing on standard output, and a message with the position.

use super::run;

/// Arguments, what the message says, and the marked part where there is one.
const BAD: &[(&[&str], &str, &str)] = &[
    // targets
    (&[""], "TARGET", ""),
    (&["1.2.3"], "all labels are numbers", "1.2.3"),
    (&["0x7f.1"], "all labels are numbers", "0x7f.1"),
    (&["0X7F000001"], "all labels are numbers", "0X7F000001"),
    (&["2130706433"], "all labels are numbers", "2130706433"),
    (&["1.2.3.4.5"], "all labels are numbers", "1.2.3.4.5"),
    (&["01.2.3.4"], "all labels are numbers", "01.2.3.4"),
    (&["256.1.1.1"], "all labels are numbers", "256.1.1.1"),
    (&["1.2.3.4."], "all labels are numbers", "1.2.3.4."),
    (&["fe80::1%eth0"], "scope", "%eth0"),
    (&["fe80::1%2"], "scope", "%2"),
    (&["1.2.3.4:25"], "port", ":25"),
    (&["mail.example.org:25"], "port", ":25"),
    (&["[2001:db8::1]"], "brackets", "["),
    (&["[2001:db8::1]:25"], "brackets", "["),
    (&["2001:db8::g"], "IPv6", "g"),
    (&["2001:db8::12345"], "IPv6", "12345"),
    (&["1:2:3:4:5:6:7"], "IPv6", "1:2:3:4:5:6:7"),
    (&["192.0.2.0/24"], "network", "/24"),
    (&["2001:db8::/32"], "network", "/32"),
    (&["someone@example.org"], "mail address", "@"),
    (&["a..b"], "empty label", "^"),
    (&[".example.org"], "empty label", "^"),
    (&["example.org.."], "empty label", "^"),
    (&["."], "domain name", "."),
    (&["*.example.org"], "domain name", "*"),
    (&["a-.example.org"], "domain name", "a-"),
    (&["ex ample.org"], "character", " "),
    (&["a\u{1b}[2Jb"], "character", "?"),
    (&["https://example.org/"], "Web", "https://"),
    (&["\u{2014}list", "bl.example", "192.0.2.1"], "two hyphens", "?"),
    (&["\u{2013}\u{2013}json", "192.0.2.1"], "two hyphens", "?"),
    // options
    (&["--lists", "x", "192.0.2.1"], "no option --lists", ""),
    (&["-x", "192.0.2.1"], "no option -x", ""),
    (&["--json=yes", "192.0.2.1"], "--json takes no value", ""),
    (&["192.0.2.1", "--helo"], "--helo needs a value", ""),
    (&["--json", "--tsv", "192.0.2.1"], "exclude each other", ""),
    (&["--no-lists", "--list", "bl.example", "192.0.2.1"], "contradicts", ""),
    (&["--demo", "--resolver", "127.0.0.1", "192.0.2.1"], "contradicts", ""),
    (&["--timeout", "5", "192.0.2.1"], "unit", "^"),
    (&["--timeout", "5y", "192.0.2.1"], "unit", "y"),
    (&["--timeout", "-1s", "192.0.2.1"], "number", "^"),
    (&["--timeout", "1.2.3s", "192.0.2.1"], "number", "1.2.3"),
    (&["--timeout", "0s", "192.0.2.1"], "no time", ""),
    (&["--timeout", "inf", "192.0.2.1"], "number", "^"),
    (&["--window", "soon", "192.0.2.1"], "number", "^"),
    (&["--resolver", "localhost", "192.0.2.1"], "--resolver", "localhost"),
    (&["--resolver", "127.0.0.1:0", "192.0.2.1"], "--resolver", "127.0.0.1:0"),
    (&["--resolver", "::1:5353:x", "192.0.2.1"], "--resolver", "::1:5353:x"),
    (&["--threshold", "1.5", "192.0.2.1"], "whole number", "1.5"),
    (&["--threshold", "99999999999", "192.0.2.1"], "whole number", "99999999999"),
    (&["--threshold", "0", "--allow-threshold", "0", "192.0.2.1"], "below", ""),
    (&["--me", "a..b", "192.0.2.1"], "--me", "^"),
    (&["--me", "192.0.2.0/24", "192.0.2.1"], "--me", "0/24"),
    (&["--me", "192.0.2", "192.0.2.1"], "--me", "192.0.2"),
    (&["--me", "*.example.org", "192.0.2.1"], "--me", "*"),
    (&["--local-domain", "", "192.0.2.1"], "--local-domain", ""),
    (&["--local-domain", "192.0.2.9", "192.0.2.1"], "--local-domain", "^"),
    (&["--local-domain", "*.example.org", "192.0.2.1"], "--local-domain", "*"),
    (&["--profile", "all", "192.0.2.1"], "none, catalogue", ""),
    (&["--preset", "qmail", "192.0.2.1"], "rfc, postfix, sendmail", ""),
    (&["--preset", "observe-strict", "192.0.2.1"], "rfc, postfix, sendmail", ""),
    (&["--preset", "", "192.0.2.1"], "rfc, postfix, sendmail", ""),
    (&["--template", "", "192.0.2.1"], "text", ""),
    (&["--template", "no", "192.0.2.1"], "reply code", "no"),
    (&["--template", "reject", "192.0.2.1"], "reply code", "reject"),
    (&["--template", "250 2.0.0 fine", "192.0.2.1"], "reply code", "250"),
    (&["--template", "$client no", "192.0.2.1"], "reply code", "^"),
    (&["--template", "550 4.7.1 no", "192.0.2.1"], "do not agree", "4.7.1"),
    (&["--template", "550 5.7.1 $rbl_domian", "192.0.2.1"], "unknown variable", "rbl_domian"),
    (&["--template", "550 5.7.1 ${rbl_reason?{a}", "192.0.2.1"], "closing brace", "^"),
    (&["--template", "550 5.7.1 a $ b", "192.0.2.1"], "variable", " "),
    (&["--template", "550 5.7.1 a\r\n250 b", "192.0.2.1"], "printable ASCII", "?"),
    (&["--template", "550 5.7.1 caf\u{e9}", "192.0.2.1"], "printable ASCII", "\u{e9}"),
    // lists
    (&["--list", "", "192.0.2.1"], "--list", ""),
    (&["--list", "bl..example", "192.0.2.1"], "empty label", "^"),
    (&["--list", "1.2.3.4", "192.0.2.1"], "numeric", "1.2.3.4"),
    (&["--list", "bl.example=127.0.0", "192.0.2.1"], "codes", "^"),
    (&["--list", "bl.example=127.0.0.[4..2]", "192.0.2.1"], "range", "2"),
    (&["--list", "bl.example*heavy", "192.0.2.1"], "weight", "heavy"),
    (&["--allow", "wl example", "192.0.2.1"], "--allow", " "),
    (&["--list", ",", "192.0.2.1"], "no list", ","),
    (&["--allow", "smtpd_client_restrictions =", "192.0.2.1"], "no list", "smtpd_client_restrictions ="),
    (&["--list", "+defer_unknown", "192.0.2.1"], "no list", "+defer_unknown"),
    (&["--list", "# bl.example", "192.0.2.1"], "--list", "^"),
    (&["--list", "reject_rbl_client", "192.0.2.1"], "list domain", "^"),
    (&["--list", "reject_rbl_client bl.example*2", "192.0.2.1"], "no", "*2"),
    (&["--list", "reject_unlisted_recipient", "192.0.2.1"], "asks no list", "reject_unlisted_recipient"),
    (&["--list", "warn_if_reject reject_rbl_client a.example", "192.0.2.1"], "refuses nothing", "warn_if_reject"),
    (&["--list", "a.example:53", "192.0.2.1"], "port", "53"),
    (&["--list", "a.example!=127.0.0.300", "192.0.2.1"], "four octets", "127.0.0.300"),
    (&["--allow", "warn dnslists = a.example", "192.0.2.1"], "refuse nothing", "warn"),
    (&["--list", "a.example/$local_part", "192.0.2.1"], "this variable", "$local_part"),
    (&["--list", "https://a.example/", "192.0.2.1"], "URL", "https://"),
    (&["--list", "“a.example”", "192.0.2.1"], "quotation marks", "^"),
    (&["--list", "a.example=127.0.0.[2-11]", "192.0.2.1"], "[2..11]", "-"),
    (&["--list", "a.example b", "192.0.2.1"], "no blank", "^"),
    (&["--list", "smtpd_x_restrictions = permit\n  reject_rbl_client a.example", "192.0.2.1"], "never asked", "permit"),
    (&["--list", "FEATURE(`dnsbl', `a.example'", "192.0.2.1"], "expected", "^"),
    (&["--list", "FEATURE(`dnsbl', `a.example', `quarantine')", "192.0.2.1"], "not supported", "quarantine"),
    (&["--list", "check_rbl('a', 'a.example.', '0')", "192.0.2.1"], "at least one bit", "0"),
    (&["--list", "check_rbl('a-untrusted', 'a.example.')", "192.0.2.1"], "Received", "a-untrusted"),
    (&["--list", "check_rbl_sub('a', '2')", "192.0.2.1"], "earlier check_rbl", "a"),
    // nothing to look at
    (&[], "need a TARGET", ""),
    (&["--demo", "--json"], "need a TARGET", ""),
    (&["--json", "--me", "mail.example.org"], "need a TARGET", ""),
];

/// The part of the drawn text that stands above the marks.
fn marked(message: &str) -> Option<String> {
    let lines: Vec<&str> = message.lines().collect();
    let at = lines.iter().position(|line| line.trim_start().starts_with('^'))?;
    let marks = lines.get(at)?;
    let from = marks.find('^')?;
    Some(lines.get(at.checked_sub(1)?)?.chars().skip(from).take(marks.matches('^').count()).collect())
}

#[tokio::test]
async fn every_bad_input_is_refused_and_pointed_at() {
    for (arguments, says, points_at) in BAD {
        let run = run(arguments).await;
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.err);
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
        assert!(run.err.starts_with("check: "), "{arguments:?}: {}", run.err);
        match *points_at {
            "" => {}
            "^" => assert!(marked(&run.err).is_some(), "{arguments:?}: {}", run.err),
            part => assert_eq!(marked(&run.err).as_deref(), Some(part), "{arguments:?}: {}", run.err),
        }
        assert!(!run.err.chars().any(|c| c.is_control() && c != '\n'), "{arguments:?}");
    }
}

#[tokio::test]
async fn labels_have_at_most_63_octets() {
    let (fits, too_long) = ("a".repeat(63), "a".repeat(64));
    assert_eq!(run(&["--demo", "--no-lists", &format!("{fits}.demo")]).await.code, 1); // does not exist
    let run = run(&[&format!("{too_long}.demo")]).await;
    assert_eq!(run.code, 2);
    assert_eq!(marked(&run.err).map(|part| part.len()), Some(64));
}

#[tokio::test]
async fn all_mistakes_at_once() {
    let run = run(&["--list", "a..b", "--list", "bl.example", "--allow", "wl.example*x", "192.0.2.1"]).await;
    assert_eq!((run.code, run.err.matches('^').count(), run.err.matches("check: ").count()), (2, 2, 2), "{}", run.err);
    let run = super::run(&["1.2.3", "192.0.2.1", "4.5.6"]).await;
    assert_eq!((run.code, run.err.matches("check: ").count()), (2, 2), "{}", run.err);
}

#[cfg(unix)]
#[tokio::test]
async fn arguments_of_any_octets() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let odd = OsStr::from_bytes(b"\xff\xfe@\x80.example");
    let target = super::command(&["--demo"]).arg(odd).output().await.unwrap();
    assert_eq!(target.status.code(), Some(2));
    let sender = super::command(&["--demo", "--json", "--from"]).arg(odd).output().await.unwrap();
    assert_eq!(sender.status.code(), Some(1));
    assert!(String::from_utf8(sender.stdout).unwrap().contains("\"verdict\":\"malformed\""));
}

//! Which reply and which exit code follow from which fact, by preset; templates.

use super::{Run, ask, json, run, serve};

const WORLD: &str = "
    7.113.0.203.in-addr.arpa   PTR  mail.good.example
    mail.good.example          A    203.0.113.7
    8.113.0.203.in-addr.arpa   PTR  liar.example
    liar.example               A    192.0.2.1
    10.113.0.203.in-addr.arpa  SERVFAIL
    7.113.0.203.bl.example     A    127.0.0.2
    7.113.0.203.bl.example     TXT  \"caught in a trap\"
    7.113.0.203.bl2.example    A    127.0.0.2
    9.113.0.203.bl.example     A    127.0.0.2
    *.broken.example           SERVFAIL
    good.example               MX   10 mail.good.example
    nullmx.example             MX   0 .
    empty.example              TXT  \"nothing here\"
    dangling.example           MX   10 nowhere.example
    broken.example             SERVFAIL";

const PRESETS: [&str; 3] = ["rfc", "postfix", "sendmail"];

/// What is given, and for each preset the exit code and the start of the reply; nothing where there is none.
type Row = (&'static [&'static str], [(i32, &'static str); 3]);

const CANNOT_FIND: &str = "450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.";

const FACTS: &[Row] = &[
    // reverse DNS
    (&["203.0.113.7"], [(0, ""), (0, ""), (0, "")]),
    (&["203.0.113.8"], [(0, ""), (1, CANNOT_FIND), (1, "451 4.1.8 Possibly forged hostname for 203.0.113.8")]),
    (&["203.0.113.9"], [(0, ""), (1, CANNOT_FIND), (1, "550 5.7.1 Fix reverse DNS for 203.0.113.9")]),
    (&["203.0.113.10"], [(3, ""), (3, CANNOT_FIND), (3, "451 4.1.8 Client IP address 203.0.113.10 does not resolve")]),
    // senders
    (&["--from", "a@good.example"], [(0, ""), (0, ""), (0, "")]),
    (&["--from", "<>"], [(0, ""), (0, ""), (0, "")]),
    (
        &["--from", "a@nullmx.example"],
        [
            (1, "550 5.7.27 "),
            (
                1,
                "550 5.7.27 <a@nullmx.example>: Sender address rejected: Domain nullmx.example does not accept mail (nullMX)",
            ),
            (0, ""),
        ],
    ),
    (
        &["--from", "a@gone.example"],
        [
            (1, "550 5.1.8 "),
            (1, "450 4.1.8 <a@gone.example>: Sender address rejected: Domain not found"),
            (1, "553 5.1.8 <a@gone.example>... Domain of sender address a@gone.example does not exist"),
        ],
    ),
    (
        &["--from", "a@empty.example"],
        [
            (1, "550 5.1.8 "),
            (1, "450 4.1.8 <a@empty.example>: Sender address rejected: Domain not found"),
            (1, "553 5.1.8 <a@empty.example>... Domain of sender address a@empty.example does not exist"),
        ],
    ),
    (&["--from", "a@dangling.example"], [(1, "550 5.1.8 "), (0, ""), (0, "")]),
    (
        &["--from", "a@broken.example"],
        [
            (3, "451 4.4.3 "),
            (3, "450 4.1.8 <a@broken.example>: Sender address rejected: Domain not found"),
            (3, "451 4.1.8 Domain of sender address a@broken.example does not resolve"),
        ],
    ),
    // recipients
    (&["--rcpt", "a@good.example"], [(0, ""), (0, ""), (0, "")]),
    (
        &["--rcpt", "a@nullmx.example"],
        [
            (1, "556 5.1.10 "),
            (
                1,
                "556 5.1.10 <a@nullmx.example>: Recipient address rejected: Domain nullmx.example does not accept mail (nullMX)",
            ),
            (0, ""),
        ],
    ),
    (
        &["--rcpt", "a@gone.example"],
        [
            (1, "550 5.1.2 "),
            (1, "450 4.1.2 <a@gone.example>: Recipient address rejected: Domain not found"),
            (1, "550 5.1.2 Host unknown (Name server: gone.example: host not found)"),
        ],
    ),
    (
        &["--rcpt", "a@broken.example"],
        [
            (
                3,
                "451 4.4.3 Recipient domain broken.example could not be checked: server failure (SERVFAIL); try again later",
            ),
            (3, "450 4.1.2 <a@broken.example>: Recipient address rejected: Domain not found"),
            (3, "451 4.4.3 Name server: broken.example: host name lookup failure"),
        ],
    ),
    // HELO
    (&["--helo", "mail.good.example"], [(0, ""), (0, ""), (0, "")]),
    (&["--helo", "liar.example", "203.0.113.7"], [(0, ""), (0, ""), (0, "")]),
    (&["--helo", "a b"], [(0, ""), (1, "501 5.5.2 <a b>: Helo command rejected: Invalid name"), (0, "")]),
    (
        &["--helo", "oemcomputer"],
        [(0, ""), (1, "504 5.5.2 <oemcomputer>: Helo command rejected: need fully-qualified hostname"), (0, "")],
    ),
    (
        &["--helo", "gone.example"],
        [(0, ""), (1, "450 4.7.1 <gone.example>: Helo command rejected: Host not found"), (0, "")],
    ),
    (
        &["--helo", "empty.example"],
        [(0, ""), (1, "450 4.7.1 <empty.example>: Helo command rejected: Host not found"), (0, "")],
    ),
    (
        &["--helo", "broken.example"],
        [(0, ""), (3, "450 4.7.1 <broken.example>: Helo command rejected: Host not found"), (0, "")],
    ),
    // lists
    (
        &["--list", "bl.example", "203.0.113.7"],
        [
            (1, "550 5.7.1 "),
            (1, "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using bl.example; caught in a trap"),
            (1, "550 5.7.1 Rejected: 203.0.113.7 listed at bl.example"),
        ],
    ),
    (
        &["--list", "bl.example", "--allow", "broken.example", "203.0.113.7"],
        [(3, "450 4.7.1 "), (3, "450 4.7.1 "), (3, "450 4.7.1 ")],
    ),
    // The allow list is named in the reply, and there is still a finding against the client.
    (
        &["--list", "bl.example", "--allow", "broken.example", "203.0.113.9"],
        [(3, "450 4.7.1 "), (1, "450 4.7.1 "), (1, "550 5.7.1 Fix reverse DNS for 203.0.113.9")],
    ),
    (&["--allow", "broken.example", "203.0.113.7"], [(3, ""), (3, ""), (3, "")]),
    (&["--list", "broken.example", "--list", "clean.example", "203.0.113.7"], [(0, ""), (0, ""), (0, "")]),
    (
        &["--list", "+defer_unknown : broken.example : clean.example", "203.0.113.7"],
        [
            (3, "451 4.4.3 "),
            (3, "450 4.7.1 "),
            (3, "451 4.4.3 Temporary lookup failure of 203.0.113.7 at broken.example"),
        ],
    ),
    (
        &["--list", "+defer_unknown : broken.example : bl.example", "203.0.113.7"],
        [(1, "550 5.7.1 "), (1, "554 5.7.1 "), (1, "550 5.7.1 ")],
    ),
    (
        &["--list", "+defer_unknown : broken.example", "--list", "clean.example", "--threshold", "2", "203.0.113.7"],
        [(0, ""), (0, ""), (0, "")],
    ),
    (
        &["--list", "FEATURE(`dnsbl', `broken.example', `', `t')", "--list", "clean.example", "203.0.113.7"],
        [(3, "451 4.4.3 "), (3, "450 4.7.1 "), (3, "451 4.4.3 ")],
    ),
    // several refusals
    (
        &["--list", "bl.example", "--from", "a@nullmx.example", "203.0.113.7"],
        [(1, "550 5.7.1 "), (1, "554 5.7.1 "), (1, "550 5.7.1 Rejected: ")],
    ),
    (
        &["--list", "bl.example", "--from", "a@gone.example", "203.0.113.9"],
        [(1, "550 5.7.1 "), (1, "554 5.7.1 "), (1, "550 5.7.1 Rejected: ")],
    ),
];

/// The reply of the only report, as a line; empty where there is none.
fn reply(run: &Run) -> String {
    match run.at("/reports/0/reply").is_null() {
        true => String::new(),
        false => format!("{} {} {}", run.text("reply/code"), run.text("reply/enhanced"), run.text("reply/text")),
    }
}

#[tokio::test]
async fn every_preset_by_the_table() {
    let server = serve(WORLD).await;
    for (arguments, wanted) in FACTS {
        let has_lists = arguments.contains(&"--list") || arguments.contains(&"--allow");
        let lists: &[&str] = if has_lists { &[] } else { &["--no-lists"] };
        for (preset, (code, starts)) in PRESETS.iter().zip(wanted) {
            let run =
                ask(&server, &[&["--json", "--special", "--preset", preset][..], lists, arguments].concat()).await;
            let said = reply(&run);
            assert_eq!(run.code, *code, "{preset} {arguments:?}: {said}");
            assert!(said.starts_with(starts) && said.is_empty() == starts.is_empty(), "{preset} {arguments:?}: {said}");
        }
    }
}

#[tokio::test]
async fn strict_variants_refuse_for_reverse_dns() {
    for (preset, client, code, starts) in [
        ("rfc-strict", "203.0.113.9", 1, "550 5.7.25 "),
        ("postfix-strict", "203.0.113.9", 1, "550 5.7.25 Client host rejected: cannot find your hostname"),
        ("sendmail-strict", "203.0.113.9", 1, "550 5.7.25 "),
        ("rfc-strict", "203.0.113.8", 1, "550 5.7.25 "),
        ("postfix-strict", "203.0.113.8", 1, "550 5.7.25 "),
        ("sendmail-strict", "203.0.113.8", 1, "550 5.7.25 "),
        // An unknown result is still deferred.
        ("rfc-strict", "203.0.113.10", 3, "450 4.7.25 "),
        ("postfix-strict", "203.0.113.10", 3, "450 4.7.25 "),
        ("sendmail-strict", "203.0.113.10", 3, "451 4.1.8 "),
        ("rfc-strict", "203.0.113.7", 0, ""),
        ("observe", "203.0.113.9", 0, ""),
    ] {
        let run = json(WORLD, &["--preset", preset, "--no-lists", client]).await;
        let said = reply(&run);
        assert_eq!(run.code, code, "{preset} {client}: {said}");
        assert!(said.starts_with(starts) && said.is_empty() == starts.is_empty(), "{preset} {client}: {said}");
    }
    let run = json(WORLD, &["--preset", "observe", "--list", "bl.example", "203.0.113.7"]).await;
    assert_eq!((run.text("score/outcome"), reply(&run), run.code), ("listed".into(), String::new(), 0));
    let lists = ["--list", "+defer_unknown : broken.example : clean.example"];
    let run = json(WORLD, &[&["--preset", "observe"][..], &lists, &["203.0.113.7"]].concat()).await;
    assert_eq!((reply(&run), run.code), (String::new(), 3));
}

#[tokio::test]
async fn every_form_shows_the_presets_reply() {
    let server = serve(WORLD).await;
    let arguments = ["--preset", "postfix", "--special", "--list", "bl.example", "203.0.113.7"];
    for (form, part) in [
        (&[][..], "554 5.7.1   Service unavailable; Client host [203.0.113.7]"),
        (&["--json"], "\"text\":\"Service unavailable; Client host [203.0.113.7] blocked using bl.example;"),
        (&["--jsonl"], "\"code\":554"),
        (&["--tsv"], "reply\t-\t554\t5.7.1\t"),
    ] {
        let run = ask(&server, &[form, &arguments].concat()).await;
        assert!(run.out.contains(part), "{form:?}: {}", run.out);
    }
}

#[tokio::test]
async fn templates() {
    for (template, preset, wanted) in [
        ("$rbl_code Blocked by $rbl_domain", "rfc", "550 5.7.1 Blocked by bl.example"),
        ("$rbl_code Blocked by $rbl_domain", "postfix", "554 5.7.1 Blocked by bl.example"),
        (
            "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
            "postfix",
            "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using bl.example; caught in a trap",
        ),
        ("550 5.7.0 ${rbl_others?{and $rbl_others}:{alone}}", "rfc", "550 5.7.0 and 1"),
        (
            "450 4.7.0 $client, $client_name, $client_address",
            "rfc",
            "450 4.7.0 mail.good.example[203.0.113.7], mail.good.example, 203.0.113.7",
        ),
        (
            "550 to $sender for $recipient by ${helo_name}",
            "rfc",
            "550 5.7.1 to a@good.example for b@good.example by x.good.example",
        ),
        ("550 $$5 $(rbl_domain)", "rfc", "550 5.7.1 $5 bl.example"),
        ("${rbl_reason?450 4.7.1 later}", "rfc", "450 4.7.1 later"),
        // Without a reply of its own, no client is rejected permanently.
        ("${rbl_reason:450 4.7.1 later}", "rfc", "450 4.7.1 Service unavailable"),
    ] {
        let facts = ["--helo", "x.good.example", "--from", "a@good.example", "--rcpt", "b@good.example", "203.0.113.7"];
        let lists = ["--list", "bl.example,bl2.example", "--preset", preset, "--template", template];
        // The name in HELO exists, so that the preset for Postfix accepts it.
        let world = format!("{WORLD}\n x.good.example A 203.0.113.7");
        let run = json(&world, &[&lists[..], &facts].concat()).await;
        assert_eq!((reply(&run), run.code), (wanted.to_owned(), 1), "{template}");
    }
}

#[tokio::test]
async fn templates_are_about_listings_only() {
    let template = ["--template", "550 5.7.1 LISTED"];
    for (arguments, wanted) in [
        (&["--no-lists", "203.0.113.9", "--preset", "postfix"][..], "450 4.7.25 "),
        (&["--from", "a@nullmx.example"], "550 5.7.27 "),
        (&["--list", "clean.example", "203.0.113.7"], ""),
        (&["--list", "bl.example", "--allow", "broken.example", "203.0.113.7"], "450 4.7.1 "),
        (&["--list", "bl.example", "203.0.113.7"], "550 5.7.1 LISTED"),
        // The text of the list comes first.
        (
            &["--list", "FEATURE(`dnsbl', `bl.example', `\"550 see \" $&{client_addr}')", "203.0.113.7"],
            "550 5.7.1 see 203.0.113.7",
        ),
    ] {
        let run = json(WORLD, &[&template[..], arguments].concat()).await;
        let said = reply(&run);
        assert!(said.starts_with(wanted) && said.is_empty() == wanted.is_empty(), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn no_text_of_a_list_breaks_a_reply() {
    let long = "x".repeat(255);
    for hostile in [
        "\"550 5.7.1 a\\013\\010250 2.0.0 OK\"",
        "\"$rbl_code ${client?{a}:{b}} $\"",
        "\"}{?:$$(\"",
        "\"\\027]0;title\\007 \\226\\128\\174 \\255\\000\"",
        "\"a\" \"\" \"b\\r\\n.\\r\\nQUIT\"",
        &format!("\"{long}\" \"{long}\" \"{long}\""),
    ] {
        let world = format!("7.113.0.203.bl.example A 127.0.0.2\n7.113.0.203.bl.example TXT {hostile}");
        let arguments = ["--preset", "postfix", "--list", "bl.example", "--template"];
        for template in
            ["$rbl_code $rbl_domain: $rbl_reason", "550 5.7.1 $rbl_txt", "554 ${rbl_reason?{$rbl_reason}:{-}}"]
        {
            let run = json(&world, &[&arguments[..], &[template, "203.0.113.7"]].concat()).await;
            let said = reply(&run);
            assert!(said.starts_with("554 5.7.1 ") || said.starts_with("550 5.7.1 "), "{hostile}: {said}");
            assert!(said.len() <= 510 && said.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{hostile}: {said}");
            assert_eq!((run.code, run.text("score/outcome")), (1, "listed".to_owned()), "{hostile}");
        }
    }
}

#[tokio::test]
async fn help_names_presets_and_notations() {
    let help = run(&["--help"]).await.out;
    for word in ["postfix-strict", "--template", "postscreen", "Exim", "SpamAssassin", "FEATURE", "permit_dnswl_client"]
    {
        assert!(help.contains(word), "{word}");
    }
}

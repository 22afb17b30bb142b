//! Lists, scores, and keys that are never shown.

use futures::future::{join, join_all};

use super::{ask, json, serve};

const WORLD: &str = "
    14.113.0.203.bl.example     A    127.0.0.2  ttl=600
    14.113.0.203.bl.example     TXT  \"caught in a trap\"
    14.113.0.203.other.example  A    127.0.0.4
    14.113.0.203.wl.example     A    127.0.0.2
    *.dead.example              A    127.0.0.2
    *.parked.example            A    192.0.2.80
    *.silent.example            TIMEOUT
    *.broken.example            SERVFAIL
    14.113.0.203.one.example    A    127.0.0.1
    example.net.dbl.example     A    127.0.1.2
    example.net                 MX   10 mail.example.net
    mail.example.net            A    203.0.113.99";

#[tokio::test]
async fn one_entry_per_spec_in_the_order_given() {
    let specs = ["--list", "bl.example*2", "--allow", "clean.example", "--list", "bl.example=127.0.0.9"];
    let run = json(WORLD, &[&specs[..], &["203.0.113.14"]].concat()).await;
    assert_eq!(run.verdicts(), ["listed", "not_listed", "excluded"]);
    let fields = ["list", "kind", "subject", "codes", "reason", "weight", "ttl"];
    let first: Vec<String> = fields.iter().map(|field| run.text(&format!("lists/0/{field}"))).collect();
    assert_eq!(first, ["bl.example", "deny", "203.0.113.14", "[\"127.0.0.2\"]", "caught in a trap", "2", "600"]);
    assert_eq!(run.text("lists/1/kind"), "allow");
    assert_eq!((run.text("score/low"), run.text("score/decided_by")), ("2".into(), "[\"bl.example\"]".into()));
    // PTR, two A, TXT and two control questions.
    assert_eq!(run.text("questions"), "6");
}

#[tokio::test]
async fn scores_and_thresholds() {
    let two = ["--list", "bl.example", "--list", "other.example"];
    let cases = [
        (&["--threshold", "2"][..], "listed", 1),
        (&["--threshold", "3"], "not_listed", 0),
        (&["--threshold", "3", "--list", "silent.example"], "undecided", 0),
        (&["--threshold", "2", "--list", "silent.example"], "listed", 1),
        (&["--list", "silent.example*-5"], "undecided", 0),
        (&["--allow", "wl.example"], "allowed", 0),
        (&["--allow", "silent.example"], "undecided", 3), // it might have allowed
        (&["--threshold", "9", "--allow", "silent.example"], "not_listed", 0),
        (&["--threshold", "9", "--allow-threshold", "2"], "allowed", 0),
    ];
    // Together, since most of them wait for the silent list.
    join_all(cases.map(async |(more, outcome, code)| {
        let run = json(WORLD, &[&two[..], more, &["--timeout", "3s", "203.0.113.14"]].concat()).await;
        assert_eq!((run.text("score/outcome"), run.code), (outcome.to_owned(), code), "{more:?}");
    }))
    .await;
}

#[tokio::test]
async fn the_table_shows_what_adds_up_to_the_score() {
    let server = serve(WORLD).await;
    let lists = [
        "--list",
        "bl.example*2, other.example*-1, broken.example*3, clean.example*4",
        "--list",
        "one.example=127.0.0.1",
    ];
    let run = ask(&server, &[&lists[..], &["--special", "--threshold", "9", "203.0.113.14"]].concat()).await;
    for line in [
        "score 2 to 5, listed from 9 on",
        "bl.example: 127.0.0.2 (weight 2)\n",
        "127.0.0.4 (weight -1)\n",
        "(weight 3)\n",
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
    assert!(run.out.contains("one.example: 127.0.0.1\n") && !run.out.contains("weight 4"), "{}", run.out);
}

#[tokio::test]
async fn lists_that_cannot_be_believed() {
    for (list, verdict, code) in [
        ("dead.example", "problem/lists_everything", 3),
        ("parked.example", "problem/outside_127", 3),
        ("one.example", "problem/ambiguous", 3),
        ("one.example=127.0.0.1", "listed", 1),
        ("broken.example", "unknown/servfail", 3),
        ("silent.example", "unknown/timeout", 3),
        ("clean.example", "not_listed", 0),
    ] {
        let timeout = ["--timeout", "3s", "203.0.113.14"];
        let (alone, beside) =
            ([&["--list", list], &timeout[..]], [&["--list", list, "--list", "clean.example"], &timeout[..]]);
        let (alone, beside) = (alone.concat(), beside.concat());
        let (alone, beside) = join(json(WORLD, &alone), json(WORLD, &beside)).await;
        assert_eq!((alone.verdicts(), alone.code), (vec![verdict.to_owned()], code), "{list}");
        // That one of several lists is broken is shown, too.
        assert_eq!(beside.code, code % 3, "{list}");
    }
}

/// A list is sound if the entries that it must not hold are absent, not because it answered.
#[tokio::test]
async fn an_answer_alone_makes_no_list_sound() {
    for (list, verdict, health) in [
        ("dead.example=127.0.0.9", "excluded", "unprobed"),
        ("bl.example=127.0.0.9", "excluded", "unprobed"),
        ("doubtful.example", "unknown/unproven", "unprobed"),
        ("bl.example", "listed", "sound"),
    ] {
        let world = format!("{WORLD}\n14.113.0.203.doubtful.example A 127.0.0.2\n*.doubtful.example SERVFAIL");
        let run = json(&world, &["--list", list, "203.0.113.14"]).await;
        assert_eq!(
            (run.verdicts(), run.text("lists/0/health")),
            (vec![verdict.to_owned()], health.to_owned()),
            "{list}"
        );
    }
}

#[tokio::test]
async fn special_purpose_addresses_are_asked_on_demand() {
    let server = serve(WORLD).await;
    let run = ask(&server, &["--json", "--list", "bl.example", "203.0.113.14"]).await;
    assert_eq!((run.verdicts(), run.code), (vec!["skipped/special".to_owned()], 0));
    assert_eq!((run.text("questions"), run.text("resolver/questions")), ("1".into(), "4".into()), "reverse DNS only");
}

#[tokio::test]
async fn domains_in_lists() {
    let run = json(WORLD, &["--list", "dbl.example", "example.net"]).await;
    assert_eq!((run.verdicts(), run.text("sender/verdict"), run.code), (vec!["listed".to_owned()], "ok".into(), 1));
    let run = json(WORLD, &["--list", "dbl.example", "--from", "a@example.net"]).await;
    assert_eq!((run.verdicts(), run.code), (vec!["skipped/no_client".to_owned()], 0));
}

#[tokio::test]
async fn a_window_of_nothing_is_a_window() {
    for window in ["0", "0s", "10m"] {
        let run = json(WORLD, &["--window", window, "--list", "bl.example", "203.0.113.14"]).await;
        assert_eq!(run.verdicts(), ["listed"], "{window}");
    }
}

const CANARY: &str = "CANARYKEYCANARY01";

#[tokio::test]
async fn keys_are_never_shown() {
    let zone = format!("{CANARY}.zen.dq.spamhaus.net");
    let server = serve(&format!(
        "14.113.0.203.{zone} A 127.0.0.2\n14.113.0.203.{zone} TXT \"listed, see x/{CANARY}\"\n13.113.0.203.{zone} SERVFAIL"
    ))
    .await;
    let forms: [&[&str]; 6] = [&[], &["--verbose"], &["--json"], &["--jsonl"], &["--tsv"], &["--nagios"]];
    let targets = ["203.0.113.14", "203.0.113.13", "203.0.113.12"];
    for form in forms {
        let run = ask(&server, &[form, &["--special", "--list", &zone], &targets].concat()).await;
        assert!(run.out.contains("zen.dq.spamhaus.net") || form == ["--nagios"], "{form:?}: {}", run.out);
        assert!(!run.said().to_ascii_lowercase().contains("canary"), "{form:?}: {}", run.said());
    }
    // Misspelt zones, with the right spelling where there is one, and a zone that the catalogue does not contain.
    let zones = [
        ("zen.dq.spamhaus.org", "zen.dq.spamhaus.org", "zen.dq.spamhaus.net"),
        ("zen.spamhaus.org", "zen.spamhaus.org", "zen.dq.spamhaus.net"),
        ("zen.spamhaus.net", "zen.spamhaus.net", "zen.dq.spamhaus.net"),
        ("zen.dq.spamhaus.ent", "zen.dq.spamhaus.ent", "zen.dq.spamhaus.net"),
        ("combined.abusix.zone", "combined.abusix.zone", "combined.mail.abusix.zone"),
        ("combined.mail.abusix.com", "combined.mail.abusix.com", "combined.mail.abusix.zone"),
        ("bl.example", "bl.example", ""),
    ];
    for (index, (zone, safe, meant)) in zones.into_iter().enumerate() {
        let (zone, other) = (format!("{CANARY}2345.{zone}"), format!("{CANARY}6789.{zone}"));
        let server = serve(&format!(
            "14.113.0.203.{zone} A 127.0.0.2\n14.113.0.203.{zone} TXT \"see x/{CANARY}2345\"\n\
             13.113.0.203.{zone} SERVFAIL\n12.113.0.203.{zone} A 127.255.255.252\n*.{other} A 198.51.100.1"
        ))
        .await;
        for (offset, form) in forms.into_iter().enumerate() {
            // Each preset with every zone and every form.
            let preset = ["rfc", "postfix", "sendmail"][(index + offset) % 3];
            let lists = ["--special", "--preset", preset, "--list", &zone, "--list", &other];
            let run = ask(&server, &[form, &lists, &targets].concat()).await;
            let said = run.said();
            assert!(!said.to_ascii_lowercase().contains("canary"), "{form:?}: {said}");
            assert!(said.contains(safe) && said.contains(&format!("{safe}#2")), "{form:?}: {said}");
            assert!(run.err.contains(meant), "{form:?}: {said}");
        }
    }
    for mistake in [
        &["--list", "CANARYKEYCANARY01.zen.dq.spamhaus.net=127.0.0.[2..", "192.0.2.1"][..],
        &["--list", "CANARYKEYCANARY01.zen..dq.spamhaus.net", "192.0.2.1"],
        &["--list", "CANARYKEYCANARY01 .zen.dq.spamhaus.net", "192.0.2.1"],
        &["--allow", "CANARYKEYCANARY01.zen.dq.spamhaus.net*x", "192.0.2.1"],
        &["--allow", "zen.spamhaus.org*CANARYKEYCANARY01", "192.0.2.1"],
        &["--lists", "CANARYKEYCANARY01.zen.dq.spamhaus.net", "192.0.2.1"],
        &["--CANARYKEYCANARY01.zen.dq.spamhaus.net", "192.0.2.1"],
        &["--json=CANARYKEYCANARY01.zen.dq.spamhaus.net", "192.0.2.1"],
        &["--resolver", "CANARYKEYCANARY01.zen.dq.spamhaus.net", "192.0.2.1"],
        &["--profile", "CANARYKEYCANARY01", "192.0.2.1"],
        &["CANARYKEYCANARY01.zen.dq.spamhaus.net=127.0.0.2"],
        &["CANARYKEYCANARY01.zen.dq.spamhaus.net:53"],
    ] {
        let run = super::run(mistake).await;
        assert_eq!(run.code, 2, "{mistake:?}");
        assert!(!run.said().to_ascii_lowercase().contains("canary"), "{mistake:?}: {}", run.said());
    }
}

//! The catalogue's entries about real lists, against a server that answers like them.

use super::{ask, json, serve};

/// Each row: kind, zone, target, the codes of the answer, and the verdict.
const ANSWERS: &[(&str, &str, &str, &[&str], &str)] = &[
    ("--list", "zen.spamhaus.org", "203.0.113.14", &["127.0.0.2", "127.0.0.9"], "listed"),
    ("--list", "zen.spamhaus.org", "2001:db8::1", &["127.0.0.3"], "listed"),
    ("--list", "zen.spamhaus.org", "203.0.113.14", &["127.255.255.254"], "problem/refused"),
    ("--list", "zen.spamhaus.org", "example.net", &[], "skipped/family"),
    ("--list", "keykeykeykeykeykey.zen.dq.spamhaus.net", "example.net", &[], "skipped/family"),
    ("--list", "keykeykeykeykeykey.dbl.dq.spamhaus.net", "203.0.113.14", &[], "skipped/family"),
    ("--list", "keykeykeykeykeykey.combined.mail.abusix.zone", "example.net", &[], "skipped/family"),
    ("--list", "bl.spamcop.net", "2001:db8::1", &[], "skipped/family"),
    ("--list", "dbl.spamhaus.org", "203.0.113.14", &[], "skipped/family"),
    ("--list", "dbl.spamhaus.org", "example.net", &["127.0.1.2"], "listed"),
    ("--list", "dbl.spamhaus.org", "example.net", &["127.0.1.104"], "excluded"),
    ("--list", "dbl.spamhaus.org=127.0.1.104", "example.net", &["127.0.1.104"], "listed"),
    ("--list", "dbl.spamhaus.org", "example.net", &["127.0.1.255"], "problem/refused"),
    ("--list", "multi.surbl.org", "example.net", &["127.0.0.1"], "problem/refused"),
    ("--list", "multi.surbl.org", "example.net", &["127.0.0.80"], "listed"),
    ("--list", "multi.uribl.com", "example.net", &["127.0.0.1"], "problem/refused"),
    ("--list", "multi.uribl.com", "example.net", &["127.0.0.6"], "listed"),
    ("--list", "multi.uribl.com", "example.net", &["127.0.0.4"], "excluded"),
    ("--list", "dyna.spamrats.com", "203.0.113.14", &["127.0.0.36"], "listed"),
    ("--list", "dyna.spamrats.com", "203.0.113.14", &["127.0.0.2"], "excluded"),
    ("--list", "rep.mailspike.net", "203.0.113.14", &["127.0.0.10"], "listed"),
    ("--list", "rep.mailspike.net", "203.0.113.14", &["127.0.0.14"], "excluded"),
    ("--list", "rep.mailspike.net", "203.0.113.14", &["127.0.0.20"], "excluded"),
    ("--allow", "rep.mailspike.net", "203.0.113.14", &["127.0.0.20"], "listed"),
    ("--allow", "rep.mailspike.net", "203.0.113.14", &["127.0.0.10"], "excluded"),
    ("--list", "hostkarma.junkemailfilter.com", "203.0.113.14", &["127.0.0.2"], "listed"),
    ("--list", "hostkarma.junkemailfilter.com", "203.0.113.14", &["127.0.0.1", "127.0.1.1"], "excluded"),
    ("--allow", "hostkarma.junkemailfilter.com", "203.0.113.14", &["127.0.0.1"], "listed"),
    ("--list", "rbl.efnetrbl.org", "203.0.113.14", &["127.0.0.1"], "listed"),
    ("--allow", "list.dnswl.org", "203.0.113.14", &["127.0.5.3"], "listed"),
    ("--allow", "list.dnswl.org", "203.0.113.14", &["127.0.5.0"], "listed"),
    ("--allow", "list.dnswl.org=127.0.[2..20].[1..3]", "203.0.113.14", &["127.0.5.0"], "excluded"),
    ("--allow", "list.dnswl.org", "203.0.113.14", &["127.0.0.255"], "problem/refused"),
    // "Trust high", and the answer about every client that resolvers over their limit got: RFC 8904 section 5.1.
    ("--allow", "list.dnswl.org", "203.0.113.14", &["127.0.10.3"], "problem/refused"),
    ("--allow", "list.dnswl.org", "203.0.113.14", &["127.0.9.3"], "listed"),
    ("--allow", "dnswl.spfbl.net", "203.0.113.14", &["127.0.0.2"], "listed"),
    ("--list", "dnsbl.spfbl.net", "203.0.113.14", &["127.0.0.4"], "excluded"),
    ("--list", "spam.spamrats.com", "203.0.113.14", &["127.0.0.38"], "listed"),
    ("--list", "spam.spamrats.com", "203.0.113.14", &["127.0.0.2"], "excluded"),
    ("--list", "multi.surbl.org", "203.0.113.14", &[], "skipped/family"),
    ("--list", "virbl.dnsbl.bit.nl", "203.0.113.14", &["127.0.0.2"], "skipped/retired"),
    ("--list", "brazil.blackholes.us", "203.0.113.14", &["127.0.0.2"], "skipped/retired"),
    ("--list", "rbl.spamhaus.org", "203.0.113.14", &["127.0.0.2"], "skipped/retired"),
    ("--allow", "iadb.isipp.com", "203.0.113.14", &["127.0.0.1", "127.2.255.2"], "excluded"),
    ("--allow", "iadb.isipp.com", "203.0.113.14", &["127.0.0.1", "127.0.1.255"], "listed"),
];

/// The name that is asked about a target of [`ANSWERS`].
fn under(target: &str, zone: &str) -> String {
    let zone: rdnsbl::Name = zone.split('=').next().unwrap().parse().unwrap();
    let subject = match target.parse::<std::net::IpAddr>() {
        Ok(address) => rdnsbl::Subject::from(address),
        Err(_) => rdnsbl::Subject::from(target.parse::<rdnsbl::Name>().unwrap()),
    };
    subject.name_under(&zone).unwrap().expose().to_owned()
}

#[tokio::test]
async fn codes_mean_what_their_operators_say() {
    for (kind, zone, target, codes, verdict) in ANSWERS {
        let name = under(target, zone);
        let mut world: String = codes.iter().map(|code| format!("{name} A {code}\n")).collect();
        // Hostkarma lists what other lists must not list.
        world.push_str("1.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.1\n");
        let run = json(&world, &[kind, zone, target]).await;
        assert_eq!(run.verdicts(), [*verdict], "{kind} {zone} {target} {codes:?}");
    }
}

#[tokio::test]
async fn findings_about_lists_go_to_the_error_stream() {
    let lists = [
        "--list",
        "brazil.blackholes.us",
        "--list",
        "secretkeysecret.zen.dq.spamhaus.net",
        "--list",
        "zen.spamhous.org",
    ];
    let run = json("", &[&lists[..], &["203.0.113.14"]].concat()).await;
    let lines: Vec<&str> =
        run.err.lines().filter(|line| line.contains("blackholes") || line.contains("spamh")).collect();
    assert_eq!(lines.len(), 2, "{}", run.err);
    assert!(lines[0].starts_with("check: brazil.blackholes.us: closed 2007; "), "{}", lines[0]);
    assert_eq!(lines[1], "check: zen.spamhous.org: not a known list; did you mean zen.spamhaus.org?");
    assert_eq!(run.at("/reports/0/lists/0/health").as_str(), Some("retired"));
}

#[tokio::test]
async fn lines_that_one_question_answers_are_told() {
    let lists = ["sbl.spamhaus.org*3", "pbl.spamhaus.org", "zen.spamhaus.org=127.0.0.2"];
    let run =
        json("", &lists.iter().flat_map(|list| ["--list", list]).chain(["203.0.113.14"]).collect::<Vec<_>>()).await;
    let lines: Vec<&str> = run.err.lines().filter(|line| line.contains("bl.spamhaus.org")).collect();
    assert_eq!(
        lines,
        [
            "check: sbl.spamhaus.org: is part of zen.spamhaus.org, which is asked too: a listing counts twice",
            "check: pbl.spamhaus.org: one query is enough for this list and others in the set: \
             zen.spamhaus.org=127.0.0.[10..11]",
        ]
    );
}

#[tokio::test]
async fn none_is_none() {
    let name = under("203.0.113.14", "dyna.spamrats.com");
    let world = format!("{name} A 127.0.0.2");
    let run = json(&world, &["--profile", "none", "--list", "dyna.spamrats.com", "203.0.113.14"]).await;
    assert_eq!(run.verdicts(), ["listed"]);
    let run = json("", &["--profile", "none", "--list", "dbl.spamhaus.org", "203.0.113.14"]).await;
    assert_eq!((run.verdicts(), run.text("questions")), (vec!["not_listed".to_owned()], "2".to_owned()));
}

/// SURBL holds hosts of links: it is asked about domains, not about the client.
#[tokio::test]
async fn the_default_set_does_not_ask_surbl_about_clients() {
    let server = serve("").await;
    let run = ask(&server, &["--verbose", "--special", "203.0.113.14"]).await;
    assert!(!run.out.contains("14.113.0.203.multi.surbl.org"), "{}", run.out);
    let run = ask(&server, &["--verbose", "phish.pages.example.co.uk"]).await;
    assert!(run.out.contains(" phish.pages.example.co.uk.multi.surbl.org A: "), "{}", run.out);
}

#[tokio::test]
async fn what_a_list_wants_of_its_users_is_told() {
    let world = "14.113.0.203.ips.backscatterer.org A 127.0.0.2\n*.b.barracudacentral.org SERVFAIL";
    let server = serve(world).await;
    let wanted = "its operator recommends it only for the null sender (<>)";
    let run = ask(&server, &["--json", "--special", "--list", "ips.backscatterer.org", "203.0.113.14"]).await;
    assert!(run.text("lists/0/note").ends_with(wanted), "{}", run.out);
    assert!(run.err.contains(wanted), "{}", run.err);
    let run = ask(&server, &["--special", "--list", "ips.backscatterer.org", "203.0.113.14"]).await;
    assert!(run.out.contains("note: about bounces to forged senders"), "{}", run.out);
    // In the default set one list has a note, about registration.
    let run = ask(&server, &["--special", "203.0.113.14"]).await;
    assert!(!run.err.contains("registered"), "{}", run.err);
    assert!(run.out.contains("note: the address of the asking resolver must be registered"), "{}", run.out);
    assert_eq!(run.out.matches("note: ").count(), 1, "{}", run.out);
}

#[tokio::test]
async fn meanings_are_told() {
    let world = format!("{} A 127.0.0.80", under("example.net", "multi.surbl.org"));
    let run = json(&world, &["--list", "multi.surbl.org", "example.net"]).await;
    assert_eq!(run.text("lists/0/meanings"), "[\"MW malware\",\"ABUSE\"]");
}

/// URIBL holds registrable domains, SURBL and Spamhaus host names; of others nothing is known.
#[tokio::test]
async fn lists_are_asked_about_the_domains_they_hold() {
    let server =
        serve("shop.example.co.uk.multi.uribl.com A 127.0.0.2\nexample.co.uk.multi.uribl.com A 127.0.0.2").await;
    for (list, target, asked) in [
        ("multi.uribl.com", "www.shop.example.co.uk", "example.co.uk.multi.uribl.com"),
        ("multi.uribl.com", "example.co.uk", "example.co.uk.multi.uribl.com"),
        ("multi.uribl.com", "co.uk", "co.uk.multi.uribl.com"),
        ("black.uribl.com", "mail.bad.example", "bad.example.black.uribl.com"),
        ("multi.surbl.org", "a.b.example.org", "a.b.example.org.multi.surbl.org"),
        ("dbl.spamhaus.org", "a.b.example.org", "a.b.example.org.dbl.spamhaus.org"),
        ("own.example", "a.b.example.org", "a.b.example.org.own.example"),
    ] {
        let run = ask(&server, &["--verbose", "--list", list, target]).await;
        assert!(run.out.contains(&format!(" {asked} A: ")), "{list}: {}", run.out);
    }
    let run = ask(&server, &["--json", "--list", "multi.uribl.com", "www.shop.example.co.uk"]).await;
    assert_eq!((run.verdicts(), run.code), (vec!["listed".to_owned()], 1));
    assert_eq!(run.text("lists/0/subject"), "www.shop.example.co.uk");
}

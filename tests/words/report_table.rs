//! The table of a report for people: what it names, and what it advises.

use std::net::IpAddr;

use rdnsbl::dnsxl::Part;
use rdnsbl::lists::ListSetBuilder;
use rdnsbl::{Checker, Dialogue, ListSet, ListSpec, ManualClock, Policy, Scripted, SpecialPurpose};

use crate::replies::{ask_with, client, reply, sender};

/// The table for people, without its line breaks.
fn table(world: &str, lists: ListSetBuilder, dialogue: &Dialogue) -> String {
    let clock = ManualClock::new();
    let dns = Scripted::table(world, clock.clone()).unwrap();
    let builder = Checker::builder_with(dns, clock.clone()).lists(lists.build().unwrap());
    let checker = builder.special_purpose(SpecialPurpose::Ask).build().unwrap();
    let report = clock.run(checker.check(dialogue).into_future());
    report.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_told(table: &str, wanted: &[&str]) {
    for text in wanted {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[test]
fn the_mail_exchanger_at_fault_is_named() {
    let world = "
        shop.example    MX 10 mail.shop.example.shop.example.
        cname.example   MX 10 alias.example.
        alias.example   CNAME bogus.example.
        bogus.example   A 10.0.0.1
        two.example     MX 10 alias.example.
        two.example     MX 20 good.example.
        good.example    A 192.0.2.25
        address.example MX 10 192.0.2.1.
        ok.example      MX 10 www.ok.example.
        www.ok.example  CNAME good.example.";
    for (domain, wanted) in [
        (
            "shop.example",
            &[
                "MX UNUSABLE shop.example: the mail exchanger mail.shop.example.shop.example has no address; the dot at the \
              end of its name may be missing in the zone",
            ][..],
        ),
        (
            "cname.example",
            &[
                "the mail exchanger alias.example, an alias, has an address that cannot be reached from the Internet: 10.0.0.1",
            ],
        ),
        ("two.example", &["OK two.example, mail goes to good.example"]),
        ("ok.example", &["OK ok.example, mail goes to www.ok.example, an alias"]),
        ("address.example", &["the MX record holds an address instead of a name: 192.0.2.1"]),
    ] {
        let dialogue = Dialogue::new().mail_from(format!("a@{domain}"));
        let table = table(world, ListSet::builder(), &dialogue);
        assert_told(&table, wanted);
        assert_eq!(table.contains("the dot"), domain == "shop.example", "{table}");
    }
    let report = ask_with(ListSet::builder(), Policy::rfc(), &sender("a@dangling.example"));
    assert_eq!(
        reply(&report),
        "550 5.1.8 Sender domain dangling.example: the mail exchanger nowhere.example has no address"
    );
}

#[test]
fn a_filter_on_the_way_is_no_dead_list() {
    let lists = || ListSet::builder().deny("bl.example");
    for address in ["0.0.0.0", "192.168.1.1", "10.0.0.1"] {
        let table = table(&format!("*.bl.example A {address}"), lists(), &client(7));
        let said = format!("FILTERED bl.example: {address} is an answer of something on the way, and not of the list");
        assert_told(&table, &["lists NOT HEARD", &said, "-> a filter on the way"]);
        assert!(!table.contains("remove it"), "{table}");
    }
    let table = table("*.bl.example A 198.51.100.1", lists(), &client(7));
    assert_told(&table, &["BROKEN bl.example", "-> remove it from the configuration"]);
}

#[test]
fn both_causes_of_a_refusal_are_told_also_where_only_the_answer_shows_it() {
    let lists = ListSet::builder().deny("bl.example").deny("good.example");
    let world = "
        $SOA bl.example 300 60
        $SOA good.example 300 60
        7.113.0.203.bl.example A 127.255.255.254";
    let table = table(world, lists, &client(7));
    assert_told(
        &table,
        &["lists NOT LISTED", "resolver of your own, not a public one", "cloud networks are refused too", "with a key"],
    );
}

#[test]
fn excluded_codes_show_what_they_mean() {
    let world = "$SOA mailspike.net 300 60\n7.113.0.203.rep.mailspike.net A 127.0.0.18";
    let table = table(world, ListSet::builder().deny("rep.mailspike.net"), &client(7));
    assert_told(&table, &["excluded rep.mailspike.net: 127.0.0.18, good: not wanted"]);
}

#[test]
fn not_listed_needs_an_answer_of_a_working_list() {
    let headline = |zones: &[&str]| {
        let world = "
            $SOA spamhaus.org 300 60
            $SOA good.example 300 60
            *.refusing.example A 127.255.255.254
            *.silent.example SERVFAIL
            7.113.0.203.good.example NXDOMAIN";
        let lists = zones.iter().fold(ListSet::builder(), |lists, zone| lists.deny(zone));
        table(world, lists, &client(7)).split_once("lists ").unwrap().1.to_owned()
    };
    for (zones, wanted) in [
        (&["good.example"][..], "NOT LISTED"),
        (&["refusing.example", "good.example"], "NOT LISTED"),
        (&["refusing.example"], "NOT HEARD"),
        (&["silent.example"], "UNDECIDED"),
        (&["zen.spamhaus.org"], "DOUBTFUL"),
        (&["zen.spamhaus.org", "good.example"], "NOT LISTED"),
        (&["dnsbl.njabl.org"], "NOT ASKED"),
    ] {
        assert!(headline(zones).starts_with(wanted), "{zones:?}: {}", headline(zones));
    }
}

#[test]
fn literals_are_written_as_the_rfc_wants_them() {
    for (helo, wanted) in [
        ("[2001:db8::1]", "an IPv6 address is written with its tag: [IPv6:2001:db8::1]"),
        ("2001:db8::1", "an IPv6 address is written with its tag: [IPv6:2001:db8::1]"),
        ("192.0.2.1", "an address is written in brackets: [192.0.2.1]"),
    ] {
        assert_told(&table("", ListSet::builder(), &client(7).helo(helo)), &["MALFORMED", wanted]);
    }
    assert!(!table("", ListSet::builder(), &client(7).helo("a b")).contains("written"));
}

#[test]
fn a_private_client_may_be_behind_nat() {
    let world = "9.0.0.10.in-addr.arpa PTR here.example.\nhere.example A 10.0.0.9";
    for (client, told) in [("10.0.0.7", true), ("fd00::7", true), ("10.0.0.9", false), ("203.0.113.7", false)] {
        let table = table(world, ListSet::builder(), &Dialogue::from(client.parse::<IpAddr>().unwrap()));
        assert_eq!(table.contains("NAT"), told, "{table}");
    }
}

#[test]
fn what_the_resolver_says_beside_a_failure_is_told() {
    use rdnsbl::dns::{AnswerKind, ExtendedError, Failure};
    use rdnsbl::testing::Table;
    use rdnsbl::{Inquiry, Randomness, Settings, SharedState};

    let names = Table::parse("7.113.0.203.in-addr.arpa PTR mail.example.\nmail.example SERVFAIL").unwrap();
    let table = Table::parse("* SERVFAIL").unwrap();
    let settings = Settings::default()
        .with_lists(ListSet::builder().deny("bl.example").build().unwrap())
        .with_special_purpose(SpecialPurpose::Ask);
    let dialogue = client(7).helo("mail.example").mail_from("a@example.net").rcpt_to("b@example.net");
    for (code, said) in [(6, "DNSSEC bogus"), (22, "no reachable authority"), (4711, "extended error 4711")] {
        let now = std::time::Instant::now();
        let settings = std::sync::Arc::new(settings.clone());
        let mut inquiry =
            Inquiry::new(&dialogue, &settings, &mut SharedState::default(), now, Randomness::for_tests([0x5a; 16]));
        while let Some((ticket, question)) = inquiry.next_question() {
            let answer = table.lookup(&question).answer();
            let failed = matches!(answer.kind(), AnswerKind::Failed(_));
            inquiry.supply(ticket, if failed { answer.with_extended_error(code) } else { answer });
        }
        let report = inquiry.finish(Failure::Deadline);
        let shown = report.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(shown.matches(&format!("server failure (SERVFAIL): {said}")).count(), 6, "{shown}");
        assert_eq!(report.sender().unwrap().extended_error(), Some(ExtendedError::new(code)));
        assert_eq!(ExtendedError::new(code).code(), code);
        let mut inquiry = Inquiry::new(
            &client(7),
            &Settings::default().into(),
            &mut SharedState::default(),
            now,
            Randomness::for_tests([0x5a; 16]),
        );
        while let Some((ticket, question)) = inquiry.next_question() {
            inquiry.supply(ticket, names.lookup(&question).answer().with_extended_error(code));
        }
        let shown = inquiry.finish(Failure::Deadline).to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&format!("mail.example (server failure (SERVFAIL)); {said}")), "{shown}");
        assert!(reply(&report).contains(said), "{}", reply(&report));
    }
}

#[test]
fn a_tool_that_checks_once_may_wait_for_the_health_of_lists() {
    use rdnsbl::dnsxl::Health;

    let clock = ManualClock::new();
    let dns = Scripted::table("$SOA example 300 60\n* after=50ms", clock.clone()).unwrap();
    let lists = || ListSet::builder().deny("made-up.example").build().unwrap();
    let checker = || {
        let builder = Checker::builder_with(dns.clone(), clock.clone()).lists(lists());
        builder.special_purpose(SpecialPurpose::Ask).build().unwrap()
    };
    let dialogue = client(7);
    let report = clock.run(checker().check(&dialogue).into_future());
    assert_eq!(report.lists()[0].health(), Health::Unprobed);
    let report = clock.run(checker().check(&dialogue).until_health_is_known().into_future());
    assert_eq!((report.lists()[0].health(), report.lists()[0].verdict().word()), (Health::Gone, "not_listed"));
}

/// What a list does not hold, where that is why it was not asked.
#[test]
fn why_a_list_is_not_asked() {
    let lists = || ListSet::builder().deny("bl.spamcop.net").deny("dbl.spamhaus.org");
    let skipped = |dialogue: &Dialogue| {
        let table = table("", lists(), dialogue);
        table.split_once("skipped ").map(|(_, rest)| rest.split_once(')').unwrap().0.to_owned())
    };
    let from = |client: &str| Dialogue::from(client.parse::<IpAddr>().unwrap());
    // The count of skipped lists stands in front.
    for (dialogue, wanted) in [
        (from("2001:4860:4860::8888"), "bl.spamcop.net, dbl.spamhaus.org (the list holds no IPv6 addresses"),
        (from("203.0.113.14"), "dbl.spamhaus.org (the list holds no IPv4 addresses"),
    ] {
        assert!(skipped(&dialogue).unwrap().ends_with(wanted), "{:?}", skipped(&dialogue));
    }
    let of_names = lists().lists([ListSpec::deny("all.s5h.net").unwrap().with_parts([Part::Helo])]);
    let told = table("", of_names, &from("203.0.113.14").helo("mail.example.com"));
    assert_told(&told, &["all.s5h.net (the list holds no domains)"]);
}

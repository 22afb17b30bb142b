//! Lists that are parts of another list: one question for all of them, and the same verdicts.

use std::sync::Arc;
use std::time::Duration;

use rdnsbl::dnsxl::{ListKind, Part, ProblemKind, Profile};
use rdnsbl::lists::catalogue::{Catalogue, Status};
use rdnsbl::lists::{Knowledge, ListSetBuilder, Merge};
use rdnsbl::{ListSet, ListSpec, Verdict};

use crate::kit::world::{CLEAN, LISTED, World, verdicts};
use crate::question_counts::{IPV6, asked, deny, holds, name};

fn merged(lists: &[&str]) -> ListSet {
    deny(lists).merge(Merge::WhereCodesTell).build().unwrap()
}

/// Each finding as the list's position, its word and what it says.
fn findings(lists: ListSetBuilder) -> Vec<String> {
    lists.build().unwrap().findings().iter().map(|it| format!("{} {} {it}", it.index(), it.kind().word())).collect()
}

const PARTS: [&str; 3] = ["sbl.spamhaus.org*3", "xbl.spamhaus.org*2", "pbl.spamhaus.org"];

#[test]
fn one_question_for_several_lists() {
    let world = World::new(&holds("zen.spamhaus.org", &["127.0.0.2", "127.0.0.10"]), merged(&PARTS));
    let report = world.check(CLEAN);
    assert_eq!(verdicts(&report), ["not_listed"; 3]);
    // The entry that must exist is asked once, at first use.
    assert_eq!(asked(&world), ["7.77.66.45.zen.spamhaus.org A", "2.0.0.127.zen.spamhaus.org A"]);
    let report = world.check(LISTED);
    assert_eq!(verdicts(&report), ["listed", "excluded", "listed"]);
    assert_eq!(
        asked(&world),
        [
            "14.77.66.45.zen.spamhaus.org A",
            "14.77.66.45.zen.spamhaus.org TXT",
            "1.0.0.127.zen.spamhaus.org A",
            "?.zen.spamhaus.org A",
            // Its entry was missing, and now it lists a client.
            "2.0.0.127.zen.spamhaus.org A"
        ]
    );
    // Names and weights are as configured; the meaning of a code is that of the list it belongs to.
    let rows: Vec<(&str, i32)> = report.lists().iter().map(|row| (row.list().as_str(), row.weight())).collect();
    assert_eq!(rows, [("sbl.spamhaus.org", 3), ("xbl.spamhaus.org", 2), ("pbl.spamhaus.org", 1)]);
    assert_eq!((report.score().low(), report.score().high()), (4, 4));
    let counts = report.counts();
    assert_eq!((counts.listed, counts.excluded, counts.total()), (2, 1, 3));
    let Verdict::Listed(ListKind::Deny, sbl) = report.lists()[0].verdict() else { panic!("not listed") };
    assert_eq!(sbl.meanings().iter().map(|it| &**it).collect::<Vec<_>>(), ["SBL"]);
    assert_eq!(sbl.reason().unwrap().as_str(), "listed there");
    // Proof is of the zone that was asked.
    for evidence in sbl.proof().controls() {
        assert!(evidence.question().name.is_within(&name("zen.spamhaus.org")), "{evidence}");
    }
    let Verdict::Listed(_, pbl) = report.lists()[2].verdict() else { panic!("not listed") };
    assert_eq!(pbl.meanings().iter().map(|it| &**it).collect::<Vec<_>>(), ["entry maintained by ISP"]);
    assert_eq!(
        report.decided_by().map(|row| row.list().as_str()).collect::<Vec<_>>(),
        ["sbl.spamhaus.org", "pbl.spamhaus.org"]
    );
    let reply = report.advice().reply().unwrap().to_string();
    assert!(reply.contains("sbl.spamhaus.org"), "{reply}");
    // With a warm cache nothing is asked.
    assert_eq!(verdicts(&world.check(LISTED)), ["listed", "excluded", "listed"]);
    assert_eq!(asked(&world), Vec::<String>::new());
}

#[cfg(feature = "serde")]
#[test]
fn merged_rows_in_json() {
    let world = World::new(&holds("zen.spamhaus.org", &["127.0.0.4"]), merged(&PARTS));
    let json = serde_json::to_value(world.check(LISTED)).unwrap();
    let field = |row: usize, field: &str| json["lists"][row][field].as_str().unwrap().to_owned();
    let rows: Vec<_> = (0..3).map(|row| (field(row, "list"), field(row, "verdict"))).collect();
    let wanted = [("sbl.spamhaus.org", "excluded"), ("xbl.spamhaus.org", "listed"), ("pbl.spamhaus.org", "excluded")];
    assert_eq!(rows, wanted.map(|(list, verdict)| (list.to_owned(), verdict.to_owned())));
    assert_eq!(json["lists"][1]["codes"], serde_json::json!(["127.0.0.4"]));
    assert_eq!(json["counts"]["excluded"], 2);
}

#[test]
fn the_filters_of_merged_rows_hold() {
    let lists = [
        "sbl.spamhaus.org=127.0.0.3*3",
        "sbl.spamhaus.org=127.0.0.2",
        "xbl.spamhaus.org=127.0.0.[4;9]",
        "zen.spamhaus.org",
    ];
    for (codes, wanted) in [
        (&["127.0.0.2", "127.0.0.9"][..], ["excluded", "listed", "excluded", "listed"]),
        (&["127.0.0.3"], ["listed", "excluded", "excluded", "listed"]),
        (&["127.0.0.4"], ["excluded", "excluded", "listed", "listed"]),
        // 127.0.0.9 belongs to SBL, even if the filter of another part names it.
        (&["127.0.0.9"], ["excluded", "excluded", "excluded", "listed"]),
        // A code that is not documented belongs to no part.
        (&["127.0.0.77"], ["excluded", "excluded", "excluded", "listed"]),
    ] {
        let world = World::new(&holds("zen.spamhaus.org", codes), merged(&lists));
        assert_eq!(verdicts(&world.check(LISTED)), wanted, "{codes:?}");
        assert!(asked(&world).iter().all(|question| question.contains("zen.spamhaus.org")));
    }
}

#[test]
fn the_gate_stands_in_front_of_merged_rows() {
    for (codes, wanted) in [
        (&["127.255.255.254"][..], ProblemKind::Refused),
        (&["127.0.0.2", "127.255.255.254"], ProblemKind::Refused),
        (&["203.0.113.9"], ProblemKind::Outside127),
        (&["127.0.0.2", "203.0.113.9"], ProblemKind::Outside127),
    ] {
        let world = World::new(&holds("zen.spamhaus.org", codes), merged(&PARTS));
        for row in world.check(LISTED).lists() {
            let Verdict::Problem(problem) = row.verdict() else { panic!("{codes:?}: {:?}", row.verdict()) };
            assert_eq!(problem.kind(), wanted, "{codes:?}");
        }
    }
    // If the zone that is asked lists everything, none of its names counts as listed.
    let world = World::new("*.zen.spamhaus.org A 127.0.0.2\n*.zen.spamhaus.org A 127.0.0.4", merged(&PARTS[..2]));
    let report = world.check(LISTED);
    assert_eq!(verdicts(&report), ["problem", "problem"]);
    assert!(report.advice().reply().is_none());
    // If it is silent, all of its rows are unknown.
    let world = World::new("*.zen.spamhaus.org SERVFAIL", merged(&PARTS));
    assert_eq!(verdicts(&world.check(LISTED)), ["unknown"; 3]);
}

/// For all codes a row has the same verdict, merged or not: its codes in the merged zone stand for the answer of its own zone.
/// Only "not listed" in its own zone is "excluded" in the merged one.
#[test]
fn merged_or_not_is_the_same_but_for_the_questions() {
    let part = |codes: &[&'static str], own: &[&str]| -> Vec<&'static str> {
        codes.iter().copied().filter(|code| own.contains(code)).collect()
    };
    for codes in [
        &["127.0.0.2"][..],
        &["127.0.0.3", "127.0.0.4"],
        &["127.0.0.2", "127.0.0.9", "127.0.0.11"],
        &["127.0.0.4", "127.0.0.10"],
        &["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.10"],
    ] {
        let table = holds("zen.spamhaus.org", codes)
            + &holds("sbl.spamhaus.org", &part(codes, &["127.0.0.2", "127.0.0.3", "127.0.0.9"]))
            + &holds("xbl.spamhaus.org", &part(codes, &["127.0.0.4"]))
            + &holds("pbl.spamhaus.org", &part(codes, &["127.0.0.10", "127.0.0.11"]));
        let apart = World::new(&table, deny(&PARTS).build().unwrap());
        let merged = World::new(&table, merged(&PARTS));
        for client in [LISTED, IPV6.parse().unwrap()] {
            let (apart, merged) = (apart.check(client), merged.check(client));
            assert_eq!(apart.score(), merged.score(), "{codes:?}");
            for (one, other) in apart.lists().iter().zip(merged.lists()) {
                let meanings = |verdict: &Verdict| match verdict {
                    Verdict::Listed(_, listing) => listing.meanings().to_vec(),
                    _ => Vec::new(),
                };
                assert_eq!(one.list(), other.list());
                assert_eq!(meanings(one.verdict()), meanings(other.verdict()), "{codes:?}");
                let missed = (one.verdict().word(), other.verdict().word()) == ("not_listed", "excluded");
                assert!(missed || one.verdict().word() == other.verdict().word(), "{codes:?} {}", one.list());
            }
        }
    }
}

#[test]
fn sums_of_bits_are_taken_apart() {
    let lists = ["black.uribl.com=127.0.0.2*3", "grey.uribl.com", "red.uribl.com*2"];
    for (code, wanted) in [
        ("127.0.0.2", ["listed", "excluded", "excluded"]),
        ("127.0.0.6", ["listed", "listed", "excluded"]),
        ("127.0.0.8", ["excluded", "excluded", "listed"]),
        ("127.0.0.14", ["listed", "listed", "listed"]),
        ("127.0.0.16", ["excluded", "excluded", "excluded"]),
        ("127.0.0.1", ["problem", "problem", "problem"]),
    ] {
        let world = World::new(&holds("multi.uribl.com", &[code]), merged(&lists));
        assert_eq!(verdicts(&world.check(name("bad.test"))), wanted, "{code}");
        let subject = asked(&world).into_iter().filter(|it| it == "bad.test.multi.uribl.com A").count();
        assert_eq!(subject, 1, "{code}");
    }
}

#[test]
fn only_what_belongs_together_is_merged() {
    let zones = |lists: ListSetBuilder| {
        let lists = lists.merge(Merge::WhereCodesTell).build().unwrap();
        lists.iter().map(|spec| spec.zone().expose().trim_end_matches('.').to_owned()).collect::<Vec<_>>()
    };
    let same = |lists: &[&str]| assert_eq!(zones(deny(lists)), lists);
    // One part alone, lists of other operators, closed lists.
    same(&["sbl.spamhaus.org", "bl.spamcop.net"]);
    same(&["sbl.spamhaus.org", "dbl.spamhaus.org", "multi.uribl.com"]);
    same(&["dnsbl.sorbs.net", "spam.dnsbl.sorbs.net", "dul.dnsbl.sorbs.net"]);
    same(&["sbl-xbl.spamhaus.org", "sbl.spamhaus.org"]);
    same(&["cbl.abuseat.org", "sbl.spamhaus.org"]);
    // Codes that are not documented have no meaning.
    let text = "as_of 2026-11-28
        zone all.bl.example\nkinds ipv4\nstatus active\ncode 127.0.0.2 deny listed\nsource us
        zone one.bl.example\nzone two.bl.example\nkinds ipv4\nstatus active\npart_of all.bl.example\nsource us";
    let vague = Knowledge::Given(Arc::new(Catalogue::parse(text).unwrap()));
    let lists = ["one.bl.example", "two.bl.example"];
    assert_eq!(zones(deny(&lists).knowledge(vague)), lists);
    assert_eq!(zones(deny(&["noptr.spamrats.com", "spam.spamrats.com"])), ["all.spamrats.com"; 2]);
    // The list itself is one of the parts.
    assert_eq!(zones(deny(&["zen.spamhaus.org", "xbl.spamhaus.org"])), ["zen.spamhaus.org"; 2]);
    // A key opens its own zones and no others.
    let (own, other) = ("secretkeyone", "secretkeytwo");
    let keyed = |key: &str, zone: &str| format!("{key}.{zone}.mail.abusix.zone");
    let (black, dynamic) = (keyed(own, "black"), keyed(own, "dynamic"));
    assert_eq!(zones(deny(&[&black, &dynamic])), [keyed(own, "combined"), keyed(own, "combined")]);
    same(&[&black, &keyed(other, "dynamic")]);
    same(&[&black, &keyed(other, "combined")]);
    same(&["secretkeyone.sbl.dq.spamhaus.net", "zen.spamhaus.org"]);
    same(&["sbl.spamhaus.org", "secretkeyone.zen.dq.spamhaus.net"]);
    // If a key is optional, both zones have it or neither.
    let ours = "as_of 2026-08-21
        zone all.test key-accepted
            kinds ipv4
            status active
            source us
        zone some.test key-accepted
            kinds ipv4
            status active
            part_of all.test 127.0.0.4
            source us";
    let ours = Knowledge::Given(Arc::new(Catalogue::parse(ours).unwrap()));
    for (lists, wanted) in [
        (["some.test", "all.test"], ["all.test", "all.test"]),
        (["key1.some.test", "key1.all.test"], ["key1.all.test", "key1.all.test"]),
        (["key1.some.test", "all.test"], ["key1.some.test", "all.test"]),
        (["some.test", "key1.all.test"], ["some.test", "key1.all.test"]),
        (["key1.some.test", "key2.all.test"], ["key1.some.test", "key2.all.test"]),
    ] {
        assert_eq!(zones(deny(&lists).knowledge(ours.clone())), wanted);
    }
    // A list with more settings than the catalogue has is not merged.
    let spec = |zone: &str| ListSpec::deny(zone).unwrap();
    let with = |sbl: ListSpec| zones(ListSet::builder().list(sbl).deny("xbl.spamhaus.org").deny("pbl.spamhaus.org"));
    assert_eq!(with(spec("sbl.spamhaus.org")), ["zen.spamhaus.org"; 3]);
    let alone = |own: &'static str| [own, "zen.spamhaus.org", "zen.spamhaus.org"];
    assert_eq!(with(spec("sbl.spamhaus.org").with_profile(Profile::new())), alone("sbl.spamhaus.org"));
    assert_eq!(with(spec("sbl.spamhaus.org").with_daily_limit(100)), alone("sbl.spamhaus.org"));
    let limited = |zone: &str| ListSet::builder().list(spec(zone).with_daily_limit(100)).deny("xbl.spamhaus.org");
    assert_eq!(zones(limited("sbl.spamhaus.org")), ["sbl.spamhaus.org", "xbl.spamhaus.org"]);
    assert_eq!(zones(limited("zen.spamhaus.org")), ["zen.spamhaus.org", "xbl.spamhaus.org"]);
    assert_eq!(with(spec("sbl.local").with_mirror_of(name("sbl.spamhaus.org"))), alone("sbl.local"));
    // A list that is asked about other subjects is not merged.
    assert_eq!(with(spec("sbl.spamhaus.org").with_parts([Part::Helo])), alone("sbl.spamhaus.org"));
    assert_eq!(
        zones(deny(&PARTS).knowledge(Knowledge::None)),
        ["sbl.spamhaus.org", "xbl.spamhaus.org", "pbl.spamhaus.org"]
    );
    // A set that was built is printed as it was written.
    let lists = merged(&PARTS);
    assert_eq!(lists.iter().map(ToString::to_string).collect::<Vec<_>>(), PARTS);
    assert_eq!(lists.findings(), []);
}

#[test]
fn a_key_is_not_shown_by_what_is_merged() {
    let lists = ["black", "combined", "black"].map(|zone| format!("secretkeyone.{zone}.mail.abusix.zone"));
    let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
    for (merge, listed) in [(Merge::Never, 1), (Merge::WhereCodesTell, 3)] {
        let set = deny(&lists).merge(merge).build().unwrap();
        let said = format!("{set:?} {:?} {:?}", set.findings(), findings(deny(&lists).merge(merge)));
        assert!(!said.contains("secretkey"), "{said}");
        let world = World::new(&holds("secretkeyone.combined.mail.abusix.zone", &["127.0.0.3"]), set);
        let report = world.check(LISTED);
        assert_eq!(report.counts().listed, listed);
        assert!(!format!("{report:?} {report}").contains("secretkey"));
    }
}

#[test]
fn what_could_be_one_question_is_told() {
    let many = "one query is enough for this list and others in the set:";
    assert_eq!(
        findings(deny(&["sbl.spamhaus.org*3", "bl.spamcop.net", "xbl.spamhaus.org=127.0.0.4*2", "pbl.spamhaus.org"])),
        [
            format!("0 one_question sbl.spamhaus.org: {many} zen.spamhaus.org=127.0.0.[2..3;9;30]*3"),
            format!("2 one_question xbl.spamhaus.org: {many} zen.spamhaus.org=127.0.0.4*2"),
            format!("3 one_question pbl.spamhaus.org: {many} zen.spamhaus.org=127.0.0.[10..11]"),
        ]
    );
    // The suggested replacement asks once and has the same verdicts.
    let instead =
        ["zen.spamhaus.org=127.0.0.[2..3;9;30]*3", "zen.spamhaus.org=127.0.0.4*2", "zen.spamhaus.org=127.0.0.[10..11]"];
    assert_eq!(findings(deny(&instead)), Vec::<String>::new());
    assert_eq!(
        findings(deny(&["black.uribl.com", "red.uribl.com*2"])),
        [
            format!("0 one_question black.uribl.com: {many} multi.uribl.com=127.0.0.[2;6;10;14]"),
            format!("1 one_question red.uribl.com: {many} multi.uribl.com=127.0.0.[8;10;12;14]*2"),
        ]
    );
    assert_eq!(
        findings(deny(&["secretkeyone.black.mail.abusix.zone", "secretkeyone.dynamic.mail.abusix.zone"])),
        [
            format!(
                "0 one_question black.mail.abusix.zone: {many} (key)..combined.mail.abusix.zone=127.0.0.[2..3;200]"
            ),
            format!(
                "1 one_question dynamic.mail.abusix.zone: {many} (key)..combined.mail.abusix.zone=127.0.0.[11..12]"
            ),
        ]
    );
    // One list alone is one question already.
    for lists in [&["sbl.spamhaus.org"][..], &["sbl.spamhaus.org", "black.uribl.com", "bl.spamcop.net"]] {
        assert_eq!(findings(deny(lists)), Vec::<String>::new(), "{lists:?}");
    }
    // Merged lists have no such finding.
    assert_eq!(findings(deny(&PARTS).merge(Merge::WhereCodesTell)), Vec::<String>::new());
}

#[test]
fn what_counts_twice_is_told() {
    let twice = "is part of zen.spamhaus.org, which is asked too: a listing counts twice";
    for merge in [Merge::Never, Merge::WhereCodesTell] {
        assert_eq!(
            findings(deny(&["sbl.spamhaus.org", "zen.spamhaus.org*3"]).merge(merge)),
            [format!("0 counted_twice sbl.spamhaus.org: {twice}")]
        );
    }
    // Codes that only one of the two lists counts do not count twice.
    let words = |lists: ListSetBuilder| {
        lists.build().unwrap().findings().iter().map(|it| (it.index(), it.kind().word())).collect::<Vec<_>>()
    };
    assert_eq!(words(deny(&["zen.spamhaus.org=127.0.0.[2..3]", "pbl.spamhaus.org"])), [(1, "one_question")]);
    assert_eq!(words(deny(&["zen.spamhaus.org=127.0.0.[2..10]", "pbl.spamhaus.org"])), [(1, "counted_twice")]);
    assert_eq!(words(deny(&["zen.spamhaus.org=127.0.0.10", "pbl.spamhaus.org=127.0.0.11"])), [(1, "one_question")]);
    let rats = words(deny(&["all.spamrats.com", "noptr.spamrats.com"]));
    assert_eq!(rats.iter().filter(|(_, word)| *word != "note").collect::<Vec<_>>(), [&(1, "counted_twice")]);
    assert_eq!(words(deny(&["multi.uribl.com", "black.uribl.com"])), [(1, "counted_twice")]);
    let weightless = words(deny(&["zen.spamhaus.org*0", "pbl.spamhaus.org"]));
    assert_eq!(weightless, [(0, "no_weight"), (1, "one_question")]);
    let other = ListSpec::deny("pbl.spamhaus.org").unwrap().with_parts([Part::Helo]);
    assert_eq!(words(deny(&["zen.spamhaus.org"]).list(other)), [(1, "wrong_subject")]);
    // The same line twice.
    assert_eq!(
        findings(deny(&["bl.test*2", "bl.test=127.0.0.2", "bl.test", "dnsbl.njabl.org", "dnsbl.njabl.org"]))
            .into_iter()
            .filter(|it| !it.contains("retired"))
            .collect::<Vec<_>>(),
        ["2 named_twice bl.test: occurs earlier with the same codes: a hit counts twice"]
    );
    assert_eq!(words(deny(&["bl.test"]).allow("bl.test")), []);
    let world = World::new(&holds("bl.test", &["127.0.0.2"]), deny(&["bl.test*2", "bl.test"]).build().unwrap());
    assert_eq!(world.check(LISTED).score().low(), 3, "as the finding says");
}

#[test]
fn the_catalogue_knows_what_it_says_of_parts() {
    let catalogue = Catalogue::builtin();
    let mut told = 0;
    for entry in catalogue.iter() {
        let Some(whole) = entry.part_of() else {
            assert_eq!(entry.part_codes(), None, "{}", entry.zone());
            continue;
        };
        let whole = catalogue.get(whole).unwrap();
        assert_eq!((entry.status(), whole.status()), (&Status::Active, &Status::Active), "{}", entry.zone());
        assert!(whole.part_of().is_none() && whole.zone() != entry.zone(), "{}", entry.zone());
        assert_eq!(entry.group(), whole.group(), "{}", entry.zone());
        assert_eq!(entry.access(), whole.access(), "{}", entry.zone());
        assert!(entry.kinds().iter().all(|kind| whole.kinds().contains(kind)), "{}", entry.zone());
        let Some(part_codes) = entry.part_codes() else { continue };
        told += 1;
        // Each code is documented by the list that answers with it, and belongs to no other part.
        let codes: Vec<_> =
            (0..=255).map(|last| [127, 0, 0, last].into()).filter(|code| part_codes.passes(*code)).collect();
        assert!(!codes.is_empty(), "{}", entry.zone());
        for code in codes {
            assert!(whole.profile().meanings(code).next().is_some(), "{} {code}", entry.zone());
            let others = catalogue.iter().filter(|it| it.part_of() == Some(whole.zone()) && it.zone() != entry.zone());
            let bits = |text: &str| text.starts_with('&');
            if !bits(&part_codes.to_string()) {
                assert!(
                    others.filter_map(|it| it.part_codes()).all(|other| !other.passes(code)),
                    "{} {code}",
                    entry.zone()
                );
            }
        }
    }
    assert_eq!(told, 15);
    // A filter that picks none of the part's codes has no replacement.
    assert!(!findings(deny(&["sbl.spamhaus.org=127.0.0.77", "pbl.spamhaus.org"])).concat().contains("0 one_question"));
}

#[test]
fn a_watched_set_looks_at_the_zone_asked_once() {
    let world = World::new(&holds("zen.spamhaus.org", &["127.0.0.2"]), merged(&PARTS));
    let health = world.clock.run(world.checker.probe());
    assert_eq!(health.len(), 6, "every row for both families");
    assert!(asked(&world).iter().all(|it| !it.contains("sbl.") && !it.contains("xbl.") && !it.contains("pbl.")));
    world.clock.advance(Duration::from_secs(1));
}

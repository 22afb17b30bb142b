//! What the catalogue knows about lists decides verdicts: refusals, kinds of codes, test entries, lists that have closed.

use rdnsbl::dnsxl::{Health, ListKind, Profile, Skipped};
use rdnsbl::lists::catalogue::{Catalogue, Status};
use rdnsbl::lists::{Knowledge, Retired};
use rdnsbl::{Checker, Dialogue, ListSet, ListSetError, ListSpec, ManualClock, Scripted, Verdict};

use crate::list_findings::{build, check, check_client, name, said, verdict};

#[test]
fn refusals_of_every_vendor() {
    for (zone, code) in [
        ("zen.spamhaus.org", "127.255.255.252"),
        ("zen.spamhaus.org", "127.255.255.254"),
        ("zen.spamhaus.org", "127.255.255.255"),
        ("cbl.abuseat.org", "127.255.255.254"),
        ("list.dnswl.org", "127.0.0.255"),
        ("list.dnswl.org", "127.0.10.3"),
        ("sa-trusted.bondedsender.org", "127.255.255.255"),
        ("sa-accredit.habeas.com", "127.255.255.255"),
        ("score.senderscore.com", "127.255.255.255"),
        ("bl.score.senderscore.com", "127.255.255.255"),
    ] {
        for kind in [ListKind::Deny, ListKind::Allow] {
            assert_eq!(verdict(kind, zone, &[code]), "problem/refused", "{kind:?} {zone} {code}");
            assert_eq!(verdict(kind, zone, &[code, "127.0.0.2"]), "problem/refused", "{kind:?} {zone} {code}");
        }
    }
    for (zone, code) in [
        ("dbl.spamhaus.org", "127.0.1.255"),
        ("dbl.spamhaus.org", "127.255.255.254"),
        ("dwl.dnswl.org", "127.0.0.255"),
        ("dwl.dnswl.org", "127.0.10.3"),
        ("multi.surbl.org", "127.0.0.1"),
        ("multi.uribl.com", "127.0.0.1"),
        ("white.uribl.com", "127.0.0.1"),
        ("keykeykey.zrd.dq.spamhaus.net", "127.0.2.255"),
    ] {
        for spec in [ListSpec::deny(zone).unwrap(), ListSpec::allow(zone).unwrap()] {
            let world = format!("example.net.{zone} A {code}");
            let (report, _) = check(build(ListSet::builder().list(spec)), &world, name("example.net"));
            assert_eq!(said(&report), "problem/refused", "{zone} {code}");
        }
    }
}

#[test]
fn mixed_lists_count_their_own_kind() {
    use ListKind::{Allow, Deny};
    for (kind, zone, code, wanted) in [
        (Deny, "rep.mailspike.net", "127.0.0.10", "listed"),
        (Allow, "rep.mailspike.net", "127.0.0.10", "excluded"),
        (Deny, "rep.mailspike.net", "127.0.0.15", "excluded"),
        (Allow, "rep.mailspike.net", "127.0.0.15", "excluded"),
        (Deny, "rep.mailspike.net", "127.0.0.20", "excluded"),
        (Allow, "rep.mailspike.net", "127.0.0.20", "listed"),
        (Deny, "rep.mailspike.net", "127.0.0.99", "excluded"),
        (Allow, "rep.mailspike.net", "127.0.0.99", "excluded"),
        (Deny, "hostkarma.junkemailfilter.com", "127.0.0.1", "excluded"),
        (Allow, "hostkarma.junkemailfilter.com", "127.0.0.1", "listed"),
        (Deny, "hostkarma.junkemailfilter.com", "127.0.0.2", "listed"),
        (Deny, "hostkarma.junkemailfilter.com", "127.0.0.3", "excluded"),
        (Allow, "list.dnswl.org", "127.0.9.3", "listed"),
        (Allow, "list.dnswl.org", "127.0.0.1", "problem/ambiguous"),
        (Deny, "zen.spamhaus.org", "127.0.0.77", "listed"), // an open list means something by it
        (Deny, "dyna.spamrats.com", "127.0.0.2", "excluded"),
        (Deny, "rbl.efnetrbl.org", "127.0.0.1", "listed"),
        (Deny, "bl.spamcop.net", "127.0.0.1", "problem/ambiguous"),
    ] {
        assert_eq!(verdict(kind, zone, &[code]), wanted, "{kind:?} {zone} {code}");
    }
}

#[test]
fn an_allow_list_that_praises_everybody_is_caught_by_its_controls() {
    let lists = || build(ListSet::builder().allow("list.dnswl.org"));
    let (report, _) = check_client(lists(), "*.list.dnswl.org A 127.0.9.3");
    assert_eq!(said(&report), "problem/lists_everything");
    // The answer of dnswl to resolvers over their limit is recognised.
    let (report, _) = check_client(lists(), "*.list.dnswl.org A 127.0.10.3");
    assert_eq!(said(&report), "problem/refused");
}

#[test]
fn a_list_that_holds_127_0_0_1_for_reasons_of_its_own() {
    let zone = "hostkarma.junkemailfilter.com";
    let world = format!("1.0.0.127.{zone} A 127.0.0.1\n14.113.0.203.{zone} A 127.0.0.2");
    let (report, asked) = check_client(build(ListSet::builder().deny(zone)), &world);
    assert_eq!(said(&report), "listed");
    assert!(asked.contains(&format!("1.2.0.192.{zone}.")), "{asked:?}");
    assert!(!asked.contains(&format!("1.0.0.127.{zone}.")), "{asked:?}");
}

#[test]
fn a_list_that_holds_all_of_127_by_design_is_sound() {
    for zone in ["bogons.cymru.com", "v4.fullbogons.cymru.com"] {
        let world =
            format!("*.127.{zone} A 127.0.0.2\n1.1.168.192.{zone} A 127.0.0.2\n14.113.0.203.{zone} A 127.0.0.2");
        let (report, asked) = check_client(build(ListSet::builder().deny(zone)), &world);
        assert_eq!(said(&report), "listed", "{zone}");
        assert!(asked.contains(&format!("8.8.8.8.{zone}.")), "{asked:?}");
        let (report, _) = check_client(build(ListSet::builder().deny(zone)), &format!("*.{zone} A 127.0.0.2"));
        assert_eq!(said(&report), "problem/lists_everything", "{zone}");
    }
}

#[test]
fn test_entries_are_asked_where_somebody_knows_them() {
    for (zone, entry) in [
        ("bogons.cymru.com", Some("1.1.168.192")),
        ("all.s5h.net", Some("2.0.0.127")),
        ("zen.spamhaus.org", Some("2.0.0.127")),
        ("bl.suomispam.net", Some("2.0.0.127")),
        ("list.dnswl.org", Some("2.0.0.127")),
        ("korea.services.net", Some("1.1.96.61")),
        ("dnsbl-1.uceprotect.net", None),
    ] {
        let (_, asked) = check_client(build(ListSet::builder().deny(zone)), &format!("$SOA {zone} 300 60"));
        let mut wanted = vec![format!("14.113.0.203.{zone}.")];
        wanted.extend(entry.map(|entry| format!("{entry}.{zone}.")));
        assert_eq!(asked, wanted);
    }
    let dbl = "$SOA dbl.spamhaus.org 300 60";
    let (_, asked) = check(build(ListSet::builder().deny("dbl.spamhaus.org")), dbl, name("example.net"));
    assert!(asked.contains(&"dbltest.com.dbl.spamhaus.org.".to_owned()), "{asked:?}");
}

#[test]
fn the_dead_are_not_asked() {
    // The lists of a page from 2008, with the answers that they give today.
    let dead =
        ["cn-kr.blackholes.us", "brazil.blackholes.us", "russia.blackholes.us", "list.dsbl.org", "rbl.spamhaus.org"];
    let world: String = dead.iter().map(|zone| format!("*.{zone} A 127.0.0.2\n")).collect();
    let lists = || dead.iter().fold(ListSet::builder(), |set, zone| set.deny(zone));

    let skipping = build(lists());
    assert_eq!(skipping.findings().len(), 5);
    assert!(skipping.findings().iter().all(|finding| finding.kind().is_gone()));
    let (report, asked) = check_client(skipping.clone(), &world);
    assert_eq!(asked, Vec::<String>::new());
    assert!(report.lists().iter().all(|row| *row.verdict() == Verdict::Skipped(Skipped::Retired)));
    assert!(report.advice().reply().is_none());
    assert!(report.lists().iter().all(|row| row.health() == Health::Retired));
    // The list does not exist, for any subject.
    let (report, _) = check(skipping, &world, Dialogue::default());
    assert!(report.lists().iter().all(|row| *row.verdict() == Verdict::Skipped(Skipped::Retired)));

    // If it is asked, the proof at the time of the hit gives the same answer.
    let (report, asked) = check_client(build(lists().retired(Retired::Ask)), &world);
    assert!(!asked.is_empty());
    assert_eq!(report.problems().count(), 5);
    assert!(report.advice().reply().is_none());

    let Err(ListSetError::Retired(findings)) = lists().deny("bl.spamcop.net").retired(Retired::Refuse).build() else {
        panic!("dead lists were to be refused");
    };
    assert_eq!(findings.iter().map(|finding| finding.index()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let strict = ListSet::builder().deny("bl.spamcop.net").deny("relays.nether.net").retired(Retired::Refuse);
    assert_eq!(build(strict).findings().len(), 1, "who is not known to be dead is no error");

    let (report, _) = check_client(build(lists().knowledge(Knowledge::None)), &world);
    assert_eq!(report.problems().count(), 5);
}

#[test]
fn the_dead_are_not_looked_after() {
    let clock = ManualClock::new();
    let dns = Scripted::table("*.blackholes.us A 127.0.0.2", clock.clone()).unwrap();
    let lists = build(ListSet::builder().deny("brazil.blackholes.us").deny("bl.spamcop.net"));
    let checker = Checker::builder_with(dns.clone(), clock.clone()).lists(lists).build().unwrap();
    let health = clock.run(checker.probe());
    assert_eq!(health[0].health(), Health::Retired);
    assert_eq!(health[0].advice(), "remove it from the configuration");
    assert_eq!(health[1].list().as_str(), "bl.spamcop.net");
    assert!(!dns.asked().iter().any(|question| question.name.expose().ends_with(".blackholes.us.")));
}

/// A filter without any code of the list, where the catalogue knows all of them.
#[test]
fn filters_that_no_listing_passes() {
    let read = |text: &str| -> Vec<String> {
        let lists = build(ListSet::builder().read(text));
        lists.findings().iter().map(ToString::to_string).filter(|line| line.contains("returns none of")).collect()
    };
    for (text, listings) in [
        ("xbl.spamhaus.org=127.0.0.2", Some("127.0.0.[4..7]")),
        ("zen.spamhaus.org=127.0.0.99", Some("127.0.0.[2..11;30]")),
        ("pbl.spamhaus.org=127.0.0.2*3", Some("127.0.0.[10..11]")),
        ("sbl.spamhaus.org=127.0.0.4", Some("127.0.0.[2..3;9;30]")),
        ("dbl.spamhaus.org=127.0.0.2", Some("127.0.1.[2;4..6]")),
        ("bl.spamcop.net=127.0.0.3", Some("127.0.0.2")),
        ("bl.spamcop.net=127.0.0.[3..255]", Some("127.0.0.2")),
        ("postscreen_dnsbl_sites = wl.mailspike.net=127.0.0.[2..12]*-2", Some("127.0.0.[17..20]")),
        ("deny dnslists = bl.spamcop.net!=127.0.0.2", Some("127.0.0.2")),
        ("deny dnslists = xbl.spamhaus.org&0.0.0.3", None), // 127.0.0.7 has both bits
        ("deny dnslists = bl.spamcop.net&0.0.0.4", Some("127.0.0.2")),
        ("deny dnslists = multi.uribl.com&0.0.0.16", Some("")),
        ("multi.uribl.com=127.0.0.1", Some("")), // only a refusal
        ("postscreen_dnsbl_sites = list.dnswl.org=127.0.0.[1..3]*-2", Some("")),
        ("keykeykeykey.xbl.dq.spamhaus.net=127.0.0.2", Some("127.0.0.[4..7]")),
        // One code that the list returns is enough, also one that describes and does not accuse.
        ("xbl.spamhaus.org=127.0.0.[2..4]", None),
        ("zen.spamhaus.org=127.0.0.8", None),
        ("dbl.spamhaus.org=127.0.1.103", None),
        ("multi.uribl.com=127.0.0.12", None),
        ("list.dnswl.org=127.0.5.0*-1", None),
        ("rep.mailspike.net=127.0.0.14", None),
        ("deny dnslists = bl.spamcop.net!=127.0.0.3", None),
        // Other codes are possible.
        ("iadb.isipp.com=127.3.100.6", None),
        ("dnsbl.dronebl.org=127.0.0.20", None),
        ("multi.surbl.org=127.0.0.2", None),
        ("bl.suomispam.net=127.0.0.2", None),
        ("keykeykeykey.zen.dq.spamhaus.net=127.0.0.20", None),
        ("zen.example=127.0.0.99", None),
    ] {
        let wanted = listings.map(|codes| match codes {
            "" => String::new(),
            codes => format!("; its listings have {codes}"),
        });
        let found = read(text);
        let ends = wanted.iter().all(|wanted| {
            found
                .iter()
                .all(|line| line.ends_with(&format!(": never counts: the list returns none of these codes{wanted}")))
        });
        assert!(ends && found.len() == usize::from(listings.is_some()), "{text}: {found:?}");
    }
    // A copy may have codes of its own, and what the configuration knows about a list comes first.
    let zone = name("xbl.spamhaus.org");
    let copy = ListSpec::deny("xbl.local=127.0.0.2").unwrap().with_mirror_of(zone);
    let own = ListSpec::deny("xbl.spamhaus.org=127.0.0.2").unwrap().with_profile(Profile::new());
    for list in [copy, own] {
        assert_eq!(build(ListSet::builder().list(list)).findings(), []);
    }
    // Such a list adds nothing to a score.
    let lists = build(ListSet::builder().deny("xbl.spamhaus.org=127.0.0.2*9").deny("a.example*2").threshold(3));
    assert_eq!(lists.unreachable().len(), 1);
}

#[test]
fn all_codes_are_known_where_the_catalogue_says_so() {
    for entry in Catalogue::builtin().iter().filter(|entry| entry.knows_all_codes()) {
        assert!(entry.profile().knows_codes() && *entry.status() == Status::Active, "{}", entry.zone());
        // A recommended filter matches.
        let Some(recommended) = entry.recommendation() else { continue };
        assert_eq!(build(ListSet::builder().list(recommended.spec().clone())).findings(), [], "{}", entry.zone());
    }
}

/// Every place of a closed list has to be removed, and no hit of it counts twice.
#[test]
fn a_closed_list_that_is_named_twice() {
    let twice = || ListSet::builder().deny("dnsbl.njabl.org").deny("bl.example").deny("dnsbl.njabl.org=127.0.0.2");
    let lists = build(twice().deny("rbl.spamhaus.org").deny("rbl.spamhaus.org"));
    let found: Vec<(usize, &str)> = lists.findings().iter().map(|it| (it.index(), it.kind().word())).collect();
    assert_eq!(found, [(0, "retired"), (2, "retired"), (3, "never_a_list"), (4, "never_a_list")]);
    let lines: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
    let again = |line: &str| line.contains(": named again; ");
    assert_eq!(lines.iter().map(|line| again(line)).collect::<Vec<_>>(), [false, true, false, true], "{lines:?}");
    assert!(lines[1].starts_with("dnsbl.njabl.org: named again; closed 2013"), "{lines:?}");
    let error = twice().retired(Retired::Refuse).build().unwrap_err().to_string();
    assert_eq!(error.matches("named again").count(), 1, "{error}");
    // Asked all the same, it is a list like any other.
    let asked = build(ListSet::builder().retired(Retired::Ask).deny("dnsbl.njabl.org").deny("dnsbl.njabl.org"));
    let words: Vec<&str> = asked.findings().iter().map(|it| it.kind().word()).collect();
    assert_eq!(words, ["retired", "retired", "named_twice"]);
    assert!(!asked.findings().iter().any(|it| again(&it.to_string())));
}

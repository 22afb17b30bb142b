//! Findings about a set of lists, for the administrator, and what settings add to the catalogue.

use std::future::IntoFuture;
use std::net::IpAddr;
use std::sync::Arc;

use rdnsbl::dnsxl::{ListKind, Part, Profile, SubjectKind};
use rdnsbl::lists::catalogue::Catalogue;
use rdnsbl::lists::{Knowledge, ListSetBuilder};
use rdnsbl::name::Key;
use rdnsbl::{Checker, Dialogue, ListSet, ListSpec, ManualClock, Name, Report, Scripted, SpecialPurpose, Verdict};

pub(crate) const CLIENT: &str = "203.0.113.14";

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn build(lists: ListSetBuilder) -> ListSet {
    lists.build().unwrap()
}

/// The findings of one list, each as its word.
pub(crate) fn words(spec: &str) -> Vec<&'static str> {
    build(ListSet::builder().deny(spec)).findings().iter().map(|finding| finding.kind().word()).collect()
}

/// A check in this world, and the names of lists that were asked.
pub(crate) fn check(lists: ListSet, world: &str, dialogue: impl Into<Dialogue>) -> (Report, Vec<String>) {
    let clock = ManualClock::new();
    let dns = Scripted::table(world, clock.clone()).unwrap();
    let checker = Checker::builder_with(dns.clone(), clock.clone())
        .lists(lists)
        .special_purpose(SpecialPurpose::Ask)
        .build()
        .unwrap();
    let report = clock.run(checker.check(dialogue).into_future());
    let asked = dns.asked().into_iter().map(|question| question.name.expose().to_owned());
    let tries_the_resolver =
        |name: &str| name == "." || [26, 25].contains(&name.len()) && name.split('.').next().unwrap().len() == 20;
    (report, asked.filter(|name| !name.ends_with(".arpa.") && !tries_the_resolver(name)).collect())
}

pub(crate) fn check_client(lists: ListSet, world: &str) -> (Report, Vec<String>) {
    check(lists, world, CLIENT.parse::<IpAddr>().unwrap())
}

/// A verdict as one word, a problem or a skip with its kind.
pub(crate) fn verdict(kind: ListKind, zone: &str, codes: &[&str]) -> String {
    let world: String = codes.iter().map(|code| format!("14.113.0.203.{zone} A {code}\n")).collect();
    let lists = match kind {
        ListKind::Deny => ListSet::builder().deny(zone),
        ListKind::Allow => ListSet::builder().allow(zone),
    };
    said(&check_client(build(lists), &world).0)
}

pub(crate) fn said(report: &Report) -> String {
    match report.lists()[0].verdict() {
        Verdict::Problem(problem) => format!("problem/{}", problem.kind().word()),
        Verdict::Skipped(why) => format!("skipped/{}", why.word()),
        other => other.word().to_owned(),
    }
}

#[test]
fn what_an_administrator_is_told() {
    for (spec, wanted) in [
        ("zen.spamhaus.org=127.0.0.[2..11]*3", &[][..]),
        ("dnsbl.njabl.org", &["retired"]),
        ("virus.dnsbl.sorbs.net", &["retired"]),
        ("rbl.spamhaus.org", &["never_a_list"]),
        ("dnsbl.habl.org", &["never_a_list"]),
        ("zen.spamhous.org", &["misspelled"]),
        ("zen.dq.spamhaus.net", &["needs_key"]),
        ("dbl.dq.spamhaus.net", &["needs_key"]),
        ("keykeykeykey.zen.dq.spamhaus.net", &[]),
        ("keykeykeykey.zen.dq.spamhaus.org", &["misspelled"]),
        ("keykeykeykeykeykey22.zen.spamhaus.net", &["misspelled"]),
        ("keykeykeykeykeykey22.zen.spamhaus.org", &["takes_no_key"]),
        ("keykeykeykeykeykey22.combined.abusix.zone", &["misspelled"]),
        ("keykeykeykeykeykey22.bl.example", &[]),
        ("spam.spamrats.com", &["note"]),
        ("b.barracudacentral.org", &["note"]),
        ("ips.backscatterer.org", &["note"]),
        ("dnsbl-3.uceprotect.net", &["note"]),
        ("dnsbl.spfbl.net", &["note"]),
        ("multi.surbl.org", &["note"]),
        ("sbl-xbl.spamhaus.org", &["renamed"]),
        ("cbl.abuseat.org", &["merged"]),
        ("dialups.mail-abuse.org", &["restricted"]),
        ("bl.nszones.com", &["suspect", "note"]),
        ("relays.nether.net", &["unverified"]),
        ("ebl.msbl.org", &["nothing_to_ask", "note"]),
        ("list.dnswl.org", &["wrong_side"]),
        ("list.dnswl.org=127.0.[0..255].[1..3]*-8", &[]), // postscreen's way
        ("hostkarma.junkemailfilter.com", &[]),
        ("rep.mailspike.net", &[]),
        ("bl.spamcop.net=203.0.113.9", &["codes_never_match"]),
        ("bl.spamcop.net=127.255.255.[0..255]", &["codes_never_match"]),
        ("bl.corp.example=10.0.0.1", &["codes_never_match"]),
        // Private lists, and lists that the catalogue does not contain.
        ("bl.example", &[]),
        ("zen.example", &[]),
        ("dead.demo", &[]),
        ("good.test", &[]),
        ("dnsbl.example.org", &[]),
        ("rbl.example.net", &[]),
    ] {
        assert_eq!(words(spec), wanted, "{spec}");
    }
    // The reason for a suspicion is shown.
    let suspect = build(ListSet::builder().deny("bl.nszones.com"));
    assert!(
        suspect.findings()[0]
            .to_string()
            .starts_with("bl.nszones.com: there is a reason to distrust it: Spamhaus calls it")
    );
    let wrong = build(ListSet::builder().allow("zen.spamhaus.org"));
    assert_eq!(wrong.findings()[0].to_string(), "zen.spamhaus.org: a deny list that is used as an allow list");
}

/// A catalogue of a later version, whose new words may say anything about codes.
#[test]
fn what_a_newer_catalogue_says_is_no_reason_to_believe_a_refusal() {
    let text = |speaks: &str, more: &str| {
        let text = format!(
            "format 1\nas_of 2030-01-01\nzone bl.example\nkinds ipv4\nspeaks {speaks}\nstatus active\n\
             code 127.0.0.255 refusal over the limit\ncode 127.0.0.3 neutral grey\n{more}\nsource us"
        );
        Knowledge::Given(Arc::new(Catalogue::parse(&text).unwrap()))
    };
    for (kind, speaks) in [(ListKind::Deny, "against"), (ListKind::Allow, "for")] {
        let lists = |more: &str| {
            let spec =
                if kind == ListKind::Deny { ListSpec::deny("bl.example") } else { ListSpec::allow("bl.example") };
            build(ListSet::builder().list(spec.unwrap()).knowledge(text(speaks, more)))
        };
        let said_of =
            |lists: ListSet, code: &str| said(&check_client(lists, &format!("14.113.0.203.bl.example A {code}")).0);
        assert!(lists("").findings().is_empty());
        assert_eq!(said_of(lists(""), "127.0.0.3"), "excluded");
        let newer = lists("weather rain");
        assert_eq!(newer.findings().iter().map(|finding| finding.kind().word()).collect::<Vec<_>>(), ["partly_read"]);
        assert_eq!(said_of(newer.clone(), "127.0.0.255"), "problem/refused");
        assert_eq!(said_of(newer, "127.0.0.3"), "listed");
    }
}

#[test]
fn what_a_list_wants_of_its_users_is_told() {
    for (zone, said) in [
        ("ips.backscatterer.org", "only for the null sender (<>)"),
        ("b.barracudacentral.org", "must be registered"),
        ("dnsbl-2.uceprotect.net", "whole allocations"),
        ("dnsbl-3.uceprotect.net", "whole networks"),
        ("dnsbl.spfbl.net", "for scoring, not for rejecting"),
        ("gl.suomispam.net", "for scoring"),
        ("all.spamrats.com", "refuses public resolvers"),
    ] {
        let lists = build(ListSet::builder().deny(zone));
        let notes: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
        assert!(notes.iter().any(|note| note.starts_with(zone) && note.contains(said)), "{notes:?}");
        let (report, _) = check_client(lists, &format!("14.113.0.203.{zone} A 127.0.0.2"));
        assert!(report.lists()[0].note().is_some_and(|note| note.contains(said)), "{zone}");
    }
    let (report, _) = check_client(build(ListSet::builder().deny("bl.spamcop.net")), "");
    assert_eq!(report.lists()[0].note(), None);
}

#[test]
fn lines_that_mean_something_else_in_their_software() {
    let words = |text: &str| -> Vec<String> {
        let lists = build(ListSet::builder().read(text));
        lists.findings().iter().map(|finding| format!("{} {}", finding.index(), finding.kind().word())).collect()
    };
    for (text, wanted) in [
        ("reject_rhsbl_helo zen.spamhaus.org=127.0.0.[2..11]", &["0 wrong_subject"][..]),
        ("reject_rbl_client dbl.spamhaus.org=127.0.1.[2..99]", &["0 wrong_subject"]),
        ("reject_rbl_client multi.uribl.com=127.0.0.2", &["0 wrong_subject"]),
        ("postscreen_dnsbl_sites = bl.spamcop.net*2, dbl.spamhaus.org=127.0.1.2*1", &["1 wrong_subject"]),
        ("reject_rhsbl_sender dbl.spamhaus.org=127.0.1.[2..99]", &[]),
        // A list that is named alone may be asked about a domain, and refusal codes never count.
        ("dbl.spamhaus.org", &[]),
        ("zen.spamhaus.org*3, bl.spamcop.net", &[]),
        ("reject_rbl_client zen.spamhaus.org", &["0 no_code_filter"]),
        ("reject_rbl_client zen.spamhaus.org=127.[0..255].[0..255].[2..255]", &["0 no_code_filter"]),
        ("reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]", &[]),
        ("reject_rbl_client bl.spamcop.net", &[]),
        ("smtpd_client_restrictions = permit_mynetworks\n  reject_rbl_client zen.spamhaus.org", &["0 no_code_filter"]),
        ("postscreen_dnsbl_sites = zen.spamhaus.org*3", &["0 no_code_filter"]),
        ("deny dnslists = zen.spamhaus.org", &["0 no_code_filter"]),
        ("deny dnslists = zen.spamhaus.org!=127.255.255.252,127.255.255.254,127.255.255.255", &[]),
        ("FEATURE(`dnsbl', `zen.spamhaus.org')", &["0 no_code_filter"]),
        ("check_rbl('zen', 'zen.spamhaus.org.')", &["0 no_code_filter"]),
        ("zen { rbl = \"zen.spamhaus.org\"; }", &["0 no_code_filter"]),
        ("permit_dnswl_client list.dnswl.org", &["0 allows_when_refused"]),
        ("permit_dnswl_client list.dnswl.org=127.0.[2..9].[1..3]", &[]),
        ("postscreen_dnsbl_sites = list.dnswl.org*-2", &["0 allows_when_refused"]),
    ] {
        assert_eq!(words(text), wanted, "{text}");
    }
    let lists = build(ListSet::builder().read("reject_rhsbl_helo zen.spamhaus.org"));
    let lines: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "zen.spamhaus.org: contains addresses, but is asked about the name in HELO: it never counts",
            "zen.spamhaus.org: returns 127.255.255.252 when it refuses to answer, and postfix counts that as a listing: \
             count only 127.0.0.[2..11;30]",
        ]
    );
}

#[test]
fn findings_are_lines_without_keys() {
    let lists = build(
        ListSet::builder()
            .deny("relays.ordb.org")
            .deny("cbl.abuseat.org")
            .deny("zen.spamhaus.net")
            .deny("secretkey.r.mail-abuse.com")
            .deny("abc.r.mail-abuse.com"),
    );
    let lines: Vec<String> = lists.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "relays.ordb.org: closed 2006-12-18; stopped answering, then was changed by its operator to list everything \
             (https://isc.sans.edu/diary/4198 (shut 2006-12-18; wildcard since 2008-03-25))",
            "cbl.abuseat.org: is now part of another list; see xbl.spamhaus.org",
            "zen.spamhaus.net: not a known list; did you mean zen.spamhaus.org?",
            "r.mail-abuse.com: answers only subscribers or registered clients",
            "r.mail-abuse.com#2: answers only subscribers or registered clients",
        ]
    );
    // A key too short to be known by its looks is hidden as soon as the zone is known to have one.
    assert_eq!(lists.iter().last().map(|spec| spec.zone().to_string()).as_deref(), Some("(key)..r.mail-abuse.com"));
    assert_eq!(
        lists.iter().last().map(|spec| spec.zone().expose().to_owned()).as_deref(),
        Some("abc.r.mail-abuse.com.")
    );
}

#[test]
fn keyed_and_copied_zones_have_the_codes_of_their_originals() {
    let key = Key::new("secretkey").unwrap();
    for spec in [
        ListSpec::deny("zen.dq.spamhaus.net").unwrap().with_key(&key).unwrap(),
        ListSpec::deny("secretkey.zen.dq.spamhaus.net").unwrap(),
        ListSpec::deny("zen.local").unwrap().with_mirror_of(name("zen.spamhaus.org")),
    ] {
        let zone = spec.zone().expose().to_owned();
        let (report, _) =
            check_client(build(ListSet::builder().list(spec)), &format!("14.113.0.203.{zone} A 127.0.0.4"));
        let Verdict::Listed(ListKind::Deny, listing) = report.lists()[0].verdict() else {
            panic!("{zone}: not listed")
        };
        assert_eq!(listing.meanings().iter().map(|meaning| &**meaning).collect::<Vec<_>>(), ["XBL"]);
    }
    // A private copy of a closed list is allowed.
    let copy = ListSpec::deny("sorbs.local").unwrap().with_mirror_of(name("dnsbl.sorbs.net"));
    assert!(build(ListSet::builder().list(copy)).findings().is_empty());
}

#[test]
fn one_operator_is_one_voice_under_all_its_names() {
    let operators = |zones: &[&str]| {
        let lists = build(zones.iter().fold(ListSet::builder(), |set, zone| set.deny(zone)));
        lists.iter().map(|spec| spec.operator().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        operators(&["zen.spamhaus.org", "cbl.abuseat.org", "secretkey.zen.dq.spamhaus.net", "bl.spamcop.net"]),
        ["spamhaus", "spamhaus", "spamhaus", "spamcop.net"]
    );
    assert_eq!(operators(&["dnsbl-1.uceprotect.net", "ips.backscatterer.org"]), ["uceprotect", "uceprotect"]);
    let said = ListSpec::deny("zen.spamhaus.org").unwrap().with_operator("somebody else");
    assert_eq!(build(ListSet::builder().list(said)).iter().next().map(ListSpec::operator), Some("somebody else"));
}

#[test]
fn settings_override_the_catalogue() {
    let world = "14.113.0.203.dyna.spamrats.com A 127.0.0.2";
    let said_of = |lists: ListSetBuilder| said(&check_client(build(lists), world).0);
    assert_eq!(said_of(ListSet::builder().deny("dyna.spamrats.com")), "excluded");
    assert_eq!(said_of(ListSet::builder().deny("dyna.spamrats.com").knowledge(Knowledge::None)), "listed");
    let own = ListSpec::deny("dyna.spamrats.com").unwrap().with_profile(Profile::new());
    assert_eq!(said_of(ListSet::builder().list(own)), "listed");
    let only_names =
        ListSpec::deny("dyna.spamrats.com").unwrap().with_profile(Profile::new().lists([SubjectKind::Domain]));
    assert_eq!(said_of(ListSet::builder().list(only_names)), "skipped/family");
    let text = "as_of 2026-08-21\nzone dyna.spamrats.com\nkinds ipv4\nstatus retired 2026-11 emptied\nsource us";
    let newer = Knowledge::Given(Arc::new(Catalogue::parse(text).unwrap()));
    assert_eq!(said_of(ListSet::builder().deny("dyna.spamrats.com").knowledge(newer)), "skipped/retired");
}

#[test]
fn recommended_lists() {
    let lists = ListSet::recommended();
    let specs: Vec<String> = lists.iter().map(ToString::to_string).collect();
    assert_eq!(
        specs,
        [
            "list.dnswl.org=127.0.[1..9;11..255].[1..3]",
            "bl.mailspike.net=127.0.0.[2;10..12]*2",
            "bl.spamcop.net*2",
            "zen.spamhaus.org=127.0.0.[2..11]*3",
            "dbl.spamhaus.org=127.0.1.[2..99]*3",
            "psbl.surriel.com*2",
        ]
    );
    assert!(lists.findings().is_empty());
    assert_eq!(lists.iter().flat_map(ListSpec::parts).filter(|part| **part == Part::Sender).count(), 1);
    let listed_on = |zones: &[&str]| {
        let world: String = zones.iter().map(|zone| format!("14.113.0.203.{zone} A 127.0.0.2\n")).collect();
        check_client(ListSet::recommended(), &world).0.advice().reply().is_some()
    };
    assert!(listed_on(&["zen.spamhaus.org"]));
    assert!(!listed_on(&["bl.spamcop.net"]));
    assert!(listed_on(&["bl.spamcop.net", "psbl.surriel.com"]));
}

#[test]
fn zones_that_differ_in_their_keys_alone_are_numbered() {
    let keyed = |key: &str| format!("{key}.zen.dq.spamhaus.org");
    let (first, second) = (keyed("0123456789abcdef0123"), keyed("0123456789abcdef4567"));
    let lists = build(
        ListSet::builder()
            .deny(&first)
            .deny("bl.example")
            .deny(&second)
            .deny(&first)
            .deny(&format!("{second}=127.0.0.2"))
            .deny("zen.dq.spamhaus.org"),
    );
    let called: Vec<String> = lists.iter().map(|list| list.id().to_string()).collect();
    let zone = "zen.dq.spamhaus.org";
    assert_eq!(called, [zone, "bl.example", &format!("{zone}#2"), zone, &format!("{zone}#2"), &format!("{zone}#3")]);
    assert!(
        lists
            .findings()
            .iter()
            .any(|finding| finding.to_string().starts_with("zen.dq.spamhaus.org#2: not a known list;"))
    );
    let own = ListSpec::deny(&second).unwrap().with_label("second");
    let lists = build(ListSet::builder().deny(&first).list(own));
    assert_eq!(lists.iter().map(|list| list.id().to_string()).collect::<Vec<_>>(), [zone, "second"]);
}

#[test]
fn ordinary_long_labels_are_shown() {
    for zone in ["internalblocklist.example", "allourinternalblocklists.example", "our-internal-blocklist-no-2.example"]
    {
        assert_eq!(ListSpec::deny(zone).unwrap().zone().to_string(), zone);
    }
    // A zone in the catalogue is not a key, even if it looks like one.
    let zone = "0123456789abcdef0123.lists.example";
    assert_eq!(ListSpec::deny(zone).unwrap().id().to_string(), "lists.example");
    let text = format!("as_of 2026-08-21\nzone {zone}\nkinds ipv4\nstatus active\nsource us");
    let known = Knowledge::Given(Arc::new(Catalogue::parse(&text).unwrap()));
    let lists = build(ListSet::builder().deny(zone).knowledge(known));
    assert_eq!(lists.iter().map(|list| list.id().to_string()).collect::<Vec<_>>(), [zone]);
}

#[test]
fn the_right_spelling_comes_with_a_key_too() {
    let line = |zone: &str| {
        let lists = build(ListSet::builder().deny(&format!("aq2aaaaaaaaaaaaaaaaaaaaaai.{zone}")));
        lists.findings().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    for (zone, said) in [
        ("zen.dq.spamhaus.org", "zen.dq.spamhaus.org: not a known list; did you mean zen.dq.spamhaus.net?"),
        ("zen.spamhaus.org", "zen.spamhaus.org: accepts no key in front of the zone; zen.dq.spamhaus.net does"),
        ("zen.spamhaus.net", "zen.spamhaus.net: not a known list; did you mean zen.dq.spamhaus.net?"),
        ("zen.dq.spamhaus.ent", "zen.dq.spamhaus.ent: not a known list; did you mean zen.dq.spamhaus.net?"),
        ("combined.abusix.zone", "combined.abusix.zone: not a known list; did you mean combined.mail.abusix.zone?"),
        (
            "combined.mail.abusix.com",
            "combined.mail.abusix.com: not a known list; did you mean combined.mail.abusix.zone?",
        ),
        ("zen.dq.spamhaus.net", ""),
    ] {
        assert_eq!(line(zone), said);
    }
}

//! What the catalogue adds to a set of lists: profiles, lists that are not asked, and findings for the administrator.

use std::future::IntoFuture;
use std::net::IpAddr;
use std::sync::Arc;

use rdnsbl::dnsxl::{Health, ListKind, Part, Profile, Skipped, SubjectKind};
use rdnsbl::lists::catalogue::Catalogue;
use rdnsbl::lists::{Knowledge, ListSetBuilder, Retired};
use rdnsbl::name::Key;
use rdnsbl::{
    Checker, Dialogue, ListSet, ListSetError, ListSpec, ManualClock, Name, Report, Scripted, SpecialPurpose, Verdict,
};

const CLIENT: &str = "203.0.113.14";

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn build(lists: ListSetBuilder) -> ListSet {
    lists.build().unwrap()
}

/// The findings of one list, each as its word.
fn words(spec: &str) -> Vec<&'static str> {
    build(ListSet::builder().deny(spec)).findings().iter().map(|finding| finding.kind().word()).collect()
}

/// A check in this world, and the names of lists that were asked.
fn check(lists: ListSet, world: &str, dialogue: impl Into<Dialogue>) -> (Report, Vec<String>) {
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

fn check_client(lists: ListSet, world: &str) -> (Report, Vec<String>) {
    check(lists, world, CLIENT.parse::<IpAddr>().unwrap())
}

/// A verdict as one word, a problem or a skip with its kind.
fn verdict(kind: ListKind, zone: &str, codes: &[&str]) -> String {
    let world: String = codes.iter().map(|code| format!("14.113.0.203.{zone} A {code}\n")).collect();
    let lists = match kind {
        ListKind::Deny => ListSet::builder().deny(zone),
        ListKind::Allow => ListSet::builder().allow(zone),
    };
    said(&check_client(build(lists), &world).0)
}

fn said(report: &Report) -> String {
    match report.lists()[0].verdict() {
        Verdict::Problem(problem) => format!("problem/{}", problem.kind().word()),
        Verdict::Skipped(why) => format!("skipped/{}", why.word()),
        other => other.word().to_owned(),
    }
}

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

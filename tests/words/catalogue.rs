//! The built-in catalogue: every entry has what it must have.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use rdnsbl::Name;
use rdnsbl::dnsxl::{Disposition, SubjectKind};
use rdnsbl::lists::catalogue::{Access, Catalogue, Date, DomainForm, Entry, Speaks, Status};

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn get(text: &str) -> &'static Entry {
    Catalogue::builtin().get(&name(text)).unwrap_or_else(|| panic!("{text} is not in the catalogue"))
}

pub(crate) fn is_line(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| matches!(octet, 0x20..=0x7e))
}

#[test]
fn as_many_lists_as_were_looked_at() {
    let count = |wanted: fn(&Entry) -> bool| Catalogue::builtin().iter().filter(|entry| wanted(entry)).count();
    let statuses = ["active", "restricted", "unverified", "suspect", "renamed", "merged", "never a list", "retired"];
    let counts = statuses.map(|word| Catalogue::builtin().iter().filter(|entry| entry.status().word() == word).count());
    assert_eq!(counts, [99, 13, 59, 2, 3, 4, 2, 148]);
    assert_eq!(count(|_| true), counts.iter().sum::<usize>());
    assert_eq!(count(|entry| matches!(entry.status(), Status::Retired(stone) if stone.since().is_some())), 145);
    // Lists that can be asked, and whose codes are known; the richest other collection has about 25.
    let usable = |entry: &Entry| matches!(entry.status(), Status::Active | Status::Restricted);
    let known = |entry: &&Entry| usable(entry) && entry.profile().knows_codes();
    assert_eq!(Catalogue::builtin().iter().filter(known).count(), 84);
    assert_eq!(Catalogue::builtin().iter().filter(known).filter(|entry| !entry.kinds().is_empty()).count(), 79);
    assert_eq!(count(|entry| entry.recommendation().is_some()), 6);
}

#[test]
fn every_row() {
    let catalogue = Catalogue::builtin();
    let mut zones = HashSet::new();
    let mut groups: HashMap<String, usize> = HashMap::new();
    for entry in catalogue.iter() {
        let zone = entry.zone();
        assert!(zone.is_host() && zone.label_count() >= 2, "{zone}");
        assert!(zones.insert(zone.clone()), "{zone} stands there twice");
        assert_eq!(catalogue.get(zone).map(Entry::zone), Some(zone));
        for alias in entry.aliases() {
            assert!(zones.insert(alias.clone()), "{alias} stands there twice");
            assert_eq!(catalogue.get(alias).map(Entry::zone), Some(zone));
        }
        assert!(is_line(&entry.to_string()), "{entry}");
        for text in entry.sources().chain(entry.note()).chain(entry.operator()) {
            assert!(is_line(text), "{zone}: {text}");
        }
        assert!(entry.sources().next().is_some(), "{zone} has no source");
        assert!(!entry.kinds().is_empty() || entry.holds_hashes(), "{zone} holds nothing");
        for other in entry.successor().into_iter().chain(entry.part_of()) {
            assert_eq!(catalogue.get(other).map(Entry::zone), Some(other), "{zone} refers to {other}");
        }
        let next = entry.successor().and_then(|next| catalogue.get(next));
        assert!(next.is_none_or(|next| !next.status().is_gone()), "{zone} sends people to a dead list");
        if entry.is_grouped() {
            *groups.entry(entry.group()).or_default() += 1;
        } else {
            assert_eq!(entry.group(), zone.to_string());
        }
        match entry.status() {
            Status::Retired(stone) => {
                assert!(is_line(&stone.to_string()), "{zone}");
                assert!(stone.since().is_some() || !stone.how().is_empty() || entry.note().is_some(), "{zone}");
                assert!(stone.since().is_none_or(|since| since <= catalogue.as_of()), "{zone}");
            }
            Status::Renamed | Status::Merged => assert!(entry.successor().is_some(), "{zone}"),
            _ => {}
        }
        for part in 0..=u8::MAX {
            // No entry may give a meaning to answers that only broken lists give.
            assert_eq!(entry.profile().meanings(Ipv4Addr::new(128, 0, 0, part)).count(), 0, "{zone}");
            let refusal = |(disposition, _)| disposition == Disposition::Refusal;
            assert!(entry.profile().meanings(Ipv4Addr::new(127, 255, 255, part)).all(refusal), "{zone}");
        }
        if let Some(recommendation) = entry.recommendation() {
            assert_eq!(*entry.status(), Status::Active, "{zone}");
            assert_eq!(entry.access(), Access::Open, "{zone}");
            assert!(entry.profile().knows_codes() && is_line(recommendation.reason()), "{zone}");
            assert!(recommendation.since() <= catalogue.as_of(), "{zone}");
            assert_eq!(recommendation.spec().zone(), zone);
        }
    }
    for (group, members) in groups {
        assert!(members > 1, "{group} is a group of one");
    }
}

#[test]
fn lists_that_old_configurations_name() {
    for (zone, status) in [
        ("bl.spamcop.net", "active"),
        ("sbl.spamhaus.org", "active"),
        ("all.rbl.jp", "retired"),
        ("list.dsbl.org", "retired"),
        ("cn-kr.blackholes.us", "retired"),
        ("brazil.blackholes.us", "retired"),
        ("russia.blackholes.us", "retired"),
        ("bl.blocklist.de", "active"),
        ("rbl.interserver.net", "active"),
        ("dnsbl-1.uceprotect.net", "active"),
        ("dnsbl-2.uceprotect.net", "active"),
        ("dnsbl-3.uceprotect.net", "active"),
        ("dnsbl.sorbs.net", "retired"),
        ("ips.backscatterer.org", "active"),
        ("truncate.gbudb.net", "active"),
        ("b.barracudacentral.org", "active"),
        ("cbl.abuseat.org", "merged"),
        ("dialups.mail-abuse.org", "restricted"),
        ("relays.mail-abuse.org", "restricted"),
        ("rbl.spamhaus.org", "never a list"),
    ] {
        assert_eq!(get(zone).status().word(), status, "{zone}");
        assert_eq!(get(zone).zone(), &name(zone));
    }
}

#[test]
fn names_lead_to_their_lists() {
    for (written, zone) in [
        ("keykeykeykeykeykey.zen.dq.spamhaus.net", "zen.dq.spamhaus.net"),
        ("k1.zen.dq.spamhaus.net", "zen.dq.spamhaus.net"), // too short to be known as a key by its looks
        ("keykeykeykeykeykey.dbl.dq.spamhaus.net", "dbl.spamhaus.org"),
        ("keykeykeykeykeykey.combined.mail.abusix.zone", "combined.mail.abusix.zone"),
        ("keykeykeykeykeykey.spam.spamrats.com", "spam.spamrats.com"),
        ("keykeykeykeykeykey.r.mail-abuse.com", "r.mail-abuse.com"),
        ("keykeykeykeykeykey.xbl.dq.spamhaus.net", "xbl.spamhaus.org"),
        ("keykeykeykeykeykey.pbl.dq.spamhaus.net", "pbl.spamhaus.org"),
        ("keykeykeykeykeykey.sbl-xbl.dq.spamhaus.net", "sbl-xbl.spamhaus.org"),
        ("keykeykeykeykeykey.exploit.mail.abusix.zone", "exploit.mail.abusix.zone"),
        ("virbl.bit.nl", "virbl.dnsbl.bit.nl"),
        ("rbl.efnet.org", "rbl.efnetrbl.org"),
        ("argentina.blackholes.us", "countries.blackholes.us"),
        ("cn.countries.nerd.dk", "zz.countries.nerd.dk"),
        ("virus.dnsbl.sorbs.net", "dnsbl.sorbs.net"),
    ] {
        assert_eq!(get(written).zone(), &name(zone), "{written}");
    }
    for unknown in ["foo.zen.spamhaus.org", "bl.example", "a.keykeykeykey.zen.dq.spamhaus.net", "org", "."] {
        assert!(Catalogue::builtin().get(&name(unknown)).is_none(), "{unknown}");
    }
    assert_eq!(get("zen.spamhaus.org").profile(), get("zen.dq.spamhaus.net").profile());
}

#[test]
fn voices() {
    let group = |zone: &str| get(zone).group();
    for zone in ["sbl.spamhaus.org", "xbl.spamhaus.org", "pbl.spamhaus.org", "zen.dq.spamhaus.net", "cbl.abuseat.org"] {
        assert_eq!(group(zone), group("zen.spamhaus.org"), "{zone}");
    }
    assert_eq!(group("dnsbl-1.uceprotect.net"), group("dnsbl-3.uceprotect.net"));
    assert_ne!(group("bl.spamcop.net"), group("psbl.surriel.com"));
    assert_eq!(get("sbl.spamhaus.org").part_of(), Some(&name("zen.spamhaus.org")));
}

#[test]
fn facts_of_single_lists() {
    use Disposition::{Allow, Deny, Neutral, Refusal, Test};
    for (zone, code, wanted) in [
        ("hostkarma.junkemailfilter.com", "127.0.0.1", &[Allow][..]),
        ("hostkarma.junkemailfilter.com", "127.0.0.2", &[Deny]),
        ("hostkarma.junkemailfilter.com", "127.0.0.3", &[Neutral]),
        ("list.dnswl.org", "127.0.0.255", &[Refusal]),
        ("list.dnswl.org", "127.0.10.3", &[Refusal]),
        ("dwl.dnswl.org", "127.0.10.3", &[Refusal]),
        ("list.dnswl.org", "127.0.10.2", &[Allow]),
        ("list.dnswl.org", "127.0.5.0", &[Allow]),
        ("list.dnswl.org", "127.0.0.1", &[]),
        ("dbl.spamhaus.org", "127.0.1.255", &[Refusal]),
        ("dbl.spamhaus.org", "127.0.1.2", &[Deny]),
        ("multi.surbl.org", "127.0.0.1", &[Refusal]),
        ("multi.surbl.org", "127.0.0.24", &[Deny, Deny]),
        ("multi.uribl.com", "127.0.0.1", &[Refusal]),
        ("bl.score.senderscore.com", "127.0.0.1", &[Deny]),
        ("bl.suomispam.net", "127.0.0.99", &[Test]),
        ("bogons.cymru.com", "127.0.0.2", &[Deny]),
        ("dnswl.spfbl.net", "127.0.0.2", &[Allow]),
        ("dnswl.spfbl.net", "127.0.0.3", &[Allow]),
        ("dnswl.spfbl.net", "127.0.0.5", &[Neutral]),
        ("dnsbl.spfbl.net", "127.0.0.3", &[Deny]),
        ("dnsbl.spfbl.net", "127.0.0.4", &[Neutral]),
        ("dnsbl.spfbl.net", "127.0.0.5", &[Neutral]),
        ("noptr.spamrats.com", "127.0.0.37", &[Deny]),
        ("noptr.spamrats.com", "127.0.0.2", &[]),
        ("all.spamrats.com", "127.0.0.43", &[Deny]),
        ("z.mailspike.net", "127.0.0.2", &[Deny]),
        ("bl.mailspike.net", "127.0.0.13", &[]),
        ("torexit.dan.me.uk", "127.0.0.100", &[Deny]),
        ("lookup.dkimwl.org", "127.0.3.5", &[Neutral]),
        ("lookup.dkimwl.org", "127.255.255.255", &[Refusal]),
        ("zen.dq.spamhaus.net", "127.255.255.250", &[Refusal]),
        ("xbl.dq.spamhaus.net", "127.255.255.251", &[Refusal]),
        ("zrd.dq.spamhaus.net", "127.0.2.17", &[Deny]),
        ("zrd.dq.spamhaus.net", "127.0.2.255", &[Refusal]),
    ] {
        let found: Vec<Disposition> = get(zone).profile().meanings(code.parse().unwrap()).map(|(is, _)| is).collect();
        assert_eq!(found, wanted, "{zone} {code}");
    }
    assert_eq!(get("hostkarma.junkemailfilter.com").speaks(), Speaks::Both);
    assert_eq!(get("list.dnswl.org").speaks(), Speaks::For);
    // Links are looked up whole in SURBL, by their registrable domain in URIBL.
    assert_eq!(get("multi.surbl.org").domain_form(), None);
    assert_eq!(get("multi.surbl.org").kinds(), [SubjectKind::Domain]);
    for zone in ["multi.uribl.com", "black.uribl.com", "white.uribl.com", "zrd.dq.spamhaus.net"] {
        assert_eq!(get(zone).domain_form(), Some(DomainForm::Registrable), "{zone}");
    }
    assert_eq!(get("zen.dq.spamhaus.net").access(), Access::KeyNeeded);
    assert_eq!(get("spam.spamrats.com").access(), Access::KeyAccepted);
    assert!(get("ebl.msbl.org").kinds().is_empty() && get("ebl.msbl.org").holds_hashes());
    assert!(!get("bl.spamcop.net").profile().is_about(SubjectKind::Domain));
    assert_eq!(
        get("dnsbl.njabl.org").to_string(),
        "dnsbl.njabl.org (NJABL): closed 2013-03-01; was emptied, then had name servers at addresses without a server, then lost \
         the registration of its domain, then was registered by somebody else, so that every name had an address \
         (https://en.wikipedia.org/wiki/Not_Just_Another_Bogus_List (emptied 2013-03-01; NS in 192.0.2.0/24 2013-04-29; \
         expired 2019-01-02; squatter wildcard 2024-01))"
    );
}

#[test]
fn how_old_it_is() {
    let catalogue = Catalogue::builtin();
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(catalogue.as_of().to_string(), "2026-11-28");
    assert_eq!(catalogue.age(catalogue.as_of().start() + 425 * day), 425 * day);
    assert_eq!(catalogue.age(SystemTime::UNIX_EPOCH), Duration::ZERO);
}

/// The text of the catalogue.
pub(crate) const BUILTIN: &str = include_str!("../../src/lists/catalogue/builtin.txt");

#[test]
fn how_the_text_is_kept() {
    let lines: Vec<&str> =
        BUILTIN.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(lines.first(), Some(&"format 1"));
    assert!(Catalogue::builtin().findings().is_empty(), "{:?}", Catalogue::builtin().findings());
    // One stanza an operator, sorted by its domain; a group of lists is one operator's.
    let domains: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("domain ")).collect();
    assert!(domains.iter().zip(domains.iter().skip(1)).all(|(one, next)| one < next), "{domains:?}");
    let mut groups = HashSet::new();
    for stanza in BUILTIN.split("\ndomain ").skip(1) {
        let own: HashSet<&str> = stanza.lines().filter_map(|line| line.trim().strip_prefix("group ")).collect();
        assert!(own.len() <= 1 && own.iter().all(|group| groups.insert(*group)), "{own:?}");
        assert!(stanza.contains("\n    zone "), "{stanza}");
    }
    assert!(!BUILTIN.split("\ndomain ").next().unwrap().contains("\nzone "), "a list without an operator's stanza");
    // Every source says when, or that it does not know.
    for source in lines.iter().filter_map(|line| line.strip_prefix("source ")) {
        let date = source.split(' ').next().unwrap();
        assert!(
            date == "undated" || date.parse::<Date>().is_ok_and(|date| date <= Catalogue::builtin().as_of()),
            "{source}"
        );
    }
    assert!(lines.iter().all(|line| !line.starts_with("x-")));
}

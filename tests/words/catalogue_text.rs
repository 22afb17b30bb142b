//! Catalogues as texts: what is read, what is kept of a text of a later version, what a host adds, and where mistakes are.

use rdnsbl::lists::catalogue::{Catalogue, CatalogueErrorKind, CatalogueFileError, Status};

use crate::catalogue::{BUILTIN, is_line, name};

#[test]
fn an_operator_is_named_once() {
    let text = "format 1
        as_of 2026-11-28
        x-comment whatever
        domain bl.example
            x-colour red
            operator Somebody
            group somebody

            zone one.bl.example
                kinds ipv4
                status active
                source 2026-11 us
            zone two.bl.example
                operator Somebody's Brother
                kinds ipv4
                x-
                status active
                source the colleagues
                source 2024 them
        domain other.example
            zone other.example
                kinds ipv4
                status active
                source undated us";
    let catalogue = Catalogue::parse(text).unwrap();
    assert!(catalogue.findings().is_empty());
    let said = |zone: &str| {
        let entry = catalogue.get(&name(zone)).unwrap();
        (entry.operator(), entry.group(), entry.newest_source().map(|date| date.to_string()))
    };
    assert_eq!(said("one.bl.example"), (Some("Somebody"), "somebody".to_owned(), Some("2026-11".to_owned())));
    assert_eq!(said("two.bl.example"), (Some("Somebody's Brother"), "somebody".to_owned(), Some("2024".to_owned())));
    assert_eq!(said("other.example"), (None, "other.example".to_owned(), None));
    let two = catalogue.get(&name("two.bl.example")).unwrap();
    assert_eq!(two.sources().collect::<Vec<_>>(), ["the colleagues", "them"]);
}

#[test]
fn a_newer_text_serves_and_explains_no_code() {
    let with = |line: &str, place: &str| {
        let (head, one) = if place == "head" { (line, "") } else { ("", line) };
        format!(
            "format 1\nas_of 2030-01-01\ndomain bl.example\n{head}\nzone one.bl.example\nkinds ipv4\n{one}\n\
             status active\npart_of two.bl.example 127.0.0.2\ncode 127.0.0.9 refusal asked too often\n\
             code 127.0.0.2 deny listed\nbit 4 allow praised\nunknown closed\nabsent ipv4 192.0.2.1\n\
             recommended 2030-01-01 deny one.bl.example\nreason good\nnote whole networks\nsource 2030 us\n\
             zone two.bl.example\nkinds ipv4\nstatus active\ncode 127.0.0.2 deny listed\nsource 2030 us\n\
             zone like.bl.example\nkinds ipv4\nstatus active\nlike one.bl.example\nsource 2030 us"
        )
    };
    let explained = |catalogue: &Catalogue, zone: &str| {
        let entry = catalogue.get(&name(zone)).unwrap();
        let known = |code: &str| entry.profile().meanings(code.parse().unwrap()).count();
        (entry.is_partly_read(), known("127.0.0.2"), known("127.0.0.4"), known("127.0.0.9"))
    };
    // Known keywords, and those that begin with "x-", are read.
    for line in ["", "x-weather rain", "x-"] {
        let catalogue = Catalogue::parse(&with(line, "list")).unwrap();
        assert!(catalogue.findings().is_empty());
        assert_eq!(explained(&catalogue, "one.bl.example"), (false, 1, 1, 1));
        assert_eq!(explained(&catalogue, "like.bl.example"), (false, 1, 1, 1));
        let entry = catalogue.get(&name("one.bl.example")).unwrap();
        assert!(entry.recommendation().is_some() && entry.part_codes().is_some());
    }
    for line in ["weather rain", "weather", "Code 127.0.0.2 allow praised", "codes"] {
        let catalogue = Catalogue::parse(&with(line, "list")).unwrap();
        let [finding] = catalogue.findings() else { panic!("{line}: {:?}", catalogue.findings()) };
        assert_eq!((finding.line(), finding.zone()), (7, Some(&name("one.bl.example"))), "{line}");
        assert!(is_line(&finding.to_string()) && line.starts_with(finding.keyword()), "{finding}");
        assert_eq!(explained(&catalogue, "one.bl.example"), (true, 0, 0, 1), "{line}");
        assert_eq!(explained(&catalogue, "like.bl.example"), (true, 0, 0, 1), "{line}");
        assert_eq!(explained(&catalogue, "two.bl.example"), (false, 1, 0, 0), "{line}");
        let entry = catalogue.get(&name("one.bl.example")).unwrap();
        assert!(entry.recommendation().is_none() && entry.part_codes().is_none());
        assert_eq!((entry.status(), entry.note()), (&Status::Active, Some("whole networks")));
    }
    // Before the first zone it applies to all lists of the operator.
    let catalogue = Catalogue::parse(&with("weather rain", "head")).unwrap();
    assert_eq!(catalogue.findings().iter().map(|finding| finding.zone()).collect::<Vec<_>>(), [None]);
    assert_eq!(explained(&catalogue, "two.bl.example"), (true, 0, 0, 0));
    // A line before all stanzas applies to none of them.
    let catalogue = Catalogue::parse(
        "as_of 2030-01-01\nlicence free\nzone bl.example\nkinds ipv4\nstatus active\n\
                                      code 127.0.0.2 deny listed\nsource us",
    )
    .unwrap();
    assert_eq!(catalogue.findings().len(), 1);
    assert_eq!(explained(&catalogue, "bl.example"), (false, 1, 0, 0));
}

#[test]
fn every_keyword_is_known() {
    let head = "as_of 2026-08-21\nzone bl.example\nkinds ipv4\nstatus active\nsource us\n";
    let documented = include_str!("../../src/lists/catalogue/mod.rs");
    let rows =
        documented.lines().filter_map(|line| line.strip_prefix("//! | `")).map(|row| row.split(" | ").next().unwrap());
    let keywords: Vec<&str> =
        rows.flat_map(|cell| cell.split(", `")).map(|cell| cell.split([' ', '`']).next().unwrap()).collect();
    assert!(keywords.len() >= 24, "{keywords:?}");
    for keyword in keywords.iter().filter(|keyword| **keyword != "x-WORD") {
        // A keyword without a value is a mistake; an unknown one would be skipped.
        let error = Catalogue::parse(&format!("{head}{keyword}")).unwrap_err();
        assert_eq!(error.line(), 6, "{keyword}: {error}");
    }
}

#[test]
fn a_status_is_a_statement_about_a_day() {
    let text = "as_of 2026-11-28
        zone fresh.example\nkinds ipv4\nstatus active\nsource undated long ago\nsource 2024-11-28 us
        zone stale.example\nkinds ipv4\nstatus active\nsource 2024-11-26 us\nsource 2023 us
        zone undated.example\nkinds ipv4\nstatus active\nsource us
        zone dead.example\nkinds ipv4\nstatus retired 2007 emptied\nsource 2007 us";
    let catalogue = Catalogue::parse(text).unwrap();
    let at = |zone: &str, date: &str| catalogue.get(&name(zone)).unwrap().status_at(date.parse().unwrap()).word();
    let as_of = catalogue.as_of().to_string();
    assert_eq!(at("fresh.example", &as_of), "active");
    assert_eq!(at("fresh.example", "2027"), "unverified");
    assert_eq!(at("fresh.example", "2020"), "active");
    assert_eq!(at("stale.example", &as_of), "unverified");
    assert_eq!(at("undated.example", &as_of), "unverified");
    assert_eq!(at("dead.example", "2099"), "retired");
    // How old the catalogue's sources are, on its own date.
    let as_of = Catalogue::builtin().as_of();
    let stale = Catalogue::builtin().iter().filter(|entry| entry.status() != entry.status_at(as_of));
    assert_eq!(
        stale.map(|entry| entry.zone().to_string()).collect::<Vec<_>>(),
        [
            "dynamic.mail.abusix.zone",
            "bl.btcblack.it",
            "lookup.dkimwl.org",
            "rbl.efnetrbl.org",
            "tor.efnetrbl.org",
            "fresh.fmb.la",
            "iadb.isipp.com",
            "bl.nordspam.com",
            "dbl.nordspam.com",
        ]
    );
}

#[test]
fn a_host_adds_and_corrects() {
    let ours = "as_of 2020-01-01
        zone bl.corp.example\nkinds ipv4\nstatus active\nsource us
        zone dbl.spamhaus.org\nkinds domain\nstatus retired 2020 emptied\nsource us
        zone sbl.dq.spamhaus.net key\nkinds ipv4\nstatus active\nsource us
        zone countries.blackholes.us\nkinds ipv4\nstatus unverified\nsource us
        zone ours.example\ncovers sorbs.net\nkinds ipv4\nstatus active\nsource us\nweather rain";
    let host = Catalogue::parse(ours).unwrap();
    let both = Catalogue::builtin().overlaid_by(&host);
    assert_eq!(both.as_of(), Catalogue::builtin().as_of());
    assert_eq!(both.findings(), host.findings());
    assert_eq!(both.iter().count(), Catalogue::builtin().iter().count() + 3);
    let zone = |text: &str| both.get(&name(text)).map(|entry| format!("{} {}", entry.zone(), entry.status().word()));
    for (written, meant) in [
        ("bl.corp.example", Some("bl.corp.example active")),
        ("zen.spamhaus.org", Some("zen.spamhaus.org active")),
        ("dbl.spamhaus.org", Some("dbl.spamhaus.org retired")),
        // An alias of a list that the host describes anew is no longer one, unless the host says so.
        ("keykeykeykeykeykey.dbl.dq.spamhaus.net", None),
        // An alias that the host describes as a list of its own is that.
        ("keykeykeykeykeykey.sbl.dq.spamhaus.net", Some("sbl.dq.spamhaus.net active")),
        ("sbl.spamhaus.org", Some("sbl.spamhaus.org active")),
        ("argentina.blackholes.us", None),
        ("countries.blackholes.us", Some("countries.blackholes.us unverified")),
        ("brazil.blackholes.us", Some("brazil.blackholes.us retired")),
        ("virus.dnsbl.sorbs.net", Some("ours.example active")),
        ("dnsbl.sorbs.net", Some("dnsbl.sorbs.net retired")),
        ("keykeykeykeykeykey.xbl.dq.spamhaus.net", Some("xbl.spamhaus.org active")),
        ("cn.countries.nerd.dk", Some("zz.countries.nerd.dk retired")),
    ] {
        assert_eq!(zone(written).as_deref(), meant, "{written}");
    }
    assert!(both.get(&name("sbl.spamhaus.org")).unwrap().aliases().is_empty());
    for entry in both.iter() {
        assert_eq!(both.get(entry.zone()), Some(entry));
    }
    let nothing = Catalogue::parse("as_of 2026-11-28").unwrap();
    assert_eq!(nothing.overlaid_by(Catalogue::builtin()).iter().count(), Catalogue::builtin().iter().count());
}

#[test]
fn a_host_keeps_a_file() {
    let file = |name: &str| std::env::temp_dir().join(format!("rdnsbl-{}-{name}", std::process::id()));
    let (good, bad, large) = (file("good"), file("bad"), file("large"));
    std::fs::write(&good, BUILTIN).unwrap();
    std::fs::write(&bad, "zone bl.example").unwrap();
    std::fs::File::create(&large).unwrap().set_len(8 * 1024 * 1024 + 1).unwrap();
    assert_eq!(&Catalogue::load(&good).unwrap(), Catalogue::builtin());
    assert!(matches!(Catalogue::load(&bad), Err(CatalogueFileError::Catalogue(error)) if error.line() == 1));
    assert!(matches!(Catalogue::load(&large), Err(CatalogueFileError::TooLarge)));
    assert!(matches!(Catalogue::load(&file("none")), Err(CatalogueFileError::Io(_))));
    for path in [good, bad, large] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn any_beginning_of_a_text_is_read_or_refused() {
    let mut state = 0x9e37_79b9_u32;
    for seed in [include_str!("../../fuzz/seeds/catalogue/list"), include_str!("../../fuzz/seeds/catalogue/stanzas")] {
        let whole = Catalogue::parse(seed).unwrap();
        assert!(whole.iter().count() >= 2);
        let lines: Vec<&str> = seed.lines().collect();
        let beginnings = (0..seed.len()).map(|end| seed[..end].to_owned());
        let shuffled = (0..2_000).map(|_| {
            let mut lines = lines.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (one, other) = (state as usize % lines.len(), (state >> 16) as usize % lines.len());
                lines.swap(one, other);
            }
            lines.join("\n")
        });
        for text in beginnings.chain(shuffled).collect::<Vec<_>>() {
            match Catalogue::parse(&text) {
                Ok(catalogue) => {
                    let both = Catalogue::builtin().overlaid_by(&catalogue);
                    for entry in catalogue.iter() {
                        assert_eq!(catalogue.get(entry.zone()), Some(entry));
                        assert_eq!(both.get(entry.zone()), Some(entry));
                        assert!(!entry.is_partly_read() || entry.recommendation().is_none());
                    }
                }
                Err(error) => assert!(error.line() <= text.lines().count().max(1), "{error}: {text}"),
            }
        }
    }
    // Ten thousand unknown words do not give ten thousand findings.
    let many = format!("as_of 2026-11-28\n{}", "word\n".repeat(10_000));
    assert_eq!(Catalogue::parse(&many).unwrap().findings().len(), 1_000);
}

#[test]
fn mistakes_point_at_their_line() {
    use CatalogueErrorKind as Wrong;
    let head = "as_of 2026-08-21\nzone bl.example\nkinds ipv4\nstatus active\nsource us\n";
    let with = |line: &str| format!("{head}{line}");
    assert_eq!(Catalogue::parse(head).unwrap().iter().count(), 1);
    for (text, line, kind) in [
        ("zone bl.example".to_owned(), 1, Wrong::AsOf),
        (String::new(), 1, Wrong::AsOf),
        ("as_of 2026-08-21\nas_of 2026-08-22".to_owned(), 2, Wrong::AsOf),
        ("as_of 2026-08-21\n# a comment\n\nkinds ipv4".to_owned(), 4, Wrong::OutsideStanza),
        ("as_of 2026-08-21\n\nzone bl.example\nstatus active".to_owned(), 3, Wrong::Missing("kinds")),
        ("as_of 2026-08-21\nzone bl.example\nkinds ipv4\nstatus active".to_owned(), 2, Wrong::Missing("source")),
        (format!("format 2\n{head}"), 1, Wrong::Format),
        (format!("format\n{head}"), 1, Wrong::Empty),
        (format!("format 1\nformat 1\n{head}"), 2, Wrong::Format),
        (with("format 1"), 6, Wrong::Format),
        (with("as_of 2026-08-22"), 6, Wrong::AsOf),
        ("as_of 2026-08-21\noperator us".to_owned(), 2, Wrong::OutsideStanza),
        ("as_of 2026-08-21\ndomain bl.example\nkinds ipv4".to_owned(), 3, Wrong::OutsideStanza),
        ("as_of 2026-08-21\ndomain bl.example\ngroup us\ngroup us".to_owned(), 4, Wrong::Repeated),
        ("as_of 2026-08-21\ndomain -.example".to_owned(), 2, Wrong::NotAHost),
        (
            "as_of 2026-08-21\ndomain bl.example\nzone bl.example\ndomain old.example".to_owned(),
            3,
            Wrong::Missing("kinds"),
        ),
        (with("source 2026-08-21"), 6, Wrong::Empty),
        (with("source undated"), 6, Wrong::Empty),
        (with("note"), 6, Wrong::Empty),
        (with("note caf\u{e9}"), 6, Wrong::NotPrintable),
        (with("note a\x1b[2J"), 6, Wrong::NotPrintable),
        (with("note one\nnote two"), 7, Wrong::Repeated),
        (with("code 203.0.113.9 deny parking"), 6, Wrong::Outside127),
        (with("code [126..127].0.0.2 deny parking"), 6, Wrong::Outside127),
        (with("code 127.0.0.2 evil listed"), 6, Wrong::Disposition),
        (with("code 127.0.0.2 deny"), 6, Wrong::Empty),
        (with("bit 3 deny two bits"), 6, Wrong::Bit),
        (with("like zen.example"), 6, Wrong::UnknownZone),
        (with("present ipv6 127.0.0.2"), 6, Wrong::TestEntry),
        (with("present ipv4 test"), 6, Wrong::TestEntry),
        (with("alias -.example"), 6, Wrong::NotAHost),
        (with("alias secretkey.zen.dq.spamhaus.net"), 6, Wrong::Key),
        (with("alias bl.example"), 6, Wrong::Duplicate),
        (with("zone bl.example\nkinds ipv4\nstatus active\nsource us"), 6, Wrong::Duplicate),
        (with("zone old.example\nkinds ipv4\nstatus retired 2007 bored\nsource us"), 8, Wrong::ShutdownSign),
        (with("zone old.example\nkinds ipv4\nstatus retired\nsource us"), 6, Wrong::Missing("note")),
        (with("zone old.example\nkinds ipv4\nstatus renamed\nsource us"), 6, Wrong::Missing("successor")),
        (with("recommended 2026-08-21 deny bl.example"), 2, Wrong::Missing("reason")),
    ] {
        let error = Catalogue::parse(&text).unwrap_err();
        assert_eq!((error.line(), error.kind()), (line, kind), "{text}");
        assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
    }
}

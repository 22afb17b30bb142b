//! Lists as other mail software writes them: what is read, what is refused and where, and that printing and reading agree.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use rdnsbl::dnsxl::{
    CodeFilter, CodePattern, CodeTest, ListKind, ListSpec, OnNoAnswer, Part, Quantifier, SpecErrorKind, Subject,
};
use rdnsbl::lists::notation::{self, Notation};

use crate::kit::cases::cases;

fn one(notation: Notation, text: &str) -> ListSpec {
    let items: Vec<_> = notation::read(notation, text).collect();
    assert_eq!(items.len(), 1, "{text}");
    items[0].1.clone().unwrap_or_else(|error| panic!("{text}: {error}\n{}", error.point_at(text)))
}

/// What a list picks of every single code that matters, and of some pairs.
fn picks(list: &ListSpec, offset: u8, step: usize) -> Vec<bool> {
    let code = |third: u8, last: u8| Ipv4Addr::new(127, 0, third, last);
    let mut answers: Vec<Vec<Ipv4Addr>> = Vec::new();
    for third in [0, 5] {
        answers.extend((offset..=255).step_by(if third == 0 { step } else { 31 }).map(|last| vec![code(third, last)]));
    }
    for last in (offset..=255).step_by(15 * step) {
        answers.push(vec![code(0, 2), code(0, last)]);
        answers.push(vec![code(0, last), code(1, last.wrapping_mul(7))]);
    }
    answers.iter().map(|codes| list.codes().is_none_or(|filter| filter.picks(codes))).collect()
}

/// Everything that decides what a list asks and counts.
fn meaning(list: &ListSpec) -> impl PartialEq + std::fmt::Debug + use<> {
    meaning_at(list, 0, 1)
}

/// The same, of some codes only: from `offset` on, every `step`th.
fn meaning_at(list: &ListSpec, offset: u8, step: usize) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (list.kind(), list.zone().expose().to_owned(), list.weight(), list.parts().to_vec()),
        (list.fixed_subjects().to_vec(), list.on_no_answer(), list.reason_zone().cloned(), picks(list, offset, step)),
        list.codes().map(|filter| filter.tests().iter().any(|test| test.names(Ipv4Addr::LOCALHOST))),
        list.reply_template().map(ToString::to_string),
    )
}

#[test]
fn equal_lists_in_different_notations() {
    for group in [
        &[
            (Notation::Postfix, "reject_rbl_client zen.example"),
            (Notation::Postfix, "zen.example"),
            (Notation::Postscreen, "zen.example"),
            (Notation::Postscreen, "zen.example.*1"),
            (Notation::Exim, "zen.example"),
            (Notation::Exim, "deny dnslists = zen.example"),
            (Notation::Exim, "zen.example/$sender_host_address"),
            (Notation::Exim, "+exclude_unknown : zen.example"),
            (Notation::Sendmail, "FEATURE(`dnsbl', `zen.example')dnl"),
            (Notation::Sendmail, "FEATURE(`enhdnsbl',`zen.example',`',`')"),
            (Notation::SpamAssassin, "check_rbl('zen-lastexternal', 'zen.example.')"),
            (Notation::SpamAssassin, "header RCVD_IN_ZEN eval:check_rbl('zen', 'zen.example.')"),
            (Notation::Rspamd, "zen { rbl = \"zen.example\"; }"),
            (
                Notation::Rspamd,
                "rbls { zen { symbol = \"ZEN\"; rbl = \"zen.example\"; checks = [\"from\"]; unknown = true; } }",
            ),
        ][..],
        &[
            (Notation::Postfix, "reject_rbl_client zen.example=127.0.0.4"),
            (Notation::Postscreen, "zen.example=127.0.0.4"),
            (Notation::Postscreen, "zen.example=127.0.0.[4]"),
            (Notation::Exim, "zen.example=127.0.0.4"),
            (Notation::Sendmail, "FEATURE(`enhdnsbl', `zen.example', `', `', `127.0.0.4.')"),
            (Notation::SpamAssassin, "check_rbl('zen', 'zen.example', '127.0.0.4')"),
            (Notation::SpamAssassin, "check_rbl('zen', 'zen.example', '^127\\.0\\.0\\.4$')"),
            (Notation::Rspamd, "zen { rbl = \"zen.example\"; returncodes { XBL = \"127.0.0.4\"; } }"),
        ],
        &[
            (Notation::Postfix, "reject_rbl_client zen.example=127.0.0.[2..4;10..11]"),
            (Notation::Exim, "zen.example=127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.10,127.0.0.11"),
            (
                Notation::Sendmail,
                "FEATURE(`enhdnsbl', `zen.example',,, `127.0.0.2.', `127.0.0.3.', `127.0.0.4.', `127.0.0.10.', `127.0.0.11.')",
            ),
            (Notation::SpamAssassin, "check_rbl('zen', 'zen.example', '^127\\.0\\.0\\.(?:[2-4]|1[01])$')"),
            (Notation::SpamAssassin, "check_rbl('zen', 'zen.example', '^127\\.0\\.0\\.(2|3|4|10|11)$')"),
            (
                Notation::Rspamd,
                "zen { rbl = \"zen.example\"; returncodes { A = [\"127.0.0.2\", \"127%.0%.0%.[3-4]\"]; B = \"127.0.0.1[01]\"; } }",
            ),
        ],
        &[
            (Notation::Postfix, "reject_rhsbl_sender dbl.example"),
            (Notation::Exim, "dbl.example/$sender_address_domain"),
            (Notation::Exim, "dbl.example/${sender_address_domain}"),
            (Notation::SpamAssassin, "check_rbl_envfrom('dbl', 'dbl.example')"),
        ],
        &[
            (Notation::Postfix, "reject_rhsbl_helo dbl.example"),
            (Notation::Exim, "dbl.example/$sender_helo_name"),
            (Notation::Rspamd, "dbl { rbl = \"dbl.example\"; checks = [\"helo\"]; }"),
        ],
        &[(Notation::Postfix, "reject_rhsbl_client dbl.example"), (Notation::Exim, "dbl.example/$sender_host_name")],
        &[(Notation::Postfix, "reject_rhsbl_recipient dbl.example"), (Notation::Exim, "dbl.example/$domain")],
        &[
            (Notation::Postfix, "permit_dnswl_client wl.example"),
            (Notation::Exim, "accept dnslists = wl.example"),
            (Notation::Rspamd, "wl { rbl = \"wl.example\"; is_whitelist = true; }"),
        ],
        &[
            (Notation::Exim, "dbl.example&0.0.0.2,0.0.0.4"),
            (Notation::Rspamd, "dbl { rbl = \"dbl.example\"; returnbits { BLACK = 2; GREY = 4; } }"),
        ],
        &[
            (Notation::Exim, "+defer_unknown : zen.example"),
            (Notation::Sendmail, "FEATURE(`dnsbl', `zen.example', `', `t')dnl"),
        ],
        &[
            (Notation::Postscreen, "zen.example=127.[0..255].[0..255].3"),
            (Notation::Sendmail, "FEATURE(`enhdnsbl', `zen.example', `', `', `127.$-.$-.3.')"),
            (Notation::SpamAssassin, "check_rbl('wl', 'zen.example', '^127\\.\\d+\\.\\d+\\.3$')"),
        ],
    ] {
        let wanted = meaning(&one(group[0].0, group[0].1));
        for (notation, text) in group {
            let read = one(*notation, text);
            assert_eq!(meaning(&read), wanted, "{text}");
        }
    }
}

#[test]
fn every_operator_of_exim() {
    for (operator, quantifier, bits) in [
        ("=", Quantifier::Any, false),
        ("==", Quantifier::All, false),
        ("!=", Quantifier::NoneOf, false),
        ("!==", Quantifier::NotAll, false),
        ("&", Quantifier::Any, true),
        ("=&", Quantifier::All, true),
        ("!&", Quantifier::NoneOf, true),
        ("!=&", Quantifier::NotAll, true),
    ] {
        let text = format!("z.example{operator}0.0.0.2,127.0.0.9");
        let list = one(Notation::Exim, &text);
        let test = |last| {
            if bits { CodeTest::all_bits(last) } else { CodePattern::exactly(last).into() }
        };
        let wanted = CodeFilter::new(quantifier, ["0.0.0.2", "127.0.0.9"].map(|value| test(value.parse().unwrap())));
        assert_eq!(list.codes(), Some(&wanted), "{text}");
        assert_eq!(Notation::Exim.print(&list).unwrap(), text);
    }
}

#[test]
fn lists_of_lists() {
    let zones = |notation, text: &str| -> Vec<String> {
        notation::read(notation, text).map(|(span, list)| format!("{}|{}", &text[span], list.unwrap())).collect()
    };
    assert_eq!(
        zones(
            Notation::Postfix,
            "smtpd_recipient_restrictions =\n  reject_rbl_client a.example,\n# old: reject_rbl_client dead.example\n  permit_dnswl_client b.example=127.0.0.[2;4]"
        ),
        [
            "reject_rbl_client a.example|a.example",
            "permit_dnswl_client b.example=127.0.0.[2;4]|b.example=127.0.0.[2;4]"
        ]
    );
    assert_eq!(
        zones(Notation::Postscreen, "postscreen_dnsbl_sites = a.example*3, b.example=127.0.0.2*-4\n\tc.example"),
        ["a.example*3|a.example*3", "b.example=127.0.0.2*-4|b.example=127.0.0.2*-4", "c.example|c.example"]
    );
    assert_eq!(
        zones(Notation::Exim, "deny dnslists = a.example : b.example=127.0.0.2,127.0.0.3 : \\\n  c.example"),
        ["a.example|a.example", "b.example=127.0.0.2,127.0.0.3|b.example=127.0.0.2,127.0.0.3", "c.example|c.example"]
    );
    assert_eq!(
        zones(
            Notation::Sendmail,
            "FEATURE(`dnsbl', `a.example', `\"550 Go away\"')dnl\ndnl FEATURE(`dnsbl',`dead.example')\nFEATURE(`dnsbl',`b.example')"
        ),
        ["FEATURE(`dnsbl', `a.example', `\"550 Go away\"')|a.example", "FEATURE(`dnsbl',`b.example')|b.example"]
    );
    assert_eq!(
        zones(
            Notation::SpamAssassin,
            "check_rbl('a', 'a.example.')\ncheck_rbl_sub('a', '4')\ncheck_rbl_sub('a', '127.0.0.2-127.0.0.9')"
        ),
        [
            "check_rbl('a', 'a.example.')|a.example",
            "check_rbl_sub('a', '4')|a.example=&0.0.0.4",
            "check_rbl_sub('a', '127.0.0.2-127.0.0.9')|a.example=127.0.0.2-127.0.0.9",
        ]
    );
}

#[test]
fn keys_of_exim() {
    let subjects =
        |text: &str| one(Notation::Exim, text).fixed_subjects().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(subjects("bl.example/192.0.2.1"), ["192.0.2.1"]);
    assert_eq!(subjects("bl.example/a.example::b.example"), ["a.example", "b.example"]);
    assert_eq!(subjects("bl.example/<|192.0.2.1|192.0.2.2"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(subjects("<; bl.example/<, 2001:db8::1, 192.0.2.1"), ["2001:db8::1", "192.0.2.1"]);
    assert_eq!(subjects("bl.example/<; 2001::db8::::1; 192.0.2.1"), ["2001:db8::1", "192.0.2.1"]);
    let mixed = one(Notation::Exim, "bl.example/$sender_helo_name::192.0.2.1");
    assert_eq!((mixed.parts(), mixed.fixed_subjects().len()), (&[Part::Helo][..], 1));
    let two = one(Notation::Exim, "sbl.example,merged.example=127.0.0.2");
    assert_eq!(
        (two.zone().to_string(), two.reason_zone().unwrap().to_string()),
        ("merged.example".into(), "sbl.example".into())
    );
}

#[test]
fn messages_of_sendmail() {
    let list = one(
        Notation::Sendmail,
        "FEATURE(`dnsbl', `bl.example', `\"550 Rejected: \" $&{client_addr} \" is listed, see https://x.example/\" $&{client_addr}')",
    );
    assert_eq!(
        list.reply_template().unwrap().to_string(),
        "550 Rejected: ${client_address} is listed, see https://x.example/${client_address}"
    );
    assert_eq!(meaning(&one(Notation::Sendmail, &Notation::Sendmail.print(&list).unwrap())), meaning(&list));
}

#[test]
fn which_notation_it_is() {
    for (text, notation) in [
        ("zen.example", Notation::Postscreen),
        ("zen.example=127.0.0.[2..4]*3", Notation::Postscreen),
        ("a.example*2, b.example*-3", Notation::Postscreen),
        ("a.example, b.example", Notation::Postscreen),
        ("postscreen_dnsbl_sites = a.example", Notation::Postscreen),
        ("reject_rbl_client zen.example", Notation::Postfix),
        ("smtpd_client_restrictions = reject_rbl_client zen.example", Notation::Postfix),
        ("permit_dnswl_client zen.example", Notation::Postfix),
        ("zen.example=127.0.0.2,127.0.0.3", Notation::Exim),
        ("zen.example!=127.0.0.2", Notation::Exim),
        ("zen.example==127.0.0.2", Notation::Exim),
        ("zen.example&0.0.0.2", Notation::Exim),
        ("dbl.example/$sender_address_domain", Notation::Exim),
        ("+defer_unknown : zen.example", Notation::Exim),
        ("sbl.example,merged.example=127.0.0.2", Notation::Exim),
        ("deny dnslists = zen.example", Notation::Exim),
        ("FEATURE(`dnsbl', `zen.example')dnl", Notation::Sendmail),
        ("check_rbl('zen', 'zen.example.')", Notation::SpamAssassin),
        ("header X eval:check_rbl('zen', 'zen.example.')", Notation::SpamAssassin),
        ("zen { rbl = \"zen.example\"; }", Notation::Rspamd),
        ("rbls {\n  zen {\n    rbl = zen.example;\n  }\n}", Notation::Rspamd),
        ("my.rbl=127.0.0.2", Notation::Postscreen),
        ("rbl.example=127.0.0.2", Notation::Postscreen),
        ("deny\n  message = see rbl.example\n  dnslists = zen.example", Notation::Exim),
        ("smtpd_helo_required = yes\nsmtpd_client_restrictions = reject_rbl_client zen.example", Notation::Postfix),
        ("# old\npostscreen_dnsbl_sites = a.example", Notation::Postscreen),
        ("a.example = 127.0.0.2", Notation::Exim),
        ("REJECT_RBL_CLIENT zen.example", Notation::Postfix),
        ("a.example:b.example", Notation::Exim),
        ("a.example,b.example=127.0.0.2,127.0.0.3", Notation::Exim),
        ("a.example=127.0.0.2,b.example=127.0.0.3", Notation::Postscreen),
        ("a.example, b.example=127.0.0.2", Notation::Postscreen),
    ] {
        assert_eq!(Notation::detect(text), notation, "{text}");
        assert!(
            notation::read_any(text).all(|(_, list)| list.map_or_else(|error| error.is_left_out(), |_| true)),
            "{text}"
        );
    }
}

/// `notation TAB text TAB what comes of it`: a list as it is printed, or the octets at fault and the message. `\n`, `\t`, `\r`,
/// `\e` and `\0` stand for what they usually do.
#[test]
fn broken_and_odd_lists() {
    let data = include_str!("../data/lists.tsv");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in data.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut cells = line.splitn(3, '\t');
        let (notation, raw, wanted) = (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap_or_default());
        let text = unescape(raw);
        let notation = Notation::ALL.into_iter().find(|one| one.word() == notation).unwrap_or(Notation::detect(&text));
        let found: Vec<String> = notation::read(notation, &text).map(|(_, list)| describe(&text, &list)).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { found.join(" | ") };
        if found != wanted {
            wrong.push(format!("{}\t{raw}\t{found}", cells_first(line)));
        }
        count += 1;
    }
    assert!(count >= 250, "{count}");
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

fn cells_first(line: &str) -> &str {
    line.split('\t').next().unwrap()
}

fn unescape(raw: &str) -> String {
    raw.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\e", "\x1b").replace("\\0", "\0")
}

fn describe(text: &str, list: &Result<ListSpec, rdnsbl::dnsxl::SpecError>) -> String {
    match list {
        Ok(list) => {
            let mut words = vec![list.kind().word().to_owned(), list.to_string()];
            if list.parts() != [Part::Address] {
                words.push(format!("{:?}", list.parts()));
            }
            if !list.fixed_subjects().is_empty() {
                words.push(format!("about {}", list.fixed_subjects()[0]));
            }
            if let Some(zone) = list.reason_zone() {
                words.push(format!("explained by {zone}"));
            }
            if list.on_no_answer() != ListSpec::read_unheard(list) {
                words.push(list.on_no_answer().word().to_owned());
            }
            words.join(" ")
        }
        Err(error) => {
            let span = error.span();
            // The place is in the text, and pointing at it works.
            assert!(span.start <= span.end && span.end <= text.len(), "{text:?} {span:?}");
            assert_eq!(error.point_at(text).lines().count(), 2, "{text:?}");
            format!("{}..{} {}", span.start, span.end, error.kind())
        }
    }
}

/// The default for a list that does not answer.
trait Usual {
    fn read_unheard(list: &ListSpec) -> OnNoAnswer;
}

impl Usual for ListSpec {
    fn read_unheard(list: &ListSpec) -> OnNoAnswer {
        if list.kind() == ListKind::Allow { OnNoAnswer::DeferIfReject } else { OnNoAnswer::Ignore }
    }
}

#[test]
fn nothing_unsayable_is_printed() {
    let deny = |text: &str| ListSpec::deny(text).unwrap();
    let range = CodeFilter::any([CodeTest::between("127.0.0.4".parse().unwrap(), "127.0.1.9".parse().unwrap())]);
    for (list, says) in [
        (deny("z.example*3"), &[Notation::Postscreen][..]),
        (ListSpec::allow("z.example").unwrap(), &[Notation::Postfix, Notation::Exim, Notation::Rspamd]),
        (deny("z.example").with_parts([Part::ReverseName]), &[Notation::Postfix]),
        (deny("z.example").with_parts([Part::Helo, Part::Sender]), &[Notation::Exim]),
        (deny("z.example").with_codes(range), &[Notation::SpamAssassin]),
        (deny("z.example").with_on_no_answer(OnNoAnswer::Defer), &[Notation::Exim, Notation::Sendmail]),
        (deny("z.example").with_on_no_answer(OnNoAnswer::Listed), &[Notation::Exim]),
        (deny("z.example").with_label("mine"), &[]),
        (deny("abcdefghijklmnop.zen.dq.spamhaus.net"), &[]),
        (deny("z.example").with_parts([]), &[]),
        // Written out, a range would open 127.0.0.1.
        (
            deny("z.example=127.0.0.[0..2]"),
            &[Notation::Postfix, Notation::Postscreen, Notation::SpamAssassin, Notation::Rspamd],
        ),
        (deny("z.example=127.0.0.[1..1]"), &[Notation::Postfix, Notation::Postscreen]),
    ] {
        let sayable: Vec<Notation> =
            Notation::ALL.into_iter().filter(|notation| notation.print(&list).is_ok()).collect();
        assert_eq!(sayable, says, "{list}");
    }
}

fn filters() -> impl Strategy<Value = Option<CodeFilter>> {
    let octet = prop_oneof![
        any::<u8>().prop_map(|one| one.to_string()),
        (0_u8..=100, 0_u8..=100, 101_u8..=255).prop_map(|(one, from, to)| format!("[{one};{from}..{to}]")),
        Just("[0..255]".to_owned()),
    ];
    let pattern = (octet.clone(), octet)
        .prop_map(|(third, last)| CodeTest::pattern(format!("127.0.{third}.{last}").parse().unwrap()));
    let number = any::<[u8; 2]>().prop_map(|[third, last]| Ipv4Addr::new(127, 0, third, last));
    let test = prop_oneof![
        4 => pattern,
        1 => (number.clone(), number.clone()).prop_map(|(one, other)| CodeTest::between(one, other)),
        1 => number.clone().prop_map(CodeTest::any_bit),
        1 => number.clone().prop_map(CodeTest::all_bits),
        1 => (number.clone(), number).prop_map(|(mask, value)| CodeTest::masked(mask, value)),
    ];
    let quantifier = prop_oneof![
        4 => Just(Quantifier::Any),
        1 => Just(Quantifier::All),
        1 => Just(Quantifier::NoneOf),
        1 => Just(Quantifier::NotAll),
    ];
    let filter = (quantifier, prop::collection::vec(test, 1..4))
        .prop_map(|(quantifier, tests)| CodeFilter::new(quantifier, tests));
    prop::option::weighted(0.8, filter)
}

fn lists() -> impl Strategy<Value = ListSpec> {
    let parts = prop::sample::subsequence(
        vec![Part::Address, Part::ConfirmedName, Part::ReverseName, Part::Helo, Part::Sender, Part::Recipient],
        1..3,
    );
    let parts = prop_oneof![3 => Just(vec![Part::Address]), 2 => parts];
    let unheard = prop::option::weighted(
        0.3,
        prop::sample::select(vec![
            OnNoAnswer::Ignore,
            OnNoAnswer::Defer,
            OnNoAnswer::Listed,
            OnNoAnswer::DeferIfReject,
        ]),
    );
    let weight = prop_oneof![3 => Just(1), 1 => -1000..1000_i32];
    let about = prop::option::weighted(0.1, any::<[u8; 16]>());
    ("[a-z][a-z0-9-]{0,8}[a-z0-9]\\.example", any::<bool>(), filters(), weight, parts, unheard, about).prop_map(
        |(zone, allow, filter, weight, parts, unheard, about)| {
            let mut list = if allow { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) }.unwrap();
            list = list.with_weight(weight).with_parts(parts);
            if let Some(filter) = filter {
                list = list.with_codes(filter);
            }
            if let Some(unheard) = unheard {
                list = list.with_on_no_answer(unheard);
            }
            match about {
                Some(octets) => list.with_fixed_subjects([Subject::from(IpAddr::from(octets))]),
                None => list,
            }
        },
    )
}

/// The same list about any code.
fn unfiltered(list: &ListSpec) -> ListSpec {
    let zone = list.zone().to_string();
    let plain = if list.kind() == ListKind::Allow { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) }.unwrap();
    let plain = plain.with_fixed_subjects(list.fixed_subjects().to_vec()).with_parts(list.parts().to_vec());
    let plain = plain.with_weight(list.weight()).with_on_no_answer(list.on_no_answer());
    match list.reason_zone() {
        Some(zone) => plain.with_reason_zone(zone.clone()),
        None => plain,
    }
}

/// The list, or as much of it as the notation can say: with its first test on codes, at last with none.
fn sayable(notation: Notation, list: &ListSpec) -> (ListSpec, String) {
    let parts = match notation {
        Notation::Postfix if list.kind() == ListKind::Allow => &[Part::Address, Part::ConfirmedName][..],
        Notation::Postfix => {
            &[Part::Address, Part::ConfirmedName, Part::ReverseName, Part::Helo, Part::Sender, Part::Recipient]
        }
        Notation::SpamAssassin => &[Part::Address, Part::Sender],
        Notation::Rspamd => &[Part::Address, Part::Helo, Part::ConfirmedName],
        _ => &[Part::Address],
    };
    let part = list.parts().iter().find(|part| parts.contains(part)).copied().unwrap_or(Part::Address);
    let allows = matches!(notation, Notation::Postfix | Notation::Exim | Notation::Rspamd);
    let zone = list.zone().to_string();
    let plain = if allows && list.kind() == ListKind::Allow { ListSpec::allow(&zone) } else { ListSpec::deny(&zone) };
    let weight = if notation == Notation::Postscreen { list.weight() } else { 1 };
    let plain = plain.unwrap().with_parts([part]).with_weight(weight);
    let first = list.codes().and_then(|filter| filter.tests().first().cloned());
    let narrower = first.map(|test| plain.clone().with_codes(test));
    let tried = [Some(list.clone()), narrower, Some(plain)].into_iter().flatten();
    let said = tried.filter_map(|list| notation.print(&list).ok().map(|text| (list, text))).next();
    said.unwrap_or_else(|| panic!("{notation} cannot say {list}"))
}

proptest! {
    // Each list is printed in every notation.
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_again(list in lists(), offset in 0_u8..9) {
        for notation in Notation::ALL {
            let (said, text) = sayable(notation, &list);
            let read = one(notation, &text);
            // Where filters are the same, what they pick is.
            let (read, said) = match read.codes() == said.codes() {
                true => (unfiltered(&read), unfiltered(&said)),
                false => (read, said),
            };
            prop_assert_eq!(meaning_at(&read, offset, 9), meaning_at(&said, offset, 9), "{}: {}", notation, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2_500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_reader_panic(text in "[\\PC\\n]{0,60}", notation in prop::sample::select(Notation::ALL.to_vec())) {
        for (span, list) in notation::read(notation, &text).chain(notation::read_any(&text)) {
            prop_assert!(text.get(span).is_some());
            if let Err(error) = list {
                prop_assert!(error.span().end <= text.len());
                let _ = error.point_at(&text);
            }
        }
    }

    #[test]
    fn pieces_of_notations_make_no_reader_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "FEATURE(", "`dnsbl'", "`enhdnsbl'", "`", "'", ",", ")", "dnl", "check_rbl(", "check_rbl_sub(", "'a'", "zen.example", "=",
            "==", "!", "&", "/", ":", "::", "<;", "127.0.0.2", "127.0.0.[2..4]", "[", "]", "..", "*3", "*", "-", "+defer_unknown",
            "$domain", "$", "\\", "\"", " ", "\n", "^127\\.0\\.0\\.", "(?:", "[2-", "|", "\\d+", "{1,", "}", "reject_rbl_client ", "é",
            "dnslists", "deny ", "smtpd_x_restrictions =", "rbl", "rbls", "{", ";", "returncodes", "checks", "#", "/*", "%.", "permit ",
            "postscreen_dnsbl_threshold =", "://",
        ]), 0..14)
    ) {
        let text = pieces.concat();
        for notation in Notation::ALL {
            for (span, list) in notation::read(notation, &text) {
                prop_assert!(text.get(span).is_some());
                if let Err(error) = list {
                    prop_assert!(error.span().end <= text.len(), "{:?} {:?}", text, error);
                    let _ = error.point_at(&text);
                }
            }
        }
    }
}

#[test]
fn kinds_of_errors_are_told_apart() {
    let error = notation::read(Notation::Postfix, "reject_rbl_client a.example*2").next().unwrap().1.unwrap_err();
    assert!(matches!(error.kind(), SpecErrorKind::NotSupported(_)));
    let error = notation::read(Notation::Postfix, "reject_rbl_client").next().unwrap().1.unwrap_err();
    assert_eq!((error.kind(), error.span()), (SpecErrorKind::Expected("a list domain"), 17..17));
}

//! Lists as other mail software writes them: what is read, and what is refused, and where.

use std::net::Ipv4Addr;

use rdnsbl::dnsxl::{
    CodeFilter, CodePattern, CodeTest, ListKind, ListSpec, OnNoAnswer, Part, Quantifier, SpecErrorKind,
};
use rdnsbl::lists::notation::{self, Notation};

pub(crate) fn one(notation: Notation, text: &str) -> ListSpec {
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
pub(crate) fn meaning_at(list: &ListSpec, offset: u8, step: usize) -> impl PartialEq + std::fmt::Debug + use<> {
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
fn kinds_of_errors_are_told_apart() {
    let error = notation::read(Notation::Postfix, "reject_rbl_client a.example*2").next().unwrap().1.unwrap_err();
    assert!(matches!(error.kind(), SpecErrorKind::NotSupported(_)));
    let error = notation::read(Notation::Postfix, "reject_rbl_client").next().unwrap().1.unwrap_err();
    assert_eq!((error.kind(), error.span()), (SpecErrorKind::Expected("a list domain"), 17..17));
}

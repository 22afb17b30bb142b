//! Lists printed in each notation: what a notation cannot express is not printed, and what is printed reads back as the same list.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use rdnsbl::dnsxl::{CodeFilter, CodeTest, ListKind, ListSpec, OnNoAnswer, Part, Quantifier, Subject};
use rdnsbl::lists::notation::{self, Notation};

use crate::kit::cases::cases;
use crate::notations::{meaning_at, one};

#[test]
fn what_cannot_be_expressed_is_not_printed() {
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

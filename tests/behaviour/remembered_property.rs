//! What a check takes from the cache gives the same report as what it asks for.

use proptest::prelude::*;
use rdnsbl::dnsxl::{ListSpec, Part, Verdict};
use rdnsbl::report::{Row, Source};
use rdnsbl::{Dialogue, Limits, ListSet, Report};

use crate::kit::cases::cases;
use crate::kit::world::{LISTED, World};

const ZONES: usize = 4;

/// What a zone answers about every subject.
const ANSWERS: [&str; 8] =
    ["NXDOMAIN", "NXDOMAIN", "NODATA", "A 127.0.0.2", "A 127.0.0.9", "SERVFAIL", "A 198.51.100.9", "A 127.255.255.254"];

#[derive(Clone, Debug)]
struct OneList {
    zone: usize,
    about: usize,
    allow: bool,
    codes: bool,
}

fn one_list() -> impl Strategy<Value = OneList> {
    let about = prop_oneof![Just(0), Just(0), Just(0), 0..6_usize];
    (0..ZONES, about, prop::bool::weighted(0.2), prop::bool::ANY).prop_map(|(zone, about, allow, codes)| OneList {
        zone,
        about,
        allow,
        codes,
    })
}

fn spec(list: &OneList) -> ListSpec {
    let codes = if list.codes { "=127.0.0.2" } else { "" };
    let text = format!("z{}.test{codes}", list.zone);
    let spec = if list.allow { ListSpec::allow(&text) } else { ListSpec::deny(&text) }.unwrap();
    match list.about {
        0 => spec,
        1 => spec.with_parts([Part::Sender]),
        2 => spec.with_parts([Part::Address, Part::ConfirmedName]),
        3 => spec.with_fixed_subjects([LISTED.into()]),
        4 => spec.with_only_null_sender(),
        _ => spec.with_parts([Part::ConfirmedName, Part::Address]),
    }
}

/// Everything that a report says about its lists, without where the answers came from.
fn said(report: &Report) -> Vec<String> {
    let rows = report.lists().iter().map(|row| {
        let (part, subject, verdict) = (row.part(), row.subject(), row.verdict().word());
        format!("{} {part:?} {subject:?} {verdict} {:?} {:?}", row.list(), row.ttl(), row.health())
    });
    let reply = report.advice().reply().map(ToString::to_string);
    let last = format!("{:?} {:?} {reply:?} {:?}", report.score(), report.counts(), report.ttl());
    rows.chain([last]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(150),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn remembered_and_asked_answers_give_the_same_report(
        lists in prop::collection::vec(one_list(), 1..8),
        answers in prop::collection::vec(0..ANSWERS.len(), ZONES),
        unsigned in prop::collection::vec(prop::bool::weighted(0.2), ZONES),
        has_name in prop::bool::ANY,
        null_sender in prop::bool::weighted(0.3),
    ) {
        let mut dns = String::from("$SOA in-addr.arpa 3600 600\n$SOA client.test 300 60\ns.test MX 10 mx.s.test\nmx.s.test A 45.66.77.9\n* NXDOMAIN\n");
        if has_name {
            dns += "14.77.66.45.in-addr.arpa PTR mail.client.test\nmail.client.test A 45.66.77.14\n";
        }
        for (zone, (answer, unsigned)) in answers.iter().zip(&unsigned).enumerate() {
            if !unsigned {
                dns += &format!("$SOA z{zone}.test 300 60\n");
            }
            for subject in ["14.77.66.45", "s.test", "mail.client.test"] {
                dns += &format!("{subject}.z{zone}.test {}\n", ANSWERS[*answer]);
            }
        }
        let Ok(set) = ListSet::builder().lists(lists.iter().map(spec)).build() else { return Ok(()) };
        let mut forgetful = Limits::default();
        forgetful.entries = 0;
        let world = |limits| World::with(&dns, |builder| builder.lists(set.clone()).limits(limits));
        let (remembers, forgets) = (world(Limits::default()), world(forgetful));
        let sender = if null_sender { "<>" } else { "<a@s.test>" };
        let dialogue = || Dialogue::from(LISTED).mail_from(sender);
        prop_assert_eq!(said(&remembers.check(dialogue())), said(&forgets.check(dialogue())), "the first time");
        let before = remembers.checker.stats().remembered;
        let (warm, cold) = (remembers.check(dialogue()), forgets.check(dialogue()));
        let from_memory = warm.exchanges().iter().filter(|exchange| exchange.source() == Source::Memory).count();
        prop_assert_eq!(remembers.checker.stats().remembered - before, from_memory as u64, "{}", warm);
        prop_assert_eq!(said(&warm), said(&cold), "{}\n{}", warm, cold);
        for row in warm.lists() {
            let is_known = matches!(row.verdict(), Verdict::NotListed(_)) && row.ttl().is_some();
            if is_known && row.part() == Some(Part::Address) {
                let sources: Vec<Source> = warm.exchanges_of(Row::from(row)).map(|exchange| exchange.source()).collect();
                prop_assert!(sources.contains(&Source::Memory), "{}: {:?}", row.list(), sources);
            }
        }
    }
}

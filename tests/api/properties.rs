//! What must hold for all answers, all orders and all texts.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rdnsbl::check::helo::{HeloCheck, HeloReport, OwnIdentity};
use rdnsbl::check::iprev::{Iprev, IprevCheck};
use rdnsbl::check::mail_domain::{MailDomainCheck, MailDomainReport};
use rdnsbl::check::{Check, Step};
use rdnsbl::dns::{Failure, Record};
use rdnsbl::dnsxl::{
    CodePattern, Control, Label, ListCheck, ListFinding, ListKind, Profile, SubjectKind, TestEntry, TestPoints,
};
use rdnsbl::remote_text::RemoteText;
use rdnsbl::testing::Table;
use rdnsbl::{
    Answer, Dialogue, Inquiry, ListSet, ListSpec, Name, Outcome, PathRole, Randomness, Report, Settings, SharedState,
    Subject,
};

use crate::kit::cases::cases;
use crate::kit::random_answers::{CLIENT, RandomAnswers, all_slots, drive};

/// The check, and the word of its verdict; `unknown` if it could not tell.
trait Judged: Check<Verdict: PartialEq + Debug + Clone> + Clone + 'static {
    fn word(verdict: &Self::Verdict) -> &'static str;
}

impl Judged for IprevCheck {
    fn word(verdict: &Iprev) -> &'static str {
        if verdict.rfc8601() == "temperror" { "unknown" } else { verdict.rfc8601() }
    }
}

impl Judged for MailDomainCheck {
    fn word(verdict: &MailDomainReport) -> &'static str {
        verdict.verdict().word()
    }
}

impl Judged for HeloCheck {
    fn word(verdict: &HeloReport) -> &'static str {
        verdict.verdict().word()
    }
}

impl Judged for ListCheck {
    fn word(verdict: &ListFinding) -> &'static str {
        verdict.verdict().word()
    }
}

fn iprev() -> IprevCheck {
    IprevCheck::new(CLIENT.into())
}

fn mail() -> MailDomainCheck {
    MailDomainCheck::new(PathRole::Sender, "<a@sender.test>")
}

fn helo() -> HeloCheck {
    HeloCheck::new("mail.sender.test", Some(CLIENT.into()), &OwnIdentity::default())
}

fn list() -> ListCheck {
    let entry = TestEntry::Address(Ipv4Addr::new(127, 0, 0, 2).into());
    let profile = Profile::new().test_points(SubjectKind::Ipv4, TestPoints::documented(entry));
    let spec = ListSpec::deny("bl.test=127.0.0.[1..3]").unwrap().with_profile(profile);
    ListCheck::new(
        spec,
        &Subject::from(IpAddr::from(CLIENT)),
        Control::stale(Label::from_random(Randomness::for_tests([1; 16]))),
    )
    .first_use()
}

/// Two orders of answers, one verdict; and once there is a verdict, more answers change nothing.
fn order<U: Judged>(
    make: fn() -> U,
    world: &RandomAnswers,
    picks: &[usize],
    early: &[usize],
) -> Result<(), TestCaseError> {
    let verdict = drive(&mut make(), world, &[0], 100).expect("every check ends");
    let (mut unit, slots) = (make(), Vec::from_iter(all_slots_of(make)));
    // Answers to questions that are not needed yet, and may never be.
    for index in early {
        let slot = slots[index % slots.len()];
        if let Some(question) = unit.question(slot) {
            unit.supply(slot, world.answer(&question));
        }
    }
    let other = drive(&mut unit, world, picks, 100).expect("every check ends");
    prop_assert_eq!(&verdict, &other);
    for slot in slots {
        unit.supply(slot, Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2)), Record::A(CLIENT)], Duration::ZERO));
        unit.supply(slot, Answer::no_data(None));
        let Step::Done(later) = unit.step() else { return Err(TestCaseError::fail("done, and then not")) };
        prop_assert_eq!(&verdict, &later);
    }
    Ok(())
}

/// The slots of a kind of check, found once.
fn all_slots_of<U: Judged>(make: fn() -> U) -> std::collections::BTreeSet<rdnsbl::check::Slot> {
    use std::any::TypeId;
    use std::collections::{BTreeSet, HashMap};
    thread_local!(static KNOWN: std::cell::RefCell<HashMap<TypeId, BTreeSet<rdnsbl::check::Slot>>> = Default::default());
    fn id<T: 'static>(_: &T) -> TypeId {
        TypeId::of::<T>()
    }
    KNOWN.with_borrow_mut(|known| known.entry(id(&make)).or_insert_with(|| all_slots(make)).clone())
}

/// If a check is cut short, or answers fail, the verdict is the same or "could not tell".
fn faults<U: Judged>(make: fn() -> U, world: &RandomAnswers, cut: usize, failing: u64) -> Result<(), TestCaseError> {
    let verdict = drive(&mut make(), world, &[0], 100).expect("every check ends");
    let mut unit = make();
    let cut = drive(&mut unit, world, &[0], cut).unwrap_or_else(|| unit.expire(Failure::Deadline));
    let faulty = drive(&mut make(), &RandomAnswers { failing, ..world.clone() }, &[0], 100).expect("every check ends");
    for other in [cut, faulty] {
        let (before, after) = (U::word(&verdict), U::word(&other));
        prop_assert!(after == before || after == "unknown", "{before}, then {after}: {verdict:?}, {other:?}");
    }
    Ok(())
}

fn settings(lists: impl IntoIterator<Item = ListSpec>, threshold: i32) -> Settings {
    let lists = ListSet::builder().lists(lists).threshold(threshold).allow_threshold(threshold - 2).build().unwrap();
    Settings::default().with_lists(lists)
}

fn run(settings: &Settings, dialogue: &Dialogue, table: &Table) -> Report {
    let mut inquiry = Inquiry::new(
        dialogue,
        &std::sync::Arc::new(settings.clone()),
        &mut SharedState::default(),
        Instant::now(),
        Randomness::for_tests([3; 16]),
    );
    while let Some((ticket, question)) = inquiry.next_question() {
        inquiry.supply(ticket, table.lookup(&question).answer());
    }
    inquiry.finish(Failure::Deadline)
}

/// What one list says, and what it weighs.
#[derive(Clone, Copy, Debug)]
struct Said {
    word: &'static str,
    kind: ListKind,
    weight: i32,
}

fn lists() -> impl Strategy<Value = Vec<Said>> {
    let word = prop::sample::select(vec!["listed", "not_listed", "excluded", "problem", "unknown"]);
    let weight = prop_oneof![-5..=5, Just(i32::MAX), Just(i32::MIN)];
    let said = (word, prop::bool::weighted(0.8), weight).prop_map(|(word, deny, weight)| Said {
        word,
        kind: if deny { ListKind::Deny } else { ListKind::Allow },
        weight,
    });
    prop::collection::vec(said, 0..12)
}

fn report_of(said: &[Said], threshold: i32) -> Report {
    let mut dns = String::new();
    let specs = said.iter().enumerate().map(|(index, said)| {
        let name = format!("14.77.66.45.l{index}.test");
        dns += &match said.word {
            "listed" => format!("{name} A 127.0.0.2\n"),
            "excluded" => format!("{name} A 127.0.0.9\n"),
            "problem" => format!("{name} A 198.51.100.1\n"),
            "unknown" => format!("{name} SERVFAIL\n"),
            _ => String::new(),
        };
        let zone = format!("l{index}.test=127.0.0.2");
        let spec = if said.kind == ListKind::Deny { ListSpec::deny(&zone) } else { ListSpec::allow(&zone) };
        spec.unwrap().with_weight(said.weight)
    });
    let settings = settings(specs.collect::<Vec<_>>(), threshold);
    run(&settings, &Dialogue::from(IpAddr::from(CLIENT)), &Table::parse(&dns).unwrap())
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: cases(64), failure_persistence: None, ..ProptestConfig::default() }
}

fn world() -> impl Strategy<Value = RandomAnswers> {
    (any::<u64>(), 0_u64..4, any::<bool>()).prop_map(|(seed, failing, honest)| RandomAnswers { seed, failing, honest })
}

/// One octet of a pattern, and what it means.
fn octet() -> impl Strategy<Value = (String, Vec<u8>)> {
    let alternative = (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(a, b, range)| {
        let (from, to) = (a.min(b), a.max(b));
        if range { (format!("{from}..{to}"), Vec::from_iter(from..=to)) } else { (a.to_string(), vec![a]) }
    });
    let many = prop::collection::vec(alternative, 1..5).prop_map(|parts| {
        let text = parts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(";");
        (format!("[{text}]"), parts.into_iter().flat_map(|(_, values)| values).collect())
    });
    prop_oneof![any::<u8>().prop_map(|value| (value.to_string(), vec![value])), many]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_order_of_answers_matters(
        world in world(),
        picks in prop::collection::vec(0_usize..64, 1..30),
        early in prop::collection::vec(0_usize..64, 0..6),
    ) {
        order(iprev, &world, &picks, &early)?;
        order(mail, &world, &picks, &early)?;
        order(helo, &world, &picks, &early)?;
        order(list, &world, &picks, &early)?;
    }

    #[test]
    fn a_fault_or_a_cut_makes_unknown_or_changes_nothing(world in world(), cut in 0_usize..25, failing in 1_u64..16) {
        let world = RandomAnswers { failing: 0, honest: true, ..world };
        faults(iprev, &world, cut, failing)?;
        faults(mail, &world, cut, failing)?;
        faults(helo, &world, cut, failing)?;
        faults(list, &world, cut, failing)?;
    }

    #[test]
    fn addresses_and_names_go_round(octets in any::<[u8; 4]>(), segments in any::<[u16; 8]>()) {
        let v4 = Ipv4Addr::from(octets);
        let text = Name::reverse_of(v4.into()).to_string();
        let mut back: Vec<u8> = text.split('.').take(4).map(|octet| octet.parse().unwrap()).collect();
        back.reverse();
        prop_assert_eq!(&back[..], &octets[..]);
        prop_assert_eq!(Name::reverse_of(v4.to_ipv6_mapped().into()), Name::reverse_of(v4.into()));
        let v6 = std::net::Ipv6Addr::from(segments);
        if v6.to_ipv4_mapped().is_none() {
            let text = Name::reverse_of(v6.into()).to_string();
            let digits: String = text.split('.').take(32).collect::<Vec<_>>().into_iter().rev().collect();
            prop_assert_eq!(u128::from_str_radix(&digits, 16).unwrap(), v6.to_bits());
        }
    }

    #[test]
    fn names_print_what_they_were_read_from(text in "[a-zA-Z0-9_-]{1,20}(\\.[a-zA-Z0-9_-]{1,20}){0,4}\\.?") {
        let name = Name::parse(&text).unwrap();
        prop_assert_eq!(name.to_string(), text.trim_end_matches('.').to_ascii_lowercase());
        prop_assert_eq!(Name::parse(&name.to_string()).unwrap(), name.clone());
        prop_assert_eq!(Name::parse(name.expose()).unwrap(), name);
    }

    #[test]
    fn patterns_pick_what_they_say(octets in prop::collection::vec(octet(), 4), brackets in any::<bool>()) {
        let text = octets.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(".");
        let pattern: CodePattern = if brackets { format!("[{text}]") } else { text }.parse().unwrap();
        prop_assert_eq!(pattern.to_string().parse::<CodePattern>().unwrap(), pattern.clone());
        let good: [u8; 4] = std::array::from_fn(|index| octets[index].1[0]);
        for (index, (_, values)) in octets.iter().enumerate() {
            for value in 0..=255 {
                let mut code = good;
                code[index] = value;
                prop_assert_eq!(pattern.matches(code.into()), values.contains(&value));
            }
        }
    }

    #[test]
    fn remote_text_is_safe_whatever_it_was(raw in prop::collection::vec(any::<u8>(), 0..700)) {
        let text = RemoteText::clean(&raw);
        prop_assert!(text.as_str().bytes().all(|octet| (0x20..=0x7e).contains(&octet)) && text.as_str().len() <= 500);
        prop_assert_eq!(RemoteText::clean(text.as_str().as_bytes()), text);
    }

    #[test]
    fn scores_are_sums(said in lists(), threshold in -3_i32..10) {
        let report = report_of(&said, threshold);
        let deny = said.iter().filter(|said| said.kind == ListKind::Deny);
        let sum = |worst: fn(i64) -> i64| deny.clone().map(|said| match said.word {
            "listed" => i64::from(said.weight),
            "unknown" => worst(said.weight.into()),
            _ => 0,
        }).sum::<i64>();
        let (low, high) = (sum(|weight| weight.min(0)), sum(|weight| weight.max(0)));
        let clamped = |sum: i64| sum.clamp(i32::MIN.into(), i32::MAX.into());
        prop_assert_eq!((i64::from(report.score().low()), i64::from(report.score().high())), (clamped(low), clamped(high)));
        let threshold = i64::from(threshold);
        let expected = if said.iter().any(|said| said.kind == ListKind::Allow && said.word == "listed") {
            Outcome::Allowed
        } else if low >= threshold && said.iter().any(|said| said.kind == ListKind::Allow && said.word == "unknown") {
            Outcome::Undecided
        } else if low >= threshold {
            Outcome::Listed
        } else if high >= threshold {
            Outcome::Undecided
        } else if high <= threshold - 2 {
            Outcome::Allowed
        } else {
            Outcome::NotListed
        };
        prop_assert_eq!(report.score().outcome(), expected);
        let words: Vec<&str> = report.lists().iter().map(|row| row.verdict().word()).collect();
        prop_assert_eq!(words, said.iter().map(|said| said.word).collect::<Vec<_>>());
        prop_assert_eq!(report.counts().total(), said.len());
    }

    #[test]
    fn a_silent_list_removes_no_listing(said in lists(), threshold in -3_i32..10, weight in 0_i32..10, deny in any::<bool>()) {
        let before = report_of(&said, threshold);
        let kind = if deny { ListKind::Deny } else { ListKind::Allow };
        let unheard = Said { word: "unknown", kind, weight };
        let after = report_of(&[said, vec![unheard]].concat(), threshold);
        prop_assert!(after.score().high() >= before.score().high());
        if before.score().outcome() == Outcome::Listed {
            // An allow list may still allow what others list.
            let expected = if deny { Outcome::Listed } else { Outcome::Undecided };
            prop_assert_eq!(after.score().outcome(), expected);
        }
    }

    #[test]
    fn the_order_of_lists_does_not_matter(said in lists(), threshold in -3_i32..10) {
        let turned: Vec<Said> = said.iter().rev().copied().collect();
        let (one, other) = (report_of(&said, threshold), report_of(&turned, threshold));
        prop_assert_eq!((one.score(), one.counts()), (other.score(), other.counts()));
        prop_assert_eq!(one.advice().action(), other.advice().action());
    }

    #[test]
    fn the_order_of_records_does_not_matter(codes in prop::collection::vec(any::<u32>(), 1..150), turn in 0_usize..150) {
        let records: Vec<Record> = codes.iter().map(|code| Record::A((*code).into())).collect();
        let turned = records.iter().cycle().skip(turn).take(records.len()).cloned().collect::<Vec<_>>();
        let ttl = Duration::from_secs(5);
        prop_assert_eq!(Answer::records(records, ttl), Answer::records(turned, ttl));
    }

    #[test]
    fn no_text_of_a_client_stops_anyone(text in any_text(), domain in "[a-z.\\[\\]:0-9IPv@<>\"\\\\#-]{0,40}") {
        for text in [&text, &domain, &format!("<a@{domain}>"), &format!("a@{text}"), &format!("[{domain}]")] {
            let _ = Name::parse(text);
            let _ = text.parse::<ListSpec>().map_err(|error| (error.to_string(), error.point_at(text)));
            let _ = text.parse::<CodePattern>();
            let dialogue = Dialogue::new().helo(text.as_str()).mail_from(text.as_str()).rcpt_to(text.as_str());
            let asks = [rdnsbl::dnsxl::Part::Helo, rdnsbl::dnsxl::Part::Sender];
            let settings = settings([ListSpec::deny("dbl.test").unwrap().with_parts(asks)], 1);
            let report = run(&settings, &dialogue, &Table::parse("").unwrap());
            prop_assert_eq!(report.counts().total(), 2);
            let shown = format!("{:?}{}", report.helo(), report.advice().reply().map(ToString::to_string).unwrap_or_default());
            prop_assert!(!shown.contains(['\r', '\n', '\0', '\x1b']));
        }
    }

    #[test]
    fn no_text_stops_a_table(text in any_text(), line in "[a-z.*$]{0,12} [A-Z/-]{0,9} [0-9a-z.=\"\\\\]{0,20}") {
        let _ = Table::parse(&text);
        if let Ok(mut table) = Table::parse(&line) {
            let _ = table.set(&text);
            let _ = table.lookup(&rdnsbl::Question::new(Name::parse("a.test").unwrap(), rdnsbl::RecordType::A));
        }
    }
}

/// Any text, and now and then one of 10 KB, of odd characters, or both.
fn any_text() -> impl Strategy<Value = String> {
    let odd = "[\\x00-\\x1f .@<>\\[\\]\\\\\"'*\u{e9}\u{df}\u{130}\u{202e}\u{3002}\u{1f600}a-c-]{0,60}";
    prop_oneof![4 => any::<String>(), 4 => odd, 1 => (odd, 200_usize..400).prop_map(|(text, times)| text.repeat(times))]
}

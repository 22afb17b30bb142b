//! For any order and delay of answers, the advice at RCPT has the action and the code of a whole check.

use std::time::Duration;

use proptest::prelude::*;
use rdnsbl::dnsxl::{OnNoAnswer, Part};
use rdnsbl::policy::{Advice, Stage};
use rdnsbl::{Action, Dialogue, Finding, ListSet, ListSpec, Outcome, Policy};

use crate::kit::cases::cases;
use crate::kit::world::{DELAY, LISTED, World};

const SUBJECTS: [(Part, &str); 5] = [
    (Part::Address, "14.77.66.45"),
    (Part::Helo, "helo.client.test"),
    (Part::Sender, "s.test"),
    (Part::Recipient, "r.test"),
    (Part::ConfirmedName, "listed.client.test"),
];
const INVENTS_OUTSIDE_LISTS: &str = "* A 203.0.113.99
    *.z0.test NXDOMAIN
    *.z1.test NXDOMAIN
    *.z2.test NXDOMAIN
    *.z3.test NXDOMAIN
    *.z4.test NXDOMAIN
    *.z5.test NXDOMAIN
";
const RULES: [OnNoAnswer; 4] = [OnNoAnswer::Ignore, OnNoAnswer::Defer, OnNoAnswer::Listed, OnNoAnswer::DeferIfReject];

#[derive(Clone, Debug)]
struct OneList {
    part: usize,
    allow: bool,
    weight: i32,
    rule: usize,
    answer: usize,
    delay: u64,
    reply: bool,
}

fn one_list() -> impl Strategy<Value = OneList> {
    let weight = prop_oneof![Just(1), Just(1), Just(2), Just(3), Just(-1), Just(-2)];
    let reply = prop::bool::weighted(0.1);
    (0..SUBJECTS.len(), prop::bool::weighted(0.25), weight, 0..RULES.len(), 0..5_usize, 0..4_u64, reply).prop_map(
        |(part, allow, weight, rule, answer, delay, reply)| OneList { part, allow, weight, rule, answer, delay, reply },
    )
}

fn spec(index: usize, list: &OneList) -> ListSpec {
    let zone = format!("z{index}.test");
    let spec = if list.allow {
        ListSpec::allow(&zone)
    } else {
        ListSpec::deny(&zone).map(|spec| spec.with_weight(list.weight))
    };
    let spec = spec.unwrap().with_parts([SUBJECTS[list.part].0]).with_on_no_answer(RULES[list.rule]);
    if list.reply { spec.with_reply_template("450 4.7.1 listed by $rbl_domain".parse().unwrap()) } else { spec }
}

fn policy(preset: usize, change: usize) -> Policy {
    let policy = match preset {
        0 => Policy::rfc(),
        1 => Policy::postfix(),
        2 => Policy::sendmail(),
        3 => Policy::rfc().strict(),
        _ => Policy::postfix().strict(),
    };
    match change {
        0 => policy.on(Finding::Listed, Action::Defer),
        1 => policy.on(Finding::Listed, Action::Pass),
        2 => policy.on(Finding::DenyListUnknown, Action::Pass),
        3 => policy.on(Finding::ListsUndecided, Action::Defer).on(Finding::ResolverFault, Action::Defer),
        4 => policy.all([Finding::HeloNoSuchName, Finding::Listed], Action::Reject),
        5 => policy.all([Finding::SenderUnknown, Finding::HeloNoSuchName], Action::Reject),
        _ => policy,
    }
}

fn told(advice: &Advice) -> (Action, Option<(u16, String)>) {
    (advice.action(), advice.reply().map(|reply| (reply.code(), reply.enhanced().to_owned())))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(100),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn advice_at_rcpt_is_that_of_a_whole_check(
        all in prop::collection::vec(one_list(), 0..6),
        (threshold, operators) in (1..4_i32, 1..3_usize),
        (preset, change) in (0..5_usize, 0..10_usize),
        fates in prop::collection::vec(0..4_usize, 4),
        delays in prop::collection::vec(0..4_u64, 5),
        contexts in prop::bool::ANY,
        resolver in 0..6_usize,
    ) {
        let mut dns = String::from("$SOA test 300 60\n$SOA in-addr.arpa 3600 600\nmx.sender.test A 45.66.77.9\n* NXDOMAIN\n");
        let mut set = ListSet::builder();
        for (index, list) in all.iter().enumerate() {
            let name = format!("{}.z{index}.test", SUBJECTS[list.part].1);
            dns += &format!("$SOA z{index}.test 300 60\n");
            dns += &match list.answer {
                0 => format!("{name} SERVFAIL\n"),
                1 => String::new(),
                // Parked: an address for every name.
                2 => format!("*.z{index}.test A 198.51.100.9\n"),
                _ => format!("{name} A 127.0.0.2\n"),
            };
            dns += &format!("{name} after={}ms\n", list.delay * 100);
            if contexts {
                set = set.context(Some(["one", "two"][index % 2]));
            }
            set = set.list(spec(index, list));
        }
        let Ok(set) = set.threshold(threshold).min_operators(operators).build() else { return Ok(()) };
        dns += match fates[0] {
            0 => "14.77.66.45.in-addr.arpa SERVFAIL\n",
            1 => "14.77.66.45.in-addr.arpa PTR listed.client.test\nlisted.client.test A 45.66.77.14\n",
            2 => "14.77.66.45.in-addr.arpa PTR listed.client.test\n",
            _ => "",
        };
        dns += ["helo.client.test A 45.66.77.14\n", "helo.client.test SERVFAIL\n", "", ""][fates[1]];
        dns += ["s.test MX 10 mx.sender.test\n", "s.test SERVFAIL\n", "s.test MX 0 .\n", ""][fates[2]];
        dns += ["r.test MX 10 mx.sender.test\n", "r.test SERVFAIL\n", "r.test MX 0 .\n", ""][fates[3]];
        for (name, delay) in
            ["14.77.66.45.in-addr.arpa", "helo.client.test", "s.test", "r.test", "listed.client.test"].iter().zip(delays)
        {
            dns += &format!("{name} after={}ms\n", delay * 100);
        }
        // Names that do not exist have an address: all of them, or those outside lists.
        dns += ["* A 203.0.113.99\n", INVENTS_OUTSIDE_LISTS, "", "", "", ""][resolver];
        let world = || World::with(&dns, |builder| builder.lists(set.clone()).policy(policy(preset, change)));
        let (whole, staged) = (world(), world());
        let dialogue = Dialogue::from(LISTED).helo("helo.client.test").mail_from("<a@s.test>").rcpt_to("<b@r.test>");
        let report = whole.check(dialogue);
        let mut session = staged.checker.session(LISTED);
        session.helo("helo.client.test").mail_from("<a@s.test>").rcpt_to("<b@r.test>");
        let advice = staged.clock.run(session.advice());
        prop_assert_eq!(told(&advice), told(report.advice()), "{}", report);
        // The next recipient gets the same.
        let again = staged.clock.run(session.rcpt_to("<c@r.test>").advice());
        prop_assert_eq!(told(&again), told(report.advice()), "{}", report);
    }
}

/// One list lowers the score at once. A slow one could raise it again, so only its miss makes the outcome "allowed".
#[test]
fn a_list_is_awaited_if_its_miss_may_allow() {
    let dns = "
        14.77.66.45.low.test A 127.0.0.2
        14.77.66.45.high.test after=100ms
        14.77.66.45.allow.test SERVFAIL
        * NXDOMAIN
    ";
    let weighed = |zone, weight| ListSpec::deny(zone).unwrap().with_weight(weight);
    let allow = ListSpec::allow("allow.test").unwrap().with_on_no_answer(OnNoAnswer::Defer);
    let set = ListSet::builder().lists([weighed("low.test", -1), weighed("high.test", 1), allow]);
    for (allow_threshold, outcome, action, took) in
        [(-1, Outcome::Allowed, Action::Pass, DELAY), (-2, Outcome::NotListed, Action::Defer, Duration::ZERO)]
    {
        let world = || World::new(dns, set.clone().allow_threshold(allow_threshold).build().unwrap());
        let whole = world().check(LISTED);
        assert_eq!((whole.score().outcome(), whole.advice().action()), (outcome, action), "{whole}");
        let early = world();
        let settled = early.clock.run(early.checker.check(LISTED).stop_when_settled());
        assert_eq!((settled.score().outcome(), settled.elapsed()), (outcome, took), "{settled}");
        let staged = world();
        let advice = staged.clock.run(staged.checker.session(LISTED).act_from(Stage::Connect).advice());
        assert_eq!(advice.action(), action, "{advice:?}");
    }
}

proptest! {
    /// For any local part, the domain that is looked up is the one of the address as the host has parsed it.
    #[test]
    fn the_domain_of_a_parsed_address_is_always_found(local in ".*") {
        let dialogue = Dialogue::new().mail_from_address(&format!("{local}@example.org"));
        let path = dialogue.mail_from.unwrap_or_default();
        let check = rdnsbl::check::mail_domain::MailDomainCheck::new(rdnsbl::PathRole::Sender, &path);
        prop_assert_eq!(check.domain().map(ToString::to_string), Some("example.org".to_owned()), "{}", path);
    }
}

//! A list that is only observed is asked, proven, reported and logged, and changes nothing else.

use rdnsbl::clock::Clock;
use rdnsbl::dnsxl::OnNoAnswer;
use rdnsbl::policy::Stage;
use rdnsbl::report::authres;
use rdnsbl::testing::Situation;
use rdnsbl::{Action, Dialogue, ListSet, ListSpec, Outcome, Report};

use crate::kit::world::{CLEAN, LISTED, World, lists, verdicts};

const DNS: &str = "
    $SOA bl.test 300 60
    14.77.66.45.bl.test A 127.0.0.2
    7.77.66.45.in-addr.arpa PTR clean.client.test
    clean.client.test A 45.66.77.7
    14.77.66.45.in-addr.arpa PTR listed.client.test
    listed.client.test A 45.66.77.14
    * NXDOMAIN
";

fn deny(text: &str) -> ListSpec {
    ListSpec::deny(text).unwrap()
}

fn set(lists: impl IntoIterator<Item = ListSpec>) -> ListSet {
    ListSet::builder().lists(lists).build().unwrap()
}

/// Everything that decides, or names what decided.
fn decision(report: &Report) -> String {
    let decided: Vec<_> = report.decided_by().map(|row| row.list().clone()).collect();
    let hits = (report.denied().count(), report.allowed().count());
    let header = authres::results(report);
    format!("{:?} {:?} {decided:?} {hits:?} {header:?}", report.summary(), report.advice())
}

#[test]
fn it_is_reported_and_changes_nothing() {
    let situations = [
        (Situation::Sound, "listed"),
        (Situation::ListsEverything, "problem"),
        (Situation::Refuses([127, 255, 255, 254].into()), "problem"),
        (Situation::Silent, "unknown"),
    ];
    for client in [CLEAN, LISTED] {
        for (situation, word) in situations {
            let dns = format!("{DNS}{}", situation.table("new.test", &[CLEAN, LISTED]));
            for list in [
                deny("new.test*9").with_on_no_answer(OnNoAnswer::Listed),
                deny("new.test*-9").with_on_no_answer(OnNoAnswer::Defer),
                ListSpec::allow("new.test").unwrap(),
                deny("new.test").with_on_no_answer(OnNoAnswer::Defer),
            ] {
                let alone = World::new(&dns, lists(["bl.test"])).check(client);
                let with_it = World::new(&dns, set([list.with_only_observed(), deny("bl.test")])).check(client);
                assert_eq!(decision(&with_it), decision(&alone), "{situation:?}");
                let row = &with_it.lists()[0];
                assert_eq!((row.verdict().word(), row.only_observed()), (word, true), "{situation:?}");
                let field = if word == "listed" { "observed=new.test" } else { "observed=-" };
                assert!(with_it.log_line().to_string().ends_with(field), "{}", with_it.log_line());
                assert!(with_it.to_string().contains("(only observed)"), "{with_it}");
            }
        }
    }
}

#[test]
fn a_hit_of_it_is_proven() {
    let dns = format!("{DNS}{}", Situation::Sound.table("new.test", &[CLEAN]));
    let world = World::new(&dns, set([deny("new.test").with_only_observed()]));
    let report = world.check(CLEAN);
    assert_eq!((report.score().outcome(), report.advice().action()), (Outcome::NotListed, Action::Pass));
    assert_eq!((report.score().high(), report.counts().total()), (0, 0));
    assert!(world.asked().contains(&"1.0.0.127.new.test A".to_owned()), "{:?}", world.asked());
}

/// It is slower than the list that decides. A report waits for it; a check that stops early does not.
#[test]
fn a_report_waits_for_it() {
    let dns = format!("{DNS}{}", Situation::Silent.table("new.test", &[]));
    for list in [deny("new.test"), deny("new.test*-9"), ListSpec::allow("new.test").unwrap()] {
        for (client, action) in [(CLEAN, Action::Pass), (LISTED, Action::Reject)] {
            let world = World::new(&dns, set([list.clone().with_only_observed(), deny("bl.test")]));
            let begun = world.clock.now();
            let mut session = world.checker.session(client).act_from(Stage::Connect);
            assert_eq!(world.clock.run(session.advice()).action(), action);
            let settled = world.clock.run(world.checker.check(client).stop_when_settled());
            assert_eq!((settled.advice().action(), world.clock.now()), (action, begun));
            assert_eq!(verdicts(&world.clock.run(session.report()))[0], "unknown");
            assert!(world.clock.now() > begun);
        }
    }
}

#[test]
fn what_is_remembered_does_not_count_it() {
    let world = World::new(DNS, set([deny("new.test").with_only_observed(), deny("bl.test")]));
    assert_eq!(world.checker.remembered(&Dialogue::from(CLEAN)), None);
    let report = world.check(CLEAN);
    assert_eq!(report.counts().not_listed, 1);
    assert_eq!(world.checker.remembered(&Dialogue::from(CLEAN)), Some(report.summary()));
}

#[test]
fn no_other_software_can_express_it() {
    use rdnsbl::lists::notation::Notation;
    let observed = deny("bl.example").with_only_observed();
    for notation in [Notation::Postfix, Notation::Exim, Notation::Sendmail, Notation::SpamAssassin, Notation::Rspamd] {
        assert!(notation.print(&observed).is_err(), "{notation:?}");
    }
}

/// A list and its part are not counted twice if one of them never counts.
#[test]
fn it_is_not_counted_twice() {
    use rdnsbl::lists::ZoneFindingKind::CountedTwice;
    let counted_twice = |part: ListSpec, whole: ListSpec| {
        set([part, whole]).findings().iter().any(|finding| matches!(finding.kind(), CountedTwice { .. }))
    };
    let (part, whole) = (deny("sbl.spamhaus.org"), deny("zen.spamhaus.org"));
    assert!(counted_twice(part.clone(), whole.clone()));
    assert!(!counted_twice(part.clone().with_only_observed(), whole.clone()));
    assert!(!counted_twice(part, whole.with_only_observed()));
}

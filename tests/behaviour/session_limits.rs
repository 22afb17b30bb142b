//! How long a session may take, and how much it may hold.

use rdnsbl::clock::Clock;
use rdnsbl::policy::Stage;
use rdnsbl::{Action, Session};

use crate::kit::world::{CLEAN, LISTED, SECOND, World, lists, poll_once, start, verdicts};
use crate::session::WORLD;

#[test]
fn time_that_a_prefetch_took_is_not_given_again() {
    let world = World::new(&format!("{WORLD}\n*.silent.test TIMEOUT"), lists(["silent.test"]));
    let mut session = world.checker.session(CLEAN).within(SECOND * 2);
    let mut prefetch = start(session.prefetch());
    poll_once(&mut prefetch);
    world.clock.advance(SECOND);
    poll_once(&mut prefetch);
    let begun = world.clock.now();
    let report = world.clock.run(session.report());
    assert_eq!((verdicts(&report), world.clock.now() - begun), (vec!["unknown"], SECOND));
}

#[test]
fn after_its_deadline_a_session_asks_nothing() {
    let world = World::new(WORLD, lists(["bl.test"]));
    let mut session = world.checker.session(CLEAN).until(world.clock.now() + SECOND);
    world.clock.advance(SECOND);
    let report = world.clock.run(session.mail_from("<a@sender.test>").report());
    assert_eq!((world.all_asked().len(), report.questions()), (0, 0));
    assert_eq!(verdicts(&report), ["unknown"]);
}

#[test]
fn a_session_is_bounded() {
    let world = World::new(WORLD, lists([]));
    let mut session = world.checker.session(CLEAN);
    for number in 0..1_500 {
        let advice = world.clock.run(session.rcpt_to(format!("<b@r{number}.test>")).advice());
        assert_eq!(advice.action(), Action::Reject);
    }
}

/// A server has thousands of idle connections.
#[test]
fn an_idle_session_is_small_and_holds_nothing() {
    let zones: Vec<String> = (0..12).map(|number| format!("l{number}.test")).collect();
    let world = World::new(WORLD, lists(zones.iter().map(String::as_str)));
    let mut sessions: Vec<Session> = Vec::with_capacity(3_000);
    let mut connect = || {
        let session = world.checker.session(CLEAN);
        world.clock.run(session.prefetch());
        sessions.push(session);
    };
    // The cache and the tables have their size.
    (0..100).for_each(|_| connect());
    let held = allocation_counter::measure(|| (100..3_000).for_each(|_| connect())).bytes_current;
    let each = held / 2_900 + i64::try_from(size_of::<Session>()).unwrap();
    assert!(each <= 2_048, "{each} bytes");
    assert_eq!(world.checker.stats().in_flight, 0);
}

#[test]
fn a_dropped_stage_takes_no_time_from_the_next() {
    for gap in [1, 6, 600] {
        let world = World::new(&World::slowly(WORLD), lists(["bl.test"]));
        let mut session = world.checker.session(LISTED).act_from(Stage::Connect);
        let mut prefetch = start(session.prefetch());
        poll_once(&mut prefetch);
        drop(prefetch);
        world.clock.advance(SECOND * gap);
        assert_eq!(world.clock.run(session.advice()).action(), Action::Reject, "{gap} s");
    }
}

#[test]
fn a_new_fact_gives_old_questions_no_new_time() {
    let world = World::new(&format!("{WORLD}\n*.silent.test TIMEOUT"), lists(["silent.test"]));
    let mut session = world.checker.session(CLEAN).within(SECOND * 2);
    let mut prefetch = start(session.prefetch());
    poll_once(&mut prefetch);
    world.clock.advance(SECOND);
    let begun = world.clock.now();
    world.clock.run(session.mail_from("<a@sender.test>").rcpt_to("<b@one.test>").report());
    assert_eq!(world.clock.now() - begun, SECOND);
}

//! A client with servers that never answer takes its own places, and no more: nobody else waits for them.

use std::time::Duration;

use rdnsbl::PendingCheck;
use rdnsbl::checker::Limits;
use rdnsbl::report::Completeness;

use super::*;
use crate::kit::world::World;
use crate::kit::world::{Started, poll_once, start};

const WORLD: &str = "
    $SOA friend.test 300 60
    *.silent.test TIMEOUT
    friend.test MX 10 mx.friend.test
    mx.friend.test A 45.66.78.25
";

/// Room for 32 questions about names that clients chose; 4 of one client.
fn world() -> World {
    let mut limits = Limits::default();
    limits.in_flight = 64;
    World::built_with_unlisted(WORLD, |builder| builder.limits(limits))
}

/// Checks of one client under way. All its names belong to silent servers, but for those of the last.
fn crowd(world: &World, last: &Dialogue) -> Vec<Started<PendingCheck>> {
    let silent =
        |number| client(79, 1).helo(format!("h{number}.silent.test")).mail_from(format!("<a@s{number}.silent.test>"));
    let dialogues = (0..40).map(silent).chain([last.clone()]);
    let mut checks: Vec<_> = dialogues.map(|dialogue| start(world.checker.check(dialogue))).collect();
    checks.iter_mut().for_each(poll_once);
    checks
}

#[test]
fn a_client_with_silent_names_keeps_nobody_waiting() {
    let world = world();
    let checks = crowd(&world, &client(79, 1));
    let report = world.check(client(80, 1).helo("mx.friend.test").mail_from("<a@friend.test>"));
    assert_eq!((report.elapsed(), report.completeness()), (Duration::ZERO, Completeness::Complete), "{report}");
    drop(checks);
    assert_eq!(world.checker.stats().in_flight, 0);
}

/// It asks for the name that another client is about to bring, too.
#[test]
fn nobody_waits_for_a_name_that_such_a_client_asked_first() {
    let world = world();
    let friend = |net| client(net, 1).helo("mx.friend.test").mail_from("<a@friend.test>");
    let mut checks = crowd(&world, &friend(79));
    let report = world.check(friend(80));
    assert_eq!((report.elapsed(), report.completeness()), (Duration::ZERO, Completeness::Complete), "{report}");
    // What it wants to know itself is in the cache once its turn comes.
    let mut own = checks.pop().unwrap();
    drop(checks);
    let asked = world.dns.asked().len();
    world.clock.run(&mut own);
    let report = own.as_mut().take_output().unwrap();
    assert_eq!(report.completeness(), Completeness::Complete);
    assert_eq!(world.dns.asked().len(), asked, "{report}");
}

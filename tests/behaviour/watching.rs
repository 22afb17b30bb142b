//! `watch`: lists are looked after while nobody is checked.

use std::time::Duration;

use rdnsbl::clock::Clock;
use rdnsbl::dnsxl::Health;

use crate::timelines::{HOUR, MINUTE, SOUND, asked, health, with_lists};

#[test]
fn watches_may_be_as_rare_as_can_be() {
    let world = with_lists(&["bl.example"], SOUND);
    for _ in 0..20 {
        let watch = world.checker.clone().watch(Duration::MAX);
        let end = world.clock.sleep_until(world.clock.now() + HOUR);
        world.clock.run(async {
            futures::future::select(Box::pin(watch), end).await;
        });
    }
}

#[test]
fn a_watch_looks_after_lists() {
    let mut world = with_lists(&["bl.example", "other.example"], SOUND);
    let checker = world.checker.clone();
    let watch = checker.watch(30 * MINUTE);
    let clock = world.clock.clone();
    let mut watch = Box::pin(watch);
    let mut pass = |time: Duration| {
        let until = clock.clone();
        let at = rdnsbl::Clock::now(&until) + time;
        clock.run(async {
            let end = rdnsbl::Clock::sleep_until(&until, at);
            futures::future::select(&mut watch, end).await;
        });
    };
    pass(Duration::from_secs(1));
    assert_eq!(health(&world)[0], Health::Sound);
    assert_eq!(asked(&world, ".bl.example"), 3, "two controls and the entry that must exist");
    pass(10 * HOUR);
    let questions = asked(&world, ".bl.example");
    assert!((3 * 17..=3 * 23).contains(&questions), "every half hour, a tenth more or less: {questions}");
    // It dies without any mail: the watch tells.
    world.set("*.bl.example. A 127.0.0.2");
    pass(40 * MINUTE);
    assert_eq!(world.events(), ["bl.example sound -> lists_everything"]);
    asked(&world, "");
    pass(10 * HOUR);
    let questions = asked(&world, ".bl.example");
    assert!(questions <= 3 * 66, "at most one look in ten minutes, once it has backed off: {questions}");
    world.set("*.bl.example. NXDOMAIN");
    pass(11 * MINUTE);
    assert_eq!(world.events(), ["bl.example lists_everything -> sound"]);
}

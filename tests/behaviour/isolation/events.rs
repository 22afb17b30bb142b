//! Streams of events.

use super::*;
use crate::kit::world::{World, set};

#[test]
fn streams_of_events_that_were_dropped_take_no_room() {
    let world = World::with_unlisted("", []);
    world.check(client(79, 1));
    let memory = allocation_counter::measure(|| (0..10_000).for_each(|_| drop(world.checker.events())));
    assert!(memory.bytes_current < 64 * 1024, "{} bytes are kept", memory.bytes_current);
    // Those that listen stay.
    let mut listening: Vec<_> = (0..20).map(|_| world.checker.events()).collect();
    drop(listening.drain(5..15));
    world.set("*.bl.example A 198.51.100.25");
    let with_list = world.checker.with_lists(set([deny("bl.example")]));
    for last in 0..3 {
        world.clock.run(with_list.check(client(79, last)));
        world.pass(1);
    }
    assert!(listening.iter_mut().all(|events| events.try_next().is_some()));
}

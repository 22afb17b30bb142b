//! Streams of events.

use super::*;
use crate::kit::town::{Town, set};

#[test]
fn streams_of_events_that_were_dropped_take_no_room() {
    let town = Town::new("", []);
    town.check(client(79, 1));
    let memory = allocation_counter::measure(|| (0..10_000).for_each(|_| drop(town.checker.events())));
    assert!(memory.bytes_current < 64 * 1024, "{} bytes are kept", memory.bytes_current);
    // Those that listen stay.
    let mut listening: Vec<_> = (0..20).map(|_| town.checker.events()).collect();
    drop(listening.drain(5..15));
    town.set("*.bl.example A 198.51.100.25");
    let with_list = town.checker.with_lists(set([deny("bl.example")]));
    for last in 0..3 {
        town.clock.run(with_list.check(client(79, last)));
        town.pass(1);
    }
    assert!(listening.iter_mut().all(|events| events.try_next().is_some()));
}

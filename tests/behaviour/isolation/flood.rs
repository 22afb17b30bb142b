//! A client that invents thousands of names fills only its part of the cache.

use std::net::{IpAddr, Ipv4Addr};

use rdnsbl::checker::Limits;
use rdnsbl::{Dialogue, Scripted};

use super::*;
use crate::kit::world::{World, set};

const OTHERS: u32 = 100;

/// The questions to the list of domains about senders, apart from its controls.
fn about_senders(dns: &Scripted) -> usize {
    let is_about = |name: &str| name.ends_with(".unlisted.test.rhsbl.example.");
    dns.asked().iter().filter(|question| is_about(question.name.expose())).count()
}

#[test]
fn senders_that_a_client_invents_leave_those_of_others_in_the_cache() {
    let mut limits = Limits::default();
    limits.entries = 160;
    let world = World::built_with_unlisted(RHSBL, |builder| {
        builder.lists(set([of_domains(deny("rhsbl.example"))])).limits(limits)
    });
    let others = || {
        (0..OTHERS).map(|number| {
            Dialogue::from(IpAddr::from(Ipv4Addr::from(0x2d42_4d00 + number)))
                .mail_from(format!("<a@n{number}.unlisted.test>"))
        })
    };
    others().for_each(|dialogue| drop(world.check(dialogue)));
    for number in 0..500 {
        world.check(Dialogue::from(IpAddr::from([45, 66, 79, 1])).mail_from(format!("<a@f{number}.unlisted.test>")));
    }
    let before = about_senders(&world.dns);
    others().for_each(|dialogue| drop(world.check(dialogue)));
    let again = about_senders(&world.dns) - before;
    assert!(again <= OTHERS as usize / 20, "{again} asked again");
}

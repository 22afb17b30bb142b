//! Which questions a set of lists causes: a zone named several times is asked once, and no list is asked about an exempt address.

use std::net::IpAddr;

use rdnsbl::lists::ListSetBuilder;
use rdnsbl::{Dialogue, ListSet, Name, SpecialPurpose, Verdict};

use crate::kit::world::{CLEAN, LISTED, World, verdicts};

pub(crate) const IPV6: &str = "2606:4700::14";

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn deny(lists: &[&str]) -> ListSetBuilder {
    lists.iter().fold(ListSet::builder(), |set, list| set.deny(list))
}

/// The questions to lists that were asked since the last call.
pub(crate) fn asked(world: &World) -> Vec<String> {
    let asked = world.asked();
    world.dns.forget_asked();
    asked.into_iter().filter(|question| !question.contains(".arpa")).collect()
}

/// The table of a zone with entries for the subjects of the tests, and with a SOA record, so that a "no" is cached, too.
pub(crate) fn holds(zone: &str, codes: &[&str]) -> String {
    let subjects = ["14.77.66.45", "4.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.4.6.0.6.2", "bad.test"];
    let lines =
        subjects.iter().flat_map(|subject| codes.iter().map(move |code| format!("{subject}.{zone} A {code}\n")));
    let texts = subjects.iter().map(|subject| format!("{subject}.{zone} TXT \"listed there\"\n"));
    format!("$SOA {zone} 300 60\n") + &lines.chain(texts).collect::<String>()
}

#[test]
fn a_zone_with_several_filters_is_asked_once() {
    let lists = || deny(&["bl.test=127.0.0.2*3", "bl.test=127.0.0.[4..9]*2", "bl.test"]).build().unwrap();
    for (listed, clean) in [
        (Dialogue::from(LISTED), Dialogue::from(CLEAN)),
        (Dialogue::from(IPV6.parse::<IpAddr>().unwrap()), Dialogue::from("2606:4700::7".parse::<IpAddr>().unwrap())),
        (Dialogue::from(name("bad.test")), Dialogue::from(name("good.test"))),
    ] {
        let world = World::new(&holds("bl.test", &["127.0.0.4"]), lists());
        let in_zone = |world: &World| asked(world).into_iter().filter(|it| it.contains(".bl.test")).count();
        assert_eq!(verdicts(&world.check(clean.clone())), ["not_listed"; 3]);
        assert_eq!(in_zone(&world), 1, "a miss, cold");
        assert_eq!(verdicts(&world.check(clean)), ["not_listed"; 3]);
        assert_eq!(in_zone(&world), 0, "a miss, warm");
        let report = world.check(listed.clone());
        assert_eq!(verdicts(&report), ["excluded", "listed", "listed"]);
        assert_eq!(report.score().low(), 3);
        assert_eq!(in_zone(&world), 4, "a hit, cold: address, text and two controls");
        assert_eq!(verdicts(&world.check(listed)), ["excluded", "listed", "listed"]);
        assert_eq!(in_zone(&world), 0, "a hit, warm");
    }
}

#[cfg(feature = "hickory")]
#[tokio::test]
async fn a_zone_with_several_filters_costs_one_datagram() {
    use rdnsbl::Checker;
    use rdnsbl::testing::{LoopbackServer, Table};

    let server = LoopbackServer::start(Table::parse("$SOA bl.test 300 60").unwrap()).await.unwrap();
    #[cfg(feature = "direct")]
    let resolver = rdnsbl::resolve::Direct::servers([server.address()]).unwrap();
    #[cfg(not(feature = "direct"))]
    let resolver = rdnsbl::resolve::Stub::servers([server.address()]).unwrap();
    let lists = deny(&["bl.test=127.0.0.2*3", "bl.test=127.0.0.[4..9]*2", "bl.test"]).build().unwrap();
    let checker = Checker::builder(resolver).lists(lists).build().unwrap();
    // The first check has also tested the resolver, with four questions.
    for (target, datagrams) in [("45.66.77.7", 2), ("45.66.77.7", 2), ("2606:4700::7", 4)] {
        checker.check(target.parse::<IpAddr>().unwrap()).await;
        assert_eq!(
            server.datagrams(),
            4 + datagrams,
            "{target}: one for the PTR record, one for the list, none when warm"
        );
    }
    checker.check(name("good.test")).await;
    let domain = server.asked().into_iter().filter(|it| it.name == name("good.test.bl.test")).count();
    assert_eq!(domain, 1);
}

#[test]
fn no_list_is_asked_about_an_exempt_or_special_address() {
    let lists = || deny(&["bl.test", "zen.spamhaus.org"]).allow("list.dnswl.org").build().unwrap();
    let clients = ["192.168.7.7", "127.0.0.1", "fd00::7", "fe80::1", "::1", "::ffff:10.0.0.7", "203.0.113.9"];
    for (client, word) in clients.map(|client| (client, "special")).into_iter().chain([("45.66.77.14", "exempt")]) {
        let exempt = ["45.66.77.0/24".parse().unwrap()];
        let world = World::with(&holds("bl.test", &["127.0.0.2"]), |it| it.lists(lists()).exempt(exempt));
        let report = world.check(client.parse::<IpAddr>().unwrap());
        for row in report.lists() {
            let Verdict::Skipped(why) = row.verdict() else { panic!("{client}: {:?}", row.verdict()) };
            assert_eq!(why.word(), word, "{client}");
        }
        assert_eq!(asked(&world), Vec::<String>::new(), "{client}");
    }
    // If the settings say so, lists are asked about such an address.
    let world = World::with(&holds("bl.test", &["127.0.0.2"]), |it| {
        it.lists(deny(&["bl.test"]).build().unwrap()).special_purpose(SpecialPurpose::Ask)
    });
    world.check("192.168.7.7".parse::<IpAddr>().unwrap());
    assert_eq!(asked(&world), ["7.7.168.192.bl.test A"]);
}

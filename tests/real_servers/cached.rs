//! How long answers are remembered.

use std::time::Duration;

use rdnsbl::{Checker, Dialogue, Report, SpecialPurpose};

use crate::servers::stub;
use crate::world::{LISTED, PushedClock, World, deny, ip, only, said};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_no_lives_as_long_as_the_soa_says() {
    let world = World::start().await;
    let clock = PushedClock::default();
    let checker = Checker::builder_with(stub(world.lists.address()), clock.clone())
        .special_purpose(SpecialPurpose::Ask)
        .lists(deny(&["bl.example"]))
        .build()
        .unwrap();
    let asked = async || checker.check(Dialogue::from(ip("203.0.113.99"))).await;
    let first = asked().await;
    assert_eq!((said(only(&first)), only(&first).ttl()), ("not_listed".into(), Some(Duration::from_secs(120))));
    let at_the_list = |report: &Report| {
        let network = rdnsbl::report::Source::Network;
        report
            .exchanges()
            .iter()
            .filter(|it| it.source() == network && it.question().to_string().contains("bl."))
            .count()
    };
    assert_eq!(at_the_list(&first), 1);
    assert_eq!(at_the_list(&asked().await), 0, "remembered");
    clock.push(Duration::from_secs(118));
    assert_eq!(at_the_list(&asked().await), 0, "still remembered");
    clock.push(Duration::from_secs(3));
    assert_eq!(at_the_list(&asked().await), 1, "asked anew");
}

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn the_second_check_asks_nothing() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example", "tset.example", "trie.example"]);
    let dialogue = Dialogue::from(ip(LISTED)).helo("mail.good.example").mail_from("<a@usable.example>");
    let first = checker.check(&dialogue).await;
    let second = checker.check(&dialogue).await;
    assert!(first.questions() > 10, "{}", first.questions());
    assert_eq!(second.questions(), 0);
    let verdicts = |report: &Report| report.lists().iter().map(said).collect::<Vec<_>>();
    assert_eq!(verdicts(&first), verdicts(&second));
    // As the cache in unbound counts down, so does ours: never more than the list gave.
    assert!(second.lists()[0].ttl().unwrap() <= Duration::from_secs(600));
}

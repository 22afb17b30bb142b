//! Many checks and many questions at once.

use std::net::IpAddr;

use crate::world::{World, said};

#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn many_clients_at_once() {
    let world = World::start().await;
    let checker = world.checker(&["bl.example", "tset.example", "trie.example"]);
    let checks = (0..=255_u8).map(|last| {
        let checker = checker.clone();
        tokio::spawn(async move {
            let report = checker.check(IpAddr::from([198, 51, 100, last])).await;
            (last, said(&report.lists()[0]))
        })
    });
    for check in checks.collect::<Vec<_>>() {
        let (last, found) = check.await.unwrap();
        let expected = if last < 128 && last != 9 { "listed 127.0.0.2" } else { "not_listed" };
        assert_eq!(found, expected, "198.51.100.{last}");
    }
}

#[cfg(feature = "direct")]
#[tokio::test]
#[ignore = "needs unbound and rbldnsd"]
async fn a_burst_drowns_no_server() {
    use std::time::Duration;

    use futures::future::join_all;
    use rdnsbl::dns::{AnswerKind, Question, RecordType};
    use rdnsbl::name::Name;
    use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};

    use crate::servers::Rbldnsd;
    use crate::world::lists;

    let lists = Rbldnsd::start(lists()).await;
    for at_once in [512_u16, 2_048] {
        // Lost datagrams are not sent again.
        let timeouts = Timeouts::default().with_resend(Duration::from_secs(8)).with_total(Duration::from_secs(20));
        let direct = Direct::servers([lists.address()]).unwrap().with_pacing(Pacing::Fixed).with_timeouts(timeouts);
        for round in 0..4 {
            let questions: Vec<Question> = (0..at_once)
                .map(|number| {
                    let [high, low] = number.to_be_bytes();
                    let name = format!("{low}.{}.51.198.bl.example", if high == 0 { 100 } else { high + round * 16 });
                    Question::new(Name::parse(&name).unwrap(), RecordType::A)
                })
                .collect();
            let answers = join_all(questions.iter().map(|question| direct.resolve(question.clone()))).await;
            for (number, answer) in answers.iter().enumerate() {
                let listed = number < 128 && number != 9;
                let right = match answer.kind() {
                    AnswerKind::Records(_) => listed,
                    AnswerKind::NxDomain(_) => !listed,
                    _ => false,
                };
                assert!(right, "{number}: {answer}");
            }
        }
        // Each was answered, the first time it was asked. Where other programs take the processor from the list's server for
        // long, its buffer overflows a little; sent all at once, most of these questions would be lost.
        let (stats, asked) = (direct.stats(), 4 * u64::from(at_once));
        assert_eq!((stats.received, stats.timeouts), (asked, 0));
        assert!(stats.resent <= asked / 10 && stats.sent == asked + stats.resent, "{stats:?}");
    }
}

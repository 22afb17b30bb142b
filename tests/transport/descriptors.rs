//! How many descriptors `Direct` holds.

use std::time::Duration;

use futures::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rdnsbl::dns::{Answer, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Resolve};

use crate::alone::{alone, descriptors};
use crate::kit::answering::{Answering, nx};

async fn ask(direct: &Direct, number: usize) -> Answer {
    let question = Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A);
    direct.resolve(question.clone()).await
}

async fn ask_many(direct: &Direct) {
    let answers = join_all((0..2_000).map(|number| ask(direct, number))).await;
    assert!(answers.iter().all(|answer| *answer == Answer::nx_domain(None)));
}

#[test]
fn descriptors_are_bounded_given_back_and_not_needed() {
    alone("descriptors::descriptors_are_bounded_given_back_and_not_needed", bounded_given_back_and_not_needed());
}

async fn bounded_given_back_and_not_needed() {
    let server = Answering::start(|came, _| vec![nx(&came.octets)]);
    let before = descriptors();
    {
        // Sockets are replaced all the time.
        let direct = Direct::servers([server.address]).unwrap().with_socket_life(8, Duration::from_secs(60));
        for _ in 0..5 {
            ask_many(&direct).await;
            assert!(descriptors() <= before + 64, "{before} {}", descriptors());
        }
        assert!(direct.stats().sockets > 1_000);
    }
    assert_eq!(descriptors(), before);

    // There are descriptors for a few more ports only.
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, u64::try_from(descriptors()).unwrap() + 6, hard).unwrap();
    let direct = Direct::servers([server.address]).unwrap();
    for _ in 0..5 {
        ask_many(&direct).await;
    }
    assert!(direct.stats().sockets <= 8, "{:?}", direct.stats());
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
}

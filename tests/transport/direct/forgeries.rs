//! Answers that are not believed: of other servers, to other questions, in another case.

use std::collections::HashSet;
use std::net::{Ipv4Addr, UdpSocket};

use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record as WireRecord};
use rdnsbl::dns::{Answer, Failure, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{QueryCase, Resolve, Timeouts};

use super::{ask, ms, patient, truth};
use crate::kit::answering::{Answering, listed, nx};
use crate::kit::raw;

/// Every forgery of one answer.
fn forgeries(question: &[u8], many: u16) -> Vec<Vec<u8>> {
    let id = u16::from_be_bytes([question[0], question[1]]);
    let lie = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = listed(question, 66);
        change(&mut octets);
        octets
    };
    let mut all: Vec<Vec<u8>> = (1..=many)
        .map(|step| lie(&|octets| octets[..2].copy_from_slice(&id.wrapping_add(step).to_be_bytes())))
        .collect();
    all.push(lie(&|octets| octets[13] = b'x'));
    let kind = question.len() - 14;
    all.push(lie(&|octets| octets[kind] = 28));
    all.push(lie(&|octets| octets[kind + 2] = 3));
    all.push(vec![]);
    all.push(vec![0]);
    all
}

#[tokio::test]
async fn forgeries_are_ignored_and_counted() {
    let server = Answering::start(|came, _| {
        // So few that no socket is replaced because of them.
        let mut all = forgeries(&came.octets, 5);
        all.push(listed(&came.octets, 2));
        all
    });
    let direct = patient(&[server.address]);
    for number in 0..100 {
        assert_eq!(ask(&direct, number).await, truth(2));
    }
    assert_eq!((direct.stats().ignored, direct.stats().received), (1_000, 100));
    assert_eq!(server.came().len(), 100);
}

#[tokio::test]
async fn ports_that_are_guessed_at_are_left() {
    let server = Answering::start(|came, before| match before {
        // No more than a receive buffer holds.
        0..7 => (0..25).flat_map(|_| forgeries(&came.octets, 0)).collect(),
        _ => vec![listed(&came.octets, 2)],
    });
    let timeouts = Timeouts::default().with_resend(ms(10)).with_total(ms(20_000));
    let direct = patient(&[server.address]).with_sockets(1).with_timeouts(timeouts);
    assert_eq!(ask(&direct, 1).await, truth(2));
    assert!(direct.stats().ignored >= 512, "{:?}", direct.stats());
    assert!(direct.stats().sockets >= 2, "{:?}", direct.stats());
    assert_eq!(direct.stats().received, 1);
}

#[tokio::test]
async fn answers_from_others_are_ignored() {
    let forger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let other_address = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
    let server = Answering::start(move |came, _| {
        for socket in [&forger, &other_address] {
            socket.send_to(&listed(&came.octets, 66), came.from).unwrap();
        }
        vec![listed(&came.octets, 2)]
    });
    let direct = patient(&[server.address]);
    for number in 0..20 {
        assert_eq!(ask(&direct, number).await, truth(2));
    }
}

/// A wrong answer over UDP with letters in another case, and the right one over TCP.
fn careless(query: &raw::Seen, _: usize) -> raw::Act {
    let mut message = raw::reply(query);
    let last = if query.tcp { 2 } else { 66 };
    let owner = query.message.queries[0].name().clone();
    message.add_answer(WireRecord::from_rdata(owner, 60, RData::A(A::new(127, 0, 0, last))));
    if !query.tcp {
        let lower = query.message.queries[0].name().to_lowercase();
        message.queries[0].set_name(lower);
    }
    message.into()
}

#[tokio::test]
async fn other_case_is_not_believed() {
    let server = raw::Server::start(careless).await;
    // Long enough that hardly ever all letters happen to be lower case.
    let question = Question::new(Name::parse("a-long-enough-name-of-letters.bl.test").unwrap(), RecordType::A);
    let random = patient(&[server.address]).with_case(QueryCase::Random);
    assert_eq!(random.resolve(question.clone()).await, truth(2));
    assert_eq!((random.stats().other_case, random.stats().tcp), (1, 1));
    let lower = patient(&[server.address]);
    assert_eq!(lower.resolve(question.clone()).await, truth(66));
    let cased: HashSet<Vec<u8>> =
        server.seen().iter().map(|seen| seen.message.queries[0].name().to_string().into()).collect();
    assert_eq!(cased.len(), 2);
}

#[tokio::test]
async fn case_of_the_question_does_not_matter_when_it_is_not_random() {
    let server = Answering::start(|came, _| {
        let mut octets = came.octets.clone();
        octets[12..20].make_ascii_uppercase();
        vec![nx(&octets)]
    });
    assert_eq!(ask(&patient(&[server.address]), 1).await, Answer::nx_domain(None));
}

#[tokio::test]
async fn floods_are_told_as_such() {
    // Every question gets only answers to other questions.
    let server = Answering::start(|came, _| (0..20).flat_map(|_| forgeries(&came.octets, 100)).collect());
    let timeouts = Timeouts::default().with_resend(ms(10)).with_total(ms(5_000));
    let direct = patient(&[server.address]).with_sockets(1).with_timeouts(timeouts);
    let (answer, ignored) = (ask(&direct, 1).await, direct.stats().ignored);
    // It takes the forgeries of about ten sockets, 512 each. A busy machine may drop so many that the question just gets no answer.
    let is_flooded = answer == Answer::failed(Failure::Overload);
    let is_unanswered = answer == Answer::failed(Failure::Timeout) && ignored < 12 * 512;
    assert!(is_flooded || is_unanswered, "{answer}: {:?}", direct.stats());
}

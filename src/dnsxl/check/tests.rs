use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::dns::{Label, Randomness, Record, Soa};

fn check() -> ListCheck {
    let client: IpAddr = [203, 0, 113, 14].into();
    let control = Control::stale(Label::from_random(Randomness::new()));
    ListCheck::new(ListSpec::deny("bl.example").unwrap(), &client.into(), control)
}

fn soa(owner: &str) -> Option<Soa> {
    Some(Soa::new(Name::parse(owner).unwrap(), Duration::from_secs(300)))
}

/// What an answer about the subject leads to.
fn seen(check: &ListCheck) -> (Step<ListFinding>, SubjectAnswer, bool, bool) {
    (check.step(), check.subject_answer(), check.saw_loopback(), check.is_accused())
}

/// The short form of the usual case is a matter of memory alone: the long form gives the same for every answer.
#[test]
fn a_plain_miss_is_what_its_answer_means() {
    let code = Record::from(Ipv4Addr::new(127, 0, 0, 2));
    let answers = [
        Answer::nx_domain(soa("bl.example")),
        Answer::no_data(soa("bl.example")),
        Answer::nx_domain(soa("example")),
        Answer::nx_domain(soa(".")),
        Answer::nx_domain(None),
        Answer::no_data(None),
        Answer::failed(Failure::Timeout),
        Answer::records([code], Duration::from_secs(60)),
    ];
    let mut plain = 0;
    for answer in answers {
        for is_remembered in [false, true] {
            let [mut short, mut long] = [check(), check()];
            if is_remembered {
                [&mut short, &mut long].into_iter().for_each(|check| check.mark_remembered(A));
            }
            short.supply_ref(A, &answer);
            long.details_mut().answers.put(A, answer.clone(), SLOTS);
            assert_eq!(seen(&short), seen(&long), "{answer}");
            assert!(short.plain_subject_answer().is_none_or(|plain| plain == long.subject_answer()));
            plain += usize::from(short.details.is_none());
        }
    }
    assert_eq!(plain, 4, "the two answers of a working list, remembered or not");
}

/// Only what decides is kept: most checks are of lists that say "not listed".
#[test]
fn a_check_is_small() {
    assert!(size_of::<ListCheck>() <= 120, "{}", size_of::<ListCheck>());
}

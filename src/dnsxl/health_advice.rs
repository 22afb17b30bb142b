//! What to do about a list that does not work. The answers are needed, too: the health alone cannot distinguish a dead list
//! from a filter between this host and the list. (What to do about the client is [`Advice`](crate::policy::Advice).)

use std::net::Ipv4Addr;

use crate::dns::AnswerKind;
use crate::dns::Evidence;
use crate::dnsxl::health::{Health, Refusing};
use crate::dnsxl::problem::ProblemKind;
use crate::dnsxl::verdict::Verdict;

/// The advice for a filter that answers in place of the list.
const FILTERED: &str =
    "a filter on the way (Pi-hole, AdGuard, a firewall) answers for it: exempt the zone there, or ask another resolver";

/// The advice about a list in this state; empty if nothing has to be done.
pub(crate) fn of_health(health: Health, evidence: &[Evidence]) -> &'static str {
    let mut codes = evidence.iter().flat_map(|evidence| match evidence.answer().kind() {
        AnswerKind::Records(set) => set.v4().collect(),
        _ => Vec::new(),
    });
    match health {
        Health::Parked if of_filter(&mut codes) => FILTERED,
        _ => health.advice(),
    }
}

/// The state as text for people.
pub(crate) fn in_words(health: Health, evidence: &[Evidence]) -> String {
    match of_health(health, evidence) {
        FILTERED => "something on the way answers in its place".to_owned(),
        _ => health.to_string(),
    }
}

/// The advice that goes with a verdict, which may show more than the health of the list.
pub(crate) fn of_verdict(verdict: &Verdict, health: Health, evidence: &[Evidence]) -> &'static str {
    match verdict {
        Verdict::Problem(problem) if is_filtered(verdict) => match health {
            Health::Unprobed | Health::Sound | Health::NoTestEntries | Health::Parked => FILTERED,
            _ => of_health(health, problem.evidence()),
        },
        Verdict::Problem(problem) if problem.kind() == ProblemKind::Refused && health.advice().is_empty() => {
            Health::Refusing(Refusing::from_codes(problem.codes().iter().copied())).advice()
        }
        _ => of_health(health, evidence),
    }
}

/// Does the answer come from a filter and not from the list? Filters answer 0.0.0.0 or a private address.
pub(crate) fn is_filtered(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Problem(problem) => {
            matches!(problem.kind(), ProblemKind::Outside127 | ProblemKind::Parked)
                && of_filter(problem.codes().iter().copied())
        }
        _ => false,
    }
}

/// Are there addresses, and are all of them addresses that filters use?
fn of_filter(addresses: impl Iterator<Item = Ipv4Addr>) -> bool {
    let mut addresses = addresses.peekable();
    addresses.peek().is_some()
        && addresses.all(|address| address.octets()[0] == 0 || crate::base::address::is_private(address.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dnsxl::{ListSpec, SubjectKind};
    use crate::state::event::Event;

    #[test]
    fn events_tell_a_filter_from_a_dead_list() {
        let changed = |address: [u8; 4]| {
            let record = crate::dns::Record::A(address.into());
            let answer = crate::dns::Answer::records([record], std::time::Duration::from_secs(60));
            let name = crate::base::name::Name::parse("1.0.0.127.bl.example").unwrap();
            let question = crate::dns::Question::new(name, crate::dns::RecordType::A);
            Event::HealthChanged {
                list: ListSpec::deny("bl.example").unwrap().id(),
                kind: SubjectKind::Ipv4,
                from: Health::Sound,
                to: Health::Parked,
                evidence: vec![Evidence::new(question, answer)],
                last_good: None,
            }
            .to_string()
        };
        assert!(changed([0, 0, 0, 0]).starts_with("bl.example: something on the way answers in its place (1.0.0.127"));
        assert!(changed([198, 51, 100, 1]).starts_with("bl.example: is parked (1.0.0.127"));
    }

    #[test]
    fn addresses_of_filters() {
        let all = |texts: &[&str]| of_filter(texts.iter().map(|text| text.parse().unwrap()));
        for filter in [&["0.0.0.0"][..], &["10.0.0.1"], &["192.168.1.1", "0.0.0.0"], &["100.64.0.1"], &["169.254.1.1"]]
        {
            assert!(all(filter), "{filter:?}");
        }
        for list in [&["127.0.0.2"][..], &["198.51.100.1"], &["0.0.0.0", "127.0.0.2"], &["203.0.113.9"], &[]] {
            assert!(!all(list), "{list:?}");
        }
    }
}

//! The responder's world without a network: for what is measured after the answers have come.

use std::net::Ipv4Addr;
use std::time::Duration;

use rdnsbl::clock::BoxFuture;
use rdnsbl::dns::{Answer, Question, Record, RecordType, Soa, Target};
use rdnsbl::name::Name;
use rdnsbl::remote_text::RemoteText;
use rdnsbl::resolve::Resolve;

use super::world;

/// Answers at once.
pub(crate) struct Instantly {
    pub(crate) reverse: Reverse,
}

/// What is answered about reversed addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reverse {
    Named,
    /// An answer that must not be cached.
    Forgettable,
}

const TTL: Duration = Duration::from_secs(3_600);

impl Resolve for Instantly {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        Box::pin(std::future::ready(self.answer(&question)))
    }
}

impl Instantly {
    fn answer(&self, question: &Question) -> Answer {
        let labels: Vec<&str> = question.name.expose().trim_end_matches('.').split('.').collect();
        let record = match (labels.as_slice(), question.record_type) {
            ([d, c, b, a, list, "test"], kind) => listing([a, b, c, d], list, kind),
            ([_, _, _, _, "in-addr", "arpa"], _) if self.reverse == Reverse::Forgettable => {
                return Answer::nx_domain(None);
            }
            ([d, c, b, a, "in-addr", "arpa"], RecordType::Ptr) => {
                Some(Record::Ptr(Target::from_text(&format!("h{a}-{b}-{c}-{d}.hosts.test."))))
            }
            ([host, "hosts", "test"], RecordType::A) => address(host[1..].split('-')).map(Record::A),
            ([sender, "mail", "test"], RecordType::Mx) => {
                let exchange = Target::from_text(&format!("mx.{sender}.mail.test."));
                Some(Record::Mx { preference: 10, exchange })
            }
            (["mx", _, "mail", "test"], RecordType::A) => Some(Record::A(Ipv4Addr::new(20, 255, 0, 1))),
            _ => None,
        };
        match record {
            Some(record) => Answer::records([record], TTL),
            None => Answer::nx_domain(Some(Soa::new(Name::parse("test").unwrap(), TTL))),
        }
    }
}

fn listing(octets: [&&str; 4], list: &str, kind: RecordType) -> Option<Record> {
    let client = address(octets.into_iter().copied())?;
    let list: usize = list.strip_prefix("bl")?.parse().ok()?;
    if !world::is_listed(client, list) {
        return None;
    }
    match kind {
        RecordType::A => Some(Record::A(Ipv4Addr::new(127, 0, 0, 2))),
        RecordType::Txt => Some(Record::Txt(RemoteText::clean(b"Listed, see https://bl.test/?ip=example"))),
        _ => None,
    }
}

fn address<'a>(octets: impl Iterator<Item = &'a str>) -> Option<Ipv4Addr> {
    let octets: Vec<u8> = octets.map_while(|octet| octet.parse().ok()).collect();
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}

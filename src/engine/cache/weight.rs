//! How many bytes an entry of the cache takes, roughly.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::address::client_number;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Question, Record, Target};
use crate::engine::cache::answers::CachedAnswer;
use crate::engine::cache::lru::Weigh;
use crate::engine::cache::packed::SubjectRecord;

/// The bytes of an entry besides its contents: key, links, and its slot in the hash table.
const ENTRY: usize = 96;

impl Weigh<Ipv4Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv4Addr) -> usize {
        ENTRY + self.octets()
    }
}

impl Weigh<Ipv6Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv6Addr) -> usize {
        ENTRY + size_of::<Ipv6Addr>() + self.octets()
    }

    /// One host can use all addresses of a network of 64 bits.
    fn owner(&self, address: &Ipv6Addr) -> Option<u64> {
        Some(client_number((*address).into()).into())
    }
}

impl Weigh<Name> for SubjectRecord {
    fn weight(&self, name: &Name) -> usize {
        ENTRY + size_of::<Name>() + name.expose().len() + self.octets()
    }

    fn owner(&self, _: &Name) -> Option<u64> {
        SubjectRecord::owner(self).map(|owner| owner.get().into())
    }
}

impl Weigh<Question> for CachedAnswer {
    fn weight(&self, question: &Question) -> usize {
        ENTRY + size_of::<Question>() + question.name.expose().len() + size_of::<Self>() + heap_of_answer(&self.answer)
    }

    fn owner(&self, question: &Question) -> Option<u64> {
        question.chooser().map(u64::from)
    }
}

/// Roughly the heap bytes of an answer.
fn heap_of_answer(answer: &Answer) -> usize {
    match answer.kind() {
        AnswerKind::Records(set) => set.iter().map(|record| size_of::<Record>() + heap_of(record)).sum::<usize>() + 16,
        AnswerKind::NoData(soa) | AnswerKind::NxDomain(soa) => soa.map_or(0, |soa| soa.owner().expose().len() + 16),
        AnswerKind::Failed(_) => 0,
    }
}

/// Roughly the heap bytes of a record.
fn heap_of(record: &Record) -> usize {
    match record {
        Record::A(_) | Record::Aaaa(_) => 0,
        Record::Ptr(target) | Record::Ns(target) | Record::Mx { exchange: target, .. } => match target {
            Target::Name(name) => name.expose().len() + 16,
            Target::Root => 0,
            Target::Illegal(text) => text.as_str().len() + 16,
        },
        Record::Txt(text) => text.as_str().len() + 16,
    }
}

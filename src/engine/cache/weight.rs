//! How many bytes an entry of the cache takes, roughly.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::client_number;
use crate::dns::{Answer, AnswerKind, Record, Target};
use crate::engine::cache::packed::SubjectRecord;

/// What an entry takes, and who caused it.
pub(crate) trait Weigh<K> {
    /// Roughly the bytes that a value takes with its key.
    fn weight(&self, key: &K) -> usize;

    /// The client network that chose the key, if one did: a number that identifies it.
    fn owner(&self, _: &K) -> Option<u64> {
        None
    }
}

/// The bytes of an entry besides its contents: its mark, its place in the table, and room to grow.
pub(super) const ENTRY: usize = 32;

impl Weigh<Ipv4Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv4Addr) -> usize {
        ENTRY + size_of::<Self>() + self.octets()
    }
}

impl Weigh<Ipv6Addr> for SubjectRecord {
    fn weight(&self, _: &Ipv6Addr) -> usize {
        ENTRY + size_of::<Ipv6Addr>() + size_of::<Self>() + self.octets()
    }

    /// One host can use all addresses of a network of 64 bits.
    fn owner(&self, address: &Ipv6Addr) -> Option<u64> {
        Some(client_number::of_address((*address).into()).into())
    }
}

/// Roughly the heap bytes of an answer.
pub(super) fn heap_of_answer(answer: &Answer) -> usize {
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

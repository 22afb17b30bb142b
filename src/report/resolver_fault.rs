//! Faults of the resolver that show in a single check. Many lists failing alike is one resolver failing.

use std::fmt;

use super::{Exchange, Source};
use crate::dns::{Answer, Failure};
use crate::dnsxl::Loopback;

/// What is wrong with the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResolverFault {
    /// Nothing answers.
    Unreachable,
    /// It refuses every question.
    Refused,
    /// It takes answers in 127.0.0.0/8 away, and with them every listing: protection against DNS rebinding.
    Strips127,
}

impl ResolverFault {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Strips127 => "strips_127",
        }
    }

    /// What a check's answers say about the resolver.
    pub(super) fn find(loopback: &[Loopback], exchanges: &[Exchange]) -> Option<Self> {
        // One answer in 127/8 that came through clears the resolver, whatever single lists lack.
        if loopback.contains(&Loopback::Stripped) && !loopback.contains(&Loopback::Seen) {
            return Some(Self::Strips127);
        }
        if exchanges.is_empty() || exchanges.iter().any(|exchange| exchange.source == Source::Memory) {
            return None;
        }
        let all = |wanted: fn(Failure) -> bool| {
            exchanges.iter().map(|exchange| &exchange.answer).all(|answer| answer.failure().is_some_and(wanted))
        };
        let gave_up = |answer: &Answer| answer.failure().is_some_and(|failure| failure != Failure::Deadline);
        if all(Failure::is_silence) {
            // Nothing but deadlines may be a caller in a hurry.
            return exchanges.iter().any(|exchange| gave_up(&exchange.answer)).then_some(Self::Unreachable);
        }
        all(|failure| failure == Failure::Refused).then_some(Self::Refused)
    }
}

impl fmt::Display for ResolverFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "no answer at all from the resolver",
            Self::Refused => "the resolver refuses every question",
            Self::Strips127 => "the resolver removes answers in 127.0.0.0/8, so no list can say \"listed\"",
        })
    }
}

//! The DNS types of the resolver interface: a [`Question`] goes out, an [`Answer`] comes back.
//!
//! An answer distinguishes what the verdicts must distinguish: records, a name without such records ([`AnswerKind::NoData`]), a name
//! that does not exist ([`AnswerKind::NxDomain`]; both RFC 2308), and a failed look-up ([`AnswerKind::Failed`]).

mod answer;
mod evidence;
mod extended;
mod failure;
mod random_label;
pub(crate) mod record;
mod rrset;
pub mod unknown;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::base::name::Name;

pub use crate::dns::answer::{Answer, AnswerKind, Soa};
pub use crate::dns::evidence::Evidence;
pub use crate::dns::extended::ExtendedError;
pub use crate::dns::failure::Failure;
pub use crate::dns::random_label::{Label, Randomness};
pub use crate::dns::record::{Record, Target};
pub use crate::dns::rrset::RrSet;

/// The maximum number of records kept of one answer, the lowest and the highest. An answer with more is marked as truncated.
pub const MAX_RECORDS: usize = 100;
/// The longest time an answer may be cached: RFC 8767 §4 advises days at most, and list data changes faster.
pub const MAX_TTL: Duration = Duration::from_secs(86_400);
/// The longest time a negative answer may be cached (RFC 2308 §5: one to three hours have proven sensible).
pub const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(3 * 3_600);

/// The record types that the crate queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Name of an address.
    Ptr,
    /// Mail exchanger.
    Mx,
    /// Text.
    Txt,
    /// Name server.
    Ns,
    /// Start of authority.
    Soa,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Ptr => "PTR",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ns => "NS",
            Self::Soa => "SOA",
        })
    }
}

/// A DNS question: one name, one type, class IN. `Display` shows the name's safe form.
///
/// ```
/// use rdnsbl::{Name, Question, RecordType};
///
/// let question = Question::new(Name::parse("mx.example.org")?, RecordType::A);
/// assert_eq!(question.to_string(), "mx.example.org A");
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Question {
    /// The absolute name.
    pub name: Name,
    /// The record type.
    pub record_type: RecordType,
    chosen_by: Option<NonZeroU32>,
}

impl Question {
    /// A question about a name that no client chose.
    #[must_use]
    pub fn new(name: Name, record_type: RecordType) -> Self {
        Self { name, record_type, chosen_by: None }
    }

    /// The same question, about a name that a client chose: its PTR record, its HELO argument, the domain of its sender. Equal
    /// numbers are one client; 0 and the highest number are the same. A resolver that limits the questions in flight keeps
    /// capacity for other clients.
    ///
    /// The number is not part of the DNS question: questions that differ only in it are equal and have the same answer.
    #[must_use]
    pub fn chosen_by(self, client: u32) -> Self {
        // No client has the address 0.0.0.0 or 255.255.255.255.
        Self { chosen_by: NonZeroU32::new(client).or(Some(NonZeroU32::MAX)), ..self }
    }

    /// The number of the client that chose the name, if one did.
    #[must_use]
    pub fn chooser(&self) -> Option<u32> {
        self.chosen_by.map(NonZeroU32::get)
    }

    /// The same question, for a place where it is kept for long: see [`Name::compact`].
    pub(crate) fn compact(self) -> Self {
        Self { name: self.name.compact(), ..self }
    }

    fn asked(&self) -> (&Name, RecordType) {
        (&self.name, self.record_type)
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.asked() == other.asked()
    }
}

impl Eq for Question {}

impl PartialOrd for Question {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Question {
    fn cmp(&self, other: &Self) -> Ordering {
        self.asked().cmp(&other.asked())
    }
}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.asked().hash(state);
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.record_type)
    }
}

/// Converts a TTL from a DNS message: an unsigned number of seconds in 32 bits (RFC 8767 §4). [`Answer`] and [`Soa`]
/// cap it.
#[must_use]
pub fn ttl_from_wire(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// A TTL in whole seconds, so that equal answers are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ttl(u32);

impl From<Duration> for Ttl {
    fn from(ttl: Duration) -> Self {
        Self(u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX))
    }
}

impl From<Ttl> for Duration {
    fn from(Ttl(seconds): Ttl) -> Self {
        Self::from_secs(seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn a(last: u8) -> Record {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[test]
    fn sets_are_sorted_unique_never_empty_and_bounded() {
        let ttl = Duration::from_secs(60);
        let answer = Answer::records([a(4), a(2), a(4)], ttl);
        assert!(matches!(answer.kind(), AnswerKind::Records(set) if set.iter().eq([&a(2), &a(4)]) && !set.truncated()));
        assert_eq!(Answer::records([], ttl).kind(), AnswerKind::NoData(None));
        let many = (0..400_u16).map(|n| Record::from(Ipv4Addr::from(0x7f00_0000 + u32::from(n))));
        assert!(
            matches!(Answer::records(many, ttl).kind(), AnswerKind::Records(set) if set.len() == MAX_RECORDS && set.truncated())
        );
    }

    #[test]
    fn ttl_limits() {
        // RFC 8767 §4, not RFC 2181 §8: not 0.
        assert_eq!(Answer::records([a(2)], ttl_from_wire(u32::MAX)).ttl(), Some(MAX_TTL));
        assert_eq!(Answer::records([a(2)], ttl_from_wire(1 << 31)).ttl(), Some(MAX_TTL));
        assert_eq!(Soa::new(Name::root(), ttl_from_wire(1 << 31)).negative_ttl(), MAX_NEGATIVE_TTL);
        assert_eq!(Answer::records([a(2)], ttl_from_wire(2_000_000)).ttl(), Some(MAX_TTL));
        let soa = |seconds| Some(Soa::new(Name::root(), Duration::from_secs(seconds)));
        assert_eq!(Answer::nx_domain(soa(60)).ttl(), Some(Duration::from_secs(60)));
        assert_eq!(Answer::no_data(soa(864_000)).ttl(), Some(MAX_NEGATIVE_TTL));
        assert_eq!(Answer::nx_domain(None).ttl(), None);
        assert_eq!(Answer::failed(Failure::ServFail).ttl(), None);
    }

    #[test]
    fn the_client_is_not_part_of_the_question() {
        let own = Question::new(Name::root(), RecordType::Ns);
        let chosen = own.clone().chosen_by(7);
        assert_eq!((own.chooser(), chosen.chooser()), (None, Some(7)));
        assert_eq!((own.cmp(&chosen), &own), (Ordering::Equal, &chosen));
        let set = std::collections::HashSet::from([own, chosen]);
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn targets() {
        assert!(matches!(Target::from_text("."), Target::Root));
        assert!(Target::from_text("Mail.example.").host().is_some());
        assert!(matches!(Target::from_text("a\\013\\010X-Evil.example."), Target::Illegal(_)));
        assert!(Target::from_text("1.2.3.4.").host().is_none());
        assert!(matches!(Target::from_text("bücher.example."), Target::Illegal(_)));
    }
}

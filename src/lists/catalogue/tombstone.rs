//! How lists close down.

use std::fmt;
use std::sync::Arc;

use crate::base::name::Name;
use crate::lists::catalogue::date::Date;

/// When and how a list closed down, and what to use instead. `Display` is one printable line.
///
/// ```
/// use rdnsbl::{Name, lists::catalogue::{Catalogue, Status}};
///
/// let entry = Catalogue::builtin().get(&Name::parse("brazil.blackholes.us")?);
/// let Some(Status::Retired(tombstone)) = entry.map(|entry| entry.status()) else { return Ok(()) };
/// assert_eq!(
///     tombstone.to_string(),
///     "closed 2007; stopped answering, then came into other hands and listed everything \
///      (https://circleid.com/posts/20091013_unwelcome_afterlife_for_a_long_dead_blacklist)"
/// );
/// # Ok::<(), rdnsbl::name::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    pub(crate) since: Option<Date>,
    pub(crate) how: Vec<ShutdownSign>,
    pub(crate) successor: Option<Name>,
    pub(crate) source: Arc<str>,
}

impl Shutdown {
    /// The date; the day of the report if the event itself has no date. `None` if no source gives any.
    #[must_use]
    pub fn since(&self) -> Option<Date> {
        self.since
    }

    /// What clients of the list saw, in order of time. Empty if no source reports it.
    #[must_use]
    pub fn how(&self) -> &[ShutdownSign] {
        &self.how
    }

    /// The list that replaced it.
    #[must_use]
    pub fn successor(&self) -> Option<&Name> {
        self.successor.as_ref()
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => write!(f, "closed {since}")?,
            None => f.write_str("closed")?,
        }
        for (index, death) in self.how.iter().enumerate() {
            write!(f, "{}{death}", if index == 0 { "; " } else { ", then " })?;
        }
        if let Some(successor) = &self.successor {
            write!(f, "; see {successor}")?;
        }
        write!(f, " ({})", self.source)
    }
}

/// What clients of a list see when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShutdownSign {
    /// Its operator lets it list everything, so that users notice.
    WildcardOperator,
    /// The addresses of its name servers have a new owner, who lists everything.
    WildcardNsReassigned,
    /// The domain is parked: every name has an address, usually outside 127.0.0.0/8.
    WildcardParked,
    /// Others registered the domain, and every name has an address.
    WildcardSquatter,
    /// It lists everything; the cause is not documented.
    Wildcard,
    /// It no longer lists anything.
    Emptied,
    /// Its name servers have addresses where no server answers.
    NsTestnet,
    /// Its name servers have the address of the client that asks.
    NsLocalhost,
    /// The zone no longer exists: NXDOMAIN.
    NxDomain,
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
    /// No answer.
    Timeout,
    /// It still answers, from data that nobody maintains.
    Stale,
    /// The registration of the domain expired.
    Expired,
    /// Addresses that have nothing to do with lists, such as the page of a web filter.
    BogusAnswers,
    /// It answers only subscribers.
    Subscription,
}

impl ShutdownSign {
    pub(crate) const ALL: [Self; 16] = [
        Self::WildcardOperator,
        Self::WildcardNsReassigned,
        Self::WildcardParked,
        Self::WildcardSquatter,
        Self::Wildcard,
        Self::Emptied,
        Self::NsTestnet,
        Self::NsLocalhost,
        Self::NxDomain,
        Self::ServFail,
        Self::Refused,
        Self::Timeout,
        Self::Stale,
        Self::Expired,
        Self::BogusAnswers,
        Self::Subscription,
    ];

    /// The word in the data file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WildcardOperator => "wildcard-operator",
            Self::WildcardNsReassigned => "wildcard-ns-reassigned",
            Self::WildcardParked => "wildcard-parked",
            Self::WildcardSquatter => "wildcard-squatter",
            Self::Wildcard => "wildcard",
            Self::Emptied => "emptied",
            Self::NsTestnet => "ns-testnet",
            Self::NsLocalhost => "ns-localhost",
            Self::NxDomain => "nxdomain",
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::BogusAnswers => "bogus-answers",
            Self::Subscription => "subscription",
        }
    }
}

/// What the list did, in a few words.
impl fmt::Display for ShutdownSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WildcardOperator => "was made to list everything",
            Self::WildcardNsReassigned => "came into other hands and listed everything",
            Self::WildcardParked => "was parked, every name with an address",
            Self::WildcardSquatter => "was taken by a squatter, every name with an address",
            Self::Wildcard => "listed everything",
            Self::Emptied => "was emptied",
            Self::NsTestnet => "was sent to addresses where nobody is",
            Self::NsLocalhost => "was sent back to the asker",
            Self::NxDomain => "vanished",
            Self::ServFail => "answered SERVFAIL",
            Self::Refused => "refused",
            Self::Timeout => "stopped answering",
            Self::Stale => "went on with old data",
            Self::Expired => "lost its domain",
            Self::BogusAnswers => "gave answers that no list gives",
            Self::Subscription => "answered subscribers only",
        })
    }
}

//! How lists close down.

use std::fmt;
use std::sync::Arc;

use crate::base::name::Name;
use crate::base::words::words;
use crate::lists::catalogue::date::Date;

/// When and how a list closed down, and what to use instead. `Display` is one printable line.
///
/// ```
/// use rdnsbl::{Name, lists::catalogue::{Catalogue, Status}};
///
/// let entry = Catalogue::builtin().get(&Name::parse("brazil.blackholes.us")?);
/// let Some(Status::Retired(shutdown)) = entry.map(|entry| entry.status()) else { return Ok(()) };
/// assert_eq!(
///     shutdown.to_string(),
///     "closed 2007; stopped answering, then listed everything after its name servers changed owner \
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
        for (index, sign) in self.how.iter().enumerate() {
            write!(f, "{}{sign}", if index == 0 { "; " } else { ", then " })?;
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
    /// The addresses of its name servers have a new owner, which lists everything.
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
    /// Its name servers have a loopback address, so that queries return to the host that sends them.
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

words!("sign of a shutdown", ShutdownSign {
    WildcardOperator = "wildcard-operator",
    WildcardNsReassigned = "wildcard-ns-reassigned",
    WildcardParked = "wildcard-parked",
    WildcardSquatter = "wildcard-squatter",
    Wildcard = "wildcard",
    Emptied = "emptied",
    NsTestnet = "ns-testnet",
    NsLocalhost = "ns-localhost",
    NxDomain = "nxdomain",
    ServFail = "servfail",
    Refused = "refused",
    Timeout = "timeout",
    Stale = "stale",
    Expired = "expired",
    BogusAnswers = "bogus-answers",
    Subscription = "subscription",
});

/// What happened to the list, in a few words.
impl fmt::Display for ShutdownSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WildcardOperator => "was changed by its operator to list everything",
            Self::WildcardNsReassigned => "listed everything after its name servers changed owner",
            Self::WildcardParked => "was parked, so that every name had an address",
            Self::WildcardSquatter => "was registered by somebody else, so that every name had an address",
            Self::Wildcard => "listed everything",
            Self::Emptied => "was emptied",
            Self::NsTestnet => "had name servers at addresses without a server",
            Self::NsLocalhost => "had localhost as its name server",
            Self::NxDomain => "disappeared (NXDOMAIN)",
            Self::ServFail => "answered SERVFAIL",
            Self::Refused => "answered REFUSED",
            Self::Timeout => "stopped answering",
            Self::Stale => "kept answering from old data",
            Self::Expired => "lost the registration of its domain",
            Self::BogusAnswers => "returned addresses that no list returns",
            Self::Subscription => "answered only subscribers",
        })
    }
}

//! Why a question could not be answered.

use std::fmt;

/// Why a question could not be answered. A failure proves nothing about the name.
///
/// ```
/// use rdnsbl::{Answer, Failure};
///
/// assert_eq!(Answer::failed(Failure::ServFail).to_string(), Failure::ServFail.to_string());
/// assert_eq!(Failure::ServFail.word(), "servfail");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Failure {
    /// No server answered before the resolver's timeout.
    Timeout,
    /// SERVFAIL (RFC 1035 §4.1.1).
    ServFail,
    /// REFUSED (RFC 1035 §4.1.1). It is nearly always our own resolver that refuses, so it proves nothing about a list.
    Refused,
    /// Any other response code that is not an answer: FORMERR, NOTIMP, NOTAUTH, unassigned codes.
    Rcode(u16),
    /// The answer did not fit a datagram and could not be fetched over TCP either (RFC 7766); or the record in question may be one
    /// of those beyond [`MAX_RECORDS`](crate::dns::MAX_RECORDS).
    Truncated,
    /// Octets that are not a DNS message.
    Malformed,
    /// A CNAME chain that returns to itself or is too long.
    CnameLoop,
    /// An answer that contradicts itself: records with NXDOMAIN or SERVFAIL.
    Contradiction,
    /// Records, but not of the name and type asked; or a referral: name servers instead of an answer (RFC 2308 §2.2).
    Unrelated,
    /// No free socket, buffer or place in a queue on our side; or every socket was flooded with wrong datagrams.
    Overload,
    /// There is no server to ask.
    NoServers,
    /// The network reported an error: no route, or a closed port.
    Network,
    /// The deadline of the whole check passed.
    Deadline,
    /// The question was not asked, to limit the load of the list or of this host.
    Shed,
    /// The question was not asked: the list, or this client, has used up the
    /// [daily limit](crate::ListSpec::with_daily_limit) of questions.
    DailyLimit,
}

impl Failure {
    /// One lower-case word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Rcode(_) => "rcode",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::CnameLoop => "cname_loop",
            Self::Contradiction => "contradiction",
            Self::Unrelated => "unrelated",
            Self::Overload => "overload",
            Self::NoServers => "no_servers",
            Self::Network => "network",
            Self::Deadline => "deadline",
            Self::Shed => "shed",
            Self::DailyLimit => "daily_limit",
        }
    }

    /// Can the servers of the name be the cause? REFUSED nearly always comes from our own resolver, and deadlines and limits are
    /// ours.
    pub(crate) fn may_be_the_servers(self) -> bool {
        use Failure::{DailyLimit, Deadline, Network, NoServers, Overload, Refused, Shed};
        !matches!(self, Refused | Deadline | Shed | DailyLimit | Overload | NoServers | Network)
    }

    /// Was there no response at all? Then it is only known that the servers are silent.
    pub(crate) fn is_silence(self) -> bool {
        matches!(self, Self::Timeout | Self::NoServers | Self::Network | Self::Deadline)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer"),
            Self::ServFail => f.write_str("server failure (SERVFAIL)"),
            Self::Refused => f.write_str("the resolver refused (REFUSED)"),
            Self::Rcode(code) => write!(f, "response code {code}"),
            Self::Truncated => {
                f.write_str("answer cut short: too long for UDP and not to be had over TCP, or too many records")
            }
            Self::Malformed => f.write_str("malformed answer"),
            Self::CnameLoop => f.write_str("CNAME loop"),
            Self::Contradiction => f.write_str("answer contradicts itself"),
            Self::Unrelated => f.write_str("answer to another question"),
            Self::Overload => f.write_str("out of sockets or queue places"),
            Self::NoServers => f.write_str("no resolver to ask"),
            Self::Network => f.write_str("the resolver cannot be reached"),
            Self::Deadline => f.write_str("time was up"),
            Self::Shed => f.write_str("not asked"),
            Self::DailyLimit => f.write_str("not asked: the daily limit of questions is used up"),
        }
    }
}

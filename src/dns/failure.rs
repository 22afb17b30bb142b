//! Why a question could not be answered.

use std::fmt;

/// Why a question could not be answered. Never evidence for anything about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Failure {
    /// No server answered in the resolver's own time.
    Timeout,
    /// SERVFAIL (RFC 1035 §4.1.1).
    ServFail,
    /// REFUSED: nearly always by our own resolver, and then no evidence against a list.
    Refused,
    /// Any other response code that is no answer: FORMERR, NOTIMP, NOTAUTH, unassigned ones.
    Rcode(u16),
    /// The answer did not fit: it could not be had over TCP either (RFC 7766), or what was looked for may stand among the
    /// records beyond [`MAX_RECORDS`](crate::dns::MAX_RECORDS).
    Truncated,
    /// Octets that are not a DNS message.
    Malformed,
    /// A CNAME chain that returns to itself or is too long.
    CnameLoop,
    /// An answer that contradicts itself: records beside NXDOMAIN or SERVFAIL.
    Contradiction,
    /// Records, but not for the name and type that were asked; or a referral: name servers to ask, and no answer (RFC 2308 §2.2).
    Unrelated,
    /// Out of sockets, buffers or places in a queue on our side; or every socket was flooded with what is no answer.
    Overload,
    /// There is no server to ask.
    NoServers,
    /// The network refused to carry the question.
    Network,
    /// The time of the whole check was up.
    Deadline,
    /// The question was not asked, to spare the list or ourselves.
    Shed,
}

impl Failure {
    /// One lower-case word for machines.
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
        }
    }

    /// May it be the doing of the servers that were asked? A refusal is nearly always our own resolver's, and haste and limits
    /// are our own.
    pub(crate) fn may_be_the_servers(self) -> bool {
        use Failure::{Deadline, Network, NoServers, Overload, Refused, Shed};
        !matches!(self, Refused | Deadline | Shed | Overload | NoServers | Network)
    }

    /// Did nothing come back at all? Then nothing is known about the servers either, but that they are silent.
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
            Self::Network => f.write_str("network unreachable"),
            Self::Deadline => f.write_str("time was up"),
            Self::Shed => f.write_str("not asked"),
        }
    }
}

//! The verdict about the argument of HELO or EHLO.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::ExtendedError;
use crate::dns::unknown::UnknownReason;

/// The verdict about the argument of HELO or EHLO.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let report = clock.run(checker.helo("mx.client.test", Some(client)));
/// assert_eq!(report.verdict(), rdnsbl::Helo::ResolvesToClient);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Helo {
    /// The name has the client's address.
    ResolvesToClient,
    /// The name has addresses, but not the client's. Also when there is no client to compare with.
    ResolvesElsewhere,
    /// The name has no address, but MX records (a null MX among them). RFC 5321 §2.3.5 requires an address; Postfix
    /// accepts this.
    MxOnly,
    /// An address literal with the client's address.
    LiteralMatches,
    /// An address literal with another address; also when there is no client to compare with.
    LiteralDiffers,
    /// A name of one label, such as `oemcomputer` (RFC 5321 §2.3.5). No DNS query is sent.
    NotFqdn,
    /// Neither a name nor an address literal: empty, a bare address, invalid characters, empty or long labels. No DNS query
    /// is sent.
    Malformed,
    /// Another host uses our name or address. No DNS query is sent.
    ClaimsUs,
    /// The name does not exist.
    NoSuchName,
    /// The name exists, but has neither an address nor an MX record.
    NoAddress,
    /// The check could not be completed.
    Unknown(UnknownReason),
}

/// Its word.
impl fmt::Display for Helo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Helo {
    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ResolvesToClient => "resolves_to_client",
            Self::ResolvesElsewhere => "resolves_elsewhere",
            Self::MxOnly => "mx_only",
            Self::LiteralMatches => "literal_matches",
            Self::LiteralDiffers => "literal_differs",
            Self::NotFqdn => "not_fqdn",
            Self::Malformed => "malformed",
            Self::ClaimsUs => "claims_us",
            Self::NoSuchName => "no_such_name",
            Self::NoAddress => "no_address",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The verdict with its evidence.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let report = clock.run(checker.helo("mx.client.test", Some(client)));
/// assert_eq!((report.argument().as_str(), report.verdict().word()), ("mx.client.test", "resolves_to_client"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeloReport {
    pub(super) argument: RemoteText,
    pub(super) verdict: Helo,
    pub(super) name: Option<Name>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) is_client_name: Option<bool>,
    pub(super) ttl: Option<Duration>,
    pub(super) extended_error: Option<ExtendedError>,
}

impl HeloReport {
    /// The argument as the client sent it, with unsafe characters escaped.
    #[must_use]
    pub fn argument(&self) -> &RemoteText {
        &self.argument
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Helo {
        self.verdict
    }

    /// The addresses of the name, at most 8, sorted.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Whether it is one of the client's confirmed names. `None` where those are unknown.
    #[must_use]
    pub fn is_client_name(&self) -> Option<bool> {
        self.is_client_name
    }

    /// How long the verdict is valid. `None` where no answer gives a TTL, for instance a negative answer without SOA.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// The extended DNS error that came with the failure behind an unknown verdict (RFC 8914).
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        self.extended_error
    }

    /// Whether any DNS query was sent.
    pub(crate) fn asked(&self) -> bool {
        self.name.is_some()
    }

    /// Applies when the resolver cannot be trusted about what exists. A name with the client's address stays confirmed.
    pub(crate) fn doubt(&mut self) {
        if matches!(self.verdict, Helo::ResolvesElsewhere | Helo::MxOnly | Helo::NoSuchName | Helo::NoAddress) {
            self.verdict = Helo::Unknown(UnknownReason::Resolver);
            self.ttl = None;
        }
    }

    /// Compares the name with the confirmed names from iprev.
    pub(crate) fn compare<'a>(&mut self, mut confirmed: impl Iterator<Item = &'a Name>) {
        self.is_client_name = self.name.as_ref().map(|name| confirmed.any(|other| other == name));
    }
}

//! The verdict about a path, with its evidence.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::name::Name;
use crate::base::small_list::SmallList;
use crate::base::words::words;
use crate::dns::unknown::UnknownReason;
use crate::dns::{ExtendedError, Failure, Target};

/// Whether the path is a sender or a recipient. Only a sender may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a path is one of these two (RFC 5321 §4.1.2)")]
pub enum PathRole {
    /// `MAIL FROM:`.
    Sender,
    /// `RCPT TO:`.
    Recipient,
}

/// The verdict about one path.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::{MailDomain, PathRole};
///
/// let report = clock.run(checker.mail_domain(PathRole::Sender, "<>"));
/// assert_eq!(*report.verdict(), MailDomain::NullSender);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailDomain {
    /// The domain has a host that can take mail.
    Ok(Via),
    /// The domain publishes a null MX: it accepts no mail (RFC 7505).
    NullMx,
    /// The domain does not exist.
    NoSuchDomain,
    /// The domain exists, without MX, A and AAAA records.
    NoMailHost,
    /// There are mail exchangers, but none is usable. The reason given is that of the most preferred one.
    MxUnusable(Unusable),
    /// The text is not a path, or its domain is malformed.
    Malformed,
    /// `<>`: a notification (RFC 5321 §4.5.5). No DNS query is sent.
    NullSender,
    /// `user@[192.0.2.1]`: an address literal, so there is no domain to look up.
    AddressLiteral(IpAddr),
    /// A user name without a domain, such as `root`, which the host has parsed and accepts. No DNS query is sent.
    Unqualified,
    /// The domain is one of ours. No DNS query is sent.
    Skipped,
    /// The domain has U-labels, and without the feature `idna` it cannot be read. No DNS query is sent, and nothing is known
    /// about it.
    NotRead,
    /// The check could not be completed.
    Unknown(UnknownReason),
}

impl MailDomain {
    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::NullMx => "null_mx",
            Self::NoSuchDomain => "no_such_domain",
            Self::NoMailHost => "no_mail_host",
            Self::MxUnusable(_) => "mx_unusable",
            Self::Malformed => "malformed",
            Self::NullSender => "null_sender",
            Self::AddressLiteral(_) => "address_literal",
            Self::Unqualified => "unqualified",
            Self::Skipped | Self::NotRead => "skipped",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// How the mail host was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5321 §5.1 knows these two")]
pub enum Via {
    /// By an MX record.
    Mx,
    /// The domain has no MX record and an address: implicit MX (RFC 5321 §5.1).
    ImplicitMx,
}

/// Why a mail exchanger is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unusable {
    /// The host does not exist, has no address, or is no host name.
    Dangling,
    /// All its addresses are loopback, private, link-local, multicast, reserved or unspecified.
    BogusAddress,
    /// The MX record contains an address instead of a name.
    AddressAsName,
    /// The root, but not in the form of a null MX (RFC 7505 §3).
    Root,
}

words!("reason", Unusable {
    Dangling = "dangling",
    BogusAddress = "bogus_address",
    AddressAsName = "address_as_name",
    Root = "root",
});

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dangling => "the mail exchanger has no address",
            Self::BogusAddress => "the mail exchanger's address cannot be reached from the Internet",
            Self::AddressAsName => "the MX record holds an address instead of a name",
            Self::Root => "the MX record holds the root, and is no null MX",
        })
    }
}

/// The verdict with its evidence.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::PathRole;
///
/// let report = clock.run(checker.mail_domain(PathRole::Sender, "<a@mx.client.test>"));
/// assert_eq!(report.domain().map(ToString::to_string).as_deref(), Some("mx.client.test"));
/// assert_eq!(report.verdict().word(), "ok"); // no MX, but an address (RFC 5321 §5.1)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailDomainReport {
    pub(super) verdict: MailDomain,
    pub(super) domain: Option<Name>,
    pub(super) hosts: SmallList<MailHost>,
    pub(super) truncated: bool,
    pub(super) ttl: Option<Duration>,
    pub(super) extended_error: Option<ExtendedError>,
}

impl MailDomainReport {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &MailDomain {
        &self.verdict
    }

    /// The domain that was checked, if there is one.
    #[must_use]
    pub fn domain(&self) -> Option<&Name> {
        self.domain.as_ref()
    }

    /// The mail hosts that were checked, in the order in which a sending server would try them.
    #[must_use]
    pub fn hosts(&self) -> &[MailHost] {
        &self.hosts
    }

    /// Whether there were more mail exchangers than the 10 that are looked up.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The extended DNS error that came with the failure behind an unknown verdict (RFC 8914), for
    /// instance `DNSSEC bogus`.
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        self.extended_error
    }

    /// The mail host that explains the verdict where none is usable, for log messages.
    pub(crate) fn unusable_host(&self) -> Option<String> {
        let MailDomain::MxUnusable(reason) = &self.verdict else { return None };
        let host = self.hosts.iter().find(|host| host.state == HostState::Unusable(*reason))?;
        let alias = if host.alias { ", an alias," } else { "" };
        // `mail.shop.example` without a dot at its end in the zone of shop.example.
        let is_doubled = |domain: &Name| {
            let doubled = Name::join(domain.expose(), domain).ok();
            doubled.zip(host.target.host()).is_some_and(|(doubled, name)| name.is_within(&doubled))
        };
        let dot = match self.domain.as_ref().is_some_and(is_doubled) {
            true => "; the dot at the end of its name may be missing in the zone",
            false => "",
        };
        Some(match reason {
            Unusable::Dangling => format!("the mail exchanger {}{alias} has no address{dot}", host.target),
            Unusable::BogusAddress => {
                let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
                format!(
                    "the mail exchanger {}{alias} has an address that cannot be reached from the Internet: {}",
                    host.target,
                    addresses.join(", ")
                )
            }
            Unusable::AddressAsName => format!("{reason}: {}", host.target),
            Unusable::Root => reason.to_string(),
        })
    }

    /// Applies when the resolver cannot be trusted about what exists. A null MX stays: a false answer
    /// would not contain one.
    pub(crate) fn doubt(&mut self) {
        use MailDomain::{MxUnusable, NoMailHost, NoSuchDomain, Ok};
        if matches!(self.verdict, Ok(_) | NoSuchDomain | NoMailHost | MxUnusable(_)) {
            self.verdict = MailDomain::Unknown(UnknownReason::Resolver);
            self.ttl = None;
        }
    }

    /// How long the verdict is valid: the smallest TTL of the answers behind it. `None` where no answer gives a TTL, for
    /// instance a negative answer without SOA.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }
}

/// One mail host with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    pub(super) target: Target,
    pub(super) preference: Option<u16>,
    pub(super) addresses: SmallList<IpAddr>,
    pub(super) alias: bool,
    pub(super) state: HostState,
    pub(super) ttl: Option<Duration>,
}

impl MailHost {
    /// The target of the MX record, or the domain itself.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its preference; `None` for an implicit MX.
    #[must_use]
    pub fn preference(&self) -> Option<u16> {
        self.preference
    }

    /// Its addresses, at most 8, sorted.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Whether the host is an alias (CNAME). That works nearly everywhere, but RFC 2181 §10.3 forbids it.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.alias
    }

    /// The result for this host.
    #[must_use]
    pub fn state(&self) -> HostState {
        self.state
    }
}

/// The result for one mail host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host is usable, or is not, or its state is unknown")]
pub enum HostState {
    /// It has a public address.
    Usable,
    /// It is not usable.
    Unusable(Unusable),
    /// The check could not be completed.
    Unknown(Failure),
}

//! The stages of an SMTP session.

use crate::base::words::words;
use crate::dnsxl::Part;
use crate::report::finding::Finding;

/// A stage of an SMTP session: the command that the server answers next.
///
/// ```
/// use rdnsbl::{Finding, policy::Stage};
///
/// assert!(Stage::Connect < Stage::Rcpt);
/// assert_eq!(Stage::of(Finding::SenderNullMx), Stage::Mail);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the commands before DATA (RFC 5321 §3.1 to §3.3)")]
pub enum Stage {
    /// The client has connected: its address is known.
    Connect,
    /// HELO, EHLO or LHLO: its argument is known.
    Helo,
    /// MAIL FROM: the sender is known.
    Mail,
    /// RCPT TO: a recipient is known.
    Rcpt,
}

words!("stage", Stage: Display {
    Connect = "connect",
    Helo = "helo",
    Mail = "mail",
    Rcpt = "rcpt",
});

impl Stage {
    /// The first stage at which this finding is possible. Findings about lists are possible from the first stage on; the
    /// [cause](crate::policy::Cause::stage) says to which stage the list's subject belongs.
    #[must_use]
    pub fn of(finding: Finding) -> Self {
        match finding {
            Finding::Listed
            | Finding::DenyListUnknown
            | Finding::AllowListUnknown
            | Finding::ListsUndecided
            | Finding::ResolverFault
            | Finding::IprevForged
            | Finding::IprevGeneric
            | Finding::IprevNoName
            | Finding::IprevTempError => Self::Connect,
            Finding::HeloMalformed
            | Finding::HeloNotFqdn
            | Finding::HeloNoSuchName
            | Finding::HeloNoAddress
            | Finding::HeloClaimsUs
            | Finding::HeloUnknown => Self::Helo,
            Finding::SenderNullMx
            | Finding::SenderNoSuchDomain
            | Finding::SenderNoMailHost
            | Finding::SenderMxUnusable
            | Finding::SenderMalformed
            | Finding::NullSender
            | Finding::SenderUnknown => Self::Mail,
            Finding::RecipientNullMx
            | Finding::RecipientNoSuchDomain
            | Finding::RecipientNoMailHost
            | Finding::RecipientMxUnusable
            | Finding::RecipientMalformed
            | Finding::RecipientUnknown => Self::Rcpt,
        }
    }

    /// The stage at which a part of the dialogue becomes known. Subjects that the configuration names are known at once.
    pub(crate) fn of_part(part: Option<Part>) -> Self {
        match part {
            None | Some(Part::Address | Part::ConfirmedName | Part::ReverseName) => Self::Connect,
            Some(Part::Helo) => Self::Helo,
            Some(Part::Sender) => Self::Mail,
            Some(Part::Recipient) => Self::Rcpt,
        }
    }
}

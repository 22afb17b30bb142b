//! Everything a policy can react to.

use std::fmt;
use std::str::FromStr;

macro_rules! findings {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// Everything a policy can react to. A HELO name that resolves to another address is not included (RFC 5321 §4.1.4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Finding {
            $($(#[$doc])* $variant),*
        }

        impl Finding {
            /// Every finding.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// One lower-case word for machines.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }
    };
}

findings! {
    /// The lists' outcome is "listed".
    Listed = "listed",
    /// A deny list whose rule is to defer did not answer, and could have decided.
    DenyListUnknown = "deny_list_unknown",
    /// The deny lists say "listed", and a list that could have spoken for the client did not answer.
    AllowListUnknown = "allow_list_unknown",
    /// No name of the client resolves to its address.
    IprevForged = "iprev_forged",
    /// The client's address has no name.
    IprevNoName = "iprev_no_name",
    /// The client's reverse DNS could not be checked.
    IprevTempError = "iprev_temp_error",
    /// The argument of HELO is neither a name nor an address literal.
    HeloMalformed = "helo_malformed",
    /// The argument of HELO is a single label.
    HeloNotFqdn = "helo_not_fqdn",
    /// The name in HELO does not exist.
    HeloNoSuchName = "helo_no_such_name",
    /// The name in HELO has neither address nor MX.
    HeloNoAddress = "helo_no_address",
    /// A client from outside uses the host's own name or address.
    HeloClaimsUs = "helo_claims_us",
    /// The name in HELO could not be checked.
    HeloUnknown = "helo_unknown",
    /// The sender's domain accepts no mail (RFC 7505).
    SenderNullMx = "sender_null_mx",
    /// The sender's domain does not exist.
    SenderNoSuchDomain = "sender_no_such_domain",
    /// The sender's domain has no mail host.
    SenderNoMailHost = "sender_no_mail_host",
    /// The sender's mail exchangers cannot be used.
    SenderMxUnusable = "sender_mx_unusable",
    /// The sender is not a mail address.
    SenderMalformed = "sender_malformed",
    /// The sender's domain could not be checked.
    SenderUnknown = "sender_unknown",
    /// The recipient's domain accepts no mail (RFC 7505).
    RecipientNullMx = "recipient_null_mx",
    /// The recipient's domain does not exist.
    RecipientNoSuchDomain = "recipient_no_such_domain",
    /// The recipient's domain has no mail host.
    RecipientNoMailHost = "recipient_no_mail_host",
    /// The recipient's mail exchangers cannot be used.
    RecipientMxUnusable = "recipient_mx_unusable",
    /// The recipient is not a mail address.
    RecipientMalformed = "recipient_malformed",
    /// The recipient's domain could not be checked.
    RecipientUnknown = "recipient_unknown",
}

impl Finding {
    /// Does the finding mean that something could not be checked?
    #[must_use]
    pub fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::DenyListUnknown
                | Self::AllowListUnknown
                | Self::IprevTempError
                | Self::HeloUnknown
                | Self::SenderUnknown
                | Self::RecipientUnknown
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Finding {
    type Err = UnknownFinding;

    fn from_str(text: &str) -> Result<Self, UnknownFinding> {
        Self::ALL.iter().copied().find(|finding| finding.word() == text).ok_or(UnknownFinding)
    }
}

/// There is no such finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such finding")]
pub struct UnknownFinding;

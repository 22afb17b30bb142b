//! The presets, as tables of reply lines.

use crate::report::finding::Finding;

/// Whose texts and codes are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Preset {
    Rfc,
    Postfix,
    Sendmail,
}

type Lines = &'static [(Finding, &'static str)];

/// RFC 3463, 5321, 7372 and 7505. Whatever the RFCs leave to local policy passes.
pub(super) const RFC: Lines = &[
    (
        Finding::Listed,
        "550 5.7.1 Service unavailable; [$rbl_what] is listed by $rbl_domain${rbl_others? and $rbl_others more}\
         ${rbl_reason?; $rbl_reason}",
    ),
    (Finding::DenyListUnknown, "451 4.4.3 Service unavailable; $rbl_domain could not be asked; try again later"),
    (Finding::AllowListUnknown, "450 4.7.1 Service currently unavailable; $rbl_domain could not be asked"),
    (Finding::SenderNullMx, "550 5.7.27 Sender domain $sender_domain takes no mail (null MX)"),
    (Finding::SenderNoSuchDomain, "550 5.1.8 Sender domain $sender_domain does not exist"),
    (Finding::SenderNoMailHost, "550 5.1.8 Sender domain $sender_domain has no mail host"),
    (Finding::SenderMxUnusable, "550 5.1.8 Sender domain $sender_domain: $why"),
    (Finding::SenderMalformed, "553 5.1.7 Sender address is not valid"),
    (Finding::SenderUnknown, "451 4.4.3 Sender domain $sender_domain could not be checked: $why; try again later"),
    (Finding::RecipientNullMx, "556 5.1.10 Recipient domain $recipient_domain takes no mail (null MX)"),
    (Finding::RecipientNoSuchDomain, "550 5.1.2 Recipient domain $recipient_domain does not exist"),
    (
        Finding::RecipientUnknown,
        "451 4.4.3 Recipient domain $recipient_domain could not be checked: $why; try again later",
    ),
];

/// The usual replies for what the RFCs leave to local policy, for hosts that act on it.
const LOCAL: Lines = &[
    (Finding::IprevForged, "550 5.7.25 Reverse DNS validation failed; no name of [$client_address] leads back to it"),
    (Finding::IprevNoName, "550 5.7.25 Reverse DNS validation failed; [$client_address] has no name"),
    (
        Finding::IprevTempError,
        "450 4.7.25 Reverse DNS of [$client_address] could not be checked: $why; try again later",
    ),
    (Finding::HeloMalformed, "501 5.5.2 $helo_name is neither a host name nor an address literal"),
    (Finding::HeloNotFqdn, "504 5.5.2 $helo_name is no fully-qualified host name"),
    (Finding::HeloNoSuchName, "550 5.7.1 HELO name $helo_name does not exist"),
    (Finding::HeloNoAddress, "550 5.7.1 HELO name $helo_name has no address"),
    (Finding::HeloClaimsUs, "550 5.7.1 HELO name $helo_name is ours"),
    (Finding::HeloUnknown, "450 4.7.1 HELO name $helo_name could not be checked: $why; try again later"),
    (Finding::RecipientNoMailHost, "550 5.1.2 Recipient domain $recipient_domain has no mail host"),
    (Finding::RecipientMxUnusable, "550 5.1.2 Recipient domain $recipient_domain: $why"),
    (Finding::RecipientMalformed, "501 5.1.3 Bad recipient address syntax"),
    (Finding::ListsUndecided, "451 4.4.3 $rbl_domain could not be asked; try again later"),
    (Finding::ResolverFault, "451 4.4.3 DNS does not work here at the moment; try again later"),
    (Finding::IprevGeneric, "550 5.7.1 The name $client_name of [$client_address] looks generated"),
    (Finding::NullSender, "550 5.7.1 Notifications are not accepted from [$client_address]"),
];

const CANNOT_FIND: &str = "450 4.7.25 Client host rejected: cannot find your hostname, [$client_address]";
const HELO_NOT_FOUND: &str = "450 4.7.1 <$helo_name>: Helo command rejected: Host not found";
const SENDER_NOT_FOUND: &str = "450 4.1.8 <$sender>: Sender address rejected: Domain not found";
const RECIPIENT_NOT_FOUND: &str = "450 4.1.2 <$recipient>: Recipient address rejected: Domain not found";

/// Postfix with reject_unknown_client_hostname, reject_unknown_helo_hostname, reject_unknown_sender_domain and similar
/// restrictions, with its default codes: 450 wherever DNS may be wrong.
pub(super) const POSTFIX: Lines = &[
    (
        Finding::Listed,
        "554 5.7.1 Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
    ),
    (
        Finding::DenyListUnknown,
        "450 4.7.1 Service unavailable; $rbl_class [$rbl_what] could not be looked up in $rbl_domain",
    ),
    (Finding::AllowListUnknown, "450 4.7.1 <$rbl_what>: $rbl_class rejected: Service unavailable"),
    (Finding::IprevForged, CANNOT_FIND),
    (Finding::IprevNoName, CANNOT_FIND),
    (Finding::IprevTempError, CANNOT_FIND),
    (Finding::HeloMalformed, "501 5.5.2 <$helo_name>: Helo command rejected: Invalid name"),
    (Finding::HeloNotFqdn, "504 5.5.2 <$helo_name>: Helo command rejected: need fully-qualified hostname"),
    (Finding::HeloNoSuchName, HELO_NOT_FOUND),
    (Finding::HeloNoAddress, HELO_NOT_FOUND),
    (Finding::HeloUnknown, HELO_NOT_FOUND),
    (
        Finding::SenderNullMx,
        "550 5.7.27 <$sender>: Sender address rejected: Domain $sender_domain does not accept mail (nullMX)",
    ),
    (Finding::SenderMalformed, "501 5.1.7 Bad sender address syntax"),
    (Finding::SenderNoSuchDomain, SENDER_NOT_FOUND),
    (Finding::SenderNoMailHost, SENDER_NOT_FOUND),
    (Finding::SenderUnknown, SENDER_NOT_FOUND),
    (
        Finding::RecipientNullMx,
        "556 5.1.10 <$recipient>: Recipient address rejected: Domain $recipient_domain does not accept mail (nullMX)",
    ),
    (Finding::RecipientNoSuchDomain, RECIPIENT_NOT_FOUND),
    (Finding::RecipientNoMailHost, RECIPIENT_NOT_FOUND),
    (Finding::RecipientUnknown, RECIPIENT_NOT_FOUND),
];

/// sendmail with FEATURE(`dnsbl'), FEATURE(`require_rdns') and its sender checks, which do not look behind an MX record.
pub(super) const SENDMAIL: Lines = &[
    (Finding::Listed, "550 5.7.1 Rejected: $rbl_what listed at $rbl_domain"),
    (Finding::DenyListUnknown, "451 4.4.3 Temporary lookup failure of $rbl_what at $rbl_domain"),
    (Finding::AllowListUnknown, "450 4.7.1 Service currently unavailable; $rbl_domain could not be asked"),
    (Finding::IprevForged, "451 4.1.8 Possibly forged hostname for $client_address"),
    (Finding::IprevNoName, "550 5.7.1 Fix reverse DNS for $client_address"),
    (Finding::IprevTempError, "451 4.1.8 Client IP address $client_address does not resolve"),
    (Finding::SenderNoSuchDomain, "553 5.1.8 <$sender>... Domain of sender address $sender does not exist"),
    (Finding::SenderNoMailHost, "553 5.1.8 <$sender>... Domain of sender address $sender does not exist"),
    (Finding::SenderUnknown, "451 4.1.8 Domain of sender address $sender does not resolve"),
    (Finding::RecipientNoSuchDomain, "550 5.1.2 Host unknown (Name server: $recipient_domain: host not found)"),
    (Finding::RecipientUnknown, "451 4.4.3 Name server: $recipient_domain: host name lookup failure"),
];

/// RFC 7372 §3.3: failed reverse DNS is rejected with its own code.
const STRICT: Lines = &[
    (Finding::IprevForged, "550 5.7.25 Reverse DNS validation failed; no name of [$client_address] leads back to it"),
    (Finding::IprevNoName, "550 5.7.25 Reverse DNS validation failed; [$client_address] has no name"),
    (
        Finding::IprevTempError,
        "450 4.7.25 Reverse DNS of [$client_address] could not be checked: $why; try again later",
    ),
];

/// Postfix with 550 for unknown_client_reject_code, unknown_hostname_reject_code and unknown_address_reject_code.
const POSTFIX_STRICT: Lines = &[
    (Finding::IprevForged, "550 5.7.25 Client host rejected: cannot find your hostname, [$client_address]"),
    (Finding::IprevNoName, "550 5.7.25 Client host rejected: cannot find your hostname, [$client_address]"),
    (Finding::HeloNoSuchName, "550 5.7.1 <$helo_name>: Helo command rejected: Host not found"),
    (Finding::HeloNoAddress, "550 5.7.1 <$helo_name>: Helo command rejected: Host not found"),
    (Finding::SenderNoSuchDomain, "550 5.1.8 <$sender>: Sender address rejected: Domain not found"),
    (Finding::SenderNoMailHost, "550 5.1.8 <$sender>: Sender address rejected: Domain not found"),
    (Finding::RecipientNoSuchDomain, "550 5.1.2 <$recipient>: Recipient address rejected: Domain not found"),
    (Finding::RecipientNoMailHost, "550 5.1.2 <$recipient>: Recipient address rejected: Domain not found"),
];

impl Preset {
    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::Rfc, "rfc"), (Self::Postfix, "postfix"), (Self::Sendmail, "sendmail")];

    pub(super) fn lines(self) -> Lines {
        match self {
            Self::Rfc => RFC,
            Self::Postfix => POSTFIX,
            Self::Sendmail => SENDMAIL,
        }
    }

    /// What the strict variant changes.
    pub(super) fn strict(self) -> Lines {
        match self {
            Self::Postfix => POSTFIX_STRICT,
            Self::Rfc => STRICT,
            // sendmail has its own deferral for unknown reverse DNS.
            Self::Sendmail => STRICT.get(..2).unwrap_or_default(),
        }
    }

    /// The preset's line for a finding, even if the finding passes in the preset.
    pub(super) fn usual(self, finding: Finding) -> Option<&'static str> {
        let find = |lines: Lines| lines.iter().find(|(of, _)| *of == finding).map(|(_, line)| *line);
        find(self.lines()).or_else(|| find(RFC)).or_else(|| find(LOCAL))
    }
}

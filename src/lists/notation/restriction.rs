//! The names of smtpd's restrictions.

use crate::dnsxl::{ListKind, Part};

/// The restrictions that ask lists (postconf(5)).
pub(super) const RESTRICTIONS: [(&str, ListKind, Part); 8] = [
    ("reject_rbl_client", ListKind::Deny, Part::Address),
    ("reject_rhsbl_client", ListKind::Deny, Part::ConfirmedName),
    ("reject_rhsbl_reverse_client", ListKind::Deny, Part::ReverseName),
    ("reject_rhsbl_helo", ListKind::Deny, Part::Helo),
    ("reject_rhsbl_sender", ListKind::Deny, Part::Sender),
    ("reject_rhsbl_recipient", ListKind::Deny, Part::Recipient),
    ("permit_dnswl_client", ListKind::Allow, Part::Address),
    ("permit_rhswl_client", ListKind::Allow, Part::ConfirmedName),
];

/// Prefixes of restrictions that this crate does not apply.
const OTHERS: [&str; 8] = ["reject_", "permit_", "check_", "defer_", "warn_if_", "smtpd_", "sleep", "reject"];

/// Parts of a word that occur only in names of restrictions that ask lists.
pub(super) const ABOUT_LISTS: [&str; 5] = ["rbl", "rhsbl", "dnsbl", "dnswl", "rhswl"];

/// The restriction of this name, if it asks lists; the case of letters does not matter.
pub(super) fn known(word: &str) -> Option<&'static (&'static str, ListKind, Part)> {
    RESTRICTIONS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word))
}

/// Is this the name of a restriction, whether it asks a list or not?
pub(super) fn is_restriction(word: &str) -> bool {
    let starts = |start: &str| word.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    (OTHERS.iter().any(|start| starts(start)) || ["permit", "defer"].iter().any(|name| word.eq_ignore_ascii_case(name)))
        && !word.contains('.')
}

/// Does this text contain a restriction that asks lists?
pub(super) fn holds_list(text: &str) -> bool {
    text.split(|c: char| c == ',' || c.is_ascii_whitespace()).any(|word| known(word).is_some())
}

/// Does evaluation stop here? Restrictions after such a word are never reached.
pub(super) fn is_last(word: &str) -> bool {
    ["permit", "reject", "defer"].iter().any(|last| last.eq_ignore_ascii_case(word))
}

//! Restrictions of Postfix's smtpd: `reject_rbl_client zone=127.0.0.[2..11]`.

use super::{Item, Unsayable, Word, after_assignment, no_more_than_codes, only_part, usual_unheard, words};
use crate::dnsxl::{Kind, ListSpec, Part, SpecError};

/// The restrictions that ask lists (postconf(5)).
const RESTRICTIONS: [(&str, Kind, Part); 8] = [
    ("reject_rbl_client", Kind::Deny, Part::Address),
    ("reject_rhsbl_client", Kind::Deny, Part::ConfirmedName),
    ("reject_rhsbl_reverse_client", Kind::Deny, Part::ReverseName),
    ("reject_rhsbl_helo", Kind::Deny, Part::Helo),
    ("reject_rhsbl_sender", Kind::Deny, Part::Sender),
    ("reject_rhsbl_recipient", Kind::Deny, Part::Recipient),
    ("permit_dnswl_client", Kind::Allow, Part::Address),
    ("permit_rhswl_client", Kind::Allow, Part::ConfirmedName),
];

/// Beginnings of restrictions that are none of ours.
const OTHERS: [&str; 8] = ["reject_", "permit_", "check_", "defer_", "warn_if_", "smtpd_", "sleep", "reject"];

/// Is this the name of a restriction, whether it asks a list or not?
pub(super) fn is_restriction(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    !word.contains('.')
        && (OTHERS.iter().any(|start| word.starts_with(start)) || matches!(word.as_str(), "permit" | "defer"))
}

pub(super) fn read(text: &str) -> Vec<Item> {
    let rest = after_assignment(text, &["_restrictions"]);
    let mut words = words(rest.text, &[',']).into_iter().map(|word| Word::new(word.text, rest.at + word.at)).peekable();
    let mut items = Vec::new();
    while let Some(word) = words.next() {
        let known = RESTRICTIONS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word.text));
        let item = match known {
            Some((_, kind, part)) => match words.next_if(|next| !is_restriction(next.text)) {
                Some(argument) => (word.at..argument.end(), list(*kind, argument).map(|list| list.asks([*part]))),
                None => (word.span(), Err(Word::new("", word.end()).expected("a list domain"))),
            },
            None if word.text.eq_ignore_ascii_case("warn_if_reject") => {
                // It takes the next restriction's teeth: that one must not be read as if it stood alone.
                let next = words.next_if(|next| is_restriction(next.text)).unwrap_or(word);
                let last = words.next_if(|next| !is_restriction(next.text)).unwrap_or(next);
                (word.at..last.end(), Err(word.unsupported("warn_if_reject; a policy that refuses nothing does that")))
            }
            None if is_restriction(word.text) => {
                let last = words.next_if(|next| !is_restriction(next.text)).unwrap_or(word);
                (word.at..last.end(), Err(word.unsupported("a restriction that asks no list")))
            }
            None => (word.span(), list(Kind::Deny, word)),
        };
        items.push(item);
    }
    items
}

/// `domain[=d.d.d.d]`: smtpd knows no weights.
fn list(kind: Kind, word: Word<'_>) -> Result<ListSpec, SpecError> {
    if let Some(star) = word.text.find('*') {
        let weight = Word::new(word.text.get(star..).unwrap_or_default(), word.at + star);
        return Err(weight.unsupported("a weight; postscreen has weights, smtpd has none"));
    }
    ListSpec::read(kind, word.text).map_err(|error| error.shifted(word.at))
}

pub(super) fn print(list: &ListSpec) -> Result<String, Unsayable> {
    no_more_than_codes(list)?;
    usual_unheard(list)?;
    if list.weight() != 1 {
        return Err(Unsayable("a weight"));
    }
    let part = only_part(list)?;
    let known = RESTRICTIONS.iter().find(|(_, kind, of)| *kind == list.kind() && *of == part);
    let (name, ..) = known.ok_or(Unsayable("an allow list about this part of the dialogue"))?;
    Ok(format!("{name} {}{}", list.named(), codes(list)?))
}

/// `=d.d.d.d`, where the filter is one pattern.
pub(super) fn codes(list: &ListSpec) -> Result<String, Unsayable> {
    match list.filter().map(|filter| filter.as_pattern()) {
        None => Ok(String::new()),
        Some(Some(pattern)) => Ok(format!("={pattern}")),
        Some(None) => Err(Unsayable("codes other than one pattern of which any must fit")),
    }
}

//! Restrictions of Postfix's smtpd: `reject_rbl_client zone=127.0.0.[2..11]`.

use crate::dnsxl::{ListKind, ListSpec, NotCounted, SpecError};
use crate::lists::notation::context::Items;
use crate::lists::notation::main_cf::parameter::{Parameters, variable};
use crate::lists::notation::restriction::{ABOUT_LISTS, RESTRICTIONS, is_last, is_restriction, known};
use crate::lists::notation::word::{NotExpressible, Word, no_more_than_codes, only_part, usual_on_no_answer, words};

/// The lists among restrictions; those that ask no list are reported as left out. `in_parameter`: the value of a
/// parameter can contain only restrictions.
pub(crate) fn restrictions<'a>(
    value: Word<'a>,
    parameters: &Parameters<'a>,
    in_parameter: bool,
    items: &mut Items<'_>,
) {
    let all = words(value, &[',']);
    let among_others =
        in_parameter || parameters.look_ahead(&all, |mut words| words.any(|word| is_restriction(word.text)));
    let several = among_others || parameters.look_ahead(&all, |mut words| words.nth(1).is_some());
    let mut words = parameters.words(all).peekable();
    let mut reached = true;
    while let Some(word) = words.next() {
        let item = if let Some(error) = word.odd_blank() {
            (word.span(), Err(error))
        } else if let Some((_, kind, part)) = known(word.text) {
            match words.next_if(|next| !is_restriction(next.text)) {
                Some(argument) if reached => {
                    items.read(place(word, argument), || {
                        let list = parameters.resolved(argument, |argument| list(*kind, argument));
                        list.map(|list| list.with_parts([*part]))
                    });
                    continue;
                }
                Some(argument) => (place(word, argument), Err(word.not_counted(NotCounted::NeverReached))),
                None => (word.span(), Err(Word::new("", word.end()).expected("a list domain"))),
            }
        } else if word.text.eq_ignore_ascii_case("warn_if_reject") {
            // It changes the next restriction to a warning, so that restriction must not be read as a rejection.
            let next = words.next_if(|next| is_restriction(next.text)).unwrap_or(word);
            let last = argument(next, &mut words).unwrap_or(next);
            let error = match known(next.text) {
                Some(_) => word.not_counted(NotCounted::WarnIfReject),
                None => word.left_out("a restriction that asks no list"),
            };
            (place(word, last), Err(error))
        } else if word.text.eq_ignore_ascii_case("reject_maps_rbl") {
            let error = match parameters.has("maps_rbl_domains") {
                true => word.left_out("reject_maps_rbl; its lists are in maps_rbl_domains"),
                false => word.undefined("the parameter", "maps_rbl_domains"),
            };
            (word.span(), Err(error))
        } else if is_restriction(word.text) {
            reached &= !is_last(word.text);
            let last = argument(word, &mut words).unwrap_or(word);
            let error = if ABOUT_LISTS.iter().any(|part| word.text.to_ascii_lowercase().contains(part)) {
                word.expected("one of the restrictions that ask lists, such as reject_rbl_client")
            } else {
                word.left_out("a restriction that asks no list")
            };
            (place(word, last), Err(error))
        } else if word.text.starts_with('#') {
            (word.span(), Err(word.expected("a restriction; a comment (#) has a line of its own")))
        } else if word.text.ends_with("_restrictions") && !word.text.contains('$') {
            (word.span(), Err(word.left_out("the name of a parameter")))
        } else if word.text.contains('$') {
            let error = match variable(word.text) {
                Some(_) => word.undefined("the variable", word.text),
                None => word.unsupported("a variable"),
            };
            (word.span(), Err(error))
        } else if is_table(word.text) {
            (word.span(), Err(word.left_out("a table, which asks no list")))
        } else if among_others {
            let error = match word.text.contains('.') {
                true => word.expected("a restriction in front of the list domain, such as reject_rbl_client"),
                false => word.left_out("a word that is neither a restriction nor a list"),
            };
            (word.span(), Err(error))
        } else if several && !word.text.contains('.') {
            // A blank inside a name, or a misspelled name of a restriction.
            (word.span(), Err(word.expected("a restriction, or a list domain of more than one label")))
        } else {
            (word.span(), list(ListKind::Deny, word))
        };
        items.push(item);
    }
}

/// The range from a word to its last argument; only the word itself, if the argument comes from elsewhere, such as
/// from a variable.
fn place(from: Word<'_>, to: Word<'_>) -> std::ops::Range<usize> {
    if to.at >= from.at { from.at..to.end() } else { from.span() }
}

/// The last word that belongs to a restriction: a table, a service, or everything in braces.
fn argument<'a>(of: Word<'a>, words: &mut std::iter::Peekable<impl Iterator<Item = Word<'a>>>) -> Option<Word<'a>> {
    let name = of.text.to_ascii_lowercase();
    if !name.starts_with("check_") && name != "sleep" && known(&name).is_none() {
        return None;
    }
    let mut last = words.next_if(|next| !is_restriction(next.text))?;
    if last.text.starts_with('{') {
        while !last.text.ends_with('}') {
            last = words.next()?;
        }
    }
    Some(last)
}

/// `hash:/etc/postfix/access`.
fn is_table(word: &str) -> bool {
    word.split_once(':').is_some_and(|(kind, rest)| {
        kind.bytes().all(|octet| octet.is_ascii_lowercase()) && rest.contains('/') && !rest.starts_with("//")
    })
}

/// `domain[=d.d.d.d]`: smtpd has no weights.
fn list(kind: ListKind, word: Word<'_>) -> Result<ListSpec, SpecError> {
    if let Some(star) = word.text.find('*') {
        let weight = Word::new(word.text.get(star..).unwrap_or_default(), word.at + star);
        return Err(weight.unsupported("a weight; postscreen has weights, smtpd has none"));
    }
    word.spec(kind)
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    no_more_than_codes(list)?;
    usual_on_no_answer(list)?;
    if list.weight() != 1 {
        return Err(NotExpressible("a weight"));
    }
    let part = only_part(list)?;
    let known = RESTRICTIONS.iter().find(|(_, kind, of)| *kind == list.kind() && *of == part);
    let (name, ..) = known.ok_or(NotExpressible("an allow list about this part of the dialogue"))?;
    Ok(format!("{name} {}{}", list.named(), codes(list)?))
}

/// `=d.d.d.d`, if the filter is a single pattern.
pub(crate) fn codes(list: &ListSpec) -> Result<String, NotExpressible> {
    match list.codes().map(|filter| filter.as_pattern()) {
        None => Ok(String::new()),
        Some(Some(pattern)) => Ok(format!("={pattern}")),
        Some(None) => Err(NotExpressible("codes other than one pattern")),
    }
}

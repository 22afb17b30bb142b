//! `postscreen_dnsbl_sites`: `zone=127.0.0.[2..11]*3, list.example*-4`.

use super::{Item, Unsayable, Word, after_assignment, no_more_than_codes, only_part, postfix, usual_unheard, words};
use crate::dnsxl::{Kind, ListSpec, Part};

pub(super) fn read(text: &str) -> Vec<Item> {
    let rest = after_assignment(text, &["_sites"]);
    words(rest.text, &[','])
        .into_iter()
        .map(|word| {
            let word = Word::new(word.text, rest.at + word.at);
            let list = match word.text.starts_with("postscreen_") {
                true => Err(word.unsupported("parameters other than postscreen_dnsbl_sites")),
                false => ListSpec::read(Kind::Deny, word.text).map_err(|error| error.shifted(word.at)),
            };
            (word.span(), list)
        })
        .collect()
}

pub(super) fn print(list: &ListSpec) -> Result<String, Unsayable> {
    no_more_than_codes(list)?;
    usual_unheard(list)?;
    if list.kind() == Kind::Allow {
        return Err(Unsayable("an allow list that allows outright; a negative weight is something else"));
    }
    if only_part(list)? != Part::Address {
        return Err(Unsayable("anything but the client's address"));
    }
    let weight = if list.weight() == 1 { String::new() } else { format!("*{}", list.weight()) };
    Ok(format!("{}{}{weight}", list.named(), postfix::codes(list)?))
}

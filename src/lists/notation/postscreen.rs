//! `postscreen_dnsbl_sites`: `zone=127.0.0.[2..11]*3, list.example*-4`.

use crate::dnsxl::{ListKind, ListSpec, Part};
use crate::lists::notation::context::Items;
use crate::lists::notation::main_cf::parameter::Parameters;
use crate::lists::notation::postfix;
use crate::lists::notation::word::{NotExpressible, Word, no_more_than_codes, only_part, usual_on_no_answer, words};

/// Lists with weights, separated by commas and blanks.
pub(crate) fn sites<'a>(value: Word<'a>, parameters: &Parameters<'a>, items: &mut Items<'_>) {
    let all = words(value, &[',']);
    let several = parameters.look_ahead(&all, |mut words| words.nth(1).is_some());
    let read = |word: Word<'_>| {
        if word.text.starts_with("postscreen_") {
            return Err(word.left_out("the name of a parameter"));
        }
        if word.text.starts_with('#') {
            return Err(word.expected("a list domain; a comment has a line of its own"));
        }
        if several && word.text.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(word.expected("a list domain; several codes of one list are zone=127.0.0.[2;3]"));
        }
        let list = parameters.resolved(word, |word| word.spec(ListKind::Deny))?;
        // Beside other lists, a single label is probably an error: a blank inside a name, or a word of another
        // notation.
        if several && list.zone().labels().count() < 2 {
            return Err(word.expected("a list domain of more than one label"));
        }
        Ok(list)
    };
    for word in parameters.words(all) {
        items.read(word.span(), || read(word));
    }
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    no_more_than_codes(list)?;
    usual_on_no_answer(list)?;
    if list.kind() == ListKind::Allow {
        return Err(NotExpressible("an allow list that allows outright; a negative weight is something else"));
    }
    if only_part(list)? != Part::Address {
        return Err(NotExpressible("anything but the client's address"));
    }
    let weight = if list.weight() == 1 { String::new() } else { format!("*{}", list.weight()) };
    Ok(format!("{}{}{weight}", list.named(), postfix::codes(list)?))
}

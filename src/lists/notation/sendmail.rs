//! sendmail's ``FEATURE(`dnsbl', `zone', `"550 Rejected: " $&{client_addr} " is listed"', `t')`` and `enhdnsbl`.

use crate::base::template::{Template, Variable};
use crate::dnsxl::{CodeFilter, CodePattern, ListKind, ListSpec, OnNoAnswer, Part, SpecError};
use crate::lists::notation::context::Items;
use crate::lists::notation::word::{NotExpressible, Word, only_part};

/// Patterns that `enhdnsbl` accepts (cf/README).
const MAX_PATTERNS: usize = 5;
/// Arguments that are looked at: the name, the zone, two messages, the patterns, and one more, which is a mistake.
const MAX_ARGUMENTS: usize = 4 + MAX_PATTERNS + 1;

/// So many macros without a closing parenthesis are sought up to the end of the text; further ones in their line only.
const MAX_UNCLOSED: usize = 10;

pub(crate) fn read(text: &str, items: &mut Items<'_>) {
    let mut at = 0;
    let mut unclosed = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let line = Word::new(trimmed.lines().next().unwrap_or_default(), at);
        // m4's `dnl` discards the rest of the line.
        if line.text.is_empty() || line.text.starts_with("dnl") || line.text.starts_with('#') {
            at = line.end();
            continue;
        }
        let within = if unclosed < MAX_UNCLOSED { text } else { text.get(..line.end()).unwrap_or_default() };
        let within = Word::new(within, 0);
        at = match line.text.strip_prefix(FEATURE) {
            Some(_) => read_feature(line, within, items),
            None => read_other(line, within, items),
        }
        .unwrap_or_else(|| {
            unclosed += 1;
            line.end()
        });
    }
}

const FEATURE: &str = "FEATURE(";

/// Reads a feature, and says where it ends; `None` if it is not closed.
fn read_feature(line: Word<'_>, within: Word<'_>, items: &mut Items<'_>) -> Option<usize> {
    match arguments(within, line.at + FEATURE.len()) {
        Ok((arguments, end)) => {
            let mut notes = Vec::new();
            items.push((line.at..end, feature(&arguments, end, &mut notes)));
            notes.into_iter().for_each(|note| items.refuse(note.span(), note));
            Some(end)
        }
        Err(error) => {
            items.refuse(line.span(), error);
            None
        }
    }
}

/// Skips any other line; a macro may extend over several.
fn read_other(line: Word<'_>, within: Word<'_>, items: &mut Items<'_>) -> Option<usize> {
    let word = line.trim();
    if !is_other_macro(word.text) {
        items.refuse(word.span(), word.expected(FEATURE));
        return Some(line.end());
    }
    items.refuse(word.span(), word.left_out("a macro that asks no list"));
    match word.text.find('(') {
        Some(open) => arguments(within, word.at + open + 1).ok().map(|(_, end)| end),
        None => Some(line.end()),
    }
}

/// `define(...)`, `MAILER(...)`, `LOCAL_RULESETS`: any m4 macro that is not about lists.
fn is_other_macro(line: &str) -> bool {
    let Some((name, arguments)) = line.split_once('(') else {
        let word = line.strip_suffix("dnl").unwrap_or(line);
        return word.contains('_') && word.bytes().all(|octet| octet.is_ascii_uppercase() || octet == b'_');
    };
    let is_name = name.len() > 2 && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    // A whole word: a milter may have a name such as `rdnsbl`.
    let mut words = arguments.split(|character: char| !character.is_ascii_alphanumeric());
    is_name && !words.any(|word| matches!(word, "dnsbl" | "enhdnsbl")) && !name.to_ascii_uppercase().starts_with("FEAT")
}

/// The arguments up to the closing parenthesis, each without one pair of quotes; and the end of the macro.
fn arguments(text: Word<'_>, start: usize) -> Result<(Vec<Word<'_>>, usize), SpecError> {
    let mut found = Vec::new();
    let (mut from, mut quotes, mut parentheses) = (start, 0_usize, 0_usize);
    for (offset, character) in text.text.get(start..).unwrap_or_default().char_indices() {
        let at = start + offset;
        match character {
            '`' => quotes += 1,
            '\'' => quotes = quotes.saturating_sub(1),
            '(' if quotes == 0 => parentheses += 1,
            ')' if quotes == 0 && parentheses > 0 => parentheses -= 1,
            ',' | ')' if quotes == 0 && parentheses == 0 => {
                if found.len() < MAX_ARGUMENTS {
                    found.push(unquoted(Word::new(text.text.get(from..at).unwrap_or_default(), from)));
                }
                from = at + 1;
                if character == ')' {
                    return Ok((found, from));
                }
            }
            _ => {}
        }
    }
    let end = Word::new("", text.text.len());
    Err(end.expected(if quotes > 0 { "\"'\"" } else { "\")\"" }))
}

fn unquoted(word: Word<'_>) -> Word<'_> {
    let word = word.trim();
    match word.text.strip_prefix('`').and_then(|inner| inner.strip_suffix('\'')) {
        Some(inner) => Word::new(inner, word.at + 1).trim(),
        None => word,
    }
}

fn feature(arguments: &[Word<'_>], end: usize, notes: &mut Vec<SpecError>) -> Result<ListSpec, SpecError> {
    let nothing = Word::new("", end.saturating_sub(1));
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(nothing);
    let name = argument(0);
    let enhanced = match name.text {
        "dnsbl" => false,
        "enhdnsbl" => true,
        other if other.is_empty() || other.contains("dnsbl") || matches!(other, "rbl" | "rhsbl") => {
            return Err(name.expected("dnsbl or enhdnsbl"));
        }
        _ => return Err(name.left_out("a feature that asks no list")),
    };
    let mut spec = argument(1).zone(ListKind::Deny)?;
    let message = argument(2);
    match message.text {
        "" => {}
        "quarantine" | "discard" => return Err(message.unsupported("quarantine and discard")),
        _ => match crate::lists::notation::sendmail::message(message)? {
            Some(template) => spec = spec.with_reply_template(template),
            None => notes.push(message.left_out("a message of its own with what no reply here can hold")),
        },
    }
    let temporary = argument(3);
    match temporary.text {
        "" => {}
        "t" => spec = spec.with_on_no_answer(OnNoAnswer::Defer),
        _ => return Err(temporary.unsupported("a separate text for a list that does not answer")),
    }
    let patterns = arguments.get(4..).unwrap_or_default();
    if let Some(extra) = patterns.get(if enhanced { MAX_PATTERNS } else { 0 }) {
        return Err(extra.expected("no more arguments"));
    }
    let patterns = patterns.iter().filter(|word| !word.text.is_empty()).map(|word| result(*word));
    let patterns = patterns.collect::<Result<Vec<CodePattern>, SpecError>>()?;
    Ok(if patterns.is_empty() { spec } else { spec.with_codes(CodeFilter::any(patterns)) })
}

/// A left-hand side for a result: `127.0.0.2.`, `127.0.0.$-.`.
fn result(word: Word<'_>) -> Result<CodePattern, SpecError> {
    let wanted = "four octets, each a number or \"$-\", and a dot";
    let body = word.text.strip_suffix('.').ok_or_else(|| word.expected(wanted))?;
    let octets: Vec<String> =
        body.split('.').map(|octet| if octet == "$-" { "[0..255]".to_owned() } else { octet.to_owned() }).collect();
    if octets.iter().any(|octet| octet.contains('[') && octet != "[0..255]") {
        return Err(word.expected(wanted));
    }
    octets.join(".").parse().map_err(|_| word.expected(wanted))
}

/// A sequence of texts, with or without quotation marks, and `$&{client_addr}`. `None` if there is anything else:
/// other macros, or characters that a reply may not contain. The reply has no effect on whether the list lists a
/// client.
fn message(word: Word<'_>) -> Result<Option<Template>, SpecError> {
    let mut text = String::new();
    let mut at = 0;
    while let Some(rest) = word.text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some(length) = quoted.find('"') else {
                return Err(Word::new("", word.end()).expected("a closing quotation mark"));
            };
            let inner = quoted.get(..length).unwrap_or_default();
            if inner.contains('$') {
                return Ok(None);
            }
            text.push_str(inner);
            at += length + 2;
        } else if rest.starts_with("$&{client_addr}") {
            text.push_str("${client_address}");
            at += "$&{client_addr}".len();
        } else if rest.starts_with(char::is_whitespace) {
            // Between quoted texts blanks are separators; between words they are part of the text.
            let after = rest.trim_start();
            let quoted = after.starts_with('"') || word.text.get(..at).is_some_and(|before| before.ends_with('"'));
            if !quoted && !text.is_empty() && !after.is_empty() {
                text.push(' ');
            }
            at += rest.len() - after.len();
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '$')).unwrap_or(rest.len());
            match rest.get(..end).filter(|plain| !plain.is_empty()) {
                Some(plain) => text.push_str(plain),
                None => return Ok(None),
            }
            at += end;
        }
    }
    Ok(text.parse().ok())
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    if list.kind() == ListKind::Allow {
        return Err(NotExpressible("an allow list"));
    }
    if list.weight() != 1 {
        return Err(NotExpressible("a weight"));
    }
    if list.reason_zone().is_some() {
        return Err(NotExpressible("reasons from another zone"));
    }
    if only_part(list)? != Part::Address {
        return Err(NotExpressible("anything but the client's address"));
    }
    let temporary = match list.on_no_answer() {
        OnNoAnswer::Ignore => "",
        OnNoAnswer::Defer => "t",
        _ => return Err(NotExpressible("this rule for a list that does not answer")),
    };
    let message = list.reply_template().map(print_message).transpose()?.unwrap_or_default();
    let patterns = match list.codes() {
        None => Vec::new(),
        Some(filter) if filter.quantifier() == crate::dnsxl::Quantifier::Any => {
            let patterns: Option<Vec<String>> = filter.tests().iter().map(|test| lhs(test.as_pattern()?)).collect();
            let patterns = patterns.ok_or(NotExpressible("codes other than numbers and whole octets"))?;
            if patterns.is_empty() || patterns.len() > MAX_PATTERNS {
                return Err(NotExpressible("no or more than five codes"));
            }
            patterns
        }
        Some(_) => return Err(NotExpressible("codes of which not just any must fit")),
    };
    let name = if patterns.is_empty() { "dnsbl" } else { "enhdnsbl" };
    let mut arguments = vec![list.named().to_string(), message, temporary.to_owned()];
    arguments.extend(patterns);
    while arguments.last().is_some_and(String::is_empty) {
        arguments.pop();
    }
    let arguments: Vec<String> = arguments.iter().map(|argument| format!(", `{argument}'")).collect();
    Ok(format!("FEATURE(`{name}'{})dnl", arguments.concat()))
}

/// The left-hand side for a pattern.
fn lhs(pattern: &CodePattern) -> Option<String> {
    let mut text = String::new();
    for set in pattern.sets() {
        match set.as_slice() {
            [one] => text.push_str(&one.to_string()),
            all if all.len() == 256 => text.push_str("$-"),
            _ => return None,
        }
        text.push('.');
    }
    Some(text)
}

fn print_message(template: &Template) -> Result<String, NotExpressible> {
    let pieces = template.plain_pieces().ok_or(NotExpressible("conditions in a reply"))?;
    let mut words = Vec::new();
    for piece in pieces {
        match piece {
            Ok(text) if text.contains(['"', '`', '\'', '$']) => {
                return Err(NotExpressible("quotes or macros in a reply"));
            }
            Ok(text) => words.push(format!("\"{text}\"")),
            Err(Variable::ClientAddress) => words.push("$&{client_addr}".to_owned()),
            Err(_) => return Err(NotExpressible("variables other than the client's address in a reply")),
        }
    }
    Ok(words.join(" "))
}

//! Exim's condition `dnslists`: `zone=127.0.0.2,127.0.0.3 : +defer_unknown : other.example!&0.0.0.4/$sender_helo_name`.

pub(crate) mod macros;
pub(crate) mod statement;

use std::net::{IpAddr, Ipv4Addr};

use crate::base::name::Name;
use crate::dnsxl::{
    CodeFilter, CodePattern, CodeTest, ListKind, ListSpec, OnNoAnswer, Part, Quantifier, SpecError, Subject,
};
use crate::lists::notation::context::Items;
use crate::lists::notation::exim::macros::Macros;
use crate::lists::notation::word::{NotExpressible, Word};

pub(crate) use crate::lists::notation::exim::statement::{has_verb, is_condition, read};

/// Variables that correspond to parts of the SMTP dialogue.
const KEYS: [(&str, Part); 6] = [
    ("$sender_host_address", Part::Address),
    ("$sender_host_name", Part::ConfirmedName),
    ("$sender_helo_name", Part::Helo),
    ("$sender_address_domain", Part::Sender),
    ("$domain", Part::Recipient),
    ("$recipient_domain", Part::Recipient),
];

const UNHEARD: [(&str, OnNoAnswer); 3] = [
    ("+include_unknown", OnNoAnswer::Listed),
    ("+exclude_unknown", OnNoAnswer::Ignore),
    ("+defer_unknown", OnNoAnswer::Defer),
];

/// Operators between zone and values: how many codes must match, and do they compare bits?
const OPERATORS: [(&str, Quantifier, bool); 8] = [
    ("!==", Quantifier::NotAll, false),
    ("!=&", Quantifier::NotAll, true),
    ("!=", Quantifier::NoneOf, false),
    ("!&", Quantifier::NoneOf, true),
    ("==", Quantifier::All, false),
    ("=&", Quantifier::All, true),
    ("=", Quantifier::Any, false),
    ("&", Quantifier::Any, true),
];

/// Does the text contain syntax that only Exim has?
pub(crate) fn looks_like(text: &str) -> bool {
    if text.contains("dnslists") || text.starts_with('+') || text.starts_with('<') {
        return true;
    }
    if text.contains("!=") || text.contains("==") || text.contains(['&', '/', ':']) {
        return true;
    }
    let values = |text: &str| text.split(',').all(|value| value.trim().parse::<Ipv4Addr>().is_ok());
    // `zone = 127.0.0.2`: no other notation allows blanks there.
    if let Some((zone, codes)) = text.split_once('=')
        && zone.contains('.')
        && (zone.ends_with(' ') || codes.starts_with(' '))
        && !zone.trim().contains([' ', ',', '\n'])
    {
        return values(codes);
    }
    // `zone=127.0.0.2,127.0.0.3`: a list of values; `special.example,merged.example=127.0.0.2`: two domains. With
    // blanks after the commas, or with weights, they are postscreen's lists.
    let Some((first, second)) = text.split_once(',') else { return false };
    if second.starts_with(char::is_whitespace) || text.contains('*') {
        return false;
    }
    match second.split_once('=') {
        None => first.contains('=') && values(second),
        Some((_, "")) => !first.contains('='),
        Some((domain, one)) => !first.contains('=') && !domain.contains(',') && (!one.contains(',') || values(one)),
    }
}

/// The maximum depth of nested macros.
const MAX_DEPTH: usize = 8;

/// The items of a list, each with the rule before it for lists that do not answer.
fn list(kind: ListKind, list: Word<'_>, macros: &Macros<'_>, items: &mut Items<'_>) {
    ListReader { kind, macros, on_no_answer: None, items }.read(list, 0);
}

/// Reads a list, with its macros replaced by their values.
struct ListReader<'r, 'c> {
    kind: ListKind,
    macros: &'r Macros<'r>,
    on_no_answer: Option<OnNoAnswer>,
    items: &'r mut Items<'c>,
}

impl ListReader<'_, '_> {
    fn read(&mut self, list: Word<'_>, depth: usize) {
        if let Some(at) = list.text.find("://") {
            let before = list.text.get(..at).unwrap_or_default();
            let start = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let scheme = Word::new(list.text.get(start..at + 3).unwrap_or_default(), list.at + start);
            return self.items.refuse(list.span(), scheme.expected("a list domain, not a URL"));
        }
        let (words, separator) = split_list(list, b':');
        for word in words.map(Word::trim).filter(|word| !word.text.is_empty()) {
            self.word(word, separator, depth);
        }
    }

    fn word(&mut self, word: Word<'_>, separator: u8, depth: usize) {
        if word.text.starts_with('+') {
            match UNHEARD.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.text)) {
                Some((_, rule)) => self.on_no_answer = Some(*rule),
                None => {
                    let wanted = "+include_unknown, +exclude_unknown or +defer_unknown";
                    self.items.refuse(word.span(), word.expected(wanted));
                }
            }
            return;
        }
        if macros::is_macro(word.text) {
            return match self.macros.get(word.text) {
                Some(value) if depth >= MAX_DEPTH || !self.macros.allow(value.text.len()) => {
                    self.items.refuse(word.span(), word.unsupported("so many macros inside each other"));
                }
                Some(value) => self.read(value, depth + 1),
                None => self.items.refuse(word.span(), word.undefined("the macro", word.text)),
            };
        }
        let (kind, on_no_answer) = (self.kind, self.on_no_answer);
        self.items.read(word.span(), || {
            item(kind, word, separator).map(|spec| match on_no_answer {
                Some(rule) => spec.with_on_no_answer(rule),
                None => spec,
            })
        });
    }
}

/// Items of an Exim list, separated by `separator`, or by the octet after a leading `<`. A doubled separator means
/// the octet itself, and stays doubled here. One in an expansion, `${readfile{FILE}{:}}`, separates nothing.
fn split_list(list: Word<'_>, separator: u8) -> (impl Iterator<Item = Word<'_>>, u8) {
    let start = list.trim();
    let (list, separator) = match start.text.as_bytes() {
        [b'<', other, ..] if other.is_ascii_punctuation() => (start.after(2), *other),
        _ => (list, separator),
    };
    let mut rest = Some(list);
    let words = std::iter::from_fn(move || {
        let from = rest?;
        let octets = from.text.as_bytes();
        let is_at = |at: usize| octets.get(at) == Some(&separator);
        let (mut at, mut braces) = (0, 0_usize);
        while at < octets.len() {
            match octets.get(at) {
                Some(b'{') if braces > 0 || octets.get(at.wrapping_sub(1)) == Some(&b'$') => braces += 1,
                Some(b'}') => braces = braces.saturating_sub(1),
                _ => {}
            }
            match (is_at(at) && braces == 0, is_at(at + 1)) {
                (true, false) => break,
                (true, true) => at += 2,
                (false, _) => at += 1,
            }
        }
        rest = is_at(at).then(|| from.after(at + 1));
        Some(from.before(at))
    });
    (words, separator)
}

/// `domains[operator values][/keys]`.
fn item(kind: ListKind, word: Word<'_>, separator: u8) -> Result<ListSpec, SpecError> {
    if word.text.starts_with('!') {
        return Err(word.unsupported("a negated list"));
    }
    if let Some(at) = word.text.find('$').filter(|at| word.text.find('/').is_none_or(|slash| *at < slash)) {
        let (_, rest) = word.split(at);
        return Err(rest.unsupported("a variable in place of a list domain"));
    }
    let zone = word.text.split(['=', '&', '!', '/']).next().unwrap_or_default();
    if let Some(name) = crate::lists::notation::exim::macros::inside(zone) {
        return Err(word.unsupported("a macro inside a list domain").about(name));
    }
    let (left, keys) = match word.text.find('/') {
        Some(slash) => {
            let (left, keys) = word.split(slash);
            (left.trim(), Some(keys))
        }
        None => (word, None),
    };
    let operator = left.text.find(['=', '&']).map(|at| {
        let at = if left.text.get(..at).is_some_and(|before| before.ends_with('!')) { at - 1 } else { at };
        let rest = left.text.get(at..).unwrap_or_default();
        (at, OPERATORS.iter().find(|(operator, ..)| rest.starts_with(operator)))
    });
    let (domains, filter) = match operator {
        None => (left, None),
        Some((at, Some((operator, quantifier, bits)))) => {
            let domains = Word::new(left.text.get(..at).unwrap_or_default(), left.at);
            let from = at + operator.len();
            let values = Word::new(left.text.get(from..).unwrap_or_default(), left.at + from);
            (domains, Some(CodeFilter::new(*quantifier, crate::lists::notation::exim::values(values, *bits)?)))
        }
        Some((at, None)) => {
            return Err(Word::new("", left.at + at).expected("one of = == != !== & =& !& !=&"));
        }
    };
    let mut spec = zones(kind, domains.trim())?;
    if let Some(filter) = filter {
        spec = spec.with_codes(filter);
    }
    match keys {
        Some(keys) => {
            // The separator of the outer list is doubled inside its items.
            let single = char::from(separator).to_string();
            let inner = keys.text.replace(&single.repeat(2), &single);
            let moved = inner.len() != keys.text.len();
            crate::lists::notation::exim::keys(spec, Word::new(&inner, keys.at)).map_err(|error| match moved {
                true => SpecError::new(error.kind(), keys.span()),
                false => error,
            })
        }
        None => Ok(spec),
    }
}

/// One domain; or two, where the first gives the reason.
fn zones(kind: ListKind, word: Word<'_>) -> Result<ListSpec, SpecError> {
    let Some(comma) = word.text.find(',') else { return word.zone(kind) };
    let (reason, main) = word.split(comma);
    let reason = reason.trim().zone(kind)?;
    Ok(main.trim().zone(kind)?.with_reason_zone(reason.zone().clone()))
}

fn values(word: Word<'_>, bits: bool) -> Result<Vec<CodeTest>, SpecError> {
    let mut tests = Vec::new();
    let mut at = word.at;
    for text in word.text.split(',') {
        let value = Word::new(text, at).trim();
        at += text.len() + 1;
        let address = value.address()?;
        tests.push(match bits {
            true if address.is_unspecified() => return Err(value.expected("a mask with at least one bit")),
            true => CodeTest::all_bits(address),
            false => CodePattern::exactly(address).into(),
        });
    }
    Ok(tests)
}

/// Keys: variables, addresses, names.
fn keys(spec: ListSpec, keys: Word<'_>) -> Result<ListSpec, SpecError> {
    let (mut parts, mut fixed) = (Vec::new(), Vec::new());
    let (words, separator) = split_list(keys, b':');
    for key in words {
        let key = key.trim();
        let single = char::from(separator).to_string();
        let text = key.text.replace(&single.repeat(2), &single);
        match KEYS.iter().find(|(name, _)| *name == text || braced(&text) == name.strip_prefix('$')) {
            Some((_, part)) => parts.push(*part),
            None if text.is_empty() => return Err(key.expected("a key: an address, a name or a variable")),
            None if text.contains('$') => {
                return Err(key.unsupported(
                    "this variable; known are $sender_host_address, $sender_host_name, $sender_helo_name, \
                     $sender_address_domain and $domain",
                ));
            }
            None => fixed.push(subject(key, &text)?),
        }
    }
    Ok(if fixed.is_empty() { spec.with_parts(parts) } else { spec.with_fixed_subjects(fixed).with_parts(parts) })
}

/// The name in `${name}`.
fn braced(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

/// A key that is the same for every client. Exim reverses addresses itself.
fn subject(key: Word<'_>, text: &str) -> Result<Subject, SpecError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Subject::from(address));
    }
    match Name::parse(text) {
        Ok(name) if name.is_host() => Ok(Subject::Domain(name)),
        _ => Err(key.expected("a key: an address, a name or a variable")),
    }
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    if list.reply_template().is_some() {
        return Err(NotExpressible("a reply of its own"));
    }
    if list.weight() != 1 {
        return Err(NotExpressible("a weight"));
    }
    let six = |subject: &Subject| matches!(subject, Subject::Client(IpAddr::V6(_)));
    let colons = list.fixed_subjects().iter().any(six);
    let mut text = String::new();
    if list.kind() == ListKind::Allow {
        text.push_str("accept dnslists = ");
    }
    if colons {
        text.push_str("<; ");
    }
    if list.on_no_answer() != OnNoAnswer::default_for(list.kind()) {
        let rule = UNHEARD.iter().find(|(_, rule)| *rule == list.on_no_answer());
        let (rule, _) = rule.ok_or(NotExpressible("a rejection that is deferred if the list does not answer"))?;
        text.push_str(rule);
        text.push_str(if colons { " ; " } else { " : " });
    }
    if let Some(reason) = list.reason_zone() {
        text.push_str(&format!("{reason},"));
    }
    text.push_str(&list.named().to_string());
    if let Some(filter) = list.codes() {
        text.push_str(&print_filter(filter)?);
    }
    let key = |part: &Part| {
        let known = KEYS.iter().find(|(_, of)| of == part).map(|(name, _)| (*name).to_owned());
        known.ok_or(NotExpressible("an unconfirmed name of the client"))
    };
    let mut keys = list.fixed_subjects().iter().map(ToString::to_string).collect::<Vec<_>>();
    if list.parts() != [Part::Address] || !keys.is_empty() {
        for part in list.parts() {
            keys.push(key(part)?);
        }
        text.push_str(if colons { "/<, " } else { "/" });
        text.push_str(&keys.join(if colons { ", " } else { "::" }));
    }
    Ok(text)
}

fn print_filter(filter: &CodeFilter) -> Result<String, NotExpressible> {
    let bits = filter.tests().iter().all(|test| test.as_all_bits().is_some()) && !filter.tests().is_empty();
    let mut values: Vec<Ipv4Addr> = Vec::new();
    for test in filter.tests() {
        match (bits, test.as_all_bits(), test.as_pattern()) {
            (true, Some(mask), _) => values.push(mask),
            (false, _, Some(pattern)) => values.extend(pattern.written_out().ok_or(NotExpressible("this many codes"))?),
            _ => return Err(NotExpressible("a range of numbers, or bits of which any may be set")),
        }
    }
    let operator = OPERATORS.iter().find(|(_, quantifier, of)| *quantifier == filter.quantifier() && *of == bits);
    let (operator, ..) = operator.ok_or(NotExpressible("these codes"))?;
    if values.is_empty() {
        return Err(NotExpressible("no code at all"));
    }
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    Ok(format!("{operator}{}", values.join(",")))
}

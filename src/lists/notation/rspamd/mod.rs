//! rspamd's rules: `rbls { zen { rbl = "zen.example"; checks = ["from"]; returncodes { SBL = "127.0.0.2"; } } }`.

pub(crate) mod tree;

use std::net::Ipv4Addr;

use crate::dnsxl::{CodeFilter, CodePattern, CodeTest, ListKind, ListSpec, Part, Quantifier, SpecError};
use crate::lists::notation::context::Items;
use crate::lists::notation::octet_regex;
use crate::lists::notation::rspamd::tree::{TreeEntry, TreeItem, TreeReader, TreeValue};
use crate::lists::notation::word::{NotExpressible, Word, no_more_than_codes, only_part, usual_on_no_answer};

/// The subjects of a query: rspamd's word, and the part of the dialogue, if there is one.
const CHECKS: [(&str, Option<Part>); 12] = [
    ("from", Some(Part::Address)),
    ("helo", Some(Part::Helo)),
    ("rdns", Some(Part::ConfirmedName)),
    ("received", None),
    ("urls", None),
    ("content_urls", None),
    ("numeric_urls", None),
    ("images", None),
    ("emails", None),
    ("replyto", None),
    ("dkim", None),
    ("selector", None),
];

/// Settings about scores, exceptions and monitoring, and about subjects without a part in [`CHECKS`]: they have no
/// effect in this crate.
const IGNORED: [&str; 27] = [
    "attached_maps",
    "description",
    "disable_monitoring",
    "dkim_domainonly",
    "dkim_match_from",
    "emails_delimiter",
    "emails_domainonly",
    "exclude_local",
    "exclude_private_ips",
    "exclude_users",
    "group",
    "groups",
    "hash_format",
    "hash_len",
    "ignore_default",
    "ignore_defaults",
    "ignore_url_whitelist",
    "ignore_whitelist",
    "ignore_whitelists",
    "monitored_address",
    "no_ip",
    "random_monitored",
    "requests_limit",
    "score",
    "symbol",
    "symbols_prefixes",
    "whitelist_exception",
];

/// Default values of rspamd for all rules: a text that sets them explicitly changes nothing.
const USUAL_DEFAULTS: [(&str, bool); 8] = [
    ("default_enabled", true),
    ("default_ipv4", true),
    ("default_ipv6", true),
    ("default_unknown", false),
    ("default_rdns", false),
    ("default_helo", false),
    ("default_is_whitelist", false),
    ("default_resolve_ip", false),
];

/// Does the text contain a rule?
pub(crate) fn looks_like(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    ["rbl", "rbls"].iter().any(|key| {
        text.match_indices(key).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + key.len()..).unwrap_or_default().trim_start();
            let value = after.strip_prefix('=').map(str::trim_start);
            let is_value = value.is_some_and(|value| !value.starts_with(|c: char| c.is_ascii_digit() || c == '['));
            !before.ends_with(inside) && (after.starts_with('{') || is_value)
        })
    })
}

pub(crate) fn read(text: &str, items: &mut Items<'_>) {
    let mut reader = TreeReader::new(text);
    if let Err(error) = rules(&mut reader, 0, items) {
        // From the line where reading ended.
        let line = text.get(..reader.end()).and_then(|read| read.rfind('\n')).map_or(0, |end| end + 1);
        items.refuse(line..text.len(), error);
    }
    if let Some(word) = reader.forgotten() {
        items.refuse(word.span(), word.unsupported("more than 10,000 settings in one object"));
    }
}

/// The rules in the object that is open: the object itself, if it names a list, otherwise the rules in its objects.
fn rules(reader: &mut TreeReader<'_>, start: usize, items: &mut Items<'_>) -> Result<(), SpecError> {
    if reader.holds("rbl") {
        let entries = reader.entries()?;
        rule(&entries, start..reader.end(), items);
        return Ok(());
    }
    loop {
        match reader.step()? {
            TreeItem::Object(key) => rules(reader, key.at, items)?,
            TreeItem::Value(entry) => items.refuse(entry.key.at..entry.end, outside(&entry)),
            TreeItem::End => return Ok(()),
        }
    }
}

/// A setting outside a rule. A default may change every rule.
fn outside(entry: &TreeEntry<'_>) -> SpecError {
    let usual = |wanted: bool| flag(entry).is_ok_and(|value| value == wanted);
    match USUAL_DEFAULTS.iter().find(|(name, _)| *name == entry.key.text) {
        Some((_, wanted)) if !usual(*wanted) => {
            entry.key.unsupported("this default for all rules; set it in each rule")
        }
        _ if entry.key.text.starts_with(".include") => entry.key.left_out("another file, which is not read"),
        _ => entry.key.left_out("a setting outside a rule"),
    }
}

fn rule(entries: &[TreeEntry<'_>], span: std::ops::Range<usize>, items: &mut Items<'_>) {
    let mut notes = Vec::new();
    match list(entries, &mut notes) {
        Ok(Some(list)) => items.push((span, Ok(list))),
        Ok(None) => {}
        Err(error) => items.refuse(span, error),
    }
    notes.into_iter().for_each(|note| items.refuse(note.span(), note));
}

/// The list of a rule, if it asks about the dialogue; subjects outside the dialogue are reported in the notes.
fn list(entries: &[TreeEntry<'_>], notes: &mut Vec<SpecError>) -> Result<Option<ListSpec>, SpecError> {
    let (mut spec, mut kind, mut parts, mut checked) = (None, ListKind::Deny, Vec::new(), false);
    let (mut tests, mut has_codes, mut any_code) = (Vec::new(), false, false);
    let excepted = exceptions(entries)?;
    // The symbols of codes that give no credit on an allow list, and their codes.
    let mut no_credit = Vec::new();
    let matcher = entries.iter().find(|entry| matches!(entry.key.text, "matcher" | "returncodes_matcher"));
    let matcher = matcher.map(|entry| text(entry)).transpose()?;
    for entry in entries {
        let key = entry.key;
        let check = |word: Word<'_>, parts: &mut Vec<Part>, notes: &mut Vec<SpecError>| -> Result<(), SpecError> {
            match CHECKS.iter().find(|(name, _)| *name == word.text) {
                Some((_, Some(part))) => parts.push(*part),
                Some((_, None)) => notes.push(word.left_out("what is no part of the SMTP dialogue")),
                None => return Err(word.expected("a check, such as from, helo or rdns")),
            }
            Ok(())
        };
        match key.text {
            "rbl" => spec = Some(text(entry)?.zone(ListKind::Deny)?),
            "checks" => {
                checked = true;
                let words = entry.value.texts().ok_or_else(|| key.expected("checks = [\"from\"]"))?;
                words.iter().try_for_each(|word| check(*word, &mut parts, notes))?;
            }
            "selector" => {
                checked = true;
                check(key, &mut parts, notes)?;
            }
            name if CHECKS.iter().any(|(check, _)| *check == name) => {
                checked = true;
                if flag(entry)? {
                    check(key, &mut parts, notes)?;
                }
            }
            "enabled" | "disabled" => {
                if flag(entry)? == (key.text == "disabled") {
                    return Err(key.left_out("a rule that is switched off"));
                }
            }
            "ipv4" | "ipv6" => {
                if !flag(entry)? {
                    return Err(key.unsupported("a list of one family; set its kinds in a profile"));
                }
            }
            "is_whitelist" => {
                if flag(entry)? {
                    kind = ListKind::Allow;
                }
            }
            "unknown" => any_code = flag(entry)?,
            "returncodes" | "return_codes" | "returnbits" | "return_bits" => {
                has_codes = true;
                codes(entry, matcher, &excepted, (&mut tests, &mut no_credit), notes)?;
            }
            "matcher" | "returncodes_matcher" | "hash" => {}
            name if IGNORED.contains(&name) => {}
            name if name.starts_with(".include") => notes.push(key.left_out("another file, which is not read")),
            _ => return Err(key.unsupported("this setting")),
        }
    }
    if !checked {
        parts.push(Part::Address);
    }
    let Some(spec) = spec.filter(|_| !parts.is_empty()) else { return Ok(None) };
    if let Some(entry) = entries.iter().find(|entry| entry.key.text == "hash") {
        return Err(entry.key.unsupported("questions about hashes"));
    }
    let spec = spec.of_kind(kind).with_parts(parts);
    if kind == ListKind::Deny {
        // Exceptions are codes for which an allow list is not trusted.
        tests.append(&mut no_credit);
    }
    // Any other code has the symbol of the rule itself.
    let own = entries.iter().find(|entry| entry.key.text == "symbol").map(text).transpose()?;
    if kind == ListKind::Allow && own.is_some_and(|own| excepted.iter().any(|word| same_symbol(*word, own))) {
        any_code = false;
        has_codes = true;
    }
    Ok(match has_codes && !any_code {
        true if tests.is_empty() => {
            notes.extend(excepted.first().map(|word| word.left_out("a rule with only exceptions as codes")));
            None
        }
        true => Some(spec.with_codes(CodeFilter::any(tests))),
        false if no_credit.is_empty() => Some(spec),
        false => Some(spec.with_codes(CodeFilter::new(Quantifier::NoneOf, no_credit))),
    })
}

/// The symbols in `whitelist_exception`: their codes are not a reason to accept a client.
fn exceptions<'a>(entries: &[TreeEntry<'a>]) -> Result<Vec<Word<'a>>, SpecError> {
    let named = entries.iter().filter(|entry| entry.key.text == "whitelist_exception");
    let mut all = Vec::new();
    for entry in named {
        all.extend_from_slice(entry.value.texts().ok_or_else(|| entry.key.expected("symbols in brackets"))?);
    }
    Ok(all)
}

/// Rspamd converts symbols to upper case.
fn same_symbol(one: Word<'_>, other: Word<'_>) -> bool {
    one.text.eq_ignore_ascii_case(other.text)
}

/// `NAME = "127.0.0.2"; OTHER = ["127.0.0.4", "127.0.0.5"]`.
fn codes(
    entry: &TreeEntry<'_>,
    matcher: Option<Word<'_>>,
    excepted: &[Word<'_>],
    (tests, no_credit): (&mut Vec<CodeTest>, &mut Vec<CodeTest>),
    notes: &mut Vec<SpecError>,
) -> Result<(), SpecError> {
    let bits = matches!(entry.key.text, "returnbits" | "return_bits");
    let TreeValue::Object(symbols) = &entry.value else {
        return Err(entry.key.expected("symbols and codes in braces"));
    };
    for symbol in symbols {
        // Such a code means that the list refused to answer; this crate detects refusals itself.
        if symbol.key.text.to_ascii_uppercase().contains("BLOCKED") {
            notes.push(symbol.key.left_out("a code that means that the list refuses to answer"));
            continue;
        }
        let is_excepted = excepted.iter().any(|word| same_symbol(*word, symbol.key));
        let tests = if is_excepted { &mut *no_credit } else { &mut *tests };
        for word in symbol.value.texts().ok_or_else(|| symbol.key.expected("a code, or several in brackets"))? {
            tests.push(if bits { bit(*word)? } else { code(*word, matcher.map(|word| word.text))? });
        }
    }
    Ok(())
}

fn bit(word: Word<'_>) -> Result<CodeTest, SpecError> {
    match word.text.parse::<u32>() {
        Ok(mask) if mask > 0 => Ok(CodeTest::all_bits(mask.into())),
        _ => Err(word.expected("a mask with at least one bit")),
    }
}

/// One code, or a pattern of codes in the syntax of the matcher; Lua patterns by default.
fn code(word: Word<'_>, matcher: Option<&str>) -> Result<CodeTest, SpecError> {
    if let Ok(address) = word.text.parse::<Ipv4Addr>() {
        return Ok(CodePattern::exactly(address).into());
    }
    let expression = match matcher {
        Some("radix") => return prefix(word),
        Some("equality") => return word.address().map(|code| CodePattern::exactly(code).into()),
        Some("regexp") if !word.text.contains("\\\\") => return octet_regex::pattern(word).map(CodeTest::from),
        // With backslashes doubled, as in JSON.
        Some("regexp") => {
            let pattern = octet_regex::pattern(Word::new(&word.text.replace("\\\\", "\\"), 0));
            return pattern.map(CodeTest::from).map_err(|error| SpecError::new(error.kind(), word.span()));
        }
        // Characters with a special meaning in a regular expression, but not here, must not be read as regular
        // expressions.
        Some("glob") if !word.text.contains(['[', '(', '{', '|', '+', '\\']) => {
            word.text.replace('.', "\\.").replace('*', "\\d+").replace('?', "\\d")
        }
        Some("luapattern") | None if !word.text.contains(['(', '{', '|', '\\']) => {
            let plain = word.text.trim_start_matches('^').trim_end_matches('$');
            plain.replace("%.", ".").replace("%d", "\\d").replace('.', "\\.")
        }
        Some("glob" | "luapattern") | None => return Err(word.unsupported("this pattern")),
        Some(_) => return Err(word.unsupported("this matcher")),
    };
    let pattern = octet_regex::pattern(Word::new(&format!("^{expression}$"), 0));
    // Positions in the generated expression do not exist in the text, so they are not reported.
    pattern.map(CodeTest::from).map_err(|error| SpecError::new(error.kind(), word.span()))
}

/// `127.0.0.0/24`.
fn prefix(word: Word<'_>) -> Result<CodeTest, SpecError> {
    let network: ipnet::Ipv4Net =
        word.text.parse().map_err(|_| word.expected("an address, or a prefix and its length"))?;
    Ok(CodeTest::masked(network.netmask(), network.network()))
}

fn text<'a>(entry: &TreeEntry<'a>) -> Result<Word<'a>, SpecError> {
    match &entry.value {
        TreeValue::Scalar(word) => Ok(*word),
        _ => Err(entry.key.expected("one value for this")),
    }
}

fn flag(entry: &TreeEntry<'_>) -> Result<bool, SpecError> {
    let word = text(entry)?;
    match word.text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" => Ok(false),
        _ => Err(word.expected("true or false")),
    }
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    no_more_than_codes(list)?;
    usual_on_no_answer(list)?;
    if list.weight() != 1 {
        return Err(NotExpressible("a weight; scores stand elsewhere"));
    }
    let part = only_part(list)?;
    let check = CHECKS.iter().find(|(_, of)| *of == Some(part));
    let (check, _) = check.ok_or(NotExpressible("this part of the dialogue"))?;
    let name = list.zone().to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let allow = if list.kind() == ListKind::Allow { " is_whitelist = true;" } else { "" };
    let codes = list.codes().map(print_codes).transpose()?.unwrap_or_default();
    Ok(format!("{name} {{ rbl = \"{}\"; checks = [\"{check}\"];{allow}{codes} }}", list.zone()))
}

fn print_codes(filter: &CodeFilter) -> Result<String, NotExpressible> {
    if filter.quantifier() != Quantifier::Any || filter.tests().is_empty() {
        return Err(NotExpressible("codes of which not just any must fit"));
    }
    let bits: Option<Vec<String>> =
        filter.tests().iter().map(|test| Some(u32::from(test.as_all_bits()?).to_string())).collect();
    if let Some(bits) = bits {
        return Ok(format!(" returnbits {{ BITS = [{}]; }}", bits.join(", ")));
    }
    let patterns: Option<Vec<&CodePattern>> = filter.tests().iter().map(CodeTest::as_pattern).collect();
    let patterns = patterns.ok_or(NotExpressible("ranges of numbers, or bits of which any may be set"))?;
    let exact: Option<Vec<Vec<Ipv4Addr>>> = patterns.iter().map(|pattern| pattern.written_out()).collect();
    let (matcher, codes) = match exact {
        Some(exact) => ("", exact.concat().iter().map(ToString::to_string).collect::<Vec<_>>()),
        None if patterns.iter().any(|pattern| pattern.names(Ipv4Addr::LOCALHOST)) => {
            return Err(NotExpressible("127.0.0.1 among other codes"));
        }
        None => (" matcher = \"regexp\";", patterns.iter().map(|pattern| octet_regex::print(pattern)).collect()),
    };
    Ok(format!("{matcher} returncodes {{ CODES = [\"{}\"]; }}", codes.join("\", \"")))
}

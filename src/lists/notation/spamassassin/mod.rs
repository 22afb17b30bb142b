//! SpamAssassin's `check_rbl('set', 'zone', 'test')` and its relatives, alone or in a `header` line.
//!
//! SpamAssassin's rules check relays in `Received` lines. This crate asks about the client instead, which is also the
//! meaning of `-lastexternal` and `-firsttrusted`.

pub(crate) mod scores;

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::dnsxl::{CodeFilter, CodePattern, CodeTest, ListKind, ListSpec, Part, Quantifier, SpecError};
use crate::lists::notation::context::{Items, MAX_NAMES};
use crate::lists::notation::octet_regex;
use crate::lists::notation::spamassassin::scores::{Scores, first_word, rule_name};
use crate::lists::notation::word::{
    NotExpressible, Word, lines_with_positions, no_more_than_codes, only_part, usual_on_no_answer,
};

/// Lines about data outside the SMTP dialogue.
const ABOUT_MESSAGES: [&str; 10] = [
    "body",
    "full",
    "rawbody",
    "uri",
    "uridnsbl",
    "uridnssub",
    "urifullnsrhsbl",
    "urinsrhsbl",
    "urirhsbl",
    "urirhssub",
];

/// Known prefixes of other lines.
const DIRECTIVES: [&str; 21] = [
    "add_header",
    "bayes_",
    "blacklist_from",
    "describe",
    "dns_",
    "ifplugin",
    "internal_networks",
    "loadplugin",
    "meta",
    "report_safe",
    "require_version",
    "required_",
    "rewrite_header",
    "score",
    "skip_rbl_checks",
    "tflags",
    "trusted_networks",
    "use_",
    "welcomelist_from",
    "whitelist_from",
    "header",
];

/// Does the text look like a file of rules? Every line must start with a word, and at least one of these words must
/// be known.
pub(crate) fn looks_like(text: &str) -> bool {
    let word =
        |text: &str| text.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_');
    let known = |line: Word<'_>| {
        let (directive, rest) = first_word(line);
        !rest.text.is_empty()
            && (ABOUT_MESSAGES.contains(&directive.text)
                || DIRECTIVES.iter().any(|start| directive.text.starts_with(start)))
    };
    let plain = |line: Word<'_>| word(first_word(line).0.text) && !line.text.contains(" = ");
    lines(text).all(plain) && lines(text).any(known)
}

/// A function and its arguments.
struct Call<'a> {
    name: Word<'a>,
    arguments: Vec<Word<'a>>,
    end: usize,
}

pub(crate) fn read(text: &str, items: &mut Items<'_>) {
    let scores = Scores::new(lines(text));
    // The sets named so far, each with its zone and what is asked about.
    let mut sets = Sets::new();
    for line in lines(text) {
        let (directive, rest) = first_word(line);
        let is_list = line.text.contains("check_rbl") || line.text.contains("check_dnsbl");
        let left_out = if ABOUT_MESSAGES.contains(&directive.text) {
            Some("what is no part of the SMTP dialogue")
        } else if directive.text == "score" && !is_list {
            // Other scores are reported with their rules.
            if !scores.is_against(rest) {
                continue;
            }
            Some("a score; weights are whole numbers, and are set on the list")
        } else if asks_no_list(line, directive, is_list) {
            Some("a line that asks no list")
        } else {
            None
        };
        if let Some(what) = left_out {
            items.refuse(line.span(), directive.left_out(what));
            continue;
        }
        let list = call(line).and_then(|call| list(&call, &mut sets));
        let item = list.and_then(|list| match rule_name(line) {
            Some(name) => scores.weighed(list, name, line.at),
            None => Ok(list),
        });
        items.push((line.span(), item));
    }
    if let Some(name) = scores.forgotten() {
        items.refuse(name.span(), name.unsupported("more than 100,000 rules; from here on, scores are not known"));
    }
}

/// Does the line, with this directive, ask no list?
fn asks_no_list(line: Word<'_>, directive: Word<'_>, is_list: bool) -> bool {
    let is_word = directive.text.starts_with(|c: char| c.is_ascii_lowercase())
        && directive.text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    let has_more = line.text.len() > directive.text.len();
    is_word && has_more && !is_list && !line.text.contains("check_")
        || matches!(directive.text, "else" | "endif")
        || (directive.text == "header" && !is_list)
}

/// The lines of a text that are not empty or comments.
fn lines(text: &str) -> impl Iterator<Item = Word<'_>> {
    let lines = lines_with_positions(text).map(Word::trim);
    lines.filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
}

/// `[header NAME] [eval:]function(...)`.
fn call(line: Word<'_>) -> Result<Call<'_>, SpecError> {
    let Some(at) = line.text.find("check_") else { return Err(line.expected("check_rbl(...)")) };
    let before = line.text.get(..at).unwrap_or_default().trim();
    let words: Vec<&str> = before.split_ascii_whitespace().collect();
    // The old name is `rbleval:`.
    let known = matches!(words.as_slice(), [] | ["eval:"] | ["header", _, "eval:" | "rbleval:"]);
    if !known {
        return Err(Word::new(before, line.at).expected("header NAME eval:"));
    }
    let rest = line.text.get(at..).unwrap_or_default();
    let open = rest.find('(').ok_or_else(|| Word::new("", line.end()).expected("\"(\""))?;
    let name = Word::new(rest.get(..open).unwrap_or_default(), line.at + at).trim();
    let mut arguments = Vec::new();
    // Arguments followed by a comma.
    let mut separated = 0;
    let mut position = line.at + at + open + 1;
    let end = loop {
        let rest = line.text.get(position - line.at..).unwrap_or_default();
        let skipped = rest.len() - rest.trim_start().len();
        position += skipped;
        let rest = rest.trim_start();
        match rest.chars().next() {
            Some(')') => break position + 1,
            Some(',') if separated < arguments.len() => {
                separated = arguments.len();
                position += 1;
            }
            Some(_) if separated < arguments.len() => {
                return Err(Word::new("", position).expected("\",\" or \")\""));
            }
            Some(quote @ ('\'' | '"')) => {
                let inner = rest.get(1..).unwrap_or_default();
                let length =
                    inner.find(quote).ok_or_else(|| Word::new("", line.end()).expected("a closing quotation mark"))?;
                arguments.push(Word::new(inner.get(..length).unwrap_or_default(), position + 1));
                position += length + 2;
            }
            Some(_) => {
                let length = rest.find([',', ')']).unwrap_or(rest.len());
                arguments.push(Word::new(rest.get(..length).unwrap_or_default(), position).trim());
                position += length;
            }
            None => return Err(Word::new("", line.end()).expected("\")\"")),
        }
    };
    let after = line.text.get(end - line.at..).unwrap_or_default().trim();
    if !after.is_empty() && !after.starts_with('#') {
        return Err(Word::new(after, end).expected("nothing more"));
    }
    Ok(Call { name, arguments, end })
}

/// The zone of each set, and what it is asked about.
type Sets<'a> = HashMap<&'a str, (Word<'a>, Part)>;

fn list<'a>(call: &Call<'a>, sets: &mut Sets<'a>) -> Result<ListSpec, SpecError> {
    let nothing = Word::new("", call.end.saturating_sub(1));
    let argument = |index: usize| call.arguments.get(index).copied().unwrap_or(nothing);
    let most = if call.name.text == "check_rbl_sub" { 2 } else { 3 };
    if let Some(extra) = call.arguments.get(most) {
        return Err(extra.expected("no more arguments"));
    }
    let set = argument(0);
    let part = match call.name.text {
        "check_rbl" | "check_rbl_txt" => Part::Address,
        "check_rbl_envfrom" => Part::Sender,
        "check_rbl_sub" => {
            let named = sets.get(set.text).ok_or_else(|| set.expected("a set that an earlier check_rbl names"));
            let (zone, part) = *named?;
            return Ok(zone.zone(ListKind::Deny)?.with_parts([part]).with_codes(subtest(argument(1))?));
        }
        _ => {
            return Err(call.name.unsupported(
                "this function; known are check_rbl, check_rbl_sub, check_rbl_txt and check_rbl_envfrom",
            ));
        }
    };
    check_set(set)?;
    let spec = argument(1).zone(ListKind::Deny)?.with_parts([part]);
    if sets.len() < MAX_NAMES || sets.contains_key(set.text) {
        sets.insert(set.text, (argument(1), part));
    }
    let test = argument(2);
    match (call.name.text, test.text) {
        (_, "") => Ok(spec),
        ("check_rbl_txt", _) => Err(test.unsupported("a test on the text of a list")),
        _ => Ok(spec.with_codes(subtest(test)?)),
    }
}

/// The name of a set; its ending may select the relays.
fn check_set(set: Word<'_>) -> Result<(), SpecError> {
    if set.text.is_empty() {
        return Err(set.expected("the name of a set"));
    }
    match set.text.rsplit_once('-') {
        Some((_, "untrusted" | "notfirsthop")) => {
            Err(set.unsupported("relays in Received lines; only the client is asked about"))
        }
        _ => Ok(()),
    }
}

/// An address, a bit mask, `from-to`, `value/mask`, or a regular expression.
fn subtest(word: Word<'_>) -> Result<CodeFilter, SpecError> {
    let text = word.text;
    if text.is_empty() {
        return Err(word.expected("an address, a bit mask or a regular expression"));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(CodePattern::exactly(address).into());
    }
    let only = |allowed: &str| text.chars().all(|c| c.is_ascii_hexdigit() || allowed.contains(c));
    if only("x") {
        let mask = number(word)?;
        return if mask == 0 {
            Err(word.expected("a mask with at least one bit"))
        } else {
            Ok(CodeTest::any_bit(mask.into()).into())
        };
    }
    if let Some(at) = text.find(['-', '/']).filter(|_| only("x.-/")) {
        let (one, other) = word.split(at);
        if text.contains('/') && one.text.contains('.') && other.text.parse::<u8>().is_ok_and(|length| length <= 32) {
            return Err(other.expected("a mask; this looks like the length of a prefix"));
        }
        let (one, other) = (self::address(one)?, crate::lists::notation::spamassassin::address(other)?);
        return match text.contains('-') {
            true if one > other => Err(word.expected("a range that ends where it starts or later")),
            true => Ok(CodeTest::between(one, other).into()),
            false => Ok(CodeTest::masked(other, one).into()),
        };
    }
    if text.contains("senderbase") || text.starts_with("sb:") {
        return Err(word.unsupported("senderbase expressions"));
    }
    octet_regex::pattern(word).map(CodeFilter::from)
}

/// A number in decimal or, with `0x`, in hexadecimal.
fn number(word: Word<'_>) -> Result<u32, SpecError> {
    let parsed = match word.text.strip_prefix("0x").or_else(|| word.text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => word.text.parse(),
    };
    parsed.map_err(|_| word.expected("a number of 32 bits"))
}

/// An address, or the number that it is.
fn address(word: Word<'_>) -> Result<Ipv4Addr, SpecError> {
    if word.text.contains('.') { word.address() } else { number(word).map(Ipv4Addr::from) }
}

pub(crate) fn print(list: &ListSpec) -> Result<String, NotExpressible> {
    no_more_than_codes(list)?;
    usual_on_no_answer(list)?;
    if list.kind() == ListKind::Allow {
        return Err(NotExpressible("an allow list; what a hit means is its score"));
    }
    if list.weight() != 1 {
        return Err(NotExpressible("a weight; scores stand elsewhere"));
    }
    let function = match only_part(list)? {
        Part::Address => "check_rbl",
        Part::Sender => "check_rbl_envfrom",
        _ => return Err(NotExpressible("anything but the client's address and the sender's domain")),
    };
    let test = match list.codes() {
        None => String::new(),
        Some(filter) => match (filter.quantifier(), filter.tests()) {
            (Quantifier::Any, [test]) => format!(", '{}'", print_test(test)?),
            _ => return Err(NotExpressible("several tests on codes, or codes of which not just any must fit")),
        },
    };
    let set = list.named().to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    Ok(format!("{function}('{set}-lastexternal', '{}.'{test})", list.named()))
}

fn print_test(test: &CodeTest) -> Result<String, NotExpressible> {
    if let Some(mask) = test.as_any_bit() {
        return Ok(u32::from(mask).to_string());
    }
    if let Some((from, to)) = test.as_range() {
        return Ok(format!("{from}-{to}"));
    }
    if let Some(pattern) = test.as_pattern() {
        let one = Ipv4Addr::LOCALHOST;
        if let Some([exact]) = pattern.written_out().as_deref() {
            return Ok(exact.to_string());
        }
        if pattern.names(one) {
            return Err(NotExpressible("127.0.0.1 among other codes"));
        }
        return Ok(octet_regex::print(pattern));
    }
    let (mask, value) = test.as_masked().ok_or(NotExpressible("this test"))?;
    Ok(format!("{value}/{mask}"))
}

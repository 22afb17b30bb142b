//! Serializes a list as its text if Postfix or postscreen can express it, otherwise as a map.
//!
//! ```text
//! "zen.example=127.0.0.[2..11]*3"
//! "permit_dnswl_client wl.example"
//! {"zone": "zen.example", "codes": {"none_of": ["127.0.0.10"]}, "asks": ["helo"], "unheard": "defer"}
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::name::{MASK, Name};
use crate::base::similar::unknown_key;
use crate::dnsxl::list_spec::{ListSpec, OnNoAnswer};
use crate::dnsxl::{CodeFilter, CodeTest, Quantifier, Subject};
use crate::dnsxl::{ListKind, Part};
use crate::lists::notation::{self, Notation};

/// The only condition on which a list may be asked.
const NULL_SENDER: &str = "null_sender";
/// The keys of a list as a map.
const KEYS: [&str; 15] = [
    "zone",
    "kind",
    "codes",
    "weight",
    "asks",
    "asks_about",
    "only_for",
    "observe",
    "unheard",
    "explained_by",
    "mirrors",
    "reply",
    "label",
    "run_by",
    "daily_limit",
];
const QUANTIFIERS: [(&str, Quantifier); 4] = [
    ("any", Quantifier::Any),
    ("all", Quantifier::All),
    ("none_of", Quantifier::NoneOf),
    ("not_all", Quantifier::NotAll),
];

/// The list as it is configured, without its key and without the catalogue's data about it (its profile). A zone with
/// a hidden key cannot be read back: the key must be added again.
impl Serialize for ListSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let more =
            self.only_null_sender() || self.operator.is_some() || self.daily_limit.is_some() || self.mirrors.is_some();
        let texts = [Notation::Postscreen, Notation::Postfix];
        match texts.into_iter().find_map(|notation| notation.print(self).ok()).filter(|_| !more) {
            Some(text) => serializer.serialize_str(&text),
            None => self.serialize_fields(serializer),
        }
    }
}

impl ListSpec {
    fn serialize_fields<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("zone", &self.zone)?;
        map.serialize_entry("kind", self.kind.word())?;
        if let Some(filter) = &self.codes {
            let word = QUANTIFIERS.iter().find(|(_, quantifier)| *quantifier == filter.quantifier());
            let word = word.map_or("any", |(word, _)| word);
            let tests: Vec<String> = filter.tests().iter().map(ToString::to_string).collect();
            map.serialize_entry("codes", &BTreeMap::from([(word, tests)]))?;
        }
        map.serialize_entry("weight", &self.weight)?;
        map.serialize_entry("asks", &self.parts.iter().map(|part| part.word()).collect::<Vec<_>>())?;
        if !self.fixed_subjects().is_empty() {
            map.serialize_entry("asks_about", self.fixed_subjects())?;
        }
        if self.on_no_answer() != OnNoAnswer::default_for(self.kind) {
            map.serialize_entry("unheard", self.on_no_answer().word())?;
        }
        for (key, name) in [("explained_by", self.reason_zone()), ("mirrors", self.mirrors.as_ref())] {
            if let Some(name) = name {
                map.serialize_entry(key, name)?;
            }
        }
        if let Some(reply) = self.reply_template() {
            // The reply may quote the zone with its key.
            let zones = [Some(&self.zone), Some(self.named()), self.reason_zone(), self.mirrors.as_ref()];
            let keys = zones.into_iter().flatten().filter_map(Name::secret).flat_map(crate::base::key_mask::parts);
            map.serialize_entry("reply", &keys.fold(reply.to_string(), |text, key| without(&text, key)))?;
        }
        for (key, text) in [("label", &self.label), ("run_by", &self.operator)] {
            if let Some(text) = text {
                map.serialize_entry(key, &**text)?;
            }
        }
        if self.only_null_sender() {
            map.serialize_entry("only_for", NULL_SENDER)?;
        }
        if self.only_observed() {
            map.serialize_entry("observe", &true)?;
        }
        if let Some(limit) = self.daily_limit {
            map.serialize_entry("daily_limit", &limit)?;
        }
        map.end()
    }
}

/// One list in any notation, or a map where only `zone` is required.
impl<'de> Deserialize<'de> for ListSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = ListSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, as zone[=codes][*weight], in another notation, or as a map with its zone")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ListSpec, E> {
        hidden(text)?;
        let mut items = notation::read_any(text).map(|(_, list)| list);
        match (items.next(), items.next()) {
            (Some(list), None) => list.map_err(E::custom),
            _ => Err(E::custom("expected one list")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListSpec, A::Error> {
        let mut zone: Option<String> = None;
        let mut changes: Vec<Box<dyn FnOnce(ListSpec) -> ListSpec>> = Vec::new();
        let mut kind = ListKind::Deny;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "zone" => zone = Some(value(&mut map, "zone: expected a text")?),
                "kind" => kind = word("kind", &ListKind::ALL.map(ListKind::word), &text(&mut map, "kind")?)?,
                "codes" => {
                    let codes = filter(value(&mut map, CODES)?)?;
                    changes.push(Box::new(move |list| list.with_codes(codes)));
                }
                "weight" => {
                    let weight = value(&mut map, "weight: expected a whole number")?;
                    changes.push(Box::new(move |list| list.with_weight(weight)));
                }
                "asks" => {
                    let parts: Vec<String> = value(&mut map, "asks: expected a list of words")?;
                    let words = Part::ALL.map(Part::word);
                    let parts =
                        parts.iter().map(|part| word("asks", &words, part)).collect::<Result<Vec<Part>, _>>()?;
                    changes.push(Box::new(move |list| list.with_parts(parts)));
                }
                // Set after `asks`, because `asks_about` would clear it.
                "asks_about" => {
                    let texts: Vec<String> =
                        value(&mut map, "asks_about: expected a list of addresses and domain names")?;
                    let subjects = texts.iter().map(|one| subject(one)).collect::<Result<Vec<_>, _>>()?;
                    changes.insert(0, Box::new(move |list| list.with_fixed_subjects(subjects)));
                }
                "unheard" => {
                    let words = OnNoAnswer::ALL.map(OnNoAnswer::word);
                    let rule = word("unheard", &words, &text(&mut map, "unheard")?)?;
                    changes.push(Box::new(move |list| list.with_on_no_answer(rule)));
                }
                "explained_by" => {
                    let zone = name(&text(&mut map, "explained_by")?)?;
                    changes.push(Box::new(move |list| list.with_reason_zone(zone)));
                }
                "mirrors" => {
                    let zone = name(&text(&mut map, "mirrors")?)?;
                    changes.push(Box::new(move |list| list.with_mirror_of(zone)));
                }
                "reply" => {
                    let reply = text(&mut map, "reply")?.parse().map_err(A::Error::custom)?;
                    changes.push(Box::new(move |list| list.with_reply_template(reply)));
                }
                "label" => {
                    let label = text(&mut map, "label")?;
                    changes.push(Box::new(move |list| list.with_label(&label)));
                }
                "run_by" => {
                    let operator = text(&mut map, "run_by")?;
                    changes.push(Box::new(move |list| list.with_operator(&operator)));
                }
                "daily_limit" => {
                    let limit = value(&mut map, "daily_limit: expected a whole number")?;
                    changes.push(Box::new(move |list| list.with_daily_limit(limit)));
                }
                "observe" => {
                    if value(&mut map, "observe: expected true or false")? {
                        changes.push(Box::new(ListSpec::with_only_observed));
                    }
                }
                "only_for" => match text(&mut map, "only_for")?.as_str() {
                    NULL_SENDER => changes.push(Box::new(ListSpec::with_only_null_sender)),
                    _ => return Err(A::Error::custom("only_for: expected null_sender")),
                },
                _ => return Err(A::Error::custom(unknown_key("key", &key, &KEYS, "expected"))),
            }
        }
        let zone = zone.ok_or_else(|| A::Error::missing_field("zone"))?;
        hidden(&zone)?;
        if zone.contains(['=', '*']) {
            return Err(A::Error::custom("zone: expected the zone alone"));
        }
        let list = ListSpec::read(kind, &zone).map_err(A::Error::custom)?;
        Ok(changes.into_iter().fold(list, |list, change| change(list)))
    }
}

const CODES: &str = "codes: expected one of any, all, none_of and not_all, with a list of codes";

/// The value for a field. The errors of serde quote the wrong value, which may contain a key, so they are replaced.
fn value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A, expected: &str) -> Result<T, A::Error> {
    map.next_value().map_err(|_| A::Error::custom(expected))
}

fn text<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<String, A::Error> {
    value(map, &format!("{key}: expected a text"))
}

/// The text with a mask in place of the key; upper and lower case are equal.
fn without(text: &str, key: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.to_ascii_lowercase().match_indices(key) {
        kept.push_str(text.get(from..at).unwrap_or_default());
        kept.push_str(MASK);
        from = at + key.len();
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// A key that is not shown cannot be read back.
fn hidden<E: serde::de::Error>(text: &str) -> Result<(), E> {
    match text.contains(MASK) {
        true => Err(E::custom("the key of this list is hidden and must be written again")),
        false => Ok(()),
    }
}

fn name<E: serde::de::Error>(text: &str) -> Result<Name, E> {
    hidden(text)?;
    match Name::parse(text) {
        Ok(name) if name.is_host() => Ok(name),
        _ => Err(E::custom("expected a domain name")),
    }
}

fn subject<E: serde::de::Error>(text: &str) -> Result<Subject, E> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(Subject::from(address)),
        Err(_) => name(text).map(Subject::Domain),
    }
}

/// One of the words for this key. The error does not quote another: it may be a key.
fn word<T: std::str::FromStr, E: serde::de::Error>(key: &str, words: &[&str], text: &str) -> Result<T, E> {
    text.parse().map_err(|_| E::custom(format_args!("{key}: unknown word; expected one of {}", words.join(", "))))
}

fn filter<E: serde::de::Error>(codes: BTreeMap<String, Vec<String>>) -> Result<CodeFilter, E> {
    let wanted = || E::custom(CODES);
    let mut codes = codes.into_iter();
    let (Some((key, tests)), None) = (codes.next(), codes.next()) else { return Err(wanted()) };
    let (_, quantifier) = QUANTIFIERS.iter().find(|(word, _)| *word == key).ok_or_else(wanted)?;
    let tests = tests.iter().map(|text| test(text)).collect::<Option<Vec<_>>>();
    tests.map(|tests| CodeFilter::new(*quantifier, tests)).ok_or_else(|| {
        E::custom(
            "codes: expected 127.0.0.[2..4], 127.0.0.2-127.0.1.9, &0.0.0.6 (any bit) or 0.0.0.4/0.0.0.6 (value/mask)",
        )
    })
}

/// What `Display` shows of a test.
fn test(text: &str) -> Option<CodeTest> {
    if let Some(mask) = text.strip_prefix('&') {
        return mask.parse().ok().map(CodeTest::any_bit);
    }
    if let Some((from, to)) = text.split_once('-') {
        return Some(CodeTest::between(from.parse().ok()?, to.parse().ok()?));
    }
    if let Some((value, mask)) = text.split_once('/') {
        return Some(CodeTest::masked(mask.parse().ok()?, value.parse().ok()?));
    }
    text.parse().ok().map(CodeTest::pattern)
}

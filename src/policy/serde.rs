//! A policy in a configuration: the word of a preset, or a map from findings to rules.
//!
//! ```toml
//! [policy]
//! preset = "postfix"
//! strict = true
//! listed = "pass"
//! iprev_forged = "550 5.7.25 Reverse DNS of $client_address is forged"
//! all = [{ findings = ["null_sender", "helo_not_fqdn"], reply = "550 5.7.1 No notifications from $helo_name" }]
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::similar::nearest;
use crate::policy::{Combined, Finding, Policy, Preset, Rule};

/// The keys of a policy that are no findings.
const KEYS: [&str; 4] = ["preset", "strict", "several", "all"];

/// Serializes as the reply line, or `pass`, `defer`, `reject`.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Serializes as the preset, which gives the usual replies, and every rule.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let preset = Preset::ALL.iter().find(|(preset, _)| *preset == self.preset).map_or("rfc", |(_, name)| name);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("preset", preset)?;
        for (finding, rule) in self.table() {
            map.serialize_entry(finding.word(), &rule.to_string())?;
        }
        map.serialize_entry("several", &self.several.to_string())?;
        if !self.combined.is_empty() {
            map.serialize_entry("all", &*self.combined)?;
        }
        map.end()
    }
}

impl Serialize for Combined {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("findings", &self.findings)?;
        map.serialize_entry("reply", &self.rule)?;
        map.end()
    }
}

/// Starts from the `preset`, `rfc` by default, or with `strict = true` from its [strict variant](Policy::strict), and changes
/// the rules that are given. A single text is the word of a preset.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(name) => preset(&name),
            Value::Map(map) => of_map(map),
            Value::List(_) | Value::Flag(_) | Value::Other(_) => {
                Err(D::Error::custom("policy: expected the name of a preset, or a map"))
            }
        }
    }
}

fn preset<E: Error>(name: &str) -> Result<Policy, E> {
    name.parse().map_err(|error| match name.strip_suffix("-strict").and_then(Policy::named) {
        Some(_) => E::custom(format_args!("preset: {error}; its strict variant is strict = true beside the preset")),
        None => E::custom(format_args!("preset: {error}")),
    })
}

fn of_map<E: Error>(mut map: BTreeMap<String, Value>) -> Result<Policy, E> {
    let mut policy = match map.remove("preset") {
        Some(name) => preset(name.text("preset")?)?,
        None => Policy::rfc(),
    };
    match map.remove("strict") {
        Some(Value::Flag(true)) => policy = policy.strict(),
        Some(Value::Flag(false)) | None => {}
        Some(_) => return Err(E::custom("strict: expected true or false")),
    }
    for (key, value) in map {
        policy = match key.as_str() {
            "all" => combined(policy, value)?,
            "several" => policy.several(value.rule("several")?),
            word => {
                let finding: Finding = word.parse().map_err(|error| match nearest(word, KEYS.into_iter()) {
                    Some(meant) => E::custom(format_args!("policy: unknown key {word:?}; did you mean {meant}?")),
                    None => E::custom(error),
                })?;
                policy.on(finding, value.rule(word)?)
            }
        };
    }
    Ok(policy)
}

fn combined<E: Error>(mut policy: Policy, value: Value) -> Result<Policy, E> {
    let wrong = || E::custom("all: expected a list of maps with `findings` and `reply`");
    let Value::List(rules) = value else { return Err(wrong()) };
    for rule in rules {
        let Value::Map(mut rule) = rule else { return Err(wrong()) };
        let (Some(Value::List(words)), Some(reply), true) =
            (rule.remove("findings"), rule.remove("reply"), rule.is_empty())
        else {
            return Err(wrong());
        };
        let findings = words
            .iter()
            .map(|word| word.text("all.findings")?.parse().map_err(E::custom))
            .collect::<Result<Vec<Finding>, E>>()?;
        if findings.is_empty() {
            return Err(E::custom("all.findings: expected at least one finding"));
        }
        policy = policy.all(findings, reply.rule("all.reply")?);
    }
    Ok(policy)
}

/// What a configuration holds here. Read by hand: serde's own errors quote the wrong value, which may contain a key.
enum Value {
    Text(String),
    Flag(bool),
    /// What no key here can be, with its name for errors.
    Other(&'static str),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

impl Value {
    fn text<E: Error>(&self, key: &str) -> Result<&str, E> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Flag(_) => Err(E::custom(format_args!("{key}: expected a text, not true or false"))),
            Self::Other(what) => Err(E::custom(format_args!("{key}: expected a text, not {what}"))),
            Self::List(_) | Self::Map(_) => Err(E::custom(format_args!("{key}: expected a text"))),
        }
    }

    fn rule<E: Error>(&self, key: &str) -> Result<Rule, E> {
        self.text::<E>(key)?.parse().map_err(|error| E::custom(format_args!("{key}: {error}")))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a map")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(NUMBER)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(NUMBER)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(NUMBER)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other("null"))
    }
}

const NUMBER: Value = Value::Other("a number");

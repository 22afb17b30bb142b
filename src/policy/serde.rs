//! A policy as a flat map: `{"preset": "postfix", "listed": "pass", "iprev_forged": "550 5.7.25 ..."}`.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::policy::{Finding, Policy, Preset, Rule};

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

/// Serializes as the finding's word.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
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
        map.end()
    }
}

/// Starts from the `preset`, `rfc` by default, and changes the rules that are given.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own errors quote the wrong value, which may contain a key.
        let mut map = BTreeMap::<String, String>::deserialize(deserializer)
            .map_err(|_| D::Error::custom("expected a map of texts"))?;
        let preset = map.remove("preset").unwrap_or_else(|| "rfc".to_owned());
        let mut policy = Self::named(&preset)
            .ok_or_else(|| D::Error::custom("preset: expected rfc, postfix, sendmail or observe"))?;
        for (key, text) in map {
            let rule: Rule = text.parse().map_err(|error| D::Error::custom(format_args!("{error}")))?;
            policy = match key.as_str() {
                "several" => policy.several(rule),
                word => policy.on(word.parse::<Finding>().map_err(D::Error::custom)?, rule),
            };
        }
        Ok(policy)
    }
}

//! A dialogue as a flat map: `{"client": "203.0.113.14", "helo": "mail.example.org", "mail_from": "<>"}`.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::name::Name;
use crate::inquiry::dialogue::{ClientTrust, Dialogue};

/// The parts that are known; a key in the domain is masked.
impl Serialize for Dialogue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(client) = self.client {
            map.serialize_entry("client", &client.to_string())?;
        }
        for (key, value) in [("helo", &self.helo), ("mail_from", &self.mail_from), ("rcpt_to", &self.rcpt_to)] {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        if let Some(domain) = &self.domain {
            map.serialize_entry("domain", &domain.to_string())?;
        }
        if self.trust != ClientTrust::default() {
            map.serialize_entry("trust", self.trust.word())?;
        }
        map.end()
    }
}

/// What is absent or null is not known; other fields are mistakes.
impl<'de> Deserialize<'de> for Dialogue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut dialogue = Self::new();
        // serde's own errors quote the wrong value, which may contain a key.
        let map = BTreeMap::<String, Option<String>>::deserialize(deserializer)
            .map_err(|_| D::Error::custom("expected a map of texts"))?;
        for (key, value) in map {
            match (key.as_str(), value) {
                ("client", Some(text)) => {
                    dialogue.client = Some(text.parse().map_err(|_| D::Error::custom("client: expected an address"))?);
                }
                ("helo", value) => dialogue.helo = value,
                ("mail_from", value) => dialogue.mail_from = value,
                ("rcpt_to", value) => dialogue.rcpt_to = value,
                ("domain", Some(text)) => {
                    let domain =
                        Name::parse(&text).map_err(|error| D::Error::custom(format_args!("domain: {error}")))?;
                    dialogue.domain = Some(domain);
                }
                ("trust", Some(text)) => {
                    let expected = |_| D::Error::custom("trust: expected stranger or authenticated");
                    dialogue.trust = text.parse().map_err(expected)?;
                }
                ("client" | "domain" | "trust", None) => {}
                _ => return Err(D::Error::custom("expected client, helo, mail_from, rcpt_to, domain or trust")),
            }
        }
        Ok(dialogue)
    }
}

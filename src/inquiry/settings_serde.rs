//! Settings in a configuration, as a map of the keys in [`KEYS`]; `docs/settings.toml` shows all of them.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::base::name::Name;
use crate::base::similar::unknown_key;
use crate::dnsxl::ListSpec;
use crate::inquiry::settings::{Settings, SpecialPurpose};
use crate::lists::ListSet;

const KEYS: [&str; 11] = [
    "lists",
    "allow",
    "threshold",
    "allow_threshold",
    "min_operators",
    "policy",
    "own_names",
    "own_addresses",
    "local_domains",
    "exempt",
    "ask_about_special_addresses",
];

/// Every key may be left out; an unknown key is a mistake. The lists are written as in `lists`: see
/// [`ListSpec`].
impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SettingsVisitor)
    }
}

struct SettingsVisitor;

impl<'de> Visitor<'de> for SettingsVisitor {
    type Value = Settings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
        let mut settings = Settings::default();
        let mut lists = ListSet::builder();
        // Behind the others, wherever the key stands: formats may sort their keys.
        let mut allow = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "lists" => {
                    lists = lists.lists(map.next_value::<Lists>().map_err(|error| in_key::<A::Error>(&key, &error))?.0)
                }
                "allow" => {
                    for text in value::<Vec<String>, A>(&mut map, &key, "a list of texts")? {
                        let spec = ListSpec::allow(&text);
                        allow.push(spec.map_err(|error| in_key::<A::Error>(&key, &error))?);
                    }
                }
                "threshold" => lists = lists.threshold(value::<i32, A>(&mut map, &key, "a whole number")?),
                "allow_threshold" => lists = lists.allow_threshold(value::<i32, A>(&mut map, &key, "a whole number")?),
                "min_operators" => {
                    lists = lists.min_operators(value::<usize, A>(&mut map, &key, "a whole number, at least 0")?)
                }
                "policy" => settings.policy = map.next_value()?,
                "own_names" => settings.ourselves.names = names::<A>(&mut map, &key)?,
                "own_addresses" => settings.ourselves.addresses = parsed::<IpAddr, A>(&mut map, &key, "an address")?,
                "local_domains" => settings.local_domains = names::<A>(&mut map, &key)?,
                "exempt" => settings.exempt = networks::<A>(&mut map, &key)?,
                "ask_about_special_addresses" => {
                    let ask = value::<bool, A>(&mut map, &key, "true or false")?;
                    settings.special_purpose = if ask { SpecialPurpose::Ask } else { SpecialPurpose::Skip };
                }
                _ => return Err(A::Error::custom(unknown_key("setting", &key, &KEYS, "expected one of"))),
            }
        }
        settings.lists = lists.lists(allow).build().map_err(|error| in_key::<A::Error>("lists", &error))?;
        Ok(settings)
    }
}

/// Lists, with the number of the item in errors.
struct Lists(Vec<ListSpec>);

impl<'de> Deserialize<'de> for Lists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Any: where a format expects something else, its own error would quote the value.
        deserializer.deserialize_any(ListsVisitor)
    }
}

struct ListsVisitor;

impl<'de> Visitor<'de> for ListsVisitor {
    type Value = Lists;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lists")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Lists, E> {
        Err(E::custom("expected a list of lists, not a text"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Lists, A::Error> {
        let mut lists = Vec::new();
        loop {
            let number = lists.len() + 1;
            match items.next_element() {
                Ok(Some(list)) => lists.push(list),
                Ok(None) => return Ok(Lists(lists)),
                Err(error) => return Err(A::Error::custom(format_args!("item {number}: {error}"))),
            }
        }
    }
}

/// The value of a key. serde's own errors quote the wrong value, which may be a list with its key.
fn value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A, key: &str, wanted: &str) -> Result<T, A::Error> {
    map.next_value().map_err(|_| A::Error::custom(format_args!("{key}: expected {wanted}")))
}

fn names<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<Vec<Name>, A::Error> {
    let texts = value::<Vec<String>, A>(map, key, "a list of texts")?;
    texts.iter().map(|text| Name::parse(text).map_err(|error| in_key::<A::Error>(key, &error))).collect()
}

fn parsed<'de, T: std::str::FromStr, A: MapAccess<'de>>(
    map: &mut A,
    key: &str,
    wanted: &str,
) -> Result<Vec<T>, A::Error> {
    let texts = value::<Vec<String>, A>(map, key, "a list of texts")?;
    let wrong = |number: usize| A::Error::custom(format_args!("{key}: expected {wanted} as item {}", number + 1));
    texts.iter().enumerate().map(|(number, text)| text.parse().map_err(|_| wrong(number))).collect()
}

/// Networks; a single address is a network of one.
fn networks<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<Vec<IpNet>, A::Error> {
    struct Network(IpNet);
    impl std::str::FromStr for Network {
        type Err = ();
        fn from_str(text: &str) -> Result<Self, ()> {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map(Network).map_err(drop)
        }
    }
    let networks = parsed::<Network, A>(map, key, "a network or an address")?;
    Ok(networks.into_iter().map(|Network(network)| network).collect())
}

fn in_key<E: Error>(key: &str, error: &dyn fmt::Display) -> E {
    E::custom(format_args!("{key}: {error}"))
}

//! Does a reverse name look like that of a mail server, or like one that a provider gave to every address it has?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::name::Name;

/// What the shape of a name tells. A fact to weigh; many honest hosts have generic names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing generic about it.
    Plain,
    /// The client's address is part of the name.
    EmbedsAddress,
    /// A word that providers use for lines they hand out: adsl, dhcp, pool, fibre.
    LooksDynamic,
}

impl Shape {
    /// Is the name generic, for whatever reason?
    #[must_use]
    pub fn is_generic(self) -> bool {
        self != Self::Plain
    }

    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::EmbedsAddress => "embeds_address",
            Self::LooksDynamic => "looks_dynamic",
        }
    }
}

/// Words for lines that are handed out. Whole words only: `pool3` is one, `liverpool` is not.
const DYNAMIC: [&str; 38] = [
    "adsl",
    "vdsl",
    "xdsl",
    "dsl",
    "adslgp",
    "dyn",
    "dynamic",
    "dynamicip",
    "dynip",
    "dip",
    "dhcp",
    "dialup",
    "dial",
    "dialin",
    "ppp",
    "pppoe",
    "pool",
    "pools",
    "cable",
    "catv",
    "cablemodem",
    "modem",
    "fibre",
    "fiber",
    "ftth",
    "fttb",
    "fttx",
    "gpon",
    "broadband",
    "cust",
    "customer",
    "customers",
    "client",
    "clients",
    "residential",
    "mobile",
    "wireless",
    "unassigned",
];

/// The shape of `name` as a name of `client`.
#[must_use]
pub fn of(name: &Name, client: IpAddr) -> Shape {
    let text = name.expose().trim_end_matches('.');
    let embeds = match client.to_canonical() {
        IpAddr::V4(address) => embeds_v4(text, address),
        IpAddr::V6(address) => embeds_v6(text, address),
    };
    if embeds {
        Shape::EmbedsAddress
    } else if looks_dynamic(text) {
        Shape::LooksDynamic
    } else {
        Shape::Plain
    }
}

/// Three octets in a row, the last among them, as numbers in either direction; or the whole address as one number, padded
/// digits or hex.
fn embeds_v4(text: &str, address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets().map(u32::from);
    let mut row = [None; 3];
    for run in text.split(|character: char| !character.is_ascii_digit()).filter(|run| !run.is_empty()) {
        let Some(number) = Some(run).filter(|run| run.len() <= 10).and_then(|run| run.parse().ok()) else { continue };
        row = [row[1], row[2], Some(number)];
        if number == u32::from(address) || row == [b, c, d].map(Some) || row == [d, c, b].map(Some) {
            return true;
        }
    }
    // Few names have such runs at all; no others are compared.
    let padded = |order: [u32; 4]| order.map(|octet| format!("{octet:03}")).concat();
    let hex = |order: [u32; 4]| order.map(|octet| format!("{octet:02x}")).concat();
    let either = |written: &dyn Fn([u32; 4]) -> String| {
        text.contains(&written([a, b, c, d])) || text.contains(&written([d, c, b, a]))
    };
    has_run(text, 12, u8::is_ascii_digit) && either(&padded) || has_run(text, 8, u8::is_ascii_hexdigit) && either(&hex)
}

/// Are there so many such characters in a row?
fn has_run(text: &str, length: usize, wanted: fn(&u8) -> bool) -> bool {
    let mut run = 0;
    text.bytes().any(|octet| {
        run = if wanted(&octet) { run + 1 } else { 0 };
        run == length
    })
}

/// The lower half of the address, as nibbles without regard to separators or as groups.
fn embeds_v6(text: &str, address: Ipv6Addr) -> bool {
    let nibbles: String = address.octets().iter().map(|octet| format!("{octet:02x}")).collect();
    let lower_half = nibbles.get(16..).unwrap_or_default();
    let reversed: String = lower_half.chars().rev().collect();
    let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let [.., e, f, g, h] = address.segments();
    let groups: Vec<u16> = text
        .split(|character: char| !character.is_ascii_hexdigit())
        .filter_map(|group| u16::from_str_radix(group, 16).ok())
        .collect();
    bare.contains(lower_half) || bare.contains(&reversed) || groups.windows(4).any(|row| row == [e, f, g, h])
}

/// A telling word left of the provider's own domain.
fn looks_dynamic(text: &str) -> bool {
    let Some((own, _)) = text.rmatch_indices('.').nth(1).and_then(|(dot, _)| text.split_at_checked(dot)) else {
        return false;
    };
    own.split(|character: char| !character.is_ascii_alphabetic()).any(|word| DYNAMIC.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(name: &str, client: &str) -> Shape {
        of(&Name::parse(name).unwrap(), client.parse().unwrap())
    }

    #[test]
    fn names_that_embed_the_address() {
        for name in [
            "203-0-113-14.adsl.example.net",
            "14.113.0.203.dyn.example.net",
            "host-0-113-14.example.net",
            "p203000113014.example.net",
            "cb00710e.example.net",
            "3405803790.example.net",
            "static.14.113.0.203.example.net",
            "x203000113014y.example.net",
            "0e7100cb.example.net",
        ] {
            assert_eq!(shape(name, "203.0.113.14"), Shape::EmbedsAddress, "{name}");
        }
        assert_eq!(shape("2001-db8-0-0-a-b-c-d.example.net", "2001:db8::a:b:c:d"), Shape::EmbedsAddress);
        assert_eq!(shape("d.0.0.0.c.0.0.0.b.0.0.0.a.0.0.0.example.net", "2001:db8::a:b:c:d"), Shape::EmbedsAddress);
    }

    #[test]
    fn words_of_lines_that_are_handed_out() {
        for name in ["adsl-7.example.net", "x.pool3.example.net", "cust12.fibre.example.net", "dhcp.example.org"] {
            assert_eq!(shape(name, "203.0.113.14"), Shape::LooksDynamic, "{name}");
        }
    }

    #[test]
    fn plain_names() {
        for name in [
            "mail.example.org",
            "mx14.example.org",
            "liverpool.example.org",
            "mail.dyn.com",
            "mx.cable.de",
            "a113.b14.example",
        ] {
            assert_eq!(shape(name, "203.0.113.14"), Shape::Plain, "{name}");
        }
    }
}

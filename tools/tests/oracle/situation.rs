//! Situations of clients: what they say, and what DNS says about them. Each has a client and names of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What can be the case on one side. The first case is what an ordinary client has. The last ones are refused by their syntax
/// alone, whatever else is the case: only the first `mixed` cases are mixed with those of other sides.
struct Side {
    name: &'static str,
    mixed: usize,
    cases: &'static [Case],
}

/// A word, what the client says (nothing for facts of DNS alone), and records. In both, `N` in braces is the number of the
/// situation, `ip` the client's address, `rev` its reversed labels, `ptr` the name with its PTR record, `A` the type of its
/// address records, `other` an address that is not the client's.
type Case = (&'static str, &'static str, &'static str);

const REVERSE: Side = Side {
    name: "reverse",
    mixed: 18,
    cases: &[
        ("confirmed", "", "{ptr} PTR c{N}.client.example\nc{N}.client.example {A} {ip}"),
        ("none", "", ""),
        ("no_data", "", "{ptr} TXT \"x\""),
        ("forged", "", "{ptr} PTR c{N}.client.example\nc{N}.client.example {A} {other}"),
        ("forward_nxdomain", "", "{ptr} PTR c{N}.client.example"),
        ("forward_no_data", "", "{ptr} PTR c{N}.client.example\nc{N}.client.example TXT \"x\""),
        ("ptr_servfail", "", "{ptr} SERVFAIL"),
        ("ptr_silent", "", "{ptr} TIMEOUT"),
        ("forward_servfail", "", "{ptr} PTR c{N}.client.example\nc{N}.client.example SERVFAIL"),
        ("forward_silent", "", "{ptr} PTR c{N}.client.example\nc{N}.client.example TIMEOUT"),
        (
            "first_confirmed",
            "",
            "{ptr} PTR c{N}.client.example\nc{N}.client.example {A} {ip}\n{ptr} PTR d{N}.client.example",
        ),
        (
            "second_confirmed",
            "",
            "{ptr} PTR d{N}.client.example\n{ptr} PTR c{N}.client.example\nc{N}.client.example {A} {ip}",
        ),
        (
            "second_address",
            "",
            "{ptr} PTR c{N}.client.example\nc{N}.client.example {A} {other}\nc{N}.client.example {A} {ip}",
        ),
        (
            "delegated",
            "",
            "{ptr} CNAME p{N}.client.example\np{N}.client.example PTR c{N}.client.example\nc{N}.client.example {A} {ip}",
        ),
        (
            "alias",
            "",
            "{ptr} PTR d{N}.client.example\nd{N}.client.example CNAME c{N}.client.example\nc{N}.client.example {A} {ip}",
        ),
        ("underscore", "", "{ptr} PTR c_{N}.client.example\nc_{N}.client.example {A} {ip}"),
        ("numeric", "", "{ptr} PTR 192.0.2.{N}"),
        ("single_label", "", "{ptr} PTR localhost"),
    ],
};

const HELO: Side = Side {
    name: "helo",
    mixed: 11,
    cases: &[
        ("own", "h{N}.helo.example", "h{N}.helo.example {A} {ip}"),
        ("elsewhere", "h{N}.helo.example", "h{N}.helo.example {A} {other}"),
        ("alias", "h{N}.helo.example", "h{N}.helo.example CNAME i{N}.helo.example\ni{N}.helo.example {A} {ip}"),
        ("mx_only", "h{N}.helo.example", "h{N}.helo.example MX 10 mail.good.example"),
        ("null_mx", "h{N}.helo.example", "h{N}.helo.example MX 0 ."),
        ("no_address", "h{N}.helo.example", "h{N}.helo.example TXT \"x\""),
        ("nxdomain", "h{N}.helo.example", ""),
        ("servfail", "h{N}.helo.example", "h{N}.helo.example SERVFAIL"),
        ("silent", "h{N}.helo.example", "h{N}.helo.example TIMEOUT"),
        ("literal", "[{literal}]", ""),
        ("other_literal", "[192.0.2.99]", ""),
        ("single_label", "mailhost", ""),
        ("bare_address", "{ip}", ""),
        ("malformed", "h!{N}.helo.example", ""),
        ("underscore", "h_{N}.helo.example", "h_{N}.helo.example {A} {ip}"),
    ],
};

const SENDER: Side = Side {
    name: "sender",
    mixed: 15,
    cases: &[
        ("mx", "a@s{N}.sender.example", "s{N}.sender.example MX 10 mail.good.example"),
        ("a_only", "a@s{N}.sender.example", "s{N}.sender.example A 192.0.2.7"),
        ("aaaa_only", "a@s{N}.sender.example", "s{N}.sender.example AAAA 2001:db8:ffff::7"),
        ("alias", "a@s{N}.sender.example", "s{N}.sender.example CNAME good.example"),
        ("no_data", "a@s{N}.sender.example", "s{N}.sender.example TXT \"x\""),
        ("nxdomain", "a@s{N}.sender.example", ""),
        ("null_mx", "a@s{N}.sender.example", "s{N}.sender.example MX 0 ."),
        ("servfail", "a@s{N}.sender.example", "s{N}.sender.example SERVFAIL"),
        ("silent", "a@s{N}.sender.example", "s{N}.sender.example TIMEOUT"),
        ("mx_servfail", "a@s{N}.sender.example", "s{N}.sender.example SERVFAIL/MX\ns{N}.sender.example A 192.0.2.7"),
        ("dangling_mx", "a@s{N}.sender.example", "s{N}.sender.example MX 10 t{N}.sender.example"),
        (
            "servfail_mx",
            "a@s{N}.sender.example",
            "s{N}.sender.example MX 10 t{N}.sender.example\nt{N}.sender.example SERVFAIL",
        ),
        ("address_mx", "a@s{N}.sender.example", "s{N}.sender.example MX 10 192.0.2.7"),
        ("null", "", ""),
        ("quoted", "\"a b\"@s{N}.sender.example", "s{N}.sender.example MX 10 mail.good.example"),
        ("unqualified", "root", ""),
        ("literal", "a@[192.0.2.7]", ""),
        ("two_dots", "a@s{N}..sender.example", ""),
        ("no_local_part", "@s{N}.sender.example", "s{N}.sender.example MX 10 mail.good.example"),
    ],
};

const LISTS: Side = Side {
    name: "lists",
    mixed: 11,
    cases: &[
        ("none", "", ""),
        ("listed", "", "{rev}.bl.example A 127.0.0.2\n{rev}.bl.example TXT \"listed\""),
        ("listed_twice", "", "{rev}.bl.example A 127.0.0.200\n{rev}.bl.example A 127.0.0.4"),
        ("other_code", "", "{rev}.bl.example A 127.0.0.200"),
        ("refusal", "", "{rev}.bl.example A 127.255.255.254"),
        ("outside", "", "{rev}.bl.example A 198.51.100.1"),
        ("servfail", "", "{rev}.bl.example SERVFAIL"),
        ("refused", "", "{rev}.bl.example REFUSED"),
        ("silent", "", "{rev}.bl.example TIMEOUT"),
        ("no_data", "", "{rev}.bl.example TXT \"x\""),
        ("sender_listed", "", "s{N}.sender.example.dbl.example A 127.0.1.2"),
    ],
};

const SIDES: [&Side; 4] = [&REVERSE, &HELO, &SENDER, &LISTS];

/// What all share.
pub const WORLD: &str = r#"
$SOA in-addr.arpa 300 60
$SOA ip6.arpa 300 60
$SOA client.example 300 60
$SOA helo.example 300 60
$SOA sender.example 300 60
$SOA bl.example 300 60
$SOA dbl.example 300 60
good.example          MX  10 mail.good.example
mail.good.example     A   192.0.2.7
2.0.0.127.bl.example  A   127.0.0.2
test.dbl.example      A   127.0.1.2
"#;

pub struct Situation {
    pub client: IpAddr,
    pub helo: String,
    pub sender: String,
    pub records: String,
    /// Such as `reverse forged`; what an ordinary client has is left out.
    pub words: Vec<String>,
}

impl Situation {
    pub fn is_about_reverse_dns_alone(&self) -> bool {
        self.words.iter().all(|word| word == "ipv6" || word.starts_with("reverse "))
    }

    fn new(number: u8, is_v6: bool, cases: [usize; 4]) -> Self {
        let client = if is_v6 { v6(number) } else { IpAddr::from([203, 0, 113, number]) };
        let fill = |text: &str| fill(text, number, client);
        let case = |side: usize| SIDES[side].cases[cases[side]];
        let named = |side: usize| format!("{} {}", SIDES[side].name, case(side).0);
        let unusual = (0..SIDES.len()).filter(|side| cases[*side] > 0).map(named);
        Self {
            client,
            helo: fill(case(1).1),
            sender: fill(case(2).1),
            records: (0..SIDES.len()).map(|side| fill(case(side).2) + "\n").collect(),
            words: is_v6.then(|| "ipv6".to_owned()).into_iter().chain(unusual).collect(),
        }
    }
}

fn v6(number: u8) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number.into()).into()
}

fn fill(text: &str, number: u8, client: IpAddr) -> String {
    let (kind, other, literal, reversed, tree) = match client {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            ("A", Ipv4Addr::new(192, 0, 2, 200).to_string(), v4.to_string(), format!("{d}.{c}.{b}.{a}"), "in-addr")
        }
        IpAddr::V6(v6) => {
            let nibbles: Vec<String> =
                v6.octets().iter().rev().map(|octet| format!("{:x}.{:x}", octet & 15, octet >> 4)).collect();
            ("AAAA", "2001:db8:ffff::200".to_owned(), format!("IPv6:{v6}"), nibbles.join("."), "ip6")
        }
    };
    text.replace("{N}", &number.to_string())
        .replace("{ip}", &client.to_string())
        .replace("{literal}", &literal)
        .replace("{ptr}", &format!("{reversed}.{tree}.arpa"))
        .replace("{rev}", &reversed)
        .replace("{A}", kind)
        .replace("{other}", &other)
}

/// Every case alone, some of them over IPv6 as well, and mixtures.
pub fn all() -> Vec<Situation> {
    let alone = |side: usize, case: usize| {
        let mut cases = [0; 4];
        cases[side] = case;
        cases
    };
    let each = (0..SIDES.len()).flat_map(|side| (1..SIDES[side].cases.len()).map(move |case| (side, case)));
    let mut all = vec![(false, [0; 4]), (true, [0; 4])];
    all.extend(each.map(|(side, case)| (false, alone(side, case))));
    all.extend(IPV6.map(|(side, case)| (true, alone(side, case))));
    // A fixed generator: the same mixtures each time.
    let mut state = 7_u32;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % limit
    };
    for _ in 0..MIXTURES {
        all.push((below(3) == 0, SIDES.map(|side| below(side.mixed))));
    }
    (1..).zip(all).map(|(number, (is_v6, cases))| Situation::new(number, is_v6, cases)).collect()
}

const MIXTURES: usize = 40;
/// Sides and cases that are asked over IPv6 as well.
const IPV6: [(usize, usize); 8] = [(0, 1), (0, 3), (0, 4), (0, 6), (0, 8), (1, 9), (3, 1), (3, 3)];

/// So many of them, at equal distances.
pub fn spread(situations: Vec<Situation>, number: usize) -> Vec<Situation> {
    let whole = situations.len();
    let is_one = |at: usize| (at + 1) * number / whole > at * number / whole;
    (0..).zip(situations).filter(|(at, _)| is_one(*at)).map(|(_, situation)| situation).collect()
}

//! Clients with addresses of their own, and twelve lists.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Clients of one turn.
pub const CLIENTS: usize = 1_000;
/// The client, and the server's address, for `smtp-source`: it connects from the address that it connects to.
pub const SOURCE: &str = "198.18.255.1";
const LISTS: usize = 12;

pub struct Client {
    pub address: Ipv4Addr,
    pub name: String,
    pub is_listed: bool,
}

pub fn lists() -> impl Iterator<Item = String> {
    (1..=LISTS).map(|list| format!("bl{list}.example"))
}

/// The clients of this turn: nobody has seen them before.
pub fn clients(turn: usize) -> impl Iterator<Item = Client> {
    (turn * CLIENTS..(turn + 1) * CLIENTS).map(client)
}

/// One of a hundred thousand and more; every fifth is on a list.
pub fn client(number: usize) -> Client {
    let address = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + u32::try_from(number).unwrap();
    Client { address: address.into(), name: format!("c{number}.client.example"), is_listed: number.is_multiple_of(5) }
}

/// DNS with this time to each answer.
pub fn table(after: Duration, turns: usize) -> String {
    let mut table = String::new();
    let mut line = |name: &str, data: &str| {
        writeln!(table, "{name} {data} after={}ms", after.as_millis()).unwrap();
    };
    for list in lists() {
        line(&format!("2.0.0.127.{list}"), "A 127.0.0.2");
        line(&format!("*.{list}"), "NXDOMAIN");
    }
    line("good.example", "MX 10 mail.good.example");
    line("mail.good.example", "A 192.0.2.7");
    line("1.255.18.198.in-addr.arpa", "PTR source.client.example");
    line("source.client.example", "A 198.18.255.1");
    for (number, client) in (0..turns).flat_map(clients).enumerate() {
        let [a, b, c, d] = client.address.octets();
        let reversed = format!("{d}.{c}.{b}.{a}");
        line(&format!("{reversed}.in-addr.arpa"), &format!("PTR {}", client.name));
        line(&client.name, &format!("A {}", client.address));
        line(&client.name, "");
        if client.is_listed {
            let listed = format!("{reversed}.bl{}.example", number % LISTS + 1);
            line(&listed, "A 127.0.0.2");
            line(&listed, "TXT \"listed\"");
        }
    }
    table
}

//! How lists die, and the page that shows what servers then do.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use rdnsbl::testing::{LoopbackServer, Situation};

/// How lists die.
pub const ROWS: [(&str, Situation); 11] = [
    ("lists everybody (127.0.0.2)", Situation::ListsEverything),
    ("lists every address (127.0.0.2)", Situation::ListsEveryAddress),
    ("was sold (198.51.100.1)", Situation::Parked),
    ("refuses (127.255.255.254)", Situation::Refuses(Ipv4Addr::new(127, 255, 255, 254))),
    ("quota used up (127.255.255.255)", Situation::Refuses(Ipv4Addr::new(127, 255, 255, 255))),
    ("answers 127.0.0.1", Situation::Ambiguous),
    ("has no entries (NXDOMAIN)", Situation::Emptied),
    ("fails (SERVFAIL)", Situation::ServFail),
    ("is refused by the resolver (REFUSED)", Situation::Refused),
    ("is silent", Situation::Silent),
    ("the resolver invents answers", Situation::Parked),
];
/// Here every other list is in doubt, too, so it comes last.
pub const INVENTED: usize = ROWS.len() - 1;
pub const INVENTS: &str = "*.sound.example A 198.51.100.1\n* A 198.51.100.1";

pub const CLEAN: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
/// On a list that works.
pub const LISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 14));
pub const CLIENTS: &str = "
7.113.0.203.in-addr.arpa   PTR mail.good.example
mail.good.example          A   203.0.113.7
14.113.0.203.in-addr.arpa  PTR spam.good.example
spam.good.example          A   203.0.113.14
good.example               MX  10 mx.good.example
mx.good.example            A   192.0.2.7
";

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dying-lists.md");

/// The zone of a row.
pub fn zone(row: usize) -> String {
    format!("d{row}.example")
}

/// A list that works, and one for each row.
pub fn fall_ill(dns: &LoopbackServer) {
    dns.situation("sound.example", Situation::Sound, &[LISTED]).unwrap();
    for (row, (_, situation)) in ROWS.iter().enumerate() {
        dns.situation(&zone(row), *situation, &[]).unwrap();
    }
}

/// Compares a table of the page with these cells, or writes it there with `RDNSBL_WRITE=yes`. `corner` names the table.
pub fn check_table(corner: &str, columns: &[&str], cells: &[Vec<&str>]) {
    let corner = format!("| {corner} |");
    let mut table = corner.clone();
    table.extend(columns.iter().map(|title| format!(" {title} |")));
    table += &format!("\n|---|{}\n", "---|".repeat(columns.len()));
    for ((title, _), cells) in ROWS.iter().zip(cells) {
        table += &format!("| {title} | {} |\n", cells.join(" | "));
    }
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let start = document.find(&corner).unwrap();
    let end = start + document[start..].find("\n\n").unwrap() + 1;
    if std::env::var_os("RDNSBL_WRITE").is_some() {
        fs::write(DOCUMENT, [&document[..start], &table, &document[end..]].concat()).unwrap();
    } else {
        assert_eq!(&document[start..end], table, "RDNSBL_WRITE=yes writes it");
    }
}

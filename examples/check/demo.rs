//! A small made-up world: what `--demo` asks. It shows every verdict without asking anybody.

use std::error::Error;

use rdnsbl::Name;
use rdnsbl::dnsxl::{Disposition, Kind, SubjectKind};
use rdnsbl::testing::{LoopbackServer, Table};

use crate::catalogue::Zone;

/// The mark of everything that `--demo` prints.
pub(crate) const BANNER: &str = "DEMO DATA";

/// The lists that are asked unless others are named.
pub(crate) const LISTS: &[(Kind, &str)] = &[
    (Kind::Deny, "bl.demo"),
    (Kind::Deny, "dead.demo"),
    (Kind::Deny, "parked.demo"),
    (Kind::Deny, "refusing.demo"),
    (Kind::Deny, "silent.demo"),
    (Kind::Deny, "clean.demo"),
    (Kind::Allow, "wl.demo"),
    (Kind::Deny, "dbl.demo"),
];

const ADDRESSES: &[SubjectKind] = &[SubjectKind::Ipv4, SubjectKind::Ipv6];

/// What is known about them.
const ZONES: &[Zone] = &[
    Zone::new("bl.demo", ADDRESSES).with_rfc_entries().codes(&[
        ("127.0.0.2", Disposition::Deny, "spam source"),
        ("127.0.0.10", Disposition::Deny, "dynamic address"),
    ]),
    Zone::new("dead.demo", ADDRESSES),
    Zone::new("parked.demo", ADDRESSES),
    Zone::new("refusing.demo", ADDRESSES),
    Zone::new("silent.demo", ADDRESSES),
    Zone::new("clean.demo", ADDRESSES).with_rfc_entries(),
    Zone::new("wl.demo", ADDRESSES).codes(&[("127.0.5.3", Disposition::Allow, "trust high")]),
    Zone::new("dbl.demo", &[SubjectKind::Domain]).codes(&[("127.0.1.2", Disposition::Deny, "spam domain")]),
];

/// What is known about this zone.
pub(crate) fn find(zone: &Name) -> Option<&'static Zone> {
    let name = zone.to_string();
    ZONES.iter().find(|row| row.name == name)
}

/// Starts the server. It lives in the runtime, as long as it is kept.
pub(crate) async fn serve() -> Result<LoopbackServer, Box<dyn Error>> {
    Ok(LoopbackServer::start(Table::parse(include_str!("demo.zone"))?).await?)
}

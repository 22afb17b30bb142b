//! The made-up world of `--demo`. It shows every verdict without network.

use std::error::Error;

use rdnsbl::dnsxl::ListKind;
use rdnsbl::lists::catalogue::{Catalogue, CatalogueError};
use rdnsbl::testing::{LoopbackServer, Table};

/// The mark of everything that `--demo` prints.
pub(crate) const BANNER: &str = "DEMO DATA";

/// What `--demo` alone prints: who and what is known there.
pub(crate) const WORLD: &str = include_str!("demo.txt");

/// The default lists of `--demo`.
pub(crate) const LISTS: &[(ListKind, &str)] = &[
    (ListKind::Deny, "bl.demo"),
    (ListKind::Deny, "dead.demo"),
    (ListKind::Deny, "parked.demo"),
    (ListKind::Deny, "refusing.demo"),
    (ListKind::Deny, "silent.demo"),
    (ListKind::Deny, "clean.demo"),
    (ListKind::Allow, "wl.demo"),
    (ListKind::Deny, "dbl.demo"),
];

/// The library's catalogue with these lists added: a closed list is not asked here either, and a misspelling is
/// reported.
pub(crate) fn catalogue() -> Result<Catalogue, CatalogueError> {
    Ok(Catalogue::builtin().overlaid_by(&Catalogue::parse(include_str!("demo.lists"))?))
}

/// Starts the server. It runs until it is dropped.
pub(crate) async fn serve() -> Result<LoopbackServer, Box<dyn Error>> {
    Ok(LoopbackServer::start(Table::parse(include_str!("demo.zone"))?).await?)
}

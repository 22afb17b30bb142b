//! The made-up world of `--demo`: that of `check`, and a configuration that names its lists.

use std::error::Error;

use rdnsbl::lists::catalogue::{Catalogue, CatalogueError};
use rdnsbl::testing::{LoopbackServer, Table};

/// The mark of everything that `--demo` prints.
pub(crate) const BANNER: &str = "DEMO DATA";

/// The configuration that `--demo` alone looks at.
pub(crate) const MAIN_CF: &str = include_str!("demo.cf");

/// The library's catalogue with the lists of this world.
pub(crate) fn catalogue() -> Result<Catalogue, CatalogueError> {
    Ok(Catalogue::builtin().overlaid_by(&Catalogue::parse(include_str!("../check/demo.lists"))?))
}

/// Starts the server. It runs until it is dropped.
pub(crate) async fn serve() -> Result<LoopbackServer, Box<dyn Error>> {
    Ok(LoopbackServer::start(Table::parse(include_str!("../check/demo.zone"))?).await?)
}

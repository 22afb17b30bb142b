//! What the small examples share: the server they ask.

use std::error::Error;
use std::net::SocketAddr;

use rdnsbl::resolve::Direct;
use rdnsbl::testing::{LoopbackServer, Table};
use rdnsbl::{Checker, CheckerBuilder, SpecialPurpose};

/// A DNS server, and what else stands on the command line.
pub(crate) struct World {
    /// The server to ask; `None` asks those of the system.
    pub(crate) server: Option<SocketAddr>,
    /// The arguments that are left.
    pub(crate) arguments: std::vec::IntoIter<String>,
    /// The server of `--demo` runs as long as this value lives.
    demo: Option<LoopbackServer>,
}

impl World {
    /// Reads `--demo` (a made-up world on loopback, no network needed) or `--server ADDRESS:PORT`, if one comes first.
    pub(crate) async fn from_command_line() -> Result<Self, Box<dyn Error>> {
        let mut arguments: Vec<String> = std::env::args().skip(1).collect();
        let (mut server, mut demo) = (None, None);
        match arguments.first().map(String::as_str) {
            Some("--demo") => {
                let world = LoopbackServer::start(Table::parse(include_str!("../check/demo.zone"))?).await?;
                server = Some(world.address());
                demo = Some(world);
                arguments.drain(..1);
            }
            Some("--server") => {
                server = Some(arguments.get(1).ok_or("--server wants ADDRESS:PORT")?.parse()?);
                arguments.drain(..2);
            }
            _ => {}
        }
        Ok(Self { server, arguments: arguments.into_iter(), demo })
    }

    /// A checker that asks this world.
    #[allow(dead_code, reason = "not every example has a checker")]
    pub(crate) fn checker(&self) -> Result<CheckerBuilder, Box<dyn Error>> {
        let resolver = match self.server {
            Some(server) => Direct::servers([server])?,
            None => Direct::system()?,
        };
        // The made-up world lives in address ranges for documentation, about which lists are not asked otherwise.
        let special = if self.demo.is_some() { SpecialPurpose::Ask } else { SpecialPurpose::default() };
        Ok(Checker::builder(resolver).special_purpose(special))
    }
}

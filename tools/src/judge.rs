//! The library behind the programs: the only file that calls the checker.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rdnsbl::resolve::Direct;
use rdnsbl::{Checker, Dialogue, Error, Events, Session};

use crate::config::Config;
use crate::daemon::metrics::Checked;

/// Checks clients. Clones share everything.
#[derive(Clone)]
pub(crate) struct Judge {
    checker: Checker,
}

impl Judge {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let checker = Checker::builder(resolver(&config.fixed.servers)?).build()?;
        checker.reload(config.settings.clone());
        Ok(Self { checker })
    }

    /// Takes other lists and settings. What is known, and a running watch, stay.
    pub(crate) fn reload(&self, config: &Config) {
        self.checker.reload(config.settings.clone());
    }

    /// A session with one client. No report of it takes longer than the deadline.
    pub(crate) fn session(&self, client: Option<IpAddr>, deadline: Duration) -> Session {
        self.checker.session(client.map_or_else(Dialogue::new, Dialogue::from)).within(deadline)
    }

    pub(crate) fn events(&self) -> Events {
        self.checker.events()
    }

    pub(crate) async fn watch(self, every: Duration) {
        self.checker.watch(every).await;
    }

    pub(crate) fn checked(&self) -> Checked {
        Checked { stats: self.checker.stats(), lists: self.checker.list_stats(), health: self.checker.health() }
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<Direct, Error> {
    Ok(if servers.is_empty() { Direct::system()? } else { Direct::servers(servers.iter().copied())? })
}

//! The policy daemon as a program.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::config::For;
use crate::core::Core;
use crate::daemon::connection::Connection;
use crate::daemon::program::Program;
use crate::policyd::connection;
use crate::policyd::decide::Decider;

/// Answers mail servers.
pub(super) struct Service(Decider);

impl Program for Service {
    const FOR: For = For::Policyd;
    const NAME: &'static str = "rdnsbl-policyd";
    const HELP: &'static str = include_str!("help.txt");
    const FILE: &'static str = "/etc/rdnsbl/policyd.toml";

    fn new(core: Core) -> Self {
        Self(Decider::new(core))
    }

    fn core(&self) -> &Core {
        &self.0.core
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self: &Arc<Self>,
        connection: Connection,
        stream: S,
    ) -> Result<(), String> {
        connection::serve(&self.0, connection, stream).await.map_err(|error| error.to_string())
    }
}

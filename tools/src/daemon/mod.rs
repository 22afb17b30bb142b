//! What every daemon here is: a process that reads a configuration, listens, reloads and ends.

pub(crate) mod args;
pub(crate) mod connection;
mod describe;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod run;
mod server;
mod systemd;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::config::For;
use crate::core::Core;
use crate::daemon::connection::Connection;

/// The mail server that asks: its address, or none over a unix socket.
pub(crate) type Peer = Option<IpAddr>;

/// One of the daemons.
pub(crate) trait Program: Send + Sync + Sized + 'static {
    /// The daemon whose keys the configuration may have.
    const FOR: For;
    const NAME: &'static str;
    const HELP: &'static str;
    /// The configuration by default.
    const FILE: &'static str;

    fn new(core: Core) -> Self;

    fn core(&self) -> &Core;

    /// Serves a connection until it ends; an error closes it.
    fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self: &Arc<Self>,
        connection: Connection,
        stream: S,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

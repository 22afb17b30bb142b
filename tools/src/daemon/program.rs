//! What the daemons differ in.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::config::For;
use crate::core::Core;
use crate::daemon::connection::Connection;

/// One of the daemons.
pub(crate) trait Program: Send + Sync + Sized + 'static {
    /// Whose keys the configuration may have.
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

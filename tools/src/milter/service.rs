//! The milter as a daemon.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::config::For;
use crate::core::Core;
use crate::daemon::connection::Connection;
use crate::daemon::program::Program;
use crate::milter::message::Conversation;
use crate::milter::packet::{BadPacket, Command};

/// How long a mail server may wait for its client: RFC 5321 §4.5.3.2 gives it 5 minutes for a command, and a message takes longer.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// For the rest of a command, and until our responses are read.
const COMMAND: Duration = Duration::from_secs(30);

/// Answers mail servers.
pub(super) struct Service {
    core: Arc<Core>,
}

impl Program for Service {
    const FOR: For = For::Milter;
    const NAME: &'static str = "rdnsbl-milter";
    const HELP: &'static str = include_str!("help.txt");
    const FILE: &'static str = "/etc/rdnsbl/milter.toml";

    fn new(core: Core) -> Self {
        Self { core: Arc::new(core) }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self: &Arc<Self>,
        connection: Connection,
        stream: S,
    ) -> Result<(), String> {
        exchange(&self.core, connection, stream).await.map_err(|error| error.to_string())
    }
}

async fn exchange(
    core: &Arc<Core>,
    mut connection: Connection,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<(), BadPacket> {
    let mut stream = BufReader::new(stream);
    let mut conversation = Conversation::new(Arc::clone(core));
    let mut packets = Vec::new();
    // A message is not aborted for another connection: the mail server would do its default action.
    while connection.wait(&mut stream, PATIENCE, !conversation.is_busy()).await {
        let command = timeout(COMMAND, Command::read(&mut stream)).await.map_err(|_| BadPacket::Slow)??;
        let Some(responses) = conversation.take(command).await? else { return Ok(()) };
        packets.clear();
        responses.iter().for_each(|response| response.write(&mut packets));
        timeout(COMMAND, stream.write_all(&packets)).await.map_err(|_| BadPacket::Slow)??;
    }
    Ok(())
}

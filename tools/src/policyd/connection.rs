//! One connection of a mail server: one request after the other, each with its answer.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::daemon::connection::Connection;
use crate::policyd::answer::Answer;
use crate::policyd::decide::Decider;
use crate::policyd::request::{BadRequest, Request};

/// A mail server connects when it has something to ask.
const FIRST: Duration = Duration::from_secs(60);
/// Postfix keeps a connection open for 300 s without a request (`smtpd_policy_service_max_idle`), and some keep it longer.
const IDLE: Duration = Duration::from_secs(3_600);
/// From the first octet of a request to its end, and until an answer is read.
const REQUEST: Duration = Duration::from_secs(30);

/// Serves a connection until it ends, must close, or sends something that is not a request.
pub(super) async fn serve(
    decider: &Decider,
    mut connection: Connection,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<(), BadRequest> {
    let mut stream = BufReader::new(stream);
    let mut patience = FIRST;
    while connection.wait(&mut stream, patience, true).await {
        let request = timeout(REQUEST, Request::read(&mut stream)).await.map_err(|_| BadRequest::Slow)??;
        let Some(request) = request else { return Ok(()) };
        let answer = match request.facts() {
            Some(facts) => decider.answer(connection.peer, facts).await,
            None => Answer::Dunno,
        };
        // In one piece: Postfix would wait for the second.
        let octets = format!("action={answer}\n\n");
        timeout(REQUEST, stream.write_all(octets.as_bytes())).await.map_err(|_| BadRequest::Slow)??;
        patience = IDLE;
    }
    Ok(())
}

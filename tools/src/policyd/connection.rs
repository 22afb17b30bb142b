//! One connection of a mail server: one request after the other, each with its answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::log::Level;
use crate::policyd::idle::Idle;
use crate::policyd::instances::Peer;
use crate::policyd::request::{BadRequest, Request};
use crate::policyd::service::Service;

/// A mail server connects when it has something to ask.
const FIRST: Duration = Duration::from_secs(60);
/// Postfix keeps a connection open for 300 s without a request (`smtpd_policy_service_max_idle`), and some keep it longer.
const IDLE: Duration = Duration::from_secs(3_600);
/// From the first octet of a request to its end, and for an answer to be taken.
const REQUEST: Duration = Duration::from_secs(30);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) service: Arc<Service>,
    pub(crate) idle: Idle,
    /// Becomes true when the daemon stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves a connection until it ends, is told to close, or sends what is no request.
pub(crate) async fn serve(shared: &Shared, id: u64, peer: Peer, stream: impl AsyncRead + AsyncWrite + Unpin) {
    if let Err(error) = exchange(shared, id, peer, stream).await {
        shared.service.metrics.malformed.one();
        let from = peer.map_or_else(|| "a unix socket".to_owned(), |peer| peer.to_string());
        shared.service.log.line(Level::Warning, format_args!("connection from {from} closed: {error}"));
    }
}

async fn exchange(
    shared: &Shared,
    id: u64,
    peer: Peer,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<(), BadRequest> {
    let mut stream = BufReader::new(stream);
    let close = Arc::new(Notify::new());
    let mut stop = shared.stop.clone();
    let mut patience = FIRST;
    loop {
        {
            let _waiting = shared.idle.wait(id, &close);
            tokio::select! {
                biased;
                begun = timeout(patience, stream.fill_buf()) => match begun {
                    // Nothing more comes, or nothing came for long: neither is wrong.
                    Ok(Ok([])) | Err(_) => return Ok(()),
                    // Who asks and who is gone: a reset is as good as an end.
                    Ok(Err(_)) => return Ok(()),
                    Ok(Ok(_)) => {}
                },
                () = close.notified() => return Ok(()),
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
        let request = timeout(REQUEST, Request::read(&mut stream)).await.map_err(|_| BadRequest::Slow)??;
        let Some(request) = request else { return Ok(()) };
        let answer = match request.facts() {
            Some(facts) => shared.service.answer(peer, facts).await,
            None => crate::policyd::answer::Answer::Dunno,
        };
        // In one piece: Postfix would wait for the second.
        let octets = format!("action={answer}\n\n");
        timeout(REQUEST, stream.write_all(octets.as_bytes())).await.map_err(|_| BadRequest::Slow)??;
        patience = IDLE;
    }
}

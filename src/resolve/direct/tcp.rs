//! One question over one TCP connection (RFC 7766).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::super::fault::io_failure;
use super::message::{self, Match};
use crate::dns::Failure;

/// Asks and gives the response to that very question. Dropping it closes the connection.
pub(super) async fn ask(server: SocketAddr, question: Vec<u8>, end: Instant) -> Result<Vec<u8>, Failure> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
        // RFC 7766 §8: length and message in one piece.
        stream.write_all(&[&length.to_be_bytes()[..], &question].concat()).await?;
        let length = stream.read_u16().await?;
        let mut response = vec![0; length.into()];
        stream.read_exact(&mut response).await?;
        Ok::<_, std::io::Error>(response)
    };
    let response = match timeout_at(end, exchange).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(io_failure(&error)),
        Err(_) => return Err(Failure::Timeout),
    };
    if response.first_chunk::<2>() != question.first_chunk::<2>() {
        return Err(Failure::Unrelated);
    }
    match message::compare(&response, &question) {
        Match::Ours | Match::OtherCase => Ok(response),
        Match::Failed(failure) => Err(failure),
        Match::Foreign => Err(Failure::Unrelated),
    }
}

//! UDP sockets that detect three cases in which hickory's client stream would wait until the timeout.
//!
//! * Some servers answer REFUSED or FORMERR with the header alone. The client stream compares questions, finds none and keeps
//!   waiting. The socket sees the datagram first and turns it into an error.
//! * The system reports a closed port only to a connected socket, so these sockets are connected.
//! * A datagram longer than the client stream's buffer loses its end there. The socket marks it as truncated.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use hickory_resolver::net::runtime::{DnsUdpSocket, RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::base::clock::BoxFuture;
use crate::resolve::wire::UDP_BUFFER;
use crate::resolve::wire::codec::HEADER;

/// Octets of an OPT record without options (RFC 6891 §6.1.2), the only thing that may follow the header.
const BARE_OPT: usize = 11;

/// Tokio's sockets and tasks, with the UDP socket of this file. It owns the tasks of its TCP connections.
#[derive(Clone, Default)]
pub(crate) struct Provider(TokioRuntimeProvider);

impl RuntimeProvider for Provider {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = ConnectedUdp;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> TokioHandle {
        self.0.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        bind: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        self.0.connect_tcp(server, bind, timeout)
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<ConnectedUdp>>>> {
        let binding = self.0.bind_udp(local, server);
        Box::pin(async move {
            let socket = binding.await?;
            socket.connect(server).await?;
            let socket = Arc::new(socket);
            Ok(ConnectedUdp {
                refused: Mutex::new(Box::pin(refused(socket.clone()))),
                socket,
                server,
                id: OnceLock::new(),
            })
        })
    }
}

/// A UDP socket for one question to one server. It is connected, so the kernel drops datagrams from other addresses.
pub(crate) struct ConnectedUdp {
    socket: Arc<UdpSocket>,
    server: SocketAddr,
    refused: Mutex<BoxFuture<'static, io::Error>>,
    /// The first two octets sent.
    id: OnceLock<[u8; 2]>,
}

impl DnsUdpSocket for ConnectedUdp {
    type Time = TokioTime;

    fn poll_recv_from(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut room = [0; UDP_BUFFER];
        let received = DnsUdpSocket::poll_recv_from(&*self.socket, cx, &mut room);
        match received {
            Poll::Ready(Ok((length, _))) => {
                let datagram = room.get(..length).unwrap_or_default();
                Poll::Ready(match bare_refusal(datagram, self.id.get()) {
                    Some(refusal) => Err(io::Error::other(refusal)),
                    // The kernel has checked the source. Return the configured address: a server given as 0.0.0.0 answers as 127.0.0.1.
                    None => Ok((hand_over(datagram, buf), self.server)),
                })
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => match self.refused.lock() {
                Ok(mut refused) => refused.as_mut().poll(cx).map(Err),
                Err(_) => Poll::Pending,
            },
        }
    }

    fn poll_send_to(&self, cx: &mut Context<'_>, buf: &[u8], _server: SocketAddr) -> Poll<io::Result<usize>> {
        if let Some(id) = buf.first_chunk() {
            self.id.get_or_init(|| *id);
        }
        self.socket.poll_send(cx, buf)
    }
}

/// Waits for an error that the network reports about a datagram, such as a closed port. Waiting for data alone does not notice it.
async fn refused(socket: Arc<UdpSocket>) -> io::Error {
    match socket.ready(Interest::ERROR).await {
        Ok(_) => socket.take_error().ok().flatten().unwrap_or_else(|| io::ErrorKind::ConnectionRefused.into()),
        Err(error) => error,
    }
}

/// Copies a datagram. Of one that is too long, copies the header and the question, marked as truncated (RFC 1035 §4.1.1, TC).
fn hand_over(datagram: &[u8], buf: &mut [u8]) -> usize {
    let fits = datagram.len() <= buf.len();
    let cut = if fits { None } else { truncated(datagram) };
    let whole = cut.as_deref().unwrap_or(datagram);
    let length = whole.len().min(buf.len());
    buf.iter_mut().zip(whole).for_each(|(to, from)| *to = *from);
    length
}

/// Header and question of a response, marked as truncated; `None` when there is no question that can be read.
fn truncated(datagram: &[u8]) -> Option<Vec<u8>> {
    let mut end = HEADER;
    loop {
        let label = usize::from(*datagram.get(end)?);
        end += 1 + label;
        match label {
            0 => break,
            1..=63 => {}
            _ => return None,
        }
    }
    let mut cut = datagram.get(..end + 4)?.to_vec();
    let [_, _, flags, _, counts @ ..] = cut.first_chunk_mut::<HEADER>()?;
    *flags |= 0x02;
    *counts = [0, 1, 0, 0, 0, 0, 0, 0];
    Some(cut)
}

/// A response with our id and an error code, but without a question section.
fn bare_refusal(datagram: &[u8], id: Option<&[u8; 2]>) -> Option<BareRefusal> {
    let [id_high, id_low, flags, code, questions_high, questions_low, ..] = *datagram.first_chunk::<HEADER>()?;
    let code = code & 0x0f;
    let ours = id == Some(&[id_high, id_low]) && flags & 0x80 != 0;
    let bare = datagram.len() <= HEADER + BARE_OPT && [questions_high, questions_low] == [0, 0];
    (ours && bare && code != 0).then_some(BareRefusal { code, opt: datagram.len() > HEADER })
}

/// A response code without the question it belongs to.
#[derive(Debug)]
pub(crate) struct BareRefusal {
    pub(crate) code: u8,
    /// An OPT record comes with it.
    pub(crate) opt: bool,
}

impl fmt::Display for BareRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "response code {} without a question", self.code)
    }
}

impl std::error::Error for BareRefusal {}

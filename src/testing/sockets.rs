//! Sockets of a DNS server on loopback: UDP and TCP on one port. What it answers is decided elsewhere.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::{JoinHandle, JoinSet};

use crate::testing::wire::{Reaction, Transport};

/// Any free port.
pub(super) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// The most ports tried to find one that is free for UDP and TCP.
const PORT_TRIES: usize = 32;
/// The most answers that wait for their `after=`. Further ones are lost, as on a busy server.
const MAX_LATE: usize = 16_384;
/// The most open connections. Further ones are closed.
const MAX_CONNECTIONS: usize = 256;
/// A connection without a question is closed after this time (RFC 7766 §6.2.3).
const IDLE: Duration = Duration::from_secs(10);
/// The pause after an error of a socket, so that an error that persists does not keep the processor busy.
const PAUSE: Duration = Duration::from_millis(10);

/// What to do about the octets of a message.
type React = dyn Fn(&[u8], Transport) -> Reaction + Send + Sync;

/// The sockets and their tasks. They stop when this is dropped.
pub(super) struct Sockets {
    address: SocketAddr,
    service: Arc<Service>,
    tasks: [JoinHandle<()>; 2],
}

/// What the tasks share.
struct Service {
    react: Box<React>,
    datagrams: AtomicU64,
    connections: AtomicU64,
}

impl Sockets {
    /// Opens this address; where its port is 0, one that the system chooses. Needs a tokio runtime with I/O and time, and lives
    /// in it.
    pub(super) async fn open(
        address: SocketAddr,
        react: impl Fn(&[u8], Transport) -> Reaction + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (udp, tcp) = bind(address).await?;
        let address = udp.local_addr()?;
        let service =
            Arc::new(Service { react: Box::new(react), datagrams: AtomicU64::new(0), connections: AtomicU64::new(0) });
        let tasks = [
            tokio::spawn(serve_datagrams(Arc::new(udp), Arc::clone(&service))),
            tokio::spawn(serve_connections(tcp, Arc::clone(&service))),
        ];
        Ok(Self { address, service, tasks })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many datagrams have arrived.
    pub(super) fn datagrams(&self) -> u64 {
        self.service.datagrams.load(Ordering::Relaxed)
    }

    /// How many TCP connections have been accepted.
    pub(super) fn connections(&self) -> u64 {
        self.service.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        // The tasks that these have spawned end with them.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// One port for UDP and TCP. Where the system chooses one, it is free for UDP; another program may use it for TCP.
async fn bind(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut error = io::Error::from(io::ErrorKind::AddrInUse);
    // The ports tried stay bound, so that the system does not offer one twice, and a given port is tried once.
    let mut unlucky = Vec::new();
    for _ in 0..PORT_TRIES {
        let udp = UdpSocket::bind(address).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(taken) => error = taken,
        }
        unlucky.push(udp);
    }
    Err(error)
}

async fn serve_datagrams(socket: Arc<UdpSocket>, service: Arc<Service>) {
    let mut late = JoinSet::new();
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        service.datagrams.fetch_add(1, Ordering::Relaxed);
        while late.try_join_next().is_some() {}
        match (service.react)(buffer.get(..length).unwrap_or_default(), Transport::Udp) {
            Reaction::Send(messages, after) if after.is_zero() => send(&socket, peer, &messages).await,
            Reaction::Send(messages, after) if late.len() < MAX_LATE => {
                let socket = Arc::clone(&socket);
                late.spawn(async move {
                    tokio::time::sleep(after).await;
                    send(&socket, peer, &messages).await;
                });
            }
            Reaction::Send(..) | Reaction::Silence | Reaction::Close => {}
        }
    }
}

async fn send(socket: &UdpSocket, peer: SocketAddr, messages: &[Vec<u8>]) {
    for octets in messages {
        // The client may have closed its socket.
        let _ = socket.send_to(octets, peer).await;
    }
}

async fn serve_connections(listener: TcpListener, service: Arc<Service>) {
    let mut open = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        service.connections.fetch_add(1, Ordering::Relaxed);
        while open.try_join_next().is_some() {}
        if open.len() < MAX_CONNECTIONS {
            let service = Arc::clone(&service);
            open.spawn(async move {
                // An error ends the connection; nothing else follows from it.
                let _ = serve_connection(stream, &service).await;
            });
        }
    }
}

/// RFC 7766 §8: each message follows its length in two octets.
async fn serve_connection(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    loop {
        let octets = tokio::time::timeout(IDLE, read_message(&mut stream)).await??;
        match (service.react)(&octets, Transport::Tcp) {
            Reaction::Close => return Ok(()),
            Reaction::Silence => {}
            Reaction::Send(messages, after) => {
                tokio::time::sleep(after).await;
                for octets in messages {
                    let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
                    // In one piece: two segments would wait for each other (RFC 7766 §8).
                    stream.write_all(&[&length.to_be_bytes()[..], &octets].concat()).await?;
                }
            }
        }
    }
}

async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut octets = vec![0; length.into()];
    stream.read_exact(&mut octets).await?;
    Ok(octets)
}

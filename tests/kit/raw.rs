//! A name server on loopback whose responses a test chooses octet by octet: UDP and TCP on one port that the system chooses.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// What to do about one query.
pub enum Act {
    /// These octets, one datagram (or TCP message) each.
    Send(Vec<Vec<u8>>),
    /// The same, later.
    Later(Duration, Vec<Vec<u8>>),
    /// Nothing; TCP connections stay open.
    Silence,
    /// Nothing, and TCP connections are closed.
    Close,
}

impl From<Message> for Act {
    fn from(message: Message) -> Self {
        Self::Send(vec![message.to_vec().unwrap()])
    }
}

/// One query as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The first label, in lower case.
    pub label: String,
    /// The whole message.
    pub message: Message,
    /// Came by TCP.
    pub tcp: bool,
}

/// A running server; it stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
}

type Behave = dyn Fn(&Seen, usize) -> Act + Send + Sync;

impl Server {
    /// `behave` is given the query, and how many queries came before it.
    pub async fn start(behave: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            // The same port may be in use for TCP; then another port is tried.
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        Self::run(udp, Some(tcp), Arc::new(behave))
    }

    /// The same, with the TCP port closed.
    pub async fn start_without_tcp(behave: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::run(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), None, Arc::new(behave))
    }

    fn run(udp: UdpSocket, tcp: Option<TcpListener>, behave: Arc<Behave>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let address = udp.local_addr().unwrap();
        let mut tasks = vec![tokio::spawn(serve_udp(Arc::new(udp), behave.clone(), seen.clone()))];
        if let Some(tcp) = tcp {
            tasks.push(tokio::spawn(serve_tcp(tcp, behave, seen.clone(), connections.clone())));
        }
        Self { address, seen, connections, tasks }
    }

    /// Everything that came, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many TCP connections are open.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many datagrams, how many TCP queries.
    pub fn counts(&self) -> (usize, usize) {
        let seen = self.seen();
        let tcp = seen.iter().filter(|query| query.tcp).count();
        (seen.len() - tcp, tcp)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn note(octets: &[u8], tcp: bool, seen: &Mutex<Vec<Seen>>) -> (Seen, usize) {
    let message = Message::from_vec(octets).unwrap();
    let first = message.queries[0].name().iter().next().unwrap_or_default().to_vec();
    let query = Seen { label: String::from_utf8(first).unwrap().to_lowercase(), message, tcp };
    let mut seen = seen.lock().unwrap();
    seen.push(query.clone());
    (query, seen.len() - 1)
}

async fn serve_udp(socket: Arc<UdpSocket>, behave: Arc<Behave>, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = [0; 4096];
    loop {
        // A client that has closed its socket may cause an error here.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let (query, before) = note(&buffer[..length], false, &seen);
        let (delay, datagrams) = match behave(&query, before) {
            Act::Send(datagrams) => (Duration::ZERO, datagrams),
            Act::Later(delay, datagrams) => (delay, datagrams),
            Act::Silence | Act::Close => continue,
        };
        let socket = socket.clone();
        tokio::spawn(async move {
            // Even no time at all lasts until the next millisecond.
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            for datagram in datagrams {
                let _ = socket.send_to(&datagram, client).await;
            }
        });
    }
}

async fn serve_tcp(
    listener: TcpListener,
    behave: Arc<Behave>,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (behave, seen, connections) = (behave.clone(), seen.clone(), connections.clone());
        tokio::spawn(async move {
            connections.fetch_add(1, Ordering::Relaxed);
            serve_connection(stream, behave, seen).await;
            connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn serve_connection(mut stream: TcpStream, behave: Arc<Behave>, seen: Arc<Mutex<Vec<Seen>>>) {
    while let Ok(length) = stream.read_u16().await {
        let mut octets = vec![0; length.into()];
        stream.read_exact(&mut octets).await.unwrap();
        let (query, before) = note(&octets, true, &seen);
        let messages = match behave(&query, before) {
            Act::Send(messages) => messages,
            Act::Later(delay, messages) => {
                tokio::time::sleep(delay).await;
                messages
            }
            Act::Silence => continue,
            Act::Close => return,
        };
        for message in messages {
            // A client that has closed its connection is no error of this server.
            let _ = stream.write_u16(message.len().try_into().unwrap()).await;
            let _ = stream.write_all(&message).await;
        }
    }
}

/// An empty NOERROR response to the query, from a recursive server.
pub fn reply(query: &Seen) -> Message {
    let mut message = Message::new(query.message.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.recursion_available = true;
    message.add_queries(query.message.queries.iter().cloned());
    message
}

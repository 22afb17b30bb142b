//! A DNS server on loopback that answers from a table.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::{JoinHandle, JoinSet};

use crate::base::name::Name;
use crate::dns::Question;
use crate::testing::error::TableError;
use crate::testing::journal::Journal;
use crate::testing::lookup::Wanted;
use crate::testing::reply::ServerReply;
use crate::testing::table::Table;
use crate::testing::wire::{Reaction, Transport, react};

/// Ports that are tried until one is free for UDP and TCP.
const PORT_TRIES: usize = 32;
/// Answers that wait for their `after=`; what comes on top is lost, as on a busy server.
const MAX_LATE: usize = 16_384;
/// Open connections; what comes on top is closed.
const MAX_CONNECTIONS: usize = 256;
/// How long a connection may stay without a question (RFC 7766 §6.2.3).
const IDLE: Duration = Duration::from_secs(10);
/// A pause after an error of a socket, so that a lasting one does not eat the processor.
const PAUSE: Duration = Duration::from_millis(10);

/// A DNS server on the loopback interface that answers from a [`Table`], over UDP and TCP on one port. It stops when it is
/// dropped.
///
/// It keeps the case of names, sets RA, answers EDNS with a payload size of 1232, and truncates what does not fit. Questions on one
/// connection are answered in their order.
///
/// ```
/// use rdnsbl::testing::{LoopbackServer, Table};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let server = LoopbackServer::start(Table::parse("2.0.0.127.bl.example A 127.0.0.2")?).await?;
/// println!("dig @{} -p {} 2.0.0.127.bl.example", server.address().ip(), server.address().port());
/// server.set("2.0.0.127.bl.example SERVFAIL")?; // from now on
/// assert!(server.asked().is_empty());
/// # Ok(())
/// # })
/// # }
/// ```
pub struct LoopbackServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

/// What the tasks share.
struct Shared {
    state: Mutex<State>,
    datagrams: AtomicU64,
    connections: AtomicU64,
}

struct State {
    table: Table,
    journal: Journal,
}

impl LoopbackServer {
    /// Starts on a port that the system chooses. Needs a tokio runtime with I/O and time, and lives in it.
    ///
    /// # Errors
    /// Whatever the system says when there is no port to be had.
    pub async fn start(table: Table) -> io::Result<Self> {
        let (udp, tcp) = bind().await?;
        let address = udp.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State { table, journal: Journal::default() }),
            datagrams: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let tasks = [
            tokio::spawn(serve_datagrams(Arc::new(udp), Arc::clone(&shared))),
            tokio::spawn(serve_connections(tcp, Arc::clone(&shared))),
        ];
        Ok(Self { address, shared, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the table, as [`Table::set`] does. Delayed answers already on their way stay as they are.
    ///
    /// # Errors
    /// [`TableError`]; the table is then unchanged.
    pub fn set(&self, text: &str) -> Result<(), TableError> {
        self.shared.lock().table.set(text)
    }

    /// The questions so far, over UDP and TCP, in the order in which they came; of more than 65536, the latest. Those for
    /// types or names that this crate cannot ask are answered, but not listed.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.shared.lock().journal.list()
    }

    /// Starts the list of [`asked`](Self::asked) afresh.
    pub fn forget_asked(&self) {
        self.shared.lock().journal.forget();
    }

    /// How many datagrams have come, whatever was in them.
    #[must_use]
    pub fn datagrams(&self) -> u64 {
        self.shared.datagrams.load(Ordering::Relaxed)
    }

    /// How many TCP connections have come.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        // What these tasks have spawned goes with them.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for LoopbackServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn react(&self, octets: &[u8], transport: Transport) -> Reaction {
        react(octets, transport, |name, wanted| self.lookup(name, wanted))
    }

    fn lookup(&self, name: Option<Name>, wanted: Wanted) -> ServerReply {
        let mut state = self.lock();
        let Some(name) = name else { return state.table.find_impossible() };
        if let Wanted::Records(kind) = wanted {
            state.journal.note(Question::new(name.clone(), kind));
        }
        state.table.find(&name, wanted)
    }
}

/// One port for both. The system chooses it for UDP; somebody else may have it for TCP.
async fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    let mut error = io::Error::from(io::ErrorKind::AddrInUse);
    // All of them stay bound meanwhile, so that the system does not offer one twice.
    let mut unlucky = Vec::new();
    for _ in 0..PORT_TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(taken) => error = taken,
        }
        unlucky.push(udp);
    }
    Err(error)
}

async fn serve_datagrams(socket: Arc<UdpSocket>, shared: Arc<Shared>) {
    let mut late = JoinSet::new();
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        shared.datagrams.fetch_add(1, Ordering::Relaxed);
        while late.try_join_next().is_some() {}
        match shared.react(buffer.get(..length).unwrap_or_default(), Transport::Udp) {
            Reaction::Send(octets, after) if after.is_zero() => {
                // Who asked may be gone. That is no trouble of ours.
                let _ = socket.send_to(&octets, peer).await;
            }
            Reaction::Send(octets, after) if late.len() < MAX_LATE => {
                let socket = Arc::clone(&socket);
                late.spawn(async move {
                    tokio::time::sleep(after).await;
                    let _ = socket.send_to(&octets, peer).await;
                });
            }
            Reaction::Send(..) | Reaction::Silence | Reaction::Close => {}
        }
    }
}

async fn serve_connections(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        while open.try_join_next().is_some() {}
        if open.len() < MAX_CONNECTIONS {
            let shared = Arc::clone(&shared);
            open.spawn(async move {
                // A connection that breaks is over, whatever the reason.
                let _ = serve_connection(stream, &shared).await;
            });
        }
    }
}

/// RFC 7766 §8: each message behind its length in two octets.
async fn serve_connection(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    loop {
        let octets = tokio::time::timeout(IDLE, read_message(&mut stream)).await??;
        match shared.react(&octets, Transport::Tcp) {
            Reaction::Close => return Ok(()),
            Reaction::Silence => {}
            Reaction::Send(octets, after) => {
                tokio::time::sleep(after).await;
                let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
                // In one piece: two segments would wait for each other (RFC 7766 §8).
                stream.write_all(&[&length.to_be_bytes()[..], &octets].concat()).await?;
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

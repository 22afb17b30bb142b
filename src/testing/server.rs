//! A DNS server on loopback that answers from a table.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::name::Name;
use crate::dns::Question;
use crate::testing::error::TableError;
use crate::testing::journal::Journal;
use crate::testing::lookup::Wanted;
use crate::testing::reply::ServerReply;
use crate::testing::situations::Situation;
use crate::testing::sockets::{ANY_PORT, Sockets};
use crate::testing::table::Table;
use crate::testing::wire::react;

/// A DNS server on the loopback interface that answers from a [`Table`], over UDP and TCP on one port. It stops when it is
/// dropped.
///
/// It keeps the case of names, sets RA, answers EDNS with a payload size of 1232, and truncates answers that do not fit. Questions on
/// one connection are answered in their order.
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
    sockets: Sockets,
    shared: Arc<Shared>,
}

/// What the server and its sockets share.
struct Shared(Mutex<ServerState>);

struct ServerState {
    table: Table,
    journal: Journal,
}

impl LoopbackServer {
    /// Starts on a port that the system chooses. Needs a tokio runtime with I/O and time, and lives in it.
    ///
    /// # Errors
    /// The error of the operating system when no port is free.
    pub async fn start(table: Table) -> io::Result<Self> {
        Self::start_at(ANY_PORT, table).await
    }

    /// The same at an address of your choice, for programs that find their server in `/etc/resolv.conf`, where no port can
    /// stand: `127.0.0.53:53`, or any in a network namespace.
    ///
    /// # Errors
    /// The error of the operating system when the address is taken or its port needs a privilege; `InvalidInput` when it is no
    /// loopback address.
    pub async fn start_at(address: SocketAddr, table: Table) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a loopback address"));
        }
        let shared = Arc::new(Shared(Mutex::new(ServerState { table, journal: Journal::default() })));
        let served = Arc::clone(&shared);
        let sockets = Sockets::open(address, move |octets, transport| {
            react(octets, transport, |name, wanted| served.lookup(name, wanted))
        })
        .await?;
        Ok(Self { sockets, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.sockets.address()
    }

    /// Changes the table, as [`Table::set`] does. Delayed answers that already wait are not changed.
    ///
    /// # Errors
    /// [`TableError`]; the table is then unchanged.
    pub fn set(&self, text: &str) -> Result<(), TableError> {
        self.shared.lock().table.set(text)
    }

    /// Puts a list into this situation, as [`Scripted::situation`](crate::Scripted::situation) does.
    ///
    /// # Errors
    /// [`TableError`] when the zone is not a domain name; the table is then unchanged.
    ///
    /// ```
    /// use rdnsbl::testing::{LoopbackServer, Situation, Table};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let server = LoopbackServer::start(Table::parse("")?).await?;
    /// server.situation("bl.example", Situation::Sound, &[])?;
    /// // ... the program under test asks; then the list dies:
    /// server.situation("bl.example", Situation::ListsEverything, &[])?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn situation(&self, zone: &str, situation: Situation, listed: &[IpAddr]) -> Result<(), TableError> {
        self.set(&situation.table(zone, listed))
    }

    /// The questions so far, over UDP and TCP, in the order in which they arrived; if there are more than 65,536, the latest.
    /// Questions for types or names that this crate cannot ask are answered but not listed.
    ///
    /// A question that the resolver sends again, or asks again over TCP, is listed again. The server cannot tell it from a new
    /// one: a resolver changes port and id for each. Count different questions, not entries, where a slow machine may cause
    /// re-sends.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.shared.lock().journal.list()
    }

    /// Clears the list of [`asked`](Self::asked).
    pub fn forget_asked(&self) {
        self.shared.lock().journal.forget();
    }

    /// How many datagrams have arrived, whatever they contain.
    #[must_use]
    pub fn datagrams(&self) -> u64 {
        self.sockets.datagrams()
    }

    /// How many TCP connections have been accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.sockets.connections()
    }
}

impl fmt::Debug for LoopbackServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackServer").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, ServerState> {
        // No code under the lock panics in the middle of a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lookup(&self, name: Option<Name>, wanted: Wanted) -> ServerReply {
        let mut state = self.lock();
        let Some(name) = name else { return state.table.find_unknown() };
        if let Wanted::Records(kind) = wanted {
            state.journal.note(Question::new(name.clone(), kind));
        }
        state.table.find(&name, wanted)
    }
}

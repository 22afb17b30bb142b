//! Listeners, and how many connections they may have.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use crate::config::{Fixed, Listen};
use crate::daemon::connection::{Connection, Idle, Peer};
use crate::daemon::log::Level;
use crate::daemon::program::Program;
use crate::daemon::systemd::Inherited;

/// A pause after an error of a listener, so that a permanent one (no free descriptor) does not use all CPU time.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a new connection looks for the place of an idle one, with that pause in between.
const TRIES: usize = 10;
/// The log says that there is no place at most once in this time.
const FULL_LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Connections that look for a place at the same time; further ones are closed.
const WAITING: usize = 64;

/// One open listener.
pub(crate) enum Listener {
    Unix(UnixListener),
    Inet(TcpListener),
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                write!(f, "unix:{}", path.map_or_else(|| "-".into(), |path| path.to_string_lossy()))
            }
            Self::Inet(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "inet:{address}"),
                Err(_) => f.write_str("inet:-"),
            },
        }
    }
}

/// Our own sockets in the file system; they are removed when this is dropped.
#[derive(Default)]
pub(crate) struct SocketFiles(Vec<PathBuf>);

impl Drop for SocketFiles {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Opens what systemd has not. Errors name the listener.
pub(crate) async fn open(fixed: &Fixed, inherited: Vec<Inherited>) -> Result<(Vec<Listener>, SocketFiles), String> {
    let mut files = SocketFiles::default();
    let mut listeners = Vec::new();
    for socket in inherited {
        listeners.push(adopt(socket).map_err(|error| format!("socket of systemd: {error}"))?);
    }
    if !listeners.is_empty() {
        return Ok((listeners, files));
    }
    for listen in &fixed.listen {
        listeners.push(match listen {
            Listen::Inet(address) => {
                Listener::Inet(TcpListener::bind(address).await.map_err(|error| format!("inet:{address}: {error}"))?)
            }
            Listen::Unix(path) => {
                let name = |error: io::Error| format!("unix:{}: {error}", path.display());
                remove_left_over(path).map_err(name)?;
                let listener = UnixListener::bind(path).map_err(name)?;
                files.0.push(path.clone());
                fs::set_permissions(path, fs::Permissions::from_mode(fixed.socket_mode)).map_err(name)?;
                Listener::Unix(listener)
            }
        });
    }
    if listeners.is_empty() {
        return Err("nothing to listen on: set listen, or start through a socket unit of systemd".to_owned());
    }
    Ok((listeners, files))
}

fn adopt(socket: Inherited) -> io::Result<Listener> {
    Ok(match socket {
        Inherited::Unix(socket) => {
            socket.set_nonblocking(true)?;
            Listener::Unix(UnixListener::from_std(socket)?)
        }
        Inherited::Inet(socket) => {
            socket.set_nonblocking(true)?;
            Listener::Inet(TcpListener::from_std(socket)?)
        }
    })
}

/// Removes a socket on which no process listens any more.
fn remove_left_over(path: &std::path::Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(file) if file.file_type().is_socket() => {}
        Ok(_) => return Err(io::Error::other("there is a file that is no socket")),
        // Binding says what is wrong with the path.
        Err(_) => return Ok(()),
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::Error::other("another process listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// Serves every listener until it is dropped.
pub(crate) async fn serve<P: Program>(listener: Listener, shared: Arc<Shared<P>>) {
    loop {
        let accepted = match &listener {
            Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                start(stream, None, &shared);
            }),
            Listener::Inet(listener) => listener.accept().await.map(|(stream, peer)| {
                let _ = stream.set_nodelay(true);
                start(stream, Some(peer.ip().to_canonical()), &shared);
            }),
        };
        if let Err(error) = accepted {
            shared.program.core().log.line(Level::Error, format_args!("cannot accept a connection: {error}"));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The places that all connections together have.
pub(crate) struct Places {
    taken: Arc<Semaphore>,
    /// Connections that wait for a place.
    waiting: Arc<Semaphore>,
    all: u32,
    /// When the log last said that there is no place.
    full_logged: Mutex<Option<Instant>>,
}

impl Places {
    pub(crate) fn new(connections: usize) -> Self {
        let all = u32::try_from(connections).unwrap_or(u32::MAX);
        Self {
            taken: Arc::new(Semaphore::new(connections)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            all,
            full_logged: Mutex::default(),
        }
    }

    /// Waits until every connection has ended.
    pub(crate) async fn all_free(&self) {
        let _ = self.taken.acquire_many(self.all).await;
    }

    /// Is it time to say in the log that there is no place?
    fn may_log_full(&self) -> bool {
        let mut logged = self.full_logged.lock().unwrap_or_else(PoisonError::into_inner);
        let due = logged.is_none_or(|at| at.elapsed() >= FULL_LOG_INTERVAL);
        if due {
            *logged = Some(Instant::now());
        }
        due
    }

    /// A place, if necessary that of the connection that has been idle for longest.
    async fn take<P: Program>(&self, shared: &Shared<P>) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.taken).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        for _ in 0..TRIES {
            if shared.idle.close_one() {
                shared.program.core().metrics.evicted.one();
            }
            if let Ok(place) = tokio::time::timeout(PAUSE, Arc::clone(&self.taken).acquire_owned()).await {
                return place.ok();
            }
        }
        None
    }
}

/// What all connections share.
pub(crate) struct Shared<P> {
    pub(crate) program: Arc<P>,
    pub(crate) places: Places,
    pub(crate) idle: Arc<Idle>,
    pub(crate) stop: watch::Receiver<bool>,
}

fn start<P: Program>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    shared: &Arc<Shared<P>>,
) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let core = shared.program.core();
        let Some(_place) = shared.places.take(&shared).await else {
            core.metrics.turned_away.one();
            if shared.places.may_log_full() {
                core.log.line(Level::Warning, "no room for another connection, and none is idle: raise connections");
            }
            return;
        };
        let connection = Connection {
            peer,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            idle: Arc::clone(&shared.idle),
            close: Arc::new(Notify::new()),
            stop: shared.stop.clone(),
        };
        core.metrics.connections.one();
        if let Err(error) = shared.program.serve(connection, stream).await {
            core.metrics.malformed.one();
            let from = peer.map_or_else(|| "a unix socket".to_owned(), |peer| peer.to_string());
            core.log.line(Level::Warning, format_args!("connection from {from} closed: {error}"));
        }
        core.metrics.connections.less();
    });
}

//! A stub resolver (RFC 9499 §6): asks recursive servers, and tells what they said.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use super::datagram::Provider;
use super::{BoxFuture, Resolve, exchange};
use crate::dns::{Answer, Question};

/// Where the servers of a system are listed.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The port of DNS (RFC 1035 §4.2).
const PORT: u16 = 53;
/// Re-sends closer than this are a flood.
const LEAST_RESEND: Duration = Duration::from_millis(10);
/// No mail server waits longer for one question.
const MOST_TOTAL: Duration = Duration::from_secs(600);

/// Asks recursive servers over UDP, and over TCP what does not fit.
///
/// * One datagram per question, also with several servers, unless it is lost or a server cannot tell.
/// * Servers are asked in order. SERVFAIL, REFUSED, another code that is no answer, an unusable response or a network error
///   sends the question to the next server at once; silence after [`Timeouts::resend`], then twice that and so on, starting
///   over after the last. Earlier sends stay open: any answer before the end counts.
/// * When no server could tell, the most telling failure is told: a response before silence, whatever came first.
/// * NXDOMAIN and NODATA are answers. A CNAME chain that a server leaves unfinished is asked on, at most 16 links in all.
/// * Truncated answers are fetched over TCP from the same server, in the same time; a part of an answer is never taken.
/// * Names go out as they are: no search list, no hosts file, no special names, no cache.
/// * The SOA record of a question for [`RecordType::Soa`](crate::dns::RecordType::Soa) is told as NODATA's SOA.
///
/// It needs a tokio runtime with time and I/O when it is asked, not when it is made. Dropping the answer's future closes its
/// sockets.
///
/// **Keys.** Answers and errors never show a secret label. The library beneath logs whole names through `tracing`: switch
/// off the targets `hickory_net`, `hickory_proto` and `hickory_resolver` where lists with keys are asked.
///
/// **Limits.** A datagram larger than 1232 octets that is not marked as truncated is malformed.
///
/// ```no_run
/// use rdnsbl::dns::{Question, RecordType};
/// use rdnsbl::name::Name;
/// use rdnsbl::resolve::{Resolve, Stub};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = Stub::system()?;
/// let question = Question::new(Name::parse("example.org")?, RecordType::Mx);
/// println!("{}", resolver.resolve(&question).await);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Stub {
    servers: Arc<[SocketAddr]>,
    origin: Origin,
    timeouts: Timeouts,
    provider: Provider,
}

impl Stub {
    /// Asks these servers, in this order. A server named twice is asked as one.
    ///
    /// # Errors
    /// [`ResolverError::NoServers`] when there are none.
    pub fn servers(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ResolverError> {
        let mut unique = Vec::new();
        for server in servers {
            if !unique.contains(&server) {
                unique.push(server);
            }
        }
        if unique.is_empty() {
            return Err(ResolverError::NoServers);
        }
        Ok(Self::new(unique, Origin::Given))
    }

    /// Asks the servers of `/etc/resolv.conf`, read once, now.
    ///
    /// # Errors
    /// [`ResolverError::Unreadable`] when the file cannot be read.
    pub fn system() -> Result<Self, ResolverError> {
        match std::fs::read(RESOLV_CONF) {
            Ok(text) => Ok(Self::from_resolv_conf(&String::from_utf8_lossy(&text))),
            Err(source) => Err(ResolverError::Unreadable { path: RESOLV_CONF, source }),
        }
    }

    /// Asks the servers of a text in the format of `/etc/resolv.conf`. Only its `nameserver` lines count, and of these only
    /// addresses (with a numeric scope, as in `fe80::1%2`); where there are none, as with an empty file, 127.0.0.1 is asked.
    ///
    /// ```
    /// use rdnsbl::resolve::{Origin, Stub};
    ///
    /// let stub = Stub::from_resolv_conf("search ..broken..\nnameserver 192.0.2.53 # near\nnameserver ::1\n");
    /// assert_eq!(stub.server_addresses(), ["192.0.2.53:53".parse()?, "[::1]:53".parse()?]);
    /// assert_eq!(Stub::from_resolv_conf("").origin(), Origin::ResolvConfEmpty);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn from_resolv_conf(text: &str) -> Self {
        match Self::servers(text.lines().filter_map(server_of_line)) {
            Ok(stub) => Self { origin: Origin::ResolvConf, ..stub },
            Err(_) => Self::new(vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)], Origin::ResolvConfEmpty),
        }
    }

    fn new(servers: Vec<SocketAddr>, origin: Origin) -> Self {
        Self { servers: servers.into(), origin, timeouts: Timeouts::default(), provider: Provider::default() }
    }

    /// The same servers, with other patience.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The servers in the order in which they are asked; never empty.
    #[must_use]
    pub fn server_addresses(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// Where the servers come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// How long it waits.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(super) fn provider(&self) -> Provider {
        self.provider.clone()
    }
}

impl Resolve for Stub {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(exchange::ask(self, question))
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub")
            .field("servers", &self.servers)
            .field("origin", &self.origin)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// The server of a `nameserver` line.
fn server_of_line(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace();
    if words.next()? != "nameserver" {
        return None;
    }
    let word = words.next()?;
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, PORT));
    }
    // RFC 4007 §11: a link-local address needs to say of which link.
    let (address, scope) = word.split_once('%')?;
    Some(SocketAddrV6::new(address.parse().ok()?, PORT, 0, scope.parse().ok()?).into())
}

/// Where the servers of a [`Stub`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The caller named them.
    Given,
    /// The `nameserver` lines of a resolv.conf.
    ResolvConf,
    /// A resolv.conf without usable `nameserver` lines: 127.0.0.1 is asked, as the C library does.
    ResolvConfEmpty,
}

/// How long a [`Stub`] waits.
///
/// ```
/// use std::time::Duration;
/// use rdnsbl::resolve::Timeouts;
///
/// let timeouts = Timeouts::default().with_total(Duration::from_secs(2));
/// assert_eq!(timeouts.resend(), Duration::from_millis(400));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    resend: Duration,
    total: Duration,
}

impl Timeouts {
    /// Waits this long for the first send before the next goes out; each later wait is twice the one before. At least 10 ms.
    #[must_use]
    pub fn with_resend(self, resend: Duration) -> Self {
        Self { resend: resend.max(LEAST_RESEND), ..self }
    }

    /// Gives up on a question after this long, TCP and CNAME chains included. At most 10 minutes.
    #[must_use]
    pub fn with_total(self, total: Duration) -> Self {
        Self { total: total.min(MOST_TOTAL), ..self }
    }

    /// The wait for the first send.
    #[must_use]
    pub fn resend(self) -> Duration {
        self.resend
    }

    /// The time for one question.
    #[must_use]
    pub fn total(self) -> Duration {
        self.total
    }
}

impl Default for Timeouts {
    /// Re-sends after 400 ms, 1.2 s and 2.8 s; gives up after 4 s.
    fn default() -> Self {
        Self { resend: Duration::from_millis(400), total: Duration::from_secs(4) }
    }
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolverError {
    /// An empty list of servers was given.
    #[error("no server to ask")]
    NoServers,
    /// The system's list of servers could not be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf() {
        let servers = |text: &str| {
            let stub = Stub::from_resolv_conf(text);
            (stub.server_addresses().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), stub.origin())
        };
        let read = |list: &str| (list.to_owned(), Origin::ResolvConf);
        let empty = ("127.0.0.1:53".to_owned(), Origin::ResolvConfEmpty);
        for none in [
            "",
            "# nothing\n",
            "nameserver",
            "nameserver resolver.example",
            "nameserver 127.0.0.1:5353",
            "nameservers ::1",
        ] {
            assert_eq!(servers(none), empty, "{none}");
        }
        assert_eq!(servers("search ..\noptions timeout:0\r\nnameserver\t192.0.2.1\r\n"), read("192.0.2.1:53"));
        assert_eq!(servers("#nameserver 192.0.2.9\n nameserver 192.0.2.1 ; near"), read("192.0.2.1:53"));
        assert_eq!(servers("nameserver fe80::1%3\nnameserver fe80::1%eth0"), read("[fe80::1%3]:53"));
        assert_eq!(
            servers("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.1\n"),
            read("192.0.2.1:53 192.0.2.2:53")
        );
    }

    #[test]
    fn needs_no_runtime_to_be_made() {
        fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
        assert!(matches!(Stub::servers([]), Err(ResolverError::NoServers)));
        let stub = Stub::servers(["192.0.2.1:53".parse().unwrap()]).unwrap();
        shared(&stub);
        assert_eq!(stub.origin(), Origin::Given);
        let odd = Timeouts::default().with_resend(Duration::ZERO).with_total(Duration::MAX);
        assert_eq!((odd.resend(), odd.total()), (LEAST_RESEND, MOST_TOTAL));
    }
}

//! A stub resolver (RFC 9499 §6): asks recursive servers, and tells what they said.

#[cfg(feature = "hickory")]
pub(crate) mod exchange;
#[cfg(feature = "hickory")]
pub(crate) mod socket;

use std::fmt;
use std::net::SocketAddr;

use crate::dns::{Answer, Question};
use crate::resolve::servers::{Origin, ResolverError, Servers};
use crate::resolve::stub::socket::Provider;
use crate::resolve::timeouts::Timeouts;
use crate::resolve::{BoxFuture, Resolve};

/// Asks recursive servers over UDP, and over TCP what does not fit.
///
/// * One datagram per question, also with several servers, unless it is lost or a server cannot tell.
/// * Servers are asked in order. SERVFAIL, REFUSED, another code that is no answer, an unusable response or a network error
///   sends the question to the next server at once; silence after [`Timeouts::resend`], then twice that and so on, starting
///   over after the last. Earlier sends stay open: any answer before the end counts.
/// * When no server could tell, the most telling failure is told: a response before silence, whatever came first.
/// * NXDOMAIN and NODATA are answers. A CNAME chain that a server leaves unfinished is asked on, at most 16 links in all.
/// * Truncated answers, and datagrams larger than 1232 octets, are fetched over TCP from the same server, in the same time; a part of
///   an answer is never taken.
/// * Questions carry an OPT record (RFC 6891). FORMERR or NOTIMP without one sends the question to the same server once more, without
///   it. Nothing of that is remembered.
/// * Names go out as they are: no search list, no hosts file, no special names, no cache.
/// * The SOA record of a question for [`RecordType::Soa`](crate::dns::RecordType::Soa) is told as NODATA's SOA.
///
/// It needs a tokio runtime with time and I/O when it is asked, not when it is made. Dropping the answer's future closes its
/// sockets. They are read in the runtime in which the future was first polled: when that one stands still, who waits for the same
/// answer in another one waits until his own time is up.
///
/// **Keys.** Answers and errors never show a secret label. The library beneath logs whole names through `tracing`: switch
/// off the targets `hickory_net`, `hickory_proto` and `hickory_resolver` where lists with keys are asked.
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
    servers: Servers,
    timeouts: Timeouts,
    provider: Provider,
}

impl Stub {
    /// Asks these servers, in this order. A server named twice is asked as one.
    ///
    /// # Errors
    /// [`ResolverError::NoServers`] when there are none.
    pub fn servers(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ResolverError> {
        Servers::given(servers).map(Self::new)
    }

    /// Asks the servers of `/etc/resolv.conf`, read once, now.
    ///
    /// # Errors
    /// [`ResolverError::Unreadable`] when the file cannot be read.
    pub fn system() -> Result<Self, ResolverError> {
        Servers::system().map(Self::new)
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
        Self::new(Servers::from_resolv_conf(text))
    }

    fn new(servers: Servers) -> Self {
        Self { servers, timeouts: Timeouts::default(), provider: Provider::default() }
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
        &self.servers.addresses
    }

    /// Where the servers come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.servers.origin
    }

    /// How long it waits.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    fn setup(&self) -> exchange::Setup<'_> {
        exchange::Setup { servers: &self.servers.addresses, timeouts: self.timeouts, provider: &self.provider }
    }
}

impl Resolve for Stub {
    fn resolve<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(exchange::ask(self.setup(), question))
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub")
            .field("servers", &self.servers.addresses)
            .field("origin", &self.servers.origin)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_no_runtime_to_be_made() {
        fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
        assert!(matches!(Stub::servers([]), Err(ResolverError::NoServers)));
        let stub = Stub::servers(["192.0.2.1:53".parse().unwrap()]).unwrap();
        shared(&stub);
        assert_eq!(stub.origin(), Origin::Given);
    }
}

//! A stub resolver (RFC 9499 §6): asks recursive servers and returns their answers.

#[cfg(feature = "hickory")]
pub(crate) mod exchange;
#[cfg(feature = "hickory")]
pub(crate) mod socket;

use std::fmt;
use std::net::SocketAddr;

use crate::dns::{Answer, Question};
use crate::resolve::servers::{ResolverError, Servers, ServersOrigin, impl_servers};
use crate::resolve::stub::socket::Provider;
use crate::resolve::timeouts::Timeouts;
use crate::resolve::{BoxFuture, Resolve};

/// Asks recursive servers over UDP, and over TCP when the answer does not fit.
///
/// * One datagram per question, also with several servers, unless it is lost or a server has no answer.
/// * Servers are asked in order. SERVFAIL, REFUSED, another error code, an unusable response or a network error
///   sends the question to the next server at once. Without a response, it is sent to the next server after [`Timeouts::resend`],
///   then after twice that and so on, and to the first one again after the last. Earlier datagrams stay valid: any answer before the
///   deadline counts.
/// * When no server has an answer, the failure that says most is returned: a response rather than a timeout, in whatever order they came.
/// * NXDOMAIN and NODATA are answers. A CNAME chain that a server leaves unfinished is followed with further questions, at most 16 links in all.
/// * Truncated answers, and datagrams larger than 1232 octets, are fetched over TCP from the same server, with the same deadline. A
///   partial answer is never used.
/// * Questions carry an OPT record (RFC 6891). FORMERR or NOTIMP without one sends the question to the same server once more, without
///   it. It does not remember this for later questions.
/// * Names are asked as they are: no search list, no hosts file, no special names, no cache.
/// * The answer to a question for [`RecordType::Soa`](crate::dns::RecordType::Soa) is NODATA with that SOA record.
///
/// It needs a tokio runtime with time and I/O when it is asked, not when it is created. Dropping the future of an answer closes its
/// sockets. They are read in the runtime in which the future was first polled. If that runtime stops, a task in another runtime
/// that waits for the same answer waits until its own deadline.
///
/// **Limits.** At most 64 servers are asked: the first 64 of those given.
///
/// **Keys.** Answers and errors never show a secret label. The hickory libraries log whole names through `tracing`: if you ask
/// lists with keys, switch off the targets `hickory_net`, `hickory_proto` and `hickory_resolver`.
///
/// ```no_run
/// use rdnsbl::dns::{Question, RecordType};
/// use rdnsbl::name::Name;
/// use rdnsbl::resolve::{Resolve, Stub};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = Stub::system()?;
/// let question = Question::new(Name::parse("example.org")?, RecordType::Mx);
/// println!("{}", resolver.resolve(question.clone()).await);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Stub {
    servers: Servers,
    timeouts: Timeouts,
    provider: Provider,
}

impl_servers!(Stub);

impl Stub {
    fn new(servers: Servers) -> Self {
        Self { servers, timeouts: Timeouts::default(), provider: Provider::default() }
    }

    /// The same servers, with these timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The timeouts.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }
}

impl Resolve for Stub {
    fn resolve(&self, question: Question) -> BoxFuture<'static, Answer> {
        let stub = self.clone();
        Box::pin(async move { exchange::ask(&stub.servers.addresses, stub.timeouts, &stub.provider, &question).await })
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
        assert_eq!(stub.origin(), ServersOrigin::Given);
    }
}

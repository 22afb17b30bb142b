//! Checks whether a resolver keeps the rules of [`Resolve`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use futures::future::join_all;
use tokio::sync::oneshot;

use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind, Question, RecordType};
use crate::resolve::Resolve;
use crate::testing::shapes::{self, AnswerShape, CHANGED, WORLD, forge, is_forged, lie};
use crate::testing::sockets::{ANY_PORT, Sockets};
use crate::testing::table::Table;
use crate::testing::wire::{Reaction, Transport, react};

/// An answer of a resolver that is not the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What the server sent, in a few words: "a CNAME loop".
    pub shape: &'static str,
    /// The right answer. Where it is a failure, any other one may be as good.
    pub expected: Answer,
    /// The resolver's answer.
    pub found: Answer,
}

/// Holds a resolver against 31 shapes of responses, and returns what it gets wrong. For tests of a [`Resolve`] of your own.
///
/// `make` is given the address of a server on loopback, and returns a resolver that asks it over UDP and TCP. The shapes are those
/// that the rules of [`Resolve`] are about: records, negative answers with and without SOA, error codes, silence, truncated
/// responses, CNAME chains and loops, responses to other questions, forged responses, `localhost`, names with a key, and a record
/// that changes. Extended DNS errors and the AD bit are optional, and not looked at.
///
/// The questions are asked at the same time; one of them is never answered, so this takes as long as the resolver waits. The
/// server has a thread of its own: the resolver may block, and needs no runtime for the server's sake.
///
/// # Errors
/// The operating system has no thread or port for the server.
///
/// ```
/// use rdnsbl::resolve::{Direct, Timeouts};
/// use rdnsbl::testing::check_resolver;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let timeouts = Timeouts::default().with_total(std::time::Duration::from_secs(2));
/// let wrong = check_resolver(|server| Direct::servers([server]).unwrap().with_timeouts(timeouts)).await?;
/// assert!(wrong.is_empty(), "{wrong:#?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn check_resolver<R: Resolve>(make: impl FnOnce(SocketAddr) -> R) -> io::Result<Vec<Mismatch>> {
    let table = Table::parse(WORLD).map_err(io::Error::other)?;
    let shapes = shapes::all().map_err(io::Error::other)?;
    let changes = Question::new(Name::parse("changes.shapes.test").map_err(io::Error::other)?, RecordType::A);
    let table = Arc::new(Mutex::new(table));
    let server = TestServer::start(Arc::clone(&table))?;
    let resolver = make(server.address);
    let answers = join_all(shapes.iter().map(|shape| resolver.resolve(shape.question.clone()))).await;
    let mut wrong: Vec<Mismatch> =
        shapes.into_iter().zip(answers).filter_map(|(shape, found)| shape.mismatch(found)).collect();
    // Nothing may be cached: the second answer is not the first one.
    resolver.resolve(changes.clone()).await;
    let (answer, changed) = {
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        table.set(CHANGED).map_err(io::Error::other)?;
        (table.lookup(&changes).answer(), changes)
    };
    let found = resolver.resolve(changed.clone()).await;
    let shape = AnswerShape { name: "a record that has changed", question: changed, answer, any_failure: false };
    wrong.extend(shape.mismatch(found));
    Ok(wrong)
}

impl Mismatch {
    /// Is the answer a fact that the server has not stated? A failure in its place would have been safe. Such an answer makes
    /// verdicts wrong; a needless failure only leaves them unknown.
    ///
    /// ```
    /// use rdnsbl::resolve::{BoxFuture, Resolve};
    /// use rdnsbl::testing::check_resolver;
    /// use rdnsbl::{Answer, Failure, Question};
    ///
    /// struct Deaf; // never asks
    ///
    /// impl Resolve for Deaf {
    ///     fn resolve(&self, _: Question) -> BoxFuture<'static, Answer> {
    ///         Box::pin(async { Answer::failed(Failure::Timeout) })
    ///     }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let wrong = check_resolver(|_server| Deaf).await?;
    /// assert!(!wrong.is_empty() && wrong.iter().all(|mismatch| !mismatch.is_false_answer()));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_false_answer(&self) -> bool {
        self.found.failure().is_none()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.shape, Detailed(&self.expected), Detailed(&self.found))
    }
}

/// An answer with its TTL, SOA and owner.
struct Detailed<'a>(&'a Answer);

impl fmt::Display for Detailed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        match self.0.kind() {
            AnswerKind::Records(set) => {
                write!(f, " (TTL {}", set.ttl().as_secs())?;
                if let Some(owner) = set.canonical() {
                    write!(f, ", of {owner}")?;
                }
                f.write_str(")")
            }
            AnswerKind::NoData(Some(soa)) | AnswerKind::NxDomain(Some(soa)) => {
                write!(f, " (SOA of {}, TTL {})", soa.owner(), soa.negative_ttl().as_secs())
            }
            AnswerKind::NoData(None) | AnswerKind::NxDomain(None) => f.write_str(" (no SOA)"),
            AnswerKind::Failed(_) => Ok(()),
        }
    }
}

impl AnswerShape {
    fn mismatch(self, found: Answer) -> Option<Mismatch> {
        let right = self.answer.kind() == found.kind() || (self.any_failure && found.failure().is_some());
        (!right).then_some(Mismatch { shape: self.name, expected: self.answer, found })
    }
}

/// The server, in a thread of its own. It stops when this is dropped.
struct TestServer {
    address: SocketAddr,
    _running: oneshot::Sender<()>,
}

impl TestServer {
    fn start(table: Arc<Mutex<Table>>) -> io::Result<Self> {
        let (_running, stop) = oneshot::channel();
        let (opened, address) = mpsc::channel();
        std::thread::Builder::new().name("check_resolver".to_owned()).spawn(move || {
            let served = || -> io::Result<_> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let sockets = runtime
                    .block_on(Sockets::open(ANY_PORT, move |octets, transport| answer(octets, transport, &table)))?;
                Ok((runtime, sockets))
            };
            match served() {
                Ok((runtime, sockets)) => {
                    if opened.send(Ok(sockets.address())).is_ok() {
                        // Ends when the sender is dropped.
                        let _ = runtime.block_on(stop);
                    }
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        })?;
        let address = address.recv().map_err(io::Error::other)??;
        Ok(Self { address, _running })
    }
}

/// What the server does about a message.
fn answer(octets: &[u8], transport: Transport, table: &Mutex<Table>) -> Reaction {
    let mut forged = false;
    let reaction = react(octets, transport, |name, wanted| {
        let table = table.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(name) = name else { return table.find_unknown() };
        forged = transport == Transport::Udp && is_forged(&name);
        lie(&name).unwrap_or_else(|| table.find(&name, wanted))
    });
    match reaction {
        Reaction::Send(messages, after) if forged => {
            let lies: Vec<Vec<u8>> = messages.iter().map(|message| forge(message)).collect();
            Reaction::Send([lies, messages].concat(), after)
        }
        other => other,
    }
}

//! DNS messages without I/O, for a program with sockets of its own: DNS over TLS or HTTPS, a blocking socket, an event loop.
//!
//! [`Query`] is one question as a message (RFC 1035 §4.1). It reads what comes back, and [`Received`] says what to do next. The
//! ids, truncated responses, CNAME chains and servers without EDNS (RFC 6891) are its work. What is left for the program:
//!
//! * Send over UDP from a socket that is connected to the server, on a port that the system chose for this question or for a few
//!   (RFC 5452 §9.2). Give [`read_udp`](Query::read_udp) whole datagrams: a buffer of [`UDP_BUFFER`] octets is enough.
//! * Keep one deadline for a question, whatever arrives. Send the same octets again when no response has come in time.
//! * When the answer is a failure, ask another server, if there is one, with a new [`Query`].
//!
//! ```
//! use std::net::UdpSocket;
//! use std::time::{Duration, Instant};
//!
//! use rdnsbl::resolve::wire::{Query, Received, UDP_BUFFER};
//! use rdnsbl::{Answer, Failure, Name, Question, RecordType};
//!
//! # let server = UdpSocket::bind("127.0.0.1:0")?;
//! # let address = server.local_addr()?;
//! # let played = std::thread::spawn(move || {
//! #     let mut octets = [0; 512];
//! #     let (length, client) = server.recv_from(&mut octets).unwrap();
//! #     (octets[2], octets[3]) = (0x81, 0x83); // a response, NXDOMAIN
//! #     server.send_to(&octets[..length], client).unwrap();
//! # });
//! let socket = UdpSocket::bind("127.0.0.1:0")?;
//! socket.connect(address)?;
//! let deadline = Instant::now() + Duration::from_secs(4);
//!
//! let mut query = Query::new(&Question::new(Name::parse("2.0.0.127.bl.example")?, RecordType::A))?;
//! let mut buffer = [0; UDP_BUFFER];
//! socket.send(query.octets())?;
//! let answer = loop {
//!     let left = deadline.saturating_duration_since(Instant::now());
//!     socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
//!     let Ok(length) = socket.recv(&mut buffer) else { break Answer::failed(Failure::Timeout) };
//!     match query.read_udp(&buffer[..length]) {
//!         Received::NotOurs => {} // late or forged: wait for the next one
//!         Received::AskOverTcp => break Answer::failed(Failure::Truncated), // or connect: see `Query::octets_for_tcp`
//!         Received::AskNext(next) => {
//!             query = next;
//!             socket.send(query.octets())?;
//!         }
//!         Received::Answer(answer) => break answer,
//!     }
//! };
//! assert_eq!(answer, Answer::nx_domain(None));
//! # played.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(in crate::resolve) mod classify;
pub(in crate::resolve) mod codec;
pub(in crate::resolve) mod rdata;

use std::{fmt, io};

use crate::dns::{Answer, Failure, Question};
use crate::resolve::wire::classify::{Chain, Classified, octets_refuse_opt};
use crate::resolve::wire::codec::{AskedName, Edns, MAX_PAYLOAD, Match};

/// Octets of a buffer for datagrams: one more than the largest response that a [`Query`] allows (1,232, RFC 9715 §3.2), so that a
/// longer one is noticed.
pub const UDP_BUFFER: usize = MAX_PAYLOAD + 1;

/// One question to a server, as a message (RFC 1035 §4.1), which also reads the response.
///
/// It asks for recursion and for the AD bit (RFC 6840 §5.7), and has an OPT record (RFC 6891) without options. `Debug` shows no key.
///
/// ```
/// use rdnsbl::resolve::wire::{Query, Received};
/// use rdnsbl::{Answer, Name, Question, RecordType, dns::Failure};
///
/// let query = Query::new(&Question::new(Name::parse("bl.example")?, RecordType::A))?;
/// let mut response = query.octets().to_vec();
/// response[2..4].copy_from_slice(&[0x81, 0x82]); // a response, SERVFAIL
/// assert!(matches!(query.read_udp(&response), Received::Answer(answer) if answer == Answer::failed(Failure::ServFail)));
/// response[0] ^= 1; // another id
/// assert!(matches!(query.read_udp(&response), Received::NotOurs));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Query {
    question: Question,
    /// Leads to the name this query asks for; `None` when it asks for the name of the question.
    chain: Option<Box<Chain>>,
    edns: Edns,
    /// The id that the caller chose; otherwise each query draws its own.
    chosen_id: Option<u16>,
    octets: Vec<u8>,
}

/// What octets from a server mean for a [`Query`].
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a program has to handle each of them")]
pub enum Received {
    /// They are not the response to this query: late, or forged (RFC 5452 §9.1). Ignore them and keep waiting.
    NotOurs,
    /// The response does not fit a datagram. Send [`Query::octets_for_tcp`] to the same server over TCP (RFC 7766 §5), and give what
    /// comes back to [`Query::read_tcp`]. Nothing else in the response counts.
    AskOverTcp,
    /// The question goes on: send this query to the same server. The response ends in the middle of a CNAME chain (RFC 1034
    /// §3.6.2), or the server does not know OPT records (RFC 6891 §7). At most 17 of these follow one question.
    AskNext(Query),
    /// The answer, or the failure.
    Answer(Answer),
}

impl Query {
    /// The query for a question, with an id that nobody can guess (RFC 5452 §9.2).
    ///
    /// # Errors
    /// The operating system has no random octets.
    pub fn new(question: &Question) -> io::Result<Self> {
        Self::build(question.clone(), None, Edns::Yes, None)
    }

    /// The same query, with this id; so are those that [`Received::AskNext`] holds. For DNS over HTTPS, where it is 0 (RFC 8484
    /// §4.1), and for connections with many queries in flight.
    ///
    /// ```
    /// # use rdnsbl::{Name, Question, RecordType, resolve::wire::Query};
    /// let query = Query::new(&Question::new(Name::parse("bl.example")?, RecordType::A))?.with_id(0);
    /// assert_eq!(query.octets()[..2], [0, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_id(mut self, id: u16) -> Self {
        self.chosen_id = Some(id);
        if let Some(place) = self.octets.first_chunk_mut() {
            *place = id.to_be_bytes();
        }
        self
    }

    fn build(question: Question, chain: Option<Box<Chain>>, edns: Edns, chosen_id: Option<u16>) -> io::Result<Self> {
        let id = match chosen_id {
            Some(id) => id,
            None => {
                let mut random = [0; 2];
                getrandom::fill(&mut random).map_err(io::Error::other)?;
                u16::from_be_bytes(random)
            }
        };
        let asked = match &chain {
            Some(chain) => AskedName::Wire(chain.last()),
            None => AskedName::Name(&question.name),
        };
        let octets = codec::encoded(id, asked, question.record_type, edns);
        Ok(Self { question, chain, edns, chosen_id, octets })
    }

    /// The message, for a datagram or the body of an HTTP request. It holds the key of a commercial list: do not log it.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The message behind its length in two octets, for TCP and TLS (RFC 1035 §4.2.2). Send it in one piece (RFC 7766 §8).
    ///
    /// ```no_run
    /// use std::io::{Read, Write};
    /// use rdnsbl::resolve::wire::{Query, Received};
    ///
    /// fn ask_over_tcp(server: std::net::SocketAddr, query: &Query) -> std::io::Result<Received> {
    ///     let mut stream = std::net::TcpStream::connect(server)?;
    ///     stream.write_all(&query.octets_for_tcp())?;
    ///     let mut length = [0; 2];
    ///     stream.read_exact(&mut length)?;
    ///     let mut message = vec![0; u16::from_be_bytes(length).into()];
    ///     stream.read_exact(&mut message)?;
    ///     Ok(query.read_tcp(&message))
    /// }
    /// ```
    #[must_use]
    pub fn octets_for_tcp(&self) -> Vec<u8> {
        // A message with one question has at most 282 octets.
        let length = u16::try_from(self.octets.len()).unwrap_or_default();
        [&length.to_be_bytes(), self.octets.as_slice()].concat()
    }

    /// Reads a datagram.
    #[must_use]
    pub fn read_udp(&self, datagram: &[u8]) -> Received {
        if !self.has_id_of(datagram) {
            return Received::NotOurs;
        }
        match codec::compare(datagram, &self.octets) {
            Match::Ours | Match::OtherCase => {}
            Match::Failed(failure) => return Received::failed(failure),
            Match::Foreign => return Received::NotOurs,
        }
        // Longer than this query allows: the end may be missing.
        if codec::is_truncated(datagram) || datagram.len() > MAX_PAYLOAD {
            return Received::AskOverTcp;
        }
        self.classify(datagram)
    }

    /// Reads a message that came over TCP, TLS, HTTPS or QUIC, without its length in front. Never [`Received::AskOverTcp`].
    #[must_use]
    pub fn read_tcp(&self, message: &[u8]) -> Received {
        if !self.has_id_of(message) {
            return Received::NotOurs;
        }
        match codec::compare(message, &self.octets) {
            Match::Ours | Match::OtherCase if codec::is_truncated(message) => Received::failed(Failure::Truncated),
            Match::Ours | Match::OtherCase => self.classify(message),
            Match::Failed(failure) => Received::failed(failure),
            // Nobody can forge this, so no better response will come.
            Match::Foreign => Received::failed(Failure::Unrelated),
        }
    }

    fn has_id_of(&self, response: &[u8]) -> bool {
        matches!((response.first_chunk::<2>(), self.octets.first_chunk::<2>()), (Some(theirs), Some(ours)) if theirs == ours)
    }

    /// Reads the whole response to this query.
    fn classify(&self, response: &[u8]) -> Received {
        if self.edns == Edns::Yes && octets_refuse_opt(response) {
            return self.next(self.chain.clone(), Edns::No);
        }
        match classify::read(response, &self.question, self.chain.as_deref()) {
            Classified::Answer(answer) => Received::Answer(answer),
            Classified::Chase(chain) => self.next(Some(chain), self.edns),
        }
    }

    fn next(&self, chain: Option<Box<Chain>>, edns: Edns) -> Received {
        match Self::build(self.question.clone(), chain, edns, self.chosen_id) {
            Ok(query) => Received::AskNext(query),
            Err(_) => Received::failed(Failure::Overload),
        }
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The octets and the chain may hold a key.
        f.debug_struct("Query")
            .field("question", &self.question)
            .field("follows_a_chain", &self.chain.is_some())
            .field("edns", &self.edns)
            .finish_non_exhaustive()
    }
}

impl Received {
    fn failed(failure: Failure) -> Self {
        Self::Answer(Answer::failed(failure))
    }
}

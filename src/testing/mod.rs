//! DNS data as text and a manual clock: tests of a mail policy without a network and without waiting.
//!
//! * [`Table`]: DNS data, one record a line; its syntax is described there.
//! * [`Scripted`]: a resolver that answers from a table, with faults and delays.
//! * [`ManualClock`]: a clock that is moved by hand, and an executor that jumps to the next timer.
//! * [`Situation`]: lists that break and resolvers that change answers, as lines of a table.
//! * `LoopbackServer` (also needs the feature `direct` or `hickory`): the same table behind a real socket.
//! * `check_resolver` (the same features): what a [`Resolve`](crate::Resolve) of your own gets wrong.
//!
//! ```
//! use std::time::Duration;
//!
//! use rdnsbl::clock::Clock;
//! use rdnsbl::dns::{Answer, Failure, Question, RecordType};
//! use rdnsbl::name::Name;
//! use rdnsbl::resolve::Resolve;
//! use rdnsbl::{ManualClock, Scripted};
//!
//! let clock = ManualClock::new();
//! let dns = Scripted::table(
//!     "2.0.0.127.bl.example.  A   127.0.0.2  ttl=300  after=30s
//!      2.0.0.127.bl.example.  TXT \"see https://bl.example/\"
//!      *.dead.example.        TIMEOUT",
//!     clock.clone(),
//! )?;
//!
//! let start = clock.now();
//! let ask = |name: &str| Ok::<_, rdnsbl::name::NameError>(Question::new(Name::parse(name)?, RecordType::A));
//! let (listed, silent) = (ask("2.0.0.127.bl.example")?, ask("2.0.0.127.dead.example")?);
//!
//! // Thirty seconds pass in microseconds.
//! assert!(matches!(clock.run(dns.resolve(listed.clone())).kind(), rdnsbl::dns::AnswerKind::Records(_)));
//! assert_eq!(clock.now() - start, Duration::from_secs(30));
//! assert_eq!(clock.run(dns.resolve(silent.clone())), Answer::failed(Failure::Timeout));
//! assert_eq!(dns.asked(), [listed, silent]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(all(feature = "wire", feature = "tokio"))]
mod check_resolver;
mod clock;
mod data;
mod doc_world;
mod error;
mod journal;
mod line;
mod lookup;
mod parse;
mod reply;
mod scripted;
#[cfg(all(feature = "wire", feature = "tokio"))]
mod server;
#[cfg(all(feature = "wire", feature = "tokio"))]
mod shapes;
mod situations;
#[cfg(all(feature = "wire", feature = "tokio"))]
mod sockets;
mod table;
mod tokens;
#[cfg(all(feature = "wire", feature = "tokio"))]
mod wire;

#[cfg(all(feature = "wire", feature = "tokio"))]
pub use crate::testing::check_resolver::{Mismatch, check_resolver};
pub use crate::testing::clock::ManualClock;
pub use crate::testing::data::{Data, RawName, SoaData, TableEntry};
#[doc(hidden)]
pub use crate::testing::doc_world::doc_world;
pub use crate::testing::error::{TableError, TableErrorKind};
pub use crate::testing::reply::{ReplyOutcome, ReplyTransport, ServerReply};
pub use crate::testing::scripted::{SILENCE, Scripted};
#[cfg(all(feature = "wire", feature = "tokio"))]
pub use crate::testing::server::LoopbackServer;
pub use crate::testing::situations::Situation;
pub use crate::testing::table::{MAX_CNAME_LINKS, Table};

//! The DNS questions a mail server asks before it says 250, and honest answers to them.
//!
//! * **Reverse DNS with forward confirmation** ([`iprev`], RFC 8601 §3): OK, FORGED, FAIL, TEMP.
//! * **DNSBLs and DNSWLs** ([`dnsxl`], RFC 5782), many at once. A list that says "listed" must show, at that moment, that it
//!   does not list everything; a broken, parked or refusing list never turns a client away, and is named.
//! * **Sender and recipient domains** ([`domain`], RFC 5321 §5.1, RFC 7505) and **HELO** ([`helo`]).
//!
//! "Could not tell" is a verdict of its own everywhere, so that it is never taken for "no" or "fine". [`Err`] only ever means
//! a mistake in a configuration.
//!
//! ```no_run
//! # #[cfg(feature = "hickory")]
//! # mod program {
//! use rdnsbl::{Checker, ListSet};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let lists = ListSet::builder().deny("zen.spamhaus.org=127.0.0.[2..11]").allow("list.dnswl.org").build()?;
//! let checker = Checker::system()?.with_lists(lists);
//! let report = checker.check("203.0.113.14".parse::<std::net::IpAddr>()?).await;
//! println!("{report}"); // a table for people
//! if let Some(reply) = report.advice().reply() {
//!     println!("{reply}"); // 550 5.7.1 ...
//! }
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! # How it works
//!
//! A check is a value with a slot for each answer it may need; I/O is a leaf.
//!
//! ```text
//! address, domain ─► name ─► Question ─► Resolve ─► Answer ─► checks ─► verdicts ─► policy ─► reply, report
//!                               ▲                               │
//!                               └───────────── Need ◄───────────┘
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | words | [`name`], [`dns`], [`step`], [`text`], [`why`] |
//! | checks, without I/O, clock or randomness | [`iprev`], [`shape`], [`dnsxl`], [`domain`], [`helo`] |
//! | knowledge | [`catalogue`], [`syntax`] |
//! | a dialogue | [`dialogue`], [`lists`], [`settings`], [`standing`], [`inquiry`] |
//! | wording | [`score`], [`template`], [`policy`], [`report`], [`authres`] |
//! | I/O | [`resolve`], [`clock`], and inside: memory, questions in flight, driving |
//! | front | [`checker`], [`error`] |
//!
//! A host with an event loop of its own uses [`Inquiry`] and needs nothing below it; everybody else uses [`Checker`].
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `direct` (default) | `resolve::Direct`, a lean stub resolver on sockets of our own; of hickory only the wire format; includes `tokio` |
//! | `hickory` (default) | `resolve::Stub`, the same on hickory's sockets: a second opinion; includes `tokio` |
//! | `tokio` | `TokioClock`, `Checker::builder` |
//! | `serde` | `Serialize` for reports; lists, dialogues, policies and rules are read, too |
//! | `idna` | U-labels are understood |
//! | `psl` | lists that hold registrable domains are asked about those, by the Public Suffix List |
//! | `test-util` | `testing`: a scripted resolver, a clock moved by hand, a loopback DNS server |
//!
//! Without features there is no runtime and no resolver; bring your own through [`Resolve`] and [`Clock`].
//!
//! # Keys
//!
//! Zones of commercial lists hold a secret label. Nothing here shows it: not `Display`, `Debug`, errors, JSON, replies, nor
//! this crate's own `tracing` events. The libraries below do: hickory logs query names at DEBUG. Filter the targets
//! `hickory_net`, `hickory_proto` and `hickory_resolver` if you log at that level.

pub mod authres;
pub mod catalogue;
pub mod checker;
pub mod clock;
pub mod dialogue;
pub mod dns;
pub mod dnsxl;
pub mod domain;
pub mod error;
pub mod events;
pub mod helo;
pub mod inquiry;
pub mod iprev;
pub mod lists;
pub mod manual;
pub mod name;
pub mod policy;
pub mod report;
pub mod resolve;
pub mod score;
pub mod settings;
pub mod shape;
pub mod standing;
pub mod step;
pub mod syntax;
pub mod template;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod text;
pub mod why;

mod address;
mod ask;
mod background;
mod drive;
mod few;
mod flight;
mod keys;
mod lock;
mod memory;
mod path;
mod plan;
mod summary;
mod table;
mod trial;
mod watch;

pub use address::is_special_purpose;
pub use checker::{Check, Checker, CheckerBuilder, Limits, Stats};
pub use clock::Clock;
#[cfg(feature = "tokio")]
pub use clock::TokioClock;
pub use dialogue::Dialogue;
pub use dns::{Answer, Failure, Question, Record, RecordType, Soa};
pub use dnsxl::{Kind, ListSpec, Subject, Verdict};
pub use domain::{MailDomain, Side};
pub use error::Error;
pub use events::{Event, Events};
pub use helo::{Helo, Ourselves};
pub use inquiry::Inquiry;
pub use iprev::Iprev;
pub use lists::{ListSet, ListSetError};
pub use name::Name;
pub use policy::{Action, Finding, Policy};
pub use report::Report;
pub use resolve::Resolve;
pub use score::Outcome;
pub use settings::{Settings, SpecialPurpose};
pub use standing::{HealthReport, Standing};
pub use summary::Summary;
pub use syntax::Notation;
#[cfg(feature = "test-util")]
pub use testing::{ManualClock, Scripted};
pub use why::Why;

/// The README's program, compiled with the other examples.
#[cfg(all(doctest, feature = "hickory"))]
#[doc = include_str!("../README.md")]
struct Readme;

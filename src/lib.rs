//! Asks DNS what a mail server asks before it accepts mail, and answers with typed verdicts.
//!
//! * **Reverse DNS with forward confirmation** ([`iprev`](check::iprev), RFC 8601 §3): OK, FORGED, FAIL, TEMP.
//! * **DNSBLs and DNSWLs** ([`dnsxl`], RFC 5782), many at once. A listing counts only after the list has proved, at that
//!   moment, that it does not list everyone. A broken, parked or refusing list turns no client away, and the report names it.
//! * **Sender and recipient domains** ([`mail_domain`](check::mail_domain), RFC 5321 §5.1, RFC 7505) and **HELO** ([`helo`](check::helo)).
//!
//! "Could not tell" is a separate verdict everywhere, so that it is never taken for "no" or "fine". An [`Err`] always means a
//! mistake in a configuration.
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
//! println!("{report}"); // a table for people; report.lists(), report.iprev() and others for programs
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
//! A check is a value with a slot for each answer it may need. It does no I/O: a driver asks the questions and supplies the
//! answers.
//!
//! ```text
//! address, domain ─► name ─► Question ─► Resolve ─► Answer ─► checks ─► verdicts ─► policy ─► reply, report
//!                               ▲                               │
//!                               └───────────── Need ◄───────────┘
//! ```
//!
//! The folders of the source are floors; each imports only from floors below it:
//!
//! | floor | what it holds |
//! |---|---|
//! | [`checker`] | the front: [`Checker`] asks, caches and judges; probes and watches lists |
//! | `engine` | the only floor that waits: asks, shares and caches questions, drives checks to their end, sends events |
//! | [`inquiry`] | one SMTP dialogue as a value without I/O: which questions, which answers, which report |
//! | [`policy`] | from findings to a reply |
//! | `state` | what all checks share: health and proofs of lists, faults of the resolver |
//! | [`report`] | what was found, as data, as text, as JSON, as a log line |
//! | [`lists`] | sets of lists, the catalogue of known lists, the notations of other software |
//! | [`dnsxl`], [`check`] | the checks: DNSBLs and DNSWLs; reverse DNS, HELO, mail domains, the resolver |
//! | [`resolve`] | the resolvers |
//! | [`dns`], `base` | questions and answers; names, addresses, text, time |
//!
//! A mail server makes one [`Checker`], and a [`Session`] for each connection: `docs/guide.md` (module `guide`, with all
//! features) builds such a server step by step. Tools use [`Checker::check`]. A program with an event loop of its own can drive
//! an [`Inquiry`] instead. List notations, replies, limits and embedding are described in the [`manual`].
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `direct` (default) | `resolve::Direct`, a lean stub resolver over sockets of its own, used by [`Checker::system`]; of hickory only the wire format; includes `tokio` |
//! | `hickory` (default) | `resolve::Stub`, the same over hickory's sockets, as a second opinion; includes `tokio` |
//! | `wire` (in `direct` and `hickory`) | `resolve::wire`: questions as octets and answers from octets, for a program with sockets of its own |
//! | `tokio` | `TokioClock`, `Checker::builder` |
//! | `serde` | `Serialize` for reports; `Serialize` and `Deserialize` for lists, dialogues, policies and rules |
//! | `idna` | domain names with U-labels are asked about as A-labels |
//! | `psl` | lists that hold registrable domains are asked about those (`example.co.uk` of `www.example.co.uk`), by the Public Suffix List at build time; without it, about the name as it is |
//! | `test-util` | `testing`: a scripted resolver, a manual clock, a loopback DNS server, lists that break by name |
//!
//! Without features there is no runtime and no resolver: implement [`Resolve`] and [`Clock`].
//!
//! # Keys
//!
//! Zones of commercial lists hold a secret label. This crate never shows it: not in `Display`, `Debug`, errors, JSON, replies
//! or its own `tracing` events. But hickory logs query names at DEBUG: switch off the targets `hickory_net`, `hickory_proto` and
//! `hickory_resolver` if you log at that level.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod check;
pub mod checker;
pub mod dns;
pub mod dnsxl;
pub mod inquiry;
pub mod lists;
pub mod manual;
pub mod policy;
pub mod report;
pub mod resolve;
#[cfg(feature = "test-util")]
pub mod testing;

mod base;
mod engine;
mod state;

pub use base::address::is_special_purpose;
pub use base::clock::Clock;
#[cfg(feature = "tokio")]
pub use base::clock::TokioClock;
pub use base::name::Name;
pub use base::parse_error::ParseError;
pub use base::words::UnknownWord;
pub use base::{clock, name, remote_text, template};
pub use check::helo::{Helo, OwnIdentity};
pub use check::iprev::Iprev;
pub use check::mail_domain::{MailDomain, PathRole};
#[cfg(any(feature = "direct", feature = "hickory"))]
pub use checker::blocking;
pub use checker::error::Error;
pub use checker::{
    Checker, CheckerBuilder, Latency, Limits, ListStats, PendingCheck, PendingVerdict, Session, Stats, Updates,
};
pub use dns::unknown::UnknownReason;
pub use dns::{Answer, Failure, Question, Randomness, Record, RecordType, Soa};
pub use dnsxl::score::Outcome;
pub use dnsxl::{ListKind, ListSpec, Subject, Verdict};
pub use engine::events::Events;
pub use inquiry::Inquiry;
pub use inquiry::dialogue::Dialogue;
pub use inquiry::settings::{Settings, SpecialPurpose};
pub use lists::notation::Notation;
pub use lists::{ListSet, ListSetError};
pub use policy::{Action, Finding, Policy};
pub use report::summary::Summary;
pub use report::{HealthReport, Report};
#[cfg(feature = "direct")]
pub use resolve::Direct;
pub use resolve::Resolve;
pub use state::SharedState;
pub use state::event::Event;
#[cfg(feature = "test-util")]
pub use testing::{ManualClock, Scripted};

#[cfg(all(feature = "direct", feature = "hickory", feature = "test-util"))]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

/// The README's program, compiled with the other examples.
#[cfg(all(doctest, feature = "direct"))]
#[doc = include_str!("../README.md")]
struct Readme;

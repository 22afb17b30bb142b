//! Figures in comparison, one a line: `name value unit`.
//!
//! ```text
//! cargo bench --bench compare                          every section, each in a process of its own
//! cargo bench --bench compare -- composite warm        some of them
//! cargo bench --bench compare -- --smoke               little of everything, to see that it runs
//! cargo bench --bench compare -- --write docs/speed.md
//!                                                      every section, and the figures into the tables of these files
//! cargo bench --bench compare -- --from=FILE --write docs/speed.md
//!                                                      figures printed before, as those of benches/peers/run.sh
//! cargo bench --bench compare -- responder 127.0.0.2:53 delay=20 lost=1
//!                                                      the responder alone, until killed
//! ```
//!
//! | section | what is measured |
//! |---|---|
//! | `question` | one DNSBL question, not remembered, at 64 and 512 in flight: CPU and allocations |
//! | `composite` | a check of 16 questions about an unknown client: CPU, allocations, datagrams, checks per second on one core |
//! | `latency` | how long that takes where every answer takes 20 ms |
//! | `weather` | the same with answers lost, answers late, and a list that never answers |
//! | `warm` | the same check again, from memory |
//! | `threads` | one checker on one thread and on two: checks and summaries per second; answers come without a network |
//! | `memory` | what it takes to remember a list's verdict |
//! | `waiting` | what each of 100,000 checks takes while nobody answers |
//! | `burst` | very many checks at once: nothing is lost, nothing missed |
//! | `reply` | making a reply, a log line and JSON of a report |
//! | `lists` | what a check costs beside its questions, with more and more lists: answers come without a network |
//! | `session` | a session of four stages beside one whole check: CPU and allocations; answers come without a network |
//! | `million` | `warm` and `memory` with a million subjects; takes minutes, so only when named |
//!
//! Everything runs against a responder of its own, in a process and on a core of its own, whose CPU time is not counted.
//! Ratios hold on a busy machine too; absolute times do not. What each figure is for: `docs/speed.md`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

#[cfg(target_os = "linux")]
#[path = "compare"]
mod linux {
    pub(crate) mod burst;
    pub(crate) mod candidates;
    pub(crate) mod composite;
    pub(crate) mod instantly;
    pub(crate) mod latency;
    pub(crate) mod lists;
    pub(crate) mod load;
    pub(crate) mod memory;
    pub(crate) mod meter;
    pub(crate) mod question;
    pub(crate) mod raw;
    pub(crate) mod rbldnsd;
    pub(crate) mod reply;
    pub(crate) mod responder;
    pub(crate) mod sections;
    pub(crate) mod serve;
    pub(crate) mod session;
    pub(crate) mod threads;
    pub(crate) mod waiting;
    pub(crate) mod warm;
    pub(crate) mod weather;
    pub(crate) mod world;
    pub(crate) mod write;
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::sections::main();
}

//! Figures in comparison, one a line: `name value unit`.
//!
//! ```text
//! cargo bench --features direct --bench compare -- question
//! ```
//!
//! | section | what is measured |
//! |---|---|
//! | `question` | CPU time and allocations of one DNSBL question, not remembered, at 64 and 512 in flight |
//!
//! `--smoke` asks little, to see that it runs.
//!
//! Everything runs against a responder of its own, in a process and on a core of its own, whose CPU time is not counted.
//! Ratios hold on a busy machine too; absolute times do not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

#[cfg(target_os = "linux")]
#[path = "compare/meter.rs"]
mod meter;
#[cfg(target_os = "linux")]
#[path = "compare/question.rs"]
mod question;
#[cfg(target_os = "linux")]
#[path = "compare/raw.rs"]
mod raw;
#[cfg(target_os = "linux")]
#[path = "compare/responder.rs"]
mod responder;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let smoke = arguments.iter().any(|argument| argument == "--smoke");
    let section = arguments.iter().find(|argument| !argument.starts_with("--"));
    match section.map(String::as_str) {
        Some(responder::ARGUMENT) => responder::run(),
        None | Some("question") => question::run(smoke),
        Some(other) => println!("no such section: {other}"),
    }
}

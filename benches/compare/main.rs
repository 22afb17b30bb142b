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
//! Everything runs against a responder of its own, in a process and on a core of its own, whose CPU time is not counted.
//! Ratios hold on a busy machine too; absolute times do not.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod meter;
mod question;
mod raw;
mod responder;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some(responder::ARGUMENT) => responder::run(),
        None | Some("question") => question::run(),
        Some(other) => println!("no such section: {other}"),
    }
}

//! The policy daemon for Postfix.

mod answer;
mod connection;
mod instances;
mod request;
mod service;

use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    crate::daemon::args::main::<service::Service>()
}

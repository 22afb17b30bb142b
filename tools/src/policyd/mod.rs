//! The policy daemon for Postfix.

mod answer;
mod connection;
mod decide;
mod instances;
mod request;
mod service;

use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    crate::daemon::start::main::<service::Service>()
}

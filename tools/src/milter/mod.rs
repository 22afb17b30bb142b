//! The milter for sendmail and Postfix.
//!
//! The protocol is spoken here: of the libraries for it, indymilter's licence (GPL) does not fit, and miltr-server answers
//! every server with version 6, knows no time limits, and holds the connection, so that an idle one could not make room.

mod authres;
mod message;
mod negotiate;
mod packet;
mod service;

use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    crate::daemon::start::main::<service::Service>()
}

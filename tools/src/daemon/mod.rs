//! What every daemon here is: a process that reads a configuration, listens, reloads and ends.

mod args;
pub(crate) mod connection;
mod describe;
mod file;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod program;
mod run;
mod server;
pub(crate) mod start;
mod systemd;

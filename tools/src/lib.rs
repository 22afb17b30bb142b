//! The parts of `rdnsbl-policyd`. This is no library: install the program, and see its `--help` and `docs/postfix.md`.

mod config;
mod facts;
mod judge;
mod log;
mod metrics;
pub mod policyd;
mod systemd;

//! The parts of `rdnsbl-policyd` and `rdnsbl-milter`. This is no library: install the programs, and see their `--help`,
//! `docs/postfix.md` and `docs/milter.md`.

mod config;
mod core;
mod daemon;
mod decision;
mod facts;
mod id;
mod judge;
pub mod milter;
pub mod policyd;

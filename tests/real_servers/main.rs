//! The whole library against real name servers: rbldnsd with the lists, unbound in front of it, on loopback.
//!
//! `cargo test --test real_servers -- --ignored`; needs Debian's unbound and rbldnsd (any user may run them), and the `check`
//! example for `check.rs`: `cargo build --example check`.
#![cfg(all(feature = "hickory", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub)]

mod broken_lists;
mod cached;
mod check;
mod fleet;
mod listings;
mod load;
mod names;
mod resolver_faults;
mod servers;
mod world;

//! The policy daemon as a process, asked as Postfix asks.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]
#![allow(clippy::print_stderr, unreachable_pub)]

#[path = "../kit/mod.rs"]
mod kit;

mod answers;
mod bad_input;
mod bad_peers;
mod command_line;
mod lifecycle;
mod sockets;

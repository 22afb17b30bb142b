//! The examples from outside, each a process of the built example, and the commands of the guides. They ask loopback servers
//! only.
//!
//! `cargo test` builds the examples first; `cargo test --test programs` alone does not.
#![cfg(all(feature = "direct", feature = "hickory", feature = "serde", feature = "idna", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[path = "../kit/cases.rs"]
#[allow(unreachable_pub, reason = "other programs see it through the kit")]
mod cases;
mod check;
mod examples;
#[cfg(unix)]
mod guides;
mod lint;
#[cfg(unix)]
#[path = "../kit/pages.rs"]
#[allow(dead_code, unreachable_pub, reason = "tools/tests use the rest")]
mod pages;
mod program;
#[path = "../kit/schema.rs"]
mod schema;

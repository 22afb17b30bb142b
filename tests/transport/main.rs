//! The resolvers over real sockets on loopback: UDP, TCP, limits, failing servers and malformed answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[cfg(all(feature = "direct", target_os = "linux"))]
mod alone;
#[cfg(feature = "direct")]
mod bad_networks;
#[cfg(all(feature = "direct", feature = "hickory", feature = "test-util"))]
mod blocking;
#[cfg(all(feature = "direct", target_os = "linux"))]
mod descriptors;
#[cfg(all(feature = "direct", target_os = "linux"))]
mod descriptors_checks;
#[cfg(feature = "direct")]
mod direct;
#[path = "../kit/mod.rs"]
mod kit;
#[cfg(all(feature = "direct", feature = "hickory", feature = "test-util"))]
mod stress;
#[cfg(feature = "direct")]
mod tcp;
#[cfg(feature = "direct")]
mod two_runtimes;
#[cfg(feature = "direct")]
mod window;
#[cfg(feature = "wire")]
mod wire_api;
#[cfg(any(feature = "hickory", feature = "direct"))]
mod wire_shapes;

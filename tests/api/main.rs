//! The public API: what its types promise, properties over random answers, hostile input, the test kit, and rules of the source.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[cfg(all(feature = "test-util", feature = "direct", feature = "hickory"))]
mod check_resolver;
mod citations;
mod documents;
mod floors;
mod hostile;
#[path = "../kit/mod.rs"]
mod kit;
mod masks;
#[cfg(feature = "test-util")]
mod promises;
#[cfg(feature = "test-util")]
mod properties;
#[cfg(all(feature = "test-util", feature = "idna", feature = "wire"))]
mod seeds;
#[cfg(feature = "test-util")]
mod testing_kit;
#[cfg(all(feature = "test-util", feature = "hickory"))]
mod testing_server;
mod traits;

//! Behaviour under a scripted DNS and a clock moved by hand: what is answered, what is asked for it, and what is cached.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[cfg(feature = "test-util")]
mod cache;
#[cfg(feature = "test-util")]
mod cache_lifetimes;
#[cfg(feature = "test-util")]
mod cache_shared;
#[cfg(feature = "test-util")]
mod configuration;
#[cfg(feature = "test-util")]
mod contexts;
#[cfg(feature = "test-util")]
mod driving;
#[cfg(feature = "test-util")]
mod findings;
#[cfg(feature = "test-util")]
mod isolation;
#[cfg(feature = "test-util")]
mod isolation_property;
#[path = "../kit/mod.rs"]
mod kit;
#[cfg(feature = "test-util")]
mod merged_lists;
#[cfg(feature = "test-util")]
mod numbers;
#[cfg(feature = "test-util")]
mod observed;
#[cfg(feature = "test-util")]
mod question_counts;
#[cfg(feature = "test-util")]
mod remembered_property;
#[cfg(feature = "test-util")]
mod resolver_timelines;
#[cfg(feature = "test-util")]
mod rows;
#[cfg(all(feature = "test-util", feature = "hickory"))]
mod scenarios;
#[cfg(feature = "test-util")]
mod session;
#[cfg(feature = "test-util")]
mod session_limits;
#[cfg(feature = "test-util")]
mod session_property;
#[cfg(feature = "test-util")]
mod situations;
#[cfg(feature = "test-util")]
mod staged;
#[cfg(feature = "test-util")]
mod stages;
mod timelines;
mod ttls;
#[cfg(feature = "test-util")]
mod watching;

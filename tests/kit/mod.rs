//! What the test programs share.
#![allow(dead_code, unreachable_pub, reason = "no program uses all of it")]

#[cfg(feature = "direct")]
pub(crate) mod answering;
pub(crate) mod cases;
#[cfg(feature = "test-util")]
pub(crate) mod random_answers;
#[cfg(feature = "test-util")]
pub(crate) mod random_worlds;
#[cfg(any(feature = "hickory", feature = "direct"))]
pub(crate) mod raw;
#[cfg(all(feature = "test-util", feature = "hickory"))]
pub(crate) mod report_words;
#[cfg(feature = "wire")]
pub(crate) mod response_target;
#[cfg(feature = "test-util")]
pub(crate) mod scenario;
#[cfg(feature = "serde")]
pub(crate) mod schema;
pub(crate) mod stalls;
#[cfg(all(feature = "test-util", feature = "idna"))]
pub(crate) mod targets;
#[cfg(feature = "test-util")]
pub(crate) mod world;

//! What the test programs share.
#![allow(dead_code, unreachable_pub, reason = "no program uses all of it")]

#[cfg(feature = "direct")]
pub(crate) mod answering;
pub(crate) mod cases;
#[cfg(feature = "test-util")]
pub(crate) mod random_world;
#[cfg(any(feature = "hickory", feature = "direct"))]
pub(crate) mod raw;
#[cfg(feature = "wire")]
pub(crate) mod response_target;
#[cfg(all(feature = "test-util", feature = "hickory"))]
pub(crate) mod said;
#[cfg(feature = "test-util")]
pub(crate) mod scenario;
pub(crate) mod stalls;
#[cfg(feature = "test-util")]
pub(crate) mod strange_worlds;
#[cfg(all(feature = "test-util", feature = "idna"))]
pub(crate) mod targets;
#[cfg(feature = "test-util")]
pub(crate) mod town;
#[cfg(feature = "test-util")]
pub(crate) mod world;

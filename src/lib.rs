//! x
pub mod clock;
pub mod dns;
pub mod name;
pub mod resolve;
pub mod step;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod text;

mod address;

pub use address::is_special_purpose;
#[cfg(feature = "test-util")]
pub use testing::{ManualClock, Scripted};

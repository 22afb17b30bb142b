//! x
pub mod clock;
pub mod dns;
pub mod name;
pub mod resolve;
pub mod step;
pub mod text;

mod address;

pub use address::is_special_purpose;

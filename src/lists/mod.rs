//! A set of lists with its thresholds.

mod builder;
pub mod catalogue;
mod error;
mod finding;
mod knowledge;
mod merge;
mod misuse;
pub mod notation;
mod rows;
mod set;
mod unreachable;

pub use crate::lists::builder::{ListSetBuilder, Mistakes};
pub use crate::lists::error::{ListSetError, MAX_LISTS};
pub use crate::lists::finding::{ZoneFinding, ZoneFindingKind};
pub use crate::lists::knowledge::{Knowledge, Retired};
pub use crate::lists::merge::Merge;
pub(crate) use crate::lists::rows::RowSpec;
pub use crate::lists::set::ListSet;
pub use crate::lists::unreachable::Unreachable;

//! x
pub mod checker;
pub mod clock;
pub mod dialogue;
pub mod dns;
pub mod dnsxl;
pub mod domain;
pub mod error;
pub mod helo;
pub mod inquiry;
pub mod iprev;
pub mod lists;
pub mod name;
pub mod policy;
pub mod report;
pub mod resolve;
pub mod score;
pub mod settings;
pub mod shape;
pub mod standing;
pub mod step;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod text;
pub mod why;

mod address;
mod ask;
mod drive;
mod memory;
mod path;

pub use address::is_special_purpose;
pub use checker::{Check, Checker, CheckerBuilder, Limits, Stats};
pub use clock::Clock;
#[cfg(feature = "tokio")]
pub use clock::TokioClock;
pub use dialogue::Dialogue;
pub use dns::{Answer, Failure, Question, Record, RecordType, Soa};
pub use dnsxl::{Kind, ListSpec, Subject, Verdict};
pub use domain::{MailDomain, Side};
pub use error::Error;
pub use helo::{Helo, Ourselves};
pub use inquiry::Inquiry;
pub use iprev::Iprev;
pub use lists::{ListSet, ListSetError};
pub use name::Name;
pub use policy::{Action, Finding, Policy};
pub use report::Report;
pub use resolve::Resolve;
pub use score::Outcome;
pub use settings::{Settings, SpecialPurpose};
pub use standing::Standing;
#[cfg(feature = "test-util")]
pub use testing::{ManualClock, Scripted};
pub use why::Why;

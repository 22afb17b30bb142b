//! DNS lists of addresses and domains (RFC 5782): is the subject listed, and does the list work?
//!
//! The path of an answer: `subject` builds the query name, `classify` interprets the return codes, `proof` tests the list
//! itself, `check` combines them and `verdict` holds the result. `list_spec` is a list as the user configured it, `profile`
//! what is known about it, and `health` its state over time.

mod check;
mod classify;
mod code_filter;
mod code_pattern;
mod corroboration;
mod health;
pub(crate) mod health_advice;
mod kind;
pub(crate) mod list_spec;
mod problem;
mod profile;
mod proof;
pub mod score;
mod skipped;
mod subject;
mod test_points;
mod verdict;

pub use crate::dns::{Evidence, Label};
pub(crate) use crate::dnsxl::check::{AskMode, Probe, Purpose, SubjectAnswer, TestEntryState, is_denied_from_above};
pub use crate::dnsxl::check::{ListCheck, ListFinding};
pub use crate::dnsxl::code_filter::{CodeFilter, CodeTest, Quantifier};
pub use crate::dnsxl::code_pattern::{CodePattern, PatternError, PatternErrorKind};
pub(crate) use crate::dnsxl::corroboration::Corroboration;
pub use crate::dnsxl::health::{Health, Refusing};
pub(crate) use crate::dnsxl::health::{HealthState, Observation};
pub use crate::dnsxl::kind::{DomainForm, ListKind, Part, SubjectKind};
pub(crate) use crate::dnsxl::list_spec::About;
pub use crate::dnsxl::list_spec::{ListId, ListSpec, NotCounted, OnNoAnswer, SpecError, SpecErrorKind};
pub(crate) use crate::dnsxl::problem::Breakage;
pub use crate::dnsxl::problem::ProblemKind;
pub use crate::dnsxl::profile::{Disposition, Profile};
pub use crate::dnsxl::proof::{Control, Proof};
pub(crate) use crate::dnsxl::proof::{ControlOutcome, control_outcome, present};
pub use crate::dnsxl::skipped::Skipped;
pub use crate::dnsxl::subject::Subject;
pub use crate::dnsxl::test_points::{TestEntry, TestPoints};
pub use crate::dnsxl::verdict::{Excluded, Listing, NotListed, Problem, Unknown, Verdict};

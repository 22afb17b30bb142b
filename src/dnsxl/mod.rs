//! DNS lists of addresses and domains (RFC 5782): is the subject listed, and can the list be believed?
//!
//! The way of an answer: `subject` makes the name, `classify` judges the codes (gate, then filter), `control` judges the
//! list, `check` puts them together and `verdict` says the result. `spec` and `profile` are what a person wrote and what is
//! known.

pub(crate) mod advice;
mod check;
mod classify;
mod code_filter;
mod code_pattern;
mod corroboration;
mod health;
mod kind;
pub(crate) mod list_spec;
mod problem;
mod profile;
mod proof;
pub mod score;
mod subject;
mod verdict;

pub use crate::dns::{Evidence, Label};
pub(crate) use crate::dnsxl::check::{Access, Entry, Probe, Purpose, Word, is_denied_from_above};
pub use crate::dnsxl::check::{ListCheck, ListFinding};
pub use crate::dnsxl::code_filter::{CodeFilter, CodeTest, Quantifier};
pub use crate::dnsxl::code_pattern::{CodePattern, PatternError, PatternErrorKind};
pub(crate) use crate::dnsxl::corroboration::Corroboration;
pub use crate::dnsxl::health::{Health, Refusing};
pub(crate) use crate::dnsxl::health::{Observation, State as HealthState};
pub use crate::dnsxl::kind::{DomainForm, Kind, Part, SubjectKind};
pub(crate) use crate::dnsxl::list_spec::About;
pub use crate::dnsxl::list_spec::{ListId, ListSpec, SpecError, SpecErrorKind, Unheard};
pub(crate) use crate::dnsxl::problem::Breakage;
pub use crate::dnsxl::problem::ProblemKind;
pub use crate::dnsxl::profile::{Disposition, Profile, TestEntry, TestPoints};
pub use crate::dnsxl::proof::{Control, Proof};
pub(crate) use crate::dnsxl::proof::{Trial, present, trial};
pub use crate::dnsxl::subject::Subject;
pub use crate::dnsxl::verdict::{Excluded, Listing, NotListed, Problem, Skipped, Unknown, Verdict};

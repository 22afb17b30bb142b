//! DNS lists of addresses and domains (RFC 5782): is the subject listed, and can the list be believed?
//!
//! The way of an answer: `subject` makes the name, `classify` judges the codes (gate, then filter), `control` judges the
//! list, `check` puts them together and `verdict` says the result. `spec` and `profile` are what a person wrote and what is
//! known.

pub(crate) mod advice;
mod check;
mod classify;
mod codes;
mod control;
mod corroboration;
mod filter;
mod health;
mod profile;
mod spec;
mod subject;
mod verdict;

pub(crate) use check::{Access, Entry, Probe, Purpose, Word, is_denied_from_above};
pub use check::{ListCheck, ListFinding};
pub use codes::{CodePattern, PatternError, PatternErrorKind};
pub use control::{Control, Evidence, Label, Proof};
pub(crate) use control::{Trial, present, trial};
pub(crate) use corroboration::Corroboration;
pub use filter::{CodeFilter, CodeTest, Quantifier};
pub(crate) use health::{Breakage, Observation, State as HealthState};
pub use health::{Health, Refusing};
pub use profile::{Disposition, DomainForm, Profile, TestEntry, TestPoints};
pub(crate) use spec::About;
pub use spec::{Kind, ListId, ListSpec, Part, SpecError, SpecErrorKind, Unheard};
pub use subject::{Subject, SubjectKind};
pub use verdict::{Excluded, Listing, NotListed, Problem, ProblemKind, Skipped, Unknown, Verdict};

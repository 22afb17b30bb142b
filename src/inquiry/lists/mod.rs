//! The lists of an inquiry: which are asked about what, and what is made for each of them.
//!
//! Nearly every list says "not listed", so this answer needs little. What only a hit, a problem or a failure needs is made
//! when there is one:
//!
//! | when | what is made | where |
//! |---|---|---|
//! | a set of lists is built | each list with its zone, its codes and its test entries; a [`RowSpec`] for each thing that a list is asked about | `dnsxl/list_spec/`, `lists/rows.rs` |
//! | a check begins | each subject (the client, the domain of HELO, ...) once; the names to ask for below all zones, in one buffer; outside of sessions, one look-up for the cached answers of all lists about the client | `subjects.rs`, `base/name/text.rs`, `known.rs` |
//! | then, for each `RowSpec` | the row of the report. It has its verdict at once if the list is skipped, or is known not to hold the client. Otherwise a plan (is the list proven, broken, failing?) and a [`ListRun`]. For the client's names only the plan: their rows come when reverse DNS is done | `rows.rs`, `run.rs`, `names.rs`, `state/` |
//! | a question is needed | the question with its answer, as the report shows it, and who wants it | `inquiry/questions.rs` |
//! | a plain "not listed" arrives | its lifetime | `plain_miss` in `dnsxl/check/mod.rs` |
//! | any other answer arrives | the details of a check: answers, evidence, questions for the reason and the controls | `Details` in `dnsxl/check/mod.rs` |
//! | the check ends | the verdict of each list goes to its row | `inquiry/finish.rs` |
//!
//! An answer is a plain "not listed" if it is NXDOMAIN or NODATA with an SOA record, and this is not that of a top-level domain
//! or the root (RFC 2308 §2.1, §2.2). There are three ways from the answer about a subject to a verdict:
//!
//! 1. The cache has a plain "not listed" about the client, and the state says that a check would need nothing else:
//!    `ListCheck::known_miss` and `SharedState::health_if_usual`. Anything else that the cache has is looked up again when a
//!    check asks for it.
//! 2. A check gets a plain "not listed", and its list is asked as usual: `ListCheck::supply_ref` keeps its lifetime only.
//! 3. Everything else: `ListCheck::step` says which answers are needed, and `dnsxl/check/conclude.rs` decides.
//!
//! The first two only save work. `a_plain_miss_is_what_its_answer_means` compares the second with the third, answer by answer;
//! `tests/behaviour/remembered_property.rs` compares reports with a cache to reports without one.
//!
//! What it costs: `cargo bench --bench compare -- lists warm`, with the figures in `docs/speed.md`.
//!
//! [`RowSpec`]: crate::lists::RowSpec
//! [`ListRun`]: run::ListRun

pub(super) mod known;
mod names;
pub(super) mod operators;
pub(super) mod rows;
pub(super) mod run;
mod subjects;

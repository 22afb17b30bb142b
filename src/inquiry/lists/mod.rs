//! The lists of an inquiry: which are asked about what, and what is made for each of them.
//!
//! Nearly every list says "not listed", so this answer needs little. What only a hit, a problem or a failure needs is made
//! when there is one:
//!
//! | when | what is made | where |
//! |---|---|---|
//! | a set of lists is built | each list with its zone, its codes and its test entries; a [`RowSpec`] for each thing that a list is asked about | `dnsxl/list_spec/`, `lists/rows.rs` |
//! | a check begins | each subject (the client, the domain of HELO, ...) once; the names to ask for below all zones, in one buffer; the cached answers of all lists about the client, with one look-up | `subjects.rs`, `base/name/text.rs`, `known.rs` |
//! | then, for each row | the row of the report. It has its verdict at once if the list is skipped, or is known not to hold the client. Otherwise a plan (is the list proven, broken, failing?) and a [`ListRun`] with its question | `rows.rs`, `run.rs`, `state/` |
//! | "not listed" arrives | its lifetime, and the answer for the report | `plain_miss` in `dnsxl/check/mod.rs` |
//! | any other answer arrives | the details of a check: answers, evidence, the questions for the reason and the controls | `Details` in `dnsxl/check/mod.rs` |
//! | reverse DNS is done | the rows of lists about the client's names | `names.rs` |
//! | the check ends | the verdict of each list goes to its row | `inquiry/finish.rs` |
//!
//! This saves work and decides nothing: every verdict is that of [`ListCheck`](crate::dnsxl::ListCheck). A "not listed" is
//! plain if it is NXDOMAIN or NODATA with an SOA record that is not a top-level domain's (RFC 2308 §2.1, §2.2), and if the list is
//! asked as usual: about its subject only, without a suspicion against the list or the resolver. Two tests hold both ways
//! together: `a_plain_miss_is_what_its_answer_means` gives each answer to a check in its short and in its long form, and
//! `tests/behaviour/remembered_property.rs` compares reports with and without the cache.
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

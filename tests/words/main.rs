//! Texts in and out: replies, JSON, log lines, list notations, findings, the catalogue and the shared cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[cfg(feature = "test-util")]
mod cases;
mod catalogue;
mod catalogue_text;
#[path = "../kit/mod.rs"]
mod kit;
#[cfg(feature = "test-util")]
mod known_lists;
#[cfg(feature = "test-util")]
mod list_findings;
#[cfg(feature = "test-util")]
mod list_replies;
#[cfg(all(feature = "test-util", feature = "serde", feature = "idna"))]
mod machine_forms;
mod notations;
mod notations_print;
#[cfg(feature = "test-util")]
mod recorded_replies;
#[cfg(feature = "test-util")]
mod replies;
#[cfg(feature = "test-util")]
mod report_table;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "test-util")]
mod server_forms;
mod settings_findings;

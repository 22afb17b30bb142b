//! Knowledge about lists as text: any text is a catalogue or an error that says where, and every name in it is found again.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/support/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::catalogue(text));

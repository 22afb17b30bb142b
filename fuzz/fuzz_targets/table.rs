//! A DNS world as text: any text is a table or an error that says where.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::table(text));

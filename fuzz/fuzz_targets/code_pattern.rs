//! A pattern of return codes: what is read is printed so that it means the same.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: ([u8; 4], &str)| targets::code_pattern(input.0, input.1));

//! Names: what is read goes back as it is, within the limits of DNS; what hides a key is no name.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::name(text));

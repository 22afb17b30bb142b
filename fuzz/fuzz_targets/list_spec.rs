//! A list in Postfix's notation: what is read is printed so that it reads the same; an error points into the text.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::list_spec(text));

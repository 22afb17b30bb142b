//! What a client may say after HELO, MAIL FROM and RCPT TO: always a verdict, also when nothing is answered.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::helo_and_path(text));

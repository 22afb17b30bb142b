//! Octets from the network: shown as one line of printable ASCII, never longer than the limit.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| targets::remote_text(octets));

//! Octets from a server: an answer, a next question or a failure, and no question that goes on for ever.
#![no_main]

#[path = "../../tests/kit/response_target.rs"]
mod response_target;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| response_target::response(octets));

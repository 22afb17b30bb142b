//! Knowledge about lists as text: any text is a catalogue or an error that says where, every name in it is found again, also
//! when it is laid over another one, and a list of which not all can be read explains no code that is no refusal.
#![no_main]

#[expect(dead_code, reason = "each target has one body")]
#[path = "../../tests/kit/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::catalogue(text));

//! Knowledge about lists as text: any text is a catalogue or an error that says where, and every name in it is found again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::catalogue::Catalogue;

fuzz_target!(|text: &str| {
    match Catalogue::parse(text) {
        Ok(catalogue) => {
            for entry in catalogue.iter() {
                assert_eq!(catalogue.get(entry.zone()), Some(entry));
                assert!(entry.to_string().bytes().all(|octet| matches!(octet, 0x20..=0x7e)));
            }
        }
        Err(error) => assert!(error.line() <= text.lines().count().max(1)),
    }
});

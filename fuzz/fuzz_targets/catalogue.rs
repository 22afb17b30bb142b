//! Knowledge about lists as text: any text is a catalogue or an error that says where, every name in it is found again, also
//! when it is laid over another one, and a list of which not all can be read explains no code that is no refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::catalogue::Catalogue;
use rdnsbl::dnsxl::Disposition;

fuzz_target!(|text: &str| {
    match Catalogue::parse(text) {
        Ok(catalogue) => {
            for entry in catalogue.iter() {
                assert_eq!(catalogue.get(entry.zone()), Some(entry));
                assert!(entry.to_string().bytes().all(|octet| matches!(octet, 0x20..=0x7e)));
                let _ = entry.status_at(catalogue.as_of());
                if entry.is_partly_read() {
                    assert!(entry.recommendation().is_none());
                    let mut meanings = (0..=u8::MAX).flat_map(|code| entry.profile().meanings([127, 0, 0, code].into()));
                    assert!(meanings.all(|(disposition, _)| disposition == Disposition::Refusal));
                }
            }
            for finding in catalogue.findings() {
                assert!(finding.to_string().bytes().all(|octet| matches!(octet, 0x20..=0x7e)));
                assert!(finding.line() <= text.lines().count());
            }
            let both = Catalogue::builtin().overlaid_by(&catalogue);
            for entry in both.iter() {
                assert_eq!(both.get(entry.zone()), Some(entry));
            }
        }
        Err(error) => assert!(error.line() <= text.lines().count().max(1)),
    }
});

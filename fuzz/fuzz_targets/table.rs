//! A DNS world as text: any text is a table or an error that says where.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::ManualClock;
use rdnsbl::Scripted;
use rdnsbl::dns::{Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::Resolve;

fuzz_target!(|text: &str| {
    let clock = ManualClock::new();
    match Scripted::table(text, clock.clone()) {
        Ok(dns) => {
            let first = text.split_whitespace().next().unwrap_or_default();
            let Ok(name) = Name::parse(first.trim_start_matches("*.")) else { return };
            for kind in [RecordType::A, RecordType::Txt, RecordType::Mx] {
                clock.run(dns.resolve(&Question::new(name.clone(), kind)));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

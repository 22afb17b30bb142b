//! A list in Postfix's notation: what is read is printed so that it reads the same; an error points into the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::dnsxl::ListSpec;

fuzz_target!(|text: &str| {
    match ListSpec::deny(text) {
        Ok(spec) => {
            assert!(spec.to_string().bytes().all(|octet| octet.is_ascii_graphic()));
            // A key is not printed, so such a zone does not come back.
            if spec.zone().without_key() == *spec.zone() {
                assert_eq!(ListSpec::deny(&spec.to_string()).as_ref(), Ok(&spec));
            }
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && span.end <= text.len());
            assert_eq!(error.point_at(text).lines().count(), 2);
        }
    }
});

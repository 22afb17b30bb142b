//! Octets from the network: shown as one line of printable ASCII, never longer than the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::text::RemoteText;

fuzz_target!(|octets: &[u8]| {
    let text = RemoteText::clean(octets);
    assert!(text.as_str().len() <= 500);
    assert!(text.as_str().bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    assert_eq!(RemoteText::clean(text.as_str().as_bytes()), text);
});

//! A pattern of return codes: what is read is printed so that it means the same.
#![no_main]

use std::net::Ipv4Addr;

use libfuzzer_sys::fuzz_target;
use rdnsbl::dnsxl::CodePattern;

fuzz_target!(|input: ([u8; 4], &str)| {
    let (octets, text) = input;
    let code = Ipv4Addr::from(octets);
    match text.parse::<CodePattern>() {
        Ok(pattern) => {
            let again: CodePattern = pattern.to_string().parse().expect("what was printed");
            assert_eq!(again.matches(code), pattern.matches(code));
            assert_eq!(again.names(code), pattern.names(code));
            assert!(!pattern.names(code) || pattern.matches(code));
        }
        Err(error) => assert!(error.span().end <= text.len()),
    }
});

//! Names: what is read goes back as it is, within the limits of DNS.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use rdnsbl::Subject;
use rdnsbl::dns::Target;
use rdnsbl::name::Name;

fuzz_target!(|text: &str| {
    let _ = Target::from_text(text).to_string();
    match Name::parse(text) {
        Ok(name) => {
            assert!(name.expose().len() <= 254 && name.expose().ends_with('.'));
            assert_eq!(Name::parse(name.expose()).as_ref(), Ok(&name));
            for address in ["192.0.2.99", "2001:db8::1"] {
                let address: IpAddr = address.parse().expect("an address");
                if let Ok(under) = Subject::from(address).name_under(&name) {
                    assert!(under.is_within(&name) && under.expose().len() <= 254);
                }
            }
        }
        Err(error) => assert!(error.span().end <= text.len()),
    }
});

//! A name with a hidden key, as it is shown, is not a DNS name: a resolver that is given it returns an error, never "not listed".

use std::net::{IpAddr, Ipv4Addr};

use rdnsbl::name::{Key, NameErrorKind};
use rdnsbl::{ListSpec, Name, Subject};

/// Names with a key in front, in the middle, behind the address and alone, as they are shown.
fn shown() -> Vec<String> {
    let client = Subject::from(IpAddr::from(Ipv4Addr::new(203, 0, 113, 14)));
    let key = Key::new("abcdefghijkl").unwrap();
    let zones = [
        Name::parse("kl.test").unwrap().with_key(&key).unwrap(),
        Name::parse("abcdefghijkl.zen.dq.spamhaus.net").unwrap(),
        Name::parse("abcdefghijkl.dnsbl.httpbl.org").unwrap(),
        ListSpec::deny("0123456789abcdef0123.zen.dq.spamhaus.org").unwrap().zone().clone(),
        ListSpec::deny("bl.0123456789abcdef0123").unwrap().zone().clone(),
        Name::root().with_key(&key).unwrap(),
    ];
    let under = zones.iter().map(|zone| client.name_under(zone).unwrap().to_string());
    zones.iter().map(ToString::to_string).chain(under).collect()
}

#[test]
fn our_parser_refuses_it() {
    assert!(shown().contains(&"14.113.0.203.(key)..kl.test".to_owned()), "{:?}", shown());
    for text in shown() {
        assert!(text.contains("(key)..") && !text.contains("abcdef"), "{text}");
        assert!(Name::parse(&text).is_err(), "{text}");
        // The brackets are not the only reason.
        let plain = text.replace("(key)", "key");
        assert_eq!(Name::parse(&plain).unwrap_err().kind(), NameErrorKind::EmptyLabel, "{plain}");
    }
}

#[cfg(feature = "hickory")]
#[test]
fn the_parser_of_hickory_refuses_it() {
    use hickory_proto::rr::Name as WireName;

    for text in shown() {
        for text in [text.clone(), format!("{text}."), text.replace("(key)", "key")] {
            assert!(text.parse::<WireName>().is_err(), "{text}");
            assert!(WireName::from_ascii(&text).is_err() && WireName::from_utf8(&text).is_err(), "{text}");
            assert!(WireName::from_str_relaxed(&text).is_err(), "{text}");
        }
    }
}

/// `getaddrinfo` of the C library.
#[test]
fn the_system_finds_no_address_for_it() {
    use std::net::ToSocketAddrs;

    for text in shown() {
        assert!((text.as_str(), 53).to_socket_addrs().is_err(), "{text}");
    }
}

use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[test]
fn rfc_5782_vectors() {
    let reverse = |address: &str| address::reversed_labels(address.parse().unwrap()).as_str().to_owned();
    assert_eq!(reverse("192.0.2.99"), "99.2.0.192."); // RFC 5782 §2.1
    assert_eq!(
        reverse("2001:db8:1:2:3:4:567:89ab"), // RFC 5782 §2.4
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2."
    );
}

#[test]
fn limits_of_rfc_1035() {
    let label = "a".repeat(63);
    assert!(Name::parse(&label).is_ok());
    assert_eq!(Name::parse(&"a".repeat(64)).unwrap_err().kind(), NameErrorKind::LabelTooLong);
    let longest = [label.as_str(), &label, &label, &"a".repeat(61)].join(".");
    assert_eq!(longest.len(), 253);
    assert!(Name::parse(&longest).is_ok());
    assert_eq!(Name::parse(&format!("{longest}a")).unwrap_err().kind(), NameErrorKind::TooLong);
    assert_eq!(name(&longest).under(&name("x")).unwrap_err().kind(), NameErrorKind::TooLong);
}

#[test]
fn errors_point() {
    let at = |text: &str| {
        let error = Name::parse(text).unwrap_err();
        (error.kind(), error.span())
    };
    assert_eq!(at(""), (NameErrorKind::Empty, 0..0));
    assert_eq!(at("a..b"), (NameErrorKind::EmptyLabel, 2..2));
    assert_eq!(at(".a"), (NameErrorKind::EmptyLabel, 0..0));
    assert_eq!(at("a.b c"), (NameErrorKind::BadCharacter, 3..4));
    assert_eq!(at("a@b"), (NameErrorKind::BadCharacter, 1..2));
}

#[test]
fn keys_are_never_shown() {
    for keyed in [
        "secretkeysecretkey.zen.dq.spamhaus.net",
        "2.0.0.127.secretkeysecretkey.zen.dq.spamhaus.net",
        "secretkeysecretkey.combined.mail.abusix.zone",
        "secretkey.2.0.0.127.dnsbl.httpbl.org",
        "secretkey.r.mail-abuse.com",
        "2.0.0.127.secretkey.spam.spamrats.com",
        "secretkeysecretkey.dq.spamhaus.net",
        "2.0.0.127.secretkeysecretkey.dq.spamhaus.net",
        "2.0.0.127.zen.secretkeysecretkey.mail.abusix.zone",
    ] {
        let name = name(keyed);
        assert!(name.expose().contains("secretkey"));
        assert!(!format!("{name} {name:?} {}", name.without_key()).contains("secretkey"), "{name}");
    }
    let zone = name("zen.dq.spamhaus.net").with_key(&Key::new("abcd1234").unwrap()).unwrap();
    let asked = name("example.com").under(&zone).unwrap();
    assert_eq!(asked.expose(), "example.com.abcd1234.zen.dq.spamhaus.net.");
    assert_eq!(asked.to_string(), "example.com.(key)..zen.dq.spamhaus.net");
    assert_eq!(zone.without_key().to_string(), "zen.dq.spamhaus.net");
    assert_eq!(name("zen.dq.spamhaus.net").to_string(), "zen.dq.spamhaus.net");
}

#[test]
fn keys_repeated_by_a_server_are_hidden() {
    let hidden = |text: &str| name(text).hiding("abcd1234").map(|name| name.to_string());
    assert_eq!(hidden("1.ABCD1234.list.example").as_deref(), Some("1.(key)..list.example"));
    assert_eq!(hidden("x-abcd1234.example").as_deref(), Some("(key)..example"));
    assert_eq!(hidden("other.example").as_deref(), Some("other.example"));
    assert_eq!(hidden("abcd1234.abcd1234.example"), None);
}

#[test]
fn parents() {
    assert_eq!(name("a.b.example").parent(), Some(name("b.example")));
    assert_eq!(name("example").parent(), Some(Name::root()));
    assert_eq!(Name::root().parent(), None);
    let asked = name("2.0.0.127.secretkey.zen.dq.spamhaus.net").parent().unwrap();
    assert_eq!(asked.to_string(), "0.0.127.(key)..zen.dq.spamhaus.net");
}

#[test]
fn hosts() {
    for good in ["mail.example.org", "my_host.example", "3com.com", "example.123", "localhost", "xn--bcher-kva.example"]
    {
        assert!(name(good).is_host(), "{good}");
    }
    for bad in ["-a.example", "a-.example", "1.2.3.4", "7", "a/b.example", "*.example"] {
        assert!(!name(bad).is_host(), "{bad}");
    }
    assert!(!Name::root().is_host());
}

#[test]
fn within() {
    assert!(name("a.b.example").is_within(&name("b.example")));
    assert!(name("b.example").is_within(&name("b.example")));
    assert!(!name("ab.example").is_within(&name("b.example")));
    assert!(name("b.example").is_within(&Name::root()));
}

#[cfg(feature = "idna")]
#[test]
fn u_labels_become_a_labels() {
    assert_eq!(name("Bücher.example").expose(), "xn--bcher-kva.example.");
    assert_eq!(name("例え。テスト").expose(), "xn--r8jz45g.xn--zckzah.");
}

#[cfg(not(feature = "idna"))]
#[test]
fn u_labels_are_a_clear_error() {
    assert_eq!(Name::parse("bücher.example").unwrap_err().kind(), NameErrorKind::NeedsIdna);
}

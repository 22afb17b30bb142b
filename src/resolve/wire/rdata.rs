//! Conversion of names, types and record data between messages and the types of this crate.

use hickory_proto::rr;

use crate::base::name::Name;
use crate::base::remote_text::RemoteText;
use crate::dns::record::presentation;
use crate::dns::{Record, RecordType, Target};

/// The name for a message, label by label: no search list, no IDNA, always absolute.
pub(in crate::resolve) fn name_to_wire(name: &Name) -> Option<rr::Name> {
    let mut wire = rr::Name::root();
    for label in name.labels() {
        wire = wire.append_label(label.as_bytes()).ok()?;
    }
    wire.set_fqdn(true);
    Some(wire)
}

/// A name from a message; `None` when it has octets that a [`Name`] cannot have. A label equal to `secret` is hidden.
pub(in crate::resolve) fn name_from_wire(wire: &rr::Name, secret: Option<&str>) -> Option<Name> {
    let name = Name::parse(&presentation(wire.iter())).ok()?;
    match secret {
        None => Some(name),
        Some(secret) => name.hiding(secret),
    }
}

/// The type for a message.
pub(in crate::resolve) fn kind_to_wire(kind: RecordType) -> rr::RecordType {
    match kind {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Ptr => rr::RecordType::PTR,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Txt => rr::RecordType::TXT,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Soa => rr::RecordType::SOA,
    }
}

/// The data of one record; `None` for types that are never asked for.
pub(in crate::resolve) fn record_from_wire(data: &rr::RData, secret: Option<&str>) -> Option<Record> {
    Some(match data {
        rr::RData::A(address) => Record::A(address.0),
        rr::RData::AAAA(address) => Record::Aaaa(address.0),
        rr::RData::PTR(name) => Record::Ptr(target(&name.0, secret)),
        rr::RData::NS(name) => Record::Ns(target(&name.0, secret)),
        rr::RData::MX(mx) => Record::Mx { preference: mx.preference, exchange: target(&mx.exchange, secret) },
        // RFC 5782 §2.1, RFC 7208 §3.3: the strings of one record are one text. They are joined first, to find a key that is split
        // between two strings. The key is removed before the text is shortened, so that no part of it is left at the cut.
        rr::RData::TXT(txt) => Record::Txt(RemoteText::clean(&without_secret(txt.txt_data.concat(), secret))),
        _ => return None,
    })
}

/// A name in a record's data.
fn target(wire: &rr::Name, secret: Option<&str>) -> Target {
    if wire.is_root() {
        return Target::Root;
    }
    match name_from_wire(wire, secret) {
        Some(name) => Target::Name(name),
        None => Target::Illegal(RemoteText::clean(&without_secret(presentation(wire.iter()).into_bytes(), secret))),
    }
}

/// The text with every key in it masked, in upper or lower case.
fn without_secret(raw: Vec<u8>, secret: Option<&str>) -> Vec<u8> {
    secret.into_iter().flat_map(crate::base::key_mask::parts).fold(raw, |raw, part| without(raw, part.as_bytes()))
}

fn without(raw: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if secret.is_empty() {
        return raw;
    }
    let mut kept = Vec::with_capacity(raw.len());
    let mut rest = raw.as_slice();
    while let Some((first, after_first)) = rest.split_first() {
        match rest.split_at_checked(secret.len()) {
            Some((quoted, after)) if quoted.eq_ignore_ascii_case(secret) => {
                kept.extend_from_slice(b"***");
                rest = after;
            }
            _ => {
                kept.push(*first);
                rest = after_first;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{PTR, TXT};

    fn wire(labels: &[&[u8]]) -> rr::Name {
        rr::Name::from_labels(labels.iter().copied()).unwrap()
    }

    fn ptr(labels: &[&[u8]], secret: Option<&str>) -> Target {
        match record_from_wire(&rr::RData::PTR(PTR(wire(labels))), secret) {
            Some(Record::Ptr(target)) => target,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_are_the_same_after_both_conversions() {
        for text in ["mail.example.org", ".", "1/25.2.0.192.in-addr.arpa", "_dmarc.example", "*.example", "a=b.example"]
        {
            let name = Name::parse(text).unwrap();
            let there = name_to_wire(&name).unwrap();
            assert!(there.is_fqdn());
            assert_eq!(name_from_wire(&there, None), Some(name));
        }
    }

    #[test]
    fn targets_of_hostile_octets_are_never_names() {
        assert_eq!(ptr(&[b"Mail", b"example"], None), Target::from_text("mail.example."));
        assert_eq!(ptr(&[], None), Target::Root);
        for label in
            [&b"a.b"[..], b"a\r\nb", b"a\0b", b"\x1b[2J", b"b\xfccher", b"a b", b"a@b", b"b\xc3\xbccher", b"\\"]
        {
            let Target::Illegal(shown) = ptr(&[label, b"example"], None) else { panic!("{label:?}") };
            assert!(shown.as_str().bytes().all(|octet| (0x20..=0x7e).contains(&octet)), "{shown}");
        }
    }

    #[test]
    fn keys_are_masked_everywhere() {
        let key = Some("abcd1234");
        assert_eq!(ptr(&[b"ABCD1234", b"example"], key).to_string(), "(key)..example");
        assert_eq!(ptr(&[b"abcd1234 x", b"example"], key).to_string(), "***\\032x.example.");
        let long = [b"x".repeat(495), b"abcd1234".to_vec()].concat();
        let txt = |strings: Vec<&[u8]>| {
            record_from_wire(&rr::RData::TXT(TXT::from_bytes(strings)), key).map(|record| record.to_string())
        };
        assert_eq!(txt(vec![b"see 1.AbCd", b"1234.list"]).as_deref(), Some("\"see 1.***.list\""));
        let clipped = txt(long.chunks(250).collect()).unwrap();
        assert!(!clipped.contains("abcd") && clipped.contains("***"), "{clipped}");
    }
}

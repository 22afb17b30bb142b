//! What must hold for any input: the bodies of the fuzz targets. A test replays the seeds through them.

use std::net::{IpAddr, Ipv4Addr};

use rdnsbl::check::helo::{HeloCheck, OwnIdentity};
use rdnsbl::check::mail_domain::MailDomainCheck;
use rdnsbl::check::{Check, Step};
use rdnsbl::dns::{Answer, Failure, Question, RecordType, Target};
use rdnsbl::dnsxl::{CodePattern, Disposition, ListSpec};
use rdnsbl::lists::catalogue::Catalogue;
use rdnsbl::name::Name;
use rdnsbl::remote_text::RemoteText;
use rdnsbl::resolve::Resolve;
use rdnsbl::{ManualClock, PathRole, Scripted, Subject};

/// Knowledge about lists as text: any text is a catalogue or an error that says where, and every name in it is found again,
/// also when it is laid over another one, and a list of which not all can be read explains no code that is no refusal.
pub(crate) fn catalogue(text: &str) {
    match Catalogue::parse(text) {
        Ok(catalogue) => {
            for entry in catalogue.iter() {
                assert_eq!(catalogue.get(entry.zone()), Some(entry));
                assert!(entry.to_string().bytes().all(|octet| matches!(octet, 0x20..=0x7e)));
                let _ = entry.status_at(catalogue.as_of());
                if entry.is_partly_read() {
                    assert!(entry.recommendation().is_none());
                    let mut meanings =
                        (0..=u8::MAX).flat_map(|code| entry.profile().meanings([127, 0, 0, code].into()));
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
}

/// A pattern of return codes: what is read is printed so that it means the same.
pub(crate) fn code_pattern(octets: [u8; 4], text: &str) {
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
}

/// What a client may say after HELO, MAIL FROM and RCPT TO: always a verdict, also when nothing is answered.
pub(crate) fn helo_and_path(text: &str) {
    let client = Some([192, 0, 2, 1].into());
    let mut helo = HeloCheck::new(text, client, &OwnIdentity::default());
    no_more_than(&mut helo, 10);
    let report = helo.expire(Failure::Deadline);
    assert!(report.argument().as_str().bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    for side in [PathRole::Sender, PathRole::Recipient] {
        let mut domain = MailDomainCheck::new(side, text);
        no_more_than(&mut domain, 10);
        domain.expire(Failure::Deadline);
    }
}

/// Says "no such name" to everything, and counts.
fn no_more_than<U: Check>(unit: &mut U, most: usize) {
    let mut asked = 0;
    while let Step::Need(slots) = unit.step() {
        for slot in slots {
            assert!(unit.question(slot).is_some());
            unit.supply(slot, Answer::nx_domain(None));
            asked += 1;
        }
        assert!(asked <= most);
    }
}

/// A list in Postfix's notation: what is read is printed so that it reads the same; an error points into the text.
pub(crate) fn list_spec(text: &str) {
    match ListSpec::deny(text) {
        Ok(spec) => {
            assert!(spec.to_string().bytes().all(|octet| octet.is_ascii_graphic()));
            // A key is not printed, so such a zone cannot be read again.
            if spec.zone().without_key() == *spec.zone() {
                assert_eq!(ListSpec::deny(&spec.to_string()).as_ref(), Ok(&spec));
            } else {
                assert!(ListSpec::deny(&spec.to_string()).is_err());
            }
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && span.end <= text.len());
            assert_eq!(error.point_at(text).lines().count(), 2);
        }
    }
}

/// Names: a name that is read prints as it was, within the limits of DNS; a name with a hidden key is rejected.
pub(crate) fn name(text: &str) {
    let _ = Target::from_text(text).to_string();
    match Name::parse(text) {
        Ok(name) => {
            assert!(name.expose().len() <= 254 && name.expose().ends_with('.'));
            assert_eq!(Name::parse(name.expose()).as_ref(), Ok(&name));
            let shown = name.to_string();
            let is_whole = name.without_key() == name;
            assert_eq!(is_whole, shown.trim_end_matches('.') == name.expose().trim_end_matches('.'));
            assert_eq!(is_whole, Name::parse(&shown).is_ok());
            for address in ["192.0.2.99", "2001:db8::1"] {
                let address: IpAddr = address.parse().expect("an address");
                if let Ok(under) = Subject::from(address).name_under(&name) {
                    // httpBL wants its key in front of the address: what is asked is under the zone without it.
                    assert!(under.is_within(&name) || (!is_whole && under.is_within(&name.without_key())));
                    assert!(under.expose().len() <= 254);
                }
            }
        }
        Err(error) => assert!(error.span().end <= text.len()),
    }
}

/// Octets from the network: shown as one line of printable ASCII, never longer than the limit.
pub(crate) fn remote_text(octets: &[u8]) {
    let text = RemoteText::clean(octets);
    assert!(text.as_str().len() <= 500);
    assert!(text.as_str().bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    assert_eq!(RemoteText::clean(text.as_str().as_bytes()), text);
}

/// A DNS world as text: any text is a table or an error that says where.
pub(crate) fn table(text: &str) {
    let clock = ManualClock::new();
    match Scripted::table(text, clock.clone()) {
        Ok(dns) => {
            let first = text.split_whitespace().next().unwrap_or_default();
            let Ok(name) = Name::parse(first.trim_start_matches("*.")) else { return };
            for kind in [RecordType::A, RecordType::Txt, RecordType::Mx] {
                clock.run(dns.resolve(Question::new(name.clone(), kind)));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

//! How long a verdict is valid: the lowest TTL that it depends on, and not at all if it depends on a "no" without SOA
//! (RFC 2308 §5).

use std::net::IpAddr;
use std::time::Duration;

use rdnsbl::Name;
use rdnsbl::check::helo::{HeloCheck, OwnIdentity};
use rdnsbl::check::iprev::IprevCheck;
use rdnsbl::check::mail_domain::{MailDomainCheck, PathRole};
use rdnsbl::check::{Check, Step};
use rdnsbl::dns::{Answer, Failure, Question, Record, RecordType, Soa, Target};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn soa(ttl: u64) -> Option<Soa> {
    Some(Soa::new(Name::parse("example").unwrap(), seconds(ttl)))
}

/// `NAME TYPE ANSWER` of a little world: an address, a name, `no` or `nx` with the TTL behind it, `-` for none, or `fail`.
fn answer(world: &str, question: &Question) -> Answer {
    for line in world.split(';').map(str::trim) {
        let mut words = line.split(' ');
        let (name, kind, data, ttl) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or("-"));
        if question.name.to_string() != name || question.record_type.to_string() != kind {
            continue;
        }
        let time = ttl.parse().ok();
        return match (data, time) {
            ("nx", time) => Answer::nx_domain(time.and_then(soa)),
            ("no", time) => Answer::no_data(time.and_then(soa)),
            ("fail", _) => Answer::failed(Failure::ServFail),
            (data, Some(time)) => {
                let target = || Target::from_text(data);
                let record = match question.record_type {
                    RecordType::Ptr => Record::Ptr(target()),
                    RecordType::Mx => Record::Mx { preference: 10, exchange: target() },
                    _ => match data.parse().unwrap() {
                        IpAddr::V4(address) => Record::A(address),
                        IpAddr::V6(address) => Record::Aaaa(address),
                    },
                };
                Answer::records([record], seconds(time))
            }
            (data, None) => panic!("{data}"),
        };
    }
    panic!("{question} is not in {world}")
}

fn run<U: Check>(mut unit: U, world: &str) -> U::Verdict {
    loop {
        match unit.step() {
            Step::Done(verdict) => return verdict,
            Step::Need(slots) => slots.for_each(|slot| {
                let question = unit.question(slot).unwrap();
                unit.supply(slot, answer(world, &question));
            }),
        }
    }
}

#[test]
fn reverse_dns() {
    const PTR: &str = "1.2.0.192.in-addr.arpa PTR";
    for (world, result, ttl) in [
        ("a.example 300; a.example A 192.0.2.1 60", "pass", Some(60)),
        ("a.example 300; a.example A 192.0.2.9 60", "fail", Some(60)),
        ("a.example 300; a.example A nx 20", "fail", Some(20)),
        ("a.example 300; a.example A nx -", "fail", None),
        ("a.example 300; a.example A no 20", "fail", Some(20)),
        ("a.example 300; a.example A no -", "fail", None),
        ("a.example 300; a.example A fail", "temperror", None),
        ("nx 30", "permerror", Some(30)),
        ("nx -", "permerror", None),
        ("no -", "permerror", None),
    ] {
        let verdict = run(IprevCheck::new("192.0.2.1".parse().unwrap()), &format!("{PTR} {world}"));
        assert_eq!((verdict.rfc8601(), verdict.ttl()), (result, ttl.map(seconds)), "{world}");
    }
}

#[test]
fn a_no_beside_the_name_that_confirms_takes_nothing_away() {
    let mut check = IprevCheck::new("192.0.2.1".parse().unwrap());
    let names = ["a.example", "b.example"].map(|name| Record::Ptr(Target::from_text(name)));
    let Step::Need(mut slots) = check.step() else { panic!("nothing is asked") };
    check.supply(slots.next().unwrap(), Answer::records(names, seconds(300)));
    let verdict = run(check, "a.example A nx -; b.example A 192.0.2.1 60");
    assert_eq!((verdict.rfc8601(), verdict.ttl()), ("pass", Some(seconds(60))));
}

#[test]
fn helo() {
    for (world, word, ttl) in [
        ("A 192.0.2.1 60; h.example AAAA no -", "resolves_to_client", Some(60)),
        ("A 192.0.2.1 60; h.example AAAA fail", "resolves_to_client", Some(60)),
        ("A 192.0.2.9 60; h.example AAAA no 20", "resolves_elsewhere", Some(20)),
        ("A 192.0.2.9 60; h.example AAAA no -", "resolves_elsewhere", None),
        ("A nx 30; h.example AAAA nx 30", "no_such_name", Some(30)),
        ("A nx 30; h.example AAAA nx -", "no_such_name", None),
        ("A no 30; h.example AAAA no 30; h.example MX m.example 60", "mx_only", Some(30)),
        ("A no 30; h.example AAAA no -; h.example MX m.example 60", "mx_only", None),
        ("A no 30; h.example AAAA no 30; h.example MX no -", "no_address", None),
        ("A no 30; h.example AAAA no 30; h.example MX no 10", "no_address", Some(10)),
    ] {
        let check = HeloCheck::new("h.example", Some("192.0.2.1".parse().unwrap()), &OwnIdentity::default());
        let report = run(check, &format!("h.example {world}"));
        assert_eq!((report.verdict().word(), report.ttl()), (word, ttl.map(seconds)), "{world}");
    }
}

#[test]
fn mail_domains() {
    for (world, word, ttl) in [
        ("m.example 300; m.example A 198.51.100.1 60", "ok", Some(60)),
        // The address of one family is enough.
        ("m.example 300; m.example A no -; m.example AAAA 2600::1 60", "ok", Some(60)),
        // Without MX: that there is none is part of it.
        ("no 40; d.example A 198.51.100.1 60", "ok", Some(40)),
        ("no -; d.example A 198.51.100.1 60", "ok", None),
        ("nx 40", "no_such_domain", Some(40)),
        ("nx -", "no_such_domain", None),
        ("no 40; d.example A no 30; d.example AAAA no 20", "no_mail_host", Some(20)),
        ("no 40; d.example A no 30; d.example AAAA no -", "no_mail_host", None),
        ("no -; d.example A no 30; d.example AAAA no 20", "no_mail_host", None),
        ("m.example 300; m.example A nx 30", "mx_unusable", Some(30)),
        ("m.example 300; m.example A nx -", "mx_unusable", None),
        ("m.example 300; m.example A 127.0.0.1 60; m.example AAAA no -", "mx_unusable", None),
        // What the record itself says lasts as long as the record.
        ("192.0.2.1 300", "mx_unusable", Some(300)),
        ("m.example 300; m.example A fail; m.example AAAA no -", "unknown", None),
    ] {
        let report = run(MailDomainCheck::new(PathRole::Sender, "a@d.example"), &format!("d.example MX {world}"));
        assert_eq!((report.verdict().word(), report.ttl()), (word, ttl.map(seconds)), "{world}");
    }
}

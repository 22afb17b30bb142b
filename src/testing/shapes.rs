//! The shapes of responses that a resolver has to understand: a question, what the server sends, and the right answer.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::base::name::{Key, Name, NameError};
use crate::base::remote_text::RemoteText;
use crate::dns::{Answer, Failure, Question, Record, RecordType, Soa, Target};
use crate::testing::data::{Data, RawName, TableEntry};
use crate::testing::reply::{ReplyOutcome, ServerReply};

/// What the server knows, as far as a table can say it; the rest is in [`lie`].
pub(super) const WORLD: &str = r#"
    $SOA shapes.test 300 60
    records.shapes.test              A      127.0.0.2   ttl=60
    records.shapes.test              A      127.0.0.4   ttl=30
    v6.shapes.test                   AAAA   2001:db8::1 ttl=30
    nxdomain-bare.shapes.test        NXDOMAIN-NOSOA
    nodata-bare.shapes.test          NODATA-NOSOA
    servfail.shapes.test             SERVFAIL
    refused.shapes.test              REFUSED
    silent.shapes.test               TIMEOUT
    referral.shapes.test             REFERRAL
    malformed.shapes.test            MALFORMED
    large.shapes.test                A      127.0.0.2   ttl=30
    large.shapes.test                TC
    large-tcp-dead.shapes.test       TRUNCATED
    chain.shapes.test                CNAME  link.shapes.test    ttl=20
    link.shapes.test                 CNAME  v4.shapes.test      ttl=50
    v4.shapes.test                   A      127.0.0.2   ttl=30
    loop.shapes.test                 CNAME  pool.shapes.test
    pool.shapes.test                 CNAME  loop.shapes.test
    chain-nxdomain.shapes.test       CNAME  nothing.shapes.test
    chain-nodata.shapes.test         CNAME  v6.shapes.test
    null-mx.shapes.test              MX     0 .         ttl=30
    mx.shapes.test                   MX     10 b.shapes.test    ttl=30
    mx.shapes.test                   MX     5 a.shapes.test     ttl=30
    txt.shapes.test                  TXT    "two " "strings"    ttl=30
    ptr.shapes.test                  PTR    odd\.label\032x.test    ttl=30
    localhost                        A      127.9.9.9   ttl=30
    2.abcd1234.keyed.shapes.test     A      127.0.0.2   ttl=30
    changes.shapes.test              A      127.0.0.2
"#;

/// What changes between two questions about the same name.
pub(super) const CHANGED: &str = "changes.shapes.test A 127.0.0.4 ttl=30";

/// One shape.
pub(super) struct AnswerShape {
    /// Its name, for the report.
    pub(super) name: &'static str,
    pub(super) question: Question,
    /// The right answer.
    pub(super) answer: Answer,
    /// Is any failure as good as the one in `answer`?
    pub(super) any_failure: bool,
}

/// A reply that no table holds; `None` for all other names.
pub(super) fn lie(name: &Name) -> Option<ServerReply> {
    let a = |owner: &str, last| {
        Some(TableEntry { owner: Name::parse(owner).ok()?, ttl: 30, data: Data::A(Ipv4Addr::new(127, 0, 0, last)) })
    };
    let own = name.expose();
    let (outcome, answers) = match own.split('.').next()? {
        "foreign" => (ReplyOutcome::Records, vec![a("elsewhere.test", 2)?]),
        "beside" => (ReplyOutcome::Records, vec![a("elsewhere.test", 9)?, a(own, 2)?]),
        "nxdomain-records" => (ReplyOutcome::NxDomain, vec![a(own, 2)?]),
        "servfail-records" => (ReplyOutcome::ResponseCode(2), vec![a(own, 2)?]),
        "other-type" => {
            let data = Data::Txt(vec![b"text".to_vec()]);
            (ReplyOutcome::Records, vec![TableEntry { owner: name.clone(), ttl: 30, data }])
        }
        "unfinished" => {
            let data = Data::Cname(RawName::parse("v4.shapes.test")?);
            (ReplyOutcome::Records, vec![TableEntry { owner: name.clone(), ttl: 20, data }])
        }
        "forged" => (ReplyOutcome::Records, vec![a(own, 2)?]),
        _ => return None,
    };
    Some(ServerReply { answers, ..ServerReply::new(outcome) })
}

/// Is a forged response sent before the right one?
pub(super) fn is_forged(name: &Name) -> bool {
    name.expose() == "forged.shapes.test."
}

/// The forged response: another id and another address.
pub(super) fn forge(response: &[u8]) -> Vec<u8> {
    let mut forged = response.to_vec();
    if let Some(octet) = forged.first_mut() {
        *octet ^= 1;
    }
    let address = forged.windows(4).position(|octets| octets == [127, 0, 0, 2]);
    if let Some(last) = address.and_then(|at| forged.get_mut(at + 3)) {
        *last = 9;
    }
    forged
}

/// All shapes but the one that [`CHANGED`] changes.
pub(super) fn all() -> Result<Vec<AnswerShape>, NameError> {
    use RecordType::{A, Aaaa, Mx, Ptr, Txt};
    let seconds = Duration::from_secs;
    let failed = Answer::failed;
    let zone = Name::parse("shapes.test")?;
    let soa = Some(Soa::new(zone.clone(), seconds(60)));
    let records = |records: &[Record]| Answer::records(records.iter().cloned(), seconds(30));
    let codes = |codes: &[u8]| {
        Answer::records(codes.iter().map(|last| Record::A(Ipv4Addr::new(127, 0, 0, *last))), seconds(30))
    };
    let v4 = Name::parse("v4.shapes.test")?;
    let chained = Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], seconds(20)).with_owner(v4);
    let odd = Target::from_labels([&b"odd.label x"[..], b"test"]);
    let mx = |preference, exchange: &str| Record::Mx { preference, exchange: Target::from_text(exchange) };
    let exact = [
        ("records, with the least TTL", "records", A, codes(&[2, 4])),
        ("an IPv6 address", "v6", Aaaa, records(&[Record::Aaaa(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))])),
        ("NXDOMAIN with SOA", "nothing", A, Answer::nx_domain(soa.clone())),
        ("NXDOMAIN without SOA", "nxdomain-bare", A, Answer::nx_domain(None)),
        ("NODATA with SOA", "records", Aaaa, Answer::no_data(soa.clone())),
        ("NODATA without SOA", "nodata-bare", A, Answer::no_data(None)),
        ("SERVFAIL", "servfail", A, failed(Failure::ServFail)),
        ("REFUSED", "refused", A, failed(Failure::Refused)),
        ("silence", "silent", A, failed(Failure::Timeout)),
        ("truncated, then TCP", "large", A, codes(&[2])),
        ("a CNAME chain", "chain", A, chained.clone()),
        ("an unfinished CNAME chain", "unfinished", A, chained),
        ("a CNAME chain to NXDOMAIN", "chain-nxdomain", A, Answer::nx_domain(soa.clone())),
        ("a CNAME chain to NODATA", "chain-nodata", A, Answer::no_data(soa.clone())),
        ("a record of another owner beside ours", "beside", A, codes(&[2])),
        ("a forged response first", "forged", A, codes(&[2])),
        ("a null MX", "null-mx", Mx, records(&[mx(0, ".")])),
        ("several MX", "mx", Mx, records(&[mx(5, "a.shapes.test"), mx(10, "b.shapes.test")])),
        ("strings of a TXT record", "txt", Txt, records(&[Record::Txt(RemoteText::clean(b"two strings"))])),
        ("a PTR that is no host name", "ptr", Ptr, records(&[Record::Ptr(odd)])),
    ];
    let any_failure = [
        ("truncated, and TCP is dead", "large-tcp-dead", A, failed(Failure::Truncated)),
        ("a CNAME loop", "loop", A, failed(Failure::CnameLoop)),
        ("a record of another owner", "foreign", A, failed(Failure::Unrelated)),
        ("a record of another type", "other-type", A, failed(Failure::Unrelated)),
        ("NXDOMAIN with a record", "nxdomain-records", A, failed(Failure::Contradiction)),
        ("SERVFAIL with a record", "servfail-records", A, failed(Failure::Contradiction)),
        ("a referral", "referral", A, failed(Failure::Unrelated)),
        ("octets that are not a message", "malformed", A, failed(Failure::Malformed)),
    ];
    let mut shapes = Vec::new();
    for (name, label, kind, answer) in exact.into_iter().chain(any_failure.iter().cloned()) {
        let question = Question::new(Name::parse(label)?.under(&zone)?, kind);
        let any_failure = any_failure.iter().any(|(lenient, ..)| *lenient == name);
        shapes.push(AnswerShape { name, question, answer, any_failure });
    }
    let localhost = Question::new(Name::parse("localhost")?, A);
    let own = Answer::records([Record::A(Ipv4Addr::new(127, 9, 9, 9))], seconds(30));
    shapes.push(AnswerShape { name: "`localhost`", question: localhost, answer: own, any_failure: false });
    let keyed = Name::parse("keyed.shapes.test")?.with_key(&Key::new("abcd1234")?)?;
    let keyed = Question::new(Name::parse("2")?.under(&keyed)?, A);
    shapes.push(AnswerShape { name: "a name with a key", question: keyed, answer: codes(&[2]), any_failure: false });
    Ok(shapes)
}

//! Clients are isolated from each other. What one of them chooses (HELO, sender, the answers of its own zones) is no evidence
//! about what all of them share: lists, resolver, cache. Questions of our own decide about those. Beside each such test stands
//! the opposite one: what is really broken is found.

mod allow_lists;
mod bad_entries;
mod blame;
mod controls;
mod crowding;
mod events;
mod flood;
mod gone_or_private;
mod odd_answers;
mod remembered;
mod rewriting_resolver;
mod silent_names;
mod tenants;

use rdnsbl::dnsxl::{Part, Profile, SubjectKind, TestPoints, Verdict};
use rdnsbl::{Dialogue, ListSpec};

use crate::kit::world::client;

/// Every way to say nothing about one name.
const FAILURES: [&str; 6] = ["SERVFAIL", "RCODE 1", "TIMEOUT", "MALFORMED", "TRUNCATED", "REFUSED"];

/// A list of domains that works, with the host names that every zone has, and a host of a deeper name.
const RHSBL: &str = "
    $SOA rhsbl.example 300 60
    rhsbl.example NS ns1.rhsbl.example
    ns1.rhsbl.example A 198.51.100.53
    www.rhsbl.example A 198.51.100.80
    mail.cluster.rhsbl.example A 198.51.100.25
    test.rhsbl.example A 127.0.0.2
    spam.test.rhsbl.example A 127.0.0.2
    junk.test.rhsbl.example A 127.0.0.2
    spam.test MX 10 mx.unlisted.test
    junk.test MX 10 mx.unlisted.test
    mail.cluster MX 10 mx.unlisted.test
";

/// A list of addresses that works and holds 45.66.77.9 and .10.
const BL: &str = "
    $SOA bl.example 300 60
    2.0.0.127.bl.example A 127.0.0.2
    9.77.66.45.bl.example A 127.0.0.2
    10.77.66.45.bl.example A 127.0.0.2
    11.77.66.45.bl.example A 127.0.0.2
";

fn deny(zone: &str) -> ListSpec {
    ListSpec::deny(zone).unwrap()
}

fn allow(zone: &str) -> ListSpec {
    ListSpec::allow(zone).unwrap()
}

/// A list of the domains in HELO and MAIL FROM.
fn of_domains(spec: ListSpec) -> ListSpec {
    spec.with_parts([Part::Helo, Part::Sender])
}

fn from(last: u8, domain: &str) -> Dialogue {
    client(77, last).mail_from(format!("<a@{domain}>"))
}

fn why(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Problem(problem) => problem.kind().word(),
        Verdict::Unknown(unknown) => unknown.why().word(),
        Verdict::Skipped(why) => why.word(),
        _ => "",
    }
}

/// The entries of [`BL`], failing.
fn dead(failure: &str) -> String {
    BL.lines().filter_map(|line| line.trim().split_once(" A ")).map(|(name, _)| format!("{name} {failure}\n")).collect()
}

fn addresses(points: TestPoints) -> Profile {
    Profile::new().test_points(SubjectKind::Ipv4, points)
}

//! Results for the headers that a host writes: `iprev` (RFC 8601 §3) and `dnswl` (RFC 8904 §2) for
//! `Authentication-Results`, and a comment for `Received`.
//!
//! The host writes the header, starting with its own name, and must remove headers from outside that claim this name.
//! Nothing from outside can end a value here: values are addresses, host names and quoted text only.
//!
//! ```
//! # use rdnsbl::{Dialogue, Inquiry, Settings, SharedState, dns::{Answer, Failure}};
//! # let mut inquiry = Inquiry::new(&Dialogue::from(std::net::IpAddr::from([192, 0, 2, 1])), &std::sync::Arc::new(Settings::default()),
//! #     &mut SharedState::default(), std::time::Instant::now(), Default::default());
//! # while let Some((ticket, _)) = inquiry.next_question() { inquiry.supply(ticket, Answer::nx_domain(None)) }
//! # let report = inquiry.finish(Failure::Deadline);
//! let header = format!("Authentication-Results: mx.example.org; {}", rdnsbl::report::authres::results(&report).join("; "));
//! assert_eq!(header, "Authentication-Results: mx.example.org; iprev=permerror policy.iprev=192.0.2.1");
//! ```

use std::net::IpAddr;

use crate::base::remote_text::RemoteText;
use crate::check::iprev::{ClientName, Iprev};
use crate::dns::unknown::UnknownReason;
use crate::dns::{Failure, RecordType};
use crate::dnsxl::{ListKind, Subject, Verdict};
use crate::report::{ListReport, Report};

/// Every result of the report: `iprev`, then one `dnswl` for each allow list that was asked.
#[must_use]
pub fn results(report: &Report) -> Vec<String> {
    iprev(report).into_iter().chain(report.lists().iter().filter_map(|row| dnswl(report, row))).collect()
}

/// `iprev=pass policy.iprev=192.0.2.1`; `None` where no client was checked.
#[must_use]
pub fn iprev(report: &Report) -> Option<String> {
    let result = report.iprev()?.rfc8601();
    let Some(Subject::Client(client)) = report.target() else { return None };
    // RFC 8601 §2.2: a value is a token or a quoted string, and a token must not contain a colon (RFC 2045 §5.1).
    let value = match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"{address}\""),
    };
    Some(format!("iprev={result} policy.iprev={value}"))
}

/// `dnswl=pass dns.zone=list.example policy.ip=127.0.10.1 policy.txt="..." dns.sec=na` for one allow list of the report;
/// `None` for deny lists, for lists that were not asked, and for lists that are only observed: a filter behind the server could
/// act on them.
#[must_use]
pub fn dnswl(report: &Report, row: &ListReport) -> Option<String> {
    if row.kind() != ListKind::Allow || row.only_observed() {
        return None;
    }
    // RFC 8904 §2: there is no "fail".
    let result = match row.verdict() {
        Verdict::Listed(..) => "pass",
        Verdict::NotListed(_) | Verdict::Excluded(_) => "none",
        // A list that refuses, answers REFUSED or has wrong test entries will not recover soon.
        Verdict::Problem(_) => "permerror",
        Verdict::Unknown(unknown) if *unknown.why() == UnknownReason::Failed(Failure::Refused) => "permerror",
        Verdict::Unknown(_) => "temperror",
        Verdict::Skipped(_) => return None,
    };
    let mut text = format!("dnswl={result} dns.zone={}", row.spec().zone().without_key());
    if let Verdict::Listed(_, listing) = row.verdict() {
        let codes: Vec<String> = listing.codes().iter().map(ToString::to_string).collect();
        match codes.as_slice() {
            [one] => text.push_str(&format!(" policy.ip={one}")),
            several => text.push_str(&format!(" policy.ip=\"{}\"", several.join(","))),
        }
        // RFC 8904 §5.3: only text that did not have to be changed.
        if let Some(reason) = listing.reason().filter(|reason| !reason.was_altered()) {
            text.push_str(&format!(" policy.txt={}", quoted(reason)));
        }
    }
    text.push_str(if is_authenticated(report, row) { " dns.sec=yes" } else { " dns.sec=na" });
    Some(text)
}

/// A comment for `Received` (RFC 5322 §3.2.2), with sendmail's `client_resolve` value for the client's reverse DNS:
/// `(mail.example.org [192.0.2.1], client_resolve=OK)`.
#[must_use]
pub fn received_comment(report: &Report) -> Option<String> {
    let iprev = report.iprev()?;
    let Some(Subject::Client(client)) = report.target() else { return None };
    let names = iprev.names();
    let name = names.and_then(|names| names.confirmed().chain(names.unconfirmed()).next()).map(ClientName::name);
    let name = name.filter(|name| name.is_host()).map(|name| format!("{name} ")).unwrap_or_default();
    let literal = match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("IPv6:{address}"),
    };
    let doubt = if matches!(iprev, Iprev::Forged(_)) { ", may be forged" } else { "" };
    Some(format!("({name}[{literal}]{doubt}, client_resolve={})", iprev.client_resolve()))
}

/// A quoted string (RFC 5322 §3.2.4). The text is printable ASCII already.
fn quoted(text: &RemoteText) -> String {
    let mut quoted = String::from("\"");
    for character in text.as_str().chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// Did the resolver set the AD bit on the list's answer? If not, nothing is known: the resolver may not validate.
fn is_authenticated(report: &Report, row: &ListReport) -> bool {
    let spec = row.spec();
    let asked = |subject: &Subject| subject.in_form(spec.knowledge().domain_form()).name_under(spec.zone()).ok();
    let Some(name) = row.subject().and_then(asked) else { return false };
    report.exchanges().iter().any(|exchange| {
        let question = exchange.question();
        question.record_type == RecordType::A && question.name == name && exchange.answer().is_authenticated()
    })
}

//! The values of a report, in the words of the scenarios.

use rdnsbl::check::helo::{Helo, HeloReport};
use rdnsbl::check::iprev::{Iprev, LookupDirection};
use rdnsbl::check::mail_domain::{MailDomain, MailDomainReport, Via};
use rdnsbl::dnsxl::Verdict;
use rdnsbl::report::Completeness;
use rdnsbl::{Report, UnknownReason};

/// Everything a scenario can ask a report.
pub(crate) const QUESTIONS: [&str; 13] = [
    "iprev",
    "names",
    "helo",
    "helo name",
    "sender",
    "recipient",
    "mail hosts",
    "outcome",
    "score",
    "reply",
    "fault",
    "complete",
    "questions",
];

/// The answer of a report; `list ZONE`, `reason ZONE` and `ttl ZONE` are questions as well.
pub(crate) fn answer(report: &Report, question: &str) -> String {
    if let Some(zone) = question.strip_prefix("list ") {
        return rows(report, zone, list);
    }
    if let Some(zone) = question.strip_prefix("reason ") {
        return rows(report, zone, |verdict| verdict.reason().map_or("none".into(), ToString::to_string));
    }
    if let Some(zone) = question.strip_prefix("ttl ") {
        return rows(report, zone, |verdict| verdict.ttl().map_or("none".into(), |ttl| ttl.as_secs().to_string()));
    }
    match question {
        "iprev" => report.iprev().map_or("none".into(), iprev),
        "names" => report.iprev().and_then(Iprev::names).map_or("none".into(), |names| {
            let names = names.all().iter().map(|name| format!("{} {:?}", name.name(), name.forward()));
            or_none(names.collect::<Vec<_>>().join(", "))
        }),
        "helo" => report.helo().map_or("none".into(), |helo| helo_word(helo.verdict())),
        "helo name" => {
            let known = report.helo().and_then(HeloReport::is_client_name);
            known.map_or("not known", |is| if is { "the client's" } else { "not the client's" }).into()
        }
        "sender" => report.sender().map_or("none".into(), domain),
        "recipient" => report.recipient().map_or("none".into(), domain),
        "mail hosts" => report.sender().or(report.recipient()).map_or("none".into(), hosts),
        "outcome" => report.score().outcome().to_string(),
        "score" => format!("{}..{}", report.score().low(), report.score().high()),
        "reply" => {
            report.advice().reply().map_or("none".into(), |reply| format!("{} {}", reply.code(), reply.enhanced()))
        }
        "fault" => report.resolver_fault().map_or("none", |fault| fault.word()).into(),
        "complete" => if report.completeness() == Completeness::Complete { "yes" } else { "no" }.into(),
        "questions" => report.questions().to_string(),
        _ => panic!("no such question to a report: {question}"),
    }
}

/// All answers, for comparing two reports.
pub(crate) fn everything(report: &Report) -> Vec<(String, String)> {
    let zones =
        report.lists().iter().flat_map(|row| [format!("list {}", row.list()), format!("reason {}", row.list())]);
    let questions = QUESTIONS.into_iter().map(String::from).chain(zones);
    questions.map(|question| (question.clone(), answer(report, &question))).collect()
}

fn rows(report: &Report, zone: &str, say: fn(&Verdict) -> String) -> String {
    let rows = report.lists().iter().filter(|row| row.list().as_str() == zone).map(|row| say(row.verdict()));
    rows.collect::<Vec<_>>().join(" | ")
}

fn list(verdict: &Verdict) -> String {
    let detail = match verdict {
        Verdict::Listed(_, listing) => codes(listing.codes()),
        Verdict::NotListed(_) => String::new(),
        Verdict::Excluded(excluded) => codes(excluded.codes()),
        Verdict::Problem(problem) => problem.kind().word().into(),
        Verdict::Unknown(unknown) => unknown.why().word().into(),
        Verdict::Skipped(why) => why.word().into(),
    };
    format!("{} {detail}", verdict.word()).trim_end().to_owned()
}

fn codes(codes: &[std::net::Ipv4Addr]) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn iprev(iprev: &Iprev) -> String {
    let detail = match iprev {
        Iprev::Confirmed(names) => {
            let names = names.confirmed().map(|name| name.name().to_string());
            names.collect::<Vec<_>>().join(" ")
        }
        Iprev::Forged(names) => if names.truncated() { "truncated" } else { "" }.into(),
        Iprev::NoName(absence) => if absence.reverse_name_exists() { "nodata" } else { "nxdomain" }.into(),
        Iprev::TempError(error) => {
            let stage = if error.at() == LookupDirection::Reverse { "reverse" } else { "forward" };
            format!("{stage} {}", error.why().word())
        }
    };
    format!("{} {} {detail}", iprev.rfc8601(), iprev.client_resolve()).trim_end().to_owned()
}

fn helo_word(verdict: Helo) -> String {
    match verdict {
        Helo::Unknown(why) => format!("unknown {}", why.word()),
        known => known.word().into(),
    }
}

fn domain(report: &MailDomainReport) -> String {
    let verdict = report.verdict();
    let detail = match verdict {
        MailDomain::Ok(Via::Mx) => "mx".into(),
        MailDomain::Ok(Via::ImplicitMx) => "implicit_mx".into(),
        MailDomain::MxUnusable(reason) => reason.word().into(),
        MailDomain::AddressLiteral(address) => address.to_string(),
        MailDomain::Unknown(why) => UnknownReason::word(*why).into(),
        _ => String::new(),
    };
    let cut = if report.truncated() { "truncated" } else { "" };
    [verdict.word(), &detail, cut].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn hosts(report: &MailDomainReport) -> String {
    let hosts = report.hosts().iter().map(|host| {
        let alias = if host.is_alias() { " alias" } else { "" };
        format!("{} {:?}{alias}", host.target(), host.state())
    });
    or_none(hosts.collect::<Vec<_>>().join(", "))
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".into() } else { text }
}

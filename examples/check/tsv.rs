//! One line for each list and each fact, in nine columns separated by tabs.

use rdnsbl::check::mail_domain::{MailDomain, MailDomainReport, Via};
use rdnsbl::dns::ExtendedError;
use rdnsbl::dnsxl::Verdict;
use rdnsbl::dnsxl::score::Score;
use rdnsbl::report::ListReport;
use rdnsbl::{Helo, Iprev, Report};

/// A line without a target.
pub(crate) fn note(text: &str) -> String {
    Row { part: "note", text, ..Row::default() }.line("")
}

/// The lines of one report.
pub(crate) fn report(report: &Report) -> String {
    let target = report.target().map(ToString::to_string).unwrap_or_default();
    let mut lines = String::new();
    let mut add = |row: Row<'_>| lines.push_str(&row.line(&target));
    if let Some(fault) = report.resolver_fault() {
        add(Row { part: "resolver", verdict: "fault", why: fault.word(), text: &fault.to_string(), ..Row::default() });
    }
    if let Some(iprev) = report.iprev() {
        let confirmed = iprev.names().and_then(|names| names.confirmed().next());
        let all = iprev.names().map(|names| join(names.all().iter().map(|name| name.name()))).unwrap_or_default();
        let why = match iprev {
            Iprev::TempError(error) => error.why().word(),
            Iprev::Confirmed(_) | Iprev::Forged(_) | Iprev::NoName(_) => "",
        };
        add(Row {
            part: "iprev",
            name: &confirmed.map(|name| name.name().to_string()).unwrap_or_default(),
            verdict: iprev.rfc8601(),
            why,
            ttl: iprev.ttl().map(|ttl| ttl.as_secs()),
            text: &format!("{} {all}", iprev.client_resolve()),
            ..Row::default()
        });
    }
    if let Some(helo) = report.helo() {
        let why = match helo.verdict() {
            Helo::Unknown(why) => why.word(),
            _ => "",
        };
        add(Row {
            part: "helo",
            name: helo.argument().as_str(),
            verdict: helo.verdict().word(),
            why,
            ttl: helo.ttl().map(|ttl| ttl.as_secs()),
            text: &join(helo.addresses().iter()),
            ..Row::default()
        });
    }
    for (part, report) in [("sender", report.sender()), ("recipient", report.recipient())] {
        if let Some(report) = report {
            let domain = report.domain().map(ToString::to_string).unwrap_or_default();
            add(Row { text: &extended(report.extended_error()), ..mail_domain(part, report, &domain) });
        }
    }
    for row in report.lists() {
        let codes = row.verdict().codes().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut line = Row { codes: &codes, ..list(row) };
        let text = match row.verdict() {
            Verdict::Unknown(unknown) => extended(unknown.extended_error()),
            _ => String::new(),
        };
        if line.text.is_empty() {
            line.text = &text;
        }
        add(line);
    }
    let score = report.score();
    add(Row { part: "score", verdict: score.outcome().word(), text: &sum(score), ..Row::default() });
    for context in report.contexts() {
        let (name, score) = (&*context.name, context.score);
        add(Row { part: "context", name, verdict: score.outcome().word(), text: &sum(score), ..Row::default() });
    }
    if let Some(reply) = report.advice().reply() {
        let code = reply.code().to_string();
        add(Row { part: "reply", verdict: &code, why: reply.enhanced(), text: reply.text(), ..Row::default() });
    }
    lines
}

fn sum(score: Score) -> String {
    format!("{} to {}, listed from {} on", score.low(), score.high(), score.threshold())
}

fn list(row: &ListReport) -> Row<'_> {
    let why = match row.verdict() {
        Verdict::Problem(problem) => problem.kind().word(),
        Verdict::Unknown(unknown) => unknown.why().word(),
        Verdict::Skipped(skipped) => skipped.word(),
        Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_) => "",
    };
    Row {
        part: row.kind().word(),
        name: row.list().as_str(),
        verdict: row.verdict().word(),
        why,
        weight: Some(row.weight()),
        ttl: row.ttl().map(|ttl| ttl.as_secs()),
        text: row.verdict().reason().map(|reason| reason.as_str()).unwrap_or_default(),
        ..Row::default()
    }
}

fn mail_domain<'a>(part: &'a str, report: &MailDomainReport, domain: &'a str) -> Row<'a> {
    let why = match report.verdict() {
        MailDomain::Ok(Via::Mx) => "mx",
        MailDomain::Ok(Via::ImplicitMx) => "implicit_mx",
        MailDomain::MxUnusable(reason) => reason.word(),
        MailDomain::Unknown(why) => why.word(),
        _ => "",
    };
    let ttl = report.ttl().map(|ttl| ttl.as_secs());
    Row { part, name: domain, verdict: report.verdict().word(), why, ttl, ..Row::default() }
}

fn join<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// What the resolver added to a failure (RFC 8914).
fn extended(error: Option<ExtendedError>) -> String {
    error.map(|error| error.to_string()).unwrap_or_default()
}

/// The columns of one line.
#[derive(Default)]
struct Row<'a> {
    part: &'a str,
    name: &'a str,
    verdict: &'a str,
    why: &'a str,
    codes: &'a str,
    weight: Option<i32>,
    ttl: Option<u64>,
    text: &'a str,
}

impl Row<'_> {
    fn line(&self, target: &str) -> String {
        let weight = self.weight.map(|weight| weight.to_string()).unwrap_or_default();
        let ttl = self.ttl.map(|ttl| ttl.to_string()).unwrap_or_default();
        let columns =
            [target, self.part, self.name, self.verdict, self.why, self.codes, &weight, &ttl, self.text.trim()];
        let columns = columns.map(|column| if column.is_empty() { "-" } else { column });
        // Texts are printable already; this is a second guard, since a tab or line break would break the table.
        let columns = columns.map(|column| column.replace(|c: char| c.is_control(), " "));
        format!("{}\n", columns.join("\t"))
    }
}

//! The facts of a report that speak against the client, and the values that templates use to describe them.

use crate::base::small_list::SmallList;
use crate::base::template::Variable;
use crate::check::helo::{Helo, HeloReport};
use crate::check::iprev::{ClientName, Iprev};
use crate::check::mail_domain::{MailDomain, MailDomainReport};
use crate::dns::unknown::with_extended_error;
use crate::dnsxl::score::{Outcome, Score, Share};
use crate::dnsxl::{ListKind, OnNoAnswer, Part, Subject, Verdict};
use crate::policy::moment::Moment;
use crate::report::finding::Finding;
use crate::report::stage::Stage;
use crate::report::{ListReport, Report};

/// Something that speaks against the client.
pub(super) struct Fact<'a> {
    pub(super) finding: Finding,
    /// The list that it is about.
    pub(super) row: Option<&'a ListReport>,
    /// How many other lists also decided.
    others: usize,
    why: String,
    /// It rests on a truncated answer, so it must not reject permanently.
    pub(super) truncated: bool,
    /// For what could not be checked: the only finding that would have been possible.
    pub(super) at_worst: Option<Finding>,
    /// The stage of the session to which it belongs.
    pub(super) stage: Stage,
}

impl<'a> Fact<'a> {
    fn new(finding: Finding) -> Self {
        let stage = Stage::of(finding);
        Self { finding, row: None, others: 0, why: String::new(), truncated: false, at_worst: None, stage }
    }

    fn because(finding: Finding, why: impl ToString) -> Self {
        Self { why: why.to_string(), ..Self::new(finding) }
    }

    fn of_list(finding: Finding, row: &'a ListReport) -> Self {
        Self { row: Some(row), stage: Stage::of_part(row.part()), ..Self::new(finding) }
    }

    /// The value of a template's variable.
    pub(super) fn value(&self, variable: Variable, report: &Report, code: u16) -> String {
        let row = self.row;
        match variable {
            Variable::Client => format!("{}[{}]", client_name(report), client_address(report)),
            Variable::ClientAddress => client_address(report),
            Variable::ClientName => client_name(report),
            Variable::ReverseClientName => reverse_name(report),
            Variable::HeloName => report.helo().map(|helo| helo.argument().to_string()).unwrap_or_default(),
            Variable::Sender => path(report.sender_path(), report.sender()),
            Variable::SenderName => local_part(report.sender_path()),
            Variable::SenderDomain => domain(report.sender_path(), report.sender()),
            Variable::Recipient => path(report.recipient_path(), report.recipient()),
            Variable::RecipientName => local_part(report.recipient_path()),
            Variable::RecipientDomain => domain(report.recipient_path(), report.recipient()),
            Variable::RblCode => code.to_string(),
            Variable::RblDomain => row.map_or_else(|| "the lists".to_owned(), |row| row.list().to_string()),
            Variable::RblReason | Variable::RblTxt => {
                row.and_then(|row| row.verdict().reason()).map(ToString::to_string).unwrap_or_default()
            }
            // Postfix shows the whole address where its domain is listed.
            Variable::RblWhat => match row.and_then(ListReport::part) {
                Some(Part::Sender) => path(report.sender_path(), report.sender()),
                Some(Part::Recipient) => path(report.recipient_path(), report.recipient()),
                _ => {
                    let subject = row.and_then(ListReport::subject).or(report.target());
                    subject.map(ToString::to_string).unwrap_or_default()
                }
            },
            Variable::RblClass => row.map(class).unwrap_or_default().to_owned(),
            Variable::RblOthers => {
                if self.others > 0 {
                    self.others.to_string()
                } else {
                    String::new()
                }
            }
            Variable::Why => self.why.clone(),
            Variable::Causes => String::new(),
        }
    }
}

/// Everything that speaks against the client, in the order of findings. Of several listings, one that the moment acts on is
/// named.
pub(super) fn facts<'a>(report: &'a Report, moment: Option<&Moment<'_>>) -> SmallList<Fact<'a>> {
    let mut facts = SmallList::default();
    facts.extend(lists(report, moment));
    facts.extend(report.iprev().and_then(iprev));
    facts.extend(report.iprev().filter(|iprev| iprev.is_generic()).map(|_| Fact::new(Finding::IprevGeneric)));
    facts.extend(report.helo().and_then(self::helo));
    facts.extend(report.sender().and_then(|sender| mail_domain(sender, &SENDER)));
    let is_null = |sender: &&MailDomainReport| *sender.verdict() == MailDomain::NullSender;
    facts.extend(report.sender().filter(is_null).map(|_| Fact::new(Finding::NullSender)));
    facts.extend(report.recipient().and_then(|recipient| mail_domain(recipient, &RECIPIENT)));
    facts.extend(undecided(report));
    // The fault matters only where something could not be decided.
    let fault = report.resolver_fault().filter(|_| facts.iter().any(|fact| fact.finding.is_unknown()));
    facts.extend(fault.map(|fault| Fact::because(Finding::ResolverFault, fault)));
    facts
}

/// The lists are undecided: what did not answer could have changed the outcome.
fn undecided(report: &Report) -> Option<Fact<'_>> {
    report.scores().find(|(_, score)| score.outcome() == Outcome::Undecided)?;
    let row = report.unknown().find(|row| !row.only_observed());
    Some(row.map_or_else(|| Fact::new(Finding::ListsUndecided), |row| Fact::of_list(Finding::ListsUndecided, row)))
}

/// One deny list about one part of the dialogue that is listed, or may be. Several names of one client count once.
struct DenyRow<'a> {
    row: &'a ListReport,
    counts: bool,
    on_no_answer: Option<OnNoAnswer>,
}

impl<'a> DenyRow<'a> {
    fn share(&self) -> Share<'a> {
        let (spec, group) = (self.row.spec(), self.row.group());
        Share { weight: spec.weight(), operator: spec.operator(), group, is_certain: self.counts }
    }
}

/// The lists' joint result, after applying each list's rule for when it did not answer. Of several contexts, the first that
/// is listed is used, else the first with any result.
fn lists<'a>(report: &'a Report, moment: Option<&Moment<'_>>) -> Option<Fact<'a>> {
    let facts: Vec<Fact<'_>> =
        report.scores().filter_map(|(context, score)| lists_of(report, context, score, moment)).collect();
    let at = facts.iter().position(|fact| fact.finding == Finding::Listed).unwrap_or_default();
    facts.into_iter().nth(at)
}

/// The joint result of one context's lists.
fn lists_of<'a>(
    report: &'a Report,
    context: Option<&str>,
    of_all: Score,
    moment: Option<&Moment<'_>>,
) -> Option<Fact<'a>> {
    if of_all.outcome() == Outcome::Allowed {
        return None;
    }
    let own = |row: &&ListReport| row.context() == context;
    let on_no_answer = |row: &ListReport| matches!(row.verdict(), Verdict::Unknown(_)).then(|| row.on_no_answer());
    let allow: Vec<(&ListReport, OnNoAnswer)> = report
        .deciding_lists()
        .filter(own)
        .filter(|row| row.kind() == ListKind::Allow)
        .filter_map(|row| Some((row, on_no_answer(row)?)))
        .collect();
    if allow.iter().any(|(_, rule)| *rule == OnNoAnswer::Listed) {
        return None;
    }
    let deny_rows = deny_rows(report.deciding_lists().filter(own));
    let thresholds = of_all.thresholds();
    let sum = thresholds.sum(deny_rows.iter().map(DenyRow::share));
    if thresholds.are_reached(sum.low, sum.certain_operators) {
        return match allow.iter().find(|(_, rule)| *rule != OnNoAnswer::Ignore) {
            Some((row, _)) => Some(Fact::of_list(Finding::AllowListUnknown, row)),
            None => listed(&deny_rows, moment),
        };
    }
    if thresholds.are_reached(sum.certain, sum.certain_operators) {
        // A list with a negative weight that did not answer might have spoken for the client.
        let waits = |deny: &&DenyRow<'_>| {
            deny.row.weight() < 0 && matches!(deny.on_no_answer, Some(OnNoAnswer::Defer | OnNoAnswer::DeferIfReject))
        };
        let row = deny_rows.iter().find(waits).map(|deny| deny.row);
        return row.map(|row| Fact::of_list(Finding::AllowListUnknown, row));
    }
    let could = |deny: &DenyRow<'_>| deny.row.weight() > 0 && deny.on_no_answer == Some(OnNoAnswer::Defer);
    let sum = thresholds.sum(deny_rows.iter().filter(|deny| deny.counts || could(deny)).map(DenyRow::share));
    if thresholds.are_reached(sum.high, sum.possible_operators) {
        let row = deny_rows.iter().find(|deny| could(deny)).map(|deny| deny.row);
        return row.map(|row| Fact::of_list(Finding::DenyListUnknown, row));
    }
    let (row, _) = allow.iter().find(|(_, rule)| *rule == OnNoAnswer::Defer)?;
    Some(Fact::of_list(Finding::AllowListUnknown, row))
}

/// The list with the greatest weight, the first of equals, and how many others there are. A list that answered goes before
/// one that counts although it did not.
fn listed<'a>(deny_rows: &[DenyRow<'a>], moment: Option<&Moment<'_>>) -> Option<Fact<'a>> {
    let counts = |deny: &&DenyRow<'_>| deny.counts && deny.row.weight() > 0;
    let is_current =
        |deny: &&DenyRow<'_>| moment.is_some_and(|moment| moment.is_current(Stage::of_part(deny.row.part())));
    let mut decided: Vec<&DenyRow<'a>> = deny_rows.iter().filter(counts).collect();
    if decided.iter().any(is_current) {
        decided.retain(is_current);
    }
    // A threshold of zero or less is reached without any list. No client is rejected for that.
    let mut first = decided.first().copied()?;
    for deny in &decided {
        let rank = |deny: &DenyRow<'_>| (deny.on_no_answer.is_none(), deny.row.weight());
        if rank(deny) > rank(first) {
            first = deny;
        }
    }
    Some(Fact { others: decided.len() - 1, ..Fact::of_list(Finding::Listed, first.row) })
}

fn deny_rows<'a>(rows: impl Iterator<Item = &'a ListReport>) -> Vec<DenyRow<'a>> {
    let mut deny_rows: Vec<DenyRow<'_>> = Vec::new();
    for row in rows.filter(|row| row.kind() == ListKind::Deny) {
        let on_no_answer = match row.verdict() {
            Verdict::Listed(..) => None,
            Verdict::Unknown(_) => Some(row.on_no_answer()),
            _ => continue,
        };
        let deny = DenyRow { row, counts: on_no_answer.is_none_or(|rule| rule == OnNoAnswer::Listed), on_no_answer };
        match deny_rows.last_mut() {
            Some(last) if last.row.group() == row.group() => {
                if deny.counts && (!last.counts || last.on_no_answer.is_some()) {
                    *last = deny;
                }
            }
            _ => deny_rows.push(deny),
        }
    }
    deny_rows
}

pub(super) fn iprev(iprev: &Iprev) -> Option<Fact<'_>> {
    Some(match iprev {
        Iprev::Confirmed(_) => return None,
        // RFC 8601 §3 allows stopping at ten names; the eleventh might have been the one that resolves to the client.
        Iprev::Forged(names) => Fact { truncated: names.truncated(), ..Fact::new(Finding::IprevForged) },
        Iprev::NoName(_) => Fact::new(Finding::IprevNoName),
        Iprev::TempError(error) => {
            Fact::because(Finding::IprevTempError, with_extended_error(error.why(), error.extended_error()))
        }
    })
}

pub(super) fn helo<'a>(report: &HeloReport) -> Option<Fact<'a>> {
    Some(match report.verdict() {
        Helo::Malformed => Fact::new(Finding::HeloMalformed),
        Helo::NotFqdn => Fact::new(Finding::HeloNotFqdn),
        Helo::NoSuchName => Fact::new(Finding::HeloNoSuchName),
        Helo::NoAddress => Fact::new(Finding::HeloNoAddress),
        Helo::ClaimsUs => Fact::new(Finding::HeloClaimsUs),
        Helo::Unknown(why) => Fact::because(Finding::HeloUnknown, with_extended_error(&why, report.extended_error())),
        // RFC 5321 §4.1.4: a name that resolves to another address is no reason to refuse.
        Helo::ResolvesToClient
        | Helo::ResolvesElsewhere
        | Helo::MxOnly
        | Helo::LiteralMatches
        | Helo::LiteralDiffers => return None,
    })
}

/// The findings about a sender's domain, or about a recipient's.
pub(super) struct DomainFindings {
    null_mx: Finding,
    no_such_domain: Finding,
    no_mail_host: Finding,
    mx_unusable: Finding,
    malformed: Finding,
    unknown: Finding,
}

pub(super) const SENDER: DomainFindings = DomainFindings {
    null_mx: Finding::SenderNullMx,
    no_such_domain: Finding::SenderNoSuchDomain,
    no_mail_host: Finding::SenderNoMailHost,
    mx_unusable: Finding::SenderMxUnusable,
    malformed: Finding::SenderMalformed,
    unknown: Finding::SenderUnknown,
};

const RECIPIENT: DomainFindings = DomainFindings {
    null_mx: Finding::RecipientNullMx,
    no_such_domain: Finding::RecipientNoSuchDomain,
    no_mail_host: Finding::RecipientNoMailHost,
    mx_unusable: Finding::RecipientMxUnusable,
    malformed: Finding::RecipientMalformed,
    unknown: Finding::RecipientUnknown,
};

pub(super) fn mail_domain<'a>(report: &MailDomainReport, findings: &DomainFindings) -> Option<Fact<'a>> {
    Some(match report.verdict() {
        MailDomain::NullMx => Fact::new(findings.null_mx),
        MailDomain::NoSuchDomain => Fact::new(findings.no_such_domain),
        MailDomain::NoMailHost => Fact::new(findings.no_mail_host),
        // Some hosts were beyond the limit and were not resolved, so this must not reject permanently.
        MailDomain::MxUnusable(_) if report.truncated() => Fact {
            at_worst: Some(findings.mx_unusable),
            ..Fact::because(findings.unknown, "it has more mail exchangers than are looked at")
        },
        MailDomain::MxUnusable(reason) => {
            Fact::because(findings.mx_unusable, report.unusable_host().unwrap_or_else(|| reason.to_string()))
        }
        MailDomain::Malformed => Fact::new(findings.malformed),
        MailDomain::Unknown(why) => Fact {
            at_worst: has_exchangers(report).then_some(findings.mx_unusable),
            ..Fact::because(findings.unknown, with_extended_error(why, report.extended_error()))
        },
        MailDomain::Ok(_)
        | MailDomain::NullSender
        | MailDomain::AddressLiteral(_)
        | MailDomain::Unqualified
        | MailDomain::Skipped
        | MailDomain::NotRead => return None,
    })
}

/// Are there MX records, so that only their hosts can be at fault?
fn has_exchangers(report: &MailDomainReport) -> bool {
    report.hosts().iter().any(|host| host.preference().is_some())
}

fn client_address(report: &Report) -> String {
    match report.target() {
        Some(Subject::Client(address)) => address.to_string(),
        _ => "unknown".to_owned(),
    }
}

fn client_name(report: &Report) -> String {
    let names = report.iprev().and_then(Iprev::names);
    names.and_then(|names| names.confirmed().next()).map_or_else(unknown, name_of)
}

fn reverse_name(report: &Report) -> String {
    let names = report.iprev().and_then(Iprev::names);
    names.and_then(|names| names.confirmed().chain(names.unconfirmed()).next()).map_or_else(unknown, name_of)
}

fn name_of(name: &ClientName) -> String {
    name.name().to_string()
}

/// Postfix's word for a missing name.
fn unknown() -> String {
    "unknown".to_owned()
}

fn path(path: Option<&crate::base::remote_text::RemoteText>, report: Option<&MailDomainReport>) -> String {
    match path {
        Some(path) => path.to_string(),
        None => domain(None, report),
    }
}

/// The part before the `@`; the whole path if there is none.
fn local_part(path: Option<&crate::base::remote_text::RemoteText>) -> String {
    let path = path.map(crate::base::remote_text::RemoteText::as_str).unwrap_or_default();
    path.rsplit_once('@').map_or(path, |(local, _)| local).to_owned()
}

fn domain(path: Option<&crate::base::remote_text::RemoteText>, report: Option<&MailDomainReport>) -> String {
    match (report.and_then(MailDomainReport::domain), path) {
        (Some(domain), _) => domain.to_string(),
        (None, Some(path)) => path.as_str().rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    }
}

/// Postfix's words for the thing that is listed.
fn class(row: &ListReport) -> &'static str {
    match (row.part(), row.subject()) {
        (Some(Part::ReverseName), _) => "Unverified Client host",
        (Some(Part::Helo), _) => "Helo command",
        (Some(Part::Sender), _) => "Sender address",
        (Some(Part::Recipient), _) => "Recipient address",
        (Some(Part::Address), Some(Subject::Domain(_))) => "Domain",
        _ => "Client host",
    }
}

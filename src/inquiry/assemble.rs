//! Puts a report together from the verdicts of all checks.

use std::time::{Duration, Instant};

use crate::base::mail_path;
use crate::base::remote_text::RemoteText;
use crate::check::helo::HeloReport;
use crate::check::iprev::{ClientName, Iprev};
use crate::check::mail_domain::MailDomainReport;
use crate::dns::unknown::UnknownReason;
use crate::dnsxl::score::{self, Contribution, Counts};
use crate::dnsxl::{Subject, Unknown, Verdict};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::Settings;
use crate::policy::Advice;
use crate::report::exchange::AskedQuestions;
use crate::report::learned::ResolverSigns;
use crate::report::summary::FindingSet;
use crate::report::{Completeness, ListReport, Report, ResolverFault};

/// The verdicts of all checks, before the report is built from them.
pub(crate) struct CheckResults {
    pub(crate) iprev: Option<Iprev>,
    pub(crate) helo: Option<HeloReport>,
    pub(crate) sender: Option<MailDomainReport>,
    pub(crate) recipient: Option<MailDomainReport>,
    /// What our own questions have shown to be wrong with the resolver.
    pub(crate) resolver_fault: Option<ResolverFault>,
    pub(crate) lets_loopback_through: bool,
    pub(crate) signs: ResolverSigns,
    pub(crate) rows: Vec<ListReport>,
    pub(crate) asking: AskedQuestions,
    pub(crate) cut: bool,
    pub(crate) stopped_early: bool,
    pub(crate) elapsed: Duration,
    pub(crate) started: Instant,
}

/// The verdict, where the resolver's fault may have caused the one that is known; `None` if it stands.
pub(super) fn corrected(
    verdict: &Verdict,
    fault: Option<ResolverFault>,
    lets_loopback_through: bool,
) -> Option<Verdict> {
    match (verdict, fault) {
        // Another list's answer in 127.0.0.0/8 came through the same resolver, so an empty answer without SOA is this
        // list's own.
        (Verdict::Unknown(unknown), _) if lets_loopback_through && *unknown.why() == UnknownReason::Resolver => {
            Some(Verdict::unsigned_miss())
        }
        // A resolver that removes hits makes every listing look like a miss.
        (Verdict::NotListed(_), Some(ResolverFault::Strips127))
        // A resolver that invents answers makes a sound list look broken.
        | (Verdict::Problem(_), Some(ResolverFault::RewritesNxdomain)) => {
            Some(Verdict::Unknown(Unknown::resolver_at_fault()))
        }
        _ => None,
    }
}

impl CheckResults {
    /// The fault that this report states. It says that the resolver is silent or refuses only if this check got no answer
    /// either.
    fn fault_to_report(&self) -> Option<ResolverFault> {
        self.resolver_fault.filter(|fault| match fault {
            ResolverFault::Unreachable | ResolverFault::Refused => self.signs.failed && !self.signs.answered,
            ResolverFault::RewritesNxdomain | ResolverFault::Strips127 => true,
        })
    }

    /// While the resolver answers for names that do not exist, no verdict may rest on a name's existence. A verdict that
    /// rests on a matching address is kept: a rewriting resolver would not return exactly the client's address.
    fn doubt_existence(&mut self) {
        if let Some(iprev) = &mut self.iprev {
            iprev.doubt();
        }
        if let Some(helo) = &mut self.helo {
            helo.doubt();
        }
        for report in self.sender.iter_mut().chain(&mut self.recipient) {
            report.doubt();
        }
    }
}

/// Builds the report. The resolver's fault goes first, since it decides which verdicts can be relied on.
pub(crate) fn assemble(dialogue: &Dialogue, settings: &Settings, mut findings: CheckResults) -> Report {
    let resolver_fault = findings.fault_to_report();
    if resolver_fault == Some(ResolverFault::RewritesNxdomain) {
        findings.doubt_existence();
    }
    let mut lists = findings.rows;
    for row in &mut lists {
        if let Some(verdict) = corrected(&row.verdict, resolver_fault, findings.lets_loopback_through) {
            row.verdict = verdict;
        }
    }
    let mut helo = findings.helo;
    // Where iprev is undecided, its names are incomplete: nothing is compared with them.
    match (&mut helo, &findings.iprev) {
        (Some(helo), Some(Iprev::Confirmed(names) | Iprev::Forged(names))) => {
            helo.compare(names.confirmed().map(ClientName::name));
        }
        (Some(helo), Some(Iprev::NoName(_))) => helo.compare(std::iter::empty()),
        _ => {}
    }
    let rows = || lists.iter().filter_map(|row| Contribution::of(&row.spec, &row.verdict, row.group));
    let (score, contexts) = score::of_contexts(rows, settings.lists.all_contexts());
    let mut report = Report {
        target: dialogue.client.map(Subject::from).or_else(|| dialogue.domain.clone().map(Subject::Domain)),
        iprev: findings.iprev,
        helo,
        sender: findings.sender,
        recipient: findings.recipient,
        sender_path: dialogue.mail_from.as_deref().map(mailbox),
        recipient_path: dialogue.rcpt_to.as_deref().map(mailbox),
        score,
        contexts,
        counts: Counts::of(lists.iter().filter(|row| !row.only_observed()).map(ListReport::verdict)),
        lists,
        resolver_fault,
        advice: Advice::default(),
        findings: FindingSet::default(),
        exchanges: findings.asking.exchanges,
        questions: findings.asking.questions,
        trial_questions: findings.asking.trial_questions,
        completeness: match (findings.cut, findings.stopped_early) {
            (true, _) => Completeness::CutByDeadline,
            (false, true) => Completeness::StoppedEarly,
            (false, false) => Completeness::Complete,
        },
        started: findings.started,
        elapsed: findings.elapsed,
        learned: None,
        exempt: settings.is_exempt(dialogue),
    };
    (report.findings, report.advice) = settings.policy.findings_and_advice(&report);
    report
}

/// A path without parameters and angle brackets, made printable and clipped.
fn mailbox(path: &str) -> RemoteText {
    let path = mail_path::without_parameters(path);
    let inner = path.strip_prefix('<').unwrap_or(path);
    RemoteText::clip_to(inner.strip_suffix('>').unwrap_or(inner), MAX_MAILBOX)
}

/// Octets of a mailbox that are shown: 64 of the local part, an `@`, and a domain (RFC 5321 §4.5.3.1).
const MAX_MAILBOX: usize = 254;

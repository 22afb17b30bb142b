//! What the exit code says.

use rdnsbl::check::mail_domain::MailDomain;
use rdnsbl::dnsxl::Health;
use rdnsbl::report::ListReport;
use rdnsbl::{Finding, Iprev, Outcome, Policy, Report, Verdict};

use crate::args::Form;

/// The worst that was found, in rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    #[default]
    Clear,
    CouldNotTell,
    Against,
    Usage,
}

impl Exit {
    /// The result of one report.
    pub(crate) fn of(report: &Report) -> Self {
        if report.advice().rests_on_facts() {
            Self::Against
        } else if could_tell(report) {
            Self::Clear
        } else {
            Self::CouldNotTell
        }
    }

    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::Against => 1,
            Self::Usage => 2,
            Self::CouldNotTell => 3,
        }
    }
}

/// Is everything known that could have led to a reply?
fn could_tell(report: &Report) -> bool {
    let counts = report.counts();
    let lists_are_silent = counts.asked() > 0 && counts.answered() == 0;
    let mut domains = report.sender().into_iter().chain(report.recipient());
    let domain_unknown = domains.any(|domain| matches!(domain.verdict(), MailDomain::Unknown(_)));
    // A reply that rests on no fact is a deferral: a list that could have decided did not answer, or something else is
    // unknown.
    report.advice().reply().is_none()
        && !unheard_could_have_decided(report)
        && !lists_are_silent
        && report.resolver_fault().is_none()
        && !matches!(report.iprev(), Some(Iprev::TempError(_)))
        && !domain_unknown
}

/// Did a list not answer that could have decided and whose rule is to defer? Under any policy, also one without replies.
fn unheard_could_have_decided(report: &Report) -> bool {
    let findings = [Finding::DenyListUnknown, Finding::AllowListUnknown];
    Policy::rfc().judge(report).because().iter().any(|cause| findings.contains(&cause.finding()))
}

/// The states of a monitoring plug-in, in rising order: known to be bad ranks above unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    Ok,
    Unknown,
    Warning,
    Critical,
}

impl Alarm {
    /// The result of one report.
    pub(crate) fn of(report: &Report) -> Self {
        let no_list_heard = !report.lists().is_empty() && report.counts().answered() == 0;
        match Exit::of(report) {
            _ if report.score().outcome() == Outcome::Listed => Self::Critical,
            Exit::Against | Exit::Usage => Self::Warning,
            _ if in_doubt(report).next().is_some() => Self::Warning,
            Exit::CouldNotTell => Self::Unknown,
            Exit::Clear if no_list_heard => Self::Unknown,
            Exit::Clear => Self::Ok,
        }
    }

    /// The word that monitoring systems expect.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }

    /// The exit code that monitoring systems expect.
    fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// The lists that need attention: broken, refusing, closed, gone, or emptied. While the resolver is at fault, only closed
/// lists count, since nothing else is known.
pub(crate) fn in_doubt(report: &Report) -> impl Iterator<Item = &ListReport> {
    let fault = report.resolver_fault().is_some();
    report.lists().iter().filter(move |row| {
        let health = row.health();
        let doubtful = health.takes_hits_away() || matches!(health, Health::Emptied | Health::Gone);
        health == Health::Retired || (!fault && (doubtful || matches!(row.verdict(), Verdict::Problem(_))))
    })
}

/// The exit code after these reports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    reports: usize,
    exit: Exit,
    alarm: Option<Alarm>,
}

impl Tally {
    /// How many reports these are.
    pub(crate) fn reports(&self) -> usize {
        self.reports
    }

    /// Not every target was checked.
    pub(crate) fn cut_short(&mut self) {
        self.exit = self.exit.max(Exit::CouldNotTell);
        self.alarm = self.alarm.max(Some(Alarm::Unknown));
    }

    pub(crate) fn add(&mut self, report: &Report) {
        self.reports += 1;
        self.exit = self.exit.max(Exit::of(report));
        self.alarm = self.alarm.max(Some(Alarm::of(report)));
    }

    pub(crate) fn code(self, form: Option<Form>) -> u8 {
        match (form, self.alarm) {
            (Some(Form::Nagios), Some(alarm)) => alarm.code(),
            _ => self.exit.code(),
        }
    }
}

//! One log line in a stable format, for fail2ban, log counters and people.

use std::fmt;

use crate::dnsxl::{Listing, Verdict};
use crate::report::advice::Advice;
use crate::report::{ListReport, Report};

/// A report as one line of words without blanks, in a fixed order. New words come at the end.
///
/// ```text
/// rdnsbl: client=203.0.113.14 action=reject code=550 enhanced=5.7.1 finding=listed iprev=OK name=mail.example.org helo=- \
///     sender=ok recipient=- lists=listed score=1..1 listed=bl.example allowed=- broken=- unheard=- \
///     observed=-
/// ```
///
/// The regular expression, [`LogLine::PATTERN`]; `-` stands for a value that was not checked or does not exist:
///
/// ```text
/// rdnsbl: client=(\S+) action=(pass|defer|reject) code=([45]\d\d|-) enhanced=(\S+) finding=(\w+|-) iprev=(OK|FORGED|FAIL|TEMP|-) name=(\S+) helo=(\w+|-) sender=(\w+|-) recipient=(\w+|-) lists=(listed|not_listed|allowed|undecided|-) score=(-?\d+)\.\.(-?\d+) listed=(\S+) allowed=(\S+) broken=(\S+) unheard=(\S+) observed=(\S+)(?: advice=(\S+))?
/// ```
///
/// For fail2ban: `failregex = rdnsbl: client=<HOST> action=reject`, or `<ADDR>` from 0.10 on. Several lists are separated by
/// commas. `observed` names the lists that hold the client and are [only observed](ListReport::only_observed). A value cannot
/// start another field, since values contain no blanks.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let line = clock.run(checker.check(client)).log_line().to_string();
/// assert!(line.starts_with("rdnsbl: client=45.66.77.7 action=reject code=550 enhanced=5.7.1 finding=listed "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    report: &'a Report,
    advice: &'a Advice,
    /// The name of the advice, where it is not the report's own.
    name: Option<&'a str>,
}

impl<'a> LogLine<'a> {
    /// The regular expression that every line matches, in the syntax that Perl, Python and Rust share. Later versions may add
    /// fields at the end.
    pub const PATTERN: &'static str = r"rdnsbl: client=(\S+) action=(pass|defer|reject) code=([45]\d\d|-) enhanced=(\S+) finding=(\w+|-) iprev=(OK|FORGED|FAIL|TEMP|-) name=(\S+) helo=(\w+|-) sender=(\w+|-) recipient=(\w+|-) lists=(listed|not_listed|allowed|undecided|-) score=(-?\d+)\.\.(-?\d+) listed=(\S+) allowed=(\S+) broken=(\S+) unheard=(\S+) observed=(\S+)(?: advice=(\S+))?";

    /// The line with another advice than the report's: that of a stage of a session, or of a tenant's policy. Action, code and
    /// finding are those of this advice, and the last field names it, so that nobody takes the line for the report's own.
    ///
    /// ```
    /// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
    /// use rdnsbl::Policy;
    ///
    /// let report = clock.run(checker.check(client));
    /// let tenant = Policy::observe().judge(&report);
    /// let line = report.log_line().with_advice(&tenant, "tenant_7").to_string();
    /// assert!(line.starts_with("rdnsbl: client=45.66.77.7 action=pass code=- "));
    /// assert!(line.ends_with(" advice=tenant_7"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_advice(self, advice: &'a Advice, name: &'a str) -> Self {
        Self { advice, name: Some(name), ..self }
    }
}

impl Report {
    /// The report as one line for the log.
    #[must_use]
    pub fn log_line(&self) -> LogLine<'_> {
        LogLine { report: self, advice: self.advice(), name: None }
    }
}

impl fmt::Display for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, advice, name: advice_name } = *self;
        let target = report.target().map(ToString::to_string);
        write!(f, "rdnsbl: client={}", LogValue(target.as_deref()))?;
        let code = advice.reply().map(|reply| reply.code().to_string());
        write!(f, " action={} code={}", advice.action().word(), LogValue(code.as_deref()))?;
        write!(f, " enhanced={}", LogValue(advice.reply().map(crate::report::reply::Reply::enhanced)))?;
        write!(f, " finding={}", LogValue(advice.because().first().map(|cause| cause.finding().word())))?;
        write!(f, " iprev={}", LogValue(report.iprev().map(crate::check::iprev::Iprev::client_resolve)))?;
        let names = report.iprev().and_then(|iprev| iprev.names());
        let name = names.and_then(|names| names.confirmed().chain(names.unconfirmed()).next());
        write!(f, " name={}", LogValue(name.map(|name| name.name().to_string()).as_deref()))?;
        write!(f, " helo={}", LogValue(report.helo().map(|helo| helo.verdict().word())))?;
        write!(f, " sender={}", LogValue(report.sender().map(|sender| sender.verdict().word())))?;
        write!(f, " recipient={}", LogValue(report.recipient().map(|recipient| recipient.verdict().word())))?;
        let outcome = (!report.lists().is_empty()).then(|| report.score().outcome().word());
        let score = report.score();
        write!(f, " lists={} score={}..{}", LogValue(outcome), score.low(), score.high())?;
        let listed = |(row, _): (_, &Listing)| row;
        write!(f, " listed={} allowed={}", joined(report.denied().map(listed)), joined(report.allowed().map(listed)))?;
        write!(f, " broken={} unheard={}", joined(report.problems()), joined(report.unknown()))?;
        let is_hit = |row: &&ListReport| row.only_observed() && matches!(row.verdict(), Verdict::Listed(..));
        write!(f, " observed={}", joined(report.lists().iter().filter(is_hit)))?;
        match advice_name {
            Some(name) => write!(f, " advice={}", LogValue(Some(name))),
            None => Ok(()),
        }
    }
}

/// The names of these lists, separated by commas, each once.
fn joined<'a>(rows: impl Iterator<Item = &'a ListReport>) -> String {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        let name = LogValue(Some(row.list().as_str())).to_string().replace(',', "_");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { "-".to_owned() } else { names.join(",") }
}

/// A value without blanks; `-` for none.
struct LogValue<'a>(Option<&'a str>);

impl fmt::Display for LogValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None | Some("") => f.write_str("-"),
            Some(text) => f.write_str(&text.replace(|c: char| !c.is_ascii_graphic(), "_")),
        }
    }
}

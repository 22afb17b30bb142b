//! One line for a monitoring system: `RDNSBL STATE - text | performance data`.

use rdnsbl::check::mail_domain::MailDomain;
use rdnsbl::dns::ExtendedError;
use rdnsbl::report::ListReport;
use rdnsbl::{Iprev, Outcome, Report, Verdict};

use crate::demo::BANNER;
use crate::exit::{Alarm, Exit, in_doubt};

/// Targets that are named in the line; the others are counted.
const MAX_TARGETS: usize = 5;

/// Collects reports for the line.
pub(crate) struct Nagios {
    demo: bool,
    texts: Vec<(Alarm, String)>,
    targets: usize,
    listed: usize,
    broken: usize,
    unknown: usize,
    questions: usize,
    seconds: f64,
}

impl Nagios {
    pub(crate) fn new(demo: bool) -> Self {
        Self { demo, texts: Vec::new(), targets: 0, listed: 0, broken: 0, unknown: 0, questions: 0, seconds: 0.0 }
    }

    pub(crate) fn add(&mut self, report: &Report) {
        let counts = report.counts();
        self.targets += 1;
        self.listed += report.denied().count();
        self.broken += counts.problem;
        self.unknown += counts.unknown;
        self.questions += report.questions();
        self.seconds = self.seconds.max(report.elapsed().as_secs_f64());
        let target = report.target().map_or_else(|| "dialogue".to_owned(), ToString::to_string);
        let mut texts = vec![text(report)];
        for (word, filtered) in [("broken", false), ("filtered on the way", true)] {
            let lists = join(report.problems().filter(|row| row.is_filtered() == filtered).map(|row| row.list()));
            if !lists.is_empty() {
                texts.push(format!("{word}: {lists}"));
            }
        }
        let doubtful = in_doubt(report).filter(|row| !matches!(row.verdict(), Verdict::Problem(_)));
        let doubtful = join(doubtful.map(|row| format!("{} ({})", row.list(), row.health())));
        if !doubtful.is_empty() {
            texts.push(format!("doubtful: {doubtful}"));
        }
        self.texts.push((Alarm::of(report), format!("{target}: {}", texts.join(", "))));
    }

    /// The whole line. A bar would start the performance data.
    pub(crate) fn line(&self) -> String {
        let mut worst_first: Vec<_> = self.texts.iter().collect();
        // A stable sort: equal ones stay in the order of the targets.
        worst_first.sort_by_key(|(alarm, _)| std::cmp::Reverse(*alarm));
        let state = worst_first.first().map_or(Alarm::Unknown, |(alarm, _)| *alarm).word();
        let banner = if self.demo { format!("{BANNER} - ") } else { String::new() };
        let mut texts: Vec<String> =
            worst_first.iter().take(MAX_TARGETS).map(|(_, text)| text.replace('|', "/")).collect();
        if worst_first.len() > MAX_TARGETS {
            texts.push(format!("and {} more", worst_first.len() - MAX_TARGETS));
        }
        format!(
            "RDNSBL {state} - {banner}{} | targets={} listed={} broken={} unknown={} questions={} time={:.3}s\n",
            texts.join("; "),
            self.targets,
            self.listed,
            self.broken,
            self.unknown,
            self.questions,
            self.seconds
        )
    }
}

/// What matters most about one target.
fn text(report: &Report) -> String {
    let deciding = || join(report.decided_by().map(|row| row.list()));
    if report.score().outcome() == Outcome::Listed {
        return format!("listed by {}", deciding());
    }
    match Exit::of(report) {
        Exit::Clear if report.decided_by().next().is_some() => format!("allowed by {}", deciding()),
        Exit::Clear if report.counts().asked() == 0 => nobody_asked(report),
        Exit::Clear if report.denied().next().is_some() => {
            format!("below the threshold, listed by {}", join(report.denied().map(|(row, _)| row.list())))
        }
        // "Not listed" from a list in doubt does not count.
        Exit::Clear => match report.counts().answered() - in_doubt(report).filter(has_answered).count() {
            0 => "no sound list was heard".to_owned(),
            1 => "not listed by 1 list".to_owned(),
            count => format!("not listed by {count} lists"),
        },
        Exit::CouldNotTell => could_not_tell(report),
        Exit::Against | Exit::Usage => report.advice().reply().map(|reply| reply.text().to_owned()).unwrap_or_default(),
    }
}

/// Did the list say something about the target?
fn has_answered(row: &&ListReport) -> bool {
    matches!(row.verdict(), Verdict::Listed(..) | Verdict::NotListed(_) | Verdict::Excluded(_))
}

/// The text where no list was asked. It says why lists were skipped, so that nobody reads it as "not listed".
fn nobody_asked(report: &Report) -> String {
    let skipped = report.lists().iter().find_map(|row| match row.verdict() {
        Verdict::Skipped(why) => Some(why),
        _ => None,
    });
    match skipped {
        Some(why) => format!("no list was asked ({why})"),
        None if report.exchanges().is_empty() => "nothing was asked".to_owned(),
        None => "nothing against it".to_owned(),
    }
}

fn could_not_tell(report: &Report) -> String {
    if let Some(fault) = report.resolver_fault() {
        return fault.to_string();
    }
    if let Some(Iprev::TempError(error)) = report.iprev() {
        return format!("could not tell reverse DNS: {}{}", error.why(), extended(error.extended_error()));
    }
    for (whose, domain) in [("sender", report.sender()), ("recipient", report.recipient())] {
        if let Some((domain, MailDomain::Unknown(why))) = domain.map(|domain| (domain, domain.verdict())) {
            return format!("could not tell the {whose}'s domain: {why}{}", extended(domain.extended_error()));
        }
    }
    match report.advice().reply() {
        Some(reply) => reply.text().to_owned(),
        None => "no list could be heard".to_owned(),
    }
}

/// What the resolver added to a failure (RFC 8914).
fn extended(error: Option<ExtendedError>) -> String {
    error.map(|error| format!(": {error}")).unwrap_or_default()
}

fn join<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

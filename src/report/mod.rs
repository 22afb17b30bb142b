//! What was found: every verdict of one dialogue, with evidence, counts and what the policy advises.

mod display;
#[cfg(feature = "serde")]
mod json;
mod resolver_fault;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialogue::Dialogue;
use crate::dns::{Answer, Question};
use crate::dnsxl::{Kind, ListId, ListSpec, Listing, Loopback, Subject, Unknown, Verdict};
use crate::domain::MailDomainReport;
use crate::helo::HeloReport;
use crate::iprev::{ClientName, Iprev};
use crate::policy::Advice;
use crate::score::{self, Counts, Outcome, Score};
use crate::settings::Settings;
use crate::standing::Lesson;

pub use resolver_fault::ResolverFault;

/// Everything found out about one dialogue. Owned, cheap enough to keep, without a public constructor: a listing in it has
/// its proof.
///
/// `Display` is a table for people, at most 80 columns wide; with the feature `serde` it serializes as the `check` example
/// prints it.
#[derive(Clone, Debug)]
pub struct Report {
    target: Option<Subject>,
    iprev: Option<Iprev>,
    helo: Option<HeloReport>,
    sender: Option<MailDomainReport>,
    recipient: Option<MailDomainReport>,
    lists: Vec<ListReport>,
    score: Score,
    counts: Counts,
    resolver_fault: Option<ResolverFault>,
    advice: Advice,
    exchanges: Vec<Exchange>,
    completeness: Completeness,
    started: Instant,
    elapsed: Duration,
    lessons: Vec<Lesson>,
}

/// One list, one subject, one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    list: ListId,
    kind: Kind,
    subject: Option<Subject>,
    weight: i32,
    verdict: Verdict,
}

impl ListReport {
    /// What the list is called.
    #[must_use]
    pub fn list(&self) -> &ListId {
        &self.list
    }

    /// Deny or allow.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it was asked about; `None` where the dialogue has no such part.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What a hit adds to the score.
    #[must_use]
    pub fn weight(&self) -> i32 {
        self.weight
    }

    /// How long the list's answer may be believed. `None` where nothing says so.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.verdict.ttl()
    }
}

/// One question, its answer, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) source: Source,
    pub(crate) took: Duration,
}

impl Exchange {
    /// What was asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// What came back.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Where the answer came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// How long it took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }
}

/// One printable line without keys.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.question, self.answer)
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// This check asked the resolver.
    Network,
    /// Another check was asking the same, and the answer was shared.
    Shared,
    /// Remembered.
    Memory,
}

/// Did the check come to its end?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completeness {
    /// Every question was answered or failed by itself.
    Complete,
    /// Time was up; what was missing is unknown.
    CutByDeadline,
}

/// The verdicts of all checks, before they are put together.
pub(crate) struct Findings {
    pub(crate) iprev: Option<Iprev>,
    pub(crate) helo: Option<HeloReport>,
    pub(crate) sender: Option<MailDomainReport>,
    pub(crate) recipient: Option<MailDomainReport>,
    pub(crate) rows: Vec<ListRow>,
    pub(crate) loopback: Vec<Loopback>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) cut: bool,
}

/// The verdict of one list.
pub(crate) struct ListRow {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) subject: Option<Subject>,
    pub(crate) verdict: Verdict,
}

impl Report {
    /// Puts the verdicts together: the resolver's faults first, since they change what verdicts are worth.
    pub(crate) fn assemble(dialogue: &Dialogue, settings: &Settings, findings: Findings, started: Instant) -> Self {
        let resolver_fault = ResolverFault::find(&findings.loopback, &findings.exchanges);
        let strips = resolver_fault == Some(ResolverFault::Strips127);
        let lists: Vec<ListReport> = findings
            .rows
            .into_iter()
            .map(|row| ListReport {
                list: row.spec.id(),
                kind: row.spec.kind(),
                subject: row.subject,
                weight: row.spec.weight(),
                verdict: match row.verdict {
                    // A miss through a resolver that takes hits away is no miss.
                    Verdict::NotListed(_) if strips => Verdict::Unknown(Unknown::resolver_at_fault()),
                    verdict => verdict,
                },
            })
            .collect();
        let mut helo = findings.helo;
        // Where iprev could not tell, neither can a comparison with its names.
        if let (Some(helo), Some(Iprev::Confirmed(names) | Iprev::Forged(names))) = (&mut helo, &findings.iprev) {
            helo.compare(names.confirmed().map(ClientName::name));
        }
        let score =
            score::add_up(lists.iter().map(|row| (&row.verdict, row.kind, row.weight)), settings.lists.thresholds());
        let mut report = Self {
            target: dialogue.client.map(Subject::from).or_else(|| dialogue.domain.clone().map(Subject::Domain)),
            iprev: findings.iprev,
            helo,
            sender: findings.sender,
            recipient: findings.recipient,
            score,
            counts: Counts::of(lists.iter().map(ListReport::verdict)),
            lists,
            resolver_fault,
            advice: Advice::default(),
            exchanges: findings.exchanges,
            completeness: if findings.cut { Completeness::CutByDeadline } else { Completeness::Complete },
            started,
            elapsed: Duration::ZERO,
            lessons: findings.lessons,
        };
        report.advice = settings.policy.judge(&report);
        report
    }

    /// The same report, by a driver that knows how long it took.
    pub(crate) fn took(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// What the check was about: the client's address or a domain. `None` where only other parts of the dialogue were given.
    #[must_use]
    pub fn target(&self) -> Option<&Subject> {
        self.target.as_ref()
    }

    /// Reverse DNS of the client.
    #[must_use]
    pub fn iprev(&self) -> Option<&Iprev> {
        self.iprev.as_ref()
    }

    /// The argument of HELO or EHLO.
    #[must_use]
    pub fn helo(&self) -> Option<&HeloReport> {
        self.helo.as_ref()
    }

    /// The sender's domain.
    #[must_use]
    pub fn sender(&self) -> Option<&MailDomainReport> {
        self.sender.as_ref()
    }

    /// The recipient's domain.
    #[must_use]
    pub fn recipient(&self) -> Option<&MailDomainReport> {
        self.recipient.as_ref()
    }

    /// Every list, in the order of the configuration.
    #[must_use]
    pub fn lists(&self) -> &[ListReport] {
        &self.lists
    }

    /// Proven hits on deny lists.
    pub fn denied(&self) -> impl Iterator<Item = (&ListReport, &Listing)> {
        self.lists.iter().filter_map(|row| match &row.verdict {
            Verdict::Listed(Kind::Deny, listing) => Some((row, listing)),
            _ => None,
        })
    }

    /// Proven hits on allow lists.
    pub fn allowed(&self) -> impl Iterator<Item = (&ListReport, &Listing)> {
        self.lists.iter().filter_map(|row| match &row.verdict {
            Verdict::Listed(Kind::Allow, listing) => Some((row, listing)),
            _ => None,
        })
    }

    /// Lists that are broken or refuse.
    pub fn problems(&self) -> impl Iterator<Item = &ListReport> {
        self.lists.iter().filter(|row| matches!(row.verdict, Verdict::Problem(_)))
    }

    /// Lists that could not be heard.
    pub fn unknown(&self) -> impl Iterator<Item = &ListReport> {
        self.lists.iter().filter(|row| matches!(row.verdict, Verdict::Unknown(_)))
    }

    /// What the lists say together.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// How many lists ended how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The lists that made the outcome what it is; none where it is "not listed" or undecided.
    pub fn decided_by(&self) -> impl Iterator<Item = &ListReport> {
        let outcome = self.score.outcome();
        let by_allow_list = self.allowed().next().is_some();
        self.lists.iter().filter(move |row| match (outcome, &row.verdict) {
            (Outcome::Listed, Verdict::Listed(Kind::Deny, _)) => row.weight > 0,
            (Outcome::Allowed, Verdict::Listed(Kind::Allow, _)) => true,
            (Outcome::Allowed, Verdict::Listed(Kind::Deny, _)) => !by_allow_list && row.weight < 0,
            _ => false,
        })
    }

    /// Is the resolver itself at fault? Then it is said once, here, and not of every list.
    #[must_use]
    pub fn resolver_fault(&self) -> Option<ResolverFault> {
        self.resolver_fault
    }

    /// What the policy advises.
    #[must_use]
    pub fn advice(&self) -> &Advice {
        &self.advice
    }

    /// Every question with its answer, in the order in which they were asked.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Questions that this check put to the resolver; shared and remembered answers are not counted.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.exchanges.iter().filter(|exchange| exchange.source == Source::Network).count()
    }

    /// Did the check come to its end?
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// How long the check took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long everything in the report may be believed: the least TTL it rests on. `None` where something in it rests on
    /// nothing that lasts.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        let iprev = self.iprev.iter().map(Iprev::ttl);
        let domains = self.sender.iter().chain(&self.recipient).filter(|report| report.domain().is_some());
        let helo = self.helo.iter().filter(|report| report.asked()).map(HeloReport::ttl);
        let lists = self.lists.iter().filter(|row| !matches!(row.verdict, Verdict::Skipped(_))).map(ListReport::ttl);
        let mut least = None;
        for ttl in iprev.chain(domains.map(MailDomainReport::ttl)).chain(helo).chain(lists) {
            let ttl = ttl?;
            least = Some(least.map_or(ttl, |least: Duration| least.min(ttl)));
        }
        least
    }
}

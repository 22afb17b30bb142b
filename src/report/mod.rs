//! The report: every verdict about one dialogue, with evidence, counts and the policy's advice.

pub(crate) mod action;
pub(crate) mod advice;
pub mod authres;
pub(crate) mod check_id;
mod display;
pub(crate) mod exchange;
pub(crate) mod finding;
pub(crate) mod health_report;
#[cfg(feature = "serde")]
mod json;
pub(crate) mod learned;
mod list_report;
mod log;
pub(crate) mod reply;
mod resolver_fault;
pub(crate) mod stage;
pub mod summary;
pub(crate) mod update;

use std::time::{Duration, Instant};

use crate::base::remote_text::RemoteText;
use crate::check::helo::HeloReport;
use crate::check::iprev::Iprev;
use crate::check::mail_domain::MailDomainReport;
use crate::dnsxl::score::{ContextScore, Counts, Outcome, Score};
use crate::dnsxl::{ListKind, Listing, Subject, Verdict};
use crate::report::advice::Advice;
use crate::report::learned::Learned;
use crate::report::summary::{FindingSet, Summary};

pub use crate::report::exchange::{Exchange, Row, Source};
pub use crate::report::health_report::HealthReport;
pub use crate::report::list_report::ListReport;
pub use crate::report::log::LogLine;
pub use crate::report::resolver_fault::ResolverFault;
pub use crate::report::summary::Completeness;
pub use crate::report::update::Update;

/// Everything that was found about one dialogue. It is owned and cheap enough to keep. It has no public constructor, so every
/// listing in it has its proof.
///
/// `Display` is a table for people, at most 80 columns wide; with the feature `serde` it serializes as the `check` example
/// prints it.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let report = clock.run(checker.check(client));
/// for (row, listing) in report.denied() {
///     println!("{} lists {client}: {:?}", row.list(), listing.codes());
/// }
/// assert_eq!(report.iprev().map(|iprev| iprev.rfc8601()), Some("pass"));
/// assert_eq!(report.advice().reply().map(|reply| reply.code()), Some(550));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) target: Option<Subject>,
    pub(crate) iprev: Option<Iprev>,
    pub(crate) helo: Option<HeloReport>,
    pub(crate) sender: Option<MailDomainReport>,
    pub(crate) recipient: Option<MailDomainReport>,
    pub(crate) sender_path: Option<RemoteText>,
    pub(crate) recipient_path: Option<RemoteText>,
    pub(crate) lists: Vec<ListReport>,
    pub(crate) score: Score,
    pub(crate) contexts: Vec<ContextScore>,
    pub(crate) counts: Counts,
    pub(crate) resolver_fault: Option<ResolverFault>,
    pub(crate) advice: Advice,
    pub(crate) findings: FindingSet,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) completeness: Completeness,
    pub(crate) questions: usize,
    pub(crate) trial_questions: usize,
    pub(crate) started: Instant,
    pub(crate) elapsed: Duration,
    /// What a host that keeps a [`SharedState`](crate::SharedState) itself passes on to it.
    pub(crate) learned: Option<Box<Learned>>,
    /// The client is not judged: it has logged in, or is in an exempt network.
    pub(crate) exempt: bool,
}

impl Report {
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Has the client logged in, or is it in an exempt network? Then no policy judges it.
    #[must_use]
    pub fn is_exempt(&self) -> bool {
        self.exempt
    }

    /// What was checked: the client's address or a domain. `None` if only other parts of the dialogue were given.
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

    /// The path of `MAIL FROM:`, without angle brackets, made printable.
    pub(crate) fn sender_path(&self) -> Option<&RemoteText> {
        self.sender_path.as_ref()
    }

    /// The path of `RCPT TO:`, without angle brackets, made printable.
    pub(crate) fn recipient_path(&self) -> Option<&RemoteText> {
        self.recipient_path.as_ref()
    }

    /// Every list, in the order of the configuration.
    #[must_use]
    pub fn lists(&self) -> &[ListReport] {
        &self.lists
    }

    /// The lists that can decide: all but those that are [only observed](ListReport::only_observed).
    pub(crate) fn deciding_lists(&self) -> impl Iterator<Item = &ListReport> {
        self.lists.iter().filter(|row| !row.only_observed())
    }

    /// Proven hits on deny lists, without lists that are [only observed](ListReport::only_observed).
    pub fn denied(&self) -> impl Iterator<Item = (&ListReport, &Listing)> {
        self.deciding_lists().filter_map(|row| match &row.verdict {
            Verdict::Listed(ListKind::Deny, listing) => Some((row, listing)),
            _ => None,
        })
    }

    /// Proven hits on allow lists, without lists that are [only observed](ListReport::only_observed).
    pub fn allowed(&self) -> impl Iterator<Item = (&ListReport, &Listing)> {
        self.deciding_lists().filter_map(|row| match &row.verdict {
            Verdict::Listed(ListKind::Allow, listing) => Some((row, listing)),
            _ => None,
        })
    }

    /// Lists that are broken or refuse.
    pub fn problems(&self) -> impl Iterator<Item = &ListReport> {
        self.lists.iter().filter(|row| matches!(row.verdict, Verdict::Problem(_)))
    }

    /// Lists that did not answer, or not with an answer that can be used.
    pub fn unknown(&self) -> impl Iterator<Item = &ListReport> {
        self.lists.iter().filter(|row| matches!(row.verdict, Verdict::Unknown(_)))
    }

    /// The lists' joint score; if they decide in several contexts, that of the worst.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// The score of each context, if the lists decide in several: see
    /// [`ListSetBuilder::context`](crate::lists::ListSetBuilder::context). Empty if they decide in one.
    #[must_use]
    pub fn contexts(&self) -> &[ContextScore] {
        &self.contexts
    }

    /// Each context with its score. A single context has no name.
    pub(crate) fn scores(&self) -> impl Iterator<Item = (Option<&str>, Score)> {
        let only = self.contexts.is_empty().then_some((None, self.score));
        only.into_iter().chain(self.contexts.iter().map(|context| (Some(&*context.name), context.score)))
    }

    /// The context of [`score`](Self::score), if there are several.
    fn worst_context(&self) -> Option<&str> {
        self.contexts.iter().find(|context| context.score == self.score).map(|context| &*context.name)
    }

    /// How many lists ended with each verdict, without lists that are [only observed](ListReport::only_observed).
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The lists that decided the outcome; none if it is "not listed" or undecided.
    pub fn decided_by(&self) -> impl Iterator<Item = &ListReport> {
        self.decided_in(self.worst_context(), self.score.outcome())
    }

    /// The lists that decided the outcome of a context.
    pub(crate) fn decided_in(&self, context: Option<&str>, outcome: Outcome) -> impl Iterator<Item = &ListReport> {
        let own = move |row: &&ListReport| row.context() == context;
        let by_allow_list = self.allowed().any(|(row, _)| own(&row));
        self.deciding_lists().filter(own).filter(move |row| match (outcome, &row.verdict) {
            (Outcome::Listed, Verdict::Listed(ListKind::Deny, _)) => row.weight() > 0,
            (Outcome::Allowed, Verdict::Listed(ListKind::Allow, _)) => true,
            (Outcome::Allowed, Verdict::Listed(ListKind::Deny, _)) => !by_allow_list && row.weight() < 0,
            _ => false,
        })
    }

    /// Is the resolver itself at fault? That is reported once, here, and not for every list.
    #[must_use]
    pub fn resolver_fault(&self) -> Option<ResolverFault> {
        self.resolver_fault
    }

    /// The result without the reasons.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            score: self.score,
            counts: self.counts,
            findings: self.findings,
            action: self.advice.action(),
            resolver_fault: self.resolver_fault,
            completeness: self.completeness,
        }
    }

    /// The policy's advice.
    #[must_use]
    pub fn advice(&self) -> &Advice {
        &self.advice
    }

    /// Every question with its answer, in the order in which they were asked.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The questions of one row, with their answers: what its verdict rests on, how long each took, and whether it came from
    /// the network or the cache. A question that several rows wanted was asked once, and belongs to each of them.
    pub fn exchanges_of<'a>(&'a self, row: impl Into<Row<'a>>) -> impl Iterator<Item = &'a Exchange> {
        let unit = row.into().unit();
        self.exchanges.iter().filter(move |exchange| exchange.is_wanted_by(unit))
    }

    /// How many questions this check put to the resolver. Shared and cached answers are not counted, nor are the questions
    /// that [test the resolver](Self::resolver_questions).
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions
    }

    /// How many questions this check put to the resolver to test its honesty: 4 at first use, every half hour, and when
    /// something looks wrong.
    #[must_use]
    pub fn resolver_questions(&self) -> usize {
        self.trial_questions
    }

    /// Was everything answered, or was the check cut short?
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// How long the check took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long the whole report may be cached: the smallest TTL that it rests on. `None` if some part of it must not be
    /// cached.
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

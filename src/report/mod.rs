//! What was found: every verdict of one dialogue, with evidence, counts and what the policy advises.

pub mod authres;
mod display;
pub(crate) mod finding;
#[cfg(feature = "serde")]
mod json;
mod log;
pub(crate) mod reply;
mod resolver_fault;
pub mod summary;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::remote_text::RemoteText;
use crate::check::helo::HeloReport;
use crate::check::iprev::{ClientName, Iprev};
use crate::check::mail_domain::MailDomainReport;
use crate::dns::unknown::Why;
use crate::dns::{Answer, Question};
use crate::dnsxl::score::{self, ContextScore, Counts, Outcome, Row, Score};
use crate::dnsxl::{
    Evidence, Health, HealthState, Kind, Label, ListId, ListSpec, Listing, Part, Subject, SubjectKind, Unheard,
    Unknown, Verdict, advice,
};
use crate::inquiry::AskedQuestions;
use crate::inquiry::dialogue::{Dialogue, Trust};
use crate::inquiry::settings::Settings;
use crate::policy::{Advice, Policy};
use crate::report::summary::Summary;
use crate::state::{Lesson, OwnWord, Sight};

pub use crate::report::log::LogLine;
pub use crate::report::resolver_fault::ResolverFault;

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
    sender_path: Option<RemoteText>,
    recipient_path: Option<RemoteText>,
    lists: Vec<ListReport>,
    score: Score,
    contexts: Vec<ContextScore>,
    counts: Counts,
    resolver_fault: Option<ResolverFault>,
    advice: Advice,
    exchanges: Vec<Exchange>,
    completeness: Completeness,
    questions: usize,
    trial_questions: usize,
    started: Instant,
    elapsed: Duration,
    /// What a host that keeps a [`Standing`](crate::Standing) itself has to tell it.
    pub(crate) learned: Option<Box<Learned>>,
    /// The client is in a network that is not judged.
    exempt: bool,
}

/// One list, one subject, one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    subject: Option<Subject>,
    part: Option<Part>,
    group: usize,
    verdict: Verdict,
    health: Arc<HealthState>,
    spec: Arc<ListSpec>,
}

impl ListReport {
    /// What the list is called.
    #[must_use]
    pub fn list(&self) -> &ListId {
        self.spec.called()
    }

    /// Deny or allow.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.spec.kind()
    }

    /// What those should know who use the list, as its [`Profile`](crate::dnsxl::Profile::note) says: that it wants
    /// registration, is for scoring only, holds whole networks.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.spec.knowledge().note()
    }

    /// What it was asked about; `None` where the dialogue has no such part.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The part of the dialogue it was asked about; `None` for a subject written in the configuration.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        self.part
    }

    /// With which lists it decides, where they do so in several contexts: see [`Report::contexts`].
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.spec.context()
    }

    /// What is done when the list could not be heard.
    #[must_use]
    pub fn unheard(&self) -> Unheard {
        self.spec.unheard()
    }

    /// The list as it was configured.
    #[must_use]
    pub fn spec(&self) -> &ListSpec {
        &self.spec
    }

    /// Rows with the same number are one list about one part of the dialogue, and count once.
    pub(crate) fn group(&self) -> usize {
        self.group
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What a hit adds to the score.
    #[must_use]
    pub fn weight(&self) -> i32 {
        self.spec.weight()
    }

    /// How long the list's answer may be believed. `None` where nothing says so.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.verdict.ttl()
    }

    /// How the list is doing, as far as is known after this check.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.health
    }

    /// What to do about the list, by its health and by this answer; empty where there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        advice::of_verdict(&self.verdict, self.health(), self.health_evidence())
    }

    /// Is it not the list that answered, but a filter on the way to it: with 0.0.0.0, or an address of a private network?
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        advice::is_filtered(&self.verdict)
    }

    /// What the operator says the codes mean, where that is known; of codes that are not wanted, too.
    pub fn meanings(&self) -> impl Iterator<Item = &str> {
        let listed: &[Arc<str>] = match &self.verdict {
            Verdict::Listed(_, listing) => listing.meanings(),
            _ => &[],
        };
        let excluded = match &self.verdict {
            Verdict::Excluded(excluded) => excluded.codes(),
            _ => &[],
        };
        let excluded =
            excluded.iter().flat_map(|code| self.spec.knowledge().meanings(*code)).map(|(_, meaning)| meaning);
        listed.iter().map(|meaning| &**meaning).chain(excluded)
    }

    /// What shows its health.
    #[must_use]
    pub fn health_evidence(&self) -> &[Evidence] {
        &self.health.evidence
    }
}

/// One question, its answer, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) source: Source,
    pub(crate) took: Duration,
    /// It tries the resolver.
    pub(crate) is_trial: bool,
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
    /// Lists that could not change the outcome were not waited for.
    StoppedEarly,
}

/// The verdicts of all checks, before they are put together.
pub(crate) struct Findings {
    pub(crate) iprev: Option<Iprev>,
    pub(crate) helo: Option<HeloReport>,
    pub(crate) sender: Option<MailDomainReport>,
    pub(crate) recipient: Option<MailDomainReport>,
    /// What questions of our own have shown to be wrong with the resolver.
    pub(crate) resolver_fault: Option<ResolverFault>,
    pub(crate) lets_loopback_through: bool,
    pub(crate) sight: Sight,
    pub(crate) rows: Vec<ListRow>,
    pub(crate) asking: AskedQuestions,
    pub(crate) cut: bool,
    pub(crate) stopped_early: bool,
    pub(crate) elapsed: Duration,
    pub(crate) started: Instant,
}

/// The verdict of one list.
#[derive(Debug)]
pub(crate) struct ListRow {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) subject: Option<Subject>,
    pub(crate) kind: SubjectKind,
    pub(crate) part: Option<Part>,
    pub(crate) group: usize,
    pub(crate) verdict: Verdict,
    pub(crate) health: Arc<HealthState>,
}

/// What a check learned about what all checks share.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) sight: Sight,
    pub(crate) own_words: Vec<OwnWord>,
    pub(crate) trial: Option<Label>,
}

impl ListRow {
    /// What the verdict is worth when the resolver is at fault.
    fn blame(verdict: Verdict, fault: Option<ResolverFault>, lets_loopback_through: bool) -> Verdict {
        match (verdict, fault) {
            // Another list's answer in 127.0.0.0/8 came through the same resolver: a no that this list does not sign is its
            // own.
            (Verdict::Unknown(unknown), _) if lets_loopback_through && *unknown.why() == Why::Resolver => {
                Verdict::unsigned_miss()
            }
            // A miss through a resolver that takes hits away is no miss.
            (Verdict::NotListed(_), Some(ResolverFault::Strips127))
            // What a resolver that invents answers says of a list is no word of the list.
            | (Verdict::Problem(_), Some(ResolverFault::RewritesNxdomain)) => Verdict::Unknown(Unknown::resolver_at_fault()),
            (verdict, _) => verdict,
        }
    }
}

impl Findings {
    /// The fault that this report tells. That the resolver is silent or refuses is said only where nothing was answered here
    /// either.
    fn told_fault(&self) -> Option<ResolverFault> {
        self.resolver_fault.filter(|fault| match fault {
            ResolverFault::Unreachable | ResolverFault::Refused => self.sight.failed && !self.sight.answered,
            ResolverFault::RewritesNxdomain | ResolverFault::Strips127 => true,
        })
    }

    /// While names that do not exist are answered, nothing rests on existence. What was shown by a match stands.
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

/// Of each deny list: does it alone hold its subject, where lists of two other operators were heard?
pub(crate) fn alone_with_it(rows: &[ListRow]) -> Vec<Option<bool>> {
    // Who was heard about which subject, and who of them lists it; each operator once, those that list it last.
    let mut voices: Vec<(Option<&Subject>, &str, bool)> = Vec::with_capacity(rows.len());
    voices.extend(rows.iter().filter_map(|row| {
        Some((row.subject.as_ref(), row.spec.operator(), row.verdict.speaks_of_listing(Kind::Deny)?))
    }));
    voices.sort_unstable();
    let mut operators: Vec<(Option<&Subject>, &str, bool)> = Vec::with_capacity(voices.len());
    for voice in voices {
        match operators.last_mut().filter(|last| (last.0, last.1) == (voice.0, voice.1)) {
            Some(last) => last.2 |= voice.2,
            None => operators.push(voice),
        }
    }
    // Of each subject: how many were heard, and how many of them list it.
    let mut subjects: Vec<(Option<&Subject>, usize, usize)> = Vec::new();
    for (subject, _, lists) in &operators {
        match subjects.last_mut().filter(|last| last.0 == *subject) {
            Some((_, heard, listing)) => {
                *heard += 1;
                *listing += usize::from(*lists);
            }
            None => subjects.push((*subject, 1, usize::from(*lists))),
        }
    }
    rows.iter()
        .map(|row| {
            let own = row.verdict.speaks_of_listing(Kind::Deny).filter(|_| row.spec.kind() == Kind::Deny)?;
            let subject = row.subject.as_ref();
            let of_subject = subjects.binary_search_by_key(&subject, |(subject, ..)| *subject).ok();
            let (_, heard, listing) = *subjects.get(of_subject?)?;
            let key = (subject, row.spec.operator());
            let of_operator = operators.binary_search_by_key(&key, |(subject, operator, _)| (*subject, *operator));
            let (.., mine) = *operators.get(of_operator.ok()?)?;
            (heard > 2).then_some(own && listing == usize::from(mine))
        })
        .collect()
}

impl Report {
    /// Puts the verdicts together: the resolver's faults first, since they change what verdicts are worth.
    /// With the rows' room, to be used again.
    pub(crate) fn assemble(dialogue: &Dialogue, settings: &Settings, mut findings: Findings) -> (Self, Vec<ListRow>) {
        let resolver_fault = findings.told_fault();
        if resolver_fault == Some(ResolverFault::RewritesNxdomain) {
            findings.doubt_existence();
        }
        let lets_loopback_through = findings.lets_loopback_through;
        let row = |ListRow { spec, subject, part, group, verdict, health, .. }: ListRow| {
            let verdict = ListRow::blame(verdict, resolver_fault, lets_loopback_through);
            ListReport { subject, part, group, verdict, health, spec }
        };
        let lists: Vec<ListReport> = findings.rows.drain(..).map(row).collect();
        let mut helo = findings.helo;
        // Where iprev could not tell, neither can a comparison with its names.
        match (&mut helo, &findings.iprev) {
            (Some(helo), Some(Iprev::Confirmed(names) | Iprev::Forged(names))) => {
                helo.compare(names.confirmed().map(ClientName::name));
            }
            (Some(helo), Some(Iprev::NoName(_))) => helo.compare(std::iter::empty()),
            _ => {}
        }
        let rows = || {
            lists.iter().map(|row| Row {
                verdict: &row.verdict,
                kind: row.kind(),
                weight: row.weight(),
                operator: row.spec.operator(),
                group: row.group,
                context: row.context(),
            })
        };
        let (score, contexts) = score::of_contexts(rows, settings.lists.all_contexts());
        let mut report = Self {
            target: dialogue.client.map(Subject::from).or_else(|| dialogue.domain.clone().map(Subject::Domain)),
            iprev: findings.iprev,
            helo,
            sender: findings.sender,
            recipient: findings.recipient,
            sender_path: dialogue.mail_from.as_deref().map(mailbox),
            recipient_path: dialogue.rcpt_to.as_deref().map(mailbox),
            score,
            contexts,
            counts: Counts::of(lists.iter().map(ListReport::verdict)),
            lists,
            resolver_fault,
            advice: Advice::default(),
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
            exempt: dialogue.trust == Trust::Authenticated
                || dialogue.client.is_some_and(|client| settings.exempts(client)),
        };
        report.advice = settings.policy.judge(&report);
        (report, findings.rows)
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Has the client logged in, or is it in a network that no policy judges?
    #[must_use]
    pub fn is_exempt(&self) -> bool {
        self.exempt
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

    /// What stood in `MAIL FROM:`, without angle brackets, made safe.
    pub(crate) fn sender_path(&self) -> Option<&RemoteText> {
        self.sender_path.as_ref()
    }

    /// What stood in `RCPT TO:`, without angle brackets, made safe.
    pub(crate) fn recipient_path(&self) -> Option<&RemoteText> {
        self.recipient_path.as_ref()
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

    /// What the lists say together; where they decide in several contexts, what those of the worst do.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// The score of each context, where the lists decide in several: see
    /// [`ListSetBuilder::context`](crate::lists::ListSetBuilder::context). Empty where they decide in one.
    #[must_use]
    pub fn contexts(&self) -> &[ContextScore] {
        &self.contexts
    }

    /// Each context with its score, also where there is only one, which has no name.
    pub(crate) fn scores(&self) -> impl Iterator<Item = (Option<&str>, Score)> {
        let only = self.contexts.is_empty().then_some((None, self.score));
        only.into_iter().chain(self.contexts.iter().map(|context| (Some(&*context.name), context.score)))
    }

    /// The context of [`score`](Self::score), where there are several.
    fn worst_context(&self) -> Option<&str> {
        self.contexts.iter().find(|context| context.score == self.score).map(|context| &*context.name)
    }

    /// How many lists ended how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The lists that made the outcome what it is; none where it is "not listed" or undecided.
    pub fn decided_by(&self) -> impl Iterator<Item = &ListReport> {
        self.decided_in(self.worst_context(), self.score.outcome())
    }

    /// The lists that made the outcome of a context what it is.
    pub(crate) fn decided_in(&self, context: Option<&str>, outcome: Outcome) -> impl Iterator<Item = &ListReport> {
        let own = move |row: &&ListReport| row.context() == context;
        let by_allow_list = self.allowed().any(|(row, _)| own(&row));
        self.lists.iter().filter(own).filter(move |row| match (outcome, &row.verdict) {
            (Outcome::Listed, Verdict::Listed(Kind::Deny, _)) => row.weight() > 0,
            (Outcome::Allowed, Verdict::Listed(Kind::Allow, _)) => true,
            (Outcome::Allowed, Verdict::Listed(Kind::Deny, _)) => !by_allow_list && row.weight() < 0,
            _ => false,
        })
    }

    /// Is the resolver itself at fault? Then it is said once, here, and not of every list.
    #[must_use]
    pub fn resolver_fault(&self) -> Option<ResolverFault> {
        self.resolver_fault
    }

    /// What it all comes to, without the reasons.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            score: self.score,
            counts: self.counts,
            findings: Policy::findings(self).collect(),
            action: self.advice.action(),
            resolver_fault: self.resolver_fault,
            completeness: self.completeness,
        }
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

    /// Questions that this check put to the resolver; shared and remembered answers are not counted, nor what
    /// [tried the resolver](Self::resolver_questions).
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions
    }

    /// Questions that this check put to the resolver to see whether it tells the truth: 4 at first use, every half hour, and
    /// where something looked wrong.
    #[must_use]
    pub fn resolver_questions(&self) -> usize {
        self.trial_questions
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

/// A path without its angle brackets, made safe and short.
fn mailbox(path: &str) -> RemoteText {
    let inner = path.strip_prefix('<').unwrap_or(path);
    RemoteText::clip_to(inner.strip_suffix('>').unwrap_or(inner), MAX_MAILBOX)
}

/// Octets of a mailbox that are shown: 64 of the local part, an `@`, and a domain (RFC 5321 §4.5.3.1).
const MAX_MAILBOX: usize = 254;

//! The verdict about one list and one subject.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::remote_text::RemoteText;
use crate::dns::Evidence;
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, ExtendedError, Ttl};
use crate::dnsxl::kind::ListKind;
use crate::dnsxl::problem::{Breakage, ProblemKind};
use crate::dnsxl::proof::Proof;
use crate::dnsxl::skipped::Skipped;

/// The verdict about one list and one subject.
///
/// There are exactly six cases, so that a `match` handles each of them on purpose:
///
/// ```
/// use rdnsbl::dnsxl::{ListKind, Verdict};
///
/// fn log(verdict: &Verdict) -> String {
///     match verdict {
///         Verdict::Listed(ListKind::Deny, listing) => format!("denied, codes {:?}", listing.codes()),
///         Verdict::Listed(ListKind::Allow, _) => "allowed".to_owned(),
///         Verdict::NotListed(_) | Verdict::Excluded(_) => "no hit".to_owned(),
///         Verdict::Problem(problem) => format!("the list {}", problem.kind()),
///         Verdict::Unknown(unknown) => format!("unknown: {}", unknown.why()),
///         Verdict::Skipped(reason) => format!("not asked: {reason}"),
///     }
/// }
/// assert_eq!(log(&Verdict::Skipped(rdnsbl::dnsxl::Skipped::Exempt)), "not asked: exempt client");
/// ```
///
/// A case that is left out is an error:
///
/// ```compile_fail
/// # fn f(verdict: rdnsbl::dnsxl::Verdict) -> bool {
/// match verdict { // `Unknown` is forgotten
///     rdnsbl::dnsxl::Verdict::Listed(..) => true,
///     rdnsbl::dnsxl::Verdict::NotListed(_) | rdnsbl::dnsxl::Verdict::Excluded(_) => false,
///     rdnsbl::dnsxl::Verdict::Problem(_) | rdnsbl::dnsxl::Verdict::Skipped(_) => false,
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a forced `_` arm is where \"could not tell\" would be folded into \"fine\""
)]
pub enum Verdict {
    /// The list contains the subject, and proof exists that it does not list everything.
    Listed(ListKind, Listing),
    /// The list does not contain the subject.
    NotListed(NotListed),
    /// The list contains the subject, but only with codes that the configuration does not select.
    Excluded(Excluded),
    /// The list is broken or refuses to answer; nothing is known about the subject.
    Problem(Problem),
    /// The result is unknown.
    Unknown(Unknown),
    /// The list was not asked, because the question makes no sense.
    Skipped(Skipped),
}

impl Verdict {
    /// A negative answer without SOA.
    pub(crate) fn unsigned_miss() -> Self {
        Self::NotListed(NotListed { ttl: None })
    }

    /// The check did not wait for this list, because its answer could no longer change the outcome.
    pub(crate) fn not_awaited() -> Self {
        let why = UnknownReason::NotAwaited;
        Self::Unknown(Unknown::because(why))
    }

    /// A word in lower case, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Listed(..) => "listed",
            Self::NotListed(_) => "not_listed",
            Self::Excluded(_) => "excluded",
            Self::Problem(_) => "problem",
            Self::Unknown(_) => "unknown",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Does a list of this kind contain the subject? `None` if the verdict does not show it.
    pub(crate) fn speaks_of_listing(&self, asked: ListKind) -> Option<bool> {
        match self {
            Self::Listed(kind, _) => (*kind == asked).then_some(true),
            Self::NotListed(_) | Self::Excluded(_) => Some(false),
            Self::Problem(_) | Self::Unknown(_) | Self::Skipped(_) => None,
        }
    }

    /// The return codes of the answer, sorted; empty if there are none.
    #[must_use]
    pub fn codes(&self) -> &[Ipv4Addr] {
        match self {
            Self::Listed(_, listing) => &listing.0.codes,
            Self::Excluded(excluded) => &excluded.0.codes,
            Self::Problem(problem) => &problem.0.codes,
            Self::Unknown(unknown) => &unknown.0.codes,
            Self::NotListed(_) | Self::Skipped(_) => &[],
        }
    }

    /// Whether there were more codes than the 100 that are kept.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        match self {
            Self::Listed(_, listing) => listing.0.truncated,
            Self::Excluded(excluded) => excluded.0.truncated,
            Self::NotListed(_) | Self::Problem(_) | Self::Unknown(_) | Self::Skipped(_) => false,
        }
    }

    /// The text of the list, with unsafe characters escaped.
    #[must_use]
    pub fn reason(&self) -> Option<&RemoteText> {
        match self {
            Self::Listed(_, listing) => listing.0.reason.as_ref(),
            Self::Problem(problem) => problem.0.reason.as_ref(),
            Self::Unknown(unknown) => unknown.0.reason.as_ref(),
            Self::NotListed(_) | Self::Excluded(_) | Self::Skipped(_) => None,
        }
    }

    /// The questions and answers behind the verdict, beyond the answer about the subject: the control queries of a listing,
    /// the evidence of a problem, the queries that failed.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Listed(_, listing) => listing.0.proof.controls(),
            Self::Problem(problem) => &problem.0.evidence,
            Self::Unknown(unknown) => &unknown.0.evidence,
            Self::NotListed(_) | Self::Excluded(_) | Self::Skipped(_) => &[],
        }
    }

    /// The verdict if the list was found broken after its proof was made: a hit becomes a problem.
    pub(crate) fn voided(self, bad: Option<&Breakage>) -> Self {
        match (self, bad) {
            (Self::Listed(_, listing), Some(breakage)) => Self::Problem(Problem::from(ProblemDetails {
                kind: breakage.kind,
                codes: listing.0.codes,
                reason: listing.0.reason,
                evidence: breakage.evidence.clone(),
                ttl: None,
            })),
            (verdict, _) => verdict,
        }
    }

    /// How long the verdict is valid. `None` if no answer gives a TTL.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match self {
            Self::Listed(_, listing) => Some(listing.0.ttl),
            Self::NotListed(not_listed) => not_listed.ttl.map(Duration::from),
            Self::Excluded(excluded) => Some(excluded.0.ttl),
            Self::Problem(problem) => problem.0.ttl,
            Self::Unknown(unknown) => unknown.0.ttl,
            Self::Skipped(_) => None,
        }
    }
}

/// A listing with its proof.
///
/// ```
/// use rdnsbl::testing::Situation;
/// use rdnsbl::{Checker, ListSet, ManualClock, Scripted, Verdict};
/// use std::net::IpAddr;
///
/// let (clock, client) = (ManualClock::new(), IpAddr::from([9, 9, 9, 9]));
/// let dns = Scripted::table(&Situation::Sound.table("bl.example", &[client]), clock.clone())?;
/// let lists = ListSet::builder().deny("bl.example").build()?;
/// let checker = Checker::builder_with(dns, clock.clone()).lists(lists).build()?;
///
/// let report = clock.run(checker.check(client));
/// let Verdict::Listed(_, listing) = report.lists()[0].verdict() else { unreachable!("the list contains 9.9.9.9") };
/// assert_eq!(listing.codes(), ["127.0.0.2".parse::<std::net::Ipv4Addr>()?]);
/// assert_eq!(listing.proof().controls().len(), 2); // both control entries are absent
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It has no constructor, so every listing in a program is proven:
///
/// ```compile_fail
/// let listing = rdnsbl::dnsxl::Listing { codes: [].into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing(pub(super) Box<ListingDetails>);

/// The details of a listing. Boxed, because there are many verdicts and nearly all are "not listed".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListingDetails {
    pub(super) codes: Arc<[Ipv4Addr]>,
    pub(super) truncated: bool,
    pub(super) meanings: Vec<Arc<str>>,
    pub(super) reason: Option<RemoteText>,
    pub(super) proof: Proof,
    pub(super) ttl: Duration,
}

impl From<ListingDetails> for Listing {
    fn from(details: ListingDetails) -> Self {
        Self(Box::new(details))
    }
}

impl Listing {
    /// All codes of the answer, sorted.
    #[must_use]
    pub fn codes(&self) -> &[Ipv4Addr] {
        &self.0.codes
    }

    /// The meanings of the codes according to the operator, if known.
    #[must_use]
    pub fn meanings(&self) -> &[Arc<str>] {
        &self.0.meanings
    }

    /// The text of the list about the subject (TXT), with unsafe characters escaped.
    #[must_use]
    pub fn reason(&self) -> Option<&RemoteText> {
        self.0.reason.as_ref()
    }

    /// The proof that the list does not list everything.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.0.proof
    }
}

/// The list does not contain the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotListed {
    pub(super) ttl: Option<Ttl>,
}

impl NotListed {
    /// The verdict after this negative answer.
    pub(super) fn after(answer: &Answer) -> Self {
        Self { ttl: answer.ttl().map(Ttl::from) }
    }
}

/// The list contains the subject, but only with codes that the configuration does not select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded(pub(super) Box<ExcludedDetails>);

/// The details of an exclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExcludedDetails {
    pub(super) codes: Arc<[Ipv4Addr]>,
    pub(super) truncated: bool,
    pub(super) ttl: Duration,
}

impl From<ExcludedDetails> for Excluded {
    fn from(details: ExcludedDetails) -> Self {
        Self(Box::new(details))
    }
}

impl Excluded {
    /// All codes of the answer, sorted.
    #[must_use]
    pub fn codes(&self) -> &[Ipv4Addr] {
        &self.0.codes
    }
}

/// The list is broken or refuses to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub(super) Box<ProblemDetails>);

/// The details of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProblemDetails {
    pub(super) kind: ProblemKind,
    pub(super) codes: Arc<[Ipv4Addr]>,
    pub(super) reason: Option<RemoteText>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) ttl: Option<Duration>,
}

impl From<ProblemDetails> for Problem {
    fn from(details: ProblemDetails) -> Self {
        Self(Box::new(details))
    }
}

impl Problem {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// The codes of the answer, sorted; empty if the list was already known to be broken and was not asked.
    #[must_use]
    pub fn codes(&self) -> &[Ipv4Addr] {
        &self.0.codes
    }

    /// The questions and answers that show the problem.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }
}

/// The result is unknown.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::{Failure, UnknownReason, Verdict};
/// use std::time::Duration;
///
/// let report = clock.run(checker.check(client).within(Duration::ZERO));
/// let Verdict::Unknown(unknown) = report.lists()[0].verdict() else { unreachable!("nothing was asked") };
/// assert_eq!(*unknown.why(), UnknownReason::from(Failure::Deadline));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub(super) Box<UnknownDetails>);

/// The details of an unknown result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownDetails {
    pub(super) why: UnknownReason,
    pub(super) codes: Arc<[Ipv4Addr]>,
    pub(super) reason: Option<RemoteText>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) ttl: Option<Duration>,
}

impl From<UnknownDetails> for Unknown {
    fn from(details: UnknownDetails) -> Self {
        Self(Box::new(details))
    }
}

impl Unknown {
    /// The reason.
    #[must_use]
    pub fn why(&self) -> &UnknownReason {
        &self.0.why
    }

    /// The questions that were not answered, with the failures.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }

    /// The extended DNS error that came with the failure (RFC 8914).
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        let mut failures = self.0.evidence.iter().map(Evidence::answer).filter(|answer| answer.failure().is_some());
        failures.find_map(Answer::extended_error).map(ExtendedError::new)
    }

    /// "Not listed" through a resolver that changes answers.
    pub(crate) fn resolver_at_fault() -> Self {
        Self::because(UnknownReason::Resolver)
    }

    /// Unknown for this reason, without evidence.
    pub(crate) fn because(why: UnknownReason) -> Self {
        UnknownDetails { why, codes: Arc::new([]), reason: None, evidence: Vec::new(), ttl: None }.into()
    }
}

//! What can be said about one list and one subject.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::remote_text::RemoteText;
use crate::dns::Evidence;
use crate::dns::unknown::UnknownReason;
use crate::dns::{Answer, ExtendedError};
use crate::dnsxl::kind::ListKind;
use crate::dnsxl::problem::{Breakage, ProblemKind};
use crate::dnsxl::proof::Proof;

/// The verdict about one list and one subject. Six cases and no `_`: who turns mail away decides for each.
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
    /// The list holds the subject, and was shown to be sane at that moment.
    Listed(ListKind, Listing),
    /// The list does not hold the subject.
    NotListed(NotListed),
    /// The list holds the subject under codes that are not wanted.
    Excluded(Excluded),
    /// The list is broken or refuses; nothing is known about the subject.
    Problem(Problem),
    /// Could not tell.
    Unknown(Unknown),
    /// The list was not asked, since the question makes no sense.
    Skipped(Skipped),
}

impl Verdict {
    /// A no that nobody signed.
    pub(crate) fn unsigned_miss() -> Self {
        Self::NotListed(NotListed { ttl: None })
    }

    /// Nothing could change any more, so the list was not waited for.
    pub(crate) fn not_awaited() -> Self {
        let why = UnknownReason::NotAwaited;
        Self::Unknown(Unknown::because(why))
    }

    /// One lower-case word for machines.
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

    /// Does a list of this kind hold the subject? `None` when this is no word about that.
    pub(crate) fn speaks_of_listing(&self, asked: ListKind) -> Option<bool> {
        match self {
            Self::Listed(kind, _) => (*kind == asked).then_some(true),
            Self::NotListed(_) | Self::Excluded(_) => Some(false),
            Self::Problem(_) | Self::Unknown(_) | Self::Skipped(_) => None,
        }
    }

    /// The return codes that were seen, sorted; empty where there are none.
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

    /// Were there more codes than the 100 that are kept?
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        match self {
            Self::Listed(_, listing) => listing.0.truncated,
            Self::Excluded(excluded) => excluded.0.truncated,
            Self::NotListed(_) | Self::Problem(_) | Self::Unknown(_) | Self::Skipped(_) => false,
        }
    }

    /// The list's own words, made safe.
    #[must_use]
    pub fn reason(&self) -> Option<&RemoteText> {
        match self {
            Self::Listed(_, listing) => listing.0.reason.as_ref(),
            Self::Problem(problem) => problem.0.reason.as_ref(),
            Self::Unknown(unknown) => unknown.0.reason.as_ref(),
            Self::NotListed(_) | Self::Excluded(_) | Self::Skipped(_) => None,
        }
    }

    /// The questions and answers behind the verdict, where there is more to show than the list's own answer: the controls of
    /// a listing, what shows a problem, what failed.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Listed(_, listing) => listing.0.proof.controls(),
            Self::Problem(problem) => &problem.0.evidence,
            Self::Unknown(unknown) => &unknown.0.evidence,
            Self::NotListed(_) | Self::Excluded(_) | Self::Skipped(_) => &[],
        }
    }

    /// The verdict when the list has turned bad since its proof was made: a hit is none.
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

    /// How long the list's answer may be believed. `None` where nothing says so.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match self {
            Self::Listed(_, listing) => Some(listing.0.ttl),
            Self::NotListed(not_listed) => not_listed.ttl,
            Self::Excluded(excluded) => Some(excluded.0.ttl),
            Self::Problem(problem) => problem.0.ttl,
            Self::Unknown(unknown) => unknown.0.ttl,
            Self::Skipped(_) => None,
        }
    }
}

/// A listing with its proof. There is no constructor: whoever holds one knows that the list was sane.
///
/// ```compile_fail
/// let listing = rdnsbl::dnsxl::Listing { codes: [].into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing(pub(super) Box<ListingDetails>);

/// What stands behind a listing. Verdicts are many, and nearly all of them are a plain "no": they stay small.
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

    /// What the operator says the codes mean, where that is known.
    #[must_use]
    pub fn meanings(&self) -> &[Arc<str>] {
        &self.0.meanings
    }

    /// What the list says about the subject (TXT), made safe.
    #[must_use]
    pub fn reason(&self) -> Option<&RemoteText> {
        self.0.reason.as_ref()
    }

    /// That the list does not list everything.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.0.proof
    }
}

/// The list said that it does not hold the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotListed {
    pub(super) ttl: Option<Duration>,
}

/// The list holds the subject, under codes that are not wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded(pub(super) Box<ExcludedDetails>);

/// What stands behind an exclusion.
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

/// The list is broken or refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub(super) Box<ProblemDetails>);

/// What stands behind a problem.
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

    /// The codes of the answer, sorted; empty where the list was not asked again.
    #[must_use]
    pub fn codes(&self) -> &[Ipv4Addr] {
        &self.0.codes
    }

    /// The questions and answers that show it.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }
}

/// Could not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub(super) Box<UnknownDetails>);

/// What stands behind not knowing.
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
    /// Why.
    #[must_use]
    pub fn why(&self) -> &UnknownReason {
        &self.0.why
    }

    /// The questions that were not answered, and what came instead.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }

    /// What the resolver said beside a failure (RFC 8914).
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        let mut failures = self.0.evidence.iter().map(Evidence::answer).filter(|answer| answer.failure().is_some());
        failures.find_map(Answer::extended_error).map(ExtendedError::new)
    }

    /// A list that says "not listed" through a resolver that takes such answers away.
    pub(crate) fn resolver_at_fault() -> Self {
        Self::because(UnknownReason::Resolver)
    }

    /// Nothing was asked that could be shown.
    pub(super) fn because(why: UnknownReason) -> Self {
        UnknownDetails { why, codes: Arc::new([]), reason: None, evidence: Vec::new(), ttl: None }.into()
    }
}

/// Why a list was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Skipped {
    /// A private or special-purpose address, about which no public list can know anything (RFC 6890).
    Special,
    /// The client has logged in, or is in an exempt network.
    Exempt,
    /// There is nothing to ask about: no client address, no such part of the dialogue.
    NoClient,
    /// The list holds other kinds of subjects.
    Family,
    /// An address literal has no domain.
    Literal,
    /// A name of one label: every zone has names such as `www` or `ns1`, and in a list's zone they are its own hosts.
    SingleLabel,
    /// The list has closed down.
    Retired,
    /// The subject's name under the zone would pass 255 octets.
    NameTooLong,
}

impl Skipped {
    /// One lower-case word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Special => "special",
            Self::Exempt => "exempt",
            Self::NoClient => "no_client",
            Self::Family => "family",
            Self::Literal => "literal",
            Self::SingleLabel => "single_label",
            Self::Retired => "retired",
            Self::NameTooLong => "name_too_long",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Special => "private or special-purpose address",
            Self::Exempt => "exempt client",
            Self::NoClient => "nothing to ask about",
            Self::Family => "the list is about something else",
            Self::Literal => "address literal",
            Self::SingleLabel => "a name of one label",
            Self::Retired => "the list has closed down",
            Self::NameTooLong => "name too long for this list",
        })
    }
}

//! The combined result of the lists: a range, since some lists may not have answered.

use std::sync::Arc;

use crate::base::words::words;
use crate::dnsxl::{ListKind, ListSpec, Verdict};

/// The sum of weights as a range, and the outcome.
///
/// ```
/// use rdnsbl::testing::Situation;
/// use rdnsbl::{Checker, ListSet, ManualClock, Outcome, Scripted};
/// use std::net::IpAddr;
///
/// let (clock, client) = (ManualClock::new(), IpAddr::from([9, 9, 9, 9]));
/// let mut table = Situation::Sound.table("bl.example", &[client]);
/// table += &Situation::Silent.table("silent.example", &[client]);
/// let dns = Scripted::table(&table, clock.clone())?;
/// let lists = ListSet::builder().deny("bl.example*2").deny("silent.example").threshold(3).build()?;
/// let checker = Checker::builder_with(dns, clock.clone()).lists(lists).build()?;
///
/// let score = clock.run(checker.check(client)).score();
/// assert_eq!((score.low(), score.high()), (2, 3)); // silent.example could add 1
/// assert_eq!(score.outcome(), Outcome::Undecided);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The outcome is pure arithmetic. The policy decides what to do about lists without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Score {
    low: i32,
    high: i32,
    thresholds: ScoreThresholds,
    outcome: Outcome,
}

impl Score {
    /// The lowest possible sum: every list without an answer counts in favour of the client.
    #[must_use]
    pub fn low(&self) -> i32 {
        self.low
    }

    /// The highest possible sum: every list without an answer counts against the client.
    #[must_use]
    pub fn high(&self) -> i32 {
        self.high
    }

    /// The threshold: from this score on the outcome is "listed".
    #[must_use]
    pub fn threshold(&self) -> i32 {
        self.thresholds.listed
    }

    pub(crate) fn thresholds(&self) -> ScoreThresholds {
        self.thresholds
    }

    /// The outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }
}

/// The combined outcome of the lists.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::Outcome;
///
/// let report = clock.run(checker.check(client));
/// assert_eq!(report.score().outcome(), Outcome::Listed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "low and high against a threshold leave these")]
pub enum Outcome {
    /// The score reaches the threshold, whatever the lists without an answer would say.
    Listed,
    /// The score is below the threshold, whatever they would say.
    NotListed,
    /// An allow list contains the subject, or the score is at the allow threshold or below.
    Allowed,
    /// The result depends on lists without an answer.
    Undecided,
}

words!("outcome", Outcome: Display {
    Listed = "listed",
    NotListed = "not_listed",
    Allowed = "allowed",
    Undecided = "undecided",
});

impl Outcome {
    /// How much it speaks against the client.
    fn gravity(self) -> u8 {
        match self {
            Self::Allowed => 0,
            Self::NotListed => 1,
            Self::Undecided => 2,
            Self::Listed => 3,
        }
    }
}

/// The thresholds of a set of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScoreThresholds {
    pub(crate) listed: i32,
    pub(crate) allowed: i32,
    /// The number of operators that must agree before the outcome is "listed".
    pub(crate) operators: usize,
}

/// The combined score of the lists of one context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ContextScore {
    /// Its name in the configuration: see [`ListSetBuilder::context`](crate::lists::ListSetBuilder::context).
    pub name: Arc<str>,
    /// The score of its lists, with its own threshold.
    pub score: Score,
}

/// The worst score, and the score of each context. The worst is the first with the outcome "listed", else "undecided", else
/// "not listed". `rows` returns all rows each time it is called; each row has the name of its context.
pub(crate) fn of_contexts<'a, R: Iterator<Item = Contribution<'a>>>(
    rows: impl Fn() -> R,
    contexts: &[ContextThresholds],
) -> (Score, Vec<ContextScore>) {
    let [first, others @ ..] = contexts else {
        return (add_up(rows(), ScoreThresholds::default()), Vec::new());
    };
    if others.is_empty() {
        return (add_up(rows(), first.thresholds), Vec::new());
    }
    let of = |context: &ContextThresholds| {
        let own = rows().filter(|row| row.context.is_some_and(|name| *name == *context.name));
        add_up(own, context.thresholds)
    };
    let mut worst = of(first);
    let mut all = vec![ContextScore { name: first.name.clone(), score: worst }];
    for context in others {
        let score = of(context);
        if score.outcome.gravity() > worst.outcome.gravity() {
            worst = score;
        }
        all.push(ContextScore { name: context.name.clone(), score });
    }
    (worst, all)
}

/// The name and the thresholds of lists that decide together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContextThresholds {
    pub(crate) name: Arc<str>,
    pub(crate) thresholds: ScoreThresholds,
}

/// The contribution of one list.
pub(crate) struct Contribution<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) kind: ListKind,
    pub(crate) weight: i32,
    pub(crate) operator: &'a str,
    pub(crate) group: usize,
    pub(crate) context: Option<&'a str>,
}

impl<'a> Contribution<'a> {
    /// The contribution of this list; `None` if it is only observed.
    pub(crate) fn of(spec: &'a ListSpec, verdict: &'a Verdict, group: usize) -> Option<Self> {
        (!spec.only_observed()).then(|| Self {
            verdict,
            kind: spec.kind(),
            weight: spec.weight(),
            operator: spec.operator(),
            group,
            context: spec.context(),
        })
    }
}

impl Default for ScoreThresholds {
    fn default() -> Self {
        Self { listed: 1, allowed: -1, operators: 1 }
    }
}

impl ScoreThresholds {
    /// Adds up shares. Shares of one group must be adjacent; they count once, as certain if one of them is.
    pub(crate) fn sum<'a>(&self, shares: impl Iterator<Item = Share<'a>>) -> Sum {
        let mut sum = Sum::default();
        let (mut certain, mut possible): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut shares = shares.peekable();
        while let Some(mut share) = shares.next() {
            while let Some(other) = shares.next_if(|next| next.group == share.group) {
                share.is_certain |= other.is_certain;
            }
            let weight = i64::from(share.weight);
            sum.low += if share.is_certain { weight } else { weight.min(0) };
            sum.certain += if share.is_certain { weight } else { 0 };
            sum.high += if share.is_certain { weight } else { weight.max(0) };
            if weight > 0 && self.operators > 1 {
                possible.push(share.operator);
                certain.extend(share.is_certain.then_some(share.operator));
            }
        }
        // An operator counts once, whatever the number of lists.
        let count = |mut operators: Vec<&str>| {
            operators.sort_unstable();
            operators.dedup();
            operators.len()
        };
        Sum { certain_operators: count(certain), possible_operators: count(possible), ..sum }
    }

    /// Is the sum high enough, and do enough operators agree?
    pub(crate) fn are_reached(&self, sum: i64, operators: usize) -> bool {
        sum >= self.listed.into() && (self.operators <= 1 || operators >= self.operators)
    }
}

/// Adds up the rows. Rows of one group (one list, asked about several names of one client) must be adjacent. They count
/// once, as the worst of them.
///
/// Precedence: a proven hit on an allow list beats every deny list; then the threshold, if enough operators agree; then lists
/// without an answer; then the allow threshold.
pub(crate) fn add_up<'a>(rows: impl Iterator<Item = Contribution<'a>>, thresholds: ScoreThresholds) -> Score {
    let (mut allowed, mut may_allow) = (false, false);
    let sum = thresholds.sum(rows.filter_map(|Contribution { verdict, kind, weight, operator, group, .. }| {
        let is_certain = match (verdict, kind) {
            (Verdict::Listed(ListKind::Allow, _), _) => {
                allowed = true;
                return None;
            }
            (Verdict::Listed(ListKind::Deny, _), _) => true,
            (Verdict::Unknown(_), ListKind::Deny) => false,
            // An allow list without an answer changes no sum: a hit would allow outright, a miss changes nothing.
            (Verdict::Unknown(_), ListKind::Allow) => {
                may_allow = true;
                return None;
            }
            (Verdict::NotListed(_) | Verdict::Excluded(_) | Verdict::Problem(_) | Verdict::Skipped(_), _) => {
                return None;
            }
        };
        Some(Share { weight, operator, group, is_certain })
    }));
    let outcome = if allowed {
        Outcome::Allowed
    } else if thresholds.are_reached(sum.low, sum.certain_operators) {
        if may_allow { Outcome::Undecided } else { Outcome::Listed }
    } else if thresholds.are_reached(sum.high, sum.possible_operators) {
        Outcome::Undecided
    } else if sum.high <= thresholds.allowed.into() {
        Outcome::Allowed
    } else {
        Outcome::NotListed
    };
    let clamped = |sum: i64| i32::try_from(sum.clamp(i32::MIN.into(), i32::MAX.into())).unwrap_or_default();
    Score { low: clamped(sum.low), high: clamped(sum.high), thresholds, outcome }
}

/// What one list adds to the sum.
#[derive(Clone, Copy)]
pub(crate) struct Share<'a> {
    pub(crate) weight: i32,
    pub(crate) operator: &'a str,
    pub(crate) group: usize,
    /// It counts in any case; otherwise it may count.
    pub(crate) is_certain: bool,
}

/// The sum of weights, and the number of operators with a positive weight if several must agree. In 64 bits, so that it
/// cannot overflow.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    /// If of the uncertain shares only the negative ones count.
    pub(crate) low: i64,
    /// Without the uncertain shares.
    pub(crate) certain: i64,
    /// If of the uncertain shares only the positive ones count.
    pub(crate) high: i64,
    pub(crate) certain_operators: usize,
    pub(crate) possible_operators: usize,
}

/// The number of lists for each result. The six numbers always add up to the number of rows, without those of lists that are
/// [only observed](ListSpec::with_only_observed).
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let counts = clock.run(checker.check(client)).counts();
/// assert_eq!((counts.listed, counts.unknown, counts.total()), (1, 0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Proven hits, on deny and allow lists.
    pub listed: usize,
    /// Misses.
    pub not_listed: usize,
    /// Hits with return codes that the configuration does not select.
    pub excluded: usize,
    /// Broken or refusing lists.
    pub problem: usize,
    /// The result is unknown.
    pub unknown: usize,
    /// Not asked.
    pub skipped: usize,
}

impl Counts {
    pub(crate) fn of<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            let count = match verdict {
                Verdict::Listed(..) => &mut counts.listed,
                Verdict::NotListed(_) => &mut counts.not_listed,
                Verdict::Excluded(_) => &mut counts.excluded,
                Verdict::Problem(_) => &mut counts.problem,
                Verdict::Unknown(_) => &mut counts.unknown,
                Verdict::Skipped(_) => &mut counts.skipped,
            };
            *count += 1;
        }
        counts
    }

    /// The number of rows of lists that can decide.
    #[must_use]
    pub fn total(&self) -> usize {
        self.listed + self.not_listed + self.excluded + self.problem + self.unknown + self.skipped
    }

    /// Lists that gave a usable answer about the subject.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.listed + self.not_listed + self.excluded
    }

    /// Lists that apply to the subject.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.total() - self.skipped
    }
}

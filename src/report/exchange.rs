//! Questions with their answers.

use std::fmt;
use std::time::Duration;

use crate::base::small_list::SmallList;
use crate::base::words::words;
use crate::dns::{Answer, Question};
use crate::report::ListReport;
use crate::report::check_id::CheckId;

/// One question, its answer, and where the answer came from.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// let report = clock.run(checker.check(client));
/// for exchange in report.exchanges() {
///     println!("{exchange} in {:?}, from {:?}", exchange.took(), exchange.source());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) source: Source,
    pub(crate) took: ShortTime,
    /// When the answer came, counted from the start of the check.
    pub(crate) answered_after: Option<ShortTime>,
    /// The checks that wanted the answer.
    pub(crate) wanted_by: SmallList<CheckId>,
    /// It belongs to the resolver's trial.
    pub(crate) is_trial: bool,
}

/// A time of at most 71 minutes in whole microseconds: a report has many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShortTime(u32);

impl From<Duration> for ShortTime {
    fn from(time: Duration) -> Self {
        Self(u32::try_from(time.as_micros()).unwrap_or(u32::MAX))
    }
}

impl From<ShortTime> for Duration {
    fn from(ShortTime(micros): ShortTime) -> Self {
        Self::from_micros(micros.into())
    }
}

impl Exchange {
    /// The question.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// The answer, or why there is none.
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
        self.took.into()
    }

    /// When the answer came, counted from the start of the check. `None` if none came, and in a check that has no clock.
    #[must_use]
    pub fn answered_after(&self) -> Option<Duration> {
        self.answered_after.map(Duration::from)
    }

    pub(crate) fn is_wanted_by(&self, unit: CheckId) -> bool {
        self.wanted_by.contains(&unit)
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
    /// Another check was asking the same question, and shared the answer.
    Shared,
    /// The cache had it.
    Memory,
}

words!("source", Source: Display {
    Network = "network",
    Shared = "shared",
    Memory = "memory",
});

/// A row of a [`Report`](crate::Report), whose questions [`Report::exchanges_of`](crate::Report::exchanges_of) returns.
///
/// ```
/// use rdnsbl::{Checker, ListSet, ManualClock, Scripted, report::Row};
///
/// let clock = ManualClock::new();
/// let dns = Scripted::table("* NXDOMAIN", clock.clone())?;
/// let lists = ListSet::builder().deny("bl.example").build()?;
/// let checker = Checker::builder_with(dns, clock.clone()).lists(lists).build()?;
/// let report = clock.run(checker.check("9.9.9.9".parse::<std::net::IpAddr>()?));
///
/// let names = |row: Row<'_>| report.exchanges_of(row).map(|it| it.question().name.to_string()).collect::<Vec<_>>();
/// assert_eq!(names(Row::Iprev), ["9.9.9.9.in-addr.arpa"]);
/// assert!(names(Row::from(&report.lists()[0])).contains(&"9.9.9.9.bl.example".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Row<'a> {
    /// [`Report::iprev`](crate::Report::iprev).
    Iprev,
    /// [`Report::helo`](crate::Report::helo).
    Helo,
    /// [`Report::sender`](crate::Report::sender).
    Sender,
    /// [`Report::recipient`](crate::Report::recipient).
    Recipient,
    /// One of [`Report::lists`](crate::Report::lists).
    List(&'a ListReport),
}

impl Row<'_> {
    pub(crate) fn unit(self) -> CheckId {
        match self {
            Self::Iprev => CheckId::Iprev,
            Self::Helo => CheckId::Helo,
            Self::Sender => CheckId::Sender,
            Self::Recipient => CheckId::Recipient,
            Self::List(row) => CheckId::List(row.number),
        }
    }
}

impl<'a> From<&'a ListReport> for Row<'a> {
    fn from(row: &'a ListReport) -> Self {
        Self::List(row)
    }
}

/// All questions of one inquiry, for its report.
#[derive(Debug, Default)]
pub(crate) struct AskedQuestions {
    pub(crate) exchanges: Vec<Exchange>,
    /// How many questions were put to the resolver, without those of its trial.
    pub(crate) questions: usize,
    /// How many questions belonged to the resolver's trial.
    pub(crate) trial_questions: usize,
}

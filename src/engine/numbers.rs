//! What is counted while a checker runs. Counting takes no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::policy::Action;

/// What was done since the checker was built.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) checks: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) questions: AtomicU64,
    pub(crate) shared: AtomicU64,
    pub(crate) remembered: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) actions: Actions,
    /// How long whole checks took.
    pub(crate) check_time: Histogram,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A distribution of times.
///
/// The buckets are cumulative, as those of a Prometheus histogram: each counts the times of at most its
/// [bound](Self::BOUNDS).
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// # clock.run(checker.check(client));
/// let latency = checker.stats().check_time;
/// assert_eq!(latency.count, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// For each of the [bounds](Self::BOUNDS): how many times were at most this long.
    pub buckets: [u64; 12],
    /// How many times there were.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
}

impl Latency {
    /// The upper bounds of the buckets.
    pub const BOUNDS: [Duration; 12] = {
        const fn ms(ms: u64) -> Duration {
            Duration::from_millis(ms)
        }
        [ms(1), ms(2), ms(5), ms(10), ms(20), ms(50), ms(100), ms(200), ms(500), ms(1_000), ms(2_000), ms(5_000)]
    };
}

/// A distribution of times that is being counted.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; 12],
    /// The times above the last bound.
    longer: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    pub(crate) fn add(&self, time: Duration) {
        let bucket = Latency::BOUNDS.iter().position(|bound| time <= *bound);
        count(bucket.and_then(|bucket| self.buckets.get(bucket)).unwrap_or(&self.longer));
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Latency {
        let sum = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        let mut latency = Latency { sum, ..Latency::default() };
        for (bucket, counted) in latency.buckets.iter_mut().zip(&self.buckets) {
            latency.count += counted.load(Ordering::Relaxed);
            *bucket = latency.count;
        }
        latency.count += self.longer.load(Ordering::Relaxed);
        latency
    }
}

/// Advice given, by action.
#[derive(Debug, Default)]
pub(crate) struct Actions([AtomicU64; 3]);

impl Actions {
    pub(crate) fn count(&self, action: Action) {
        let [pass, defer, reject] = &self.0;
        let counter = match action {
            Action::Pass => pass,
            Action::Defer => defer,
            Action::Reject => reject,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> [u64; 3] {
        self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed))
    }
}

/// The questions about subjects that were sent to one list.
#[derive(Debug, Default)]
pub(crate) struct ListCounters {
    pub(crate) failed: AtomicU64,
    pub(crate) hits: AtomicU64,
    pub(crate) cut: AtomicU64,
    /// Of every answered question.
    pub(crate) latency: Histogram,
}

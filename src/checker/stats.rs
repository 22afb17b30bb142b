//! Counters of a checker.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::checker::Checker;
use crate::dnsxl::ListId;
pub use crate::engine::numbers::Latency;
use crate::engine::numbers::ListCounters;

/// What a checker and its clones did since the checker was built.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// # clock.run(checker.check(client));
/// let stats = checker.stats();
/// assert_eq!((stats.checks, stats.rejected, stats.in_flight), (1, 1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Finished checks of whole dialogues. Each stage of a session that asks is one, prefetches too.
    pub checks: u64,
    /// Of these, checks that were cut by their deadline.
    pub cut_by_deadline: u64,
    /// Of these, checks that asked nothing, because too many ran already: see [`Limits::checks`](crate::Limits::checks).
    pub shed: u64,
    /// Questions sent to the resolver.
    pub questions: u64,
    /// Answers shared with another check that asked the same question.
    pub shared: u64,
    /// Answers from the cache.
    pub remembered: u64,
    /// Questions that failed.
    pub failures: u64,
    /// Questions in flight now.
    pub in_flight: usize,
    /// Entries in the cache now.
    pub entries: usize,
    /// Roughly the bytes that they take.
    pub bytes: usize,
    /// Advice to pass, of checks and of stages of sessions.
    pub passed: u64,
    /// Advice to defer.
    pub deferred: u64,
    /// Advice to reject.
    pub rejected: u64,
    /// How long whole checks took, without those that were [remembered](Checker::remembered).
    pub check_time: Latency,
    /// Events that listeners were too slow for.
    pub events_missed: u64,
}

/// What was asked of one list since the checker was built. Answers from the cache are not counted.
///
/// Lists with the same zone have the same numbers.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// # clock.run(checker.check(client));
/// for stats in checker.list_stats() {
///     assert_eq!((stats.list.as_str(), stats.asked, stats.hits), ("bl.test", 1, 1));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListStats {
    /// The list.
    pub list: ListId,
    /// Questions about subjects that were answered or failed.
    pub asked: u64,
    /// Of these, questions that failed.
    pub failed: u64,
    /// Of these, answers with records: what the list said, whether or not it was believed.
    pub hits: u64,
    /// Questions that were given up before an answer came: at a deadline, or since nobody waited any more. Not among those
    /// asked.
    pub cut: u64,
    /// How long they took.
    pub latency: Latency,
}

impl Checker {
    /// What was done so far by this checker and all that share its cache.
    ///
    /// ```
    /// # use rdnsbl::{Checker, ManualClock, Scripted};
    /// # let clock = ManualClock::new();
    /// # let checker = Checker::builder_with(Scripted::table("* NXDOMAIN", clock.clone())?, clock.clone()).build()?;
    /// clock.run(checker.check("203.0.113.14".parse::<std::net::IpAddr>()?));
    /// let stats = checker.stats();
    /// assert_eq!((stats.checks, stats.passed, stats.check_time.count), (1, 1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let fetcher = &self.engine.fetcher;
        let counters = &fetcher.counters;
        let [passed, deferred, rejected] = counters.actions.read();
        let summaries = fetcher.cache.summaries();
        Stats {
            checks: read(&counters.checks) + summaries.count,
            cut_by_deadline: read(&counters.cut),
            shed: read(&counters.shed),
            questions: read(&counters.questions),
            shared: read(&counters.shared),
            remembered: read(&counters.remembered) + summaries.answers,
            failures: read(&counters.failures),
            in_flight: fetcher.in_flight(),
            entries: fetcher.cache.len(),
            bytes: fetcher.cache.bytes(),
            passed: passed + summaries.count,
            deferred,
            rejected,
            check_time: counters.check_time.read(),
            events_missed: fetcher.listeners.missed(),
        }
    }

    /// The numbers of each list, in the order of the configuration. Lists that were not asked yet have zeros.
    #[must_use]
    pub fn list_stats(&self) -> Vec<ListStats> {
        let settings = self.settings();
        let of_list = |spec: &crate::ListSpec| {
            let read = |counters: &ListCounters| {
                let latency = counters.latency.read();
                ListStats {
                    list: spec.id(),
                    asked: latency.count,
                    failed: read(&counters.failed),
                    hits: read(&counters.hits),
                    cut: read(&counters.cut),
                    latency,
                }
            };
            let counted = self.engine.fetcher.zones.counters(spec.zone(), read);
            counted.unwrap_or_else(|| read(&ListCounters::default()))
        };
        settings.lists.iter().map(of_list).collect()
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(feature = "serde")]
mod json {
    use serde::ser::{Serialize, SerializeMap, Serializer};

    use super::{Latency, ListStats, Stats};

    impl Serialize for Stats {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("checks", &self.checks)?;
            map.serialize_entry("cut_by_deadline", &self.cut_by_deadline)?;
            map.serialize_entry("shed", &self.shed)?;
            map.serialize_entry("questions", &self.questions)?;
            map.serialize_entry("shared", &self.shared)?;
            map.serialize_entry("remembered", &self.remembered)?;
            map.serialize_entry("failures", &self.failures)?;
            map.serialize_entry("in_flight", &self.in_flight)?;
            map.serialize_entry("entries", &self.entries)?;
            map.serialize_entry("bytes", &self.bytes)?;
            map.serialize_entry("passed", &self.passed)?;
            map.serialize_entry("deferred", &self.deferred)?;
            map.serialize_entry("rejected", &self.rejected)?;
            map.serialize_entry("check_seconds", &self.check_time)?;
            map.serialize_entry("events_missed", &self.events_missed)?;
            map.end()
        }
    }

    impl Serialize for ListStats {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("list", &self.list)?;
            map.serialize_entry("asked", &self.asked)?;
            map.serialize_entry("failed", &self.failed)?;
            map.serialize_entry("hits", &self.hits)?;
            map.serialize_entry("cut", &self.cut)?;
            map.serialize_entry("latency_seconds", &self.latency)?;
            map.end()
        }
    }

    /// Times in seconds; the buckets as pairs of bound and count.
    impl Serialize for Latency {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            let bounds = Self::BOUNDS.iter().map(std::time::Duration::as_secs_f64);
            map.serialize_entry("buckets", &bounds.zip(self.buckets).collect::<Vec<_>>())?;
            map.serialize_entry("count", &self.count)?;
            map.serialize_entry("sum", &self.sum.as_secs_f64())?;
            map.end()
        }
    }
}

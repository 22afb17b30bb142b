//! What is kept for each zone of a list: its limits, and counters of the questions that it was sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_lock::Semaphore;

use crate::base::hash_map::FastMap;
use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind};
use crate::engine::numbers::ListCounters;

/// Zones with a limit and counters of their own. When there are more, those of idle zones are dropped.
const MAX_ZONES: usize = 4_096;
/// The period of a list's daily limit.
const DAY: Duration = Duration::from_secs(86_400);

/// All zones.
pub(crate) struct ZoneLimits {
    /// Questions to one zone at a time.
    per_zone: usize,
    zones: Mutex<FastMap<Name, Arc<ZoneUse>>>,
    /// For lists with a daily limit: the start of the period and the questions sent in it. One entry a configured zone, so
    /// the size is bounded.
    quotas: Mutex<FastMap<Name, (Instant, u32)>>,
}

/// One zone.
pub(crate) struct ZoneUse {
    /// Keeps a slow list from taking every permit.
    pub(crate) limit: Arc<Semaphore>,
    pub(crate) counters: ListCounters,
}

impl ZoneLimits {
    pub(crate) fn new(per_zone: usize) -> Self {
        Self { per_zone, zones: Mutex::default(), quotas: Mutex::default() }
    }

    pub(crate) fn of(&self, name: &Name) -> Arc<ZoneUse> {
        let mut zones = lock(&self.zones);
        if let Some(zone) = zones.get(name) {
            return Arc::clone(zone);
        }
        if zones.len() >= MAX_ZONES {
            zones.retain(|_, zone| Arc::strong_count(zone) > 1);
        }
        let limit = Arc::new(Semaphore::new(self.per_zone));
        let zone = Arc::new(ZoneUse { limit, counters: ListCounters::default() });
        zones.insert(name.clone(), Arc::clone(&zone));
        zone
    }

    /// The counters of a zone that was asked.
    pub(crate) fn counters<T>(&self, zone: &Name, read: impl FnOnce(&ListCounters) -> T) -> Option<T> {
        lock(&self.zones).get(zone).map(|zone| read(&zone.counters))
    }

    /// Counts a question to a zone that takes so many a day. `false` if the limit is reached.
    pub(crate) fn take_from_quota(&self, zone: &Name, daily_limit: u32, now: Instant) -> bool {
        let mut quotas = lock(&self.quotas);
        let (since, count) = quotas.entry(zone.clone()).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= DAY {
            (*since, *count) = (now, 0);
        }
        let is_within = *count < daily_limit;
        *count = count.saturating_add(u32::from(is_within));
        is_within
    }
}

impl ZoneUse {
    /// Counts the answer to a question about a subject.
    pub(crate) fn count(&self, answer: &Answer, took: Duration) {
        let count = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        count(&self.counters.asked);
        self.counters.latency.add(took);
        match answer.kind() {
            AnswerKind::Failed(_) => count(&self.counters.failed),
            AnswerKind::Records(_) => count(&self.counters.hits),
            AnswerKind::NoData(_) | AnswerKind::NxDomain(_) => {}
        }
    }
}

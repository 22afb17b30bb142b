//! What is kept for each zone of a list: its limits, and counters of the questions that it was sent.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::base::hash_map::FastMap;
use crate::base::lock::lock;
use crate::base::name::Name;
use crate::dns::{Answer, AnswerKind};
use crate::engine::cache::{Cache, Edition, ZoneNumber};
use crate::engine::limit::Limit;
use crate::engine::numbers::{ListCounters, count};
use crate::report::learned::ZoneHint;

/// Zones with a limit and counters of their own. When there are more, those of idle zones are dropped.
const MAX_ZONES: usize = 4_096;
/// The period of a list's daily limit.
const DAY: Duration = Duration::from_secs(86_400);
/// One client gets this part of a list's daily limit. It can choose any number of names that a list is asked about, and could
/// otherwise use up the limit for all clients.
const CLIENTS_PART: u32 = 8;
const CLIENTS_LEAST: u32 = 8;
/// A client shares its part with one of this many others. Their numbers are random, so it cannot choose whom to crowd out.
const BUCKETS: usize = 1_024;

/// All zones.
pub(crate) struct ZoneLimits {
    /// Questions to one zone at a time.
    per_zone: usize,
    zones: Mutex<Zones>,
    /// For lists with a daily limit. One entry a configured zone, so the size is bounded.
    quotas: Mutex<FastMap<Name, Quota>>,
}

/// What a list with a daily limit was sent.
struct Quota {
    /// The start of the period.
    since: Instant,
    /// The questions sent in it.
    sent: u32,
    /// Those that clients caused, in buckets.
    by_client: Box<[u32]>,
    /// A question was refused in it.
    is_exceeded: bool,
}

/// A question is not sent: the daily limit of the list is reached, or the client's part of it.
pub(crate) struct LimitReached {
    /// It is the first one in the period for which the limit of the list is reached.
    pub(crate) is_first: bool,
}

/// The zones in use.
#[derive(Default)]
struct Zones {
    by_name: FastMap<Name, Arc<ZoneUse>>,
    /// By the hint, which saves the look-ups by name where it is right.
    by_hint: Vec<Option<NumberedZone>>,
}

/// A zone with its number in the cache.
#[derive(Clone)]
pub(crate) struct NumberedZone {
    pub(crate) zone_use: Arc<ZoneUse>,
    /// `None` if its answers are not cached.
    pub(crate) number: Option<ZoneNumber>,
    /// The number is the zone's as long as this edition lasts.
    pub(crate) edition: Edition,
}

/// One zone.
pub(crate) struct ZoneUse {
    pub(crate) name: Name,
    /// Keeps a slow list from taking every permit.
    pub(crate) limit: Arc<Limit>,
    pub(crate) counters: ListCounters,
}

impl ZoneLimits {
    pub(crate) fn new(per_zone: usize) -> Self {
        Self { per_zone, zones: Mutex::default(), quotas: Mutex::default() }
    }

    /// The zone of this name.
    pub(crate) fn of(&self, name: &Name, hint: ZoneHint, cache: &Cache) -> NumberedZone {
        let mut zones = lock(&self.zones);
        if let Some(known) = zones.current(name, hint, cache) {
            return known.clone();
        }
        // Begun before the number is read: a number that is replaced meanwhile ends the edition.
        let edition = cache.begin_edition();
        let zone_use = zones.by_name(name, self.per_zone);
        let zone = NumberedZone { zone_use, number: cache.number(name), edition };
        if zones.by_hint.len() <= hint.0 {
            zones.by_hint.resize_with(hint.0 + 1, || None);
        }
        if let Some(known) = zones.by_hint.get_mut(hint.0) {
            *known = Some(zone.clone());
        }
        zone
    }

    /// The zones that were asked before. Locked as long as this lives.
    pub(crate) fn known(&self) -> KnownZones<'_> {
        KnownZones(lock(&self.zones))
    }

    /// The counters of a zone that was asked.
    pub(crate) fn counters<T>(&self, zone: &Name, read: impl FnOnce(&ListCounters) -> T) -> Option<T> {
        lock(&self.zones).by_name.get(zone).map(|zone| read(&zone.counters))
    }

    /// Counts a question to a zone that takes `daily_limit` questions a day. `client` is the number of the client that
    /// caused it, if it counts for one.
    pub(crate) fn take_from_quota(
        &self,
        zone: &Name,
        daily_limit: u32,
        client: Option<u32>,
        now: Instant,
    ) -> Result<(), LimitReached> {
        let begun = || Quota { since: now, sent: 0, by_client: [0; BUCKETS].into(), is_exceeded: false };
        let mut quotas = lock(&self.quotas);
        let quota = quotas.entry(zone.clone()).or_insert_with(begun);
        if now.saturating_duration_since(quota.since) >= DAY {
            *quota = begun();
        }
        if quota.sent >= daily_limit {
            return Err(LimitReached { is_first: !std::mem::replace(&mut quota.is_exceeded, true) });
        }
        if let Some(of_client) = client.and_then(|client| quota.by_client.get_mut(client as usize % BUCKETS)) {
            if *of_client >= (daily_limit / CLIENTS_PART).max(CLIENTS_LEAST) {
                return Err(LimitReached { is_first: false });
            }
            *of_client += 1;
        }
        quota.sent += 1;
        Ok(())
    }
}

/// The zones that were asked before.
pub(crate) struct KnownZones<'a>(MutexGuard<'a, Zones>);

impl KnownZones<'_> {
    /// The number of the zone of this name, if the hint is right.
    pub(crate) fn number(&self, name: &Name, hint: ZoneHint, cache: &Cache) -> Option<(ZoneNumber, Edition)> {
        let NumberedZone { number, edition, .. } = self.0.current(name, hint, cache)?;
        Some(((*number)?, *edition))
    }
}

impl Zones {
    /// The zone of this name, if the hint is right and the number still the zone's.
    fn current(&self, name: &Name, hint: ZoneHint, cache: &Cache) -> Option<&NumberedZone> {
        let known = self.by_hint.get(hint.0)?.as_ref()?;
        (known.zone_use.name == *name && cache.is_current(known.edition)).then_some(known)
    }

    fn by_name(&mut self, name: &Name, limit: usize) -> Arc<ZoneUse> {
        if let Some(zone) = self.by_name.get(name) {
            return Arc::clone(zone);
        }
        if self.by_name.len() >= MAX_ZONES {
            self.by_hint.clear();
            self.by_name.retain(|_, zone| Arc::strong_count(zone) > 1);
        }
        let limit = Arc::new(Limit::new(limit));
        let zone = Arc::new(ZoneUse { name: name.clone(), limit, counters: ListCounters::default() });
        self.by_name.insert(name.clone(), Arc::clone(&zone));
        zone
    }
}

impl ZoneUse {
    /// Counts the answer to a question about a subject.
    pub(crate) fn count(&self, answer: &Answer, took: Duration) {
        self.counters.latency.add(took);
        match answer.kind() {
            AnswerKind::Failed(_) => count(&self.counters.failed),
            AnswerKind::Records(_) => count(&self.counters.hits),
            AnswerKind::NoData(_) | AnswerKind::NxDomain(_) => {}
        }
    }
}

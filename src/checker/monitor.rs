//! Looking after lists: a probe of all of them now, and a watch that goes on.
//!
//! Nothing runs behind the host's back: a watch is a future that the host spawns and drops.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::lock::lock;
use crate::base::name::Name;
use crate::checker::{Checker, random_octets};
use crate::dnsxl::{HealthState, ListSpec, SubjectKind};
use crate::engine::driver;
use crate::engine::events::Events;
use crate::engine::later;
use crate::inquiry::Inquiry;
use crate::report::HealthReport;

/// How often a list is looked at that seems empty or gone.
const DOUBTFUL: Duration = Duration::from_secs(600);
/// Between two rounds of looks.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// Never more often than this, whatever the host asks for.
const SHORTEST: Duration = Duration::from_secs(10);

/// A list, for one kind of subject.
type Watched = (Arc<ListSpec>, SubjectKind);

impl Checker {
    /// Looks at the test entries of every list now, and whether the resolver tells the truth: 3 questions a list and kind of
    /// subject, and 3 for the resolver. What is found counts for the checks that follow.
    ///
    /// ```no_run
    /// # async fn f(checker: rdnsbl::Checker) {
    /// for sick in checker.probe().await.iter().filter(|report| !report.advice().is_empty()) {
    ///     eprintln!("{}: {}; {}", sick.list(), sick.health(), sick.advice());
    /// }
    /// # }
    /// ```
    pub async fn probe(&self) -> Vec<HealthReport> {
        let lists = self.watched();
        self.look_at(&lists).await;
        self.health()
    }

    /// Looks after the lists for as long as the future is polled: spawn it, and drop or abort it to end it. Lists that are
    /// well are looked at every so often (30 minutes are usual; 10 seconds are the least), a tenth more or less so that not
    /// all come at once. Broken ones are looked at after a minute, and less and less often down to every ten minutes.
    pub async fn watch(self, every: Duration) {
        let every = every.max(SHORTEST);
        let mut due: HashMap<(Name, SubjectKind), Instant> = HashMap::new();
        loop {
            let now = self.engine.fetcher.clock.now();
            let lists = self.watched();
            due.retain(|known, _| lists.iter().any(|watched| key(watched) == *known));
            let waiting = |watched: &&Watched| due.get(&key(watched)).is_none_or(|at| *at <= now);
            let ready: Vec<Watched> = lists.iter().filter(waiting).cloned().collect();
            if !ready.is_empty() {
                self.look_at(&ready).await;
            }
            let now = self.engine.fetcher.clock.now();
            let standing = lock(&self.engine.standing).clone();
            for watched in &ready {
                let health = standing.health(&watched.0, watched.1);
                due.insert(key(watched), next_look(health, now, jittered(every)));
            }
            let next = due.values().min().copied().unwrap_or_else(|| later(now, every));
            self.engine.fetcher.clock.sleep_until(next.max(later(now, LEAST_PAUSE))).await;
        }
    }

    /// How every list is doing, as far as is known.
    #[must_use]
    pub fn health(&self) -> Vec<HealthReport> {
        let now = self.engine.fetcher.clock.now();
        let standing = lock(&self.engine.standing);
        let age = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let watched = self.settings().lists.shared().iter().flat_map(|spec| kinds(spec, &standing.kinds(spec.zone())));
        watched
            .map(|(spec, kind)| {
                let state = match standing.health(&spec, kind) {
                    _ if spec.is_retired() => Arc::new(HealthState::retired()),
                    state => state.cloned().unwrap_or_default(),
                };
                HealthReport {
                    list: spec.id(),
                    kind,
                    health: state.health,
                    evidence: state.evidence.to_vec(),
                    since: age(state.since),
                    last_good: age(state.last_good),
                }
            })
            .collect()
    }

    /// What changes from now on: health of lists, faults of the resolver. Of this checker and all that share its memory.
    #[must_use]
    pub fn events(&self) -> Events {
        self.engine.fetcher.listeners.listen()
    }

    /// Every zone once, for each kind of subject it is about; none of lists that are not asked.
    fn watched(&self) -> Vec<Watched> {
        let standing = lock(&self.engine.standing);
        let mut watched: Vec<Watched> = Vec::new();
        for spec in self.settings().lists.shared().iter().filter(|spec| !spec.is_retired()) {
            for (spec, kind) in kinds(spec, &standing.kinds(spec.zone())) {
                if !watched.iter().any(|(known, of)| known.zone() == spec.zone() && *of == kind) {
                    watched.push((spec, kind));
                }
            }
        }
        watched
    }

    async fn look_at(&self, lists: &[Watched]) {
        let now = self.engine.fetcher.clock.now();
        let inquiry = {
            let mut standing = lock(&self.engine.standing);
            Box::new(Inquiry::probe(lists.iter().cloned(), &self.settings, &mut standing, now, random_octets()))
        };
        let deadline = later(now, self.budget());
        driver::run_inquiry(Arc::clone(&self.engine), inquiry, deadline, driver::Patience::WithHealth).await;
    }
}

fn key((spec, kind): &Watched) -> (Name, SubjectKind) {
    (spec.zone().clone(), *kind)
}

/// The kinds of subjects a list is looked at for: what its profile says; else what it has been asked about; else IPv4.
fn kinds(spec: &Arc<ListSpec>, asked: &[SubjectKind]) -> Vec<Watched> {
    let known = spec.knowledge().kinds();
    let kinds = match (known, asked) {
        (Some(kinds), _) => kinds.to_vec(),
        (None, []) => vec![SubjectKind::Ipv4],
        (None, asked) => asked.to_vec(),
    };
    kinds.into_iter().map(|kind| (Arc::clone(spec), kind)).collect()
}

/// When to look again: at a list that is left alone, when that ends; at a doubtful one, sooner than at others.
fn next_look(health: Option<&Arc<HealthState>>, now: Instant, every: Duration) -> Instant {
    match health.map(Arc::as_ref) {
        Some(HealthState { retry: Some(retry), .. }) => (*retry).max(later(now, SHORTEST)),
        Some(state) if !state.health.advice().is_empty() => later(now, every.min(DOUBTFUL)),
        _ => later(now, every),
    }
}

/// A tenth more or less.
fn jittered(every: Duration) -> Duration {
    let [random, ..] = random_octets();
    // A year is as good as for ever, and can be multiplied.
    every.min(Duration::from_secs(365 * 86_400)).mul_f64(0.9 + f64::from(random) / 255.0 * 0.2)
}

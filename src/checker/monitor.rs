//! Health of lists: a single probe of all lists, and a watch that repeats it.
//!
//! No task is spawned: a watch is a future that the host spawns and drops.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::select;

use crate::base::clock::later;
use crate::base::lock::lock;
use crate::base::name::Name;
use crate::checker::Checker;
use crate::dns::Randomness;
use crate::dnsxl::{HealthState, ListSpec, SubjectKind};
use crate::engine::driver;
use crate::engine::events::Events;
use crate::engine::run::Run;
use crate::inquiry::Inquiry;
use crate::inquiry::WaitFor;
use crate::inquiry::settings::Settings;
use crate::report::HealthReport;

/// The interval for a list with problems, such as one that seems empty or gone.
const PROBLEM_INTERVAL: Duration = Duration::from_secs(600);
/// The shortest pause between two rounds of probes.
const MIN_PAUSE: Duration = Duration::from_secs(1);
/// The shortest interval between two probes of one list, even if the host asks for less.
const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// A list and one kind of subject that it is probed for.
type Watched = (Arc<ListSpec>, SubjectKind);

impl Checker {
    /// Asks for the test entries of every list now, and tests whether the resolver is honest: 3 questions for each list and kind
    /// of subject, and 4 for the resolver. The results apply to later checks.
    ///
    /// ```no_run
    /// # async fn f(checker: rdnsbl::Checker) {
    /// for report in checker.probe().await.iter().filter(|report| !report.advice().is_empty()) {
    ///     eprintln!("{}: {}; {}", report.list(), report.health(), report.advice());
    /// }
    /// # }
    /// ```
    pub async fn probe(&self) -> Vec<HealthReport> {
        let lists = self.watched(&[self.settings()]);
        self.probe_lists(&lists).await;
        self.health()
    }

    /// Probes the lists of this checker and of all that share its cache, each list once, again and again while the future is
    /// polled: spawn it, and drop or abort it to end it (dropping the handle of a tokio task does not end it). Healthy lists are
    /// probed once in `every` (usually 30 minutes; at least 10 seconds), with up to 10 % jitter so that they are not all probed at
    /// once. Broken lists are probed after one minute, then less and less often, down to every ten minutes.
    ///
    /// It follows a [reload](Self::reload) at the next round. It ends when the checker is [shut down](Self::shut_down).
    pub async fn watch(self, every: Duration) {
        let mut events = self.events();
        let rounds = pin!(self.watch_rounds(every));
        let shut_down = pin!(async { while events.next().await.is_some() {} });
        select(rounds, shut_down).await;
    }

    /// Ends every stream of [events](Self::events) and every [watch](Self::watch) of this checker, its clones and all that
    /// share its cache. Checks go on.
    pub fn shut_down(&self) {
        self.engine.fetcher.listeners.close();
    }

    async fn watch_rounds(&self, every: Duration) {
        let every = every.max(MIN_INTERVAL);
        let mut due: HashMap<(Name, SubjectKind), Instant> = HashMap::new();
        loop {
            let now = self.engine.fetcher.clock.now();
            let lists = self.watched(&self.family.settings());
            due.retain(|known, _| lists.iter().any(|watched| key(watched) == *known));
            let is_due = |watched: &&Watched| due.get(&key(watched)).is_none_or(|at| *at <= now);
            let ready: Vec<Watched> = lists.iter().filter(is_due).cloned().collect();
            if !ready.is_empty() {
                self.probe_lists(&ready).await;
            }
            let now = self.engine.fetcher.clock.now();
            {
                let shared = lock(&self.engine.shared);
                for watched in &ready {
                    let health = shared.health(&watched.0, watched.1);
                    due.insert(key(watched), next_probe(health, now, jittered(every)));
                }
            }
            let next = due.values().min().copied().unwrap_or_else(|| later(now, every));
            self.engine.fetcher.clock.sleep_until(next.max(later(now, MIN_PAUSE))).await;
        }
    }

    /// The health of every list, as far as it is known.
    #[must_use]
    pub fn health(&self) -> Vec<HealthReport> {
        let now = self.engine.fetcher.clock.now();
        let shared = lock(&self.engine.shared);
        let age = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let settings = self.settings();
        let watched = settings.lists.shared().iter().flat_map(|spec| kinds(spec, &shared.kinds(spec.zone())));
        watched
            .map(|(spec, kind)| {
                let state = match shared.health(&spec, kind) {
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

    /// The changes from now on in the health of lists and the faults of the resolver, seen by this checker and its clones. The
    /// same lines go to `tracing` (target `rdnsbl`), whether or not anybody listens here.
    #[must_use]
    pub fn events(&self) -> Events {
        self.engine.fetcher.listeners.listen()
    }

    /// Every zone of these settings once for each kind of subject that it is probed for, without retired lists.
    fn watched(&self, settings: &[Arc<Settings>]) -> Vec<Watched> {
        let shared = lock(&self.engine.shared);
        let mut watched: Vec<Watched> = Vec::new();
        let specs = settings.iter().flat_map(|settings| settings.lists.shared());
        for spec in specs.filter(|spec| !spec.is_retired()) {
            for (spec, kind) in kinds(spec, &shared.kinds(spec.zone())) {
                let is_same = |(known, of): &Watched| {
                    *of == kind
                        && known.zone() == spec.zone()
                        && known.knowledge().has_same_controls(spec.knowledge(), kind)
                };
                if !watched.iter().any(is_same) {
                    watched.push((spec, kind));
                }
            }
        }
        watched
    }

    async fn probe_lists(&self, lists: &[Watched]) {
        let now = self.engine.fetcher.clock.now();
        let inquiry = {
            let mut shared = lock(&self.engine.shared);
            Inquiry::probe(lists.iter().cloned(), &self.settings(), &mut shared, now, Randomness::new())
        };
        let deadline = later(now, self.budget());
        let run = Run::alone(deadline, WaitFor::ListsAndHealth);
        driver::run_inquiry(Arc::clone(&self.engine), inquiry, run).await;
    }
}

fn key((spec, kind): &Watched) -> (Name, SubjectKind) {
    (spec.zone().clone(), *kind)
}

/// The kinds of subjects that a list is probed for: those of its profile; else those it was asked about; else IPv4.
fn kinds(spec: &Arc<ListSpec>, asked: &[SubjectKind]) -> Vec<Watched> {
    let known = spec.knowledge().kinds();
    let kinds = match (known, asked) {
        (Some(kinds), _) => kinds.to_vec(),
        (None, []) => vec![SubjectKind::Ipv4],
        (None, asked) => asked.to_vec(),
    };
    kinds.into_iter().map(|kind| (Arc::clone(spec), kind)).collect()
}

/// When to probe a list again: a paused list when its pause ends, a list with problems sooner than a healthy one.
fn next_probe(health: Option<&Arc<HealthState>>, now: Instant, every: Duration) -> Instant {
    match health.map(Arc::as_ref) {
        Some(HealthState { retry: Some(retry), .. }) => (*retry).max(later(now, MIN_INTERVAL)),
        Some(state) if !state.health.advice().is_empty() => later(now, every.min(PROBLEM_INTERVAL)),
        _ => later(now, every),
    }
}

/// Adds a jitter of up to 10 %, more or less.
fn jittered(every: Duration) -> Duration {
    let [random, ..] = Randomness::new().octets();
    // Capped at one year, so that the product cannot overflow.
    every.min(Duration::from_secs(365 * 86_400)).mul_f64(0.9 + f64::from(random) / 255.0 * 0.2)
}

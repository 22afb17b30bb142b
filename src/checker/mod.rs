//! The entry point: a [`Checker`] asks lists and DNS, caches the answers and applies the policy.

#[cfg(any(feature = "direct", feature = "hickory"))]
pub mod blocking;
pub(crate) mod builder;
pub mod error;
pub(crate) mod monitor;
mod pending;
pub(crate) mod session;
mod single;
mod stats;
mod updates;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures::FutureExt;
use futures::future::{self, Either};

use crate::base::clock::Clock;
use crate::base::lock::lock;
pub use crate::checker::builder::{CheckerBuilder, Limits};
#[cfg(any(feature = "direct", feature = "hickory"))]
use crate::checker::error::Error;
pub use crate::checker::pending::PendingCheck;
pub use crate::checker::session::Session;
pub use crate::checker::single::PendingVerdict;
pub use crate::checker::stats::{Latency, ListStats, Stats};
pub use crate::checker::updates::Updates;
use crate::dns::Randomness;
use crate::engine::Engine;
use crate::engine::driver;
use crate::engine::fast_path::FastPath;
use crate::engine::fetch::CachedLists;
use crate::engine::run::Run;
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::Settings;
use crate::inquiry::{Inquiry, KnownLists, NothingKnown};
use crate::lists::ListSet;
use crate::policy::Policy;
use crate::report::summary::Summary;
use crate::report::{Completeness, Report};
#[cfg(feature = "direct")]
use crate::resolve::Direct as SystemResolver;
use crate::resolve::Resolve;
#[cfg(all(feature = "hickory", not(feature = "direct")))]
use crate::resolve::Stub as SystemResolver;
use crate::state::SharedState;

/// Checks clients, HELO names and domains.
///
/// Cheap to clone; clones share the resolver, the cache and the questions in flight. Every method takes `&self`. Every future is
/// `Send`, borrows nothing and may be dropped at any point. No task is spawned.
///
/// ```no_run
/// # #[cfg(feature = "direct")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use rdnsbl::{Checker, ListSet, Policy, resolve::Direct};
///
/// let lists = ListSet::builder().deny("zen.spamhaus.org=127.0.0.[2..11]").build()?;
/// let checker = Checker::builder(Direct::servers(["127.0.0.1:53".parse()?])?) // or Checker::system()?
///     .lists(lists)
///     .policy(Policy::postfix())
///     .own_names(["mx.example.org"])
///     .build()?;
/// let client: std::net::IpAddr = "203.0.113.14".parse()?;
/// println!("{}", checker.check(client).await.advice().action().word());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Checker {
    pub(crate) engine: Arc<Engine>,
    /// Shared by clones, so that all of them see new settings.
    configured: Arc<ArcSwap<Configured>>,
    /// Every checker that shares this cache, for the watch.
    family: Arc<Family>,
    budget: Duration,
}

/// The settings of all checkers that share one cache.
#[derive(Default)]
pub(crate) struct Family(Mutex<Vec<Weak<ArcSwap<Configured>>>>);

impl Family {
    fn add(&self, configured: &Arc<ArcSwap<Configured>>) {
        let mut members = lock(&self.0);
        // Those that are gone are removed before the table grows, so that each costs little.
        if members.len() == members.capacity() {
            members.retain(|member| member.strong_count() > 0);
        }
        members.push(Arc::downgrade(configured));
    }

    /// The settings of all that are still there.
    fn settings(&self) -> Vec<Arc<Settings>> {
        let members = lock(&self.0);
        members.iter().filter_map(|member| Some(Arc::clone(&member.upgrade()?.load().settings))).collect()
    }
}

/// Settings, and what is computed from them in advance.
pub(crate) struct Configured {
    pub(crate) settings: Arc<Settings>,
    fast_path: FastPath,
}

impl Configured {
    fn new(settings: Settings) -> Self {
        let fast_path = FastPath::new(&settings);
        Self { settings: Arc::new(settings), fast_path }
    }
}

impl Checker {
    /// A checker that asks the system's resolver, without lists, by [`Policy::rfc`]. Its futures need a tokio runtime with
    /// network and time; a program without one takes [`blocking::Checker`].
    ///
    /// # Errors
    /// [`Error::Resolver`] when the system's configuration cannot be read.
    ///
    /// # Panics
    /// Not here. Its futures panic in tokio where they are polled outside a tokio runtime, or in one without time or network
    /// (`enable_all`).
    #[cfg(any(feature = "direct", feature = "hickory"))]
    pub fn system() -> Result<Self, Error> {
        Self::builder(SystemResolver::system()?).build()
    }

    /// Starts a checker on this resolver, with the clock of a tokio runtime.
    ///
    /// # Panics
    /// Not here. The checker's futures panic in tokio where they are polled outside a tokio runtime with time (`enable_time`).
    /// [`builder_with`](Self::builder_with) takes a clock of your own, and
    /// `blocking::Checker` brings a runtime.
    #[cfg(feature = "tokio")]
    pub fn builder(resolver: impl Resolve + 'static) -> CheckerBuilder {
        Self::builder_with(resolver, crate::base::clock::TokioClock)
    }

    /// Starts a checker on this resolver and this clock. Needs no runtime.
    pub fn builder_with(resolver: impl Resolve + 'static, clock: impl Clock + 'static) -> CheckerBuilder {
        CheckerBuilder {
            resolver: Arc::new(resolver),
            clock: Arc::new(clock),
            settings: Settings::default(),
            budget: CheckerBuilder::DEFAULT_BUDGET,
            limits: Limits::default(),
            window: SharedState::DEFAULT_WINDOW,
            own_names: Vec::new(),
            local_domains: Vec::new(),
        }
    }

    /// A checker with other lists. Both share the cache, the lists' proofs, the events and the questions in flight.
    #[must_use]
    pub fn with_lists(&self, lists: ListSet) -> Self {
        self.with_settings(Settings { lists, ..(*self.settings()).clone() })
    }

    /// A checker with another policy, for example that of a tenant.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        self.with_settings(Settings { policy, ..(*self.settings()).clone() })
    }

    /// A checker with other settings. Both share the cache, the lists' proofs, the events and the questions in flight.
    #[must_use]
    pub fn with_settings(&self, settings: Settings) -> Self {
        let configured = Arc::new(ArcSwap::from_pointee(Configured::new(settings)));
        self.family.add(&configured);
        Self { configured, ..self.clone() }
    }

    /// Replaces the settings of this checker and of all its clones, as when a server reads its configuration again. The cache,
    /// proofs, health and events stay; a running [`watch`](Self::watch) follows the new lists. Checks and sessions under way
    /// keep what they began with. Checkers made by [`with_lists`](Self::with_lists) and similar are not changed.
    ///
    /// ```
    /// # use rdnsbl::{Checker, ManualClock, Policy, Scripted, Settings};
    /// # let clock = ManualClock::new();
    /// # let checker = Checker::builder_with(Scripted::table("* NXDOMAIN", clock.clone())?, clock).build()?;
    /// let clone = checker.clone();
    /// let mut settings = Settings::default();
    /// settings.policy = Policy::postfix();
    /// checker.reload(settings);
    /// assert_eq!(clone.settings().policy, Policy::postfix());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reload(&self, settings: Settings) {
        self.configured.store(Arc::new(Configured::new(settings)));
    }

    /// The checker's settings: its lists, its policy, and what it knows about your own hosts.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.configured.load().settings)
    }

    /// This checker with the settings of this moment: they do not change when the others are reloaded.
    fn pinned(&self) -> Self {
        Self { configured: Arc::new(ArcSwap::new(self.configured.load_full())), ..self.clone() }
    }

    /// Checks a whole SMTP dialogue, as far as it has come. A check cannot fail: "could not tell" is a verdict too.
    pub fn check(&self, dialogue: impl Into<Dialogue>) -> PendingCheck {
        PendingCheck::new(self.clone(), dialogue.into())
    }

    /// The summary that a check of this dialogue would return, if every answer is cached, no list holds the client, and the
    /// policy lets the client pass. Returns at once: asks no question, and allocates only for a sender's domain. Most clients of
    /// a server were checked a moment ago. `None` means that a full [`check`](Self::check) is needed, not that anything is wrong.
    ///
    /// ```
    /// # use rdnsbl::{Action, Checker, Dialogue};
    /// # fn decide(checker: &Checker, client: std::net::IpAddr) -> Option<Action> {
    /// checker.remembered(&Dialogue::from(client)).map(|summary| summary.action())
    /// # }
    /// ```
    #[must_use]
    pub fn remembered(&self, dialogue: &Dialogue) -> Option<Summary> {
        self.remembered_at(dialogue, self.engine.fetcher.clock.now())
    }

    /// The same, for a host that knows the time already: `now` is the present time of this checker's clock.
    #[must_use]
    pub fn remembered_at(&self, dialogue: &Dialogue, now: Instant) -> Option<Summary> {
        let Engine { fetcher, shared, .. } = &*self.engine;
        // Read before the cache and the lists' health, so that a change in between is noticed by the next call.
        let changes = fetcher.changes.load(Ordering::Acquire);
        let now = fetcher.cache.tick(now);
        if fetcher.is_trial_due(now) {
            return None;
        }
        let Configured { settings, fast_path } = &**self.configured.load();
        fast_path.summary(dialogue, settings, &fetcher.cache, shared, changes, now)
    }

    /// The longest time that a check may take in total.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// All checks of a dialogue, with what `known_lists` knows. `asks` is false where no question may be sent any more.
    fn inquiry(&self, dialogue: Dialogue, known_lists: &dyn KnownLists, now: Instant, asks: bool) -> Box<Inquiry> {
        let Engine { fetcher, shared, .. } = &*self.engine;
        let workspace = fetcher.workspaces.take().unwrap_or_default();
        let mut inquiry = {
            let mut shared = lock(shared);
            let random = shared.random(now, Randomness::new);
            Inquiry::within(workspace, dialogue, &self.settings(), known_lists, &mut shared, now, random)
        };
        // The questions so far are those whose answers were known.
        fetcher.counters.remembered.fetch_add(inquiry.question_count() as u64, Ordering::Relaxed);
        // Without the lock of the state, which every check of every thread needs.
        inquiry.begin_checks();
        if asks {
            inquiry.ask_own_questions(&mut lock(shared), now);
        }
        inquiry
    }

    /// Begins all checks of a dialogue. The future runs them, and counts them at the end.
    fn run(&self, dialogue: Dialogue, run: Run) -> impl Future<Output = Box<Report>> + Send + use<> {
        let engine = Arc::clone(&self.engine);
        let now = engine.fetcher.clock.now();
        let check = match engine.checks.permit() {
            Some(permit) => {
                let cached = CachedLists { fetcher: &engine.fetcher, now };
                // A session has answers of its own, which are looked for one by one.
                let known_lists: &dyn KnownLists = if run.session.is_none() { &cached } else { &NothingKnown };
                let inquiry = self.inquiry(dialogue, known_lists, now, now < run.deadline);
                let report = driver::run_inquiry(Arc::clone(&engine), inquiry, run);
                // The permit is held until the check has ended.
                Either::Left(report.inspect(move |_| drop(permit)))
            }
            None => {
                engine.fetcher.counters.shed.fetch_add(1, Ordering::Relaxed);
                let inquiry = self.inquiry(dialogue, &NothingKnown, now, false);
                Either::Right(future::ready(driver::shed(&engine, inquiry)))
            }
        };
        check.inspect(move |report| {
            let counters = &engine.fetcher.counters;
            counters.checks.fetch_add(1, Ordering::Relaxed);
            counters.check_time.add(report.elapsed());
            if report.completeness() == Completeness::CutByDeadline {
                counters.cut.fetch_add(1, Ordering::Relaxed);
            }
        })
    }
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker").field("budget", &self.budget).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

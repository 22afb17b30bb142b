//! The front: a checker asks, remembers and judges.

pub mod error;
pub(crate) mod monitor;

use std::future::{Future, IntoFuture};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use crate::base::clock::Clock;
use crate::base::lock::lock;
use crate::base::name::Name;
use crate::check::Unit;
use crate::check::helo::{HeloCheck, HeloReport};
use crate::check::iprev::{Iprev, IprevCheck};
use crate::check::mail_domain::{MailDomainCheck, MailDomainReport, Side};
use crate::checker::error::Error;
use crate::dns::Failure;
use crate::engine::background::Background;
use crate::engine::cache::{Bounds, Memory};
use crate::engine::driver;
use crate::engine::fast_path::Plan;
use crate::engine::fetch::Asker;
use crate::engine::{Engine, later};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::{Settings, SpecialPurpose};
use crate::inquiry::{Alone, Inquiry};
use crate::lists::ListSet;
use crate::policy::Policy;
use crate::report::Report;
use crate::report::summary::Summary;
use crate::resolve::Resolve;
use crate::state::Standing;

/// Checks clients, HELO names and domains.
///
/// Cheap to clone; clones share resolver, memory and questions in flight. Every method takes `&self`, every future is `Send`,
/// borrows nothing and may be dropped at any point. Nothing is spawned.
#[derive(Clone)]
pub struct Checker {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: Arc<Settings>,
    plan: Arc<Plan>,
    budget: Duration,
}

impl Checker {
    /// A checker that asks the system's resolver, without lists, by [`Policy::rfc`]. Its futures need a tokio runtime with
    /// network and time.
    ///
    /// # Errors
    /// [`Error::Resolver`] when the system's configuration cannot be read.
    #[cfg(feature = "direct")]
    pub fn system() -> Result<Self, Error> {
        Self::builder(crate::resolve::Direct::system()?).build()
    }

    /// A checker that asks the system's resolver, without lists, by [`Policy::rfc`]. Its futures need a tokio runtime with
    /// network and time.
    ///
    /// # Errors
    /// [`Error::Resolver`] when the system's configuration cannot be read.
    #[cfg(all(feature = "hickory", not(feature = "direct")))]
    pub fn system() -> Result<Self, Error> {
        Self::builder(crate::resolve::Stub::system()?).build()
    }

    /// Starts a checker on this resolver, with the clock of a tokio runtime.
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
            window: Standing::DEFAULT_WINDOW,
            own_names: Vec::new(),
            local_domains: Vec::new(),
        }
    }

    /// The same checker with other lists. Memory, proofs and questions in flight are shared, so this is how to reload while
    /// running.
    #[must_use]
    pub fn with_lists(&self, lists: ListSet) -> Self {
        self.with_settings(Settings { lists, ..(*self.settings).clone() })
    }

    /// The same checker with another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        self.with_settings(Settings { policy, ..(*self.settings).clone() })
    }

    fn with_settings(&self, settings: Settings) -> Self {
        let plan = Arc::new(Plan::new(&settings));
        Self { settings: Arc::new(settings), plan, ..self.clone() }
    }

    /// What the checker asks and how it judges.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Checks a whole dialogue, as far as it has come. The check cannot fail; what could not be told is a verdict.
    pub fn check(&self, dialogue: impl Into<Dialogue>) -> Check {
        Check {
            checker: self.clone(),
            dialogue: dialogue.into(),
            deadline: Deadline::Within(self.budget),
            patience: driver::Patience::UntilDone,
        }
    }

    /// What a check of this dialogue would come to, if everything about it is remembered, no list holds the client, and the
    /// policy has nothing against it. At once, without asking anybody and, but for a sender's domain, without allocating:
    /// most clients were here a moment ago. `None` means that [`check`](Self::check) has to tell, not that anything is wrong.
    ///
    /// ```
    /// # use rdnsbl::{Action, Checker, Dialogue};
    /// # fn decide(checker: &Checker, client: std::net::IpAddr) -> Option<Action> {
    /// checker.remembered(&Dialogue::from(client)).map(|summary| summary.action())
    /// # }
    /// ```
    #[must_use]
    pub fn remembered(&self, dialogue: &Dialogue) -> Option<Summary> {
        let Engine { asker, standing, .. } = &*self.engine;
        let changes = asker.changes.load(Ordering::Acquire);
        let now = asker.clock.now();
        if asker.is_trial_due(now) {
            return None;
        }
        let (summary, answers) = self.plan.summary(dialogue, &self.settings, &asker.memory, standing, changes, now)?;
        asker.counters.checks.fetch_add(1, Ordering::Relaxed);
        asker.counters.remembered.fetch_add(answers, Ordering::Relaxed);
        Some(summary)
    }

    /// Checks a client's reverse DNS alone.
    pub fn iprev(&self, client: IpAddr) -> impl Future<Output = Iprev> + Send + use<> {
        let check = IprevCheck::new(client);
        let report = self.check_alone(Alone::Iprev(check.clone()));
        async move { report.await.iprev().cloned().unwrap_or_else(|| expired(check)) }
    }

    /// Checks an argument of HELO or EHLO alone.
    pub fn helo(&self, argument: &str, client: Option<IpAddr>) -> impl Future<Output = HeloReport> + Send + use<> {
        let check = HeloCheck::new(argument, client, &self.settings.ourselves);
        let report = self.check_alone(Alone::Helo(check.clone()));
        async move { report.await.helo().cloned().unwrap_or_else(|| expired(check)) }
    }

    /// Checks the domain of a sender's or recipient's path alone. Domains of our own are not asked about.
    pub fn mail_domain(&self, side: Side, path: &str) -> impl Future<Output = MailDomainReport> + Send + use<> {
        let mut check = MailDomainCheck::new(side, path);
        if check.domain().is_some_and(|domain| self.settings.is_local(domain)) {
            check.skip();
        }
        let report = self.check_alone(Alone::MailDomain(check.clone()));
        async move { report.await.sender().cloned().unwrap_or_else(|| expired(check)) }
    }

    /// One check, and nothing else: no lists, no policy.
    fn check_alone(&self, check: Alone) -> impl Future<Output = Report> + Send + use<> {
        let (engine, deadline) = (Arc::clone(&self.engine), self.deadline());
        async move {
            let now = engine.asker.clock.now();
            let inquiry = {
                let mut standing = lock(&engine.standing);
                let random = standing.random(now, unguessable);
                Box::new(Inquiry::of_one(check, &mut standing, now, random))
            };
            driver::inquiry(engine, inquiry, deadline, driver::Patience::UntilDone).await
        }
    }

    /// What has been done so far, by this checker and all that share its memory.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let asker = &self.engine.asker;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            checks: read(&asker.counters.checks),
            cut_by_deadline: read(&asker.counters.cut),
            questions: read(&asker.counters.questions),
            shared: read(&asker.counters.shared),
            remembered: read(&asker.counters.remembered),
            failures: read(&asker.counters.failures),
            in_flight: asker.in_flight(),
            entries: asker.memory.len(),
            bytes: asker.memory.bytes(),
        }
    }

    /// How long a check may take in all.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    fn deadline(&self) -> Instant {
        later(self.engine.asker.clock.now(), self.budget)
    }
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker").field("budget", &self.budget).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// What a check comes to of which nothing was heard.
fn expired<U: Unit>(mut check: U) -> U::Verdict {
    check.expire(Failure::Shed)
}

/// A check that is about to be made: set its budget, then await it.
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is awaited"]
pub struct Check {
    checker: Checker,
    dialogue: Dialogue,
    deadline: Deadline,
    patience: driver::Patience,
}

#[derive(Clone, Copy, Debug)]
enum Deadline {
    Within(Duration),
    Until(Instant),
}

impl Check {
    /// All questions together may take this long; the report is there at that time, with what is known.
    pub fn within(mut self, budget: Duration) -> Self {
        self.deadline = Deadline::Within(budget);
        self
    }

    /// The report is there at this time of the checker's clock.
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Deadline::Until(deadline);
        self
    }

    /// Waits for no list that cannot change the outcome any more. Its verdict is then
    /// [unknown, not awaited](crate::Why::NotAwaited); the lists that decided are there with their proofs and texts. Which
    /// lists are left out depends on who answers first; the outcome does not. Everything else in the dialogue is awaited.
    pub fn stop_when_settled(mut self) -> Self {
        self.patience = driver::Patience::UntilSettled;
        self
    }

    /// Waits, within the budget, for what lists are asked about themselves because of this check, such as whether the zone exists
    /// that answers nothing: the report then tells their health at once. For tools that check once; a server's next check knows.
    pub fn until_health_is_known(mut self) -> Self {
        self.patience = driver::Patience::WithHealth;
        self
    }

    /// What the check comes to, without the reasons. Where everything is [remembered](Checker::remembered) it is there at
    /// once, without a report being made.
    pub async fn summary(self) -> Summary {
        match self.checker.remembered(&self.dialogue) {
            Some(summary) => summary,
            None => self.into_future().await.summary(),
        }
    }

    async fn run(self) -> Report {
        let Engine { asker, standing, .. } = &*self.checker.engine;
        let now = asker.clock.now();
        let deadline = match self.deadline {
            Deadline::Within(budget) => later(now, budget),
            Deadline::Until(deadline) => deadline,
        };
        let workspace = asker.workspaces.take();
        let inquiry = {
            let mut standing = lock(standing);
            let random = standing.random(now, unguessable);
            let settings = &self.checker.settings;
            Box::new(Inquiry::within(workspace, &self.dialogue, settings, &mut standing, now, random))
        };
        let report = driver::inquiry(Arc::clone(&self.checker.engine), inquiry, deadline, self.patience).await;
        asker.counters.checks.fetch_add(1, Ordering::Relaxed);
        if report.completeness() == crate::report::Completeness::CutByDeadline {
            asker.counters.cut.fetch_add(1, Ordering::Relaxed);
        }
        report
    }
}

impl IntoFuture for Check {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Octets nobody can guess. Where the system has none to give, the clock and addresses of this process must do: then a label
/// is merely hard to guess, and the fixed control entry still stands beside it.
pub(crate) fn unguessable() -> [u8; 16] {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        use std::hash::{BuildHasher, RandomState};
        let mut halves = random.chunks_exact_mut(8);
        for (number, half) in (0_u64..).zip(&mut halves) {
            half.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
        }
    }
    random
}

/// Collects what a checker needs; [`build`](Self::build) tells what is wrong.
#[must_use]
pub struct CheckerBuilder {
    resolver: Arc<dyn Resolve>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    budget: Duration,
    limits: Limits,
    window: Duration,
    own_names: Vec<String>,
    local_domains: Vec<String>,
}

impl CheckerBuilder {
    /// The budget of a check unless said: 5 seconds.
    pub const DEFAULT_BUDGET: Duration = Duration::from_secs(5);

    /// The lists to ask; none unless said.
    pub fn lists(mut self, lists: ListSet) -> Self {
        self.settings.lists = lists;
        self
    }

    /// What follows from the facts; [`Policy::rfc`] unless said.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// How long a check may take in all; 5 seconds unless said.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Bounds on memory and concurrency.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// For how long a list that was shown to be sane is believed; 60 seconds unless said. With zero every hit asks for proof.
    pub fn proof_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Our own host names: a stranger's HELO must not be one of them.
    pub fn own_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.own_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Our own addresses: a stranger's HELO must not be one of them as a literal.
    pub fn own_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.settings.ourselves.addresses.extend(addresses);
        self
    }

    /// Domains that are ours, with everything below them: senders and recipients there are not looked up.
    pub fn local_domains<S: Into<String>>(mut self, domains: impl IntoIterator<Item = S>) -> Self {
        self.local_domains.extend(domains.into_iter().map(Into::into));
        self
    }

    /// Networks whose clients no list is asked about and no policy judges.
    pub fn exempt(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.settings.exempt.extend(networks);
        self
    }

    /// Whether lists are asked about private and special-purpose addresses; not unless said.
    pub fn special_purpose(mut self, special_purpose: SpecialPurpose) -> Self {
        self.settings.special_purpose = special_purpose;
        self
    }

    /// The checker.
    ///
    /// # Errors
    /// [`Error::Name`] for a name that cannot be read, [`Error::Limit`] for a limit of zero.
    pub fn build(mut self) -> Result<Checker, Error> {
        self.settings.ourselves.names = names("own_names", &self.own_names)?;
        self.settings.local_domains = names("local_domains", &self.local_domains)?;
        for (limit, value) in [("in_flight", self.limits.in_flight), ("per_zone", self.limits.per_zone)] {
            if value == 0 {
                return Err(Error::Limit(limit));
            }
        }
        let bounds = Bounds {
            entries: self.limits.entries,
            bytes: self.limits.bytes,
            failure: self.limits.failure_ttl.min(MAX_FAILURE),
        };
        let memory = Memory::new(bounds);
        let asker = Asker::new(self.resolver, self.clock, memory, self.limits.in_flight, self.limits.per_zone);
        let engine = Engine {
            asker: Arc::new(asker),
            standing: Mutex::new(Standing::new(self.window)),
            background: Background::default(),
        };
        let plan = Arc::new(Plan::new(&self.settings));
        Ok(Checker { engine: Arc::new(engine), settings: Arc::new(self.settings), plan, budget: self.budget })
    }
}

/// RFC 9520 §3.2: no failure is remembered for more than five minutes.
const MAX_FAILURE: Duration = Duration::from_secs(300);

fn names(setting: &'static str, texts: &[String]) -> Result<Vec<Name>, Error> {
    let parse =
        |(index, text): (usize, &String)| Name::parse(text).map_err(|error| Error::Name { setting, index, error });
    texts.iter().enumerate().map(parse).collect()
}

/// Bounds on memory and concurrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Questions on the wire at the same time; 4,096. With a resolver that asks on for 100 ms, 256 would be 160 checks of 16
    /// questions in a second.
    pub in_flight: usize,
    /// Of these, questions to one list; 256. A list that hangs takes no more.
    pub per_zone: usize,
    /// Subjects whose list answers are remembered, and as many answers of each other kind; 16,384. 0 remembers nothing.
    pub entries: usize,
    /// Bytes of each of these stores, roughly (three of subjects: IPv4, IPv6, domains; four of answers: reverse, forward, MX, TXT); 16 MiB.
    pub bytes: usize,
    /// How long a failure is remembered (RFC 9520 §3.2: 1 second to 5 minutes); 5 seconds.
    pub failure_ttl: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 4_096,
            per_zone: 256,
            entries: 16_384,
            bytes: 16 * 1024 * 1024,
            failure_ttl: Duration::from_secs(5),
        }
    }
}

/// What a checker has done, in all since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Checks of whole dialogues that ended.
    pub checks: u64,
    /// Of these, cut by their deadline.
    pub cut_by_deadline: u64,
    /// Questions put to the resolver.
    pub questions: u64,
    /// Answers shared with another check that was asking the same.
    pub shared: u64,
    /// Answers from memory.
    pub remembered: u64,
    /// Questions that nobody could answer.
    pub failures: u64,
    /// Questions in flight now.
    pub in_flight: usize,
    /// Entries remembered now.
    pub entries: usize,
    /// Roughly the bytes they take.
    pub bytes: usize,
}

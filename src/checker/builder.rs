//! Builds a checker from its resolver, clock, settings and limits.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use crate::base::clock::Clock;
use crate::base::name::Name;
use crate::base::pool::ReusePool;
use crate::checker::error::Error;
use crate::checker::{Checker, Configured, Family};
use crate::engine::Engine;
use crate::engine::background::Background;
use crate::engine::cache::Cache;
use crate::engine::cache::bounds::Bounds;
use crate::engine::fetch::Fetcher;
use crate::engine::limit::Limit;
use crate::inquiry::settings::{Settings, SpecialPurpose};
use crate::lists::ListSet;
use crate::policy::Policy;
use crate::resolve::Resolve;
use crate::state::SharedState;

/// Collects a checker's settings; [`build`](Self::build) validates them.
///
/// ```
/// use rdnsbl::{Checker, Clock, ManualClock, Policy, Scripted};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let checker = Checker::builder_with(Scripted::table("* NXDOMAIN", clock.clone())?, clock)
///     .policy(Policy::postfix())
///     .own_names(["mx.example.org"])
///     .exempt(["192.0.2.0/24".parse()?])
///     .budget(Duration::from_secs(3))
///     .build()?;
/// assert_eq!(checker.budget(), Duration::from_secs(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct CheckerBuilder {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) budget: Duration,
    pub(super) limits: Limits,
    pub(super) window: Duration,
    pub(super) own_names: Vec<String>,
    pub(super) local_domains: Vec<String>,
}

impl CheckerBuilder {
    /// The default budget of a check: 5 seconds.
    pub const DEFAULT_BUDGET: Duration = Duration::from_secs(5);

    /// All settings at once, as read from a configuration; it takes the place of what was set before.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.own_names.clear();
        self.local_domains.clear();
        self.settings = settings;
        self
    }

    /// The lists to ask; default: none.
    pub fn lists(mut self, lists: ListSet) -> Self {
        self.settings.lists = lists;
        self
    }

    /// The policy that turns verdicts into advice; default: [`Policy::rfc`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// The longest time that a check may take in total; default: 5 seconds.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Limits on memory and concurrency.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long a proof that a list does not list everyone stays valid; default: 60 seconds. With zero, every listing is proved
    /// by control questions of its own.
    pub fn proof_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Your own host names: another host must not use one of them in HELO.
    pub fn own_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.own_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Your own addresses: another host must not use one of them as an address literal in HELO.
    pub fn own_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.settings.ourselves.addresses.extend(addresses);
        self
    }

    /// Your own domains, with all their subdomains: senders and recipients there are not looked up.
    pub fn local_domains<S: Into<String>>(mut self, domains: impl IntoIterator<Item = S>) -> Self {
        self.local_domains.extend(domains.into_iter().map(Into::into));
        self
    }

    /// Networks of exempt clients: no list is asked about them, and the policy is not applied to them.
    pub fn exempt(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.settings.exempt.extend(networks);
        self
    }

    /// Whether lists are asked about private and special-purpose addresses; default: no.
    pub fn special_purpose(mut self, special_purpose: SpecialPurpose) -> Self {
        self.settings.special_purpose = special_purpose;
        self
    }

    /// Builds the checker.
    ///
    /// # Errors
    /// [`Error::Name`] for a name that is not valid, [`Error::Limit`] for a limit of zero.
    pub fn build(mut self) -> Result<Checker, Error> {
        self.settings.ourselves.names.extend(names("own_names", &self.own_names)?);
        self.settings.local_domains.extend(names("local_domains", &self.local_domains)?);
        let Limits { checks, in_flight, per_zone, .. } = self.limits;
        for (limit, value) in [("checks", checks), ("in_flight", in_flight), ("per_zone", per_zone)] {
            if value == 0 {
                return Err(Error::Limit(limit));
            }
        }
        let bounds = Bounds {
            entries: self.limits.entries,
            bytes: self.limits.bytes,
            failure: self.limits.failure_ttl.min(MAX_FAILURE),
        };
        let cache = Cache::new(bounds, self.clock.now());
        let fetcher = Fetcher::new(self.resolver, self.clock, cache, self.limits.in_flight, self.limits.per_zone);
        let engine = Engine {
            fetcher: Arc::new(fetcher),
            shared: Mutex::new(SharedState::new(self.window)),
            background: Background::default(),
            awaited: ReusePool::default(),
            checks: Arc::new(Limit::new(checks)),
        };
        let configured = Arc::new(ArcSwap::from_pointee(Configured::new(self.settings)));
        let family = Arc::new(Family::default());
        family.add(&configured);
        Ok(Checker { engine: Arc::new(engine), configured, family, budget: self.budget })
    }
}

/// RFC 9520 §3.2: no failure may be cached for more than five minutes.
const MAX_FAILURE: Duration = Duration::from_secs(300);

fn names(setting: &'static str, texts: &[String]) -> Result<Vec<Name>, Error> {
    let parse =
        |(index, text): (usize, &String)| Name::parse(text).map_err(|error| Error::Name { setting, index, error });
    texts.iter().enumerate().map(parse).collect()
}

/// Limits on memory and concurrency.
///
/// ```
/// use rdnsbl::{Checker, Limits, ManualClock, Scripted};
///
/// let mut limits = Limits::default();
/// limits.entries = 100_000; // a large server
/// let clock = ManualClock::new();
/// let checker = Checker::builder_with(Scripted::table("* NXDOMAIN", clock.clone())?, clock).limits(limits).build()?;
/// # let _ = checker;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// Whole checks that run at the same time; default: 20,000. Each takes some 16 kB while it waits for a dozen lists. A check
    /// beyond that asks nothing and is at once unknown, because of [`Failure::Shed`](crate::dns::Failure::Shed).
    pub checks: usize,
    /// Questions in flight at the same time; default: 4,096. For comparison: with a resolver that takes 100 ms for each answer,
    /// 256 would allow only 160 checks of 16 questions a second.
    ///
    /// Questions about names that clients chose ([`Question::chosen_by`](crate::Question::chosen_by)) get half of them, and those
    /// of one client a 160th, but at least 4: a client can make up any number of names whose servers never answer.
    pub in_flight: usize,
    /// Of these, questions to one list; default: 256. A list that does not answer cannot use more.
    pub per_zone: usize,
    /// Entries of each store of the cache: subjects with their list answers, and answers of each other kind; default: 16,384.
    /// 0 turns the cache off.
    pub entries: usize,
    /// Roughly the bytes of each store; default: 16 MiB. There are three stores of subjects (IPv4, IPv6, domains) and four of
    /// answers (reverse, forward, MX, TXT).
    pub bytes: usize,
    /// How long a failure is cached (RFC 9520 §3.2: 1 second to 5 minutes); default: 5 seconds.
    pub failure_ttl: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            checks: 20_000,
            in_flight: 4_096,
            per_zone: 256,
            entries: 16_384,
            bytes: 16 * 1024 * 1024,
            failure_ttl: Duration::from_secs(5),
        }
    }
}

//! What a checker is made of.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipnet::IpNet;

use crate::base::clock::Clock;
use crate::base::name::Name;
use crate::checker::Checker;
use crate::checker::error::Error;
use crate::engine::Engine;
use crate::engine::background::Background;
use crate::engine::cache::Cache;
use crate::engine::cache::lru::Bounds;
use crate::engine::fast_path::FastPath;
use crate::engine::fetch::Fetcher;
use crate::inquiry::settings::{Settings, SpecialPurpose};
use crate::lists::ListSet;
use crate::policy::Policy;
use crate::resolve::Resolve;
use crate::state::Standing;

/// Collects what a checker needs; [`build`](Self::build) tells what is wrong.
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
        let cache = Cache::new(bounds);
        let fetcher = Fetcher::new(self.resolver, self.clock, cache, self.limits.in_flight, self.limits.per_zone);
        let engine = Engine {
            fetcher: Arc::new(fetcher),
            standing: Mutex::new(Standing::new(self.window)),
            background: Background::default(),
        };
        let fast_path = Arc::new(FastPath::new(&self.settings));
        Ok(Checker { engine: Arc::new(engine), settings: Arc::new(self.settings), fast_path, budget: self.budget })
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

//! What the daemons share: configuration, checks, and how a decision is made and written down.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdnsbl::{Action, Report};
use tokio::sync::Semaphore;

use crate::config::{Config, Mode, OnTrouble, Profile};
use crate::daemon::log::{Level, Log};
use crate::daemon::metrics::{self, Metrics};
use crate::decision::Decision;
use crate::facts::Facts;
use crate::id::Ids;
use crate::judge::Judge;

/// A check that is not ready this long after its deadline has failed.
const GRACE: Duration = Duration::from_secs(1);
/// Checks that run ahead of the stage that acts.
const AHEAD: usize = 64;
/// After this many messages in a row from one private client, without login and not exempt, all clients may be behind a proxy or
/// a container's network.
const ALIKE: u32 = 100;

/// The state of a daemon.
pub(crate) struct Core {
    config: Mutex<Arc<Config>>,
    last_private: Mutex<(Option<IpAddr>, u32)>,
    ahead: Arc<Semaphore>,
    ids: Ids,
    pub(crate) judge: Judge,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
}

impl Core {
    pub(crate) fn new(config: Config, judge: Judge, log: Log) -> Self {
        Self {
            config: Mutex::new(Arc::new(config)),
            last_private: Mutex::default(),
            ahead: Arc::new(Semaphore::new(AHEAD)),
            ids: Ids::default(),
            judge,
            metrics: Metrics::default(),
            log,
        }
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Requests that are under way keep the configuration that they began with.
    pub(crate) fn reload(&self, config: Config) {
        self.judge.reload(&config);
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// The page for Prometheus.
    pub(crate) fn page(&self) -> String {
        metrics::page(&self.metrics, &self.judge.checked(), self.log.lost())
    }

    /// Runs what makes an answer; a panic, or a check that does not end, is trouble of ours.
    pub(crate) async fn guard<T>(
        &self,
        config: &Config,
        mode: Mode,
        future: impl Future<Output = T> + Send,
    ) -> Result<T, OnTrouble> {
        guarded(config.deadline + GRACE, future).await.map_err(|trouble| {
            let done = if mode == Mode::Observe { OnTrouble::Dunno } else { config.on_trouble };
            self.metrics.trouble.one();
            self.log.line(Level::Error, format_args!("trouble: {trouble}; answered {}", done.word()));
            done
        })
    }

    /// Asks before the answer is needed. Where too many do already, it is asked later.
    pub(crate) fn prefetch(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Ok(permit) = Arc::clone(&self.ahead).try_acquire_owned() {
            tokio::spawn(async move {
                future.await;
                drop(permit);
            });
        }
    }

    /// Makes a decision about a client from its report.
    pub(crate) async fn decide(
        &self,
        config: &Config,
        profile: &Profile,
        client: Option<IpAddr>,
        report: impl Future<Output = Report>,
    ) -> Decision {
        self.look_for_a_proxy(client);
        let start = Instant::now();
        let report = report.await;
        self.metrics.checks.one();
        self.metrics.checks_microseconds.add(start.elapsed().as_micros().try_into().unwrap_or(u64::MAX));
        Decision::of(self.ids.next(), &config.exempt, profile, &report)
    }

    /// Notes that a client is not judged.
    pub(crate) fn note_exempt(&self, why: &'static str, facts: &Facts, config: &Config, mode: Mode) {
        self.note(&Decision::exempt(self.ids.next(), why), facts, config, mode);
    }

    /// Writes a decision into the log and counts what was only observed.
    pub(crate) fn note(&self, decision: &Decision, facts: &Facts, config: &Config, mode: Mode) {
        let level = if decision.would == Action::Reject { Level::Notice } else { Level::Info };
        match config.log_local_parts {
            true => self.log.line(level, decision.line(facts, mode)),
            false => self.log.line(level, decision.line(&facts.without_local_parts(), mode)),
        }
        if decision.is_exempt() {
            self.metrics.exempt.one();
        }
        match decision.would {
            Action::Defer if decision.done.action() == Action::Pass => self.metrics.would_defer.one(),
            Action::Reject if decision.done.action() != Action::Reject => self.metrics.would_reject.one(),
            _ => {}
        }
    }

    /// All clients come from one private address: the mail server does not see their real addresses.
    fn look_for_a_proxy(&self, client: Option<IpAddr>) {
        let Some(client) = client.filter(|client| rdnsbl::is_special_purpose(client.to_canonical())) else {
            *self.last_private.lock().unwrap_or_else(PoisonError::into_inner) = (None, 0);
            return;
        };
        let mut last = self.last_private.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if last.0 == Some(client) { (last.0, last.1.saturating_add(1)) } else { (Some(client), 1) };
        if last.1 == ALIKE {
            self.log.line(
                Level::Warning,
                format_args!(
                    "the last {ALIKE} messages all came from the private address {client}: the mail server does not see \
                     its clients. Behind haproxy set smtpd_upstream_proxy_protocol, in a container use the host's network"
                ),
            );
        }
    }
}

/// Why a client is not judged, as far as that is known without asking.
pub(crate) fn exempt(config: &Config, facts: &Facts) -> Option<&'static str> {
    if facts.login.is_some() {
        return Some("authenticated");
    }
    let exempt = &config.exempt;
    if facts.client.is_some_and(|client| exempt.network(client)) {
        return Some("network");
    }
    if facts.sender.as_deref().is_some_and(|sender| exempt.sender(sender)) {
        return Some("sender");
    }
    facts.recipient.as_deref().is_some_and(|recipient| exempt.recipient(recipient)).then_some("recipient")
}

/// Runs a future to its end, and no longer than `limit`; a panic in it is an error.
async fn guarded<T>(limit: Duration, future: impl Future<Output = T> + Send) -> Result<T, String> {
    let mut future = std::pin::pin!(future);
    let polled = std::future::poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err("a request ended in a panic".to_owned())),
        }
    });
    match tokio::time::timeout(limit, polled).await {
        Ok(result) => result,
        Err(_) => Err(format!("a check did not end within {} ms", limit.as_millis())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_and_a_check_without_an_end_are_trouble() {
        let panics = async {
            tokio::task::yield_now().await;
            assert_eq!(std::hint::black_box(1), 2);
        };
        assert_eq!(guarded(Duration::from_secs(60), panics).await, Err("a request ended in a panic".to_owned()));
        let endless = guarded(Duration::from_millis(1), std::future::pending::<()>());
        assert_eq!(endless.await, Err("a check did not end within 1 ms".to_owned()));
        assert_eq!(guarded(Duration::from_secs(60), async { 7 }).await, Ok(7));
    }
}

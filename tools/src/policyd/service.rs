//! From a request to an answer.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdnsbl::Action;
use tokio::sync::Semaphore;

use crate::config::{Config, Mode};
use crate::facts::{Facts, Stage};
use crate::judge::Judge;
use crate::log::{Level, Log};
use crate::metrics::Metrics;
use crate::policyd::answer::Answer;
use crate::policyd::decision::Decision;
use crate::policyd::instances::{Instances, Peer};

/// Checks that run ahead of the stage that acts.
const AHEAD: usize = 64;
/// A check that is not ready so long after its deadline has failed.
const GRACE: Duration = Duration::from_secs(1);
/// So many requests in a row about one private client: behind a proxy or a container's network all look alike.
const ALIKE: u32 = 100;

/// Answers requests.
pub(crate) struct Service {
    config: Mutex<Arc<Config>>,
    pub(crate) judge: Judge,
    instances: Instances,
    ahead: Arc<Semaphore>,
    last_private: Mutex<(Option<IpAddr>, u32)>,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
}

impl Service {
    pub(crate) fn new(config: Config, judge: Judge, log: Log) -> Self {
        Self {
            instances: Instances::new(config.fixed.instances),
            config: Mutex::new(Arc::new(config)),
            judge,
            ahead: Arc::new(Semaphore::new(AHEAD)),
            last_private: Mutex::default(),
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

    /// The answer; a panic, or a check that does not end, is trouble of ours.
    pub(crate) async fn answer(self: &Arc<Self>, peer: Peer, facts: Facts) -> Answer {
        let config = self.config();
        let service = Arc::clone(self);
        let limit = config.deadline + GRACE;
        let on_trouble = if config.mode == Mode::Observe { Default::default() } else { config.on_trouble };
        let answer = match guarded(limit, async move { service.decide(&config, peer, facts).await }).await {
            Ok(answer) => answer,
            Err(trouble) => {
                self.metrics.trouble.one();
                let answer = Answer::trouble(on_trouble);
                self.log.line(Level::Error, format_args!("trouble: {trouble}; answered {answer}"));
                answer
            }
        };
        self.count(&answer);
        answer
    }

    async fn decide(self: Arc<Self>, config: &Config, peer: Peer, facts: Facts) -> Answer {
        self.look_for_a_proxy(facts.client);
        let dialogue = facts.dialogue(config.recipient_checks);
        if let Some(why) = exempt(config, &facts) {
            if facts.stage >= config.act_from {
                self.metrics.exempt.one();
                self.log.line(Level::Info, Decision::exempt(why).line(&facts, config.mode));
            }
            return Answer::Dunno;
        }
        if facts.stage < config.act_from {
            self.metrics.held.one();
            self.ask_ahead(dialogue, config.deadline);
            return Answer::Dunno;
        }
        let key = Instances::key(peer, &facts.instance);
        let known = key.as_ref().and_then(|key| self.instances.decided(key, &dialogue));
        let decision = match known {
            Some(decision) => decision,
            None => {
                let start = Instant::now();
                let report = self.judge.report(dialogue.clone(), config.deadline).await;
                self.metrics.checks.one();
                self.metrics.checks_seconds.add(start.elapsed().as_micros().try_into().unwrap_or(u64::MAX));
                let decision = Arc::new(Decision::of(config, &report));
                if let Some(key) = &key {
                    self.instances.keep(key, dialogue, &decision);
                }
                decision
            }
        };
        let level = if decision.would == Action::Reject { Level::Notice } else { Level::Info };
        self.log.line(level, decision.line(&facts, config.mode));
        if decision.answer.action() == Action::Pass {
            match decision.would {
                Action::Defer if decision.answer == Answer::Dunno => self.metrics.would_defer.one(),
                Action::Reject => self.metrics.would_reject.one(),
                _ => {}
            }
        }
        match (&config.header, &key) {
            (Some(name), Some(key))
                if decision.answer == Answer::Dunno
                    && matches!(facts.stage, Stage::Mail | Stage::Rcpt)
                    && self.instances.wants_header(key) =>
            {
                Answer::Prepend { name: name.clone(), value: decision.header() }
            }
            _ => decision.answer.clone(),
        }
    }

    /// Starts the check before its answer is needed. Where too many run already, it is simply made later.
    fn ask_ahead(&self, dialogue: rdnsbl::Dialogue, deadline: Duration) {
        if let Ok(permit) = Arc::clone(&self.ahead).try_acquire_owned() {
            let judge = self.judge.clone();
            tokio::spawn(async move {
                judge.report(dialogue, deadline).await;
                drop(permit);
            });
        }
    }

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
                    "the last {ALIKE} requests were all about the private address {client}: the mail server does not see \
                     its clients. Behind haproxy set smtpd_upstream_proxy_protocol, in a container use the host's network"
                ),
            );
        }
    }

    fn count(&self, answer: &Answer) {
        let metrics = &self.metrics;
        match answer {
            Answer::Dunno => &metrics.dunno,
            Answer::Class(_) => &metrics.class,
            Answer::Prepend { .. } => &metrics.prepend,
            Answer::Trouble => &metrics.defer,
            Answer::Advice(advice) if advice.action() == Action::Reject => &metrics.reject,
            Answer::Advice(_) => &metrics.defer,
        }
        .one();
    }
}

/// Why a client is not judged, as far as that is known without asking.
fn exempt(config: &Config, facts: &Facts) -> Option<&'static str> {
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

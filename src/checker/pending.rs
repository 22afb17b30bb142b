//! A whole check as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt;

use crate::base::clock::later;
use crate::checker::Checker;
use crate::engine::run::{Run, UpdateQueue};
use crate::inquiry::WaitFor;
use crate::inquiry::dialogue::Dialogue;
use crate::report::Report;
use crate::report::summary::Summary;

/// A check: a future of its [`Report`]. It starts when it is first polled; set its budget before that.
///
/// It can be awaited, spawned, joined with others or given to `block_on` as it is, and dropped at any point.
///
/// ```
/// # use rdnsbl::{Checker, ManualClock, Scripted};
/// use std::time::Duration;
/// # let clock = ManualClock::new();
/// # let dns = Scripted::table("* NXDOMAIN", clock.clone())?;
/// # let checker = Checker::builder_with(dns, clock.clone()).build()?;
/// # clock.run(async {
/// let clients: [std::net::IpAddr; 2] = ["203.0.113.14".parse()?, "2001:db8::14".parse()?];
/// let checks = clients.map(|client| checker.check(client).within(Duration::from_secs(3)));
/// for report in futures::future::join_all(checks).await {
///     println!("{report}");
/// }
/// # Ok::<(), std::net::AddrParseError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// With `Direct`, `Stub` or `TokioClock`: when it is polled outside a tokio runtime that has time and network. A program
/// without one uses `rdnsbl::blocking`.
#[must_use = "a check does nothing until it is awaited"]
pub struct PendingCheck {
    /// Until it starts.
    settings: Option<NotStarted>,
    /// From then on.
    running: Option<StartedCheck>,
}

type StartedCheck = Pin<Box<dyn Future<Output = Box<Report>> + Send>>;

pub(super) struct NotStarted {
    checker: Checker,
    dialogue: Dialogue,
    deadline: Deadline,
    wait_for: WaitFor,
    /// Where its verdicts are put as they come.
    pub(super) updates: Option<Arc<UpdateQueue>>,
}

#[derive(Clone, Copy, Debug)]
enum Deadline {
    Within(Duration),
    Until(Instant),
}

impl PendingCheck {
    pub(super) fn new(checker: Checker, dialogue: Dialogue) -> Self {
        let deadline = Deadline::Within(checker.budget());
        let settings = NotStarted { checker, dialogue, deadline, wait_for: WaitFor::AllLists, updates: None };
        Self { settings: Some(settings), running: None }
    }

    /// Sets the time for all questions together. When it has passed, the report is returned with what is known.
    pub fn within(self, budget: Duration) -> Self {
        self.with(|settings| settings.deadline = Deadline::Within(budget))
    }

    /// Sets the time, on the checker's clock, at which the report is returned at the latest. If it has passed already, no
    /// question is sent.
    pub fn until(self, deadline: Instant) -> Self {
        self.with(|settings| settings.deadline = Deadline::Until(deadline))
    }

    /// Stops waiting for lists that can no longer change the outcome. Their verdict is
    /// [unknown, not awaited](crate::UnknownReason::NotAwaited); the lists that decided are reported with their proofs and texts. Which
    /// lists are left out depends on the order of the answers; the outcome does not. All other checks are awaited.
    pub fn stop_when_settled(self) -> Self {
        self.with(|settings| settings.wait_for = WaitFor::DecisiveLists)
    }

    /// Also waits, within the budget, for the control questions about lists that this check causes, such as whether a silent
    /// zone exists. The report then shows their health at once. Meant for tools that check once: in a server the next check
    /// has these answers anyway.
    pub fn until_health_is_known(self) -> Self {
        self.with(|settings| settings.wait_for = WaitFor::ListsAndHealth)
    }

    /// Runs the check and returns its result without the reasons. If all answers are cached, this is
    /// [immediate](Checker::remembered) and no report is built.
    pub async fn summary(self) -> Summary {
        if let Some(settings) = &self.settings
            && let Some(summary) = settings.checker.remembered(&settings.dialogue)
        {
            return summary;
        }
        self.await.summary()
    }

    /// Changes a setting. A check that runs already keeps what it began with.
    pub(super) fn with(mut self, change: impl FnOnce(&mut NotStarted)) -> Self {
        if let Some(settings) = &mut self.settings {
            change(settings);
        }
        self
    }
}

impl NotStarted {
    fn start(self) -> StartedCheck {
        let deadline = match self.deadline {
            Deadline::Within(budget) => later(self.checker.engine.fetcher.clock.now(), budget),
            Deadline::Until(deadline) => deadline,
        };
        let run = Run { updates: self.updates, ..Run::alone(deadline, self.wait_for) };
        let report = self.checker.run(self.dialogue, run);
        let engine = Arc::clone(&self.checker.engine);
        Box::pin(report.inspect(move |report| engine.fetcher.counters.actions.count(report.advice().action())))
    }
}

impl Future for PendingCheck {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Report> {
        if let Some(settings) = self.settings.take() {
            self.running = Some(settings.start());
        }
        match &mut self.running {
            Some(check) => check.as_mut().poll(context).map(|report| *report),
            None => Poll::Pending,
        }
    }
}

impl std::fmt::Debug for PendingCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("PendingCheck");
        if let Some(settings) = &self.settings {
            shown.field("dialogue", &settings.dialogue).field("deadline", &settings.deadline);
        }
        shown.finish_non_exhaustive()
    }
}

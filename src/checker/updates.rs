//! A check as a stream of verdicts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures::stream::{Stream, StreamExt};

use crate::base::lock::lock;
use crate::engine::run::UpdateQueue;
use crate::report::Report;
use crate::report::update::Update;

/// A check under way.
pub(super) type StartedCheck = Pin<Box<dyn Future<Output = Report> + Send>>;

/// The verdicts of one check as they come, then its report: see [`PendingCheck::updates`](crate::PendingCheck::updates).
///
/// Dropping it cancels the check. No task is spawned.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use rdnsbl::report::Update;
///
/// let mut updates = checker.check(client).updates();
/// let report = clock.run(async move {
///     loop {
///         match updates.next().await? {
///             Update::List(row) => println!("{}: {}", row.list(), row.verdict().word()),
///             Update::Report(report) => return Some(report),
///             _ => {} // reverse DNS, HELO, sender, recipient
///         }
///     }
/// });
/// assert_eq!(report.map(|report| report.counts().listed), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a check does nothing until its updates are awaited"]
pub struct Updates {
    /// `None` after the report.
    check: Option<StartedCheck>,
    queue: Arc<UpdateQueue>,
}

impl Updates {
    pub(super) fn new(check: Option<StartedCheck>, queue: Arc<UpdateQueue>) -> Self {
        Self { check, queue }
    }

    /// Ends the check: the next updates are the verdicts that are known, and the report. What is missing is unknown.
    pub fn stop(&mut self) {
        self.queue.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Was the check [stopped](Self::stop)?
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.queue.is_stopped.load(Ordering::Relaxed)
    }

    /// Waits for the next verdict; `None` after the report.
    pub async fn next(&mut self) -> Option<Update> {
        StreamExt::next(self).await
    }
}

impl Stream for Updates {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Update>> {
        let queued = lock(&self.queue.verdicts).pop_front();
        if queued.is_some() {
            return Poll::Ready(queued);
        }
        let Some(check) = &mut self.check else { return Poll::Ready(None) };
        if let Poll::Ready(report) = check.as_mut().poll(context) {
            self.check = None;
            lock(&self.queue.verdicts).push_back(Update::Report(Box::new(report)));
        }
        match lock(&self.queue.verdicts).pop_front() {
            Some(update) => Poll::Ready(Some(update)),
            None => Poll::Pending,
        }
    }
}

impl std::fmt::Debug for Updates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Updates").field("is_done", &self.check.is_none()).finish_non_exhaustive()
    }
}

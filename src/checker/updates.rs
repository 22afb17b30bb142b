//! A check as a stream of verdicts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures::stream::{Stream, StreamExt};

use crate::base::lock::lock;
use crate::checker::PendingCheck;
use crate::engine::run::UpdateQueue;
use crate::report::update::Update;

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
    check: Option<PendingCheck>,
    queue: Arc<UpdateQueue>,
}

impl PendingCheck {
    /// The check as a stream: each verdict when it is reached, then the report. For pages, progress lines and logs. A list has
    /// one update for each subject; one that the deadline cut appears only in the report.
    ///
    /// ```
    /// # use rdnsbl::{Checker, ListSet, ManualClock, Scripted};
    /// use rdnsbl::report::Update;
    ///
    /// # let clock = ManualClock::new();
    /// # let dns = Scripted::table("$SOA bl.example 300 60\n* NXDOMAIN", clock.clone())?;
    /// # let lists = ListSet::builder().deny("bl.example").build()?;
    /// # let checker = Checker::builder_with(dns, clock.clone()).lists(lists).build()?;
    /// # clock.run(async {
    /// let client: std::net::IpAddr = "8.8.4.4".parse()?;
    /// let mut updates = checker.check(client).updates();
    /// while let Some(update) = updates.next().await {
    ///     match update {
    ///         Update::List(row) => println!("{} {}", row.list(), row.verdict().word()),
    ///         Update::Report(report) => println!("{report}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok::<(), std::net::AddrParseError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn updates(self) -> Updates {
        let queue = Arc::<UpdateQueue>::default();
        let check = self.with(|settings| settings.updates = Some(Arc::clone(&queue)));
        Updates { check: Some(check), queue }
    }
}

impl Updates {
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
        if let Poll::Ready(report) = Pin::new(check).poll(context) {
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

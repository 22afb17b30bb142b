//! One check alone: reverse DNS, HELO, or a mail domain.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::later;
use crate::base::lock::lock;
use crate::check::Check;
use crate::check::helo::{HeloCheck, HeloReport};
use crate::check::iprev::{Iprev, IprevCheck};
use crate::check::mail_domain::{MailDomainCheck, MailDomainReport, PathRole};
use crate::checker::Checker;
use crate::dns::{Failure, Randomness};
use crate::engine::driver::run_inquiry;
use crate::engine::run::Run;
use crate::inquiry::WaitFor;
use crate::inquiry::{Inquiry, SingleCheck};
use crate::report::Report;

/// One check alone, without lists and policy: a future of its verdict. It starts when it is first polled.
///
/// ```
/// # let (checker, clock, client) = rdnsbl::testing::doc_world()?;
/// use std::time::Duration;
///
/// let iprev = clock.run(checker.iprev(client).within(Duration::from_secs(2)));
/// assert_eq!(iprev.verified_name().map(ToString::to_string).as_deref(), Some("mx.client.test"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a check does nothing until it is awaited"]
pub struct PendingVerdict<V> {
    budget: Duration,
    state: Progress<V>,
}

enum Progress<V> {
    /// Starts the check with this budget; `None` while it does.
    Waiting(Option<Box<dyn FnOnce(Duration) -> Running<V> + Send>>),
    Running(Running<V>),
}

type Running<V> = Pin<Box<dyn Future<Output = V> + Send>>;

impl Checker {
    /// Checks a client's reverse DNS alone.
    ///
    /// ```
    /// # use rdnsbl::{Checker, ManualClock, Scripted};
    /// # let clock = ManualClock::new();
    /// # let dns = "14.113.0.203.in-addr.arpa PTR mail.example.org\nmail.example.org A 203.0.113.14";
    /// # let checker = Checker::builder_with(Scripted::table(dns, clock.clone())?, clock.clone()).build()?;
    /// # clock.run(async {
    /// let iprev = checker.iprev("203.0.113.14".parse()?).within(std::time::Duration::from_secs(2)).await;
    /// assert_eq!(iprev.client_resolve(), "OK");
    /// assert_eq!(iprev.verified_name().map(ToString::to_string).as_deref(), Some("mail.example.org"));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iprev(&self, client: IpAddr) -> PendingVerdict<Iprev> {
        let check = IprevCheck::new(client);
        self.alone(check, SingleCheck::Iprev, |report| report.iprev().cloned())
    }

    /// Checks an argument of HELO or EHLO alone.
    pub fn helo(&self, argument: &str, client: Option<IpAddr>) -> PendingVerdict<HeloReport> {
        let check = HeloCheck::new(argument, client, &self.settings().ourselves);
        self.alone(check, SingleCheck::Helo, |report| report.helo().cloned())
    }

    /// Checks the domain of a sender's or recipient's path alone. No question is asked about [local
    /// domains](crate::CheckerBuilder::local_domains).
    pub fn mail_domain(&self, role: PathRole, path: &str) -> PendingVerdict<MailDomainReport> {
        let mut check = MailDomainCheck::new(role, path);
        if check.domain().is_some_and(|domain| self.settings().is_local(domain)) {
            check.skip();
        }
        self.alone(check, SingleCheck::MailDomain, |report| report.sender().cloned())
    }

    fn alone<C>(
        &self,
        check: C,
        wrap: fn(C) -> SingleCheck,
        verdict: fn(&Report) -> Option<C::Verdict>,
    ) -> PendingVerdict<C::Verdict>
    where
        C: Check + Clone + Send + 'static,
    {
        let checker = self.clone();
        let start = move |budget| -> Running<C::Verdict> {
            let report = run(&checker, wrap(check.clone()), budget);
            // A report always has the verdict. If it were missing, nothing would be known.
            let missing = move || {
                let mut check = check;
                check.expire(Failure::Shed)
            };
            Box::pin(async move { verdict(&*report.await).unwrap_or_else(missing) })
        };
        PendingVerdict { budget: self.budget(), state: Progress::Waiting(Some(Box::new(start))) }
    }
}

impl<V> PendingVerdict<V> {
    /// Sets the time for all questions together; by default the checker's [budget](Checker::budget). When it has passed, what
    /// is missing is unknown.
    pub fn within(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }
}

impl<V> Future for PendingVerdict<V> {
    type Output = V;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V> {
        let budget = self.budget;
        loop {
            match &mut self.state {
                Progress::Running(check) => return check.as_mut().poll(context),
                Progress::Waiting(start) => match start.take() {
                    Some(start) => self.state = Progress::Running(start(budget)),
                    // Only after a panic in `start`.
                    None => return Poll::Pending,
                },
            }
        }
    }
}

impl<V> std::fmt::Debug for PendingVerdict<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingVerdict").finish_non_exhaustive()
    }
}

/// Runs one check.
fn run(checker: &Checker, check: SingleCheck, budget: Duration) -> impl Future<Output = Box<Report>> + Send + use<> {
    let engine = Arc::clone(&checker.engine);
    let now = engine.fetcher.clock.now();
    let inquiry = {
        let mut shared = lock(&engine.shared);
        let random = shared.random(now, Randomness::new);
        Inquiry::of_one(check, &mut shared, now, random, !budget.is_zero())
    };
    run_inquiry(engine, inquiry, Run::alone(later(now, budget), WaitFor::AllLists))
}

//! One SMTP session, stage by stage.

use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::base::clock::later;
use crate::base::lock::lock;
use crate::checker::Checker;
use crate::engine::run::{Run, SessionRun};
use crate::engine::session_memory::SessionMemory;
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::{SessionFacts, WaitFor};
use crate::policy::{Advice, Stage};
use crate::report::Report;

/// One SMTP session: it takes facts as the client states them, and advises at each stage.
///
/// Within a mail transaction no question is asked twice, whatever its TTL, and no verdict changes between two commands, unless
/// a list or the resolver itself turns out to be broken. A later MAIL asks again what has expired, and what failed more than a
/// minute before.
///
/// ```
/// # use rdnsbl::{Checker, ListSet, ManualClock, Scripted};
/// use rdnsbl::policy::{Action, Stage};
///
/// # let clock = ManualClock::new();
/// # let dns = "$SOA bl.example 300 60\n1.0.0.127.bl.example NXDOMAIN\n14.113.0.203.bl.example A 127.0.0.2\n* NXDOMAIN";
/// # let dns = Scripted::table(dns, clock.clone())?;
/// # let lists = ListSet::builder().deny("bl.example").build()?;
/// # let checker = Checker::builder_with(dns, clock.clone()).lists(lists).special_purpose(rdnsbl::SpecialPurpose::Ask).build()?;
/// # clock.run(async {
/// let mut session = checker.session("203.0.113.14".parse::<std::net::IpAddr>()?);
/// // tokio::spawn(session.prefetch()); // asks about the client while the client still talks
/// session.helo("mail.example.org");
/// session.mail_from("<a@example.org> SIZE=1000"); // the whole argument, as the client sent it
/// session.rcpt_to("<b@example.net>");
/// let advice = session.advice().await;
/// assert_eq!(advice.action(), Action::Reject);
/// assert_eq!(advice.because()[0].stage(), Stage::Connect); // the client's address is listed
///
/// session.reset(); // RSET: the sender and the recipients are forgotten, the client is not
/// # Ok::<(), std::net::AddrParseError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # When to refuse
///
/// A refusal is advised at RCPT by default ([`act_from`](Self::act_from)): until then the client may still log in, and then it
/// is not judged. Earlier stages return at once and ask nothing; give [`prefetch`](Self::prefetch) to your runtime to use that
/// time. From that stage on, each stage advises once on what has become known with it: a host that acts at connect and goes on
/// talking must remember that it refused. At RCPT, with the default, everything is advised again for each recipient, since each
/// is refused on its own.
///
/// # How long it waits
///
/// [`advice`](Self::advice) stops waiting as soon as nothing can change the action or the reply code. Each stage takes at most
/// the [time given](Self::within), 5 s by default. What did not answer in that time is unknown for the rest of the transaction
/// and is not waited for again; its list becomes suspect, and is itself asked, with the resolver's full time, whether it is
/// alive.
#[derive(Debug)]
pub struct Session {
    checker: Checker,
    facts: SessionFacts,
    budget: Duration,
    until: Option<Instant>,
    memory: Arc<Mutex<SessionMemory>>,
}

impl Checker {
    /// Begins an SMTP session with this client. Asks nothing yet. Facts that a dialogue has already are taken as they are.
    ///
    /// On a Unix socket there is no address: `checker.session(Dialogue::new())`.
    pub fn session(&self, client: impl Into<Dialogue>) -> Session {
        let now = self.engine.fetcher.clock.now();
        let mut memory = SessionMemory::new(now);
        Session {
            checker: self.pinned(),
            facts: SessionFacts::new(client.into(), &mut memory, now),
            budget: self.budget(),
            until: None,
            memory: Arc::new(Mutex::new(memory)),
        }
    }
}

impl Session {
    /// Sets the longest time that one stage may take; by default the checker's [budget](Checker::budget).
    #[must_use]
    pub fn within(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sets the time, on the checker's clock, at which every stage returns at the latest. After it no question is sent.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.until = Some(deadline);
        self
    }

    /// Sets the first stage at which a refusal is advised; [`Stage::Rcpt`] by default.
    #[must_use]
    pub fn act_from(mut self, stage: Stage) -> Self {
        self.facts.act_from = stage;
        self
    }

    /// The stage of the latest fact.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.facts.stage
    }

    /// The facts so far.
    #[must_use]
    pub fn dialogue(&self) -> &Dialogue {
        &self.facts.dialogue
    }

    /// The client has another address: a PROXY header or XCLIENT has named the real one. Everything else is forgotten.
    pub fn client(&mut self, address: IpAddr) -> &mut Self {
        self.facts.client(address, &mut lock(&self.memory));
        self
    }

    /// HELO, EHLO or LHLO with this argument. It ends the mail transaction, if there is one (RFC 5321 §4.1.4).
    pub fn helo(&mut self, argument: impl Into<String>) -> &mut Self {
        self.facts.helo(argument.into(), &mut lock(&self.memory));
        self
    }

    /// MAIL with this argument: what stands behind `MAIL FROM:`, parameters included. It begins a mail transaction.
    pub fn mail_from(&mut self, argument: impl Into<String>) -> &mut Self {
        self.mail(|dialogue| dialogue.mail_from(argument))
    }

    /// MAIL with an address that the host has parsed already, such as Postfix's attribute `sender`: without angle brackets,
    /// empty for the null reverse-path.
    pub fn mail_from_address(&mut self, address: &str) -> &mut Self {
        self.mail(|dialogue| dialogue.mail_from_address(address))
    }

    fn mail(&mut self, with_sender: impl FnOnce(Dialogue) -> Dialogue) -> &mut Self {
        let now = self.checker.engine.fetcher.clock.now();
        self.facts.mail(with_sender, &mut lock(&self.memory), now);
        self
    }

    /// RCPT with this argument: what stands behind `RCPT TO:`, parameters included. It takes the place of an earlier
    /// recipient.
    pub fn rcpt_to(&mut self, argument: impl Into<String>) -> &mut Self {
        self.facts.rcpt(|dialogue| dialogue.rcpt_to(argument));
        self
    }

    /// RCPT with an address that the host has parsed already: without angle brackets.
    pub fn rcpt_to_address(&mut self, address: &str) -> &mut Self {
        self.facts.rcpt(|dialogue| dialogue.rcpt_to_address(address));
        self
    }

    /// RSET, or the end of a message: the sender and the recipients are forgotten.
    pub fn reset(&mut self) -> &mut Self {
        self.facts.reset(&mut lock(&self.memory));
        self
    }

    /// STARTTLS has succeeded: all but the client's address is forgotten, a log-in too (RFC 3207 §4.2).
    pub fn start_tls(&mut self) -> &mut Self {
        self.facts.start_tls(&mut lock(&self.memory));
        self
    }

    /// The client has logged in (RFC 4954): it is not judged from now on, and no list is asked about its address.
    pub fn authenticated(&mut self) -> &mut Self {
        self.facts.authenticated();
        self
    }

    /// What the policy advises at this stage. Waits only for what can change the action or the reply code, for at most the
    /// time given. Stages before [`act_from`](Self::act_from) return [`Action::Pass`](crate::Action::Pass) at once.
    ///
    /// Dropping the future before its end cancels only the questions that nothing else waits for.
    pub async fn advice(&mut self) -> Advice {
        let Some(awaited) = self.facts.awaited() else { return Advice::default() };
        let report = self.run(WaitFor::Advice(awaited)).await;
        let advice = self.facts.judge(&self.checker.settings().policy, &report);
        self.checker.engine.fetcher.counters.actions.count(advice.action());
        advice
    }

    /// Everything about the facts so far. Waits for every check and every list, for at most the time given.
    ///
    /// [`Report::advice`] is about the whole session, not about this stage.
    pub async fn report(&mut self) -> Report {
        *self.run(WaitFor::AllLists).await
    }

    /// Asks about the facts so far, without judging. The future does not borrow the session: spawn it and continue. Its
    /// answers are used at the next stage, and dropping it cancels nothing that another stage waits for.
    ///
    /// ```
    /// # fn example(checker: &rdnsbl::Checker, client: std::net::SocketAddr) -> rdnsbl::Session {
    /// let session = checker.session(client);
    /// tokio::spawn(session.prefetch());
    /// session
    /// # }
    /// ```
    pub fn prefetch(&self) -> impl Future<Output = ()> + Send + use<> {
        let run = self.run(WaitFor::AllLists);
        async move { drop(run.await) }
    }

    fn run(&self, wait_for: WaitFor) -> impl Future<Output = Box<Report>> + Send + use<> {
        let (checker, dialogue, memory) = (self.checker.clone(), self.facts.dialogue.clone(), Arc::clone(&self.memory));
        let (budget, until) = (self.budget, self.until);
        async move {
            let deadline = later(checker.engine.fetcher.clock.now(), budget);
            let deadline = until.map_or(deadline, |until| until.min(deadline));
            let session = Some(SessionRun { memory: Arc::clone(&memory), per_question: budget });
            let run = Run { deadline, wait_for, session, updates: None };
            let report = checker.run(dialogue, run).await;
            lock(&memory).keep_proofs(&report);
            report
        }
    }
}

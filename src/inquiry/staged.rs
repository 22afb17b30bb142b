//! One SMTP session at its stages, without I/O.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::clock::later;
use crate::dns::{Answer, Failure, Question, Randomness};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::session_memory::{SessionMemory, stage_end};
use crate::inquiry::settings::Settings;
use crate::inquiry::under_way::{IsReplaced, StageAsker, UnderWay};
use crate::inquiry::{Inquiry, NothingKnown, QuestionId, SessionFacts, TrialWait, WaitFor, Workspace};
use crate::policy::{Advice, Stage};
use crate::report::Report;
use crate::state::{SharedState, ZoneValidity};

/// One SMTP session at its stages, without I/O, for a host with its own event loop: what [`Session`](crate::Session) is for a
/// [`Checker`](crate::Checker), with the same rules.
///
/// For each stage: state what the client said, [`begin`](Self::begin), hand out the questions and take their answers for as long
/// as [`waits_until`](Self::waits_until) says, then [`finish`](Self::finish). Answers are taken at any time, also between two
/// stages. Within a mail transaction no question is asked twice; one that has no answer yet is not asked again by a later
/// stage, which waits for the same answer.
///
/// ```
/// use rdnsbl::inquiry::{StageGoal, StagedInquiry};
/// use rdnsbl::policy::Stage;
/// use rdnsbl::{Action, Answer, Failure, ListSet, Question, Randomness, Settings, SharedState};
/// # use rdnsbl::testing::Table;
/// use std::{net::IpAddr, sync::Arc, time::Instant};
///
/// # let table = Table::parse("$SOA bl.example 300 60\n4.4.8.8.bl.example A 127.0.0.2\n* NXDOMAIN")?;
/// # let ask = |question: &Question| -> Answer { table.lookup(question).answer() }; // the network
/// let mut shared = SharedState::default(); // one for all sessions
/// let settings = Arc::new(Settings::default().with_lists(ListSet::builder().deny("bl.example").build()?));
/// let client: IpAddr = "8.8.4.4".parse()?;
/// let mut session = StagedInquiry::new(client, &settings, Instant::now());
///
/// session.helo("mail.example.org");
/// session.mail_from("<a@example.org> SIZE=1000", Instant::now()); // the whole argument, as the client sent it
/// session.rcpt_to("<b@example.net>");
/// session.begin(StageGoal::Advice, &mut shared, Instant::now(), Randomness::new());
/// while session.waits_until(Instant::now()).is_some() {
///     while let Some((ticket, question)) = session.next_question(&mut shared, Instant::now()) {
///         session.supply(ticket, ask(&question), Instant::now()); // an answer may come at any time
///     }
/// }
/// let at_rcpt = session.finish(&mut shared, Instant::now());
/// assert_eq!(at_rcpt.advice.action(), Action::Reject);
/// assert_eq!(at_rcpt.advice.because()[0].stage(), Stage::Connect); // the client's address is listed
///
/// // Another recipient: what is known is not asked again.
/// session.rcpt_to("<c@example.net>").begin(StageGoal::Advice, &mut shared, Instant::now(), Randomness::new());
/// assert_eq!(session.next_question(&mut shared, Instant::now()), None);
/// assert_eq!(session.finish(&mut shared, Instant::now()).advice.action(), Action::Reject);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Each question needs an answer, even if it is a failure: until then no stage asks it again, unless a stage gave it up.
#[derive(Debug)]
pub struct StagedInquiry {
    settings: Arc<Settings>,
    facts: SessionFacts,
    budget: Duration,
    memory: SessionMemory<ZoneValidity>,
    under_way: UnderWay,
    run: Option<StageRun>,
}

/// What a stage waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the two ways of a session: its advice and its report")]
pub enum StageGoal {
    /// What can still change the action or the reply code of the stage's advice. A stage before
    /// [`act_from`](StagedInquiry::act_from) asks nothing.
    Advice,
    /// Every check and every list. This is also how a host asks ahead while the client still talks.
    Report,
}

/// What a stage has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StageResult {
    /// Everything about the facts so far. Its own [`advice`](Report::advice) is about the whole session.
    pub report: Report,
    /// What the policy advises at this stage.
    pub advice: Advice,
}

/// The inquiry of one stage.
#[derive(Debug)]
struct StageRun {
    inquiry: Box<Inquiry>,
    wait_for: WaitFor,
    asks: bool,
    started: Instant,
    /// An answer has come, or nothing was asked yet: the next questions are not known.
    has_news: bool,
}

impl StagedInquiry {
    /// Begins a session with this client. Facts that a dialogue has already are taken as they are.
    #[must_use]
    pub fn new(client: impl Into<Dialogue>, settings: &Arc<Settings>, now: Instant) -> Self {
        let mut memory = SessionMemory::new(now);
        Self {
            settings: Arc::clone(settings),
            facts: SessionFacts::new(client.into(), &mut memory, now),
            budget: Duration::from_secs(5),
            memory,
            under_way: UnderWay::default(),
            run: None,
        }
    }

    /// Sets the longest time that one stage may take; 5 s by default.
    #[must_use]
    pub fn within(mut self, budget: Duration) -> Self {
        self.budget = budget;
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

    /// The client has another address: see [`Session::client`](crate::Session::client).
    pub fn client(&mut self, address: IpAddr) -> &mut Self {
        self.facts.client(address, &mut self.memory);
        self
    }

    /// HELO, EHLO or LHLO with this argument: see [`Session::helo`](crate::Session::helo).
    pub fn helo(&mut self, argument: impl Into<String>) -> &mut Self {
        self.facts.helo(argument.into(), &mut self.memory);
        self
    }

    /// MAIL with this argument, at this time: see [`Session::mail_from`](crate::Session::mail_from).
    pub fn mail_from(&mut self, argument: impl Into<String>, now: Instant) -> &mut Self {
        self.facts.mail(|dialogue| dialogue.mail_from(argument), &mut self.memory, now);
        self
    }

    /// MAIL with an address that the host has parsed already: see
    /// [`Session::mail_from_address`](crate::Session::mail_from_address).
    pub fn mail_from_address(&mut self, address: &str, now: Instant) -> &mut Self {
        self.facts.mail(|dialogue| dialogue.mail_from_address(address), &mut self.memory, now);
        self
    }

    /// RCPT with this argument: see [`Session::rcpt_to`](crate::Session::rcpt_to).
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
        self.facts.reset(&mut self.memory);
        self
    }

    /// STARTTLS has succeeded: all but the client's address is forgotten, a log-in too (RFC 3207 §4.2).
    pub fn start_tls(&mut self) -> &mut Self {
        self.facts.start_tls(&mut self.memory);
        self
    }

    /// The client has logged in (RFC 4954): it is not judged from now on, and no list is asked about its address.
    pub fn authenticated(&mut self) -> &mut Self {
        self.facts.authenticated();
        self
    }

    /// Begins to ask about the facts so far. If an earlier stage was not finished, this one takes its place and waits for the
    /// answers that are still missing.
    pub fn begin(&mut self, goal: StageGoal, shared: &mut SharedState, now: Instant, random: Randomness) {
        let (wait_for, asks) = match goal {
            StageGoal::Report => (WaitFor::AllLists, true),
            StageGoal::Advice => {
                self.facts.awaited().map_or((WaitFor::AllLists, false), |awaited| (WaitFor::Advice(awaited), true))
            }
        };
        if let Some(run) = self.run.take() {
            self.conclude(run, IsReplaced(true), shared, now);
        }
        self.run = Some(self.start(wait_for, asks, shared, now, random));
    }

    fn start(
        &self,
        wait_for: WaitFor,
        asks: bool,
        shared: &mut SharedState,
        now: Instant,
        random: Randomness,
    ) -> StageRun {
        let (workspace, dialogue) = (Workspace::default(), self.facts.dialogue.clone());
        // What the session knows is looked for question by question.
        let mut inquiry = Inquiry::within(workspace, dialogue, &self.settings, &NothingKnown, shared, now, random);
        inquiry.begin(shared, asks);
        inquiry.use_proofs(&self.memory.proofs(now), shared);
        StageRun { inquiry, wait_for, asks, started: now, has_news: true }
    }

    /// The next question to ask; each is handed out once. `None` if none is to be asked before another answer has come.
    pub fn next_question(&mut self, shared: &mut SharedState, now: Instant) -> Option<(QuestionId, Question)> {
        let Self { run, memory, under_way, .. } = self;
        let run = run.as_mut()?;
        run.hear_news(memory, under_way, shared, now);
        under_way.hand_out(&mut run.inquiry, memory)
    }

    /// Puts in an answer. Only the first one for a question counts; one that a stage has given up is ignored.
    pub fn supply(&mut self, question: QuestionId, answer: Answer, now: Instant) {
        let Self { run, memory, under_way, .. } = self;
        under_way.answered(question, answer, run.as_mut().map(|run| &mut *run.inquiry), memory, now);
        if let Some(run) = run {
            run.has_news = true;
        }
    }

    /// Until when this stage still waits for answers; `None` if it waits for none. Call it after
    /// [`next_question`](Self::next_question) has returned `None`: before that it cannot know.
    pub fn waits_until(&mut self, now: Instant) -> Option<Instant> {
        let run = self.run.as_mut()?;
        let deadline = run.deadline(&self.under_way, self.budget);
        if run.has_news {
            return Some(deadline).filter(|until| *until > now);
        }
        let wait = run.inquiry.trial_wait(run.wait_for);
        let is_open = self.under_way.newest().is_some() || self.under_way.tries_the_resolver();
        if wait == TrialWait::No || !is_open {
            return None;
        }
        let until = wait.limit().map_or(deadline, |limit| later(run.started, limit).min(deadline));
        Some(until).filter(|until| *until > now)
    }

    /// Ends the stage with what is known. If it was not begun, nothing is asked. `shared` learns from it, so that every stage
    /// should be finished.
    pub fn finish(&mut self, shared: &mut SharedState, now: Instant) -> StageResult {
        let run = self.run.take();
        let run = run.unwrap_or_else(|| self.start(WaitFor::AllLists, false, shared, now, Randomness::new()));
        let report = self.conclude(run, IsReplaced(false), shared, now);
        let advice = self.facts.judge(&self.settings.policy, &report);
        StageResult { report: *report, advice }
    }

    fn conclude(
        &mut self,
        mut run: StageRun,
        is_replaced: IsReplaced,
        shared: &mut SharedState,
        now: Instant,
    ) -> Box<Report> {
        let Self { memory, under_way, .. } = self;
        run.hear_news(memory, under_way, shared, now);
        if now >= run.deadline(under_way, self.budget) {
            under_way.give_up(self.budget, memory, now);
        }
        under_way.detach(&mut run.inquiry, is_replaced, memory);
        let own_answers = std::mem::take(&mut under_way.own_answers);
        let mut ended = run.inquiry.end(Failure::Deadline);
        let applied = ended.apply(shared, own_answers, now);
        let (report, _) = ended.into_report(&applied, now);
        memory.keep_proofs(&report);
        report
    }
}

impl StageRun {
    /// Takes what is known, and finds the next questions.
    fn hear_news(
        &mut self,
        memory: &mut SessionMemory<ZoneValidity>,
        under_way: &mut UnderWay,
        shared: &mut SharedState,
        now: Instant,
    ) {
        if !std::mem::take(&mut self.has_news) {
            return;
        }
        let mut asker = StageAsker { memory, under_way, shared, asks: self.asks };
        self.inquiry.start_questions(self.wait_for, &mut asker, now);
        if !under_way.tries_the_resolver() {
            self.inquiry.end_trial_elsewhere();
        }
    }

    fn deadline(&self, under_way: &UnderWay, budget: Duration) -> Instant {
        stage_end(later(self.started, budget), under_way.newest(), budget)
    }
}

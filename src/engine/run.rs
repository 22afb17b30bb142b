//! How an inquiry is run: how long, waiting for what, and for whom.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::engine::session_memory::SessionMemory;
use crate::inquiry::{QuestionId, WaitFor};
use crate::report::{Source, Update};

/// How an inquiry is run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The report is returned at this time at the latest. When it has passed, no question is sent.
    pub(crate) deadline: Instant,
    pub(crate) wait_for: WaitFor,
    /// The session that the inquiry belongs to.
    pub(crate) session: Option<SessionRun>,
    /// Where verdicts are put as they come.
    pub(crate) updates: Option<Arc<UpdateQueue>>,
}

/// What a run needs of its session.
#[derive(Clone, Debug)]
pub(crate) struct SessionRun {
    pub(crate) memory: Arc<Mutex<SessionMemory>>,
    /// The longest time for one question, measured from when the session first asked it.
    pub(crate) per_question: Duration,
}

/// The way from a running check to a host that looks at it.
#[derive(Debug, Default)]
pub(crate) struct UpdateQueue {
    pub(crate) verdicts: Mutex<VecDeque<Update>>,
    /// The host wants the report now, with what is known.
    pub(crate) is_stopped: AtomicBool,
}

impl Run {
    /// Of a check that belongs to no session.
    pub(crate) fn alone(deadline: Instant, wait_for: WaitFor) -> Self {
        Self { deadline, wait_for, session: None, updates: None }
    }
}

/// One of the inquiry's questions in flight.
pub(crate) struct Pending {
    pub(crate) ticket: QuestionId,
    pub(crate) sent: Instant,
    /// When the session first asked it; the same as `sent` without a session.
    pub(crate) asked_at: Instant,
    pub(crate) source: Source,
}

//! The memory of one SMTP session, as runs of the engine use it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::base::lock::lock;
use crate::dns::{Answer, Question};
use crate::engine::cache::{Cache, CacheEpoch, ZoneNumber};
use crate::engine::zone_limits::NumberedZone;

/// The memory of a session of the engine.
pub(crate) type SessionMemory = crate::inquiry::SessionMemory<CacheValidity>;

/// What an answer depends on besides its TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheValidity {
    epoch: CacheEpoch,
    /// The number of the list's zone when it was asked.
    zone: Option<ZoneNumber>,
}

impl CacheValidity {
    /// Of a question that is asked now. `None` if there are too many zones to number: the answer is not kept.
    pub(crate) fn now(cache: &Cache, zone: Option<&NumberedZone>) -> Option<Self> {
        let epoch = cache.epoch();
        let zone = match zone {
            Some(zone) => Some(zone.number?),
            None => None,
        };
        Some(Self { epoch, zone })
    }
}

/// The questions that one run has begun. They are released when the run ends or is dropped.
pub(crate) struct Begun {
    memory: Arc<Mutex<SessionMemory>>,
    questions: Vec<u64>,
}

impl Begun {
    pub(crate) fn new(memory: &Arc<Mutex<SessionMemory>>) -> Self {
        Self { memory: Arc::clone(memory), questions: Vec::new() }
    }

    /// The answer to a question that the session has asked before.
    pub(crate) fn get(&self, question: &Question, validity: CacheValidity, now: Instant) -> Option<Answer> {
        let mut memory = lock(&self.memory);
        let question = memory.hash(question);
        memory.get(question, validity, now)
    }

    /// Records that the question is asked. Returns when the session first asked it.
    pub(crate) fn begin(&mut self, question: &Question, validity: CacheValidity, now: Instant) -> Instant {
        let mut memory = lock(&self.memory);
        let question = memory.hash(question);
        self.questions.push(question);
        memory.begin(question, validity, now)
    }

    /// Keeps the answer to a question that was begun.
    pub(crate) fn learn(&self, question: &Question, answer: &Answer, now: Instant) {
        let mut memory = lock(&self.memory);
        let question = memory.hash(question);
        memory.learn(question, answer, now);
    }

    /// Keeps an answer that the cache had.
    pub(crate) fn keep(&self, question: &Question, answer: &Answer, validity: CacheValidity, now: Instant) {
        let mut memory = lock(&self.memory);
        let question = memory.hash(question);
        memory.begin(question, validity, now);
        memory.learn(question, answer, now);
        memory.release(&[question]);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        lock(&self.memory).release(&self.questions);
    }
}

//! What one SMTP session has learned. Within a mail transaction an answer holds whatever its TTL, so that no question is asked
//! twice and no verdict changes between two commands.
//!
//! The session's own questions about subjects are kept here, not the controls of lists: those belong to all sessions. An answer
//! is forgotten at once when its list turned broken or recovered, or when the resolver did.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;

use crate::base::clock::later;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{ListSpec, Proof, Subject, Verdict};
use crate::report::Report;

/// Answers kept by one session; a session with many recipients reaches it. Further answers are kept by the cache alone.
pub(crate) const MAX_ANSWERS: usize = 1_024;
/// Proofs kept by one session.
const MAX_PROOFS: usize = 256;
/// How long a failure, or any answer before the first MAIL, is good for.
const A_MINUTE: Duration = Duration::from_secs(60);

/// The answers of one session. A server may have thousands of idle sessions, so they are kept small: questions by their hash,
/// times as milliseconds.
#[derive(Debug)]
pub(crate) struct SessionMemory<V> {
    asked: Vec<KeptQuestion<V>>,
    /// Proofs of the lists that hold something of this session, and when they were seen.
    proofs: Vec<KeptProof>,
    since: Instant,
    hasher: RandomState,
    /// A mail transaction is open: answers hold whatever their TTL.
    in_transaction: bool,
}

/// The proof of one list.
#[derive(Clone, Debug)]
pub(crate) struct KeptProof {
    pub(crate) spec: Arc<ListSpec>,
    /// It holds for what the list said of this subject: it was made with that answer.
    pub(crate) subject: Subject,
    pub(crate) proof: Proof,
    pub(crate) seen: Instant,
}

#[derive(Debug)]
struct KeptQuestion<V> {
    question: u64,
    /// When the session first asked, in milliseconds.
    at: u32,
    /// When the answer's TTL ends, or when a failure may be asked again.
    expires: u32,
    /// What the answer depends on besides its TTL, as it was when the session asked.
    validity: V,
    /// The runs that wait for the answer.
    runs: u16,
    /// The answer; `None` while the question is under way.
    answer: Option<Answer>,
}

impl<V: Copy + PartialEq> SessionMemory<V> {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            asked: Vec::new(),
            proofs: Vec::new(),
            since: now,
            hasher: RandomState::default(),
            in_transaction: false,
        }
    }

    /// A time in milliseconds; 49 days after the session began it stops.
    fn millis(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.since).as_millis()).unwrap_or(u32::MAX)
    }

    pub(crate) fn hash(&self, question: &Question) -> u64 {
        self.hasher.hash_one(question)
    }

    fn find(&mut self, question: u64) -> Option<&mut KeptQuestion<V>> {
        self.asked.iter_mut().find(|asked| asked.question == question)
    }

    /// Is an answer from this time, which expires at that time, used? In a transaction every answer is.
    fn is_usable(&self, asked: &KeptQuestion<V>, now: u32) -> bool {
        self.in_transaction || is_recent(asked, now)
    }

    /// The answer to a question that this session has asked before; `validity` is that of a question asked now.
    pub(crate) fn get(&mut self, question: u64, validity: V, now: Instant) -> Option<Answer> {
        let now = self.millis(now);
        let asked = self.asked.iter().find(|asked| asked.question == question)?;
        let answer = asked.answer.as_ref()?;
        if asked.validity != validity || !self.is_usable(asked, now) {
            self.asked.retain(|asked| asked.question != question);
            return None;
        }
        let left = Duration::from_millis(asked.expires.saturating_sub(now).into());
        Some(if answer.ttl().is_some() { answer.clone().aged(left) } else { answer.clone() })
    }

    /// Records that a run asks a question. Returns when the session first asked it.
    pub(crate) fn begin(&mut self, question: u64, validity: V, now: Instant) -> Instant {
        let at = self.millis(now);
        if let Some(asked) = self.find(question) {
            asked.runs = asked.runs.saturating_add(1);
            let at = Duration::from_millis(asked.at.into());
            return self.since.checked_add(at).unwrap_or(now);
        }
        if self.asked.len() < MAX_ANSWERS {
            self.asked.push(KeptQuestion { question, at, expires: at, validity, runs: 1, answer: None });
        }
        now
    }

    /// Keeps the answer to a question that was begun.
    pub(crate) fn learn(&mut self, question: u64, answer: &Answer, now: Instant) {
        let lifetime = match answer.failure() {
            // The host's own limits say nothing about the name: the next stage may ask.
            Some(Failure::Shed | Failure::DailyLimit | Failure::Overload) => return,
            Some(_) => A_MINUTE,
            None => answer.ttl().unwrap_or_default(),
        };
        let expires = self.millis(now.checked_add(lifetime).unwrap_or(now));
        // The first answer stays: another run may have given up since.
        let Some(asked) = self.find(question).filter(|asked| asked.answer.is_none()) else { return };
        asked.expires = expires;
        asked.answer = Some(answer.clone());
    }

    /// A run waits for these questions no longer. One that has no answer, and that no other run waits for, is forgotten: its
    /// time starts anew.
    pub(crate) fn release(&mut self, questions: &[u64]) {
        for question in questions {
            if let Some(asked) = self.find(*question) {
                asked.runs = asked.runs.saturating_sub(1);
            }
        }
        self.asked.retain(|asked| asked.answer.is_some() || asked.runs > 0);
        self.asked.shrink_to_fit();
    }

    /// Keeps the proofs of the report's listings: they hold for the whole transaction.
    pub(crate) fn keep_proofs(&mut self, report: &Report) {
        for row in report.lists() {
            let (Verdict::Listed(_, listing), Some(subject)) = (row.verdict(), row.subject()) else { continue };
            let is_same = |kept: &KeptProof| kept.subject == *subject && Arc::ptr_eq(&kept.spec, &row.spec);
            if self.proofs.len() < MAX_PROOFS && !self.proofs.iter().any(is_same) {
                let (spec, proof) = (Arc::clone(&row.spec), listing.proof().clone());
                self.proofs.push(KeptProof { spec, subject: subject.clone(), proof, seen: report.started() });
            }
        }
    }

    /// The proofs that may be used now.
    pub(crate) fn proofs(&self, now: Instant) -> Vec<KeptProof> {
        let is_usable = |kept: &&KeptProof| self.in_transaction || now.saturating_duration_since(kept.seen) < A_MINUTE;
        self.proofs.iter().filter(is_usable).cloned().collect()
    }

    /// A mail transaction begins. What has expired is asked again, but the first transaction of a session uses what was
    /// learned within a minute before it: the answers are those about the client and its HELO argument.
    pub(crate) fn begin_transaction(&mut self, is_first: bool, now: Instant) {
        self.proofs.retain(|kept| is_first && now.saturating_duration_since(kept.seen) < A_MINUTE);
        let now = self.millis(now);
        self.asked.retain(|asked| asked.answer.is_none() || now < asked.expires || (is_first && is_recent(asked, now)));
        self.asked.shrink_to_fit();
        self.in_transaction = true;
    }

    /// The mail transaction has ended.
    pub(crate) fn end_transaction(&mut self) {
        self.in_transaction = false;
    }

    /// Another client: nothing learned is about it.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.since);
    }
}

/// When a stage ends. What an earlier stage has begun to wait for does not get its whole time again: `newest` is when the session
/// first asked the newest of the questions without an answer.
pub(crate) fn stage_end(deadline: Instant, newest: Option<Instant>, per_question: Duration) -> Instant {
    newest.map_or(deadline, |newest| later(newest, per_question).min(deadline))
}

/// Has a question that has no answer had most of its time, so that the session does not wait for it again?
pub(crate) fn is_given_up(asked_at: Instant, per_question: Duration, now: Instant) -> bool {
    now.saturating_duration_since(asked_at) >= per_question / 2
}

/// Has the TTL not ended, or is the answer less than a minute old?
fn is_recent<V>(asked: &KeptQuestion<V>, now: u32) -> bool {
    now < asked.expires || u128::from(now.saturating_sub(asked.at)) < A_MINUTE.as_millis()
}

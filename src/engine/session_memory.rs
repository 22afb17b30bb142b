//! What one SMTP session has learned. Within a mail transaction an answer holds whatever its TTL, so that no question is asked
//! twice and no verdict changes between two commands.
//!
//! The session's own questions about subjects are kept here, not the controls of lists: those belong to all sessions. An answer
//! is forgotten at once when its list turned broken or recovered, or when the resolver did.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;

use crate::base::name::Name;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{ListSpec, Proof, SubjectKind, Verdict};
use crate::engine::cache::{Cache, CacheEpoch, ZoneNumber};
use crate::report::Report;

/// Answers kept by one session; a session with many recipients reaches it. Further answers are kept by the cache alone.
const MAX_ANSWERS: usize = 1_024;
/// How long a failure, or any answer before the first MAIL, is good for.
const A_MINUTE: Duration = Duration::from_secs(60);

/// The answers of one session. A server may have thousands of idle sessions, so they are kept small: questions by their hash,
/// times as milliseconds.
#[derive(Debug)]
pub(crate) struct SessionMemory {
    asked: Vec<Asked>,
    /// Proofs of the lists that hold something of this session, and when they were seen.
    proofs: Vec<KeptProof>,
    since: Instant,
    hasher: RandomState,
}

/// The proof of one list.
#[derive(Clone, Debug)]
pub(crate) struct KeptProof {
    pub(crate) spec: Arc<ListSpec>,
    pub(crate) kind: SubjectKind,
    pub(crate) proof: Proof,
    pub(crate) seen: Instant,
}

#[derive(Debug)]
struct Asked {
    question: u64,
    /// When the session first asked, in milliseconds.
    at: u32,
    /// When the answer's TTL ends, or when a failure may be asked again.
    expires: u32,
    validity: Validity,
    /// The answer; `None` while the question is under way.
    answer: Option<Answer>,
}

/// What an answer depends on besides its TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    epoch: CacheEpoch,
    /// The number of the list's zone when it was asked.
    zone: Option<ZoneNumber>,
}

impl Validity {
    /// Of a question that is asked now. `None` if there are too many zones to number: the answer is not kept.
    pub(crate) fn now(cache: &Cache, zone: Option<&Name>) -> Option<Self> {
        let epoch = cache.epoch();
        let zone = match zone {
            Some(zone) => Some(cache.number(zone)?),
            None => None,
        };
        Some(Self { epoch, zone })
    }
}

impl SessionMemory {
    pub(crate) fn new(now: Instant) -> Self {
        Self { asked: Vec::new(), proofs: Vec::new(), since: now, hasher: RandomState::default() }
    }

    /// A time in milliseconds; 49 days after the session began it stops.
    fn millis(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.since).as_millis()).unwrap_or(u32::MAX)
    }

    fn find(&mut self, question: &Question) -> Option<&mut Asked> {
        let hash = self.hasher.hash_one(question);
        self.asked.iter_mut().find(|asked| asked.question == hash)
    }

    fn remove(&mut self, question: &Question) {
        let hash = self.hasher.hash_one(question);
        self.asked.retain(|asked| asked.question != hash);
    }

    /// The answer to a question that this session has asked before; `validity` is that of a question asked now.
    pub(crate) fn get(&mut self, question: &Question, validity: Validity, now: Instant) -> Option<Answer> {
        let now = self.millis(now);
        let asked = self.find(question)?;
        let answer = asked.answer.as_ref()?;
        if asked.validity != validity {
            self.remove(question);
            return None;
        }
        let left = Duration::from_millis(asked.expires.saturating_sub(now).into());
        Some(if answer.ttl().is_some() { answer.clone().aged(left) } else { answer.clone() })
    }

    /// Records that a question is asked. Returns when the session first asked it.
    pub(crate) fn begin(&mut self, question: &Question, validity: Validity, now: Instant) -> Instant {
        if let Some(asked) = self.find(question) {
            let at = Duration::from_millis(asked.at.into());
            return self.since.checked_add(at).unwrap_or(now);
        }
        if self.asked.len() < MAX_ANSWERS {
            let (question, at) = (self.hasher.hash_one(question), self.millis(now));
            self.asked.push(Asked { question, at, expires: at, validity, answer: None });
        }
        now
    }

    /// Keeps the answer to a question that was begun.
    pub(crate) fn learn(&mut self, question: &Question, answer: &Answer, now: Instant) {
        let lifetime = match answer.failure() {
            // The host's own limits say nothing about the name: the next stage may ask.
            Some(Failure::Shed | Failure::Overload) => {
                self.remove(question);
                return;
            }
            Some(_) => A_MINUTE,
            None => answer.ttl().unwrap_or_default(),
        };
        let expires = self.millis(now.checked_add(lifetime).unwrap_or(now));
        let Some(asked) = self.find(question) else { return };
        asked.expires = expires;
        asked.answer = Some(answer.clone());
    }

    /// The time for this question is over. It is not waited for again in this transaction.
    pub(crate) fn give_up(&mut self, question: &Question, now: Instant) {
        self.learn(question, &Answer::failed(Failure::Deadline), now);
    }

    /// The question was not needed any more and was cancelled: if it is needed later, its time starts anew.
    pub(crate) fn cancel(&mut self, question: &Question) {
        if self.find(question).is_some_and(|asked| asked.answer.is_none()) {
            self.remove(question);
        }
    }

    /// A stage has ended: no more memory is held than the answers take.
    pub(crate) fn settle(&mut self) {
        self.asked.shrink_to_fit();
        self.proofs.shrink_to_fit();
    }

    /// Keeps the proofs of the report's listings: they hold for the whole transaction.
    pub(crate) fn keep_proofs(&mut self, report: &Report) {
        for row in report.lists() {
            let (Verdict::Listed(_, listing), Some(subject)) = (row.verdict(), row.subject()) else { continue };
            let (spec, kind) = (&row.spec, subject.kind());
            let is_same = |kept: &KeptProof| kept.kind == kind && Arc::ptr_eq(&kept.spec, spec);
            if !self.proofs.iter().any(is_same) {
                let (spec, proof) = (Arc::clone(spec), listing.proof().clone());
                self.proofs.push(KeptProof { spec, kind, proof, seen: report.started() });
            }
        }
    }

    /// The proofs that this transaction has.
    pub(crate) fn proofs(&self) -> &[KeptProof] {
        &self.proofs
    }

    /// A mail transaction begins. What has expired is asked again, but the first transaction of a session uses what was
    /// learned within a minute before it: the answers are those about the client and its HELO argument.
    pub(crate) fn begin_transaction(&mut self, is_first: bool, now: Instant) {
        if !is_first {
            self.proofs.clear();
        }
        let (now, minute) = (self.millis(now), u32::try_from(A_MINUTE.as_millis()).unwrap_or(u32::MAX));
        self.asked.retain(|asked| {
            asked.answer.is_none() || now < asked.expires || (is_first && now.saturating_sub(asked.at) < minute)
        });
    }

    /// Another client: nothing learned is about it.
    pub(crate) fn clear(&mut self) {
        self.asked = Vec::new();
        self.proofs = Vec::new();
    }
}

//! What one SMTP session has learned. Within a mail transaction an answer holds whatever its TTL, so that no question is asked
//! twice and no verdict changes between two commands.
//!
//! The session's own questions about subjects are kept here, not the controls of lists: those belong to all sessions. An answer
//! is forgotten at once when its list turned broken or recovered, or when the resolver did.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::hash_map::Table;
use crate::base::name::Name;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::{ListSpec, Proof, SubjectKind, Verdict};
use crate::engine::cache::{Cache, CacheEpoch, ZoneNumber};
use crate::report::Report;

/// Answers kept by one session; a session with many recipients reaches it. Further answers are kept by the cache alone.
const MAX_ANSWERS: usize = 1_024;
/// How long a failure, or any answer before the first MAIL, is good for.
const A_MINUTE: Duration = Duration::from_secs(60);

/// The answers of one session.
#[derive(Debug, Default)]
pub(crate) struct SessionMemory {
    asked: Table<Question, Asked>,
    /// Proofs of the lists that hold something of this session, and when they were seen.
    proofs: Vec<KeptProof>,
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
    /// When the session first asked.
    at: Instant,
    /// The answer; `None` while the question is under way.
    answer: Option<Answer>,
    /// When the answer's TTL ends, or for a failure when it may be asked again.
    expires: Instant,
    validity: Validity,
}

/// What an answer depends on besides its TTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    epoch: CacheEpoch,
    /// The list, and its number when it was asked.
    zone: Option<(Name, ZoneNumber)>,
}

impl Validity {
    /// Of a question that is asked now. `None` if there are too many zones to number: the answer is not kept.
    pub(crate) fn now(cache: &Cache, zone: Option<&Name>) -> Option<Self> {
        let epoch = cache.epoch();
        let zone = match zone {
            Some(zone) => Some((zone.clone(), cache.number(zone)?)),
            None => None,
        };
        Some(Self { epoch, zone })
    }

    fn holds(&self, cache: &Cache) -> bool {
        self.epoch == cache.epoch()
            && self.zone.as_ref().is_none_or(|(zone, number)| cache.number(zone) == Some(*number))
    }
}

impl SessionMemory {
    /// The answer to a question that this session has asked before.
    pub(crate) fn get(&mut self, question: &Question, cache: &Cache, now: Instant) -> Option<Answer> {
        let asked = self.asked.get(question)?;
        let answer = asked.answer.as_ref()?;
        if !asked.validity.holds(cache) {
            self.asked.remove(question);
            return None;
        }
        let left = asked.expires.saturating_duration_since(now);
        Some(if answer.ttl().is_some() { answer.clone().aged(left) } else { answer.clone() })
    }

    /// Records that a question is asked. Returns when the session first asked it.
    pub(crate) fn begin(&mut self, question: &Question, validity: Validity, now: Instant) -> Instant {
        if let Some(asked) = self.asked.get(question) {
            return asked.at;
        }
        if self.asked.len() < MAX_ANSWERS {
            self.asked.insert(question.clone(), Asked { at: now, answer: None, expires: now, validity });
        }
        now
    }

    /// Keeps the answer to a question that was begun.
    pub(crate) fn learn(&mut self, question: &Question, answer: &Answer, now: Instant) {
        let Some(asked) = self.asked.get_mut(question) else { return };
        let lifetime = match answer.failure() {
            // The host's own limits say nothing about the name: the next stage may ask.
            Some(Failure::Shed | Failure::Overload) => {
                self.asked.remove(question);
                return;
            }
            Some(_) => A_MINUTE,
            None => answer.ttl().unwrap_or_default(),
        };
        asked.expires = now.checked_add(lifetime).unwrap_or(now);
        asked.answer = Some(answer.clone());
    }

    /// The time for this question is over. It is not waited for again in this transaction.
    pub(crate) fn give_up(&mut self, question: &Question, now: Instant) {
        self.learn(question, &Answer::failed(Failure::Deadline), now);
    }

    /// The question was not needed any more and was cancelled: if it is needed later, its time starts anew.
    pub(crate) fn cancel(&mut self, question: &Question) {
        if self.asked.get(question).is_some_and(|asked| asked.answer.is_none()) {
            self.asked.remove(question);
        }
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
        self.asked.retain(|_, asked| {
            asked.answer.is_none()
                || now < asked.expires
                || (is_first && now.saturating_duration_since(asked.at) < A_MINUTE)
        });
    }

    /// Another client: nothing learned is about it.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

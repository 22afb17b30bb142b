//! The answers to questions that are not about a list.

use std::sync::Mutex;
use std::time::Instant;

use crate::base::lock::lock;
use crate::dns::{Answer, Question, RecordType};
use crate::engine::cache::bounds::Bounds;
use crate::engine::cache::lru::LruStore;
use crate::engine::cache::weight::{ENTRY, Weigh, heap_of_answer};

/// One store for each kind of question.
#[derive(Debug, Default)]
pub(super) struct AnswerStores {
    reverse: Mutex<LruStore<Question, CachedAnswer>>,
    forward: Mutex<LruStore<Question, CachedAnswer>>,
    mail: Mutex<LruStore<Question, CachedAnswer>>,
    text: Mutex<LruStore<Question, CachedAnswer>>,
}

#[derive(Clone, Debug)]
pub(super) struct CachedAnswer {
    expires: Instant,
    answer: Answer,
}

impl Weigh<Question> for CachedAnswer {
    fn weight(&self, question: &Question) -> usize {
        ENTRY + size_of::<Question>() + question.name.expose().len() + size_of::<Self>() + heap_of_answer(&self.answer)
    }

    fn owner(&self, question: &Question) -> Option<u64> {
        question.chooser().map(u64::from)
    }
}

impl AnswerStores {
    /// The answer, with its remaining lifetime.
    pub(super) fn get(&self, question: &Question, now: Instant, bounds: Bounds) -> Option<Answer> {
        let mut store = lock(self.partition(question.record_type));
        let entry = store.get(question)?;
        match entry.expires.checked_duration_since(now) {
            Some(left) if !left.is_zero() => Some(entry.answer.clone().aged(left)),
            _ => {
                store.remove(question, bounds);
                None
            }
        }
    }

    /// Keeps an answer if `is_current` is still true once the store is locked.
    pub(super) fn insert(
        &self,
        question: &Question,
        answer: &Answer,
        expires: Instant,
        bounds: Bounds,
        is_current: impl FnOnce() -> bool,
    ) {
        let entry = CachedAnswer { expires, answer: answer.clone().compact() };
        let mut store = lock(self.partition(question.record_type));
        if is_current() {
            store.insert(question.clone().compact(), entry, bounds);
        }
    }

    /// The number of answers.
    pub(super) fn len(&self) -> usize {
        self.all().map(|store| lock(store).len()).sum()
    }

    /// Roughly the bytes that the answers take.
    pub(super) fn bytes(&self) -> usize {
        self.all().map(|store| lock(store).bytes()).sum()
    }

    pub(super) fn clear(&self) {
        self.all().for_each(|store| *lock(store) = LruStore::default());
    }

    fn all(&self) -> impl Iterator<Item = &Mutex<LruStore<Question, CachedAnswer>>> {
        [&self.reverse, &self.forward, &self.mail, &self.text].into_iter()
    }

    /// The store for answers to questions of this type.
    fn partition(&self, kind: RecordType) -> &Mutex<LruStore<Question, CachedAnswer>> {
        match kind {
            RecordType::Ptr => &self.reverse,
            RecordType::A | RecordType::Aaaa => &self.forward,
            RecordType::Mx => &self.mail,
            RecordType::Txt | RecordType::Ns | RecordType::Soa => &self.text,
        }
    }
}

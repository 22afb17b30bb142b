//! The questions of an inquiry: which checks want each answer, and how each question ended.

use std::time::Duration;

use crate::base::small_list::SmallList;
use crate::check::Slot;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::Purpose;
use crate::inquiry::question_index::{QuestionIndex, QuestionKey};
pub(crate) use crate::report::check_id::CheckId;
use crate::report::exchange::{AskedQuestions, Exchange, ShortTime, Source};
use crate::report::learned::{ResolverSigns, looks_like_the_resolver};

/// One question of an inquiry that is waiting for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionId(pub(super) usize);

/// All questions of an inquiry. Equal questions are asked once, however many checks want the answer.
#[derive(Debug)]
pub(super) struct Questions {
    /// What the report keeps of each. Until the answer comes, it is recorded as failed.
    exchanges: Vec<Exchange>,
    /// What only the inquiry needs of each; same index.
    asked: Vec<AskedQuestion>,
    index: QuestionIndex,
    handed_out: usize,
    /// How many awaited questions are neither answered nor cancelled.
    open: usize,
    /// A question that a check waited for failed because the time was up.
    cut: bool,
    signs: ResolverSigns,
}

/// The purpose of a question, and the checks that want its answer.
#[derive(Debug)]
pub(crate) struct AskedQuestion {
    pub(super) purpose: Purpose,
    pub(super) wanted_first: CheckId,
    /// Some check waits for the answer.
    awaited: bool,
    answered: bool,
    /// No check wants the answer any more.
    cancelled: bool,
    wanted_by: SmallList<(CheckId, Slot)>,
    /// It was sent to the resolver, by this check or another.
    sent: bool,
}

impl AskedQuestion {
    pub(super) fn is_wanted_by(&self, id: CheckId) -> bool {
        self.wanted_by.iter().any(|(wanting, _)| *wanting == id)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.cancelled && !self.answered
    }

    fn is_awaited(&self) -> bool {
        self.awaited && self.is_open()
    }
}

impl Questions {
    /// Uses these tables, which are empty but may have capacity from earlier use.
    pub(super) fn within(asked: Vec<AskedQuestion>, index: QuestionIndex) -> Self {
        Self {
            exchanges: Vec::new(),
            asked,
            index,
            handed_out: 0,
            open: 0,
            cut: false,
            signs: ResolverSigns::default(),
        }
    }

    /// Records that a check wants the answer to this question. Returns the known question if its answer has come already.
    pub(super) fn want(&mut self, question: Question, purpose: Purpose, id: CheckId, slot: Slot) -> Option<QuestionId> {
        let known = |number| key_of(&self.exchanges, &self.asked, number);
        let new = self.asked.len();
        if let Some(known) = self.index.find_or_add((&question, purpose.is_own()), new, known) {
            return self.want_too(known, id, slot);
        }
        self.open += usize::from(id.is_awaited());
        self.push(question, purpose, id, Some(slot), None);
        None
    }

    /// Records a question of a list that is not asked, since the answer is known.
    pub(super) fn add_known(&mut self, question: Question, mut answer: Answer, id: CheckId) {
        let known = |number| key_of(&self.exchanges, &self.asked, number);
        if let Some(known) = self.index.find_or_add((&question, false), self.asked.len(), known) {
            if let Some(exchange) = self.exchanges.get_mut(known) {
                exchange.wanted_by.push(id);
            }
            return;
        }
        answer.hide_key(&question.name);
        self.push(question, Purpose::Subject, id, None, Some(answer));
    }

    /// Adds a question. If its answer is not known, a check wants it for this slot.
    #[inline]
    fn push(&mut self, question: Question, purpose: Purpose, id: CheckId, slot: Option<Slot>, known: Option<Answer>) {
        let answered = known.is_some();
        self.exchanges.push(Exchange {
            question,
            answer: known.unwrap_or_else(|| Answer::failed(Failure::Deadline)),
            source: if answered { Source::Memory } else { Source::Network },
            took: ShortTime::default(),
            answered_after: answered.then(ShortTime::default),
            wanted_by: SmallList::one(id),
            is_trial: purpose == Purpose::Resolver,
        });
        self.asked.push(AskedQuestion {
            purpose,
            wanted_first: id,
            awaited: id.is_awaited(),
            answered,
            cancelled: false,
            wanted_by: slot.map_or(SmallList::Empty, |slot| SmallList::one((id, slot))),
            sent: false,
        });
    }

    /// One more check wants the answer to a known question.
    fn want_too(&mut self, index: usize, id: CheckId, slot: Slot) -> Option<QuestionId> {
        let (asked, exchange) = (self.asked.get_mut(index)?, self.exchanges.get_mut(index)?);
        if !exchange.is_wanted_by(id) {
            exchange.wanted_by.push(id);
        }
        if asked.answered {
            return Some(QuestionId(index));
        }
        if !asked.wanted_by.contains(&(id, slot)) {
            asked.wanted_by.push((id, slot));
        }
        if id.is_awaited() && !asked.awaited {
            asked.awaited = true;
            self.open += usize::from(asked.is_open());
        }
        None
    }

    /// Reserves capacity for this many more questions.
    pub(super) fn reserve(&mut self, more: usize) {
        self.exchanges.reserve(more);
        self.asked.reserve(more);
    }

    /// The next question to ask; each is handed out once.
    pub(super) fn next(&mut self) -> Option<(QuestionId, &Question, &AskedQuestion)> {
        loop {
            let index = self.handed_out;
            let is_open = self.asked.get(index)?.is_open();
            self.handed_out += 1;
            if is_open {
                return Some((QuestionId(index), &self.exchanges.get(index)?.question, self.asked.get(index)?));
            }
        }
    }

    /// A question that has no answer was sent to the resolver.
    pub(super) fn sent(&mut self, ticket: QuestionId) {
        if let Some(asked) = self.asked.get_mut(ticket.0) {
            asked.sent = true;
        }
    }

    /// Stores an answer; only the first one counts. Returns the checks that want it.
    pub(super) fn answer(
        &mut self,
        ticket: QuestionId,
        mut answer: Answer,
        source: Source,
        took: Duration,
        answered_after: Option<Duration>,
    ) -> Option<SmallList<(CheckId, Slot)>> {
        let asked = self.asked.get_mut(ticket.0).filter(|asked| !asked.answered)?;
        let exchange = self.exchanges.get_mut(ticket.0)?;
        self.open -= usize::from(asked.is_awaited());
        self.cut |= asked.is_awaited() && answer.failure() == Some(Failure::Deadline);
        asked.answered = true;
        if source != Source::Memory && asked.purpose != Purpose::Resolver {
            self.signs.answered |= answer.failure().is_none();
            self.signs.failed |= answer.failure().is_some_and(looks_like_the_resolver);
        }
        answer.hide_key(&exchange.question.name);
        exchange.answer = answer;
        exchange.source = source;
        exchange.took = took.into();
        exchange.answered_after = answered_after.map(ShortTime::from);
        Some(std::mem::take(&mut asked.wanted_by))
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    /// The question with this id, and its answer.
    pub(super) fn exchange(&self, ticket: QuestionId) -> Option<&Exchange> {
        self.exchanges.get(ticket.0)
    }

    /// Does no check want this answer any more?
    pub(super) fn is_cancelled(&self, ticket: QuestionId) -> bool {
        self.asked.get(ticket.0).is_none_or(|asked| asked.cancelled)
    }

    /// Does some check want the answer, and is it not there?
    pub(super) fn is_wanted(&self, ticket: QuestionId) -> bool {
        self.asked.get(ticket.0).is_some_and(|asked| asked.is_open() && !asked.wanted_by.is_empty())
    }

    /// The question is not sent, if it has no answer. If a check wants it later, it is a new question.
    pub(super) fn cancel(&mut self, ticket: QuestionId) {
        let (Some(asked), Some(exchange)) = (self.asked.get_mut(ticket.0), self.exchanges.get(ticket.0)) else {
            return;
        };
        if asked.is_open() {
            self.open -= usize::from(asked.is_awaited());
            asked.cancelled = true;
            self.index.remove(ticket.0, (&exchange.question, asked.purpose.is_own()));
        }
    }

    /// Is an awaited answer still missing?
    pub(super) fn any_awaited(&self) -> bool {
        self.open > 0
    }

    /// Did an awaited question fail because the time was up?
    pub(super) fn were_cut(&self) -> bool {
        self.cut
    }

    /// What the answers show about the resolver. Its trial is not counted.
    pub(super) fn signs(&self) -> ResolverSigns {
        self.signs
    }

    /// The answers to our own questions that have come, unless they came from the cache.
    pub(super) fn own_answers(&self) -> impl Iterator<Item = (&Exchange, &AskedQuestion)> {
        let own = |(exchange, asked): &(&Exchange, &AskedQuestion)| {
            asked.answered && asked.purpose.is_own() && exchange.source != Source::Memory
        };
        self.exchanges.iter().zip(&self.asked).filter(own)
    }

    /// Was a question of this check sent that has no answer yet?
    pub(super) fn left_unanswered(&self, id: CheckId) -> bool {
        self.asked.iter().take(self.handed_out).any(|asked| asked.is_open() && asked.is_wanted_by(id) && asked.sent)
    }

    /// The exchanges for the report, in the order asked. A question without an answer has failed; if no check waited for it, it
    /// is counted but left out. Also returns the tables, for reuse.
    pub(super) fn into_exchanges(mut self, failure: Failure) -> (AskedQuestions, Vec<AskedQuestion>, QuestionIndex) {
        self.exchanges.truncate(self.handed_out);
        let mut asking = AskedQuestions::default();
        for (exchange, asked) in self.exchanges.iter_mut().zip(&self.asked) {
            if !asked.answered {
                exchange.answer = Answer::failed(failure);
            }
            if exchange.source == Source::Network && !asked.cancelled {
                let counter = if exchange.is_trial { &mut asking.trial_questions } else { &mut asking.questions };
                *counter += 1;
            }
        }
        let is_left_out = |asked: &AskedQuestion| asked.cancelled || (!asked.awaited && !asked.answered);
        if self.asked.iter().any(is_left_out) {
            let mut left_out = self.asked.iter().map(is_left_out);
            self.exchanges.retain(|_| left_out.next() != Some(true));
        }
        asking.exchanges = self.exchanges;
        (asking, self.asked, self.index)
    }

    /// The list got its proof from another check: cancels its unanswered controls, unless another list wants them too.
    pub(super) fn cancel_controls(&mut self, id: CheckId) {
        for index in 0..self.asked.len() {
            let Some(asked) = self.asked.get_mut(index).filter(|asked| asked.purpose.is_control()) else { continue };
            asked.wanted_by.retain(|(wanting, _)| *wanting != id);
            if asked.wanted_by.is_empty() {
                self.cancel(QuestionId(index));
            }
        }
    }

    /// These checks no longer want answers. Questions not yet handed out are cancelled; those already sent stay in the report.
    pub(super) fn abandon(&mut self, unwanted: impl Fn(CheckId) -> bool) {
        for index in 0..self.asked.len() {
            let Some(asked) = self.asked.get_mut(index) else { continue };
            asked.wanted_by.retain(|(wanting, _)| !unwanted(*wanting));
            if index >= self.handed_out && asked.wanted_by.is_empty() {
                self.cancel(QuestionId(index));
            }
        }
    }
}

/// What the question with this number is.
fn key_of<'a>(exchanges: &'a [Exchange], asked: &[AskedQuestion], number: usize) -> Option<QuestionKey<'a>> {
    Some((&exchanges.get(number)?.question, asked.get(number)?.purpose.is_own()))
}

impl CheckId {
    /// Does a check wait for this unit's answers?
    fn is_awaited(self) -> bool {
        !matches!(self, Self::Trial | Self::Probe(_))
    }
}

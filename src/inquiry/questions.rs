//! The questions of an inquiry: who wants their answers, and what became of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::hash_map::Table;
use crate::base::small_list::Few;
use crate::check::Slot;
use crate::dns::{Answer, Failure, Question};
use crate::dnsxl::Purpose;
use crate::report::exchange::{AskedQuestions, Exchange, Source};
use crate::report::learned::{ResolverSigns, looks_like_the_resolver};

/// One question of an inquiry that is waiting for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) usize);

/// The check that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitId {
    Iprev,
    Helo,
    Sender,
    Recipient,
    Trial,
    List(usize),
    /// Controls that nobody waits for.
    Probe(usize),
}

/// Where each question stands. Proof must be new, so what tries a list is not the same question as one that may be answered
/// from memory.
pub(super) type ByQuestion = Table<(Question, bool), usize>;

/// Equal questions are one, however many checks want the answer.
#[derive(Debug)]
pub(super) struct Questions {
    /// What the report will keep of each; an answer that has not come stands as failed.
    exchanges: Vec<Exchange>,
    /// What only the inquiry needs of each.
    asked: Vec<Asked>,
    by_question: ByQuestion,
    handed_out: usize,
    /// How many that somebody waits for are neither answered nor cancelled.
    open: usize,
    signs: ResolverSigns,
}

/// A question under way knows when it was put to the resolver; nothing else of it concerns an inquiry.
pub(crate) trait SentAt: std::fmt::Debug + Send + Sync {
    /// When it was put to the resolver; `None` while it waits for its turn.
    fn sent(&self) -> Option<Instant>;
}

/// What a question is for, and who wants its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(super) purpose: Purpose,
    pub(super) wanted_first: UnitId,
    /// Somebody waits for it, so that it is no mere question of our own.
    awaited: bool,
    answered: bool,
    /// No longer wanted, and not handed out.
    cancelled: bool,
    wanted_by: Few<(UnitId, Slot)>,
    /// When it was put to the resolver, by whoever asked first.
    sent_at: Option<Arc<dyn SentAt>>,
}

impl Asked {
    pub(super) fn is_wanted_by(&self, id: UnitId) -> bool {
        self.wanted_by.iter().any(|(wanting, _)| *wanting == id)
    }

    /// When it was put to the resolver.
    pub(super) fn sent(&self) -> Option<Instant> {
        self.sent_at.as_ref()?.sent()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.cancelled && !self.answered
    }

    fn is_awaited(&self) -> bool {
        self.awaited && self.is_open()
    }
}

impl Questions {
    /// In tables that are empty, and may have been used before.
    pub(super) fn within(asked: Vec<Asked>, by_question: ByQuestion) -> Self {
        Self { exchanges: Vec::new(), asked, by_question, handed_out: 0, open: 0, signs: ResolverSigns::default() }
    }

    /// Notes who wants the answer of a question; gives it if it is there already.
    pub(super) fn want(
        &mut self,
        question: Question,
        purpose: Purpose,
        id: UnitId,
        slot: Slot,
    ) -> Option<(Answer, Source)> {
        let key = (question, purpose.is_own());
        if let Some(index) = self.by_question.get(&key) {
            let asked = self.asked.get_mut(*index)?;
            if asked.answered {
                let exchange = self.exchanges.get(*index)?;
                return Some((exchange.answer.clone(), exchange.source));
            }
            if !asked.wanted_by.iter().any(|wanting| *wanting == (id, slot)) {
                asked.wanted_by.push((id, slot));
            }
            if id.is_awaited() && !asked.awaited {
                asked.awaited = true;
                self.open += usize::from(asked.is_open());
            }
            return None;
        }
        let question = key.0.clone();
        self.by_question.insert(key, self.asked.len());
        self.open += usize::from(id.is_awaited());
        let (answer, source, took) = (Answer::failed(Failure::Deadline), Source::Network, Duration::ZERO);
        self.exchanges.push(Exchange { question, answer, source, took, is_trial: purpose == Purpose::Resolver });
        self.asked.push(Asked {
            purpose,
            wanted_first: id,
            awaited: id.is_awaited(),
            answered: false,
            cancelled: false,
            wanted_by: Few::one((id, slot)),
            sent_at: None,
        });
        None
    }

    /// Room for so many.
    pub(super) fn reserve(&mut self, more: usize) {
        self.exchanges.reserve(more);
        self.asked.reserve(more);
        self.by_question.reserve(more);
    }

    /// The next one to ask; each is handed out once.
    pub(super) fn next(&mut self) -> Option<(Ticket, &Question, &Asked)> {
        loop {
            let index = self.handed_out;
            let cancelled = self.asked.get(index)?.cancelled;
            self.handed_out += 1;
            if !cancelled {
                return Some((Ticket(index), &self.exchanges.get(index)?.question, self.asked.get(index)?));
            }
        }
    }

    /// A question is on its way.
    pub(super) fn sent(&mut self, ticket: Ticket, sent_at: Arc<dyn SentAt>) {
        if let Some(asked) = self.asked.get_mut(ticket.0) {
            asked.sent_at = Some(sent_at);
        }
    }

    /// Puts an answer in: the first one counts. Says what is to be told to whom.
    pub(super) fn answer(
        &mut self,
        ticket: Ticket,
        answer: Answer,
        source: Source,
        took: Duration,
    ) -> Option<(Answer, Few<(UnitId, Slot)>)> {
        let asked = self.asked.get_mut(ticket.0).filter(|asked| !asked.answered)?;
        let exchange = self.exchanges.get_mut(ticket.0)?;
        self.open -= usize::from(asked.is_awaited());
        asked.answered = true;
        if source != Source::Memory && asked.purpose != Purpose::Resolver {
            self.signs.answered |= answer.failure().is_none();
            self.signs.failed |= answer.failure().is_some_and(looks_like_the_resolver);
        }
        exchange.answer = answer.without_key(&exchange.question.name);
        exchange.source = source;
        exchange.took = took;
        Some((exchange.answer.clone(), std::mem::take(&mut asked.wanted_by)))
    }

    /// Does nobody want this answer any more?
    pub(super) fn is_cancelled(&self, ticket: Ticket) -> bool {
        self.asked.get(ticket.0).is_none_or(|asked| asked.cancelled)
    }

    /// Is an answer still on its way that somebody waits for?
    pub(super) fn any_awaited(&self) -> bool {
        self.open > 0
    }

    /// What the answers say about the resolver, its trial apart.
    pub(super) fn signs(&self) -> ResolverSigns {
        self.signs
    }

    /// What came of questions of our own, without those whose answer has not come.
    pub(super) fn own_answers(&self) -> impl Iterator<Item = (&Exchange, &Asked)> {
        let own = |(exchange, asked): &(&Exchange, &Asked)| {
            asked.answered && asked.purpose.is_own() && exchange.source != Source::Memory
        };
        self.exchanges.iter().zip(&self.asked).filter(own)
    }

    /// Were these asked, without an answer until now?
    pub(super) fn left_unanswered(&self, id: UnitId) -> bool {
        let asked = self.asked.iter().take(self.handed_out);
        asked.into_iter().any(|asked| asked.is_open() && asked.is_wanted_by(id) && asked.sent().is_some())
    }

    /// Those that were handed out and are of use, in the order in which they were asked. What has not come has failed; where
    /// nobody waited for it, it is only counted. With the tables, to be used again.
    pub(super) fn into_exchanges(mut self, failure: Failure) -> (AskedQuestions, Vec<Asked>, ByQuestion) {
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
        let is_left_out = |asked: &Asked| asked.cancelled || (!asked.awaited && !asked.answered);
        if self.asked.iter().any(is_left_out) {
            let mut left_out = self.asked.iter().map(is_left_out);
            self.exchanges.retain(|_| left_out.next() != Some(true));
        }
        asking.exchanges = self.exchanges;
        (asking, self.asked, self.by_question)
    }

    /// This check has its proof from elsewhere: its controls that are not answered need not be, unless another one wants
    /// them.
    pub(super) fn cancel_controls(&mut self, id: UnitId) {
        for (exchange, asked) in self.exchanges.iter().zip(&mut self.asked) {
            if asked.purpose.is_control() && asked.is_open() {
                asked.wanted_by.retain(|(wanting, _)| *wanting != id);
                if asked.wanted_by.is_empty() {
                    self.open -= usize::from(asked.is_awaited());
                    asked.cancelled = true;
                    self.by_question.remove(&(exchange.question.clone(), true));
                }
            }
        }
    }

    /// These checks want nothing any more. What is on the wire was asked, and is told as such.
    pub(super) fn abandon(&mut self, unwanted: impl Fn(UnitId) -> bool) {
        for (index, asked) in self.asked.iter_mut().enumerate() {
            asked.wanted_by.retain(|(wanting, _)| !unwanted(*wanting));
            if index >= self.handed_out && asked.is_open() && asked.wanted_by.is_empty() {
                self.open -= usize::from(asked.is_awaited());
                asked.cancelled = true;
            }
        }
    }
}

impl UnitId {
    /// Does a check wait for this unit's answers?
    fn is_awaited(self) -> bool {
        !matches!(self, Self::Trial | Self::Probe(_))
    }
}

//! The questions of an inquiry: who wants their answers, and what became of them.

use std::time::Duration;

use super::{Ticket, UnitId};
use crate::ask::Sent;
use crate::dns::{Answer, Question};
use crate::dnsxl::Purpose;
use crate::few::Few;
use crate::report::Source;
use crate::step::Slot;
use crate::table::Table;

/// Equal questions are one, however many checks want the answer.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) asked: Vec<Asked>,
    /// Proof must be new, so what tries a list is not the same question as one that may be answered from memory.
    by_question: Table<(Question, bool), usize>,
    handed_out: usize,
    /// How many are neither answered nor moot.
    open: usize,
}

/// A question, who wants its answer, and the answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) purpose: Purpose,
    /// The list that wanted it first.
    pub(super) list: Option<usize>,
    /// No longer wanted, and not handed out.
    moot: bool,
    wanted_by: Few<(UnitId, Slot)>,
    pub(super) answer: Option<Answer>,
    pub(super) source: Source,
    pub(super) took: Duration,
    /// When it was put to the resolver, by whoever did so first.
    pub(super) sent: Option<Sent>,
}

impl Asked {
    pub(super) fn is_wanted_by(&self, id: UnitId) -> bool {
        self.wanted_by.iter().any(|(wanting, _)| *wanting == id)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.moot && self.answer.is_none()
    }
}

impl Questions {
    /// Notes who wants the answer of a question; gives it if it is there already.
    pub(super) fn want(
        &mut self,
        question: Question,
        purpose: Purpose,
        id: UnitId,
        slot: Slot,
    ) -> Option<(Answer, Source)> {
        let key = (question, purpose.is_trial());
        if let Some(index) = self.by_question.get(&key) {
            let asked = self.asked.get_mut(*index)?;
            if asked.answer.is_none() && !asked.wanted_by.iter().any(|wanting| *wanting == (id, slot)) {
                asked.wanted_by.push((id, slot));
            }
            return Some((asked.answer.clone()?, asked.source));
        }
        let question = key.0.clone();
        self.by_question.insert(key, self.asked.len());
        self.open += 1;
        self.asked.push(Asked {
            question,
            purpose,
            list: match id {
                UnitId::List(index) => Some(index),
                _ => None,
            },
            moot: false,
            wanted_by: Few::one((id, slot)),
            answer: None,
            source: Source::Network,
            took: Duration::ZERO,
            sent: None,
        });
        None
    }

    /// Room for so many.
    pub(super) fn reserve(&mut self, more: usize) {
        self.asked.reserve(more);
        self.by_question.reserve(more);
    }

    /// The next one to ask; each is handed out once.
    pub(super) fn next(&mut self) -> Option<(Ticket, &Asked)> {
        loop {
            let index = self.handed_out;
            let moot = self.asked.get(index)?.moot;
            self.handed_out += 1;
            if !moot {
                return Some((Ticket(index), self.asked.get(index)?));
            }
        }
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&Asked> {
        self.asked.get(ticket.0)
    }

    /// A question is on its way.
    pub(super) fn sent(&mut self, ticket: Ticket, sent: Sent) {
        if let Some(asked) = self.asked.get_mut(ticket.0) {
            asked.sent = Some(sent);
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
        let asked = self.asked.get_mut(ticket.0).filter(|asked| asked.answer.is_none())?;
        self.open -= usize::from(asked.is_open());
        let answer = answer.without_key(&asked.question.name);
        asked.answer = Some(answer.clone());
        asked.source = source;
        asked.took = took;
        Some((answer, std::mem::take(&mut asked.wanted_by)))
    }

    /// Does nobody want this answer any more?
    pub(super) fn is_moot(&self, ticket: Ticket) -> bool {
        self.get(ticket).is_none_or(|asked| asked.moot)
    }

    /// Is an answer still on its way?
    pub(super) fn any_open(&self) -> bool {
        self.open > 0
    }

    /// Those that were handed out.
    pub(super) fn handed_out(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().take(self.handed_out)
    }

    /// Those that were handed out and are of use, in the order in which they were asked.
    pub(super) fn into_handed_out(self) -> impl Iterator<Item = Asked> {
        self.asked.into_iter().take(self.handed_out).filter(|asked| !asked.moot)
    }

    /// This check has its proof from elsewhere: its controls that are not answered need not be, unless another one wants
    /// them.
    pub(super) fn spare_controls(&mut self, id: UnitId) {
        for asked in &mut self.asked {
            if asked.purpose == Purpose::Control && asked.is_open() {
                asked.wanted_by.retain(|(wanting, _)| *wanting != id);
                if asked.wanted_by.is_empty() {
                    asked.moot = true;
                    self.open -= 1;
                    self.by_question.remove(&(asked.question.clone(), true));
                }
            }
        }
    }

    /// These checks want nothing any more. What is on the wire was asked, and is told as such.
    pub(super) fn let_be(&mut self, unwanted: impl Fn(UnitId) -> bool) {
        for (index, asked) in self.asked.iter_mut().enumerate() {
            asked.wanted_by.retain(|(wanting, _)| !unwanted(*wanting));
            if index >= self.handed_out && asked.is_open() && asked.wanted_by.is_empty() {
                asked.moot = true;
                self.open -= 1;
            }
        }
    }
}

//! Our own questions in flight: the controls of lists and the resolver's trial.
//!
//! No task is spawned. The questions are kept until they are answered, even if the check that asked them ends first. Any check
//! or watch that is polled later drives them on. Otherwise checks that end early would never detect a silent list.

use std::sync::Mutex;
use std::task::{Context, Poll};

use crate::base::lock::lock;
use crate::dnsxl::Purpose;
use crate::engine::awaited_queries::AwaitedQueries;
use crate::engine::fetch::QueryTask;
use crate::engine::shared_query::QueryWaiter;

/// The most questions kept. It is not reached in practice, because each list's controls are asked only now and then.
const MAX_KEPT: usize = 16_384;

/// The questions in flight that are our own.
#[derive(Default)]
pub(crate) struct Background(Mutex<Vec<QueryWaiter<QueryTask>>>);

impl Background {
    /// Keeps a question until it is answered.
    pub(crate) fn keep(&self, question: &QueryWaiter<QueryTask>) {
        let Some(question) = question.query().join(None) else { return };
        let mut kept = lock(&self.0);
        // The next check drops those that are answered.
        if kept.len() < MAX_KEPT {
            kept.push(question);
        }
    }

    /// Joins every question in flight, so that the caller can drive them on.
    pub(crate) fn drive(&self) -> Driving {
        let mut kept = lock(&self.0);
        kept.retain(|question| !question.query().is_answered());
        if kept.is_empty() {
            return Driving { questions: None, trial: 0 };
        }
        // Each value tells whether the question is part of the resolver's trial.
        let mut questions = AwaitedQueries::with_capacity(kept.len());
        for question in &*kept {
            if let Some(waiter) = question.query().join(Some(questions.next_place())) {
                let is_trial = waiter.query().work().is_some_and(|task| task.purpose == Purpose::Resolver);
                questions.push(waiter, is_trial);
            }
        }
        let trial = questions.values().filter(|is_trial| **is_trial).count();
        Driving { questions: Some(questions), trial }
    }
}

/// Our own questions, driven on beside a check or a watch.
pub(crate) struct Driving {
    /// `None` if there are none.
    questions: Option<AwaitedQueries<QueryTask, bool>>,
    /// How many of them are part of the resolver's trial.
    trial: usize,
}

impl Driving {
    /// Polls the questions that made progress.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) {
        let Some(questions) = &mut self.questions else { return };
        while let Poll::Ready(true) = questions.poll(context) {
            while let Some((_, is_trial, _)) = questions.next_answer() {
                self.trial -= usize::from(is_trial);
            }
        }
    }

    /// Is a question of the resolver's trial in flight?
    pub(crate) fn tries_the_resolver(&self) -> bool {
        self.trial > 0
    }
}

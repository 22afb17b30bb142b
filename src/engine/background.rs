//! Questions of our own that are under way: controls of lists, the trial of the resolver.
//!
//! Nothing is spawned. They are kept until they are answered, whatever becomes of the check that asked them, and whoever is
//! polled next, a check or a watch, drives them on: else a silent list would never be found out by checks that end early.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use futures::stream::{FuturesUnordered, Stream};

use crate::base::lock::lock;
use crate::dnsxl::Purpose;
use crate::engine::shared_query::QueryWaiter;

/// So many are kept; more are never under way, since each is asked once in a while for each list.
const MOST: usize = 16_384;

/// What is under way.
#[derive(Default)]
pub(crate) struct Background(Mutex<Vec<Kept>>);

/// One question under way.
struct Kept {
    question: QueryWaiter,
    /// It tries the resolver.
    is_trial: bool,
}

impl Kept {
    fn is_under_way(&self) -> bool {
        !self.question.query().is_answered()
    }
}

impl Background {
    /// Keeps a question until it is answered.
    pub(crate) fn keep(&self, question: &QueryWaiter, purpose: Purpose) {
        let Some(question) = question.query().join() else { return };
        let mut under_way = lock(&self.0);
        under_way.retain(Kept::is_under_way);
        if under_way.len() < MOST {
            under_way.push(Kept { question, is_trial: purpose == Purpose::Resolver });
        }
    }

    /// Everything under way, to be driven on by one more.
    pub(crate) fn drive(&self) -> Driving {
        let mut under_way = lock(&self.0);
        if !under_way.is_empty() {
            under_way.retain(Kept::is_under_way);
        }
        let drive = |kept: &Kept| Some(Driven { question: kept.question.query().join()?, is_trial: kept.is_trial });
        let questions: FuturesUnordered<Driven> = under_way.iter().filter_map(drive).collect();
        let trial = questions.iter().filter(|driven| driven.is_trial).count();
        Driving { questions, trial }
    }
}

/// Questions that are driven on beside something else.
pub(crate) struct Driving {
    questions: FuturesUnordered<Driven>,
    /// How many of them try the resolver.
    trial: usize,
}

impl Driving {
    /// Polls whatever has something to do.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(is_trial)) = Pin::new(&mut self.questions).poll_next(context) {
            self.trial -= usize::from(is_trial);
        }
    }

    /// Is a question under way that tries the resolver?
    pub(crate) fn tries_the_resolver(&self) -> bool {
        self.trial > 0
    }
}

/// One of them; says whether it tried the resolver.
struct Driven {
    question: QueryWaiter,
    is_trial: bool,
}

impl Future for Driven {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        Pin::new(&mut self.question).poll(context).map(|_| self.is_trial)
    }
}

//! The permits that a question needs before it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use crate::engine::limit::{Limit, Turn};

/// The limits that a question is under, in the order in which their permits are taken.
pub(crate) type Limits<'a> = [Option<&'a Arc<Limit>>; 4];

/// How many permits a question holds: those of its first limits. Which limits these are follows from the question. Only one task
/// at a time polls the question or ends it, so nothing needs to be added atomically.
#[derive(Default)]
pub(crate) struct Permits(AtomicU8);

impl Permits {
    /// Takes one permit after the other. Ready once it holds all of them.
    pub(crate) fn poll(&self, limits: Limits<'_>, turn: &mut Option<Turn>, context: &mut Context<'_>) -> Poll<()> {
        let held = self.0.load(Ordering::Relaxed);
        for (held, limit) in (1..).zip(limits.into_iter().flatten()).skip(held.into()) {
            ready!(limit.poll(turn, context));
            self.0.store(held, Ordering::Relaxed);
        }
        Poll::Ready(())
    }

    /// Gives all back.
    pub(crate) fn give_back(&self, limits: Limits<'_>) {
        let held = self.0.load(Ordering::Relaxed);
        self.0.store(0, Ordering::Relaxed);
        limits.into_iter().flatten().take(held.into()).for_each(|limit| limit.give_back());
    }
}

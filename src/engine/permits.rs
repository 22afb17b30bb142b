//! The permits that a question needs before it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_lock::Semaphore;
use async_lock::futures::AcquireArc;

/// The limits that a question is under, at most.
const LIMITS: usize = 4;

/// The limits of one question.
pub(crate) type Limits<'a> = [Option<&'a Arc<Semaphore>>; LIMITS];

/// A permit, which is given back when it is dropped. A guard of `async_lock` in an `Option` takes twice the memory.
struct LimitPermit(Arc<Semaphore>);

impl Drop for LimitPermit {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

/// What a question holds of its limits.
#[derive(Default)]
pub(crate) struct Permits([Option<LimitPermit>; LIMITS]);

impl Permits {
    /// All permits, if they are free.
    pub(crate) fn now(limits: Limits<'_>) -> Option<Self> {
        let mut permits = Self::default();
        for (permit, limit) in permits.0.iter_mut().zip(limits) {
            if let Some(limit) = limit {
                limit.try_acquire()?.forget();
                *permit = Some(LimitPermit(Arc::clone(limit)));
            }
        }
        Some(permits)
    }
}

/// Waits for one permit after the other.
#[derive(Default)]
pub(crate) struct Acquiring {
    permits: Permits,
    next: Option<Pin<Box<AcquireArc>>>,
}

impl Acquiring {
    /// All permits, once they were free.
    pub(crate) fn poll(&mut self, limits: Limits<'_>, context: &mut Context<'_>) -> Poll<Permits> {
        for (permit, limit) in self.permits.0.iter_mut().zip(limits) {
            let (None, Some(limit)) = (&permit, limit) else { continue };
            let next = self.next.get_or_insert_with(|| Box::pin(limit.acquire_arc()));
            ready!(next.as_mut().poll(context)).forget();
            *permit = Some(LimitPermit(Arc::clone(limit)));
            self.next = None;
        }
        Poll::Ready(std::mem::take(&mut self.permits))
    }
}

//! A future that is nobody's task.
//!
//! Its waker polls it at once, on the thread that wakes: for sockets that is the one that drives the runtime's I/O. Such a future
//! may not poll a timer: a runtime that shuts down wakes for all timers, and does not let them be polled any more.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Wake, Waker};

use tokio::task::unconstrained;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;

/// A future and who polls it. Dropping it drops the future, whatever that waits for.
pub(super) struct Watch {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    turn: AtomicU8,
    waker: Waker,
}

/// Nobody polls; somebody polls; somebody polls and is to start over.
const IDLE: u8 = 0;
const POLLING: u8 = 1;
const AGAIN: u8 = 2;

impl Watch {
    /// To be polled once, in the runtime it belongs to.
    pub(super) fn new(future: BoxFuture<'static, ()>) -> Arc<Self> {
        Arc::new_cyclic(|watch| Self {
            future: Mutex::new(Some(future)),
            turn: AtomicU8::new(IDLE),
            waker: Waker::from(Arc::new(Nudge(Weak::clone(watch)))),
        })
    }

    /// Polls, unless somebody does so already; then that one starts over.
    pub(super) fn poll(&self) {
        if self.turn.swap(AGAIN, Ordering::AcqRel) != IDLE {
            return;
        }
        loop {
            self.turn.store(POLLING, Ordering::Release);
            let mut place = lock(&self.future);
            if let Some(future) = place.as_mut() {
                // No task's budget is to stop it.
                if pin!(unconstrained(future)).poll(&mut Context::from_waker(&self.waker)).is_ready() {
                    *place = None;
                }
            }
            drop(place);
            if self.turn.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }
}

/// The waker. It does not keep the watch.
struct Nudge(Weak<Watch>);

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(watch) = self.0.upgrade() {
            watch.poll();
        }
    }
}

//! A future polled by its own waker, on the thread of the runtime's I/O driver; no task is spawned.
//!
//! Sockets are read here: the driver sees that a socket is readable and calls the waker, and the waker polls the future that
//! reads.
//!
//! **What tokio promises.** Readiness is edge-triggered: the waker registered last is called when the socket becomes ready again
//! after a read that returned `WouldBlock`. The future therefore reads until `WouldBlock` (or clears the readiness itself). When
//! the runtime shuts down, all wakers are called and waiting for readiness returns an error; then the future ends.
//!
//! **What tokio does, but does not promise.** It calls wakers without holding a lock that a poll takes. If it did hold one, the
//! first datagram would deadlock.
//!
//! **Why not a task per socket.** Each datagram would cost one more scheduling step: the driver wakes the task, and the task
//! wakes the client that asked. The task would have to be stopped when the last clone is dropped, and it would compete with the
//! tasks of the program. Here, dropping the [`SelfPolled`] drops the future and its share of the socket.
//!
//! **How it fails.**
//! * If the runtime is not driven (its threads are blocked), nothing is read. Its questions wait; another runtime that waits
//!   for the same answer sends the question again (`poll_elsewhere` in `exchange`).
//! * A future that blocks or takes long holds up all I/O of the runtime. It may only copy, compare, and wake clients, and it
//!   must not call a waker while it holds a lock.
//! * A future that panics unwinds through the driver.
//! * A future that polls a timer panics at shutdown: the runtime then wakes all timers, but they must not be polled any more.
//!   Timers are therefore polled by tasks only (see [`shared_timer`](crate::resolve::direct::shared_timer)).

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Wake, Waker};

use tokio::task::unconstrained;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;

/// A future and the waker that polls it. Dropping it drops the future, whatever the future waits for.
pub(super) struct SelfPolled {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    turn: AtomicU8,
    waker: Waker,
}

/// No thread polls; one thread polls; one thread polls and must poll once more.
const IDLE: u8 = 0;
const POLLING: u8 = 1;
const AGAIN: u8 = 2;

impl SelfPolled {
    /// The caller must poll it once, inside the runtime whose sockets it reads.
    pub(super) fn new(future: BoxFuture<'static, ()>) -> Arc<Self> {
        Arc::new_cyclic(|watch| Self {
            future: Mutex::new(Some(future)),
            turn: AtomicU8::new(IDLE),
            waker: Waker::from(Arc::new(PollingWaker(Weak::clone(watch)))),
        })
    }

    /// Polls the future. If another thread is polling it already, that thread polls once more instead.
    pub(super) fn poll(&self) {
        if self.turn.swap(AGAIN, Ordering::AcqRel) != IDLE {
            return;
        }
        loop {
            self.turn.store(POLLING, Ordering::Release);
            let mut place = lock(&self.future);
            if let Some(future) = place.as_mut() {
                // The cooperative budget of the task that happens to run must not stop it.
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

/// The waker. It holds a weak reference, so that it does not keep the future alive.
struct PollingWaker(Weak<SelfPolled>);

impl Wake for PollingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(watch) = self.0.upgrade() {
            watch.poll();
        }
    }
}

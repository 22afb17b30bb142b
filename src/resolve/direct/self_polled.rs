//! A future without a task: its waker polls it.
//!
//! The waker polls the future at once, on the thread that calls it. For a socket this is the thread that runs the I/O driver of
//! the runtime.
//!
//! **Why not a task per socket.** A task costs one more pass through the scheduler for each datagram, and it keeps its socket
//! open until somebody stops it. Here the datagram is read where the driver reports it, and dropping the owner closes the socket.
//!
//! **What this needs from tokio.** The contract of [`Waker`] lets a waker do anything, on any thread. In addition the I/O driver
//! has to release its own lock before it calls wakers, because the poll registers the waker again. Tokio 1 does so
//! (`ScheduledIo::wake`), but its documentation does not promise it.
//!
//! **How it fails.**
//! * If a future version of tokio held that lock, the poll would deadlock. Every test that receives a datagram would hang.
//! * While the I/O driver does not run (a current-thread runtime outside `block_on`, or blocked threads), nothing is read. The
//!   questions time out, unless a task in another runtime waits for the same answer: that task asks again from there.
//! * When the runtime shuts down, the driver wakes everything; reads then return an error and the future ends.
//! * The future must not poll a timer. A runtime that shuts down also wakes the timers, and polling one then panics. Timers are
//!   polled by tasks only: see `shared_timer`.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Wake, Waker};

use tokio::task::unconstrained;

use crate::base::clock::BoxFuture;
use crate::base::lock::lock;

/// A future that its own waker polls. Dropping this drops the future at any point of its work.
pub(super) struct SelfPolled {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    turn: AtomicU8,
    waker: Waker,
}

/// No thread polls.
const IDLE: u8 = 0;
/// One thread polls.
const POLLING: u8 = 1;
/// One thread polls, and has to poll once more because of a wake in between.
const AGAIN: u8 = 2;

impl SelfPolled {
    /// The caller has to poll it once, inside the runtime whose driver is to wake it.
    pub(super) fn new(future: BoxFuture<'static, ()>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            future: Mutex::new(Some(future)),
            turn: AtomicU8::new(IDLE),
            waker: Waker::from(Arc::new(PollOnWake(Weak::clone(this)))),
        })
    }

    /// Polls the future. If another thread is polling it, that thread polls once more instead.
    pub(super) fn poll(&self) {
        if self.turn.swap(AGAIN, Ordering::AcqRel) != IDLE {
            return;
        }
        loop {
            self.turn.store(POLLING, Ordering::Release);
            let mut polled = lock(&self.future);
            if let Some(future) = polled.as_mut() {
                // The cooperative budget of the task that happens to run here must not stop it.
                if pin!(unconstrained(future)).poll(&mut Context::from_waker(&self.waker)).is_ready() {
                    *polled = None;
                }
            }
            drop(polled);
            if self.turn.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }
}

/// The waker. It holds a weak reference, so it does not keep the future alive.
struct PollOnWake(Weak<SelfPolled>);

impl Wake for PollOnWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(this) = self.0.upgrade() {
            this.poll();
        }
    }
}

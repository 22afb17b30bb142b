//! One timer for many waiting questions. Only tasks poll it: a waker must not (see [`self_polled`](crate::resolve::direct::self_polled)).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Waker};

use tokio::runtime::Id;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::base::lock::lock;
use crate::resolve::direct::runtimes::runtime_here;
use crate::resolve::direct::time::Time;

/// A timer that calls a waker once each time it is set. It belongs to one runtime, and only tasks of that runtime set it. A task of
/// another one needs a timer of its own ([`RuntimeTimers`](crate::resolve::direct::runtime_timers::RuntimeTimers)): this one does not
/// fire when its runtime stands still, and polling it after its runtime has shut down panics.
pub(super) struct SharedTimer {
    runtime: Id,
    sleep: Mutex<Option<Pin<Box<Sleep>>>>,
    on_fire: Waker,
}

impl SharedTimer {
    pub(super) fn new(runtime: Id, on_fire: Waker) -> Self {
        Self { runtime, sleep: Mutex::default(), on_fire }
    }

    /// The runtime to which it belongs.
    pub(super) fn runtime(&self) -> Id {
        self.runtime
    }

    /// Does it belong to the runtime that polls now?
    pub(super) fn is_here(&self) -> bool {
        runtime_here() == Some(self.runtime)
    }

    /// Sets the timer, if it is [here](Self::is_here). `due` is read under the timer's lock, so that of two concurrent calls the
    /// later one sees what both need.
    pub(super) fn set(&self, due: impl FnOnce() -> Option<Time>) {
        if !self.is_here() {
            return;
        }
        let fired = {
            let mut slot = lock(&self.sleep);
            let Some(due) = due() else { return };
            let sleep = slot.get_or_insert_with(|| Box::pin(sleep_until(due.instant())));
            if sleep.deadline() != due.instant() {
                sleep.as_mut().reset(due.instant());
            }
            pin!(unconstrained(sleep.as_mut())).poll(&mut Context::from_waker(&self.on_fire)).is_ready()
        };
        if fired {
            self.on_fire.wake_by_ref();
        }
    }
}

//! One timer for many waiting questions. Only tasks poll it: a waker must not (see [`self_polled`](crate::resolve::direct::self_polled)).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Waker};

use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::base::lock::lock;
use crate::resolve::direct::time::Time;

/// A timer that calls a waker once each time it is set. It belongs to the runtime in which it is set first.
pub(super) struct SharedTimer {
    sleep: Mutex<Option<Pin<Box<Sleep>>>>,
    on_fire: Waker,
}

impl SharedTimer {
    pub(super) fn new(on_fire: Waker) -> Self {
        Self { sleep: Mutex::default(), on_fire }
    }

    /// Sets the timer. `due` is read under the timer's lock, so that of two concurrent calls the later one sees what both need.
    pub(super) fn set(&self, due: impl FnOnce() -> Option<Time>) {
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

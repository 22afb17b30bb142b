//! One timer for many who wait, who are all polled by tasks: a timer may not be polled by a waker (see [`self_polled`](crate::resolve::direct::self_polled)).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Waker};

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::lock::lock;

/// A timer that calls a waker once each time it is set. It belongs to the runtime in which it is first set.
pub(super) struct SharedTimer {
    sleep: Mutex<Option<Pin<Box<Sleep>>>>,
    rings: Waker,
}

impl SharedTimer {
    pub(super) fn new(rings: Waker) -> Self {
        Self { sleep: Mutex::default(), rings }
    }

    /// Sets it. `due` is asked under the alarm's lock: of two who set it the later one knows what both want.
    pub(super) fn set(&self, due: impl FnOnce() -> Option<Instant>) {
        let rings = {
            let mut place = lock(&self.sleep);
            let Some(due) = due() else { return };
            let sleep = place.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            pin!(unconstrained(sleep.as_mut())).poll(&mut Context::from_waker(&self.rings)).is_ready()
        };
        if rings {
            self.rings.wake_by_ref();
        }
    }
}

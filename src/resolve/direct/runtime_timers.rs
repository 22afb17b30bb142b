//! The timer of one future, in each runtime that polls it.
//!
//! Tasks in several runtimes may wait for one answer: they poll the same future, one after the other. A timer works only in the
//! runtime that made it: it fires while that runtime runs, and polling it after that runtime has shut down panics. So each runtime
//! has one of its own here. None of them depends on whether another runtime goes on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Id;
use tokio::time::{Sleep, sleep_until};

use crate::resolve::direct::runtimes::{MOST_RUNTIMES, runtime_here};
use crate::resolve::direct::time::Time;

/// The timers of one future. It costs nothing until it is polled.
#[derive(Default)]
pub(super) struct RuntimeTimers(Vec<(Id, Pin<Box<Sleep>>)>);

impl RuntimeTimers {
    /// Ready at `due`. While it is pending, the runtime that polls wakes the task then. Outside of a runtime it stays pending.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, due: Time) -> Poll<()> {
        match self.timer_here(due) {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// The timer of the runtime that polls, set to `due`. Those of other runtimes are not touched; if one fires, the task is
    /// woken too early, which does no harm.
    fn timer_here(&mut self, due: Time) -> Option<&mut Pin<Box<Sleep>>> {
        let (here, due) = (runtime_here()?, due.instant());
        if let Some(at) = self.0.iter().position(|(runtime, _)| *runtime == here) {
            let (_, timer) = self.0.get_mut(at)?;
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            return Some(timer);
        }
        if self.0.len() >= MOST_RUNTIMES {
            drop(self.0.remove(0));
        }
        self.0.push((here, Box::pin(sleep_until(due))));
        self.0.last_mut().map(|(_, timer)| timer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};
    use std::time::Duration;

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn runtimes<const N: usize>() -> [Runtime; N] {
        [(); N].map(|()| Builder::new_current_thread().enable_time().build().unwrap())
    }

    #[test]
    fn each_runtime_that_has_polled_wakes() {
        let (wakes, mut timers) = (Arc::new(Wakes::default()), RuntimeTimers::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let [shut_down, stalled, running] = runtimes();
        let mut poll = |runtime: &Runtime, due| {
            let _inside = runtime.enter();
            timers.poll(&mut Context::from_waker(&waker), due)
        };
        let (soon, late) = (Time::now() + Duration::from_millis(1), Time::now() + Duration::from_secs(3_600));
        assert_eq!(poll(&shut_down, late), Poll::Pending);
        drop(shut_down);
        assert_eq!(wakes.0.swap(0, Ordering::Relaxed), 1, "it wakes when it shuts down");
        assert_eq!((poll(&running, soon), poll(&stalled, late)), (Poll::Pending, Poll::Pending));
        running.block_on(async {
            while wakes.0.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        assert_eq!((poll(&running, soon), poll(&running, late)), (Poll::Ready(()), Poll::Pending));
    }

    #[test]
    fn few_runtimes_are_remembered_and_none_is_needed() {
        let (mut timers, due) = (RuntimeTimers::default(), Time::now());
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!((timers.poll(&mut cx, due), timers.0.len()), (Poll::Pending, 0));
        for runtime in runtimes::<{ MOST_RUNTIMES + 2 }>() {
            let _inside = runtime.enter();
            assert_eq!(timers.poll(&mut cx, due + Duration::from_secs(60)), Poll::Pending);
        }
        assert_eq!(timers.0.len(), MOST_RUNTIMES);
    }
}

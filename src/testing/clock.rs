//! A clock that is moved by hand, and an executor for it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::base::clock::{BoxFuture, Clock};

/// A clock that stands still until [`advance`](Self::advance) moves it, or [`run`](Self::run) jumps to the next timer. Clones
/// show the same time.
///
/// ```
/// use std::time::Duration;
///
/// use rdnsbl::ManualClock;
/// use rdnsbl::clock::Clock;
///
/// let clock = ManualClock::new();
/// let start = clock.now();
/// clock.run(clock.sleep_until(start + Duration::from_secs(3600))); // at once
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now() - start, Duration::from_secs(3601));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    time: Arc<Mutex<Time>>,
}

/// What the clones share.
struct Time {
    now: Instant,
    /// Waiting timers, by time and then by the order in which they were set.
    timers: BTreeMap<TimerKey, Waker>,
    next_timer: u64,
}

/// When a timer is due, and its number.
type TimerKey = (Instant, u64);

impl ManualClock {
    /// A clock that shows the time at which it was created.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "two default clocks would not be equal; `new` shows that one is created"
    )]
    pub fn new() -> Self {
        let time = Time { now: Instant::now(), timers: BTreeMap::new(), next_timer: 0 };
        Self { time: Arc::new(Mutex::new(time)) }
    }

    /// Moves the clock forward and wakes the timers that are due. If an [`Instant`] cannot hold the new time, the clock does not move.
    pub fn advance(&self, by: Duration) {
        let mut time = self.lock();
        let to = time.now.checked_add(by).unwrap_or(time.now);
        let due = time.move_to(to);
        drop(time);
        due.into_iter().for_each(Waker::wake);
    }

    /// Runs a future to its end on this thread. When the future waits, the clock jumps to its earliest timer.
    ///
    /// The future may wait only for timers of this clock, or for something that this thread wakes. There is no runtime, so sockets
    /// and the timers of a runtime do not work. The clock also jumps to timers that other, unfinished futures have set.
    ///
    /// # Panics
    /// When the future waits, nothing has woken it and the clock has no timer: it would never end.
    #[expect(clippy::panic, reason = "a test that would never end should fail and show why")]
    pub fn run<F: IntoFuture>(&self, future: F) -> F::Output {
        let mut future = pin!(future.into_future());
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            while !flag.0.swap(false, Ordering::AcqRel) {
                if !self.jump() {
                    panic!("ManualClock::run: the future waits, nothing has woken it, and no timer to jump to is left");
                }
            }
        }
    }

    /// Moves to the earliest timer and wakes what is due then; `false` if there is no timer.
    fn jump(&self) -> bool {
        let mut time = self.lock();
        let Some((&(at, _), _)) = time.timers.first_key_value() else { return false };
        let to = at.max(time.now);
        let due = time.move_to(to);
        drop(time);
        due.into_iter().for_each(Waker::wake);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        // No code under the lock panics in the middle of a change.
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Time {
    /// Moves to a later time and returns the wakers of the timers that are due, to be woken without the lock.
    fn move_to(&mut self, to: Instant) -> Vec<Waker> {
        self.now = to;
        let waiting = match to.checked_add(Duration::from_nanos(1)) {
            Some(after) => self.timers.split_off(&(after, 0)),
            None => BTreeMap::new(),
        };
        std::mem::replace(&mut self.timers, waiting).into_values().collect()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.lock().now
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Box::pin(Sleep { clock: self.clone(), at, key: None })
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.lock();
        f.debug_struct("ManualClock").field("now", &time.now).field("timers", &time.timers.len()).finish()
    }
}

/// One wait. The clock knows it from its first poll until it is due or dropped.
struct Sleep {
    clock: ManualClock,
    at: Instant,
    key: Option<TimerKey>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut time = clock.lock();
        if time.now >= self.at {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => {
                time.next_timer += 1;
                (self.at, time.next_timer)
            }
        };
        self.key = Some(key);
        // Also when the timer is known already: another task may poll it now.
        time.timers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            // The waker may own a future with timers, which take the lock when they are dropped.
            let removed = self.clock.lock().timers.remove(&key);
            drop(removed);
        }
    }
}

/// Has the future been woken since it was last polled?
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn timers_fire_in_order_for_any_order_of_polling() {
        let clock = ManualClock::new();
        let start = clock.now();
        let order = Arc::new(Mutex::new(Vec::new()));
        let after = |hours: u32| {
            let (clock, order) = (clock.clone(), Arc::clone(&order));
            async move {
                clock.sleep_until(start + HOUR * hours).await;
                order.lock().unwrap().push(hours);
            }
        };
        clock.run(futures::future::join_all([after(3), after(1), after(2), after(1)]));
        assert_eq!(*order.lock().unwrap(), [1, 1, 2, 3]);
        assert_eq!(clock.now() - start, HOUR * 3);
    }

    #[test]
    fn dropped_timers_are_removed_and_advancing_is_enough() {
        let clock = ManualClock::new();
        let start = clock.now();
        let far = clock.sleep_until(start + HOUR * 10);
        let near = clock.sleep_until(start + HOUR);
        let first = clock.run(futures::future::select(far, near));
        assert_eq!(clock.now() - start, HOUR);
        drop(first);
        assert!(clock.lock().timers.is_empty());
        let sleep = clock.sleep_until(start + HOUR * 5);
        clock.advance(HOUR * 6);
        clock.run(sleep);
        assert_eq!(clock.now() - start, HOUR * 7);
        clock.advance(Duration::MAX); // no Instant is that late
        assert_eq!(clock.now() - start, HOUR * 7);
    }

    #[test]
    fn runs_nest_and_follow_each_other() {
        let clock = ManualClock::new();
        let start = clock.now();
        let inner = clock.clone();
        let seven = clock.run(async {
            inner.sleep_until(start + HOUR).await;
            inner.run(inner.sleep_until(start + HOUR * 2));
            7
        });
        assert_eq!((seven, clock.run(async { 8 })), (7, 8));
        assert_eq!(clock.now() - start, HOUR * 2);
    }

    #[test]
    #[should_panic(expected = "no timer to jump to is left")]
    fn a_future_that_never_ends_panics() {
        ManualClock::new().run(std::future::pending::<()>());
    }
}

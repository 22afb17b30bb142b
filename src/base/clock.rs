//! Time behind a trait: the current time, and waiting until a given time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A boxed future, of std types only.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The source of time and timers for a checker. With its own clock a checker needs no async runtime.
///
/// ```
/// use rdnsbl::clock::{BoxFuture, Clock};
/// use std::time::Instant;
///
/// /// A clock of a host that has timers of its own.
/// struct Timers;
///
/// impl Clock for Timers {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///
///     fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
///         Box::pin(async move { tokio::time::sleep_until(at.into()).await }) // the host's timer here
///     }
/// }
/// ```
pub trait Clock: Send + Sync {
    /// The current time; never goes backwards.
    fn now(&self) -> Instant;

    /// Ready at that moment or later; ready at once when the moment has passed.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()>;
}

impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        (**self).sleep_until(at)
    }
}

/// `now + budget`, capped at one year so that it cannot overflow.
pub(crate) fn later(now: Instant, budget: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    now.checked_add(budget.min(YEAR)).unwrap_or(now)
}

/// The clock of a tokio runtime with time enabled.
///
/// # Panics
/// Waiting outside a tokio runtime, or in one without time (`enable_time`), panics in tokio, as all tokio timers do.
///
/// ```
/// use rdnsbl::{Clock, TokioClock};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let at = TokioClock.now() + std::time::Duration::from_millis(1);
/// TokioClock.sleep_until(at).await;
/// assert!(TokioClock.now() >= at);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioClock;

#[cfg(feature = "tokio")]
impl Clock for TokioClock {
    fn now(&self) -> Instant {
        // tokio's own clock, so that a paused clock in tests also works here.
        tokio::time::Instant::now().into_std()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until(at.into()))
    }
}

//! Time as a seam: what it is now, and waiting until then.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

/// A boxed future, of std types only.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a checker gets its time and its timers from. With it a checker needs no runtime.
pub trait Clock: Send + Sync {
    /// Now; never goes backwards.
    fn now(&self) -> Instant;

    /// Ready at that moment or later; at once when it has passed.
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

/// The clock of a tokio runtime with time enabled. Waiting outside of one panics in tokio, as all of its timers do.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioClock;

#[cfg(feature = "tokio")]
impl Clock for TokioClock {
    fn now(&self) -> Instant {
        // tokio's own, so that a paused test clock is obeyed.
        tokio::time::Instant::now().into_std()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until(at.into()))
    }
}
